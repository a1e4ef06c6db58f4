import math

import pytest

from plenary_stats.disclosure import Policy
from plenary_stats.disclosure.suppressor.cells import Cells
from plenary_stats.disclosure.suppressor.needs import add_public, floor, need, start

PLACE = ("A",)


@pytest.mark.parametrize(
    ("quantity", "width"),
    [("patients", 10), ("denominator", 10), ("numerator", 5), ("complement/e1", 5), ("not_known", 0), ("patients/2", 10)],
)
def test_how_wide_a_number_must_stay(quantity, width):
    assert need((quantity, PLACE), Policy()) == width


def test_events_need_no_more_width_than_patients():
    assert need(("numerator", PLACE), Policy(minimum_width=3)) == 3


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
