"""The levels of an ordered scale are together everyone known: what one level's mark hides, the others must not tell.

The attacker here is a plain integer programme over the patients of each centre at each level, written for these tests alone.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from plenary_stats.disclosure import Policy, audit, protect
from plenary_stats.tables import RESULT_DIMENSIONS, RESULT_NUMBERS, TOTAL, ResultTable, numbers, text

POLICY = Policy()
LEVELS = ("intact", "mild", "dead")


def scale(counts, measure="grade"):
    """A table of levels: ``counts[centre]`` patients at each level; all centres together too."""
    whole = {TOTAL: np.sum(list(counts.values()), axis=0).tolist(), **counts}
    rows = [
        {
            "service": "s",
            "centre": centre,
            "period": "2025",
            "measure": f"{measure}@{level}",
            "numerator": number,
            "denominator": sum(at),
        }
        for centre, at in whole.items()
        for level, number in zip(LEVELS, at, strict=True)
    ]
    columns = {name: text([row.get(name, "") for row in rows]) for name in RESULT_DIMENSIONS}
    columns |= {name: numbers([row.get(name) for row in rows]) for name in RESULT_NUMBERS}
    columns["value"] = columns["numerator"] / np.maximum(columns["denominator"], 1)
    return ResultTable(columns, name="outcomes", kind="levels")


def shown(table):
    return {(row["centre"], row["measure"].split("@")[1]): row["numerator"] for row in table.rows() if row["status"] == ""}


def wholes(table):
    return {row["centre"]: row["denominator"] for row in table.rows() if not np.isnan(row["denominator"])}


def deduced(table, centres):
    """The least and most of every withheld number of a centre at a level, from what is shown alone."""
    cells = [(centre, level) for centre in centres for level in LEVELS]
    place = {cell: order for order, cell in enumerate(cells)}
    rows, sums = [], []
    for (centre, level), number in shown(table).items():
        rows.append([float(level == cell[1] and centre in (TOTAL, cell[0])) for cell in cells])
        sums.append(number)
    for centre, number in wholes(table).items():
        rows.append([float(centre in (TOTAL, cell[0])) for cell in cells])
        sums.append(number)
    ties = [LinearConstraint(np.array(rows), sums, sums)] if rows else []
    found = {}
    for cell in set(cells) - set(shown(table)):
        ends = []
        for sign in (1, -1):
            cost = np.zeros(len(cells))
            cost[place[cell]] = sign
            answer = milp(cost, integrality=np.ones(len(cells)), bounds=Bounds(0, 10_000), constraints=ties)
            ends.append(round(sign * answer.fun))
        found[cell] = tuple(ends)
    return found


def test_one_small_level_takes_another_with_it():
    """2 of 70 died: with 40 intact and 28 mild beside 70 in all, the mark on the dead would hide nothing."""
    table = protect([scale({"A": [40, 28, 2], "B": [35, 30, 25]})], POLICY).tables[0]
    visible = shown(table)
    assert ("A", "dead") not in visible
    assert ("A", "intact") not in visible or ("A", "mild") not in visible


def test_large_levels_are_all_shown():
    made = protect([scale({"A": [40, 28, 12], "B": [35, 30, 25]})], POLICY)
    assert len(shown(made.tables[0])) == 9
    assert made.audit.totals["exact"] == 0


def test_the_audit_sees_through_a_single_mark():
    """The same table with one mark alone: the audit adds the levels up."""
    made = protect([scale({"A": [40, 28, 12], "B": [35, 30, 25]})], POLICY).tables[0]
    hidden = np.array([row["centre"] == "A" and row["measure"] == "grade@dead" for row in made.rows()])
    total = np.array([row["centre"] == TOTAL and row["measure"] == "grade@dead" for row in made.rows()])
    columns = {name: column.copy() for name, column in made.columns.items()}
    for name in ("value", "numerator", "lower", "upper"):
        columns[name][hidden | total] = np.nan
    columns["status"][hidden | total] = "c"
    published = ResultTable(columns, name="outcomes", kind="levels")
    cells = audit([published], POLICY).cells
    rows = list(zip(cells["centre"], cells["measure"], cells["quantity"], cells["low"], cells["high"], strict=True))
    assert ("A", "grade@dead", "numerator", 12, 12) in rows


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.integers(0, 60), min_size=3, max_size=3), min_size=2, max_size=4))
def test_no_small_level_can_be_worked_out(counts):
    given_counts = dict(zip("ABCD", counts, strict=False))
    table = protect([scale(given_counts)], POLICY).tables[0]
    for (centre, level), (low, high) in deduced(table, list(given_counts)).items():
        true = given_counts[centre][LEVELS.index(level)]
        assert low <= true <= high
        if 0 < true < POLICY.event_threshold:
            assert high > low, f"{centre} {level}: {true} can be worked out"


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_the_order_of_rows_changes_nothing(order):
    table = scale({"A": [40, 28, 2], "B": [35, 30, 25], "C": [1, 9, 33]})
    rows = np.concatenate([np.arange(len(table)).reshape(-1, 3)[:, place] for place in order])
    mixed = ResultTable({name: column[rows] for name, column in table.columns.items()}, name="outcomes", kind="levels")
    assert shown(protect([table], POLICY).tables[0]) == shown(protect([mixed], POLICY).tables[0])
