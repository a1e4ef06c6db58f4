import numpy as np

from plenary_stats.disclosure.attacker.system import Ranges, System
from plenary_stats.disclosure.suppressor.cells import Sum


def system(low, high, sums, columns) -> System:
    ranges = Ranges(np.array(low, dtype=float), np.array(high, dtype=float), np.ones(len(low), dtype=bool))
    return System.of(ranges, columns, sums)


def test_settled_cells_go_to_the_right_hand_side():
    made = system([50, 0, 12, 0], [50, 99, 12, 99], [Sum(0, (1, 2, 3))], [1, 3])
    assert made.rows == [{0: 1.0, 1: 1.0}]
    assert made.right == [(38.0, 38.0)]


def test_two_parts_of_a_known_whole_become_one():
    made = system([38, 0, 5], [38, 99, 99], [Sum(0, (1, 2))], [1, 2])
    assert made.merge()
    rows, _, columns, _ = made.compact()
    assert rows == []
    assert len(columns.low) == 1
    low, high = made.unmerged(columns.low, columns.high)
    assert (low.tolist(), high.tolist()) == ([0.0, 5.0], [33.0, 38.0])


def test_a_chain_of_equal_cells_becomes_one():
    made = system([0, 1, 2], [9, 8, 7], [Sum(0, (1,)), Sum(1, (2,))], [0, 1, 2])
    assert made.merge()
    _, _, columns, _ = made.compact()
    low, high = made.unmerged(columns.low, columns.high)
    assert (set(low), set(high)) == ({2.0}, {7.0})


def test_equations_that_cannot_hold_are_noticed():
    """x + y = 5 and x + y = 7."""
    made = system([5, 7, 0, 0], [5, 7, 99, 99], [Sum(0, (2, 3)), Sum(1, (2, 3))], [2, 3])
    assert not made.merge()


def test_an_open_sum_is_no_equation():
    made = system([38, 0, 0], [38, 99, 99], [Sum(0, (1, 2), open=True)], [1, 2])
    assert made.merge()
    rows, right, _, _ = made.compact()
    assert len(rows) == 1
    assert (right.low[0], right.high[0]) == (-np.inf, 38.0)


def test_the_same_equation_twice_is_kept_once():
    made = system([90, 0, 0, 0], [90, 99, 99, 99], [Sum(0, (1, 2, 3)), Sum(0, (3, 2, 1))], [1, 2, 3])
    assert made.merge()
    assert len(made.compact()[0]) == 1
