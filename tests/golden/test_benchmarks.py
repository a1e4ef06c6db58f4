"""What the benchmark of disclosure control measures: the very tables of the peers, and a greedy suppressor that does what it says."""

import numpy as np
import pytest
from benchmarks.suppression import designs, greedy, networks

from plenary_stats.disclosure import Policy, audit
from plenary_stats.tables import ResultTable, text

SIZES = {
    ("edition", 80): (5_204, 2_946, 3_865),
    ("full", 80): (41_040, 17_947, 38_785),
    ("boards", 80): (17_888, 9_721, 15_769),
    ("three-way", 80): (1_458, 612, 972),
    ("centre by region", 80): (2_280, 1_566, 1_782),
}
"""Cells, and too small with noughts published and with noughts protected, as the peers had them."""


SLOW = {("full", 80), ("boards", 80)}


@pytest.mark.parametrize(
    ("name", "services"), [pytest.param(*each, marks=[pytest.mark.slow] if each in SLOW else []) for each in SIZES]
)
def test_the_tables_are_those_on_which_the_peers_were_measured(name, services):
    value = designs.design(name, services).table["value"]
    assert (len(value), int(((value > 0) & (value < 30)).sum()), int((value < 30).sum())) == SIZES[name, services]


def test_equal_seeds_give_equal_patients_and_others_do_not():
    first, again, other = (list(networks.patients(3, seed)) for seed in (7, 7, 8))
    assert first == again
    assert first != other


def small(values):
    """Two centres by three areas with margins."""
    places = [(centre, area) for centre in ("A", "B", "Total") for area in ("N", "S", "W", "Total")]
    columns = {name: text([place[order] for place in places]) for order, name in enumerate(("centre", "area"))}
    return ResultTable(columns | {"value": np.array(values, dtype=float)}, name="t", dimensions=("centre", "area"))


def test_the_greedy_one_finds_the_sums_of_a_table():
    sums = greedy.sums_of(small(range(12)), {})
    assert {(each.whole, each.parts) for each in sums} == {
        *((3 + 4 * row, tuple(4 * row + part for part in range(3))) for row in range(3)),
        *((8 + column, (column, 4 + column)) for column in range(4)),
    }


def test_the_greedy_one_puts_a_second_mark_beside_a_single_one():
    table = small([12, 40, 50, 102, 60, 70, 80, 210, 72, 110, 130, 312])
    gone = greedy.withheld(table, {}, table["value"] < 30, zeros="publish", width=10)
    assert gone.tolist() == [True, True, False, False, True, True, False, False, False, False, False, False]
    assert audit([greedy.masked(table, gone)], Policy(zeros="publish")).clean


def test_the_greedy_one_shows_what_needs_no_company():
    table = small([40, 40, 50, 130, 60, 70, 80, 210, 100, 110, 130, 340])
    assert not greedy.withheld(table, {}, table["value"] < 30, zeros="publish", width=10).any()


def test_what_is_masked_is_gone_and_has_its_mark():
    made = greedy.masked(small(range(12)), np.arange(12) == 3)
    assert np.isnan(made["value"][3])
    assert made["status"].tolist() == ["", "", "", "c"] + [""] * 8


def test_a_grouping_is_a_sum_of_its_own():
    places = ["a", "b", "p", "c", "q", "Total"]
    table = ResultTable({"area": text(places), "value": np.array([1, 2, 3, 4, 4, 7.0])}, dimensions=("area",))
    pairs = (("a", "p"), ("b", "p"), ("c", "q"))
    found = {(places[each.whole], *(places[part] for part in each.parts)) for each in greedy.sums_of(table, {"area": pairs})}
    assert found == {("p", "a", "b"), ("q", "c"), ("Total", "p", "q")}
