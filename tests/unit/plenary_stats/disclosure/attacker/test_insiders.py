"""Readers who know their own figures: against a list of every pair of worlds."""

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats.disclosure import Policy, audit
from plenary_stats.disclosure.attacker import insiders
from plenary_stats.disclosure.attacker.insiders import _Worlds, made_of, seen
from plenary_stats.disclosure.attacker.sums import Sums
from plenary_stats.disclosure.attacker.system import Bounds, Rows
from plenary_stats.disclosure.attacker.view import view_of
from tests.unit.plenary_stats.disclosure.known import counts

POLICY = Policy(insiders=("centre",))


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


BY_SERVICE = ("service", "centre")


def test_the_total_of_a_service_with_one_centre_is_that_centres_own():
    """It knows all three withheld numbers, and by them nobody else's."""
    values = {("s", "A"): None, ("s", "Total"): None, ("t", "B"): 50, ("t", "Total"): 50, ("Total", "Total"): None}
    assert set(readers(values, dimensions=BY_SERVICE).values()) == {("safe", "")}


def test_a_total_whose_other_centres_are_shown_tells_of_nobody():
    values = {("s", "A"): None, ("s", "B"): 60, ("s", "Total"): None, ("Total", "Total"): None, ("t", "Total"): 90}
    assert set(readers(values, dimensions=BY_SERVICE).values()) == {("safe", "")}


def test_what_is_left_of_a_total_is_anothers():
    """All services' total is shown, and all but these two centres': each has the other's though the service's total is withheld."""
    values = {("s", "A"): None, ("t", "B"): None, ("s", "Total"): None, ("t", "Total"): None, ("Total", "Total"): 57}
    found = readers(values, dimensions=BY_SERVICE)
    assert found["t", "B"] == found["t", "Total"] == ("exact", "A")
    assert found["s", "A"] == found["s", "Total"] == ("exact", "B")


def test_a_group_of_centres_is_no_cover_for_its_other_member():
    policy = Policy(insiders=("centre",), hierarchies={"centre": (("A", "Group"), ("B", "Group"), ("C", "Rest"))})
    found = readers({"A": None, "B": None, "Group": 57, "C": 40, "Rest": 40}, policy)
    assert found["A",] == ("exact", "B")
    assert found["B",] == ("exact", "A")


def rows_of(*sums, open_=()):
    """Sums as rows: each a whole and its parts."""
    entries = [(row, cell, -1.0 if place == 0 else 1.0) for row, cells in enumerate(sums) for place, cell in enumerate(cells)]
    row, column, factor = (np.array(each) for each in zip(*entries, strict=True))
    return Rows(
        row, column, factor, np.array([-np.inf if each in open_ else 0.0 for each in range(len(sums))]), np.zeros(len(sums))
    )


def own(*cells, size=6):
    return np.isin(np.arange(size), cells)


def test_a_whole_is_ones_own_where_all_its_parts_are():
    assert np.flatnonzero(made_of(rows_of((2, 0), (3, 2, 1)), own(0))).tolist() == [0, 2]
    assert np.flatnonzero(made_of(rows_of((3, 2, 1), (2, 0)), own(0, 1))).tolist() == [0, 1, 2, 3]  # whatever the order
    assert np.flatnonzero(made_of(rows_of((2, 0, 1)), own(0))).tolist() == [0]


def test_a_part_is_not_ones_own_because_the_whole_is():
    assert np.flatnonzero(made_of(rows_of((0, 1)), own(0))).tolist() == [0]
    assert np.flatnonzero(made_of(rows_of((0, 1, 2)), own(0, 1))).tolist() == [0, 1]


def test_a_whole_with_parts_that_are_not_listed_is_not_ones_own():
    assert np.flatnonzero(made_of(rows_of((2, 0), open_=(0,)), own(0))).tolist() == [0]


def test_a_whole_of_which_everything_is_known_is_nobodys():
    """A row that holds its whole alone says what it is; to be made of an insider's cells takes one of them."""
    alone = Rows(np.array([0]), np.array([2]), np.array([-1.0]), np.array([-5.0]), np.array([-5.0]))
    assert np.flatnonzero(made_of(alone, own(0))).tolist() == [0]


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 4), min_size=6, max_size=6), st.sets(st.integers(0, 11), min_size=4))
def test_the_two_worlds_furthest_apart(numbers, drawn):
    """Three centres by two areas, with margins; nobody has more than four patients at a place."""
    centres, areas = "ABC", "NS"
    points = list(product(centres, areas))
    cells = [*points, *((centre, "Total") for centre in centres), *(("Total", area) for area in areas), ("Total", "Total")]

    def inside(cell, point):
        return all(a in ("Total", b) for a, b in zip(cell, point, strict=True))

    def value(cell, world):
        return sum(n for n, point in zip(world, points, strict=True) if inside(cell, point))

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

    def others_are_told(cell, centre):
        """Whether everybody knows all that a number counts besides the reader's own."""
        rest = {tuple(n for n, at in zip(w, points, strict=True) if at[0] != centre and inside(cell, at)) for w in worlds}
        return cell[0] == "Total" and len({sum(each) for each in rest}) == 1

    for cell in hidden:
        widths = [max(value(cell, world) for world in worlds) - min(value(cell, world) for world in worlds)]
        for centre in centres:
            if centre == cell[0] or others_are_told(cell, centre):
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


def test_a_worlds_number_counts_once_in_how_far_they_are_apart():
    """Cell 0 is twice what the insider has (1) and more, up to as much again: of 5 it lies between 10 and 15, of 0 nowhere but at 0."""
    made = worlds([(0, (1, 2, 3)), (1, (2,)), (1, (3, 4))], [99, 5, 99, 99, 99], known=[1])
    assert made.apart(0) == (10, 15)


def test_worlds_that_cannot_be_tell_nothing():
    made = worlds([(2, (0, 1))], [9, 9, 9])
    made.questions.bound(2, 20, 20)
    assert made.apart(0) == (-np.inf, np.inf)


def everybody_withheld(centres):
    """Centres and a group of them, all withheld, tied by whatever sums are given: by their names."""
    view = view_of([counts(dict.fromkeys(centres))], Policy())
    cell = {view.codes(each)[0]: each for each in range(len(view))}
    return view, cell


def insiders_of(sums, shown, between=()):
    """What insiders are left with of A and B; ``shown``: exactly known, ``between``: from so many to so many."""
    names = sorted({name for whole, parts in sums for name in (whole, *parts)})
    view, cell = everybody_withheld(names)
    view.sums = Sums.of([(cell[whole], tuple(cell[part] for part in parts)) for whole, parts in sums])
    low, high = np.zeros(len(view)), np.full(len(view), np.inf)
    for name, value in shown.items():
        low[cell[name]] = high[cell[name]] = value
    for name, least, most in between:
        low[cell[name]], high[cell[name]] = least, most
    found = seen(view, Bounds(low, high, np.ones(len(view), dtype=bool)), ("centre",), [cell["A"], cell["B"]])
    return {view.codes(each)[0]: (told.low, told.high, told.reader) for each, told in found.items()}


MANY = tuple(f"C{order:02}" for order in range(12))
LONG_ONE = [("T", ("A", "B", *MANY)), ("G", MANY)]
"""A and B are what a sum of fourteen says more than one of twelve."""


def test_in_a_small_part_every_sum_counts_however_long():
    found = insiders_of(LONG_ONE, {"T": 657, "G": 600})
    assert {name: (high - low, reader) for name, (low, high, reader) in found.items()} == {"A": (0, "B"), "B": (0, "A")}


def test_in_a_large_part_an_insider_has_the_short_sums_alone(monkeypatch):
    monkeypatch.setattr(insiders, "LARGE", 1)
    assert insiders_of(LONG_ONE, {"T": 657, "G": 600}) == {}
    near = insiders_of([("T", ("A", "B")), *LONG_ONE[1:]], {"T": 57, "G": 600})
    assert {name: (high - low, reader) for name, (low, high, reader) in near.items()} == {"A": (0, "B"), "B": (0, "A")}
    twelve = [("T", ("A", "B", *MANY[:10])), ("G", MANY[:10])]
    assert set(insiders_of(twelve, {"T": 657, "G": 600})) == {"A", "B"}, "a sum of twelve is short"


def test_a_small_part_keeps_its_long_sums_beside_a_large_one(monkeypatch):
    monkeypatch.setattr(insiders, "LARGE", 14)
    others = tuple(f"D{order:02}" for order in range(20))
    assert set(insiders_of([*LONG_ONE, ("U", others)], {"T": 657, "G": 600, "U": 900})) == {"A", "B"}


def test_who_knows_a_number_nearly_does_not_stand_for_who_knows_it():
    """B has all of 57 but A's; C knows of A within five: B is named, and neither C nor what C is left with."""
    sums = [("T", ("A", "B")), ("U", ("A", "C", "D"))]
    found = insiders_of(sums, {"T": 57, "U": 60}, [("A", 20, 30), ("B", 27, 37), ("C", 25, 40), ("D", 0, 5)])
    low, high, reader = found["A"]
    assert (high - low, reader) == (0, "B")


def test_the_greater_number_counts_once_too():
    """Of 10 the insider has a part (1); cell 0 is three times that and up to all that is left: 0 to 10, or 15 to 20."""
    made = worlds([(0, (1, 2, 3, 4)), (1, (2,)), (1, (3,)), (6, (4, 5, 1))], [99, 5, 99, 99, 99, 99, 10], known=[1])
    assert made.apart(0) == (0, 10)
