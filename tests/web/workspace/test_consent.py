"""The pages on which a centre records what patients said."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from plenary.collection.models import Case, Consent
from plenary.core.permissions import CentreDataManager, CentreLead, NetworkLead
from tests.factories import collection as make
from tests.factories.collection import accepted, case

HERE = "/workspace/collection/adult-ecmo/RJ1/2025/"
SAID = {
    "case_id": "A", "wish": "objection", "answer": "given", "said_on_day": "1", "said_on_month": "3", "said_on_year": "2026",
}  # fmt: skip


@pytest.fixture(autouse=True)
def in_force(db):
    make.shipped("objection")


@pytest.fixture
def mine(as_, own):
    return as_(CentreLead, "adult-ecmo/RJ1")


def test_what_an_answer_does_is_told_before(mine, own):
    page = mine.get(f"{HERE}consent/record/").text
    assert "Proposed settings, version 1" in page
    assert "Objection to use beyond own care. Given: counted by number only" in page


def test_an_objection_is_recorded_listed_and_counted(mine, own):
    accepted(own, case("A"), case("B"))
    page = mine.post(f"{HERE}consent/record/", SAID, follow=True).text
    assert "Recorded for case A. Counted by number only." in page
    assert "1 March 2026" in page
    listed = mine.get(f"{HERE}cases/").text
    assert "A (counted by number only)" in listed
    series = mine.get(HERE).text
    assert "1 case, because the patient objected" in series


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"case_id": ""}, "Give the case identifier"),
        ({"answer": ""}, "Say what the answer was"),
        ({"said_on_year": ""}, "must include a year"),
        ({"said_on_year": "2199"}, "lies in the future"),
        ({"wish": "opt_out", "answer": "refused"}, "have no answer"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_recorded(mine, own, values, said):
    page = mine.post(f"{HERE}consent/record/", SAID | values).text
    assert said in page
    assert not Consent.objects.exists()


def test_a_data_manager_asks_the_lead_to_erase_a_case_that_was_sent(as_, own):
    accepted(own, case("A"))
    page = as_(CentreDataManager, "adult-ecmo/RJ1").post(f"{HERE}consent/record/", SAID).text
    assert "Ask the centre&#39;s lead to record it." in page
    assert not Case.objects.get().counted_only


def test_a_signed_off_series_is_opened_first(mine, own):
    make.signed_off(own, case("A"))
    assert "reopen it first" in mine.post(f"{HERE}consent/record/", SAID).text
    assert not Case.objects.get().counted_only


def test_the_list_is_filtered_and_downloaded_and_asks_as_little_for_three(mine, own, django_assert_num_queries):
    mine.post(f"{HERE}consent/record/", SAID, follow=True)
    mine.get(f"{HERE}consent/")
    with CaptureQueriesContext(connection) as for_one:
        mine.get(f"{HERE}consent/")
    count = len(for_one)
    for name in ("B", "C"):
        mine.post(f"{HERE}consent/record/", SAID | {"case_id": name, "wish": "registry"}, follow=True)
    with django_assert_num_queries(count):
        mine.get(f"{HERE}consent/")
    lines = mine.get(f"{HERE}consent.csv?wish=registry&case_id=b").text.splitlines()
    assert lines[0] == "\ufeffCase,About,Answer,Said on,What it does,Settings,Recorded"
    assert lines[1].startswith("B,Consent to the registry,Given,1 March 2026,The case is kept,1,")
    assert len(lines) == 2


def test_another_centre_and_the_network_see_nothing(as_, mine, own, other):
    mine.post(f"{HERE}consent/record/", SAID | {"case_id": "SECRET-7"})
    for browser in (as_(CentreDataManager, "adult-ecmo/RM2"), as_(NetworkLead, "adult-ecmo")):
        for rest in ("consent/", "consent.csv", "consent/record/"):
            answer = browser.get(f"{HERE}{rest}")
            assert answer.status_code == 403
            assert "SECRET-7" not in answer.text
    assert "SECRET-7" not in as_(CentreDataManager, "adult-ecmo/RM2").get(f"{HERE.replace('RJ1', 'RM2')}consent/").text


def test_an_empty_list_says_what_to_do(mine, own):
    assert "Nothing was recorded at this centre." in mine.get(f"{HERE}consent/").text


def test_without_settings_the_page_says_what_to_do(mine, own):
    make.core_actions.Policy.objects.all().delete()
    answer = mine.get(f"{HERE}consent/record/")
    assert answer.status_code == 404
    assert "load the definitions" in answer.text
