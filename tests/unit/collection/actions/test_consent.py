"""What patients say of their records: added with its date, done to the case by the settings, and the sum still adds up."""

import json
from datetime import date

import pytest

from plenary.collection import actions as collection
from plenary.collection import queries
from plenary.collection.actions import consent as actions
from plenary.collection.actions import entry, follow_up
from plenary.collection.models import Case, CaseDraft, CaseVersion, Consent, FollowUp, Submission
from plenary.collection.queries import consent
from plenary.collection.terms import Report
from plenary.core.actions import adopt_policy
from plenary.core.models import AuditEvent
from plenary.core.queries import erased_on, stored_bytes, today
from plenary.core.terms import NOBODY, SYSTEM, NotPossible, Refused
from tests.factories import collection as make
from tests.factories.collection import END, START, case

pytestmark = pytest.mark.django_db

PERIOD = {"period_start": START, "period_end": END}
SAID = date(2026, 3, 1)


@pytest.fixture(autouse=True)
def in_force(db):
    make.shipped("objection")


@pytest.fixture
def centre():
    return make.make_centre()


def say(centre, case_id="A", wish="objection", answer="given", said_on=SAID, by=None):
    who = by or make.lead(centre)
    return actions.record_consent(centre=centre, **PERIOD, case_id=case_id, wish=wish, answer=answer, said_on=said_on, by=who)


def counted(centre):
    return {row.case.case_id: row.payload for row in CaseVersion.objects.filter(case__centre=centre, current=True)}


def test_consent_that_is_given_changes_nothing(centre):
    make.accepted(centre, case("A"))
    before = list(CaseVersion.objects.values())
    made = say(centre, wish="registry")
    assert (made.effect, made.settings_version, made.said_on) == ("kept", "1", SAID)
    assert list(CaseVersion.objects.values()) == before


def test_an_objection_takes_what_is_known_and_the_case_still_counts(centre):
    sent = make.accepted(centre, case("A", pf_ratio="7.7"), case("B"))
    say(centre)
    kept = Case.objects.get(case_id="A")
    assert (kept.counted_only, kept.erased, kept.sex, kept.area, kept.age) == (True, False, "", "", None)
    assert counted(centre)["A"] == {}
    assert counted(centre)["B"]["status"] == "alive"
    assert erased_on(sent.sha256)
    for one in CaseVersion.objects.filter(case=kept):
        assert one.payload == {}
    left = [stored_bytes(one.sha256) for one in Submission.objects.exclude(pk=sent.pk)]
    assert left == [b"centre,case_id\r\nRJ1,A\r\n"]


def test_a_hundred_per_cent_still_adds_up(centre):
    for name in ("A", "B"):
        collection.expect_case(centre=centre, **PERIOD, case_id=name, source="MDT", by=SYSTEM)
    make.accepted(centre, case("A"), case("B"))
    say(centre)
    assert queries.expected_counts(centre.service, START, END) == {"RJ1": (2, 2)}
    assert consent.counted_only(centre, START, END) == 1
    signed = collection.sign_off_series(centre=centre, **PERIOD, by=make.lead(centre))
    assert signed.cases == 2
    assert len(queries.case_table(centre.service, START, END)) == 2


def test_an_objection_before_anything_was_sent_is_counted_and_never_sent(centre):
    say(centre)
    assert counted(centre) == {"A": {}}
    sent = make.receive(centre, case("A"), case("B"))
    collection.check(submission_id=sent.pk, by=SYSTEM)
    sent.refresh_from_db()
    assert sent.state == "refused"
    assert erased_on(sent.sha256)
    (found,) = queries.open_findings(make.manager(centre), sent)
    assert found.message == "The patient of case A objected: it is counted already."
    make.accepted(centre, case("B"))
    assert set(counted(centre)) == {"A", "B"}
    with pytest.raises(NotPossible, match="The patient objected: A"):
        collection.key_case(centre=centre, **PERIOD, values=case("A"), by=make.manager(centre))


def test_a_later_file_does_not_withdraw_it(centre):
    make.accepted(centre, case("A"), case("B"))
    say(centre)
    make.accepted(centre, case("B"), case("C"))
    assert set(counted(centre)) == {"A", "B", "C"}


def test_drafts_and_follow_up_go_with_it(centre):
    make.shipped("follow-up")
    make.accepted(centre, case("A"))
    entry.save_draft(centre=centre, **PERIOD, values=case("A"), by=make.manager(centre), case=Case.objects.get())
    follow_up.report(centre=centre, reports=[Report("A", SAID, "alive", "gp")], by=make.manager(centre))
    say(centre)
    assert not CaseDraft.objects.exists()
    assert not FollowUp.objects.exists()
    taken = follow_up.report(centre=centre, reports=[Report("A", SAID, "alive", "gp")], by=make.manager(centre))
    assert "There is no case A" in taken.problems[0].message


def test_taken_back_it_may_be_sent_again(centre):
    make.accepted(centre, case("A"))
    say(centre)
    say(centre, answer="withdrawn", said_on=date(2026, 4, 1))
    assert counted(centre) == {"A": {}}
    make.accepted(centre, case("A"), case("B"))
    assert counted(centre)["A"]["status"] == "alive"
    assert Consent.objects.count() == 2


def test_the_strictest_of_what_stands_counts(centre):
    make.accepted(centre, case("A"))
    say(centre)
    say(centre, wish="registry", answer="given", said_on=date(2026, 4, 1))
    assert Case.objects.get().counted_only
    say(centre, answer="withdrawn", said_on=date(2026, 5, 1))
    assert not Case.objects.get().counted_only


def test_an_opt_out_bars_extracts_for_research_alone(centre):
    make.accepted(centre, case("A"), case("B"))
    say(centre, wish="opt_out")
    both = list(Case.objects.all())
    assert consent.not_for_research(both) == {Case.objects.get(case_id="A").pk}
    assert counted(centre)["A"]["status"] == "alive"
    say(centre, wish="opt_out", answer="withdrawn", said_on=date(2026, 4, 1))
    assert consent.not_for_research(both) == set()


def test_what_an_answer_means_is_a_setting_with_a_date(centre):
    make.accepted(centre, case("A"))
    body = {"objection": {"given": "kept"}}
    adopt_policy(name="objection", version="2", valid_from=today(), body=body, source="a network's own", by=SYSTEM)
    made = say(centre)
    assert (made.effect, made.settings_version) == ("kept", "2")
    with pytest.raises(NotPossible, match="version 2, have no answer 'refused'"):
        say(centre, wish="registry", answer="refused")


def test_a_signed_off_series_is_opened_first_and_nothing_is_half_done(centre):
    sent = make.accepted(centre, case("A"))
    collection.sign_off_series(centre=centre, **PERIOD, by=make.lead(centre))
    with pytest.raises(NotPossible, match="reopen it first"):
        say(centre)
    assert counted(centre)["A"]["status"] == "alive"
    assert not Consent.objects.exists()
    assert not erased_on(sent.sha256)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"case_id": " "}, "which case"),
        ({"said_on": date(2199, 1, 1)}, "future"),
        ({"answer": "perhaps"}, "have no answer 'perhaps'"),
        ({"wish": "gossip"}, "to: gossip"),
        ({"wish": "opt_out", "answer": "refused"}, "to: National data opt-out"),
    ],
)
def test_what_cannot_be_recorded_says_why(centre, wrong, message):
    with pytest.raises(NotPossible, match=message):
        say(centre, **wrong)
    assert not Consent.objects.exists()


def test_without_settings_nothing_is_recorded(centre):
    make.core_actions.Policy.objects.all().delete()
    with pytest.raises(NotPossible, match="load the definitions"):
        say(centre)


def test_people_of_the_centre_alone(centre):
    make.accepted(centre, case("A"))
    for who in (make.manager(make.make_centre(ods="RM2")), make.network_lead(centre), NOBODY):
        with pytest.raises(Refused):
            say(centre, by=who)
    assert counted(centre)["A"]["status"] == "alive"


def test_only_the_lead_records_what_erases_a_case_that_was_sent(centre):
    make.accepted(centre, case("A"))
    with pytest.raises(NotPossible, match="Ask the centre's lead"):
        say(centre, by=make.manager(centre))
    assert counted(centre)["A"]["status"] == "alive"
    assert not Consent.objects.exists()
    assert say(centre, "NEVER-SENT", by=make.manager(centre)).effect == "counted_only"
    assert say(centre, wish="opt_out", by=make.manager(centre)).effect == "not_for_research"


def test_the_event_says_what_was_done_and_not_to_whom(centre):
    make.accepted(centre, case("SECRET-7"))
    say(centre, case_id="SECRET-7")
    event = AuditEvent.objects.get(verb="record consent")
    assert json.loads(event.detail)["effect"] == "counted_only"
    assert "SECRET-7" not in event.detail + event.subject


def test_an_erased_case_stays_erased(centre):
    make.accepted(centre, case("A"))
    collection.erase_case(centre=centre, case_id="A", reason="asked", by=make.lead(centre))
    say(centre)
    assert counted(centre) == {}
    assert not Case.objects.get().counted_only


@pytest.mark.parametrize("written", ["a", "A", " A "])
def test_an_objection_finds_the_case_however_its_identifier_is_written(centre, written):
    """By another spelling a second case would have been counted, and what is known of the patient would have stayed."""
    sent = make.accepted(centre, case("A", pf_ratio="7.7"), case("B"))
    assert say(centre, written).case_id == "A"
    assert counted(centre)["A"] == {}
    assert set(counted(centre)) == {"A", "B"}
    assert erased_on(sent.sha256)


def test_two_cases_that_differ_in_letters_alone_are_told_apart(centre):
    make.accepted(centre, case("Ab", sex="male"), case("aB"))
    assert say(centre, "aB", "opt_out").case_id == "aB"
    with pytest.raises(NotPossible, match="Ab and aB are cases of this centre"):
        say(centre, "AB", "opt_out")
    assert Consent.objects.count() == 1


def test_what_was_said_before_the_case_was_sent_is_taken_back_by_its_own_spelling(centre):
    say(centre, "a", said_on=date(2026, 1, 1))
    say(centre, "A", answer="withdrawn", said_on=date(2026, 2, 1))
    assert not Case.objects.filter(counted_only=True).exists()
