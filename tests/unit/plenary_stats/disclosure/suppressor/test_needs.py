"""What cells need and cost."""

import numpy as np
import pytest

from plenary_stats.disclosure import Policy
from plenary_stats.disclosure.suppressor.cells import Cells
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
    ("value", "zeros", "expected"), [(0, "protect", True), (0, "publish", False), (29, "publish", True), (30, "protect", False)]
)
def test_few_patients_are_primary(value, zeros, expected):
    made = cells_of(("patients", ("s", "A"), float(value)))
    assert primary(made, np.array(made.value), Policy(zeros=zeros)).tolist() == [expected]


def test_events_are_small_only_of_enough_patients():
    for denominator, expected in ((29.0, False), (30.0, True)):
        made = cells_of(("denominator", ("s", "A"), denominator), ("numerator", ("s", "A"), 4.0))
        made.wholes[1] = 0
        assert primary(made, np.array(made.value), POLICY).tolist() == [denominator < 30, expected]


@pytest.mark.parametrize(("events", "expected"), [(0, True), (4, True), (5, False), (6, False)])
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
