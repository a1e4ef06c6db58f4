"""The register as everybody may read it."""

import csv
import io
from datetime import date
from html.parser import HTMLParser

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from plenary.registry.models import Centre, Designation, Organisation, Service
from plenary.web.design.tables import Link, Several, Tag
from plenary.web.public import services
from plenary.web.public.services import ServiceFilter
from plenary.web.public.words import distance, first_capital, mark, marked, sureness
from tests.factories.registry import CentreFactory, DesignationFactory, OrganisationFactory, ServiceFactory

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


# -- what people write, in every place where it is shown

HOSTILE = {
    "markup": '<script>alert(1)</script><img src=x onerror="alert(1)">',
    "an attribute's end": '" onmouseover="alert(1)" x="\' autofocus=\'',
    "entities": "&lt;b&gt; &amp;amp; ]]> <!-- -->",
    "a formula": '=HYPERLINK("https://example.org","=1+1")',
    "a template": "{{ 7*7 }} {% raw %} ${7*7} %(x)s {0}",
    "other scripts": "Ysbyty Ŵyl · Νοσοκομείο · 病院 · 😊",
    "a very long word": "W" * 240,
}


class Elements(HTMLParser):
    """The elements of a page with the names of their attributes, and its text as a reader sees it."""

    def __init__(self, words):
        super().__init__()
        self.found, self.text = set(), ""
        self.feed(words)

    def handle_starttag(self, tag, attrs):
        self.found.add((tag, frozenset(name for name, _ in attrs)))

    def handle_data(self, data):
        self.text += data


def register(words):
    """Fill the register with these words wherever words may stand."""
    service = ServiceFactory(
        slug="x", name=words, description=words, former_names=[words], note=words, source=words, specification=words[:80],
        category=words[:80], age_group=words[:80], confidence="recalled",
    )  # fmt: skip
    centre = CentreFactory(service=service, ods="RX1", name=words, site=words, note=words, roles=[words], confidence="recalled")
    DesignationFactory(centre=centre, authority=words, from_as_written=words[:40])
    OrganisationFactory(code="RX1", name=words, search=" rx1 found")


ADDRESSES = ("/services/", "/services/x/", "/services/x/centres/RX1/", "/find/?place=RX1", "/find/?name=found", "/")


@pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE)
def test_no_page_gets_an_element_or_an_attribute_from_the_register(client, words):
    register("Plain words")
    usual = {address: Elements(client.get(address).text).found for address in ADDRESSES}
    for model in (Designation, Centre, Organisation, Service):
        model.objects.all().delete()
    register(words)
    for address in ADDRESSES:
        shown = Elements(client.get(address).text)
        assert shown.found <= usual[address], address
        if address != "/":
            assert "".join(words.split()) in "".join(shown.text.split()), address


@pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE)
def test_no_download_gets_a_formula_or_loses_a_word_of_the_register(client, words):
    register(words)
    for address, columns in (("/services.csv", ("name", "description", "source")), ("/services/x/centres.csv", ("name", "site"))):
        (row,) = rows(client.get(address))
        for column in columns:
            assert row[column].removeprefix("'") == words
            assert not row[column].startswith(("=", "+", "-", "@", "\t"))


@pytest.mark.parametrize(
    ("start", "end", "now"),
    [
        (None, None, True),
        (date(2026, 4, 1), None, True),
        (date(2026, 4, 2), None, False),
        (date(2020, 1, 1), date(2026, 4, 1), False),
        (date(2020, 1, 1), date(2026, 4, 2), True),
        (None, date(2026, 4, 1), False),
    ],
)
def test_a_centre_stands_from_its_first_day_to_the_day_before_it_ends(client, monkeypatch, start, end, now):
    monkeypatch.setattr(services, "today", lambda: date(2026, 4, 1))
    DesignationFactory(centre=CentreFactory(service__slug="lam", ods="RX1"), valid_from=start, valid_to=end)
    (row,) = rows(client.get("/services/lam/centres.csv"))
    assert row["designated"] == ("yes" if now else "no")
    assert rows(client.get("/services.csv"))[0]["centres"] == ("1" if now else "0")
    assert ("Centres that were designated before" in client.get("/services/lam/").text) is not now


def test_of_a_centre_designated_twice_the_first_beginning_and_the_last_end_are_told(client):
    centre = CentreFactory(service__slug="lam", ods="RX1")
    DesignationFactory(centre=centre, valid_from=date(2015, 1, 1), valid_to=date(2020, 1, 1), to_as_written="2020")
    DesignationFactory(centre=centre, valid_from=date(2001, 1, 1), valid_to=date(2010, 1, 1), from_as_written="2001-01")
    (row,) = rows(client.get("/services/lam/centres.csv"))
    assert (row["designated_from"], row["designated_to"]) == ("2001-01", "2020")
    page = client.get("/services/lam/centres/RX1/").text
    assert page.index("January 2001") < page.index("1 January 2015")


def test_a_beginning_that_nobody_knows_is_said_to_be_unknown(client):
    DesignationFactory(centre=CentreFactory(service__slug="lam", ods="RX1"), valid_from=None)
    for address in ("/services/lam/", "/services/lam/centres/RX1/"):
        assert "Not known" in client.get(address).text
