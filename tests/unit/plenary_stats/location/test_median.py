import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats.location.median import Lagrange, Search, _Node, greedy, swapped, two_nearest

NONE = np.zeros(0, dtype=np.intp)


def costs(seed, sites=8, places=30):
    return np.random.default_rng(seed).uniform(1, 100, (sites, places))


def test_the_two_nearest():
    cost = np.array([[1.0, 9], [5, 2], [3, 4]])
    first, second, which = two_nearest(cost, np.array([0, 1, 2]))
    assert (first.tolist(), second.tolist(), which.tolist()) == ([1, 2], [3, 4], [0, 1])
    first, second, which = two_nearest(cost, np.array([2]))
    assert (first.tolist(), second.tolist(), which.tolist()) == ([3, 4], [np.inf, np.inf], [0, 0])


def test_greedy_takes_what_saves_most_and_keeps_what_is_fixed():
    cost = np.array([[1.0, 9, 9], [9, 1, 1], [5, 5, 5]])
    assert greedy(cost, 1, NONE).tolist() == [1]
    assert greedy(cost, 2, NONE).tolist() == [1, 0]
    assert greedy(cost, 2, np.array([2])).tolist() == [2, 1]


@settings(deadline=None)
@given(st.integers(0, 1000), st.integers(1, 6))
def test_after_the_swaps_no_swap_saves(seed, p):
    cost = costs(seed)
    sites, total = swapped(cost, np.arange(p), NONE)
    assert total == pytest.approx(cost[sites].min(axis=0).sum())
    for place in range(p):
        for site in set(range(8)) - set(sites.tolist()):
            other = sites.copy()
            other[place] = site
            assert cost[other].min(axis=0).sum() >= total * (1 - 1e-8)


def test_a_fixed_site_is_not_swapped_away():
    sites, _ = swapped(costs(1), np.array([7, 6]), np.array([7]))
    assert 7 in sites


@settings(deadline=None)
@given(st.integers(0, 1000), st.integers(1, 6), st.integers(0, 60))
def test_the_bound_is_below_every_choice_and_what_it_rules_out_is_not_needed(seed, p, steps):
    cost = costs(seed)
    best = Search(cost, 1000)
    best.run(p, NONE)
    search = Search(cost, 1000)
    search.best, search.above = swapped(cost, greedy(cost, p, NONE), NONE)
    bound = Lagrange(search, _Node(np.arange(8), NONE, cost.min(axis=0), -np.inf), p)
    bound.climb(steps)
    assert bound.below <= best.above * (1 + 1e-9)
    inside = set(bound.open.tolist()) <= set(best.best.tolist()) <= set(bound.sites.tolist())
    assert inside or search.above <= best.above * (1 + 2e-9)


def test_whole_costs_need_no_bound_closer_than_one():
    search = Search(np.array([[1.0, 2], [3, 4]]), 10)
    search.run(1, NONE)
    assert search.whole
    assert search.enough == pytest.approx(2, abs=1e-5)
    search = Search(np.array([[1.5, 2], [3, 4]]), 10)
    search.run(1, NONE)
    assert not search.whole
    assert search.enough == pytest.approx(3.5, rel=1e-8)
