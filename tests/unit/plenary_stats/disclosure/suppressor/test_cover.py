"""The covering problem against every choice there is."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from plenary_stats.disclosure.suppressor import cover as cover_module
from plenary_stats.disclosure.suppressor.cover import Cover, Cuts, _branched, _left_over, _parts, cut


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
    cover.add(one([0], factors=[0.25]))
    assert cover.solve().chosen.tolist() == [False, True], "a quarter is not enough either"


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


# -- what is forced, taken, or owned


def free(size, *forced):
    marks = np.zeros(size, dtype=bool)
    marks[list(forced)] = True
    return marks


def test_what_is_withheld_in_any_case_counts_towards_a_cut_and_costs_what_it_costs():
    cover = Cover(np.array([4.0, 3.0, 1.0, 1.0]), free(4, 0))
    cover.add(one([0, 1, 2, 3], least=5.0, factors=[2.0, 3.0, 2.0, 1.0]))
    answer = cover.solve()
    assert answer.chosen.tolist() == [True, False, True, True], "three of five are lacking, for two and not for three"
    assert answer.bound == pytest.approx(6.0)
    cover.add(one([0, 1], least=2.0, factors=[2.0, 2.0]))
    assert cover.solve().bound == pytest.approx(6.0), "what is satisfied already asks for nothing"


def test_a_cut_whose_owner_is_withheld_in_any_case_always_counts():
    cover = Cover(np.array([0.0, 1.0, 2.0]), free(3, 0))
    cover.add(one([1, 2], owner=0))
    assert cover.solve().chosen.tolist() == [True, True, False]


def test_an_owner_that_asks_for_more_than_there_is_is_not_chosen():
    """Column 0 would do for the second cut, but it asks for more than all others together can give."""
    cover = Cover(np.array([1.0, 1.0, 9.0]), free(3))
    cover.add(one([1], least=3.0, owner=0, factors=[2.0]))
    cover.add(one([0, 2]))
    assert cover.solve().chosen.tolist() == [False, False, True]


def test_owners_ask_for_one_another_until_nobody_asks():
    """0 asks for 1, 1 for 2, 2 for 3: whoever wants the first pays for all, or goes another way."""
    cover = Cover(np.array([1.0, 1.0, 1.0, 1.0, 5.0]), free(5))
    for each in range(3):
        cover.add(one([each + 1], owner=each))
    cover.add(one([0, 4]))
    assert cover.solve().chosen.tolist() == [True, True, True, True, False]
    cover.cost[3] = 9.0
    dear = Cover(cover.cost, free(5), cover.cuts)
    assert dear.solve().chosen.tolist() == [False, False, False, False, True]


def test_what_is_taken_for_one_question_is_forgotten_for_the_next():
    cover = Cover(np.array([1.0, 2.0, 5.0]), free(3))
    cover.add(one([0, 1, 2]))
    first = cover.solve()
    taken = cover.solve(free(3, 2))
    assert taken.chosen.tolist() == [False, False, True]
    assert taken.bound == pytest.approx(5.0)
    again = cover.solve()
    assert again.chosen.tolist() == first.chosen.tolist() == [True, False, False]
    assert again.bound == first.bound == pytest.approx(1.0)


def test_what_is_asked_of_sound_cuts_alone_leaves_the_choice_as_it_was():
    cover = Cover(np.array([1.0, 1.0]), free(2))
    cover.add(one([0]))
    cover.add(one([1], sound=False))
    assert cover.solve().chosen.all()
    assert cover.solve(sound=True).bound == pytest.approx(1.0)
    assert cover.solve().chosen.all()
    assert cover.solve().bound == pytest.approx(2.0)


def test_no_cuts_are_not_noted():
    cover = Cover(np.array([1.0]), free(1))
    none = np.zeros(0, dtype=np.int64)
    cover.add(Cuts(none, none, np.zeros(0), np.zeros(0), none, np.zeros(0, dtype=bool)))
    assert cover.cuts == []
    assert not cover.solve().chosen.any()


def test_joined_cuts_keep_what_each_asks_for():
    several = [one([0, 1], least=3.0, factors=[1.0, 2.0]), one([4], least=2.0, factors=[5.0]), one([2, 3])]
    joined = Cuts.joined(several)
    assert joined.rows.tolist() == [0, 0, 1, 2, 2]
    assert joined.factors.tolist() == [1.0, 2.0, 5.0, 1.0, 1.0]
    assert joined.least.tolist() == [3.0, 2.0, 1.0]
    twice = Cuts.joined([joined, joined])
    assert twice.rows.tolist() == [0, 0, 1, 2, 2, 3, 3, 4, 5, 5]


# -- parts


def test_a_new_cut_between_two_parts_makes_both_be_chosen_anew():
    """Apart, each part takes its cheaper column; together the two dearer ones are cheaper, because both count in the new cut."""
    cover = Cover(np.array([1.0, 1.5, 1.0, 1.5, 9.0]), free(5))
    cover.add(one([0, 1]))
    cover.add(one([2, 3]))
    assert cover.solve().chosen.tolist() == [True, False, True, False, False]
    cover.add(one([1, 3, 4], least=2.0, factors=[1.0, 1.0, 2.0]))
    answer = cover.solve()
    assert answer.chosen.tolist() == [False, True, False, True, False]
    assert answer.bound == pytest.approx(3.0)


def test_the_bound_is_of_all_parts_whichever_were_solved_last():
    cover = Cover(np.arange(1.0, 9.0), free(8))
    total = 0.0
    for each in range(4):
        cover.add(one([2 * each, 2 * each + 1]))
        total += 2 * each + 1
        assert cover.solve().bound == pytest.approx(total)
    assert cover.solve().chosen.tolist() == [True, False] * 4


def test_rows_and_columns_are_of_one_part_where_an_entry_joins_them():
    matrix = csr_array(np.array([[1.0, 1.0, 0, 0, 0], [0, 1.0, 0, 0, 0], [0, 0, 0, 1.0, 1.0]]))
    rows, columns = _parts(matrix)
    assert rows[0] == rows[1] != rows[2]
    assert columns[[0, 1]].tolist() == [rows[0]] * 2
    assert columns[[3, 4]].tolist() == [rows[2]] * 2
    assert columns[2] not in rows


# -- where fractions do not do


def ring(size):
    """Each column and the next: of every two neighbours one must go. Half of each is cheaper than any choice."""
    matrix = np.zeros((size, size))
    for each in range(size):
        matrix[each, [each, (each + 1) % size]] = 1.0
    return csr_array(matrix), np.ones(size)


@pytest.mark.parametrize(("size", "fewest"), [(3, 2), (5, 3), (7, 4), (4, 2)])
def test_a_ring_takes_half_of_its_columns_rounded_up(size, fewest):
    matrix, least = ring(size)
    for solve in (_branched, _left_over):
        chosen, bound = solve(np.ones(size), matrix, least)
        assert chosen.sum() == fewest
        assert bound == pytest.approx(fewest)
        assert (matrix @ chosen >= least).all()


def test_two_rings_are_solved_each_by_itself_and_one_that_is_whole_beside_them():
    cover = Cover(np.ones(9), free(9))
    for first in (0, 3):
        for each in range(3):
            cover.add(one([first + each, first + (each + 1) % 3]))
    cover.add(one([6, 7, 8]))
    answer = cover.solve()
    assert [int(answer.chosen[part : part + 3].sum()) for part in (0, 3, 6)] == [2, 2, 1]
    assert answer.bound == pytest.approx(5.0)


@pytest.mark.parametrize("nodes", [1, 2, 200])
def test_a_ring_is_solved_whoever_solves_it(nodes, monkeypatch):
    monkeypatch.setattr(cover_module, "NODES", nodes)
    cover = Cover(np.array([1.0, 1.0, 1.0, 2.5]), free(4))
    for pair in ([0, 1], [1, 2], [2, 0]):
        cover.add(one(pair, owner=3))
    cover.add(one([3]))
    answer = cover.solve()
    assert answer.chosen.sum() == 3
    assert answer.bound == pytest.approx(4.5)


def test_of_a_part_that_nothing_solves_everything_goes_and_nothing_is_promised():
    matrix = csr_array(np.array([[1.0, 1.0]]))
    for solve in (_branched, _left_over):
        chosen, bound = solve(np.array([2.0, 3.0]), matrix, np.array([3.0]))
        assert chosen.all()
        assert bound == 0.0


def test_a_stubborn_part_is_taken_as_it_stands_and_its_bound_stays_true(monkeypatch):
    """With no time to search, the choice may be dear; what is said of the least is still no more than the least."""
    random = np.random.default_rng(3)
    matrix = csr_array((random.random((40, 24)) < 0.15).astype(float) + np.eye(40, 24))
    least, cost = np.ones(40), random.integers(1, 20, 24) + random.random(24)
    rows = np.flatnonzero(matrix.sum(axis=1) >= 1)
    matrix, least = csr_array(matrix[rows]), least[rows]
    _, best = _left_over(cost, matrix, least)
    monkeypatch.setattr(cover_module, "NODES", 1)
    monkeypatch.setattr(cover_module, "BRANCHINGS", 0)
    chosen, bound = _branched(cost, matrix, least)
    assert (matrix @ chosen >= least - 1e-9).all()
    assert bound <= best + 1e-6 <= cost[chosen].sum() + 2e-6


@pytest.mark.parametrize("nodes", [3, 5, 7, 40])
def test_wherever_the_search_is_broken_off_the_choice_is_the_cheapest_and_the_bound_is_proved(nodes, monkeypatch):
    """What was found on the way is not the least for that: where anything waits to be looked at, it is asked anew."""
    random = np.random.default_rng(30)
    matrix = csr_array(np.array([np.isin(np.arange(11), random.choice(11, 3, replace=False)) for _ in range(14)], dtype=float))
    cost, least = random.integers(2, 9, 11) + random.random(11), np.ones(14)
    choices = np.array(list(product((0.0, 1.0), repeat=11)))
    best = (choices @ cost)[(choices @ matrix.T >= 1).all(axis=1)].min()
    monkeypatch.setattr(cover_module, "NODES", nodes)
    chosen, bound = _branched(cost, matrix, least)
    assert cost[chosen].sum() == pytest.approx(best)
    assert bound == pytest.approx(best)


# -- whatever the cuts


CUTS = st.lists(
    st.tuples(st.sets(st.integers(0, 5), min_size=1, max_size=4), st.integers(1, 4), st.one_of(st.none(), st.integers(0, 5))),
    min_size=1,
    max_size=6,
)
PRICES = st.lists(st.integers(1, 9), min_size=6, max_size=6)


def made_of(cuts, prices):
    cover = Cover(np.array(prices, dtype=float), free(6))
    told = []
    for columns, least, owner in cuts:
        own = -1 if owner is None or owner in columns else owner
        factors = [1.0 + each % 3 for each in sorted(columns)]
        told.append(one(sorted(columns), min(float(least), sum(factors)), own, factors))
    for each in told:
        cover.add(each)
    return cover, told


@settings(max_examples=20, deadline=None, derandomize=True)
@given(CUTS, PRICES)
def test_one_cut_more_is_never_cheaper_and_what_is_chosen_satisfies_all(cuts, prices):
    cover, told = made_of(cuts[:-1], prices)
    before = cover.solve().bound
    whole, told = made_of(cuts, prices)
    answer = whole.solve()
    assert answer.bound >= before - 1e-6
    assert all(satisfied(answer.chosen, each) for each in told)
    assert whole.cost[answer.chosen].sum() == pytest.approx(answer.bound)
    assert answer.bound == pytest.approx(cheapest(whole.cost, whole.forced, told))


@settings(max_examples=12, deadline=None, derandomize=True)
@given(CUTS, PRICES, st.sets(st.integers(0, 5), max_size=3))
def test_what_is_taken_is_part_of_the_choice_and_the_rest_is_as_cheap_as_it_can_be(cuts, prices, taken):
    cover, told = made_of(cuts, prices)
    marks = free(6, *taken)
    answer = cover.solve(marks)
    assert answer.chosen[marks].all()
    assert answer.bound == pytest.approx(cheapest(cover.cost, marks, told))


@settings(max_examples=12, deadline=None, derandomize=True)
@given(CUTS, PRICES, st.randoms(use_true_random=False))
def test_the_order_of_cuts_changes_no_price(cuts, prices, random):
    cover, _ = made_of(cuts, prices)
    other, _ = made_of(random.sample(cuts, len(cuts)), prices)
    assert other.solve().bound == pytest.approx(cover.solve().bound)


# -- a table told as cuts


def crossed_cuts(size):
    """A square table of nine inner cells and no margins withheld: who is withheld wants another in the row and in the column."""
    for place in range(size * size):
        row, column = divmod(place, size)
        yield one([row * size + each for each in range(size) if each != column], owner=place)
        yield one([each * size + column for each in range(size) if each != row], owner=place)


def test_one_small_cell_of_nine_takes_three_others_at_the_corners_of_the_cheapest_square():
    cover = Cover(np.array([0.0, 2, 3, 2, 2, 9, 3, 9, 9]), free(9, 0))
    for each in crossed_cuts(3):
        cover.add(each)
    answer = cover.solve()
    assert np.flatnonzero(answer.chosen).tolist() == [0, 1, 3, 4]
    assert answer.bound == pytest.approx(6.0)


def test_two_small_cells_in_a_diagonal_take_the_two_other_corners():
    cover = Cover(np.ones(9), free(9, 0, 4))
    for each in crossed_cuts(3):
        cover.add(each)
    assert np.flatnonzero(cover.solve().chosen).tolist() == [0, 1, 3, 4]


def test_three_small_cells_in_a_diagonal_take_three_others_and_go_round():
    """Every row and column has one small cell and wants one more: six in a ring, where three squares would take six more."""
    cover = Cover(np.ones(9), free(9, 0, 4, 8))
    for each in crossed_cuts(3):
        cover.add(each)
    answer = cover.solve()
    assert answer.chosen.sum() == 6
    assert answer.chosen.reshape(3, 3).sum(axis=0).tolist() == answer.chosen.reshape(3, 3).sum(axis=1).tolist() == [2, 2, 2]
