"""Which centre serves my hospital?"""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories.registry import CentreFactory, DesignationFactory, OrganisationFactory, ServiceFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def hexham():
    return OrganisationFactory(code="RTF01", name="Hexham General Hospital", kind="hospital", latitude=54.97, longitude=-2.1)


@pytest.fixture
def lam():
    service = ServiceFactory(slug="lam", name="LAM service")
    for ods, name, latitude, confidence in (("NEAR", "Newcastle", 54.97, "confirmed"), ("FAR", "London", 51.5, "recalled")):
        centre = CentreFactory(service=service, ods=ods, name=name, latitude=latitude, longitude=-1.6, confidence=confidence)
        DesignationFactory(centre=centre)
    return service


def test_the_form_stands_alone_at_first(client):
    page = client.get("/find/").text
    assert "<title>Which centre serves my hospital? – Find a centre – Plenary</title>" in page
    assert "Choose the place" not in page
    assert "Error" not in page.split("<title>")[1].split("</title>")[0]


@pytest.mark.parametrize("asked", ["hexham", "RTF01", "general hexham"])
def test_a_hospital_is_found_by_name_or_code(client, hexham, asked):
    page = client.get("/find/", {"name": asked}).text
    assert 'href="/find/?place=RTF01"' in page


def test_nothing_found_says_what_to_try_and_escapes_what_was_typed(client, hexham):
    page = client.get("/find/", {"name": "<b>nowhere"}).text
    assert "Try one word of the name, or the town." in page
    assert "<b>nowhere" not in page


def test_a_closed_place_is_marked(client, hexham):
    hexham.closed_on = date(2020, 1, 1)
    hexham.save()
    assert "Closed" in client.get("/find/?name=hexham").text
    assert "This place closed on 1 January 2020." in client.get("/find/?place=RTF01").text


def test_the_nearest_centre_of_each_service_is_shown_with_its_distance(client, hexham, lam):
    page = client.get("/find/?place=RTF01").text
    assert "<title>Centres for Hexham General Hospital – Find a centre – Plenary</title>" in page
    assert "32 km" in page
    assert "Newcastle" in page
    assert "London" not in page


def test_a_centre_that_is_not_verified_is_marked(client, lam):
    OrganisationFactory(code="LON", name="London place", latitude=51.5, longitude=-1.6)
    assert "Unverified" in client.get("/find/?place=LON").text.split("<table")[1]


def test_a_place_without_a_point_says_so(client, lam):
    OrganisationFactory(code="LOST", name="Lost place", latitude=None, longitude=None)
    page = client.get("/find/?place=LOST").text
    assert "We do not know where this place is" in page
    assert "Not known" in page


def test_an_unknown_code_is_not_there(client):
    assert client.get("/find/?place=NOPE").status_code == 404


def test_without_services_the_page_says_what_to_do(client, hexham):
    assert "No service with a centre is loaded yet." in client.get("/find/?place=RTF01").text


def test_three_services_cost_no_more_look_ups_than_one(client, hexham, lam, django_assert_num_queries):
    with CaptureQueriesContext(connection) as for_one:
        client.get("/find/?place=RTF01")
    for _ in range(3):
        DesignationFactory()
    with django_assert_num_queries(len(for_one)):
        client.get("/find/?place=RTF01")
