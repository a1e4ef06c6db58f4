"""The page on which a centre's lead takes an extract for research."""

import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from plenary.core.models import AuditEvent
from plenary.core.permissions import Administrator, CentreDataManager, CentreLead, NationalCommissioner, NetworkLead
from tests.factories import collection as make
from tests.factories.collection import accepted, case
from tests.unit.collection.actions.test_consent import say

HERE = "/workspace/collection/adult-ecmo/RJ1/2025/"
PAGE = f"{HERE}research/"
ASKED = {"purpose": "Study 7, REC 26/1", "fields_wanted": ["status", "pf_ratio", "admitted_on"]}


@pytest.fixture(autouse=True)
def in_force(db):
    make.shipped("objection")


@pytest.fixture
def lead(as_):
    return as_(CentreLead, "adult-ecmo/RJ1")


@pytest.fixture
def sent(own):
    accepted(own, case("SECRET-1", nhs_number="9434765919", pf_ratio="66.6"), case("B", pf_ratio="3.5"), case("C", status="dead"))
    say(own, "SECRET-1", "opt_out")


def test_it_is_found_from_the_series(lead, sent):
    assert PAGE in lead.get(HERE).text


def test_the_data_manager_is_not_led_to_it(as_, sent):
    assert PAGE not in as_(CentreDataManager, "adult-ecmo/RJ1").get(HERE).text


def test_it_says_how_many_are_left_out_before(lead, sent):
    page = lead.get(PAGE).text
    assert "1 left out because of what the patient said" in page
    assert "Admitted on: the year alone" in page
    for hidden in ("SECRET-1", "NHS number", "Case identifier", "Date of birth"):
        assert hidden not in page


def test_the_file_holds_what_was_chosen_and_nobody_who_objected(lead, sent):
    answer = lead.post(PAGE, ASKED)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="research-adult-ecmo-RJ1-2025.csv"'
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert rows == [
        ["admitted_on_year", "pf_ratio", "status"], ["2025", "3.5", "alive"], ["2025", "9.4", "dead"],
    ]  # fmt: skip
    for hidden in ("SECRET-1", "66.6", "9434765919", "15/06/2025", "2025-06-15"):
        assert hidden not in answer.text
    assert AuditEvent.objects.filter(verb="extract for research").count() == 1
    assert "The extract holds 2 cases; 1 left out because of what the patient said." in lead.get(HERE).text


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"purpose": ""}, "Say what the extract is for"),
        ({"purpose": "x" * 2001}, "at most 2000"),
        ({"fields_wanted": []}, "Choose the fields"),
        ({"fields_wanted": ["case_id"]}, "case_id is not one of the available choices"),
        ({"fields_wanted": ["nhs_number", "status"]}, "nhs_number is not one of the available choices"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_leaves(lead, sent, values, said):
    answer = lead.post(PAGE, ASKED | values)
    assert said in answer.text
    assert "text/html" in answer.headers["Content-Type"]
    assert not AuditEvent.objects.filter(verb="extract for research").exists()


@pytest.mark.parametrize(
    ("role", "scope"),
    [
        (CentreDataManager, "adult-ecmo/RJ1"),
        (CentreLead, "adult-ecmo/RM2"),
        (CentreLead, "lam/RJ1"),
        (NetworkLead, "adult-ecmo"),
        (NationalCommissioner, "England"),
        (Administrator, ""),
    ],
)
def test_others_are_refused(as_, sent, role, scope):
    browser = as_(role, scope)
    for answer in (browser.get(PAGE), browser.post(PAGE, ASKED)):
        assert answer.status_code == 403
        assert "66.6" not in answer.text
    assert not AuditEvent.objects.filter(verb="extract for research").exists()


def test_an_empty_period_gives_an_empty_file(lead, own):
    answer = lead.post(PAGE, ASKED)
    assert answer.text.removeprefix("\ufeff") == "admitted_on_year,pf_ratio,status\n"


def test_without_a_data_set_there_is_no_page(lead, own):
    own.service.data_set_versions.all().delete()
    assert lead.get(PAGE).status_code == 404


def test_as_many_queries_for_one_as_for_three(lead, own):
    counts = []
    for cases in ([case("A")], [case("A"), case("B"), case("C")]):
        accepted(own, *cases)
        with CaptureQueriesContext(connection) as asked:
            lead.get(PAGE)
        counts.append(len(asked))
    assert counts[0] == counts[1]
