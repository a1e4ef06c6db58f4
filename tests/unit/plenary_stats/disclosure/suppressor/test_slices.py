"""Slices by sorting: the same as by comparing places one by one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats.disclosure.suppressor import slices as slices_module
from plenary_stats.disclosure.suppressor.cells import Cells
from plenary_stats.disclosure.suppressor.slices import Slices


def plainly(cells, position):
    """Group by comparing, in the order of first sight."""
    found = {}
    for key, number in [*cells.number.items(), *cells.aliases.items()]:
        if cells.published[number]:
            quantity, place = key
            found.setdefault((quantity, place[:position], place[position + 1 :]), {})[place[position]] = number
    return found


def some_cells(seed):
    random = np.random.default_rng(seed)
    cells = Cells(("service", "centre", "sex"))
    for _ in range(60):
        place = tuple(str(random.choice(["Total", "a", "b", "c"])) for _ in range(3))
        quantity = str(random.choice(["patients", "amount", "patients/e1"]))
        number = cells.add((quantity, place), 1.0, published=bool(random.random() < 0.8))
        if random.random() < 0.5:
            cells.own.add(number)
    cells.aliases |= {("patients/1", cells.keys[place][1]): place for place in range(5)}
    return cells


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("large", [2**40, 3])
def test_slices_are_those_found_by_comparing(seed, large, monkeypatch):
    monkeypatch.setattr(slices_module, "LARGE", large)
    cells = some_cells(seed)
    made = Slices(cells)
    for position in range(3):
        wanted = plainly(cells, position)
        found = {(each.quantity, each.before, each.after): each.codes for each in made.along(position, 1)}
        assert found == wanted
        assert list(found) == list(wanted)
        several = [each.codes for each in made.along(position, 2)]
        assert several == [codes for key, codes in wanted.items() if len(codes) > 1 or _twice(cells, position, key)]


def _twice(cells, position, key):
    keys = [*cells.keys, *cells.aliases]
    numbers = [*range(len(cells.keys)), *cells.aliases.values()]
    return (
        sum(
            cells.published[number] and (quantity, place[:position], place[position + 1 :]) == key
            for (quantity, place), number in zip(keys, numbers, strict=True)
        )
        > 1
    )


@pytest.mark.parametrize("seed", range(4))
def test_this_editions_own_are_told_apart_where_others_are_among_them(seed):
    cells = some_cells(seed)
    for each in Slices(cells).along(1, 1):
        own = {code: number for code, number in each.codes.items() if number in cells.own and "/e" not in each.quantity}
        assert (each.codes if each.own is None else each.own) == own


def test_cells_added_in_between_are_seen():
    cells = Cells(("centre",))
    cells.add(("patients", ("A",)), 1.0, published=True)
    made = Slices(cells)
    assert [each.codes for each in made.along(0, 1)] == [{"A": 0}]
    cells.add(("patients", ("Total",)), 1.0, published=True)
    assert [each.codes for each in made.along(0, 1)] == [{"A": 0, "Total": 1}]


def test_without_published_cells_there_are_no_slices():
    cells = Cells(("centre",))
    cells.add(("patients", ("A",)))
    assert list(Slices(cells).along(0, 1)) == []


def told(cells, position, fewest=1):
    return [(each.quantity, *each.before, "*", *each.after, sorted(each.codes)) for each in Slices(cells).along(position, fewest)]


def published(*keys, dimensions=("service", "centre", "sex")):
    cells = Cells(dimensions)
    for quantity, *place in keys:
        cells.add((quantity, tuple(place)), 1.0, published=True)
    return cells


ROWS = published(
    ("patients", "t", "B", "F"), ("patients", "s", "A", "F"), ("patients", "s", "A", "M"), ("patients", "t", "A", "F"),
    ("amount", "s", "A", "F"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("position", "found"),
    [
        (0, [("patients", "*", "B", "F", ["t"]), ("patients", "*", "A", "F", ["s", "t"]), ("patients", "*", "A", "M", ["s"])]),
        (1, [("patients", "t", "*", "F", ["A", "B"]), ("patients", "s", "*", "F", ["A"]), ("patients", "s", "*", "M", ["A"])]),
        (2, [("patients", "t", "B", "*", ["F"]), ("patients", "s", "A", "*", ["F", "M"]), ("patients", "t", "A", "*", ["F"])]),
    ],
)
def test_a_slice_varies_in_its_own_dimension_alone_and_holds_one_quantity(position, found):
    money = ("amount", *("*" if place == position else code for place, code in enumerate(("s", "A", "F"))))
    assert told(ROWS, position) == [*found, (*money, [("s", "A", "F")[position]])]
    assert told(ROWS, position, 2) == [each for each in found if len(each[-1]) == 2]
    assert told(ROWS, position, 3) == []


def test_what_stands_in_no_table_is_in_no_slice():
    cells = published(("patients", "s", "A", "F"))
    cells.add(("patients", ("s", "B", "F")))
    assert told(cells, 1) == [("patients", "s", "*", "F", ["A"])]


def test_a_cell_by_another_name_stands_in_the_slices_of_that_name_too():
    cells = published(("patients", "s", "A", "F"), ("patients/1", "s", "Total", "F"))
    cells.aliases["patients/1", ("s", "A", "F")] = 0
    assert told(cells, 1) == [("patients", "s", "*", "F", ["A"]), ("patients/1", "s", "*", "F", ["A", "Total"])]
    [_, other] = Slices(cells).along(1, 1)
    assert other.codes == {"Total": 1, "A": 0}


def test_of_a_corrected_edition_nothing_is_this_ones_own():
    cells = published(("patients/e1", "s", "A", "F"), ("patients/e1", "s", "Total", "F"))
    cells.own |= {0, 1}
    [each] = Slices(cells).along(1, 1)
    assert each.own == {}


COLUMNS = st.lists(st.tuples(*[st.integers(0, 3)] * 4), min_size=1, max_size=12)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(COLUMNS, st.sampled_from([2**40, 3, 20]))
def test_columns_have_one_number_exactly_where_they_are_equal(columns, large):
    kept, slices_module.LARGE = slices_module.LARGE, large
    try:
        label = Slices._label(np.array(columns, dtype=np.int64).T).tolist()
    finally:
        slices_module.LARGE = kept
    assert [label.index(each) for each in label] == [columns.index(each) for each in columns]


@pytest.mark.parametrize("place", range(4))
def test_no_number_of_codes_makes_the_numbers_overflow(place):
    """Four columns of a thousand million codes: without numbering anew, those that differ by 16 in the first would be equal."""
    table = np.array([[0, 16, 2**30 - 1]] * 4, dtype=np.int64)
    table[[each for each in range(4) if each != place], 1] = 0
    assert len(set(Slices._label(table).tolist())) == 3
