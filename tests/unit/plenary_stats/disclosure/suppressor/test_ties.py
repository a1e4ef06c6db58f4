"""What goes together, and what everybody knows to be nought."""

import pytest

from plenary_stats.disclosure import Policy, protect
from plenary_stats.disclosure.suppressor.cells import Cells, Sum
from plenary_stats.disclosure.suppressor.ties import structural, ties
from plenary_stats.errors import InputError
from tests.unit.plenary_stats.disclosure import known


def cells_of(*keys):
    made = Cells(("service", "centre", "measure"))
    for quantity, value in keys:
        made.add((quantity, ("s", "A", "patients")), value, published=True)
    return made


def test_figures_go_with_their_denominator_and_events_with_one_another():
    made = cells_of(("denominator", 50.0), ("numerator", 40.0), ("complement", 10.0))
    tied = ties(made, [{"denominator": 0, "numerator": 1, "complement": 2}])
    assert tied == {0: {1, 2}, 1: {2}, 2: {1}}


def test_a_count_alone_goes_with_nothing():
    assert ties(cells_of(("patients", 50.0)), [{"value": 0}]) == {}


def test_received_cases_go_with_the_patients():
    made = cells_of(("patients", 50.0), ("received", 50.0))
    assert ties(made, []) == {0: {1}, 1: {0}}


@pytest.mark.parametrize(("rest", "same"), [(0.0, True), (3.0, False)])
def test_a_sum_with_nothing_else_in_it_is_one_number_under_two_names(rest, same):
    made = cells_of(("patients", 50.0), ("denominator", 50.0 - rest), ("not_known", rest))
    made.sums.append(Sum(0, (1, 2)))
    assert (ties(made, []) == {0: {1}, 1: {0}}) is same


CHILDREN = Policy(structural_zeros=({"service": "s", "age": "65+"},))


def ages(old=0, service="s"):
    rows = [("0-17", 70), ("18-64", 80), ("65+", old), ("Total", 150 + old)]
    return known.table([{"service": service, "age": age, "value": value} for age, value in rows], ("service", "age"))


def test_a_known_nought_is_shown_and_costs_nothing():
    """A service for children has nobody of 65: to withhold that would take another age with it."""
    plain = protect([ages()], Policy()).tables[0]
    assert plain["status"].tolist().count("c") >= 2
    made = protect([ages()], CHILDREN)
    assert made.tables[0]["status"].tolist() == [""] * 4
    assert made.audit.totals["primary"] == 0


def test_a_known_nought_protects_nobody():
    rows = [("0-17", 70), ("18-64", 12), ("65+", 0), ("Total", 82)]
    table = known.table([{"service": "s", "age": age, "value": value} for age, value in rows], ("service", "age"))
    status = dict(zip(table["age"], protect([table], CHILDREN).tables[0]["status"], strict=True))
    assert status["18-64"] == "c"
    assert status["65+"] == ""
    assert {"0-17", "Total"} & {age for age, mark in status.items() if mark == "c"}


def test_an_entry_speaks_of_its_own_places_alone():
    assert protect([ages(service="t")], CHILDREN).audit.totals["primary"] == 1


def test_somebody_where_nobody_can_be_is_refused():
    with pytest.raises(InputError, match=r"s, 65\+: 7 stands .* structural_zeros"):
        protect([ages(old=7)], CHILDREN)


def test_an_unknown_cell_that_must_be_nought_is_nought():
    made = Cells(("service", "age"))
    made.add(("patients", ("s", "65+")))
    assert structural(made, CHILDREN) == {0}
    assert made.value == [0.0]
    assert structural(made, Policy(structural_zeros=({"ward": "7"},))) == set()


def test_rows_of_one_column_are_tied_to_nothing_and_those_not_known_to_their_denominator_alone():
    made = cells_of(("denominator", 50.0), ("numerator", 40.0), ("complement", 10.0), ("not_known", 4.0))
    tied = ties(made, [{"denominator": 0, "numerator": 1, "complement": 2, "not_known": 3}, {"denominator": 0}])
    assert tied == {0: {1, 2, 3}, 1: {2}, 2: {1}}
    assert ties(made, [{"denominator": 0, "not_known": 3}]) == {0: {3}}, "of two columns too"


def test_of_completeness_those_not_known_may_go_without_those_who_are():
    """There the complement are those not known: they tell of the data, and the patients of the outcome stand in its own rate."""
    made = cells_of(("eligible", 50.0), ("denominator", 40.0), ("not_known", 10.0))
    assert ties(made, [{"denominator": 0, "numerator": 1, "complement": 2}]) == {0: {1, 2}, 1: {2}}


def test_a_total_that_stands_in_no_table_is_nobodys_other_name_nor_is_one_of_two_parts():
    made = cells_of(("patients", 50.0), ("denominator", 50.0), ("not_known", 0.0), ("eligible", 50.0))
    made.sums.append(Sum(0, (1, 2)))
    made.published[0] = False
    assert ties(made, []) == {}
    made.published[0] = True
    made.sums[:] = [Sum(0, (1, 3, 2))]
    assert ties(made, []) == {}
    rest = made.add(("not_eligible", ("s", "A", "patients")), 3.0, published=True)
    made.sums[:] = [Sum(0, (1, 2, rest))]
    assert ties(made, []) == {}, "of the rest all must be nought"
    made.sums[:] = [Sum(0, (1,))]
    assert ties(made, []) == {}, "a sum of one part makes them one group already"


def test_what_is_known_to_be_nought_need_not_be_known_to_us_and_every_entry_counts():
    made = Cells(("service", "age"))
    for place in (("s", "65+"), ("t", "0-17"), ("t", "65+"), ("s", "Total")):
        made.add(("patients", place), 0.0 if place[0] == "t" else float("nan"), published=True)
    policy = Policy(structural_zeros=({"service": "s", "age": "65+"}, {"service": "t", "age": "0-17"}))
    assert structural(made, policy) == {0, 1}
    also = Policy(structural_zeros=(*policy.structural_zeros, {"ward": "7"}))
    assert structural(made, also) == {0, 1}, "an entry of a dimension that no table has says nothing"
    assert made.value[:3] == [0.0, 0.0, 0.0]
    assert not made.known(3)
