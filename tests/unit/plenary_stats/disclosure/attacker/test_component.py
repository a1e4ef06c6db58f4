"""One part of the sums: its ranges are those of every whole solution, listed."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats.disclosure.attacker.component import Component, cut_out, patterns
from plenary_stats.disclosure.attacker.sums import Sums
from plenary_stats.disclosure.attacker.system import Bounds, ContradictionError, Rows


def component(rows, right, most):
    row, column = np.nonzero(rows)
    limits = np.array(right, dtype=float)
    size = rows.shape[1]
    made = Rows(row, column, rows[row, column].astype(float), limits, limits)
    return Component(made, Bounds(np.zeros(size), np.full(size, float(most)), np.ones(size, bool)))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.sampled_from([0, 0, 1, 1, -1]), min_size=6, max_size=6), min_size=1, max_size=4), st.data())
def test_the_ranges_are_those_of_every_whole_solution(drawn, data):
    rows = np.array([row for row in drawn if any(row)] or [[1] * 6])
    truth = data.draw(st.lists(st.integers(0, 3), min_size=6, max_size=6))
    right = rows @ truth
    every = np.array(list(product(range(4), repeat=6)))
    fits = every[(every @ rows.T == right).all(axis=1)]
    low, high = component(rows, right, 3).ranges()
    assert low.tolist() == fits.min(axis=0).tolist()
    assert high.tolist() == fits.max(axis=0).tolist()


def test_a_corner_that_is_not_whole_proves_nothing():
    """x + y, y + z and z + x are 1 at most and 3 numbers: by halves all could be a half; whole, one of them is 1."""
    rows = np.array([[1, 1, 0, 1, 0, 0], [0, 1, 1, 0, 1, 0], [1, 0, 1, 0, 0, 1]])
    part = component(rows, [1, 1, 1], 1)
    half = np.array([0.5, 0.5, 0.5, 0, 0, 0])
    assert not part.reach(half)
    assert part.reach(np.array([1.0, 0, 0, 0, 1, 0]))
    assert not part.reach(np.array([1.0, 1, 0, 0, 0, 0])), "it breaks a row"
    assert not part.reach(np.array([0.0, 0, 0, 1, 1, 2])), "it breaks a row and a bound"


def test_what_no_numbers_satisfy_is_refused():
    with pytest.raises(ContradictionError):
        component(np.array([[1, 1, 1, 1]]), [50], 3).ranges()


def test_a_number_without_a_limit_has_none():
    rows = Rows(np.array([0, 0]), np.array([0, 1]), np.array([1.0, -1.0]), np.array([5.0]), np.array([5.0]))
    low, high = Component(rows, Bounds(np.zeros(2), np.full(2, np.inf), np.ones(2, bool))).ranges()
    assert (low.tolist(), high.tolist()) == ([5.0, 0.0], [np.inf, np.inf])


def test_money_need_not_be_whole():
    rows = Rows(np.array([0, 0]), np.array([0, 1]), np.ones(2), np.array([7.5]), np.array([7.5]))
    low, high = Component(rows, Bounds(np.zeros(2), np.full(2, 7.5), np.zeros(2, bool))).ranges()
    assert (low.tolist(), high.tolist()) == ([0.0, 0.0], [7.5, 7.5])


def test_an_integer_programme_gives_what_corners_give():
    rows = np.array([[1, 1, 1, 0], [0, 1, 1, 1]])
    part = component(rows, [4, 3], 3)
    low, high = component(rows, [4, 3], 3).ranges()
    assert [part.solve(cell, 1.0)[cell] for cell in range(4)] == low.tolist()
    assert [part.solve(cell, -1.0)[cell] for cell in range(4)] == high.tolist()


def test_a_large_part_is_as_exact_as_a_small_one():
    """Twelve services of three cells with known sums, and a known sum over all services of each: more than is tried by listing."""
    random = np.random.default_rng(4)
    truth = random.integers(0, 9, (30, 3))
    rows = np.vstack([np.kron(np.eye(30), np.ones(3)), np.kron(np.ones(30), np.eye(3))])
    part = component(rows, rows @ truth.reshape(-1), 400)
    low, high = part.ranges()
    proof = component(rows, rows @ truth.reshape(-1), 400)
    for cell in (0, 17, 44, 89):
        assert low[cell] == round(proof.solve(cell, 1.0)[cell])
        assert high[cell] == round(proof.solve(cell, -1.0)[cell])


def test_other_columns_may_stand_where_they_are():
    rows = Rows.of(Sums.of([(0, (1, 2)), (3, (1, 2))]))
    own = cut_out(rows, np.array([1]), np.array([1, 3]), 4, np.array([0.0, 0, 7, 0]))
    assert (own.column.tolist(), own.factor.tolist()) == ([1, 0], [-1.0, 1.0])
    assert (own.low.tolist(), own.high.tolist()) == ([-7.0], [-7.0])


def test_the_same_corners_are_visited_every_time():
    assert all(np.array_equal(one, other) for one, other in zip(patterns(50), patterns(50), strict=True))
    assert len({tuple(each) for each in patterns(50)}) == len(patterns(50))
