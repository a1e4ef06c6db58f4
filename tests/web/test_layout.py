"""What is on every page: the title, the menu by who asks, the notice of an invented world, the policy of the browser."""

from dataclasses import replace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from plenary.core import actions
from plenary.core.permissions import NetworkLead
from plenary.core.terms import SYSTEM
from plenary.web.errors import server_error
from tests.factories.core import PASSWORD, TOTP_SECRET, PersonFactory, PostFactory

pytestmark = pytest.mark.django_db


def test_the_title_is_page_then_product(client):
    assert "<title>About and sources – Plenary</title>" in client.get("/about/").text


def test_an_error_stands_at_the_head_of_the_title_and_in_a_summary(client):
    answer = client.post("/account/login/", {"login": "nobody@example.org", "password": "wrong"})
    assert "<title>Error: Sign in – Plenary</title>" in answer.text
    assert 'tabindex="-1" autofocus' in answer.text


def test_an_invented_world_is_named_on_every_page(client, settings):
    notice = "invented demonstration world"
    assert notice not in client.get("/about/").text
    settings.PLENARY = replace(settings.PLENARY, demo=True)
    assert notice in client.get("/about/").text
    assert notice in client.get("/account/login/").text


def test_the_menu_marks_where_the_reader_is(client):
    page = client.get("/about/").text
    assert '<a class="nhsuk-header__navigation-link" href="/about/" aria-current="page">' in page


def test_a_stranger_is_offered_to_sign_in_and_sees_no_workspace(client):
    page = client.get("/").text
    assert "Sign in" in page
    assert "My work" not in page


def test_somebody_signed_in_sees_their_name_and_their_work(client):
    client.force_login(PersonFactory(name="Ada <Example>"))
    page = client.get("/about/").text
    assert "Ada &lt;Example&gt;" in page
    assert "My work" in page
    assert "Sign out" in page


def test_scripts_run_only_with_the_nonce_of_the_answer(client):
    answer = client.get("/about/")
    policy = answer.headers["Content-Security-Policy"]
    nonce = policy.split("'nonce-")[1].split("'")[0]
    assert "unsafe" not in policy
    assert answer.text.count("<script") == answer.text.count(f'nonce="{nonce}"') == 2
    assert nonce not in client.get("/about/").text


def test_a_page_carries_no_style_or_handler_of_its_own(client):
    page = client.get("/about/").text
    assert " style=" not in page
    assert " onclick=" not in page


def test_there_is_no_nhs_logo(client):
    page = client.get("/").text
    assert "nhsuk-header__logo" not in page
    assert "is not an NHS website" in page


def test_a_page_that_is_not_there_says_what_to_do(client):
    answer = client.get("/no-such-page/")
    assert answer.status_code == 404
    assert "Page not found" in answer.text
    assert "/no-such-page" not in answer.text


def test_a_fault_of_ours_keeps_its_details_to_itself(client, monkeypatch):
    request = client.get("/about/").wsgi_request
    answer = server_error(request)
    assert answer.status_code == 500
    assert "Something went wrong" in answer.text


def test_signing_in_with_a_wrong_form_token_is_refused(db):
    answer = Client(enforce_csrf_checks=True).post("/account/login/", {"login": "a@example.org", "password": PASSWORD})
    assert answer.status_code == 403


def test_three_posts_cost_no_more_look_ups_than_one(client, django_assert_num_queries):
    person = PersonFactory()
    PostFactory(person=person, role=NetworkLead.key, scope_kind="service", scope="adult-ecmo")
    actions.enrol_totp(person=person, secret=TOTP_SECRET, by=SYSTEM)
    client.force_login(person)
    client.get("/about/")
    with CaptureQueriesContext(connection) as for_one:
        client.get("/about/")
    for slug in ("biliary-atresia", "lam"):
        PostFactory(person=person, role=NetworkLead.key, scope_kind="service", scope=slug)
    with django_assert_num_queries(len(for_one)):
        client.get("/about/")


def test_the_menu_marks_one_place_only(client):
    person = PersonFactory()
    PostFactory(person=person, role=NetworkLead.key, scope_kind="service", scope="adult-ecmo")
    actions.enrol_totp(person=person, secret=TOTP_SECRET, by=SYSTEM)
    client.force_login(person)
    menu = client.get("/workspace/collection/").text.split("</header>")[0]
    assert menu.count("aria-current") == 1
    assert 'href="/workspace/collection/" aria-current="page"' in " ".join(menu.split())
    assert client.get("/workspace/").text.split("</header>")[0].count("aria-current") == 1
