"""What protect promises where something is known already: empty places, earlier editions, amounts; and that order is nothing.

Worlds are listed, and amounts attacked by linear programmes written here; nothing of the product works out a range.
"""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from plenary_stats.disclosure import Policy, protect
from plenary_stats.errors import InputError
from plenary_stats.tables import TOTAL, ResultTable
from tests.unit.plenary_stats.disclosure import enumeration, known
from tests.unit.plenary_stats.disclosure.enumeration import Number, covering, patients

BRISK = settings(max_examples=10, deadline=None, derandomize=True)
SMALL = Policy(threshold=3, event_threshold=2, minimum_width=2)
SETS, DIMENSIONS = (("A", "B"), ("N", "S", "W")), ("centre", "area")
POINTS = list(product(*SETS))
CELLS = list(enumeration.places(SETS, product((False, True), repeat=2)))


def values_of(truth, cells=CELLS):
    return {place: sum(n for n, point in zip(truth, POINTS, strict=True) if covering(place)(point)) for place in cells}


def table_of(values, name="table"):
    return known.table([{"centre": c, "area": a, "value": value} for (c, a), value in values.items()], DIMENSIONS, name)


def shown_of(made):
    return {(row["centre"], row["area"]) for row in made.rows() if row["status"] == ""}


def narrow(truth, shown, policy=SMALL, closed=()):
    """The small numbers that a reader of the shown ones narrows too far; nobody stands at ``closed`` points in any world."""
    worlds = enumeration.worlds(len(POINTS), sum(truth))
    worlds = worlds[(worlds[:, [POINTS.index(point) for point in closed]] == 0).all(axis=1)]
    values, least = values_of(truth), 1 if policy.zeros == "publish" else 0
    numbers = [Number(place, covering(place), place in shown, least) for place in CELLS]
    found = enumeration.ranges(POINTS, truth, numbers, worlds)
    return [
        (place, low, high)
        for place, (low, high) in found.items()
        if least <= values[place] < policy.threshold and high - low < policy.minimum_width
    ]


# -- places that everybody knows to be empty


EMPTY = ("B", "W")
CLOSED = replace(SMALL, structural_zeros=({"centre": "B", "area": "W"},))


@BRISK
@given(patients(6, 6, 12).map(lambda truth: [*truth[:5], 0]))
@example([1, 6, 2, 0, 5, 0])
def test_an_empty_place_is_shown_and_no_cover_for_anybody(truth):
    assume(sum(truth) > 0)
    done = protect([table_of(values_of(truth))], CLOSED)
    shown = shown_of(done.tables[0])
    assert EMPTY in shown
    assert done.audit.clean
    if (TOTAL, TOTAL) in shown:
        assert narrow(truth, shown, closed=[EMPTY]) == []


def test_the_reader_of_this_test_uses_what_everybody_knows():
    """A's 2 in the west behind B's nought there: those who know that B has nobody have the 2."""
    truth = [6, 6, 2, 6, 6, 0]
    shown = set(CELLS) - {("A", "W"), ("B", "W"), ("A", "N"), ("B", "N")}
    assert narrow(truth, shown) == []
    assert (("A", "W"), 2, 2) in narrow(truth, shown, closed=[EMPTY])


# -- what earlier editions showed


MARGINS = {
    "centres": [place for place in CELLS if place[1] == TOTAL],
    "areas": [place for place in CELLS if place[0] == TOTAL],
    "both": [place for place in CELLS if TOTAL in place],
}


@pytest.mark.parametrize("margin", MARGINS)
@pytest.mark.parametrize("seed", range(3))
def test_with_what_an_earlier_edition_showed_nothing_small_is_narrowed(margin, seed):
    """The edition is protected against readers of both, or refused; what stood in the first is not withheld for others' sake."""
    truth = np.random.default_rng(seed).multinomial(13, [0.3, 0.2, 0.15, 0.15, 0.1, 0.1]).tolist()
    values = values_of(truth)
    first = protect([table_of({place: values[place] for place in MARGINS[margin]})], SMALL).tables
    before = shown_of(first[0])
    try:
        done = protect([table_of(values)], SMALL, [first])
    except InputError:
        assert narrow(truth, before), "nothing is given away by what was shown before"
        return
    now = shown_of(done.tables[0])
    assert before <= now
    if (TOTAL, TOTAL) in now:
        assert narrow(truth, now) == []


# -- order


@BRISK
@given(patients(6, 4, 14), st.permutations(range(len(CELLS))), st.booleans())
def test_neither_the_order_of_tables_nor_that_of_rows_decides(truth, order, turned):
    values = values_of(truth)
    parts = [[place for place in CELLS if place[1] == TOTAL], [place for place in CELLS if place[0] == TOTAL], CELLS]
    tables = [table_of({place: values[place] for place in part}, f"t{number}") for number, part in enumerate(parts)]
    again = [table_of({CELLS[each]: values[CELLS[each]] for each in order if CELLS[each] in part}, f"t{number}")
             for number, part in enumerate(parts)]  # fmt: skip
    once = {made.name: shown_of(made) for made in protect(tables, SMALL).tables}
    twice = {made.name: shown_of(made) for made in protect(again[::-1] if turned else again, SMALL).tables}
    assert once == twice


# -- amounts


MONEY = ("service", "centre")


def spend(amounts):
    rows = {(f"s{order}", f"c{each}"): value for order, own in enumerate(amounts) for each, value in enumerate(own)}
    rows |= {(f"s{order}", TOTAL): sum(own) for order, own in enumerate(amounts)}
    rows[TOTAL, TOTAL] = sum(map(sum, amounts))
    table = known.table([dict(zip(MONEY, place, strict=True)) | {"value": value} for place, value in rows.items()], MONEY)
    return rows, ResultTable(table.columns, name="spend", kind="magnitude", dimensions=MONEY)


def reach(rows, shown, own=()):
    """The range of each withheld amount, by linear programmes over the centres' own; ``own``: what this reader knows besides."""
    inner = [place for place in rows if TOTAL not in place]
    matrix = {place: np.array([float(covering(place)(each)) for each in inner]) for place in rows}
    told = [place for place in rows if place in shown or place in own]
    known_ = {"A_eq": np.array([matrix[each] for each in told]), "b_eq": [rows[each] for each in told]} if told else {}
    found = {}
    for place in set(rows) - set(told):
        ends = [linprog(sign * matrix[place], **known_) for sign in (1.0, -1.0)]
        found[place] = tuple(
            sign * np.inf if each.status == 3 else sign * each.fun for sign, each in zip((1.0, -1.0), ends, strict=True)
        )
        found[place] = (found[place][0], np.inf if ends[1].status == 3 else found[place][1])
    return found


@BRISK
@given(
    st.lists(st.lists(st.sampled_from([1.0, 40.0, 100.0, 120.5, 5000.0]), min_size=1, max_size=4), min_size=1, max_size=3),
    st.sampled_from([{"p_percent": 10.0}, {"dominance": 0.7}, {"p_percent": 20.0, "dominance": 0.6, "amount_width": 0.25}]),
)
def test_no_withheld_amount_is_told_to_within_the_policys_width(amounts, rule):
    policy = Policy(**rule)
    rows, table = spend(amounts)
    made = protect([table], policy).tables[0]
    shown = {(row["service"], row["centre"]) for row in made.rows() if row["status"] == ""}
    for place, (low, high) in reach(rows, shown).items():
        assert low <= rows[place] + 1e-6
        assert np.isinf(high) or high - low >= policy.amount_width * high - 0.01, (place, low, high)


@pytest.mark.parametrize("percent", [5.0, 10.0, 25.0])
def test_the_second_largest_contributor_does_not_have_the_largest_from_a_shown_total(percent):
    """The rule itself, as an attack: of a shown total, who takes his own away has no other to within so many per cent above it."""
    for amounts in ([1000.0, 900.0, 60.0], [1000.0, 900.0, 300.0], [500.0, 30.0, 30.0, 30.0], [400.0, 400.0, 39.0]):
        rows, table = spend([amounts])
        made = protect([table], Policy(p_percent=percent, amount_width=max(0.1, percent / 100))).tables[0]
        shown = {(row["service"], row["centre"]) for row in made.rows() if row["status"] == ""}
        second = sorted(amounts)[-2]
        reader = ("s0", f"c{amounts.index(second) if second != max(amounts) else len(amounts) - amounts[::-1].index(second) - 1}")
        largest = ("s0", f"c{amounts.index(max(amounts))}")
        if largest in shown:
            continue
        high = reach(rows, shown, own={reader})[largest][1]
        assert high - max(amounts) >= percent / 100 * max(amounts) - 1e-6, amounts
