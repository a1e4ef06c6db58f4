"""Results for the network: what each measure shows, who may see it, and running them."""

import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from plenary.core.permissions import (
    Administrator,
    CentreDataManager,
    CentreLead,
    NationalCommissioner,
    NetworkLead,
    PatientRepresentative,
    Reviewer,
)
from plenary.outcomes import queries
from tests.factories import outcomes as make
from tests.factories.collection import END, START
from tests.factories.registry import DesignationFactory, ServiceFactory


@pytest.fixture
def service(db):
    """Two centres with signed-off cases and an agreed outcome set."""
    first, second = make.signed_centre("RJ1", 40, 10), make.signed_centre("RM2", 50, 3)
    for centre in (first, second):
        DesignationFactory(centre=centre)
    make.adopt(first.service)
    return first.service


@pytest.fixture
def computed(service):
    return make.run(service)


def page(browser, run, rest=""):
    return browser.get(f"/workspace/results/{run.pk}/{rest}")


# -- who


MEMBERS = [
    (CentreDataManager, "adult-ecmo/RJ1"),
    (CentreLead, "adult-ecmo/RM2"),
    (NetworkLead, "adult-ecmo"),
    (NationalCommissioner, "England"),
]
OTHERS = [
    (CentreLead, "heart-transplant/RJ1"),
    (NetworkLead, "heart-transplant"),
    (Reviewer, "England"),
    (PatientRepresentative, "adult-ecmo"),
    (Administrator, ""),
    (NationalCommissioner, "Wales"),
]


@pytest.mark.parametrize(("role", "scope"), MEMBERS, ids=lambda value: getattr(value, "key", value))
def test_the_network_sees_its_results(as_, computed, role, scope):
    browser = as_(role, scope)
    assert "75.0%" in page(browser, computed).text
    assert f"/workspace/results/{computed.pk}/" in browser.get("/workspace/results/").text


@pytest.mark.parametrize(("role", "scope"), OTHERS, ids=lambda value: getattr(value, "key", value or "all"))
def test_nobody_else_does(as_, computed, role, scope):
    browser = as_(role, scope)
    for rest in ("", "figures.csv"):
        answer = page(browser, computed, rest)
        assert answer.status_code == 404
        assert "75.0%" not in answer.text
        assert "0.75" not in answer.text
    assert f"/workspace/results/{computed.pk}/" not in browser.get("/workspace/results/").text


def test_not_without_signing_in(client, computed):
    assert page(client, computed).status_code == 302


# -- what


def test_each_measure_has_its_table_with_the_four_states_and_its_chart(as_, computed):
    text = page(as_(CentreLead, "adult-ecmo/RJ1"), computed).text
    assert "<title>Results of Adult ecmo service – 2025 – Plenary</title>" in text
    assert "Survival to discharge, 2025" in text
    for words in ("Trust RJ1 (RJ1)", "59.8% to 85.8%", "Met", "Not met", "Not eligible", "Not yet known", "All centres"):
        assert words in text
    assert text.count("<svg") == 2
    assert 'role="img"' in text
    assert "<desc" in text
    assert " style=" not in text
    assert "2025-1" in text
    assert computed.inputs_hash in text


def test_the_title_of_a_funnel_is_its_finding(as_, computed):
    text = page(as_(CentreLead, "adult-ecmo/RJ1"), computed).text
    assert "Survival to discharge: every centre lies within the limits" in text


def test_a_centre_beyond_the_limits_is_named(as_, db):
    for ods, dead in (("RJ1", 30), ("RM2", 1)):
        DesignationFactory(centre=make.signed_centre(ods, 40, dead))
    service = make.signed_centre("RM3", 1).service
    make.adopt(service)
    text = page(as_(CentreLead, "adult-ecmo/RJ1"), make.run(service)).text
    assert "Survival to discharge: RJ1 is below the 99.8% limit; RM2 is above the 99.8% limit" in text


def test_the_download_holds_every_figure(as_, computed):
    text = page(as_(NetworkLead, "adult-ecmo"), computed, "figures.csv").text
    rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))
    every = [row for table in queries.tables_of(computed) for row in table.rows()]
    assert len(rows) == len(every)
    found = next(row for row in rows if row["measure"] == "survival-to-discharge" and row["centre"] == "RJ1")
    assert (found["table"], found["numerator"], found["denominator"], found["value"]) == ("outcomes", "30", "40", "0.75")


def test_a_preview_says_that_it_is_one(as_, service):
    run = make.run(service, signed_only=False)
    assert "They are never proposed for publication." in page(as_(NetworkLead, "adult-ecmo"), run).text


def test_a_service_without_outcome_set_still_shows_its_activity(as_, db):
    centre = make.signed_centre("RJ1", 3)
    DesignationFactory(centre=centre)
    text = page(as_(CentreLead, "adult-ecmo/RJ1"), make.run(centre.service)).text
    assert "This service has no outcome set yet." in text
    assert "Patients" in text


# -- the list


def test_the_list_is_filtered_and_downloaded(as_, service):
    make.run(service)
    make.run(service, signed_only=False)
    browser = as_(NetworkLead, "adult-ecmo")
    assert browser.get("/workspace/results/").text.count("plenary-rowheader") == 2
    lines = browser.get("/workspace/results.csv?cases=preview").text.splitlines()
    assert lines[0] == "\ufeffResults,Period,Cases,Computed"
    assert len(lines) == 2
    assert ",2025,Preview," in lines[1]


def test_three_runs_cost_no_more_look_ups_than_one(as_, service, django_assert_num_queries):
    browser = as_(NetworkLead, "adult-ecmo")
    make.run(service)
    browser.get("/workspace/results/")
    with CaptureQueriesContext(connection) as for_one:
        browser.get("/workspace/results/")
    make.run(service, signed_only=False)
    make.run(service, label="other")
    with django_assert_num_queries(len(for_one)):
        browser.get("/workspace/results/")


@pytest.mark.parametrize(
    ("role", "scope", "said"),
    [(NetworkLead, "adult-ecmo", "/workspace/results/run/"), (CentreLead, "adult-ecmo/RJ1", "The network lead runs them")],
)
def test_an_empty_list_says_what_to_do(as_, db, role, scope, said):
    ServiceFactory(slug="adult-ecmo")
    assert said in as_(role, scope).get("/workspace/results/").text


# -- running


def test_the_network_lead_runs_the_results(as_, service):
    browser = as_(NetworkLead, "adult-ecmo")
    answer = browser.post("/workspace/results/run/", {"service": "adult-ecmo", "period": "2025"}, follow=True)
    run = queries.latest(service, START, END)
    assert answer.redirect_chain == [(f"/workspace/results/{run.pk}/", 302)]
    assert "The results were computed." in answer.text
    assert run.ran_by == browser.person.pk
    browser.post("/workspace/results/run/", {"service": "adult-ecmo", "period": "2025", "preview": "on"})
    assert queries.visible_to(make.NETWORK_LEAD).filter(signed_only=False).count() == 1


def test_only_own_services_are_offered_and_taken(as_, service):
    ServiceFactory(slug="heart-transplant")
    browser = as_(NetworkLead, "adult-ecmo")
    assert "Heart transplant" not in browser.get("/workspace/results/run/").text
    text = browser.post("/workspace/results/run/", {"service": "heart-transplant", "period": "2025"}).text
    assert text.count("Choose one of the services that you lead") == 2


@pytest.mark.parametrize("values", [{"period": "1066"}, {"period": ""}])
def test_a_period_that_is_not_offered(as_, service, values):
    text = as_(NetworkLead, "adult-ecmo").post("/workspace/results/run/", {"service": "adult-ecmo"} | values).text
    assert "Error: Run the results" in text


def test_without_a_data_set_the_form_says_so(as_, db):
    ServiceFactory(slug="adult-ecmo")
    text = as_(NetworkLead, "adult-ecmo").post("/workspace/results/run/", {"service": "adult-ecmo", "period": "2025"}).text
    assert "has no agreed data set yet" in text


@pytest.mark.parametrize(("role", "scope"), [(CentreLead, "adult-ecmo/RJ1"), (Reviewer, "England"), (Administrator, "")])
def test_others_do_not_run(as_, service, role, scope):
    assert as_(role, scope).post("/workspace/results/run/", {"service": "adult-ecmo", "period": "2025"}).status_code == 403
    assert not queries.visible_to(make.NETWORK_LEAD).exists()
