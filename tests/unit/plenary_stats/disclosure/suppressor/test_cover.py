"""The covering problem against every choice there is."""

from itertools import product

import numpy as np
import pytest

from plenary_stats.disclosure.suppressor import cover as cover_module
from plenary_stats.disclosure.suppressor.cover import Cover, Cuts, cut


def one(columns, least=1.0, owner=-1, factors=None, sound=True):
    return cut(np.array(columns), np.ones(len(columns)) if factors is None else np.array(factors), least, owner, sound=sound)


def satisfied(chosen, each):
    got = sum(factor for column, factor in zip(each.columns, each.factors, strict=True) if chosen[column])
    return got >= each.least[0] * (each.owners[0] < 0 or chosen[each.owners[0]]) - 1e-9


def cheapest(cost, forced, cuts):
    choices = [np.array(each) for each in product((False, True), repeat=len(cost))]
    fit = [each for each in choices if each[forced].all() and all(satisfied(each, one_) for one_ in cuts)]
    return min(float(cost[each].sum()) for each in fit)


def test_the_cheapest_of_a_cut_is_chosen():
    cover = Cover(np.array([3.0, 1.0, 2.0]), np.zeros(3, dtype=bool))
    cover.add(one([0, 1, 2]))
    answer = cover.solve()
    assert answer.chosen.tolist() == [False, True, False]
    assert answer.bound == pytest.approx(1.0)


def test_without_cuts_only_what_is_forced_is_chosen():
    cover = Cover(np.array([3.0, 1.0]), np.array([True, False]))
    answer = cover.solve()
    assert answer.chosen.tolist() == [True, False]
    assert answer.bound == 3.0
    assert cover.solve(np.array([False, True])).chosen.tolist() == [True, True]


def test_a_cut_counts_only_with_its_owner():
    cover = Cover(np.array([1.0, 1.0, 5.0]), np.zeros(3, dtype=bool))
    cover.add(one([2], owner=0))
    assert not cover.solve().chosen.any()
    cover.add(one([0, 1]))
    assert cover.solve().chosen.tolist() == [False, True, False]
    cover.add(one([0]))
    assert cover.solve().chosen.tolist() == [True, False, True]


def test_room_adds_up():
    cover = Cover(np.array([1.0, 1.0, 1.5]), np.zeros(3, dtype=bool))
    cover.add(one([0, 1, 2], least=5.0, factors=[2.0, 2.0, 5.0]))
    assert cover.solve().chosen.tolist() == [False, False, True]


def test_what_nothing_can_satisfy_is_left_out():
    cover = Cover(np.array([1.0, 1.0]), np.zeros(2, dtype=bool))
    cover.add(one([0], least=5.0, factors=[2.0]))
    cover.add(one([1]))
    assert cover.solve().chosen.tolist() == [False, True]


def test_a_guess_is_no_proof():
    cover = Cover(np.array([1.0, 2.0]), np.zeros(2, dtype=bool))
    cover.add(one([0]))
    cover.add(one([1], sound=False))
    assert cover.solve().bound == pytest.approx(3.0)
    assert cover.solve(sound=True).bound == pytest.approx(1.0)
    assert cover.solve(sound=True).chosen.tolist() == [True, False]


def test_what_was_solved_is_remembered_and_what_changed_is_not():
    cover = Cover(np.array([1.0, 2.0, 1.0, 2.0]), np.zeros(4, dtype=bool))
    cover.add(one([0, 1]))
    cover.add(one([2, 3]))
    cover.solve()
    cover.cost = np.array([3.0, 2.0, 9.0, 2.0])  # noticed only where something is asked again
    cover.add(one([3]))
    answer = cover.solve()
    assert answer.chosen.tolist() == [True, False, False, True]
    assert answer.bound == pytest.approx(1.0 + 2.0)


def test_several_cuts_are_joined_row_by_row():
    joined = Cuts.joined([one([0, 1]), one([2], owner=1, sound=False)])
    assert joined.rows.tolist() == [0, 0, 1]
    assert joined.columns.tolist() == [0, 1, 2]
    assert joined.owners.tolist() == [-1, 1]
    assert joined.sound.tolist() == [True, False]


@pytest.mark.parametrize("seed", range(25))
def test_no_choice_is_cheaper(seed, monkeypatch):
    """Random cuts, with room, owners and cells that are withheld in any case: the cost and the bound are the least there is."""
    random = np.random.default_rng(seed)
    size = 8
    cost = random.integers(1, 9, size) + random.random(size)
    forced = random.random(size) < 0.15
    cuts = []
    for _ in range(7):
        columns = random.choice(size, random.integers(2, 5), replace=False)
        owner = int(random.choice(np.setdiff1d(np.arange(size), columns))) if random.random() < 0.4 else -1
        factors = random.integers(1, 5, len(columns)).astype(float)
        cuts.append(one(columns, float(min(random.integers(1, 6), factors.sum())), owner, factors))
    if seed % 3 == 0:  # the same by integer programmes, for parts that branching leaves
        monkeypatch.setattr(cover_module, "NODES", 1)
    cover = Cover(cost, forced)
    for place, each in enumerate(cuts):
        cover.add(each)
        if seed % 2 and place > 2:
            cover.solve()  # cut by cut, as the engine does
    answer = cover.solve()
    assert all(satisfied(answer.chosen, each) for each in cuts)
    best = cheapest(cost, forced, cuts)
    assert cost[answer.chosen].sum() == pytest.approx(best)
    assert answer.bound == pytest.approx(best)
