"""What the network's rules ask for before a sign-off, and what they only recall."""

from datetime import timedelta

import pytest

from plenary.collection import actions
from plenary.collection.actions.across import answer_shared
from plenary.collection.actions.clarifications import ask_query
from plenary.collection.models import SharedPatient
from plenary.collection.queries import finishing
from plenary.collection.terms import SharedAnswer
from plenary.core.queries import today
from plenary.core.terms import NotPossible
from tests.factories import collection as make
from tests.factories.collection import END, START, case, rules

pytestmark = pytest.mark.django_db

QUERY = "1 query of the network is not answered."
PATIENT = "1 patient is reported by another centre too, and nothing is agreed."


@pytest.fixture
def centre():
    """A centre with everything left to do."""
    made, other = make.make_centre(), make.make_centre(ods="RM2")
    make.accepted(other, case("OTHER"))
    make.accepted(made, case("A"))
    ask_query(
        centre=made, period_start=START, period_end=END, text="Sure?", due_on=today() + timedelta(days=1),
        by=make.network_lead(made),
    )  # fmt: skip
    return made


def left(centre):
    return finishing.stops(centre, START, END), finishing.warnings(centre, START, END)


def test_without_a_policy_it_is_only_recalled(centre):
    assert left(centre) == ([], [QUERY, PATIENT])


def test_each_rule_for_itself(centre):
    rules(open_queries="refuse")
    assert left(centre) == ([QUERY], [PATIENT])


def test_all_of_them_keep_from_the_sign_off(centre):
    rules(open_queries="refuse", shared_patients="refuse", confirm_warnings="sign-off")
    stops, warnings = left(centre)
    assert stops[:2] == [QUERY, PATIENT]
    assert stops[2] == "1 warning is neither mended nor confirmed with a reason."
    assert warnings == []
    with pytest.raises(NotPossible, match="nothing is agreed"):
        actions.sign_off_series(centre=centre, period_start=START, period_end=END, by=make.lead(centre))


def test_what_is_agreed_is_done(centre):
    rules(shared_patients="refuse")
    pair = SharedPatient.objects.get()
    for place in (pair.first.centre, pair.second.centre):
        answer_shared(shared=pair, centre=place, answer=SharedAnswer.EPISODES, by=make.manager(place))
    assert left(centre) == ([], [QUERY])
