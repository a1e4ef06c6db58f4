import pytest

from plenary_stats.disclosure import Policy, audit
from plenary_stats.errors import InputError
from tests.unit.plenary_stats.disclosure import known

DIMENSIONS = ("centre", "region")


def grid(values: dict) -> list:
    return [known.table([{"centre": c, "region": r, "value": v} for (c, r), v in values.items()], DIMENSIONS)]


def test_one_withheld_cell_in_a_row_is_exact():
    found = audit(grid({("A", "N"): None, ("A", "S"): 40, ("A", "Total"): 52}), Policy())
    assert known.ranges(found) == {("A", "N"): (12, 12)}
    assert found.cells["verdict"].tolist() == ["exact"]
    assert found.totals["exact"] == 1
    assert not found.clean


def test_a_zero_beside_withheld_cells_shrinks_them():
    """Elimination alone calls these safe: it does not know that counts are not negative."""
    found = audit(grid({("A", "N"): None, ("A", "S"): None, ("A", "E"): 0, ("A", "Total"): 3}), Policy())
    assert set(known.ranges(found).values()) == {(0, 3)}
    assert found.totals["narrow"] == 2


def test_where_noughts_are_published_a_withheld_cell_is_at_least_one():
    tables = grid({("A", "N"): None, ("A", "S"): None, ("A", "Total"): 31})
    assert set(known.ranges(audit(tables, Policy(zeros="publish"))).values()) == {(1, 30)}
    assert set(known.ranges(audit(tables, Policy(zeros="protect"))).values()) == {(0, 31)}


def test_a_cell_without_a_total_has_no_upper_bound():
    found = audit(grid({("A", "N"): None, ("A", "S"): 40}), Policy())
    assert found.rows()[0]["high"] is None
    assert found.clean


def test_overlapping_groups_give_their_members_away():
    groups = {"xy": "xy", "yz": "yz", "xz": "xz", "all": "xyzw"}
    pairs = tuple((child, parent) for parent, members in groups.items() for child in members)
    values = {"xy": 9, "yz": 8, "xz": 7, "all": 40, "x": None, "y": None, "z": None, "w": None}
    rows = [{"region": code, "value": value} for code, value in values.items()]
    found = known.ranges(audit([known.table(rows, ("region",))], Policy(hierarchies={"region": pairs})))
    assert found == {("x",): (4, 4), ("y",): (5, 5), ("z",): (3, 3), ("w",): (28, 28)}


def test_figures_that_contradict_one_another_are_refused():
    """A part of 40 in a group of a nation of 30."""
    pairs = (("a", "group"), ("b", "group"), ("group", "Total"), ("c", "Total"))
    values = {"a": 40, "b": None, "group": None, "c": None, "Total": 30}
    tables = [known.table([{"region": code, "value": value} for code, value in values.items()], ("region",))]
    with pytest.raises(InputError, match="contradict"):
        audit(tables, Policy(hierarchies={"region": pairs}))


def test_a_total_that_is_more_than_its_parts_leaves_room_for_parts_that_are_not_listed():
    shown = {("A", "N"): 40, ("A", "S"): 30, ("A", "Total"): 90, ("B", "N"): 50, ("B", "S"): None, ("B", "Total"): 99}
    found = audit(grid(shown | {("Total", "N"): 90, ("Total", "S"): None}), Policy())
    assert known.ranges(found) == {("B", "S"): (49, 49), ("Total", "S"): (79, 79)}
