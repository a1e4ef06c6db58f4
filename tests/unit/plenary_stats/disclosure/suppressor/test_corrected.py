"""What a correction keeps back."""

import pytest

from plenary_stats.disclosure import Policy
from plenary_stats.disclosure.suppressor.corrected import kept_back
from plenary_stats.disclosure.suppressor.links import dimensions_of, gather
from tests.unit.plenary_stats.disclosure.known import counts, outcome

BEFORE = {"Total": 194, "B": 70, "C": None, "D": 60, "X": None}


def kept(now: dict, before: dict, dimensions=("centre",), policy: Policy | None = None, *older) -> set:
    """The places of this edition that stay withheld."""
    tables = [counts(now, dimensions), counts(before, dimensions), *(counts(each, dimensions) for each in older)]
    cells, found = gather(tables, dimensions_of(tables, Policy()), 1)
    small = {number for number in cells.own if cells.value[number] < 30}
    numbers = kept_back(cells, [fact for fact in found if fact.table], small, policy or Policy())
    places = {cells.keys[number][1] for number in numbers}
    return {place[0] if len(place) == 1 else place for place in places}


def test_what_an_earlier_version_withheld_stays_withheld():
    assert kept({"Total": 214, "B": 70, "C": 52, "D": 60, "X": 32}, BEFORE) == {"C", "X"}


def test_so_it_does_where_nothing_that_is_shown_has_changed():
    assert kept({"Total": 194, "B": 70, "C": 52, "D": 60, "X": 12}, BEFORE) == {"C", "X"}


def test_what_was_shown_before_is_no_reason():
    assert kept({"Total": 194, "B": 70, "C": 52, "D": 60, "X": 12}, {"Total": 194, "B": 70, "C": 52, "D": 60, "X": 12}) == set()


def test_what_took_in_a_centre_that_is_gone_is_withheld():
    before = {"Total": 317, "B": 70, "C": None, "D": 60, "E": 120, "X": None}
    assert kept({"Total": 317, "B": 85, "C": 52, "D": 60, "E": 120}, before) == {"B", "C"}


def test_a_total_that_lost_a_centre_is_withheld():
    before = {"Total": 317, "B": 70, "C": None, "D": 60, "E": 120, "X": None}
    assert kept({"Total": 303, "B": 71, "C": 52, "D": 60, "E": 120}, before) == {"B", "C", "Total"}


def test_what_grew_where_nobody_is_gone_is_shown():
    assert kept({"Total": 199, "B": 75, "C": 52, "D": 60, "X": 12}, BEFORE) == {"C", "X"}


def test_along_every_dimension_of_the_place():
    dimensions = ("centre", "area")
    before = {("A", "L"): 30, ("A", "M"): 40, ("A", "?"): None, ("A", "Total"): 72, ("B", "L"): 50}
    now = {("A", "L"): 32, ("A", "M"): 40, ("A", "Total"): 72, ("B", "L"): 51}
    assert kept(now, before, dimensions) == {("A", "L")}


def test_noughts_are_kept_back_only_where_noughts_are_protected():
    now = {"Total": 182, "B": 70, "C": 52, "D": 60, "X": 0}
    assert kept(now, BEFORE, policy=Policy(zeros="protect")) == {"C", "X"}
    assert kept(now, BEFORE, policy=Policy(zeros="publish")) == {"C", "Total"}  # X is as good as gone


def test_two_versions_before_count_alike():
    second = {"Total": 199, "B": 75, "C": 52, "D": 60, "X": None}
    now = {"Total": 219, "B": 75, "C": 52, "D": 60, "X": 32}
    assert kept(now, second, ("centre",), None, BEFORE) >= {"C", "X"}


@pytest.mark.parametrize("column", ["not_eligible", "not_known"])
def test_those_not_eligible_or_not_known_are_no_secret(column):
    now = outcome([("survival", 40, 60, 3, 2), ("other", 50, 70, 1, 1)])
    before = outcome([("survival", 39, 60, 3, 2), ("other", 50, 70, 1, 1)])
    columns = dict(before.columns) | {column: before[column] * float("nan")}
    columns["status"] = before["measure"].astype("<U3")
    columns["status"][:] = ""
    made = type(before)(columns, name=before.name, kind=before.kind, dimensions=before.dimensions)
    tables = [now, made]
    cells, found = gather(tables, dimensions_of(tables, Policy()), 1)
    assert kept_back(cells, [fact for fact in found if fact.table], set(), Policy()) == set()


def test_what_a_total_lost_gives_away_what_became_small_in_it():
    before = {"Total": 59, "A": None, "B": None, "D": 30}
    assert kept({"Total": 30, "A": 1, "B": 28, "D": 1}, before) == {"A", "B", "Total"}
    assert kept({"Total": 61, "A": 1, "B": 28, "D": 32}, before) == {"A", "B"}
