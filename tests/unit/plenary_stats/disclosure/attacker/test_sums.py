"""Sums as arrays: the margins of random tables are those that a plain loop finds."""

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
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
