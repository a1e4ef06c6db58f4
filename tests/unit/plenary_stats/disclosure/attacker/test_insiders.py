"""Readers who know their own figures: against a list of every pair of worlds."""

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats.disclosure import Policy, audit
from plenary_stats.disclosure.attacker.insiders import _Worlds
from plenary_stats.disclosure.attacker.sums import Sums
from plenary_stats.disclosure.attacker.system import Bounds, Rows
from tests.unit.plenary_stats.disclosure import known

POLICY = Policy(insiders=("centre",))


def counts(values, dimensions=("centre",)):
    rows = [
        dict(zip(dimensions, at if isinstance(at, tuple) else (at,), strict=True), value=value) for at, value in values.items()
    ]
    return known.table(rows, dimensions)


def readers(values, policy=POLICY, dimensions=("centre",)):
    found = audit([counts(values, dimensions)], policy).rows()
    return {tuple(row[name] for name in dimensions): (row["verdict"], row["reader"]) for row in found}


def test_of_two_centres_each_knows_the_other():
    assert readers({"A": None, "B": None, "Total": 57}) == {("A",): ("exact", "B"), ("B",): ("exact", "A")}


def test_of_three_centres_none_knows_another():
    assert set(readers({"A": None, "B": None, "C": None, "Total": 57}).values()) == {("safe", "")}


def test_what_everybody_knows_needs_no_insider():
    assert readers({"A": None, "B": 40, "Total": 57}) == {("A",): ("exact", "")}


def test_without_insiders_nobody_is_asked():
    found = audit([counts({"A": None, "B": None, "Total": 57})], Policy())
    assert "reader" not in found.cells
    assert found.clean


def test_a_dimension_that_no_table_has_has_no_insiders():
    assert readers({"A": None, "B": None, "Total": 57}, Policy(insiders=("ward",)))["A",] == ("safe", "")


def test_the_report_names_the_insider():
    row = audit([counts({"A": None, "B": None, "Total": 57})], POLICY).rows()[0]
    assert row["how"] == "B subtracts its own figures"


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 4), min_size=6, max_size=6), st.sets(st.integers(0, 11), min_size=4))
def test_the_two_worlds_furthest_apart(numbers, drawn):
    """Three centres by two areas, with margins; nobody has more than four patients at a place."""
    centres, areas = "ABC", "NS"
    points = list(product(centres, areas))
    cells = [*points, *((centre, "Total") for centre in centres), *(("Total", area) for area in areas), ("Total", "Total")]

    def value(cell, world):
        return sum(
            n for n, point in zip(world, points, strict=True) if all(a in ("Total", b) for a, b in zip(cell, point, strict=True))
        )

    hidden = {cells[order] for order in drawn if order < 11}
    most = {("Total", "Total"): sum(numbers)}
    shown = {cell: value(cell, numbers) for cell in cells if cell not in hidden} | most
    worlds = (
        [world for world in product(range(sum(numbers) + 1), repeat=6) if sum(world) == sum(numbers)] if sum(numbers) < 9 else []
    )
    worlds = [world for world in worlds if all(value(cell, world) == number for cell, number in shown.items())]
    if not worlds:
        return
    table = {cell: None if cell in hidden else value(cell, numbers) for cell in cells}
    found = {(row["centre"], row["area"]): row for row in audit([counts(table, ("centre", "area"))], POLICY).rows()}
    for cell in hidden:
        widths = [max(value(cell, world) for world in worlds) - min(value(cell, world) for world in worlds)]
        for centre in centres:
            if centre == cell[0]:
                continue
            own = {}
            for world in worlds:
                key = tuple(value(each, world) for each in cells if each[0] == centre)
                own.setdefault(key, []).append(value(cell, world))
            widths.append(max(max(each) - min(each) for each in own.values()))
        assert found[cell]["high"] - found[cell]["low"] == min(widths)


def worlds(pairs, most, known=()):
    """Two worlds over all cells of some sums, nothing known of them but how many at most."""
    rows, size = Rows.of(Sums.of(pairs)), len(most)
    box = Bounds(np.zeros(size), np.array(most, dtype=float), np.ones(size, dtype=bool))
    return _Worlds(rows, np.arange(len(rows)), box, np.arange(size), np.array(known, dtype=np.int64))


def test_patients_are_whole_in_both_worlds():
    """Three cells of which each two are at most 1 together: by halves 1.5 in all, whole 1."""
    three = worlds([(3, (0, 1)), (4, (1, 2)), (5, (0, 2)), (6, (0, 1, 2))], [1, 1, 1, 1, 1, 1, 9])
    assert three.apart(6) == (0, 1)


def test_what_an_insider_knows_is_the_same_in_both_worlds():
    assert worlds([(2, (0, 1))], [9, 9, 9]).apart(0) == (0, 9)
    low, high = worlds([(2, (0, 1))], [9, 9, 9], known=[1, 2]).apart(0)
    assert low == high


def test_worlds_without_end_are_endlessly_far_apart():
    low, high = worlds([(2, (0, 1))], [np.inf, 9, np.inf]).apart(0)
    assert (low, high) == (0, np.inf)


def test_the_narrowest_of_several_insiders_is_named():
    """Of A, B and C together 57: B knows B and the total of A and B by area N; C knows less."""
    cells = {("A", "N"): None, ("B", "N"): None, ("Total", "N"): 30, ("C", "S"): None, ("A", "S"): None, ("Total", "S"): 50}
    found = readers(cells, dimensions=("centre", "area"))
    assert found["A", "N"] == ("exact", "B")
    assert found["A", "S"] == ("exact", "C")
