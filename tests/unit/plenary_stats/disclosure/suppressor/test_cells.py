"""How cells are numbered and told: a figure that the reader knows is never unlearnt, one that is published never unpublished."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plenary_stats.disclosure.suppressor.cells import (
    EVENTS,
    PEOPLE,
    REMAINDERS,
    UNKNOWN,
    Cells,
    as_patients,
    centres_of,
    children_of,
    leaves_of,
    quantity_of,
)

PLACE = ("adult-ecmo", "RJ1")


def test_a_cell_has_one_number_for_ever():
    cells = Cells(("service", "centre"))
    numbers = [cells.add((quantity, PLACE)) for quantity in ("patients", "numerator", "patients")]
    assert numbers == [0, 1, 0]
    assert cells.keys == [("patients", PLACE), ("numerator", PLACE)]
    assert cells.number == {key: number for number, key in enumerate(cells.keys)}


def test_what_is_not_told_is_not_known():
    cells = Cells(("service", "centre"))
    number = cells.add(("patients", PLACE))
    assert not cells.known(number)
    assert math.isnan(cells.value[number])
    cells.add(("patients", PLACE), 0.0)
    assert cells.known(number), "nought is a figure"


def test_a_known_value_fills_an_unknown_one_and_is_not_lost_again():
    cells = Cells(("service", "centre"))
    for value in (UNKNOWN, 41.0, UNKNOWN, 42.0):
        cells.add(("patients", PLACE), value)
    assert cells.value == [41.0], "the first that was told is believed; the attack says where two contradict"


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.one_of(st.just(UNKNOWN), st.floats(0, 99))), max_size=20))
def test_the_order_of_telling_decides_nothing_but_the_numbers(told):
    cells = Cells(("place",))
    for place, published, value in told:
        cells.add(("patients", (str(place),)), value, published=published)
    for number, (_, (place,)) in enumerate(cells.keys):
        mine = [(published, value) for other, published, value in told if str(other) == place]
        known = [value for _, value in mine if not math.isnan(value)]
        assert cells.published[number] is any(published for published, _ in mine)
        assert cells.known(number) is bool(known)
        assert not known or cells.value[number] == known[0]
    assert len(cells.keys) == len(cells.value) == len(cells.published) == len({place for place, _, _ in told})


def test_the_kinds_of_quantity_do_not_overlap():
    assert not EVENTS & PEOPLE
    assert not EVENTS & REMAINDERS
    assert not PEOPLE & REMAINDERS


@pytest.mark.parametrize(
    ("place", "dimensions", "found"),
    [
        (("ecmo", "survival@1y", "RJ1"), ("service", "measure", "centre"), ("ecmo", "patients", "RJ1")),
        (("survival@1y",), ("measure",), ("patients",)),
        (("ecmo", "RJ1"), ("service", "centre"), ("ecmo", "RJ1")),
        ((), (), ()),
    ],
)
def test_the_patients_of_an_outcome_are_counted_in_the_table_of_activity(place, dimensions, found):
    assert as_patients(place, dimensions) == found


@pytest.mark.parametrize(
    ("name", "quantity"), [("numerator", "numerator"), ("numerator/3", "numerator"), ("patients/a/b", "patients")]
)
def test_a_table_that_was_kept_apart_still_counts_the_same(name, quantity):
    assert quantity_of((name, PLACE)) == quantity


CHILDREN = children_of([("A", "North"), ("B", "North"), ("A", "North"), ("C", "West"), ("North", "England"), ("West", "England")])


def test_each_child_is_named_once():
    assert CHILDREN == {"North": ["A", "B"], "West": ["C"], "England": ["North", "West"]}


def test_a_code_is_made_of_its_innermost_ones():
    assert leaves_of("England", CHILDREN) == {"A", "B", "C"}
    assert leaves_of("A", CHILDREN) == leaves_of("A", {}) == {"A"}


def test_a_list_names_its_centres_and_all_of_a_region_of_which_it_names_none():
    assert centres_of(["A", "C"], CHILDREN) == centres_of(["A", "North", "C", "West"], CHILDREN) == {"A", "C"}
    assert centres_of(["North"], CHILDREN) == {"A", "B"}
    assert centres_of(["A", "West"], CHILDREN) == {"A", "C"}
    assert centres_of(["North", "D"], CHILDREN) == {"A", "B", "D"}
    assert centres_of([], CHILDREN) == set()
