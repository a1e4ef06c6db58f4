"""The register as everybody may read it."""

import csv
import io
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from plenary.web.design.tables import Link, Several, Tag
from plenary.web.public.services import ServiceFilter
from plenary.web.public.words import distance, first_capital, mark, marked, sureness
from tests.factories.registry import CentreFactory, DesignationFactory, ServiceFactory

pytestmark = pytest.mark.django_db


def rows(answer):
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


@pytest.fixture
def network():
    """One service with a centre of today, one of before, and one that was never designated."""
    service = ServiceFactory(slug="lam", name="Lymphangioleiomyomatosis service", category="very rare disease")
    now = DesignationFactory(centre=CentreFactory(service=service, ods="RX1", name="Nottingham"))
    before = DesignationFactory(
        centre=CentreFactory(service=service, ods="RX2", name="Old Town", confidence="recalled"),
        valid_from=date(2001, 1, 1),
        valid_to=date(2012, 4, 1),
        to_as_written="2012",
    )
    return service, now.centre, before.centre


def test_all_services_are_listed_with_their_centres(client, network):
    ServiceFactory(slug="zz", name="Zebra service")
    page = client.get("/services/").text
    assert "<title>Highly specialised services – Services – Plenary</title>" in page
    assert 'href="/services/lam/"' in page
    assert "2 services" in page
    assert page.index("Lymphangioleiomyomatosis") < page.index("Zebra")


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("", {"liver", "lung", "eye"}),
        ("text=LIVER", {"liver"}),
        ("text=transplant+lung", {"lung"}),
        ("text=old+name", {"eye"}),
        ("category=transplant", {"liver", "lung"}),
        ("age_group=children", {"liver", "eye"}),
        ("category=transplant&age_group=children", {"liver"}),
        ("confidence=confirmed", {"liver", "eye"}),
        ("confidence=unverified", {"lung"}),
        ("category=no-such-category", {"liver", "lung", "eye"}),
        ("text=nothing+of+the+kind", set()),
    ],
)
def test_a_filter_narrows_page_and_download_alike(client, query, left):
    ServiceFactory(slug="liver", name="Liver transplant", category="transplant", age_group="children")
    ServiceFactory(slug="lung", name="Lung transplant", category="transplant", age_group="adults", confidence="recalled")
    ServiceFactory(slug="eye", name="Eye tumours", category="cancer", age_group="children", former_names=["Old name"])
    page = client.get(f"/services/?{query}").text
    assert {slug for slug in ("liver", "lung", "eye") if f'href="/services/{slug}/"' in page} == left
    assert {row["service"] for row in rows(client.get(f"/services.csv?{query}"))} == left


def test_a_filter_without_an_answer_says_what_to_do(client):
    ServiceFactory()
    page = client.get("/services/?text=nothing").text
    assert "No service fits all of these." in page
    assert "Show all services" in page


def test_an_empty_register_says_what_to_do(client):
    assert "No service is loaded yet." in client.get("/services/").text


def test_facts_that_are_not_verified_are_marked_on_page_and_in_data(client):
    ServiceFactory(slug="sure", confidence="confirmed")
    page = client.get("/services/").text.split("<table")[1]
    assert "Unverified" not in page
    ServiceFactory(slug="unsure", confidence="recalled")
    assert "Unverified" in client.get("/services/").text.split("<table")[1]
    assert "Unverified" in client.get("/services/unsure/").text
    assert {row["service"]: row["confidence"] for row in rows(client.get("/services.csv"))} == {
        "sure": "confirmed",
        "unsure": "recalled",
    }


def test_the_download_counts_the_centres_of_today(client, network):
    assert [row["centres"] for row in rows(client.get("/services.csv"))] == ["1"]


def test_a_download_cannot_carry_a_formula(client):
    ServiceFactory(slug="bad", name="=HYPERLINK(1)")
    assert rows(client.get("/services.csv"))[0]["name"] == "'=HYPERLINK(1)"


def test_a_service_shows_its_centres_now_and_before(client, network):
    page = client.get("/services/lam/").text
    assert "<title>Lymphangioleiomyomatosis service – Services – Plenary</title>" in page
    now, before = page.split("Centres that were designated before")
    assert "Nottingham" in now
    assert "Old Town" not in now
    assert "Old Town" in before
    assert "2012" in before
    assert "Unverified" in before


def test_a_service_without_a_centre_says_so(client):
    ServiceFactory(slug="alone")
    assert "We know of no centre that is designated for this service today." in client.get("/services/alone/").text


def test_the_centres_of_a_service_as_a_file(client, network):
    found = {row["centre"]: row for row in rows(client.get("/services/lam/centres.csv"))}
    assert found["RX1"]["designated"] == "yes"
    assert found["RX2"] | {"designated_to": "2012", "designated": "no", "confidence": "recalled"} == found["RX2"]


def test_a_centre_shows_its_standing_and_the_other_services_of_its_provider(client, network):
    DesignationFactory(centre=CentreFactory(service=ServiceFactory(slug="other", name="Other service"), ods="RX1"))
    page = client.get("/services/lam/centres/RX1/").text
    assert "<title>Nottingham – Lymphangioleiomyomatosis service – Plenary</title>" in page
    assert "National commissioner" in page
    assert "Still designated" in page
    assert 'href="/services/other/centres/RX1/"' in page
    assert "Old Town" not in page


@pytest.mark.parametrize(
    "address",
    ["/services/no-such/", "/services/no-such/centres.csv", "/services/lam/centres/NOPE/", "/services/no-such/centres/RX1/"],
)
def test_what_is_not_there_is_said_to_be_not_there(client, network, address):
    answer = client.get(address)
    assert answer.status_code == 404
    assert "Page not found" in answer.text


@pytest.mark.parametrize("address", ["/services/", "/services.csv", "/services/lam/", "/services/lam/centres.csv", "/"])
def test_three_centres_cost_no_more_look_ups_than_one(client, django_assert_num_queries, network, address):
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    service = network[0]
    for ods in ("RX3", "RX4", "RX5"):
        DesignationFactory(centre=CentreFactory(service=service, ods=ods))
        DesignationFactory(centre=CentreFactory(service=ServiceFactory()))
    with django_assert_num_queries(len(few)):
        client.get(address)


def test_text_of_the_register_is_escaped(client):
    ServiceFactory(slug="x", name="<script>alert(1)</script>", description="<b>", source="javascript:alert(1)")
    for address in ("/services/", "/services/x/"):
        page = client.get(address).text
        assert "<script>alert" not in page
        assert 'href="javascript' not in page


def test_a_filter_offers_the_values_that_there_are():
    form = ServiceFilter({}, [ServiceFactory(category="cancer"), ServiceFactory(category=""), ServiceFactory(category="cancer")])
    assert form.fields["category"].choices == [("", "All"), ("cancer", "Cancer")]


@pytest.mark.parametrize(
    ("km", "text"),
    [(None, "Not known"), (0.4, "Under 1 km"), (1.6, "2 km 1 mile"), (42.0, "42 km 26 miles"), (1999.6, "2,000 km 1,242 miles")],
)
def test_a_distance_in_words(km, text):
    assert str(distance(km)) == text


def test_the_mark_of_what_is_not_verified():
    link = Link("Leeds", "/")
    assert mark("confirmed") == ""
    assert marked(link, "confirmed") is link
    assert marked(link, "recalled") == Several((link, Tag("Unverified", "orange")))
    assert mark("invented") == Tag("Invented", "purple")
    assert sureness("recalled").startswith("Unverified")
    assert sureness("a word of tomorrow") == "Unverified"


def test_a_first_letter_is_made_large_and_nothing_else():
    assert first_capital("all ages (NHS)") == "All ages (NHS)"
    assert first_capital("") == ""
