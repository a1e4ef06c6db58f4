"""What people write for the edition: leads and the commissioner everything, patients their own section."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from plenary.core.permissions import Administrator, CentreLead, NationalCommissioner, NetworkLead, PatientRepresentative, Reviewer
from plenary.outcomes import actions as results
from plenary.releases.queries import gathered
from plenary.releases.terms import SECTIONS
from tests.factories import outcomes
from tests.factories.collection import END, START, lead
from tests.factories.registry import DesignationFactory, ServiceFactory

LIST = "/workspace/narrative/?period=2025"


@pytest.fixture(autouse=True)
def services(db):
    for slug in ("adult-ecmo", "heart-transplant"):
        ServiceFactory(slug=slug)


def url(section="description", service="adult-ecmo"):
    return f"/workspace/narrative/{service}/2025/{section}/"


def written():
    return gathered.narrative((START, END))


@pytest.mark.parametrize(
    ("role", "scope", "section"),
    [
        (NetworkLead, "adult-ecmo", "description"),
        (NetworkLead, "adult-ecmo", "patient-feedback"),
        (NationalCommissioner, "England", "innovation"),
        (PatientRepresentative, "adult-ecmo", "patient-feedback"),
    ],
)
def test_those_who_may_write(as_, role, scope, section):
    browser = as_(role, scope)
    answer = browser.post(url(section), {"text": "We *opened* a bed."}, follow=True)
    assert answer.redirect_chain == [(LIST, 302)]
    assert "was kept." in answer.text
    assert list(written()["adult-ecmo"].values()) == ["We *opened* a bed."]
    assert "We *opened* a bed." in browser.get(url(section)).text


@pytest.mark.parametrize(
    ("role", "scope", "section"),
    [
        (PatientRepresentative, "adult-ecmo", "description"),
        (PatientRepresentative, "heart-transplant", "patient-feedback"),
        (NetworkLead, "heart-transplant", "description"),
        (CentreLead, "adult-ecmo/RJ1", "description"),
        (Reviewer, "England", "description"),
        (Administrator, "", "description"),
    ],
)
def test_those_who_may_not(as_, role, scope, section):
    as_(NetworkLead, "adult-ecmo").post(url(section), {"text": "Nobody else's business"})
    browser = as_(role, scope)
    answer = browser.get(url(section))
    assert answer.status_code == 403
    assert "business" not in answer.text
    assert browser.post(url(section), {"text": "Mine"}).status_code == 403
    assert "Mine" not in written()["adult-ecmo"].values()


def test_the_list_shows_what_is_written_of_the_own_services(as_):
    browser = as_(NetworkLead, "adult-ecmo")
    browser.post(url(), {"text": "Twelve beds."})
    page = browser.get(LIST).text
    assert page.count("Written") == 1
    assert page.count("Empty") == len(SECTIONS) - 1
    assert "Heart transplant" not in page
    lines = browser.get("/workspace/narrative.csv?period=2025").text.splitlines()
    assert lines[1] == "Description,Adult ecmo service,Written,12"
    assert "Written" not in browser.get("/workspace/narrative/?period=2024").text


def test_a_text_that_names_few_people_is_kept_and_its_writer_told(as_):
    browser = as_(NetworkLead, "adult-ecmo")
    text = "Open since 2019. The Royal treated **12 patients**. 4 died. None of 3 patients left."
    page = browser.post(url(), {"text": text}, follow=True).text
    assert "was kept." in page
    assert "plenary-message--warning" in page
    assert "“The Royal treated 12 patients.” So do 2 other sentences." in page
    assert written()["adult-ecmo"]["Description"] == text
    assert "“4 died.” So does another sentence." in browser.post(url(), {"text": "4 died. 3 lived. 2 alive."}, follow=True).text
    page = browser.post(url(), {"text": "Open 24 hours since 2019 for 1,200 patients."}, follow=True).text
    assert "small number of people" not in page


def test_patients_are_led_to_their_own_section_only(as_):
    page = as_(PatientRepresentative, "adult-ecmo").get(LIST).text
    assert url("patient-feedback") in page
    assert url("description") not in page


def test_too_long_a_text_is_told_and_not_lost(as_):
    page = as_(NetworkLead, "adult-ecmo").post(url(), {"text": "word " * 5000}).text
    assert "Error: Description" in page
    assert "word word" in page
    assert not written()


def test_what_is_no_section_or_period(as_):
    browser = as_(NetworkLead, "adult-ecmo")
    assert browser.get(url("gossip")).status_code == 404
    assert browser.get("/workspace/narrative/adult-ecmo/last-year/description/").status_code == 404


def test_three_services_cost_no_more_look_ups_than_one(as_, django_assert_num_queries):
    browser = as_(NationalCommissioner, "England")
    browser.get(LIST)
    with CaptureQueriesContext(connection) as before:
        browser.get(LIST)
    ServiceFactory(slug="lung-transplant")
    with django_assert_num_queries(len(before)):
        browser.get(LIST)


def test_somebody_without_a_service_is_told_what_to_do(as_):
    assert "Ask the administrator to appoint you to one." in as_(NetworkLead, "closed-service").get(LIST).text


def test_what_centres_said_stands_beside_the_text_of_the_lead(as_, db):
    centre = outcomes.signed_centre("RJ1", 12, 2)
    DesignationFactory(centre=centre)
    outcomes.adopt(centre.service)
    results.comment(run=outcomes.run(centre.service), centre=centre, text="A new team since May.", by=lead(centre))
    page = "/workspace/narrative/adult-ecmo/2025/description/"
    assert "A new team since May." in as_(NetworkLead, "adult-ecmo").get(page).text
    page = "/workspace/narrative/adult-ecmo/2025/patient-feedback/"
    answer = as_(PatientRepresentative, "adult-ecmo").get(page)
    assert answer.status_code == 200
    assert "A new team" not in answer.text
