"""Expected cases, and the declaration that a series is complete."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from plenary.collection import actions, queries
from plenary.collection.terms import SeriesState
from plenary.core import queries as core
from plenary.core.permissions import CentreDataManager, CentreLead, NetworkLead
from tests.factories.ascertainment import expected, load, row
from tests.factories.collection import END, START, accepted, case, manager, receive, signed_off

HERE = "/workspace/collection/adult-ecmo/RJ1/2025/"


@pytest.fixture
def mine(as_, own):
    return as_(CentreLead, "adult-ecmo/RJ1")


def expect(centre, case_id, source="referral"):
    place = {"centre": centre, "period_start": START, "period_end": END}
    return actions.expect_case(**place, case_id=case_id, source=source, by=manager(centre))


def state(centre):
    return queries.series_of(centre, START, END).state


# -- expected cases


def test_each_expected_case_says_what_became_of_it(mine, own, other):
    accepted(own, case("CAME"))
    expect(own, "CAME")
    expect(own, "GONE")
    expect(other, "THEIRS")
    page = mine.get(f"{HERE}expected/").text
    assert "1 case is neither sent nor explained." in page
    assert "THEIRS" not in page
    lines = mine.get(f"{HERE}expected.csv?status=missing").text.splitlines()
    assert lines[1:] == ["GONE,referral,,,Missing,,,"]
    assert "CAME" not in mine.get(f"{HERE}expected/?text=gone").text
    order = [line.split(",")[0] for line in mine.get(f"{HERE}expected.csv").text.splitlines()[1:]]
    assert order == ["GONE", "CAME"]  # what is left to do stands first


def test_an_empty_list_says_what_to_do(mine):
    assert f'<a href="{HERE}expected/add/">Add an expected case</a>' in mine.get(f"{HERE}expected/").text


def test_three_expected_cases_cost_no_more_look_ups_than_one(mine, own, django_assert_num_queries):
    expect(own, "A")
    mine.get(f"{HERE}expected/")
    with CaptureQueriesContext(connection) as for_one:
        mine.get(f"{HERE}expected/")
    expect(own, "B")
    expect(own, "C")
    with django_assert_num_queries(len(for_one)):
        mine.get(f"{HERE}expected/")


def test_a_case_is_added_by_hand(mine, own):
    page = mine.post(f"{HERE}expected/add/", {"case_id": "X1", "source": ""}).text
    assert page.count("Say which source knows of the case") == 2
    assert 'value="X1"' in page
    answer = mine.post(f"{HERE}expected/add/", {"case_id": "X1", "source": "MDT"}, follow=True)
    assert "Case X1 is expected." in answer.text
    assert [(one.case_id, one.source) for one in queries.accounts(own, START, END)] == [("X1", "MDT")]


def test_nothing_is_added_to_a_signed_series(mine, own):
    signed_off(own, case("A"))
    page = mine.post(f"{HERE}expected/add/", {"case_id": "X1", "source": "MDT"}).text
    assert "is signed off" in page
    assert "X1" in page


def test_an_absence_is_explained(as_, own):
    one = expect(own, "GONE")
    mine = as_(CentreDataManager, "adult-ecmo/RJ1")
    page = mine.post(f"{HERE}expected/{one.pk}/", {"reason": ""}).text
    assert page.count("Choose why the case is not in the series") == 2
    page = mine.post(f"{HERE}expected/{one.pk}/", {"kind": "another reason", "reason": " "}).text
    assert page.count("Say what the other reason is") == 2
    given = {"kind": "treated at another centre", "reason": "Transferred before treatment"}
    answer = mine.post(f"{HERE}expected/{one.pk}/", given, follow=True)
    assert answer.redirect_chain == [(f"{HERE}expected/", 302)]
    assert "Treated at another centre: Transferred before treatment" in answer.text
    assert "Change the reason" in answer.text


def test_another_centres_expected_case_is_not_explained_from_here(mine, own, other):
    theirs = expect(other, "THEIRS")
    for address, sent in (("", {"kind": "not our patient"}), ("reply/", {"reply": "other", "case_id": "THEIRS"})):
        answer = mine.post(f"{HERE}expected/{theirs.pk}/{address}", sent)
        assert answer.status_code == 404
        assert "THEIRS" not in answer.text
    theirs.refresh_from_db()
    assert theirs.explained == ""


def test_a_question_of_hospital_data_is_answered(mine, own):
    accepted(own, case("A"), case("B"))
    load(row("review", "ann", "A"), row("missing", "ben"))
    asked, lost = expected("ann"), expected("ben")
    page = mine.get(f"{HERE}expected/?status=review").text
    assert "Of 1 case it is asked whether it is one of yours." in page
    assert "perhaps A" in page
    assert "15 June 2025" in page
    assert lost.case_id not in page
    address = f"{HERE}expected/{asked.pk}/reply/"
    page = mine.get(address).text
    assert "record apc.csv: ann" in page
    assert mine.post(address, {}).text.count("Choose an answer") == 2
    assert mine.post(address, {"reply": "other"}).text.count("Give the identifier of the case that it is") == 2
    assert mine.post(address, {"reply": "other", "case_id": "NOT-SENT"}).text.count("Send it first") == 1
    answer = mine.post(address, {"reply": "yes"}, follow=True)
    assert f"Your answer on {asked.case_id} was kept." in answer.text
    page = mine.get(f"{HERE}expected/{lost.pk}/reply/").text
    assert "Yes, it is" not in page
    refused = mine.post(f"{HERE}expected/{lost.pk}/reply/", {"reply": "other", "case_id": "A"}).text
    assert f"stands for {asked.case_id} of the same source already" in refused
    mine.post(f"{HERE}expected/{lost.pk}/reply/", {"reply": "other", "case_id": "B"})
    lines = mine.get(f"{HERE}expected.csv?source=National+hospital+data").text.splitlines()[1:]
    assert sorted(line.split(",")[4:6] for line in lines) == [["Received", "A"], ["Received", "B"]]


def test_another_centres_case_is_suggested_without_its_name(mine, own, other):
    accepted(other, case("THEIRS"))
    load(row("review", "ann", "THEIRS", case_centre="RM2"))
    page = mine.get(f"{HERE}expected/").text
    assert "perhaps a case that Trust RM2 sent" in page
    assert "THEIRS" not in page + mine.get(f"{HERE}expected/{expected('ann').pk}/reply/").text


def test_a_question_stands_in_the_way_of_the_sign_off(mine, own):
    accepted(own, case("A"))
    load(row("review", "ann", "A"))
    page = mine.get(f"{HERE}sign-off/").text
    assert "Of 1 expected case it is asked whether it is a case of the series." in page
    assert f"{HERE}expected/?status=review" in page
    assert "whether they are cases of the series" in mine.post(f"{HERE}sign-off/", {"complete": "on"}).text
    assert state(own) == SeriesState.OPEN


# -- sign-off


def test_a_series_is_signed_off_with_the_declaration(mine, own):
    accepted(own, case("A"), case("B"))
    page = mine.post(f"{HERE}sign-off/", {}).text
    assert page.count("Tick the box to declare that the series is complete") == 2
    assert state(own) == SeriesState.OPEN
    answer = mine.post(f"{HERE}sign-off/", {"complete": "on"}, follow=True)
    assert "Trust RJ1, 2025 is signed off with 2 cases." in answer.text
    assert state(own) == SeriesState.SIGNED_OFF
    assert core.events(verb="sign off series").last().who == mine.person.pk
    assert "It was signed off " in mine.get(f"{HERE}sign-off/").text


def test_it_is_refused_while_a_case_is_unexplained_and_the_case_is_named(mine, own):
    accepted(own, case("A"))
    expect(own, "GONE-7")
    page = mine.get(f"{HERE}sign-off/").text
    assert "1 expected case is neither sent nor explained: GONE-7." in page
    assert f"{HERE}expected/?status=missing" in page
    assert "complete" not in page.replace("is complete", "").replace("incomplete", "") or 'name="complete"' not in page
    refused = mine.post(f"{HERE}sign-off/", {"complete": "on"}).text
    assert "Error: Sign off" in refused
    assert "Expected cases are neither received nor explained: GONE-7." in refused
    assert state(own) == SeriesState.OPEN


def test_it_is_refused_while_a_file_waits_for_a_decision(mine, own):
    accepted(own, case("A"))
    waiting = receive(own, case("A"), case("B"), filename="later.csv")
    page = mine.get(f"{HERE}sign-off/").text
    assert "The file later.csv waits for a decision" in page
    assert f"/workspace/submissions/{waiting.pk}/" in page
    assert "later.csv is received and waits" in mine.post(f"{HERE}sign-off/", {"complete": "on"}).text
    assert state(own) == SeriesState.OPEN


def test_an_explained_absence_does_not_stand_in_the_way(mine, own):
    accepted(own, case("A"))
    one = expect(own, "GONE")
    actions.explain_missing(expected_id=one.pk, reason="A twin entry", by=manager(own))
    assert mine.post(f"{HERE}sign-off/", {"complete": "on"}).status_code == 302
    assert state(own) == SeriesState.SIGNED_OFF


def test_a_data_manager_does_not_sign_off(as_, own):
    accepted(own, case("A"))
    answer = as_(CentreDataManager, "adult-ecmo/RJ1").post(f"{HERE}sign-off/", {"complete": "on"})
    assert answer.status_code == 403
    assert state(own) == SeriesState.OPEN


# -- opening again


def test_the_network_lead_opens_a_series_again_for_a_reason(as_, own):
    signed_off(own, case("A"))
    led = as_(NetworkLead, "adult-ecmo")
    assert led.post(f"{HERE}reopen/", {"reason": ""}).text.count("Give the reason") == 2
    assert state(own) == SeriesState.SIGNED_OFF
    answer = led.post(f"{HERE}reopen/", {"reason": "Two cases were found in the archive"}, follow=True)
    assert answer.redirect_chain == [("/workspace/collection/", 302)]
    assert "is open again" in answer.text
    assert state(own) == SeriesState.OPEN


def test_a_series_that_is_open_is_not_opened(as_, own):
    page = as_(NetworkLead, "adult-ecmo").post(f"{HERE}reopen/", {"reason": "why not"}).text
    assert "has not declared a series" in page
    assert "why not" in page


def test_the_lead_of_another_network_opens_nothing(as_, own):
    signed_off(own, case("A"))
    assert as_(NetworkLead, "heart-transplant").post(f"{HERE}reopen/", {"reason": "x"}).status_code == 403
    assert state(own) == SeriesState.SIGNED_OFF


def test_cases_that_are_begun_and_not_finished_are_told_before_the_sign_off(as_, own):
    lead, manager = as_(CentreLead, "adult-ecmo/RJ1"), as_(CentreDataManager, "adult-ecmo/RJ1", name="Dana Manager")
    assert "begun and not finished" not in lead.get(f"{HERE}sign-off/").text
    manager.post(f"{HERE}key/", {"case_id": "SECRET-7", "do": "save"})
    page = lead.get(f"{HERE}sign-off/").text
    assert "Dana Manager: 1 case begun and not finished." in page
    assert "SECRET-7" not in page
