"""Keying a case by the rules of the data set: drafts, branching, corrections, what changed."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from plenary.collection import queries
from plenary.collection.models import CaseDraft, CaseVersion, Submission
from plenary.core import queries as core
from plenary.core.permissions import CentreDataManager
from tests.factories.collection import DataSetVersionFactory, accepted, case, make_centre, manager, shipped, signed_off
from tests.factories.registry import CentreFactory, ServiceFactory

HERE = "/workspace/collection/adult-ecmo/RJ1/2025/"

KEYED = {
    "case_id": "K1",
    "nhs_number": "",
    "birth_date_day": "2",
    "birth_date_month": "3",
    "birth_date_year": "1980",
    "sex": "male",
    "area": "QE1",
    "admitted_on_day": "15",
    "admitted_on_month": "June",
    "admitted_on_year": "2025",
    "pf_ratio": "9.4",
    "status": "alive",
}


@pytest.fixture
def mine(as_, own):
    return as_(CentreDataManager, "adult-ecmo/RJ1")


def stands(centre):
    return {one.case.case_id: one.payload for one in queries.current_versions(manager(centre))}


# -- keying


def test_a_keyed_case_stands_at_once_without_what_names_the_patient(mine, own):
    answer = mine.post(f"{HERE}key/", KEYED | {"nhs_number": "943 476 5919"}, follow=True)
    assert answer.redirect_chain == [(f"{HERE}cases/", 302)]
    assert "Case K1 was kept." in answer.text
    payload = stands(own)["K1"]
    assert payload["admitted_on"] == "2025-06-15"
    assert payload["pf_ratio"] == 9.4
    assert payload["age"] == 45
    assert "nhs_number" not in payload
    assert "birth_date" not in payload


def test_the_form_is_made_from_the_data_set(mine, own):
    page = mine.get(f"{HERE}key/").text
    for label in ("Case identifier", "NHS number (optional)", "Admitted on", "PF ratio (optional)", "Status at discharge"):
        assert label in page
    assert "From 0 to 100" in page
    assert 'name="centre"' not in page


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        ({"case_id": ""}, "id_case_id", "Case identifier"),
        ({"pf_ratio": "250"}, "id_pf_ratio", "PF ratio: &#39;250&#39; lies outside the agreed range"),
        ({"pf_ratio": "high"}, "id_pf_ratio", "PF ratio: &#39;high&#39; is not a number"),
        ({"sex": "neither"}, "id_sex_0", "is not a permitted value"),
        ({"status": ""}, "id_status_0", "Status at discharge is missing"),
        ({"nhs_number": "1234567890"}, "id_nhs_number", "NHS number"),
        ({"admitted_on_month": "13"}, "id_admitted_on_day", "Admitted on: "),
        ({"admitted_on_day": ""}, "id_admitted_on_day", "date"),
        (
            {"admitted_on_day": "", "admitted_on_month": "", "admitted_on_year": ""},
            "id_admitted_on_day",
            "Admitted on is missing",
        ),
    ],
)
def test_what_the_check_finds_stands_at_its_field_and_nothing_typed_is_lost(mine, own, values, field, said):
    page = mine.post(f"{HERE}key/", KEYED | values).text
    assert "<title>Error: Key one case – Collection – Plenary</title>" in page
    assert f'<a href="#{field}">' in page
    assert page.count(said) >= 2
    assert 'value="QE1"' in page
    assert not stands(own)


def test_a_case_that_stands_is_not_overwritten_by_accident(mine, own):
    accepted(own, case("K1", pf_ratio="5"))
    page = mine.post(f"{HERE}key/", KEYED).text
    assert "Case K1 stands already." in page
    assert stands(own)["K1"]["pf_ratio"] == 5


def test_the_same_identifier_at_another_centre_is_another_case(mine, own, other):
    accepted(other, case("K1"))
    assert mine.post(f"{HERE}key/", KEYED).status_code == 302
    assert set(stands(own)) == {"K1"}


def test_a_case_is_changed_from_the_list(mine, own):
    accepted(own, case("K1", pf_ratio="5"))
    version = queries.current_versions(manager(own)).get()
    assert f"{HERE}key/?case={version.pk}" in mine.get(f"{HERE}cases/").text
    page = mine.get(f"{HERE}key/?case={version.pk}").text
    assert "Change case K1" in page
    assert 'name="pf_ratio" type="text" value="5" inputmode="decimal"' in page
    assert 'name="admitted_on_day" type="text" inputmode="numeric" value="15"' in page
    mine.post(f"{HERE}key/?case={version.pk}", KEYED | {"pf_ratio": "7"})
    assert stands(own)["K1"]["pf_ratio"] == 7


def test_a_change_does_not_move_to_another_identifier(mine, own):
    accepted(own, case("OLD"))
    version = queries.current_versions(manager(own)).get()
    assert "The identifier of this case is OLD." in mine.post(f"{HERE}key/?case={version.pk}", KEYED).text
    assert set(stands(own)) == {"OLD"}


def test_another_centres_case_is_not_opened_by_its_number(mine, own, other):
    accepted(other, case("THEIRS"))
    version = queries.current_versions(manager(other)).get()
    answer = mine.get(f"{HERE}key/?case={version.pk}")
    assert answer.status_code == 404
    assert "THEIRS" not in answer.text


def test_a_signed_off_series_is_not_changed_from_the_screen(mine, own):
    signed_off(own, case("A"))
    page = mine.post(f"{HERE}key/", KEYED).text
    assert "Ask the network lead to reopen it first." in page
    assert set(stands(own)) == {"A"}


def test_a_warning_is_told_and_the_case_is_kept(mine, own):
    answer = mine.post(f"{HERE}key/", KEYED | {"birth_date_year": "80"}, follow=True)
    assert "plenary-message--warning" in answer.text
    assert "year" in answer.text
    assert set(stands(own)) == {"K1"}


def test_a_date_of_another_period_is_told(mine, own):
    answer = mine.post(f"{HERE}key/", KEYED | {"admitted_on_year": "2024"}, follow=True)
    assert "plenary-message--warning" in answer.text
    assert "Its date is 15 June 2024, so it does not count for 2025." in answer.text
    assert "K1" in mine.get(HERE.replace("2025", "2024") + "cases/").text


@pytest.mark.parametrize("rest", ["key/", "headings.csv"])
def test_a_service_without_a_data_set_says_so(as_, db, rest):
    CentreFactory(service__slug="new-service", ods="RJ1")
    answer = as_(CentreDataManager, "new-service/RJ1").get(f"/workspace/collection/new-service/RJ1/2025/{rest}")
    assert answer.status_code == 404
    assert "has no agreed data set yet" in answer.text


# -- drafts


def saved(browser, values, address=f"{HERE}key/", do="save"):
    return browser.post(address, values | {"do": do}, follow=do != "draft")


def draft_of(browser):
    return CaseDraft.objects.get(owner=browser.person.pk)


def test_what_was_typed_so_far_is_kept_and_gone_on_with(mine, own):
    page = saved(mine, {"case_id": "K1", "admitted_on_day": "15", "admitted_on_month": "June", "sex": "female"})
    draft = draft_of(mine)
    assert page.redirect_chain == [(f"{HERE}drafts/{draft.pk}/", 302)]
    assert "It is no case yet." in page.text
    assert 'name="case_id" type="text" value="K1"' in page.text
    assert 'name="admitted_on_day" type="text" inputmode="numeric" value="15"' in page.text
    assert 'name="admitted_on_month" type="text" inputmode="numeric" value="6"' in page.text
    assert 'value="female" checked' in page.text
    assert not stands(own)
    answer = mine.post(f"{HERE}drafts/{draft.pk}/", KEYED, follow=True)
    assert "Case K1 was kept." in answer.text
    assert set(stands(own)) == {"K1"}
    assert not CaseDraft.objects.exists()


def test_a_draft_outlives_the_session(as_, own, mine):
    saved(mine, {"case_id": "K1", "pf_ratio": "7"})
    mine.logout()
    assert mine.get(f"{HERE}drafts/").status_code == 302
    mine.force_login(mine.person)
    page = mine.get(f"{HERE}drafts/").text
    assert ">K1<" in page
    assert f"{HERE}drafts/{draft_of(mine).pk}/" in page


def test_a_finding_keeps_the_draft(mine, own):
    mine.post(f"{HERE}key/", KEYED | {"pf_ratio": "250"})
    assert draft_of(mine).typed["pf_ratio"] == "250"
    assert not stands(own)


def test_another_person_of_the_centre_opens_no_draft_of_mine(as_, mine, own):
    saved(mine, {"case_id": "SECRET-7"})
    colleague = as_(CentreDataManager, "adult-ecmo/RJ1", name="Col League")
    number = draft_of(mine).pk
    for answer in (
        colleague.get(f"{HERE}drafts/"),
        colleague.get(f"{HERE}drafts/{number}/"),
        colleague.post(f"{HERE}drafts/{number}/", KEYED),
        colleague.post(f"{HERE}drafts/{number}/delete/"),
    ):
        assert "SECRET-7" not in answer.text
    assert draft_of(mine).typed == {"case_id": "SECRET-7"}


def test_a_draft_is_opened_at_its_own_centre_and_period_only(mine, own):
    saved(mine, {"case_id": "K1"})
    assert mine.get(f"{HERE.replace('2025', '2024')}drafts/{draft_of(mine).pk}/").status_code == 404


def test_a_draft_is_deleted_by_a_button(mine, own):
    saved(mine, {"case_id": "K1"})
    number = draft_of(mine).pk
    assert mine.get(f"{HERE}drafts/{number}/delete/").status_code == 405
    page = mine.post(f"{HERE}drafts/{number}/delete/", follow=True).text
    assert "The draft was deleted." in page
    assert "You have no unfinished case here." in page


def test_the_list_of_drafts_is_filtered_and_downloaded(mine, own):
    saved(mine, {"case_id": "A-1"})
    saved(mine, {"case_id": "B-1", "pf_ratio": "7"})
    page = mine.get(f"{HERE}drafts/?case_id=b-").text
    assert ">B-1<" in page
    assert ">A-1<" not in page
    lines = mine.get(f"{HERE}drafts.csv?case_id=b-").text.splitlines()
    assert lines[0] == "\ufeffCase,Kind,Values,Begun,Last saved,Days ago,Kept until,To do"
    assert lines[1].startswith("B-1,New case,2,")
    assert len(lines) == 2


def test_the_list_of_drafts_says_until_when_they_are_kept(mine, own):
    saved(mine, {"case_id": "A-1"})
    assert "You delete it" in mine.get(f"{HERE}drafts.csv").text, "no rules are in force"
    shipped("drafts")
    until = timezone.localdate() + timedelta(days=90)
    assert f"{until.day} {until:%B %Y}" in mine.get(f"{HERE}drafts.csv").text
    assert "You are told by e-mail before; saving one keeps it." in mine.get(f"{HERE}drafts/").text


def test_three_drafts_cost_no_more_look_ups_than_one(mine, own, django_assert_num_queries):
    saved(mine, {"case_id": "A"})
    mine.get(f"{HERE}drafts/")
    with CaptureQueriesContext(connection) as for_one:
        mine.get(f"{HERE}drafts/")
    count = len(for_one)
    saved(mine, {"case_id": "B"})
    saved(mine, {"case_id": "C"})
    mine.get(f"{HERE}drafts/")  # the messages are told once
    with django_assert_num_queries(count):
        mine.get(f"{HERE}drafts/")


def test_finish_and_the_next(mine, own):
    answer = mine.post(f"{HERE}key/", KEYED | {"do": "next"}, follow=True)
    assert answer.redirect_chain == [(f"{HERE}key/", 302)]
    assert "Case K1 was kept." in answer.text
    assert 'value="K1"' not in answer.text


# -- branching, defaults, what is worked out: decided by the server, with and without a script

BRANCHING = """Variable / Field Name,Form Name,Section Header,Field Type,Field Label,"Choices, Calculations, OR Slider Labels",Text Validation Type OR Show Slider Number,Branching Logic (Show field only if...),Required Field?,Field Annotation
case_id,case,,text,Case identifier,,,,y,
admitted_on,case,,text,Admitted on,,date_dmy,,y,@INDEXDATE
accepted,case,Decision,yesno,Accepted,,,,y,
mode,case,,radio,First mode,"vv, Veno-venous | va, Veno-arterial",,[accepted] = '1',y,@DEFAULT='vv'
harm,case,,checkbox,Harm,"clot, Clot | limb, Limb",,[accepted] = '1',,
started_on,case,,text,Started on,,date_dmy,[accepted] = '1',,
waited,case,,calc,Days waited,"datediff([admitted_on], [started_on], 'd', 'dmy', true)",,,,
origin,case,,text,Origin of the record,,,,,@HIDDEN @DEFAULT='screen'
rules,case,,text,Rules,,,,,@READONLY @DEFAULT='of 2025'
"""


@pytest.fixture
def branching(db):
    service = ServiceFactory(slug="adult-ecmo")
    DataSetVersionFactory(service=service, content=BRANCHING.encode())
    return make_centre("adult-ecmo", "RJ1")


TYPED = {"case_id": "K1", "admitted_on_day": "1", "admitted_on_month": "2", "admitted_on_year": "2025"}


def hidden(page, name):
    """Whether a question does not show on a page."""
    return f'data-question="{name}" hidden' in page


def test_a_question_is_hidden_until_it_is_asked(as_, branching):
    mine = as_(CentreDataManager, "adult-ecmo/RJ1")
    page = mine.get(f"{HERE}key/").text
    assert [hidden(page, name) for name in ("accepted", "mode", "harm", "started_on")] == [False, True, True, True]
    page = saved(mine, TYPED | {"accepted": "1"}).text
    assert not any(hidden(page, name) for name in ("accepted", "mode", "harm", "started_on"))
    page = saved(mine, TYPED | {"accepted": "0", "mode": "vv"}, f"{HERE}drafts/{draft_of(mine).pk}/").text
    assert hidden(page, "mode")
    assert draft_of(mine).typed.get("mode") is None


def test_a_value_that_is_asked_no_longer_is_shown_and_not_thrown_away(as_, branching):
    mine = as_(CentreDataManager, "adult-ecmo/RJ1")
    page = saved(mine, TYPED | {"accepted": "0", "mode": "va"}).text
    assert not hidden(page, "mode")
    assert "has a value although it is asked only if" in page


def test_what_the_data_set_hides_or_locks_is_not_taken_from_the_page(as_, branching):
    mine = as_(CentreDataManager, "adult-ecmo/RJ1")
    page = mine.get(f"{HERE}key/").text
    assert "Origin of the record" not in page
    assert 'name="rules"' not in page
    assert "of 2025" in page
    mine.post(f"{HERE}key/", TYPED | {"accepted": "1", "mode": "vv", "harm": ["harm___limb"], "origin": "forged", "rules": "own"})
    payload = stands(branching)["K1"]
    assert (payload["origin"], payload["rules"]) == ("screen", "of 2025")
    assert (payload["harm___clot"], payload["harm___limb"]) == ("0", "1")


def test_a_question_that_must_be_answered_and_was_hidden_shows_with_its_error(as_, branching):
    mine = as_(CentreDataManager, "adult-ecmo/RJ1")
    page = mine.post(f"{HERE}key/", TYPED | {"accepted": "1", "mode": ""}).text
    assert "First mode is missing." in page
    assert not hidden(page, "mode")
    assert '<a href="#id_mode_0">' in page


def test_the_script_is_answered_with_what_shows_and_what_was_worked_out(as_, branching):
    mine = as_(CentreDataManager, "adult-ecmo/RJ1")
    started = {"started_on_day": "11", "started_on_month": "2", "started_on_year": "2025"}
    answer = saved(mine, TYPED | {"accepted": "1"} | started, do="draft").json()
    assert answer["address"] == f"{HERE}drafts/{draft_of(mine).pk}/"
    assert {"mode", "harm", "started_on"} <= set(answer["shown"])
    assert answer["worked_out"] == {"waited": "10"}
    assert answer["notes"] == {}
    answer = saved(mine, TYPED | {"accepted": "9"}, answer["address"], do="draft").json()
    assert "mode" not in answer["shown"]
    assert "is not a permitted value" in answer["notes"]["accepted"]
    assert CaseDraft.objects.count() == 1
    page = mine.get(answer["address"]).text
    assert "is not a permitted value" in page
    assert "<title>Error" not in page


def test_a_text_without_end_is_not_kept(mine, own):
    answer = saved(mine, {"case_id": "K" * 200_000}, do="draft")
    assert answer.status_code == 409
    assert "too much text" in answer.json()["problem"]
    assert not CaseDraft.objects.exists()


# -- corrections


@pytest.fixture
def known(own):
    accepted(own, case("K1", pf_ratio="5"))
    return queries.current_versions(manager(own)).get()


CORRECTED = KEYED | {"sex": "female", "birth_date_day": "", "birth_date_month": "", "birth_date_year": ""}


def test_a_correction_need_not_say_again_who_the_patient_is(mine, own, known):
    answer = mine.post(f"{HERE}key/?case={known.pk}", CORRECTED | {"pf_ratio": "7"}, follow=True)
    assert answer.redirect_chain[-1] == (f"{HERE}cases/{known.case_id}/changes/", 302)
    payload = stands(own)["K1"]
    assert (payload["pf_ratio"], payload["age"]) == (7, 45)


def test_the_difference_is_shown_with_who_and_when(mine, own, known):
    page = mine.post(f"{HERE}key/?case={known.pk}", CORRECTED | {"pf_ratio": "7"}, follow=True).text
    assert "What changed in case K1" in page
    lines = mine.get(f"{HERE}cases/{known.case_id}/changes.csv").text.splitlines()
    assert lines[0] == "\ufeffVersion,When,Came by,Who,Field,Before,Now"
    assert lines[1].startswith("2,")
    assert lines[1].endswith(",Screen,Sam Example,pf_ratio,5,7")
    assert len(lines) == 2


def test_a_correction_that_changes_nothing_makes_no_version(mine, own, known):
    answer = mine.post(f"{HERE}key/?case={known.pk}", CORRECTED | {"pf_ratio": "5"}, follow=True)
    assert "Nothing was changed in case K1" in answer.text
    assert CaseVersion.objects.count() == 1
    assert not CaseDraft.objects.exists()


def test_a_correction_that_was_begun_is_gone_on_with(mine, own, known):
    saved(mine, CORRECTED | {"pf_ratio": "6"}, f"{HERE}key/?case={known.pk}")
    page = mine.get(f"{HERE}key/?case={known.pk}", follow=True).text
    assert "this is your draft" in page
    assert 'name="pf_ratio" type="text" value="6" inputmode="decimal"' in page
    assert "Correction" in mine.get(f"{HERE}drafts/").text


def test_what_somebody_else_changed_since_is_not_overwritten_unseen(as_, mine, own, known):
    saved(mine, CORRECTED | {"pf_ratio": "6"}, f"{HERE}key/?case={known.pk}")
    colleague = as_(CentreDataManager, "adult-ecmo/RJ1", name="Col League")
    colleague.post(f"{HERE}key/?case={known.pk}", CORRECTED | {"pf_ratio": "8"})
    address = f"{HERE}drafts/{draft_of(mine).pk}/"
    page = mine.post(address, CORRECTED | {"pf_ratio": "6"}).text
    assert "Somebody has changed case K1 since you opened it. What stands differs from yours in: pf_ratio." in page
    assert stands(own)["K1"]["pf_ratio"] == 8
    mine.post(address, CORRECTED | {"pf_ratio": "6"})
    assert stands(own)["K1"]["pf_ratio"] == 6


def test_another_centres_history_is_not_shown(mine, own, other):
    accepted(other, case("THEIRS"))
    theirs = CaseVersion.objects.get().case_id
    for rest in ("changes/", "changes.csv"):
        answer = mine.get(f"{HERE}cases/{theirs}/{rest}")
        assert answer.status_code == 404
        assert "THEIRS" not in answer.text


def test_what_tells_who_the_patient_is_does_not_stand_in_the_bytes_that_are_kept(mine, own):
    mine.post(f"{HERE}key/", KEYED | {"nhs_number": "943 476 5919"})
    kept = core.stored_bytes(Submission.objects.get().sha256).decode()
    assert "K1" in kept
    assert "5919" not in kept
    assert "1980" not in kept


@pytest.mark.parametrize("do", ["save", "finish", "draft"])
@pytest.mark.parametrize("name", ["case_id", "area", "admitted_on_day", "sex", "pf_ratio"])
def test_what_no_database_holds_is_no_fault_of_the_server(mine, own, do, name):
    """A NUL comes by a paste from a broken programme; PostgreSQL holds none, in no text and in no JSON."""
    answer = mine.post(f"{HERE}key/", KEYED | {name: "a\0b", "do": do})
    assert answer.status_code in {200, 302, 409}
    assert not any("\0" in text for one in CaseDraft.objects.all() for text in one.typed.values())
