"""Sums as arrays: the margins of random tables are those that a plain loop finds."""

from collections import defaultdict
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats.disclosure.attacker.sums import Sums, margins

NAN = np.nan


def pairs(sums):
    return [(whole, parts, bool(loose)) for (whole, parts), loose in zip(sums, sums.open.tolist(), strict=True)]


def test_sums_are_read_as_they_were_made():
    made = Sums.of([(0, (1, 2)), (3, (4,))])
    assert list(made) == [(0, (1, 2)), (3, (4,))]
    assert list(Sums.joined([made, Sums.none(), made.chosen(np.array([1]))])) == [(0, (1, 2)), (3, (4,)), (3, (4,))]
    assert list(Sums.of_rows(np.array([[0, 1, 2], [5, 6, 7]]))) == [(0, (1, 2)), (5, (6, 7))]


def test_the_same_sum_is_kept_once_whatever_the_order_of_its_parts():
    assert list(Sums.of([(0, (1, 2)), (0, (2, 1)), (1, (2,)), (2, (1,))]).distinct()) == [(0, (1, 2)), (1, (2,)), (2, (1,))]


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([70.0, 30.0, 40.0], [(0, (1, 2), False)]),
        ([60.0, 30.0, 40.0], []),
        ([90.0, 30.0, 40.0], [(0, (1, 2), True)]),
        ([90.0, NAN, 40.0], [(0, (1, 2), False)]),
        ([30.0, NAN, 40.0], []),
        ([NAN, 30.0, 40.0], [(0, (1, 2), False)]),
    ],
)
def test_a_total_is_believed_unless_its_parts_exceed_it(values, found):
    assert pairs(Sums.of([(0, (1, 2))]).believed(np.array(values))) == found


def test_an_open_sum_stays_open():
    assert pairs(Sums.of([(0, (1, 2))], at_least=True).believed(np.array([NAN, NAN, NAN]))) == [(0, (1, 2), True)]


def test_what_a_free_cell_always_satisfies_tells_nothing_and_neither_does_what_hangs_on_it():
    chain = Sums.of([(0, (1,)), (1, (2, 3)), (4, (2, 5))])
    free = np.array([True, True, False, False, False, True])
    assert list(chain.telling(free)) == [(4, (2, 5))], "cell 5 leaves that 4 is at least 2"
    assert list(chain.telling(np.zeros(6, bool))) == list(chain)
    assert len(chain.telling(np.ones(6, bool))) == 0


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 2)), unique=True, max_size=25), st.integers(1, 2))
def test_a_total_is_the_sum_of_all_that_stands_beside_it(rows, column):
    """Code 0 is the total."""
    names, named = np.array(rows, dtype=np.int64).reshape(-1, 3), np.arange(len(rows))
    lines = defaultdict(dict)
    for cell, row in enumerate(rows):
        lines[row[:column] + row[column + 1 :]][row[column]] = cell
    expected = {
        (line[0], frozenset(line[code] for code in line if code)) for line in lines.values() if 0 in line and len(line) > 1
    }
    assert {(whole, frozenset(parts)) for whole, parts in margins(names, named, column, 0)} == expected


def test_what_is_withheld_counts_nothing_where_parts_are_added_up():
    """A whole of 40 beside a shown 40 and a withheld part is a total: the part is a nought."""
    assert pairs(Sums.of([(0, (1, 2))]).believed(np.array([40.0, NAN, 40.0]))) == [(0, (1, 2), False)]
    assert pairs(Sums.of([(0, (1, 2))]).believed(np.array([40.0, 0.6, 40.0]))) == []
    assert pairs(Sums.of([(0, (1, 2))]).believed(np.array([40.0, 0.5, 40.0]))) == [(0, (1, 2), False)]


def test_only_the_sums_that_are_contradicted_are_dropped_and_only_complete_ones_opened():
    sums = Sums.of([(0, (1, 2)), (3, (1, 2)), (4, (1, 5)), (6, (1, 2))])
    values = np.array([70.0, 30.0, 40.0, 60.0, 90.0, NAN, 99.0])
    assert pairs(sums.believed(values)) == [(0, (1, 2), False), (4, (1, 5), False), (6, (1, 2), True)]


def test_some_of_the_sums_keep_their_parts_and_whether_they_are_open():
    made = Sums.joined([Sums.of([(0, (1, 2))]), Sums.of([(3, (4,)), (5, (6, 7, 8))], at_least=True)])
    assert pairs(made.chosen(np.array([False, True, True]))) == [(3, (4,), True), (5, (6, 7, 8), True)]
    assert pairs(made.chosen(np.array([2, 0]))) == [(5, (6, 7, 8), True), (0, (1, 2), False)]
    assert made.total(np.arange(9.0)).tolist() == [3.0, 4.0, 21.0]


def test_a_free_cell_that_stands_in_two_sums_ties_them():
    both = Sums.of([(0, (1, 2)), (3, (1, 4))])
    assert list(both.telling(np.array([False, True, False, False, False]))) == list(both)


def test_the_first_of_several_dimensions_has_its_margins_too():
    names = np.array([[0, 0, 1], [0, 1, 1], [0, 2, 1], [0, 1, 2], [1, 1, 1]])
    assert list(margins(names, np.arange(5), 1, 0)) == [(0, (1, 2))]
    assert list(margins(names[:0], np.arange(0), 1, 0)) == []


def test_a_number_under_two_names_has_the_margins_of_both():
    names = np.array([[0, 0], [0, 1], [1, 0], [1, 1], [1, 2]])
    assert list(margins(names, np.array([5, 3, 6, 3, 4]), 1, 0)) == [(5, (3,)), (6, (3, 4))]


def test_a_total_of_one_more_than_its_parts_leaves_room_for_one():
    assert pairs(Sums.of([(0, (1, 2))]).believed(np.array([71.0, 30.0, 40.0]))) == [(0, (1, 2), True)]


def test_a_free_whole_of_two_sums_that_is_a_part_too_ties_all_three():
    tied = Sums.of([(1, (2,)), (1, (3,)), (0, (1, 4))])
    assert list(tied.telling(np.array([False, True, False, False, False]))) == list(tied)


TINY = st.lists(
    st.tuples(st.integers(0, 4), st.sets(st.integers(0, 4), min_size=1, max_size=2)).filter(lambda each: each[0] not in each[1]),
    max_size=4,
)


def left(sums, most):
    """Every world of five cells that satisfies some sums, but for the last two cells: those stand nowhere else."""
    worlds = np.array(list(product(*(range(limit + 1) for limit in most))))
    fits = np.ones(len(worlds), dtype=bool)
    for whole, parts in sums:
        fits &= worlds[:, whole] == worlds[:, list(parts)].sum(axis=1)
    return {tuple(world[:3]) for world in worlds[fits].tolist()}


@settings(max_examples=30, deadline=None, derandomize=True)
@given(TINY)
def test_what_tells_nothing_may_be_left_out_and_nothing_else_is(drawn):
    """Cells 3 and 4 stand in no table: whatever is dropped for their sake, the others can be what they could be, and no more."""
    sums = Sums.of([(whole, tuple(sorted(parts))) for whole, parts in drawn])
    kept = sums.telling(np.array([False, False, False, True, True]))
    assert set(kept) <= set(sums)
    most = (2, 2, 2, 6, 6)  # enough for whatever the three of them ask of the other two
    assert left(kept, most) == left(sums, most)
    assert list(kept.telling(np.array([False, False, False, True, True]))) == list(kept), "what is left tells something"


@settings(max_examples=30, deadline=None, derandomize=True)
@given(TINY, st.lists(st.one_of(st.just(NAN), st.integers(0, 4).map(float)), min_size=5, max_size=5))
def test_sums_are_believed_as_a_plain_loop_believes_them(drawn, values):
    sums = Sums.of([(whole, tuple(sorted(parts))) for whole, parts in drawn])
    expected = []
    for whole, parts in sums:
        shown = sum(values[part] for part in parts if values[part] == values[part])
        if values[whole] == values[whole] and shown > values[whole]:
            continue
        complete = all(values[part] == values[part] for part in parts)
        expected.append((whole, parts, complete and values[whole] == values[whole] and values[whole] > shown))
    assert pairs(sums.believed(np.array(values))) == expected
