"""Old unfinished cases are told of before they are cleared, and who saves one keeps it."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core import mail

from plenary.collection import actions as collection
from plenary.collection.actions import drafts as actions
from plenary.collection.actions import entry
from plenary.collection.models import Case, CaseDraft
from plenary.core import permissions as roles
from plenary.core.actions import adopt_policy, close_person
from plenary.core.models import AuditEvent
from plenary.core.queries import who
from plenary.core.terms import NOBODY, SYSTEM, Refused
from tests.factories import collection as make
from tests.factories.collection import END, START, case
from tests.factories.core import PersonFactory, PostFactory, make_who
from tests.unchanged import DiskFullError, cannot_tell, nothing_changes

pytestmark = pytest.mark.django_db

PERIOD = {"period_start": START, "period_end": END}
SAVED = datetime(2026, 1, 1, 12, tzinfo=UTC)
SECRET = "SECRET-1"


@pytest.fixture(autouse=True)
def rules(db):
    make.shipped("drafts")


@pytest.fixture
def centre():
    return make.make_centre()


@pytest.fixture
def owner(centre):
    person = PersonFactory(email="dana@example.org", name="Dana Manager")
    PostFactory(person=person, role=roles.CentreDataManager.key, scope=centre.key, scope_kind="centre")
    return person


def begin(centre, owner, case_id=SECRET, saved=SAVED, told=None):
    made = entry.save_draft(centre=centre, **PERIOD, values=case(case_id), by=who(owner))
    CaseDraft.objects.filter(pk=made.pk).update(saved_at=saved, told_at=told)
    return CaseDraft.objects.get(pk=made.pk)


def after(days, **options):
    return actions.clear_drafts(on=SAVED.date() + timedelta(days=days), by=SYSTEM, **options)


def told(pk, days):
    """Say that the owner was told so many days after the draft was saved."""
    CaseDraft.objects.filter(pk=pk).update(told_at=SAVED + timedelta(days=days))


class TestTelling:
    @pytest.mark.parametrize(("days", "messages"), [(75, 0), (76, 1), (500, 1)])
    def test_the_owner_is_told_in_time(self, centre, owner, days, messages):
        begin(centre, owner)
        found = after(days)
        assert len(found.told) == len(mail.outbox) == messages
        assert found.cleared == 0
        assert CaseDraft.objects.count() == 1, "nobody loses a draft on the day of being told"

    def test_the_message_names_the_centre_and_nothing_of_a_case(self, centre, owner):
        begin(centre, owner)
        begin(centre, owner, "SECRET-2")
        after(80)
        [message] = mail.outbox
        assert message.to == ["dana@example.org"]
        assert "Adult ecmo service, Trust RJ1, 2025: 2 unfinished, deleted from" in message.body
        for hidden in ("SECRET", "02/03/1980", "QE1", "9.4"):
            assert hidden not in message.body + message.subject

    def test_the_day_in_the_message_is_never_before_the_time_to_act(self, centre, owner, settings):
        begin(centre, owner)
        after(400)
        draft = CaseDraft.objects.get()
        goes = draft.told_at.date() + timedelta(days=14)
        assert f"deleted from {goes.day} {goes:%B %Y} on" in mail.outbox[0].body

    def test_told_once(self, centre, owner):
        begin(centre, owner)
        after(80)
        assert after(81).told == ()
        assert len(mail.outbox) == 1
        event = AuditEvent.objects.get(verb="tell of drafts")
        assert json.loads(event.detail)["rules"] == "1"
        assert SECRET not in event.detail

    def test_each_owner_has_one_message_with_all_of_theirs(self, centre, owner):
        other = PersonFactory(email="lee@example.org")
        PostFactory(person=other, role=roles.CentreLead.key, scope=centre.key, scope_kind="centre")
        for name in ("A", "B"):
            begin(centre, owner, name)
        begin(centre, other, "C")
        assert [(one.email, one.drafts) for one in after(80).told] == [("dana@example.org", 2), ("lee@example.org", 1)]
        assert len(mail.outbox) == 2

    def test_who_saves_it_keeps_it_and_is_told_anew(self, centre, owner):
        draft = begin(centre, owner, told=SAVED)
        entry.save_draft(centre=centre, **PERIOD, values=case("B"), by=who(owner), draft_id=draft.pk)
        draft.refresh_from_db()
        assert draft.told_at is None
        on = draft.saved_at.date() + timedelta(days=89)
        assert actions.clear_drafts(on=on, by=SYSTEM).cleared == 0
        assert CaseDraft.objects.get(pk=draft.pk).told_at is not None

    def test_where_the_post_refuses_it_nothing_is_noted_and_the_next_run_tries_again(self, centre, owner, settings):
        begin(centre, owner)
        usual, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "tests.unit.collection.actions.test_reminders.Broken"
        with nothing_changes():
            [one] = after(80).told
        assert "the post office is shut" in one.problem
        settings.EMAIL_BACKEND = usual
        assert after(80).told[0].problem == ""
        assert len(mail.outbox) == 1

    def test_a_closed_account_has_no_message_and_its_drafts_go_all_the_same(self, centre, owner):
        draft = begin(centre, owner)
        close_person(person=owner, by=SYSTEM)
        assert [(one.email, one.drafts) for one in after(80).told] == [("", 1)]
        assert not mail.outbox
        told(draft.pk, 80)
        assert after(94).cleared == 1


class TestClearing:
    @pytest.mark.parametrize(
        ("told_after", "days", "cleared"),
        [(76, 89, 0), (76, 90, 1), (89, 90, 0), (89, 102, 0), (89, 103, 1), (400, 413, 0), (400, 414, 1)],
    )
    def test_after_the_days_and_never_before_the_owner_had_time(self, centre, owner, told_after, days, cleared):
        told(begin(centre, owner).pk, told_after)
        assert after(days).cleared == cleared
        assert CaseDraft.objects.count() == 1 - cleared

    def test_who_was_not_told_loses_nothing(self, centre, owner, settings):
        begin(centre, owner)
        settings.EMAIL_BACKEND = "tests.unit.collection.actions.test_reminders.Broken"
        assert after(10_000).cleared == 0
        assert CaseDraft.objects.exists()

    def test_the_case_that_it_would_have_corrected_stands(self, centre, owner):
        make.accepted(centre, case("A"))
        made = entry.save_draft(centre=centre, **PERIOD, values=case("A"), by=who(owner), case=Case.objects.get(case_id="A"))
        CaseDraft.objects.update(saved_at=SAVED)
        told(made.pk, 76)
        assert after(90).cleared == 1
        assert Case.objects.get(case_id="A").versions.filter(current=True).exists()

    def test_it_is_told_by_number(self, centre, owner):
        draft = begin(centre, owner)
        told(draft.pk, 76)
        after(90)
        event = AuditEvent.objects.get(verb="clear draft")
        assert event.subject == f"draft/{draft.pk}"
        assert SECRET not in event.detail
        assert json.loads(event.detail)["saved_on"] == "2026-01-01"

    def test_what_cannot_be_told_is_not_cleared(self, centre, owner, monkeypatch):
        told(begin(centre, owner).pk, 76)
        cannot_tell(monkeypatch, collection)
        with nothing_changes(), pytest.raises(DiskFullError):
            after(90)

    def test_a_trial_does_nothing(self, centre, owner):
        told(begin(centre, owner).pk, 76)
        begin(centre, owner, "B")
        with nothing_changes():
            found = after(90, dry=True)
        assert (found.cleared, [one.drafts for one in found.told]) == (1, [1])
        assert not mail.outbox

    def test_without_rules_nothing_is_cleared(self, centre, owner):
        draft = begin(centre, owner)
        told(draft.pk, 0)
        with nothing_changes():
            assert actions.clear_drafts(on=date(2000, 1, 1), by=SYSTEM) == actions.Cleared()

    def test_the_rules_of_the_day_hold(self, centre, owner):
        told(begin(centre, owner).pk, 20)
        adopt_policy(
            name="drafts", version="2", valid_from=date(2026, 2, 1), body={"keep_days": 30, "warn_days": 7}, source="x", by=SYSTEM
        )
        assert after(30).cleared == 0, "on 31 January the first version holds"
        assert after(31).cleared == 1


@pytest.mark.parametrize(
    "who",
    [
        NOBODY,
        make_who(roles.CentreLead, "adult-ecmo/RJ1"),
        make_who(roles.NetworkLead, "adult-ecmo"),
        make_who(roles.NationalCommissioner, "England"),
    ],
)
def test_nobody_else_clears(centre, owner, who):
    told(begin(centre, owner).pk, 0)
    with nothing_changes(), pytest.raises(Refused) as refusal:
        actions.clear_drafts(on=date(2030, 1, 1), by=who)
    assert SECRET not in str(refusal.value)


@pytest.mark.parametrize("count", [1, 3])
def test_as_many_look_ups_to_see_what_is_due_for_one_as_for_three(centre, owner, count, django_assert_num_queries):
    for number in range(count):
        begin(centre, owner, f"A{number}")
    with django_assert_num_queries(4):
        after(80, dry=True)
