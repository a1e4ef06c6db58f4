"""Percentages without their numbers: the audit finds what listing every numerator and denominator finds."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats.disclosure import Policy, audit
from plenary_stats.disclosure.attacker.shares import Share, narrow, words_of
from plenary_stats.disclosure.attacker.system import Bounds
from plenary_stats.proportions import interval
from plenary_stats.tables import ResultTable, numbers, text

DIMENSIONS = ("centre", "measure")


def rates(rows, method=""):
    """Rows of centre, value, numerator, denominator, lower, upper."""
    names = ("value", "numerator", "denominator", "lower", "upper")
    made = {"centre": text([row[0] for row in rows]), "measure": text(["alive"] * len(rows))}
    made |= {name: numbers([row[place] for row in rows]) for place, name in enumerate(names, 1)}
    made["method"] = text([method] * len(rows))
    made["status"] = text(["c" if row[1] is None else "" for row in rows])
    return ResultTable(made, "outcomes", "rate", DIMENSIONS)


def found(*tables, policy=None):
    return {(row["centre"], row["quantity"]): (row["low"], row["high"]) for row in audit(tables, policy or Policy()).rows()}


def test_one_percentage_of_fewer_than_thirty_is_one_fraction():
    rows = [("A", 0.947, None, None, None, None), ("B", 0.5, 30, 60, None, None), ("C", None, None, None, None, None)]
    ranges = found(rates([*rows, ("Total", None, None, 89, None, None)]))
    assert ranges["A", "denominator"] == (19, 19)
    assert ranges["A", "numerator"] == (18, 18)


def test_what_a_percentage_gives_is_subtracted_too():
    rows = [("A", 0.947, None, None, None, None), ("B", 0.5, 30, 60, None, None), ("C", None, None, None, None, None)]
    assert found(rates([*rows, ("Total", None, None, 85, None, None)]))["C", "denominator"] == (6, 6)


def test_a_percentage_of_a_shown_denominator_is_the_numerator():
    assert found(rates([("A", 0.4667, None, 60, None, None)])) == {("A", "numerator"): (28, 28)}


def test_percentages_up_to_a_hundred():
    assert found(rates([("A", 46.67, None, 60, None, None)])) == {("A", "numerator"): (28, 28)}


def test_rare_events_in_a_hundred_give_their_number():
    """0.8 in a hundred of 250 patients is two, not 200: an interval beside it, or another row with its numbers, says so."""
    made = interval(2, 250, "wilson")
    ends = [round(float(end) * 100, 1) for end in (made.lower, made.upper)]
    rows = [("A", 0.8, None, 250, *ends), ("B", 0.5, 30, 6000, None, None)]
    for shown in (rows[:1], rows, [("A", 0.8, None, 250, None, None), rows[1]]):
        assert found(rates(shown, "wilson")) == {("A", "numerator"): (2, 2)}


@pytest.mark.parametrize("method", ["wilson", "clopper-pearson", "jeffreys"])
def test_an_interval_gives_the_denominator_away(method):
    made = interval(6, 12, method)
    ends = [round(float(end), 3) for end in (made.lower, made.upper)]
    limit = rates([("B", None, None, None, None, None), ("Total", None, None, 60, None, None)])
    ranges = found(rates([("A", 0.5, None, None, *ends)], method), *([] if method == "wilson" else [limit]))
    assert ranges["A", "denominator"] == (12, 12)


def test_the_policy_says_how_shares_were_rounded():
    """0.5 to one place might be 0.45 to 0.55; as one of three places it is a half."""
    rows = [("A", 0.5, None, 60, None, None)]
    assert found(rates(rows), policy=Policy(precision=1)) == {("A", "numerator"): (27, 33)}
    assert found(rates(rows), policy=Policy(precision=3)) == {("A", "numerator"): (30, 30)}


def test_the_longest_figure_of_a_column_says_it_else():
    rows = [("A", 0.5, None, 60, None, None), ("B", 0.333, None, 90, None, None)]
    assert found(rates(rows))["A", "numerator"] == (30, 30)


def test_survival_is_no_share():
    assert found(rates([("A", 0.5, None, 60, None, None)], "Kaplan-Meier")) == {}


def test_nothing_bounds_a_denominator_that_may_be_anything():
    low, high = found(rates([("A", 0.947, None, None, None, None)]))["A", "denominator"]
    assert (low, high) == (19, None)


def test_a_rate_of_residents_is_their_number():
    columns = {"area": text(["N", "S"]), "measure": text(["patients"] * 2), "status": text(["", ""])}
    columns |= {"value": numbers([20.0, 7.3333]), "numerator": numbers([40, None]), "denominator": numbers([2e6, 3e6])}
    table = ResultTable(columns, "access", "exposure", ("area", "measure"))
    [row] = audit([table], Policy()).rows()
    assert (row["area"], row["low"], row["high"]) == ("S", 22, 22)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.integers(1, 29), st.data(), st.integers(1, 3), st.booleans())
def test_the_ends_are_those_of_every_fraction(of, data, places, with_interval):
    met = data.draw(st.integers(0, of))
    made = interval(met, of)
    ends = [round(float(end), places) for end in (made.lower, made.upper)] if with_interval else [None, None]
    rows = [("A", round(met / of, places), None, None, *ends)]
    limit = rates([("B", None, None, None, None, None), ("Total", None, None, 29, None, None)])
    ranges = found(rates(rows, "Wilson 95% interval"), limit, policy=Policy(precision=places))
    half = 0.5 * 10.0**-places + 1e-9
    every = [(part, whole) for whole in range(1, 30) for part in range(whole + 1)]
    wide = interval([part for part, _ in every], [whole for _, whole in every])
    fits = []
    for (part, whole), lower, upper in zip(every, wide.lower.tolist(), wide.upper.tolist(), strict=True):
        near = abs(part / whole - rows[0][1]) <= half
        if with_interval:
            near &= abs(lower - ends[0]) <= half and abs(upper - ends[1]) <= half
        if near:
            fits.append((part, whole))
    assert ranges["A", "denominator"] == (min(whole for _, whole in fits), max(whole for _, whole in fits))
    assert ranges["A", "numerator"] == (min(part for part, _ in fits), max(part for part, _ in fits))
    assert (met, of) in fits


def test_a_share_that_no_numbers_give_is_left_alone():
    rows = [("A", 0.9996, None, None, None, None), ("B", None, None, None, None, None), ("Total", None, None, 29, None, None)]
    assert found(rates(rows))["A", "denominator"] == (0, 29)


@pytest.mark.parametrize(
    ("value", "lower", "upper", "met", "of"),
    [(0.38, 0.18, 0.64, 5, 13), (0.38, 0.18, 0.61, 6, 16), (0.91, 0.62, 0.98, 10, 11), (0.91, 0.73, 0.98, 21, 23)],
)
def test_either_limit_tells_two_fractions_apart(value, lower, upper, met, of):
    """5 of 13 and 6 of 16 are both 38%, from 18% on: what they go up to is not the same; of 10 and 21 the beginning is not."""
    limit = rates([("B", None, None, None, None, None), ("Total", None, None, 29, None, None)])
    ranges = found(rates([("A", value, None, None, lower, upper)], "wilson"), limit, policy=Policy(precision=2))
    assert ranges["A", "numerator"] == (met, met)
    assert ranges["A", "denominator"] == (of, of)


def behind(share, low, high):
    """What one look at a share leaves of numerator, denominator and complement."""
    bounds = Bounds(np.array(low, dtype=float), np.array(high, dtype=float), np.ones(len(low), dtype=bool))
    moved = narrow([share], bounds)
    return moved, list(zip(bounds.low.tolist(), bounds.high.tolist(), strict=True))


NAN = float("nan")
HALF = Share(0.5, 1e-9, NAN, NAN, 0.0, None, numerator=0, denominator=1, complement=2)


def test_those_not_met_bound_a_share_as_those_met_do():
    """A half of whom at most three were not met: at most six, and at least two."""
    assert behind(HALF, [0, 1, 0], [50, 100, 3]) == (True, [(1, 3), (2, 6), (1, 3)])
    assert behind(HALF, [0, 1, 3], [50, 10, 50]) == (True, [(3, 5), (6, 10), (3, 5)])
    assert behind(HALF, [3, 1, 0], [4, 100, 50]) == (True, [(3, 4), (6, 8), (3, 4)])


def test_what_is_as_narrow_already_does_not_move():
    assert behind(HALF, [1, 2, 1], [3, 6, 3]) == (False, [(1, 3), (2, 6), (1, 3)])


def test_a_share_without_a_cell_of_those_not_met_bounds_the_other_two():
    alone = replace(HALF, complement=-1)
    assert behind(alone, [0, 1, 9], [50, 7, 9]) == (True, [(1, 3), (2, 6), (9, 9)])


@pytest.mark.parametrize("lacking", ["numerator", "denominator"])
def test_a_share_of_nobody_who_is_listed_says_nothing(lacking):
    assert behind(replace(HALF, **{lacking: -1}), [0, 1, 0], [50, 7, 50]) == (False, [(0, 50), (1, 7), (0, 50)])


def residents(value, population, precision):
    """Patients in all behind a rate per million that was rounded."""
    columns = {"area": text(["N", "S"]), "measure": text(["patients"] * 2), "status": text(["", ""])}
    columns |= {"value": numbers([20.0, value]), "numerator": numbers([40, None]), "denominator": numbers([2e6, population])}
    table = ResultTable(columns, "access", "exposure", ("area", "measure"))
    [row] = [row for row in audit([table], Policy(precision=precision)).rows() if row["area"] == "S"]
    return row["low"], row["high"]


def test_a_rounded_rate_of_residents_leaves_what_rounds_to_it_ends_included():
    """7 per million of three million is 6.5 to 7.5: 20 to 22 patients; of two million 13 to 15, both of which are ends."""
    assert residents(7.0, 3e6, 0) == (20, 22)
    assert residents(7.0, 2e6, 0) == (13, 15)


def test_a_denominator_too_large_to_be_tried_has_no_end_and_a_smaller_one_has():
    """An eighth to one place is 0.1: of many thousands anything goes; where there are 16 at most it is 1 of 7 to 2 of 16."""
    eighth = replace(HALF, value=0.1, half=0.05)
    (_, [met, of, _]) = behind(eighth, [1, 1, 0], [np.inf] * 3)
    assert (of[1], met[1]) == (np.inf, np.inf)
    (_, [met, of, _]) = behind(eighth, [1, 1, 0], [np.inf, 16, np.inf])
    assert (met, of) == ((1, 2), (7, 16))


def test_words_name_the_share_and_its_interval_for_each_cell_behind_it():
    with_limits = replace(HALF, value=0.25, lower=0.1, upper=0.5)
    assert set(words_of([with_limits])) == {0, 1, 2}
    assert words_of([with_limits])[1] == "the share 0.25 and its interval 0.1 to 0.5 shown beside it"
    assert words_of([replace(HALF, complement=-1)]) == dict.fromkeys((0, 1), "the share 0.5 shown beside it")


def test_a_share_that_was_not_rounded_is_the_numerator_of_its_denominator():
    assert found(rates([("A", 28 / 60, None, 60, None, None)])) == {("A", "numerator"): (28, 28)}
    assert found(rates([("A", 100 * 28 / 60, None, 60, None, None)])) == {("A", "numerator"): (28, 28)}


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_each_cell_behind_a_share_is_narrowed_whatever_its_number(order):
    """A half of whom at most three were not met: the first cell of all counts like any other."""
    met, of, missed = order
    low, high = np.zeros(3), np.zeros(3)
    low[list(order)], high[list(order)] = [0, 1, 0], [50, 100, 3]
    _, ends = behind(replace(HALF, numerator=met, denominator=of, complement=missed), low, high)
    assert [ends[each] for each in order] == [(1, 3), (2, 6), (1, 3)]
    assert set(words_of([replace(HALF, numerator=met, denominator=of, complement=missed)])) == {0, 1, 2}


RESIDENTS = Share(7e-6, 0.5e-6, NAN, NAN, 0.0, None, numerator=0, denominator=-1, complement=-1, population=3e6)


@pytest.mark.parametrize(
    ("share", "left"),
    [
        (RESIDENTS, (20, 22)),
        (replace(RESIDENTS, half=0.0), (21, 21)),
        (replace(RESIDENTS, value=7.1e-6, half=1e-8), (0, 99)),  # between 21 and 22: somebody counted otherwise
        (replace(RESIDENTS, numerator=-1), (0, 99)),
        (replace(RESIDENTS, value=50e-6), (0, 99)),  # 150 and more, and it is 99 at most: they do not agree
    ],
)
def test_a_rate_of_residents_narrows_their_number_where_it_agrees_with_it(share, left):
    moved, [ends] = behind(share, [0], [99])
    assert (moved, ends) == (left != (0, 99), left)


def test_an_interval_by_a_method_that_nobody_named_is_left_alone():
    """Limits that fit no pair of numbers would leave nothing; without a method nobody can tell."""
    strange = replace(HALF, lower=0.49, upper=0.51)
    assert behind(strange, [0, 1, 0], [50, 8, 50]) == behind(HALF, [0, 1, 0], [50, 8, 50])
    assert behind(replace(strange, method="wilson"), [0, 1, 0], [50, 8, 50]) == (False, [(0, 50), (1, 8), (0, 50)])
