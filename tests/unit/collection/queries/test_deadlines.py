"""How far each centre has come on the way to a deadline, and which reminder is due on a day."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from plenary.collection import actions
from plenary.collection.actions.clarifications import ask_query
from plenary.collection.actions.reminders import set_deadline
from plenary.collection.models import DataQuery, ReminderSent
from plenary.collection.queries import deadlines
from plenary.collection.queries.policies import CollectionRules
from plenary.core.queries import today
from plenary.core.terms import SYSTEM
from tests.factories import collection as make
from tests.factories.collection import END, START, case, rules
from tests.factories.core import make_who

pytestmark = pytest.mark.django_db

RULES = CollectionRules(before=(0, 1, 7, 28), after=(1, 7), mandatory_before=1)
DUE = date(2026, 3, 31)


@pytest.fixture
def centre():
    return make.make_centre()


def stage(centre, who=None):
    found = deadlines.standings(who or make.network_lead(centre), centre.service, START, END, today())
    return {one.progress.centre.partition("/")[2]: one.words for one in found}[centre.ods]


class TestStandings:
    def test_step_by_step(self, centre):
        assert stage(centre) == "Nothing sent"
        sent = make.receive(centre, case("A"))
        assert stage(centre) == "Sent"
        actions.check(submission_id=sent.pk, by=SYSTEM)
        assert stage(centre) == "Sent"
        expected = actions.expect_case(
            centre=centre, period_start=START, period_end=END, case_id="B", source="MDT", by=make.network_lead(centre)
        )  # fmt: skip
        actions.accept(submission_id=sent.pk, by=make.manager(centre))
        assert stage(centre) == "Accepted"
        actions.explain_missing(expected_id=expected.pk, reason="Never treated.", by=make.manager(centre))
        assert stage(centre) == "All explained"
        actions.sign_off_series(centre=centre, period_start=START, period_end=END, by=make.lead(centre))
        assert stage(centre) == "Signed off"

    def test_queries_and_shared_patients_are_counted_where_they_are(self, centre):
        other = make.make_centre(ods="RM2")
        for place in (centre, other):
            make.accepted(place, case("A"))
        for text in ("One?", "Two?"):
            ask_query(centre=centre, period_start=START, period_end=END, text=text, due_on=today(), by=make.network_lead(centre))
        DataQuery.objects.filter(messages__text="One?").update(due_on=today() - timedelta(days=1))
        found = deadlines.standings(make.network_lead(centre), centre.service, START, END, today())
        assert [(one.progress.centre, one.queries, one.late, one.shared) for one in found] == [
            ("adult-ecmo/RJ1", 2, 1, 1),
            ("adult-ecmo/RM2", 0, 0, 1),
        ]

    def test_a_centre_sees_itself_alone(self, centre):
        make.make_centre(ods="RM2")
        found = deadlines.standings(make.manager(centre), centre.service, START, END, today())
        assert [one.progress.centre for one in found] == [centre.key]

    def test_look_ups_do_not_grow_with_the_centres(self, centre):
        counts = []
        for ods in ("RM2", "RM3", "RM4"):
            make.accepted(make.make_centre(ods=ods), case("A"))
            with CaptureQueriesContext(connection) as asked:
                deadlines.standings(make.network_lead(centre), centre.service, START, END, today())
            counts.append(len(asked))
        assert len(set(counts)) == 1


class TestDueOn:
    def test_as_the_lead_set_it_else_as_the_policy_says(self, centre):
        assert deadlines.due_on(centre.service, START, END) is None
        rules(deadline_days=90)
        assert deadlines.due_on(centre.service, START, END) == date(2026, 4, 1)
        set_deadline(service=centre.service, period_start=START, period_end=END, due_on=DUE, by=make.network_lead(centre))
        assert deadlines.due_on(centre.service, START, END) == DUE

    def test_a_deadline_begins_a_period_before_anything_is_sent(self, centre):
        assert deadlines.running(centre.service) == []
        set_deadline(service=centre.service, period_start=START, period_end=END, due_on=DUE, by=make.network_lead(centre))
        assert deadlines.running(centre.service) == [(START, END)]


class TestStage:
    @pytest.mark.parametrize(
        ("left", "expected"),
        [(29, ""), (28, "before-28"), (8, "before-28"), (7, "before-7"), (1, "before-1"), (0, "before-0"), (-1, "after-1"),
         (-6, "after-1"), (-7, "after-7"), (-900, "after-7")],
    )  # fmt: skip
    def test_of_a_day(self, left, expected):
        assert deadlines.stage_on(DUE, DUE - timedelta(days=left), RULES) == expected

    @given(st.integers(-100, 100))
    def test_none_where_the_policy_has_none(self, left):
        assert deadlines.stage_on(DUE, DUE - timedelta(days=left), CollectionRules()) == ""

    @pytest.mark.parametrize(
        ("name", "must"),
        [
            ("before-28", False),
            ("before-2", False),
            ("before-1", True),
            ("before-0", True),
            ("after-1", True),
            ("lead-after-1", True),
        ],
    )
    def test_which_everybody_gets(self, name, must):
        assert deadlines.is_mandatory(name, RULES) is must


class TestReminders:
    def test_of_ones_networks_and_to_oneself(self, centre):
        lam = make.make_centre("lam", "RX1")
        for place, person in ((centre, 11), (lam, 12)):
            ReminderSent.objects.create(
                person=person, centre=place, period_start=START, period_end=END, due_on=DUE, stage="before-7",
                sent_at="2026-03-24T08:00Z",
            )  # fmt: skip
        assert [one.person for one in deadlines.reminders(make.network_lead(centre))] == [11]
        assert [one.person for one in deadlines.reminders(make.manager(centre, person_id=12))] == [12]
        assert list(deadlines.reminders(make_who("reviewer", "England", person_id=9))) == []
