"""Deadlines, and the e-mails before and after them: to the right people, once a stage, never with a case."""

from datetime import date, timedelta
from smtplib import SMTPException

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from plenary.collection.actions.clarifications import ask_query
from plenary.collection.actions.reminders import choose_reminders, remind, set_deadline
from plenary.collection.models import Deadline, NoReminders, ReminderSent
from plenary.core import permissions as roles
from plenary.core.actions import close_person
from plenary.core.models import AuditEvent
from plenary.core.queries import today
from plenary.core.terms import NOBODY, SYSTEM, NotPossible, Refused
from tests.factories import collection as make
from tests.factories.collection import END, START, case, rules
from tests.factories.core import PersonFactory, PostFactory, make_person_who, make_who
from tests.factories.registry import DesignationFactory

pytestmark = pytest.mark.django_db

PERIOD = {"period_start": START, "period_end": END}
DUE = date(2026, 3, 31)


class Broken(EmailBackend):
    """A post office that takes no message."""

    def send_messages(self, messages):
        raise SMTPException("the post office is shut")


@pytest.fixture
def centre():
    made = make.make_centre()
    DesignationFactory(centre=made)
    rules(before=[28, 14, 7, 1, 0], after=[1, 7], mandatory_before=1)
    return made


@pytest.fixture
def manager(centre):
    return holder("dana@example.org", centre.key)


@pytest.fixture
def deadline(centre):
    return set_deadline(service=centre.service, **PERIOD, due_on=DUE, by=make.network_lead(centre))


def holder(email, scope, role=roles.CentreDataManager, **values):
    kind = "centre" if "/" in scope else "service"
    person = PersonFactory(email=email, name="Dana Manager")
    PostFactory(person=person, role=role.key, scope=scope, scope_kind=kind, **values)
    return person


def sent(on):
    mail.outbox.clear()
    found = remind(on=on, by=SYSTEM)
    assert [one.person.email for one in found if not one.problem] == [one.to[0] for one in mail.outbox]
    return sorted(one.to[0] for one in mail.outbox)


def before(days):
    return DUE - timedelta(days=days)


class TestDeadline:
    def test_the_network_lead_sets_and_moves_it(self, centre, deadline):
        assert deadline.due_on == DUE
        for _ in range(2):
            set_deadline(service=centre.service, **PERIOD, due_on=date(2026, 4, 30), by=make.network_lead(centre))
        assert [one.due_on for one in Deadline.objects.all()] == [date(2026, 4, 30)]
        assert AuditEvent.objects.filter(verb="set deadline").count() == 2

    @pytest.mark.parametrize("person", [make.manager, make.lead])
    def test_nobody_else_does(self, centre, person):
        for by in (person(centre), make_who(roles.NetworkLead, "lam"), NOBODY):
            with pytest.raises(Refused):
                set_deadline(service=centre.service, **PERIOD, due_on=DUE, by=by)
        assert not Deadline.objects.exists()

    def test_it_does_not_lie_before_the_last_case(self, centre):
        with pytest.raises(NotPossible, match="before the period's end"):
            set_deadline(service=centre.service, **PERIOD, due_on=date(2025, 12, 31), by=make.network_lead(centre))


class TestWho:
    def test_whoever_holds_a_post_at_an_unfinished_centre(self, centre, manager, deadline):
        holder("lee@example.org", centre.key, roles.CentreLead)
        holder("nat@example.org", centre.service.slug, roles.NetworkLead)
        holder("far@example.org", "lam/RX1")
        holder("old@example.org", centre.key, ends_on=date(2026, 1, 1))
        closed = holder("gone@example.org", centre.key)
        close_person(person=closed, by=SYSTEM)
        assert sent(before(7)) == ["dana@example.org", "lee@example.org"]

    def test_a_centre_that_signed_off_is_left_alone(self, centre, manager, deadline):
        make.signed_off(centre, case("A"))
        assert sent(before(7)) == []
        assert sent(DUE + timedelta(days=1)) == []

    def test_a_centre_that_was_not_designated_is_not_asked(self, centre, deadline):
        other = make.make_centre(ods="RM2")
        holder("other@example.org", other.key)
        DesignationFactory(centre=other, valid_from=date(2010, 1, 1), valid_to=date(2020, 1, 1))
        assert sent(before(7)) == []

    def test_after_the_deadline_the_network_lead_reads_which_centres(self, centre, manager, deadline):
        holder("nat@example.org", centre.service.slug, roles.NetworkLead)
        assert sent(DUE + timedelta(days=1)) == ["dana@example.org", "nat@example.org"]
        [body] = [one.body for one in mail.outbox if one.to == ["nat@example.org"]]
        assert f"{centre.name}, 2025: the centre has not signed off; the deadline was 31 March 2026." in body

    def test_only_the_installation_sends(self, centre, manager, deadline):
        with pytest.raises(Refused):
            remind(on=before(7), by=make.network_lead(centre))
        assert not mail.outbox

    def test_no_deadline_no_reminder(self, centre, manager):
        make.accepted(centre, case("A"))
        assert sent(before(7)) == []

    def test_a_deadline_of_the_policy_is_one(self, centre, manager):
        make.accepted(centre, case("A"))
        rules(version="2", valid_from=date(2025, 6, 1), deadline_days=90, before=[7])
        assert sent(END + timedelta(days=83)) == ["dana@example.org"]


class TestOnce:
    def test_a_stage_goes_out_once_on_whatever_day_it_is_run(self, manager, deadline):
        days = [29, 28, 28, 20, 14, 7, 7, 6, 1, 0, 0, -1, -3, -7, -60]
        told = [bool(sent(before(days_left))) for days_left in days]
        assert told == [day in {28, 14, 7, 1, 0, -1, -7} and day not in days[:place] for place, day in enumerate(days)]
        assert [one.stage for one in ReminderSent.objects.order_by("pk")] == [
            "before-28", "before-14", "before-7", "before-1", "before-0", "after-1", "after-7"
        ]  # fmt: skip

    def test_a_day_that_was_missed_is_made_good(self, manager, deadline):
        assert sent(before(10))
        assert ReminderSent.objects.get().stage == "before-14"

    def test_a_deadline_that_moved_is_announced_anew(self, centre, manager, deadline):
        assert sent(before(7))
        set_deadline(service=centre.service, **PERIOD, due_on=DUE + timedelta(days=1), by=make.network_lead(centre))
        assert sent(before(6))

    def test_two_posts_two_centres_one_message(self, centre, manager, deadline):
        other = make.make_centre(ods="RM2")
        DesignationFactory(centre=other)
        PostFactory(person=manager, role=roles.CentreLead.key, scope=other.key)
        PostFactory(person=manager, role=roles.CentreLead.key, scope=centre.key)
        assert sent(before(7)) == ["dana@example.org"]
        assert mail.outbox[0].body.count("\n- ") == 2
        assert ReminderSent.objects.count() == 2

    def test_what_the_post_refuses_is_tried_again(self, manager, deadline, settings):
        usual, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, f"{__name__}.Broken"
        [failed] = remind(on=before(7), by=SYSTEM)
        assert failed.problem == "the post office is shut"
        assert not ReminderSent.objects.exists()
        settings.EMAIL_BACKEND = usual
        assert sent(before(7)) == ["dana@example.org"]

    def test_a_trial_sends_and_records_nothing(self, manager, deadline):
        [one] = remind(on=before(7), by=SYSTEM, dry=True)
        assert (one.person, [line.stage for line in one.lines]) == (manager, ["before-7"])
        assert not mail.outbox
        assert not ReminderSent.objects.exists()


class TestWords:
    def test_what_it_says(self, centre, manager, deadline):
        make.accepted(centre, case("SECRET-1", nhs_number="9434765919"))
        ask_query(
            centre=centre, **PERIOD, text="What of SECRET-1?", case_id="SECRET-1", due_on=today(), by=make.network_lead(centre)
        )  # fmt: skip
        sent(before(7))
        [message] = mail.outbox
        assert message.subject == "Case series to sign off"
        assert "Dear Dana Manager," in message.body
        assert f"- {centre.service.name}, {centre.name}, 2025: to be signed off by 31 March 2026, in 7 days." in message.body
        assert "Queries of the network that wait for an answer: 1." in message.body
        assert "http://localhost:8000/workspace/collection/" in message.body
        assert "SECRET" not in message.body + message.subject
        assert "9434765919" not in message.body

    @pytest.mark.parametrize(
        ("days", "words"),
        [(1, "in 1 day."), (0, "signed off today, 31 March 2026."), (-1, "1 day ago."), (-8, "8 days ago.")],
    )
    def test_how_long_there_is(self, manager, deadline, days, words):
        sent(before(days))
        assert words in mail.outbox[0].body


class TestChoice:
    @pytest.mark.parametrize(("days", "comes"), [(28, False), (7, False), (1, True), (0, True), (-1, True)])
    def test_early_reminders_may_be_declined_and_no_others(self, centre, deadline, days, comes):
        who = make_person_who(roles.CentreDataManager, centre.key)
        choose_reminders(early=False, by=who)
        assert bool(sent(before(days))) is comes

    def test_it_is_taken_back(self, centre, deadline):
        who = make_person_who(roles.CentreDataManager, centre.key)
        for early in (False, False, True, True):
            choose_reminders(early=early, by=who)
        assert not NoReminders.objects.exists()
        assert AuditEvent.objects.filter(verb="choose reminders").count() == 2
        assert sent(before(7))

    def test_nobody_chooses_for_the_installation(self):
        with pytest.raises(Refused):
            choose_reminders(early=False, by=SYSTEM)
