"""Numbers for the network: each centre's account, and what two sources together say of the true number."""

import pytest

from plenary.collection import actions as base
from plenary.collection.actions import ascertainment as actions
from plenary.collection.queries import ascertainment as queries
from plenary.collection.terms import Explanation, Reply
from plenary.core.permissions import NetworkLead, PatientRepresentative, Reviewer
from plenary.core.terms import SYSTEM
from plenary_episodes import capture
from tests.factories import ascertainment as hospital
from tests.factories import collection as make
from tests.factories.ascertainment import load, row
from tests.factories.collection import END, START, accepted, case
from tests.factories.core import make_who

pytestmark = pytest.mark.django_db


@pytest.fixture
def centre():
    made = make.make_centre()
    other = make.make_centre(ods="RM2")
    accepted(made, *(case(f"A{number}") for number in range(12)))
    accepted(other, case("B1"))
    return made


def seen(who, centre):
    return {one.ods: one for one in queries.ascertained(who, centre.service, START, END)}


def numbers(one):
    return one.expected, one.received, one.explained, one.review, one.missing


def test_each_centre_and_all_of_them(centre):
    load(
        *(row("matched", f"p{number}", f"A{number}") for number in range(8)),
        row("review", "ann", "A8"), row("missing", "ben"), row("missing", "cat"), row("missing", "dan", centre="RM2"),
    )  # fmt: skip
    base.explain_missing(expected_id=hospital.expected("ben").pk, kind=Explanation.CODING, by=make.manager(centre))
    found = seen(make.network_lead(centre), centre)
    assert list(found) == ["", "RJ1", "RM2"]
    assert numbers(found["RJ1"]) == (11, 8, 1, 1, 1)
    assert numbers(found["RM2"]) == (1, 0, 0, 0, 1)
    assert numbers(found[""]) == (12, 8, 1, 1, 2)
    # explained, it is no case: the estimate has 8 in both, 1 missing and 1 in question, 4 in the series alone
    one = capture.estimated(8, 2, 4)
    assert (found["RJ1"].series_only, found["RJ1"].estimate, found["RJ1"].upper) == (4, one.estimate, one.upper)
    assert found["RJ1"].lower == min(one.lower, capture.estimated(9, 1, 3).lower)
    assert found["RM2"].why_not


def test_a_reply_moves_a_case_from_the_question_to_both_sources(centre):
    load(row("matched", "ann", "A0"), row("review", "ben", "A1"))
    pk = hospital.expected("ben").pk
    before = seen(SYSTEM_LEAD, centre)["RJ1"]
    actions.reply_to_question(expected_id=pk, reply=Reply.YES, by=make.manager(centre))
    after = seen(SYSTEM_LEAD, centre)["RJ1"]
    assert (before.received, before.review, before.series_only) == (1, 1, 11)
    assert (after.received, after.review, after.series_only) == (2, 0, 10)


SYSTEM_LEAD = make_who(NetworkLead, "adult-ecmo", person_id=13)


def test_a_case_that_two_sources_know_of_is_one(centre):
    base.expect_case(centre=centre, period_start=START, period_end=END, case_id="A0", source="MDT list", by=SYSTEM)
    load(row("matched", "ann", "A0"))
    assert numbers(seen(SYSTEM_LEAD, centre)["RJ1"]) == (1, 1, 0, 0, 0)


def test_before_hospital_data_there_is_no_estimate(centre):
    base.expect_case(centre=centre, period_start=START, period_end=END, case_id="X", source="MDT list", by=SYSTEM)
    one = seen(SYSTEM_LEAD, centre)["RJ1"]
    assert (numbers(one), one.estimate, one.series_only) == ((1, 0, 0, 0, 1), None, None)
    assert queries.answer_of(centre.service, START, END) is None


def test_a_centre_sees_its_own_account_alone(centre):
    load(row("missing", "ann"), row("missing", "dan", centre="RM2"))
    assert list(seen(make.manager(centre), centre)) == ["RJ1"]


@pytest.mark.parametrize(
    "who", [make_who(NetworkLead, "lam"), make_who(Reviewer, "England"), make_who(PatientRepresentative, "adult-ecmo")]
)
def test_others_see_nothing(centre, who):
    load(row("missing", "ann"))
    assert seen(who, centre) == {}
    assert not queries.answers(who).exists()


def test_what_was_loaded_is_seen_by_the_nation_and_the_networks_lead(centre):
    load(row("missing", "ann"), filename="first.json")
    load(row("missing", "ben"), filename="second.json")
    for who in (hospital.COMMISSIONER, SYSTEM_LEAD):
        assert [one.filename for one in queries.answers(who)] == ["second.json", "first.json"]
    assert queries.answer_of(centre.service, START, END).filename == "second.json"
    assert not queries.answers(make.manager(centre)).exists()


def test_three_centres_cost_no_more_look_ups_than_one(centre, django_assert_num_queries):
    load(row("missing", "ann"))
    with django_assert_num_queries(6):
        queries.ascertained(SYSTEM_LEAD, centre.service, START, END)
    load(row("missing", "ann"), row("missing", "ben"), row("missing", "dan", centre="RM2"))
    with django_assert_num_queries(6):
        queries.ascertained(SYSTEM_LEAD, centre.service, START, END)
