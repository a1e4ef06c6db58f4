"""What cells need and cost."""

import math

import pytest

from plenary_stats.disclosure import Policy
from plenary_stats.disclosure.suppressor.cells import Cells
from plenary_stats.disclosure.suppressor.needs import FREE, add_public, floor, is_primary, needed, start, weight, wide_enough

POLICY = Policy()


def cells_of(*keys, dimensions=("service", "centre")):
    made = Cells(dimensions)
    for quantity, place, value in keys:
        made.add((quantity, place), value, published=True)
    return made


@pytest.mark.parametrize(
    ("value", "zeros", "expected"), [(0, "protect", True), (0, "publish", False), (29, "publish", True), (30, "protect", False)]
)
def test_few_patients_are_primary(value, zeros, expected):
    made = cells_of(("patients", ("s", "A"), float(value)))
    assert is_primary(made, 0, float(value), Policy(zeros=zeros)) is expected


def test_events_are_small_only_of_enough_patients():
    for denominator, expected in ((29.0, False), (30.0, True)):
        made = cells_of(("denominator", ("s", "A"), denominator), ("numerator", ("s", "A"), 4.0))
        made.wholes[1] = 0
        assert is_primary(made, 1, 4.0, POLICY) is expected


def test_a_withheld_cell_is_no_nought_where_noughts_are_shown():
    made = cells_of(("patients", ("s", "A"), 5.0), ("amount", ("s", "A"), 5.0))
    assert floor(made, 0, Policy(zeros="publish")) == 1.0
    assert floor(made, 0, Policy(zeros="protect")) == 0.0
    assert floor(made, 1, Policy(zeros="publish")) == 0.0


def test_how_wide_a_range_must_be():
    assert wide_enough(("patients", ("s",)), 5.0, POLICY) == 10
    assert wide_enough(("numerator", ("s",)), 3.0, POLICY) == 5
    assert wide_enough(("not_known", ("s",)), 3.0, POLICY) == 0
    low, width = 900.0, wide_enough(("amount", ("s",)), 900.0, POLICY)
    assert width >= 0.1 * (low + width) - 1e-9


def test_of_what_stands_in_no_table_only_small_years_need_a_range():
    made = cells_of(("patients", ("s", "A"), 5.0))
    made.published[0] = False
    assert needed(made, 0, 5.0, POLICY) == 0.0
    made.implied.add(0)
    assert needed(made, 0, 5.0, POLICY) == 10
    assert needed(made, 0, 31.0, POLICY) == 0.0
    assert needed(made, 0, 0.0, Policy(zeros="publish")) == 0.0


def test_totals_and_denominators_are_dearer_and_a_policy_may_say_so():
    made = cells_of(("patients", ("s", "A"), 50.0), ("patients", ("s", "Total"), 50.0), ("denominator", ("s", "A"), 50.0))
    plain, total, denominator = (weight(made, each, 50.0, POLICY) for each in range(3))
    assert plain < total < denominator
    assert weight(made, 0, 50.0, Policy(weights={"centre": {"A": 3.0}})) == pytest.approx(3 * plain)
    assert weight(made, 0, 500.0, POLICY) > plain
    made.published[0] = False
    assert weight(made, 0, 50.0, POLICY) == FREE


PLACE = ("A",)


def numbered() -> Cells:
    cells = Cells(("centre",))
    whole = cells.add(("denominator", PLACE), 40.0, published=True)
    for name in ("numerator", "complement"):
        cells.wholes[cells.add((name, PLACE), published=True)] = whole
    cells.add(("patients", PLACE), published=True)
    cells.add(("patients", ("latent",)))
    cells.add(("not_known", PLACE), published=True)
    cells.add(("amount", PLACE), published=True)
    return cells


def test_a_withheld_number_is_at_least_one_where_noughts_are_published():
    cells = numbered()
    assert [floor(cells, number, Policy(zeros="publish")) for number in range(1, 7)] == [1, 1, 1, 0, 0, 0]
    assert [floor(cells, number, Policy(zeros="protect")) for number in range(1, 7)] == [0] * 6


def test_events_of_a_withheld_denominator_may_be_nought():
    cells = numbered()
    cells.value[0] = math.nan
    assert floor(cells, 1, Policy(zeros="publish")) == 0


def test_what_is_plain_before_any_sum():
    ranges = start(numbered(), Policy(zeros="publish"))
    assert ranges.low.tolist() == [40, 1, 1, 1, 0, 0, 0]
    assert ranges.high.tolist() == [40, *[math.inf] * 6]
    assert ranges.whole.tolist() == [True] * 6 + [False]


def test_what_is_public_elsewhere_is_known_and_published():
    cells = Cells(("centre", "measure"))
    policy = Policy(already_public=({"centre": "A", "value": 12}, {"quantity": "denominator", "measure": "alive", "value": 40}))
    numbers = add_public(cells, policy)
    assert {cells.keys[number]: cells.value[number] for number in numbers} == {
        ("patients", ("A", "patients")): 12.0,
        ("denominator", ("Total", "alive")): 40.0,
    }
    assert all(cells.published[number] for number in numbers)
