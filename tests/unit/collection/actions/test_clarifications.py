"""The network asks, the centre answers; neither needs to see what the other may not."""

from datetime import date, timedelta

import pytest

from plenary.collection import actions as collection
from plenary.collection.actions import clarifications as actions
from plenary.collection.models import DataQuery, QueryMessage
from plenary.collection.terms import QueryState
from plenary.core import permissions as roles
from plenary.core.models import AuditEvent
from plenary.core.queries import today
from plenary.core.terms import NOBODY, NotPossible, Refused
from tests.factories import collection as make
from tests.factories.collection import END, START, case, rules
from tests.factories.core import make_who

pytestmark = pytest.mark.django_db

PERIOD = {"period_start": START, "period_end": END}
COMMISSIONER = make_who(roles.NationalCommissioner, "England", person_id=21)


@pytest.fixture
def centre():
    return make.make_centre()


def ask(centre, by=None, **values):
    usual = {"text": "Is the ratio in kPa?", "due_on": today() + timedelta(days=14)}
    return actions.ask_query(centre=centre, **PERIOD, **(usual | values), by=by or make.network_lead(centre))


class TestAsk:
    @pytest.mark.parametrize("commissioner", [False, True])
    def test_the_question_is_the_first_of_the_thread(self, centre, commissioner):
        made = ask(centre, by=COMMISSIONER if commissioner else None, field=" pf_ratio ", case_id="A1")
        assert (made.state, made.field, made.case_id) == (QueryState.OPEN, "pf_ratio", "A1")
        assert [(one.text, one.of_centre) for one in made.messages.all()] == [("Is the ratio in kPa?", False)]
        event = AuditEvent.objects.get(verb="ask query")
        assert "ratio" not in event.detail

    def test_nobody_else_asks(self, centre):
        for by in (
            make.manager(centre),
            make.lead(centre),
            make_who(roles.NetworkLead, "lam"),
            make_who(roles.Reviewer, "England"),
            NOBODY,
        ):
            with pytest.raises(Refused):
                ask(centre, by=by)
        assert not DataQuery.objects.exists()

    @pytest.mark.parametrize(
        ("values", "part"),
        [
            ({"text": " "}, "what you want to know"),
            ({"due_on": date(2020, 1, 1)}, "past"),
            ({"text": "Is it 943 476 5919?"}, "NHS number"),
        ],
    )
    def test_what_is_wrong_is_refused_whole(self, centre, values, part):
        with pytest.raises(NotPossible, match=part):
            ask(centre, **values)
        assert not DataQuery.objects.exists()

    def test_ten_digits_that_are_no_number_of_a_patient_may_stand(self, centre):
        assert ask(centre, text="Call 1234567890.").pk


class TestThread:
    def test_it_waits_for_one_side_and_then_for_the_other(self, centre):
        made = ask(centre)
        states = []
        for by in (make.manager(centre), make.network_lead(centre), make.lead(centre)):
            actions.say_in_query(query=made, text="So it is.", by=by)
            made.refresh_from_db()
            states.append(made.state)
        assert states == [QueryState.ANSWERED, QueryState.OPEN, QueryState.ANSWERED]
        assert [one.of_centre for one in made.messages.all()] == [False, True, False, True]

    def test_nobody_else_speaks_and_no_number_is_kept(self, centre):
        made = ask(centre)
        for by in (make.manager(make.make_centre(ods="RM2")), make_who(roles.NetworkLead, "lam"), NOBODY):
            with pytest.raises(Refused):
                actions.say_in_query(query=made, text="Let me see.", by=by)
        for text in ("", "It is 9434765919."):
            with pytest.raises(NotPossible):
                actions.say_in_query(query=made, text=text, by=make.manager(centre))
        made.refresh_from_db()
        assert (made.state, QueryMessage.objects.count()) == (QueryState.OPEN, 1)

    def test_closed_it_is_over(self, centre):
        made = ask(centre)
        with pytest.raises(Refused):
            actions.close_query(query=made, by=make.lead(centre))
        for _ in range(2):
            assert actions.close_query(query=made, by=make.network_lead(centre)).state == QueryState.CLOSED
        assert AuditEvent.objects.filter(verb="close query").count() == 1
        with pytest.raises(NotPossible, match="closed"):
            actions.say_in_query(query=made, text="One thing more.", by=make.manager(centre))


class TestSignOff:
    @pytest.mark.parametrize("refuses", [True, False])
    def test_an_open_query_keeps_from_it_where_the_policy_says_so(self, centre, refuses):
        rules(open_queries="refuse" if refuses else "warn")
        make.accepted(centre, case("A"))
        made = ask(centre)
        if refuses:
            with pytest.raises(NotPossible, match="1 query of the network is not answered"):
                collection.sign_off_series(centre=centre, **PERIOD, by=make.lead(centre))
            actions.say_in_query(query=made, text="Yes.", by=make.manager(centre))
        assert collection.sign_off_series(centre=centre, **PERIOD, by=make.lead(centre)).cases == 1

    def test_of_another_period_it_does_not(self, centre):
        rules(open_queries="refuse")
        actions.ask_query(
            centre=centre, period_start=date(2024, 1, 1), period_end=START, text="And in 2024?", due_on=today(),
            by=make.network_lead(centre),
        )  # fmt: skip
        make.accepted(centre, case("A"))
        assert collection.sign_off_series(centre=centre, **PERIOD, by=make.lead(centre)).cases == 1
