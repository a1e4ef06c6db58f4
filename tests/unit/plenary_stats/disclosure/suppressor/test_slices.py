"""Slices by sorting: the same as by comparing places one by one."""

import numpy as np
import pytest

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
