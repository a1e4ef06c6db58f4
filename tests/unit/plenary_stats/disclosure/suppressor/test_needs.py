"""What cells need and cost."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats.disclosure import Policy
from plenary_stats.disclosure.suppressor.cells import EVENTS, PEOPLE, REMAINDERS, Cells
from plenary_stats.disclosure.suppressor.needs import FREE, Needs, add_public, primary, wide_enough

POLICY = Policy()


def cells_of(*keys, dimensions=("service", "centre")):
    made = Cells(dimensions)
    for quantity, place, value in keys:
        made.add((quantity, place), value, published=True)
    return made


def needs(made, policy=POLICY):
    return Needs.of(made, np.array(made.value), policy)


@pytest.mark.parametrize(
    ("value", "zeros", "expected"),
    [(0, "protect", True), (0, "publish", False), (1, "publish", True), (29, "publish", True), (30, "protect", False)],
)
def test_few_patients_are_primary(value, zeros, expected):
    made = cells_of(("patients", ("s", "A"), float(value)))
    assert primary(made, np.array(made.value), Policy(zeros=zeros)).tolist() == [expected]


def test_events_are_small_only_of_enough_patients():
    for denominator, expected in ((29.0, False), (30.0, True)):
        made = cells_of(("denominator", ("s", "A"), denominator), ("numerator", ("s", "A"), 4.0))
        made.wholes[1] = 0
        assert primary(made, np.array(made.value), POLICY).tolist() == [denominator < 30, expected]


@pytest.mark.parametrize(("events", "expected"), [(0, True), (1, True), (4, True), (5, False), (6, False)])
def test_so_many_events_as_the_threshold_are_shown(events, expected):
    made = cells_of(("denominator", ("s", "A"), 30.0), ("numerator", ("s", "A"), float(events)))
    made.wholes[1] = 0
    assert primary(made, np.array(made.value), POLICY).tolist() == [False, expected]
    publish = primary(made, np.array(made.value), Policy(zeros="publish")).tolist()
    assert publish == [False, expected and events > 0]


@pytest.mark.parametrize(("quantity", "last"), [("patients", 29.0), ("numerator", 4.0)])
def test_a_year_that_stands_in_no_table_needs_a_range_below_its_threshold_alone(quantity, last):
    made = cells_of((quantity, ("s", "A"), last), (quantity, ("s", "B"), last + 1))
    made.published[:] = [False, False]
    made.implied.update({0, 1})
    assert needs(made).width.tolist() == [wide_enough((quantity, ("s",)), last, POLICY), 0]


def test_what_tells_of_the_data_alone_needs_no_range_and_amounts_need_their_own():
    made = cells_of(("not_known", ("s", "A"), 3.0), ("amount", ("s", "A"), 900.0), ("numerator", ("s", "A"), 3.0))
    assert needs(made).width.tolist() == pytest.approx([0, wide_enough(("amount", ("s",)), 900.0, POLICY), 5])


def test_a_withheld_cell_is_no_nought_where_noughts_are_shown():
    made = cells_of(("patients", ("s", "A"), 5.0), ("amount", ("s", "A"), 5.0))
    made.add(("patients", ("s", "B")), 5.0)  # stands in no table
    assert needs(made, Policy(zeros="publish")).floor.tolist() == [1, 0, 0]
    assert needs(made, Policy(zeros="protect")).floor.tolist() == [0, 0, 0]
    assert needs(made).amount.tolist() == [False, True, False]


def test_withheld_events_are_no_noughts_where_their_denominator_is_known():
    made = cells_of(("denominator", ("s", "A"), 40.0), ("numerator", ("s", "A"), 4.0), ("numerator", ("s", "B"), 4.0))
    made.wholes[1] = 0
    assert needs(made, Policy(zeros="publish")).floor.tolist() == [1, 1, 0]


def test_how_wide_a_range_must_be():
    assert wide_enough(("patients", ("s",)), 5.0, POLICY) == 10
    assert wide_enough(("numerator", ("s",)), 3.0, POLICY) == 5
    assert wide_enough(("not_known", ("s",)), 3.0, POLICY) == 0
    low, width = 900.0, wide_enough(("amount", ("s",)), 900.0, POLICY)
    assert width >= 0.1 * (low + width) - 1e-9


def test_of_what_stands_in_no_table_only_small_years_need_a_range():
    made = cells_of(("patients", ("s", "A"), 5.0))
    made.published[0] = False
    assert needs(made).width.tolist() == [0]
    made.implied.add(0)
    assert needs(made).width.tolist() == [10]
    made.value[0] = 0.0
    assert needs(made).width.tolist() == [10]
    assert needs(made, Policy(zeros="publish")).width.tolist() == [0]
    made.value[0] = 1.0
    assert needs(made, Policy(zeros="publish")).width.tolist() == [10]
    made.value[0] = 31.0
    assert needs(made).width.tolist() == [0]


def test_totals_and_denominators_are_dearer_and_a_policy_may_say_so():
    made = cells_of(("patients", ("s", "A"), 50.0), ("patients", ("s", "Total"), 50.0), ("denominator", ("s", "A"), 50.0))
    plain, total, denominator = needs(made).cost.tolist()
    assert plain < total < denominator
    assert needs(made, Policy(weights={"centre": {"A": 3.0}})).cost[:2].tolist() == pytest.approx([3 * plain, total])
    made.published[0] = False
    assert needs(made).cost[0] == FREE
    made.published[0], made.value[0] = True, 500.0
    assert needs(made).cost[0] > plain


def test_what_is_public_elsewhere_is_known_and_published():
    cells = Cells(("centre", "measure"))
    policy = Policy(already_public=({"centre": "A", "value": 12}, {"quantity": "denominator", "measure": "alive", "value": 40}))
    numbers = add_public(cells, policy)
    assert {cells.keys[number]: cells.value[number] for number in numbers} == {
        ("patients", ("A", "patients")): 12.0,
        ("denominator", ("Total", "alive")): 40.0,
    }
    assert all(cells.published[number] for number in numbers)


QUANTITIES = sorted({*PEOPLE, *EVENTS, *REMAINDERS, "amount"})


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.sampled_from(QUANTITIES), st.integers(0, 40)), min_size=1, max_size=8),
    st.integers(0, 40),
    st.sampled_from(["publish", "protect"]),
)
def test_what_is_too_small_is_told_cell_by_cell_by_its_kind_and_its_denominator(told, whole, zeros):
    """Patients below their threshold; events below theirs, of enough patients; nothing else, and a nought as the policy says."""
    made = cells_of(*((quantity, ("s", str(order)), float(value)) for order, (quantity, value) in enumerate(told)))
    own = made.add(("denominator", ("t", "A")), float(whole), published=True)
    made.wholes |= {number: own for number, (quantity, _) in enumerate(told) if quantity in EVENTS}
    policy = Policy(threshold=12, event_threshold=7, zeros=zeros)
    found = primary(made, np.array(made.value), policy).tolist()
    for small, (quantity, value) in zip(found, [*told, ("denominator", whole)], strict=True):
        few = value < 12 if quantity in PEOPLE else value < 7 and whole >= 12 if quantity in EVENTS else False
        assert small is (few and (value > 0 or zeros == "protect"))


def test_what_is_not_known_is_not_small_nor_are_events_of_an_unknown_denominator():
    made = cells_of(("patients", ("s", "A"), math.nan), ("denominator", ("s", "A"), math.nan), ("numerator", ("s", "A"), 2.0))
    made.wholes[2] = 1
    assert primary(made, np.array(made.value), POLICY).tolist() == [False] * 3


def test_events_whose_denominator_stands_nowhere_are_not_small_by_themselves():
    """They cannot be: their row has one. What stands alone is a count of patients."""
    made = cells_of(("numerator", ("s", "A"), 2.0), ("complement", ("s", "A"), 2.0))
    assert primary(made, np.array(made.value), POLICY).tolist() == [False, False]


def test_a_quantity_that_a_table_kept_apart_needs_what_its_like_needs():
    made = cells_of(("patients/e1", ("s", "A"), 5.0), ("patients", ("s", "A"), 5.0), ("not_known/1", ("s", "A"), 5.0))
    assert primary(made, np.array(made.value), POLICY).tolist() == [True, True, False]
    assert needs(made).width.tolist() == [10, 10, 0]
    assert needs(made).cost[0] == needs(made).cost[1]


def test_the_least_value_is_told_of_what_is_published_and_known_alone():
    """A year that stands in no table may be nobody, whatever noughts the tables show."""
    made = cells_of(("patients", ("s", "A"), 5.0), ("denominator", ("s", "A"), 9.0), ("complement", ("s", "A"), 4.0))
    made.wholes[2] = 1
    made.published[0] = False
    assert needs(made, Policy(zeros="publish")).floor.tolist() == [0, 1, 1]
    made.value[1] = math.nan
    assert needs(made, Policy(zeros="publish")).floor.tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("place", "factor"), [(("s", "A"), 1.0), (("s", "Total"), 1.05), (("Total", "A"), 1.05), (("Total", "Total"), 1.1)]
)
def test_each_total_of_services_and_centres_is_dearer(place, factor):
    made = cells_of(("patients", place, 0.0))
    assert needs(made).cost[0] == pytest.approx(factor)


def test_totals_of_other_breakdowns_are_not_dearer_unless_the_policy_says_so():
    made = cells_of(("patients", ("F", "A"), 0.0), ("patients", ("Total", "A"), 0.0), dimensions=("sex", "centre"))
    assert needs(made).cost.tolist() == [1.0, 1.0]
    assert needs(made, Policy(weights={"sex": {"Total": 4.0}})).cost.tolist() == [1.0, 4.0]


def test_weights_of_several_dimensions_are_multiplied():
    made = cells_of(("patients", ("s", "A"), 0.0), ("patients", ("t", "A"), 0.0), ("patients", ("t", "B"), 0.0))
    policy = Policy(weights={"service": {"t": 3.0}, "centre": {"A": 2.0}})
    assert needs(made, policy).cost.tolist() == pytest.approx([2.0, 6.0, 3.0])


def test_what_tells_little_costs_little_and_large_numbers_cost_more():
    names = ("denominator", "patients", "numerator", "complement", "not_known")
    made = cells_of(*((name, ("s", "A"), 20.0) for name in names))
    cost = dict(zip(names, needs(made).cost.tolist(), strict=True))
    assert cost["numerator"] == cost["patients"] == pytest.approx(1 + 0.02 * math.log(21))
    assert cost["denominator"] == pytest.approx(2 * cost["patients"])
    assert cost["complement"] == cost["not_known"] == pytest.approx(cost["patients"] / 20)


def test_a_year_of_money_needs_no_range_and_what_is_not_known_costs_as_nothing():
    made = cells_of(("amount", ("s", "A"), 5.0), ("amount", ("s", "B"), 5.0))
    made.published[0] = False
    made.implied.add(0)
    found = needs(made)
    assert found.width[0] == 0 < found.width[1]
    assert found.cost[0] == FREE < found.cost[1]
    assert found.amount.all()


def test_a_public_figure_of_a_cell_that_stands_already_is_that_cell():
    cells = Cells(("centre", "area"))
    number = cells.add(("patients", ("A", "Total")))
    assert add_public(cells, Policy(already_public=({"centre": "A", "value": 12},))) == {number}
    assert (cells.value[number], cells.published[number]) == (12.0, True)
    assert add_public(cells, Policy()) == set()
