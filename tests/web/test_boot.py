"""The site answers at all: every page that needs no data, for readers and for people who sign in."""

import pytest

from tests.factories.core import PersonFactory

PUBLIC = ["/", "/about/", "/accessibility/", "/account/login/", "/account/sign-up/", "/account/password/reset/"]
OWN = ["/workspace/", "/account/", "/account/codes/", "/account/codes/app/", "/account/password/change/", "/account/logout/"]


@pytest.mark.django_db
@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_page_answers(client, address):
    page = client.get(address)
    assert page.status_code == 200
    assert "– Plenary</title>" in page.text


@pytest.mark.django_db
@pytest.mark.parametrize("address", OWN)
def test_a_page_of_ones_own_answers(client, address):
    client.force_login(PersonFactory(name="Ada Example"))
    page = client.get(address, follow=True)
    assert page.status_code == 200
    assert "– Plenary</title>" in page.text
    assert "Ada Example" in page.text
