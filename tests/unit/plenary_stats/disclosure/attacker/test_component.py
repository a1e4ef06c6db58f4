"""One part of the sums: its ranges are those of every whole solution, listed."""

import math
from contextlib import contextmanager
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats.disclosure.attacker import component as module
from plenary_stats.disclosure.attacker.component import FAR, Component, _pull, cut_out, patterns
from plenary_stats.disclosure.attacker.sums import Sums
from plenary_stats.disclosure.attacker.system import Bounds, ContradictionError, Rows

SMALL = {"LARGE": 2, "CHUNKS": (2, 4), "LONG": 3, "MENDED": 0, "TOGETHER": 3}
"""With these a part of six cells is gone through as one of thousands is."""
TRIANGLE = np.array([[1, 1, 0, 1, 0, 0], [0, 1, 1, 0, 1, 0], [1, 0, 1, 0, 0, 1]])
"""Each two of three cells have a sum with a cell of their own."""


def rows_of(rows, low, high):
    row, column = np.nonzero(rows)
    return Rows(row, column, rows[row, column].astype(float), np.array(low, dtype=float), np.array(high, dtype=float))


def component(rows, right, most, enough=None, whole=True):
    size = rows.shape[1]
    bounds = Bounds(np.zeros(size), np.full(size, float(most)), np.full(size, whole))
    return Component(rows_of(rows, right, right), bounds, None if enough is None else np.full(size, float(enough)))


@contextmanager
def constants(**values):
    """Let a part of few cells be gone through as one of many is."""
    before = {name: getattr(module, name) for name in values}
    for name, value in values.items():
        setattr(module, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(module, name, value)


def systems():
    """Rows of noughts, ones and minus ones over six cells."""
    line = st.lists(st.sampled_from([0, 0, 1, 1, -1]), min_size=6, max_size=6)
    return st.lists(line, min_size=1, max_size=4).map(lambda drawn: np.array([row for row in drawn if any(row)] or [[1] * 6]))


EVERY = np.array(list(product(range(4), repeat=6)))


def every_solution(rows, right):
    """All whole numbers from 0 to 3 that satisfy the rows."""
    return EVERY[np.equal(EVERY @ rows.T, right).all(axis=1)]


truths = st.lists(st.integers(0, 3), min_size=6, max_size=6)


@settings(max_examples=40, deadline=None)
@given(systems(), truths)
def test_the_ranges_are_those_of_every_whole_solution(rows, truth):
    right = rows @ truth
    fits = every_solution(rows, right)
    low, high = component(rows, right, 3).ranges()
    assert low.tolist() == fits.min(axis=0).tolist()
    assert high.tolist() == fits.max(axis=0).tolist()


@settings(max_examples=60, deadline=None)
@given(systems(), truths, st.sampled_from([0, 1, 2, 3, math.inf]), st.booleans())
def test_what_is_gone_through_in_pieces_is_wide_enough_in_truth_or_exact(rows, truth, enough, mends):
    """No range is left open that whole solutions do not reach, and none is told narrower than it is."""
    right = rows @ truth
    fits = every_solution(rows, right)
    exact = fits.max(axis=0) - fits.min(axis=0)
    with constants(**SMALL | {"MENDED": 0 if mends else 100}):
        low, high = component(rows, right, 3, enough).ranges()
    assert (low <= fits.min(axis=0)).all()
    assert (high >= fits.max(axis=0)).all()
    settled = (low == fits.min(axis=0)) & (high == fits.max(axis=0))
    assert (settled | (exact >= enough)).all()


@settings(max_examples=30, deadline=None)
@given(systems(), truths, st.integers(0, 2**16))
def test_every_point_is_a_whole_solution_and_the_reach_is_of_them_alone(rows, truth, seed):
    right = rows @ truth
    solutions = {tuple(each) for each in every_solution(rows, right).tolist()}
    with constants(**SMALL):
        part = component(rows, right, 3, 2)
        part.ranges()
        costs = np.random.default_rng(seed).integers(-3, 4, 6).astype(float)
        part._visit(costs)
    assert part.points
    assert {tuple(point.tolist()) for point in part.points} <= solutions
    assert (part.reached_low >= np.array(sorted(solutions)).min(axis=0)).all()
    assert (part.reached_high <= np.array(sorted(solutions)).max(axis=0)).all()


@settings(max_examples=30, deadline=None)
@given(truths)
def test_from_a_corner_of_halves_a_whole_solution_is_found_near_by(truth):
    """Three cells of which each two have a sum: the corners where all three are a half are no solutions."""
    right = TRIANGLE @ truth
    fits = every_solution(TRIANGLE, right)
    for mends in (0, 100):
        with constants(**SMALL | {"LONG": 6, "MENDED": mends}):
            low, high = component(TRIANGLE, right, 3).ranges()
        assert low.tolist() == fits.min(axis=0).tolist()
        assert high.tolist() == fits.max(axis=0).tolist()


def test_a_corner_is_made_whole_by_the_cells_of_its_short_sums():
    part = component(TRIANGLE, [1, 1, 1], 1)
    half = np.array([0.5, 0.5, 0.5, 0, 0, 0])
    assert part._made_whole(half, np.zeros(6)) is None, "of few cells another corner is visited"
    with constants(MENDED=0):
        near = part._made_whole(half, np.array([-1.0, 0, 0, 0, 0, 0]))
        assert part.reach(near)
        assert near.tolist() == [1, 0, 0, 0, 1, 0], "of the whole solutions, one of least cost"
    with constants(MENDED=0, AROUND=5):
        assert part._made_whole(half, np.zeros(6)) is None, "it would take too many cells"
    with constants(MENDED=0, LONG=2):
        assert part._made_whole(half, np.zeros(6)) is None, "long sums bring no cells in"


class Halves:
    """Questions whose every answer is the same corner, which is not whole."""

    corner = np.array([0.5, 0.5, 0.5, 0, 0, 0])

    def costs(self, costs):
        """Whatever is asked."""

    def minimise(self):
        return self.corner


def test_a_whole_solution_near_a_corner_counts_only_with_the_cell_at_the_value_that_it_is_held_at():
    part = component(TRIANGLE, [1, 1, 1], 1)
    part._asked = Halves()
    whole, wrong = np.array([1.0, 0, 0, 0, 1, 0]), np.zeros(6)
    part._made_whole = lambda point, costs: whole
    assert part._look(Halves.corner, 1) is whole
    assert part._look(Halves.corner, 0) is None, "the cell is held at nought, and is one there"
    part._made_whole = lambda point, costs: wrong
    assert part._look(Halves.corner, 1) is None, "no solution at all"
    part._made_whole = lambda point, costs: None
    assert part._look(Halves.corner, 1) is None


def test_money_stays_where_a_corner_has_it():
    """Two numbers of patients and two of pounds in separate sums: only the first are rounded."""
    rows = rows_of(np.array([[1, 1, 0, 0], [0, 0, 1, 1]]), [3, 2.5], [3, 2.5])
    whole = np.array([True, True, False, False])
    part = Component(rows, Bounds(np.zeros(4), np.full(4, 9.0), whole))
    with constants(MENDED=0):
        near = part._made_whole(np.array([1.5, 1.5, 0.25, 2.25]), np.zeros(4))
    assert near[2:].tolist() == [0.25, 2.25]
    assert part.reach(near)
    assert part.reach(np.array([1.0, 2, 0.25, 2.25]))
    assert not part.reach(np.array([1.5, 1.5, 0.25, 2.25]))


def test_a_corner_that_is_not_whole_proves_nothing():
    """x + y, y + z and z + x are 1 at most and 3 numbers: by halves all could be a half; whole, one of them is 1."""
    part = component(TRIANGLE, [1, 1, 1], 1)
    half = np.array([0.5, 0.5, 0.5, 0, 0, 0])
    assert not part.reach(half)
    assert part.reach(np.array([1.0, 0, 0, 0, 1, 0]))
    assert not part.reach(np.array([1.0, 1, 0, 0, 0, 0])), "it breaks a row"
    assert not part.reach(np.array([0.0, 0, 0, 1, 1, 2])), "it breaks a row and a bound"


def test_of_a_corner_that_is_not_whole_the_rounded_numbers_are_no_proof_either():
    """They may satisfy every sum: what the corner reaches is not theirs."""
    rows = rows_of(np.array([[1, 1]]), [0], [3])
    part = Component(rows, Bounds(np.zeros(2), np.full(2, 3.0), np.ones(2, bool)))
    assert not part.reach(np.array([0.5, 1.0]))
    assert not part.points
    assert np.isinf(part.reached_low).all()


@pytest.mark.parametrize("many", [2, 4])
def test_what_no_numbers_satisfy_is_refused_and_no_one_cell_is_blamed(many):
    with pytest.raises(ContradictionError) as refused:
        component(np.ones((1, many), dtype=int), [50], 3).ranges()
    assert refused.value.args == (-1,)
    with pytest.raises(ContradictionError) as refused:
        component(np.full((1, many), 2), [3], 3).ranges()
    assert refused.value.args == (-1,)
    with constants(**SMALL), pytest.raises(ContradictionError) as refused:
        component(np.ones((1, 4), dtype=int), [50], 3).ranges()
    assert refused.value.args == (-1,)


def test_a_number_without_a_limit_has_none():
    rows = Rows(np.array([0, 0]), np.array([0, 1]), np.array([1.0, -1.0]), np.array([5.0]), np.array([5.0]))
    low, high = Component(rows, Bounds(np.zeros(2), np.full(2, np.inf), np.ones(2, bool))).ranges()
    assert (low.tolist(), high.tolist()) == ([5.0, 0.0], [np.inf, np.inf])


def test_a_solution_beyond_the_bounds_proves_nothing():
    part = component(np.array([[1, -1, 1]]), [0], 3)
    assert part.reach(np.array([3.0, 3, 0]))
    assert not part.reach(np.array([4.0, 4, 0])), "more than may be"
    assert not part.reach(np.array([-1.0, 0, 1])), "less than nobody"
    assert not part.reach(np.array([1.0, 0, 0])), "its sum is more"
    assert not part.reach(np.array([0.0, 1, 0])), "its sum is less"
    assert (part.reached_low.tolist(), part.reached_high.tolist()) == ([3, 3, 0], [3, 3, 0])


def test_what_reaches_nothing_new_is_not_kept():
    part = component(np.array([[1, 1, 1]]), [3], 3)
    for point in ([0.0, 0, 3], [3.0, 0, 0], [1.0, 0, 2], [0.0, 3, 0]):
        assert part.reach(np.array(point))
    assert [point.tolist() for point in part.points] == [[0, 0, 3], [3, 0, 0], [0, 3, 0]]


def test_a_bound_is_settled_once_a_solution_reaches_it_or_the_range_is_enough():
    part = component(np.array([[1, 1, 1]]), [9], 9, enough=4)
    assert not part.settled(1.0).any()
    part.reach(np.array([0.0, 2, 7]))
    assert part.settled(1.0).tolist() == [True, False, False]
    assert not part.settled(-1.0).any()
    part.reach(np.array([4.0, 5, 0]))
    assert part.settled(1.0).tolist() == [True, False, True], "3 wide is not enough"
    assert part.settled(-1.0).tolist() == [True, False, True]
    assert part._waiting().tolist() == [1, 4]
    part.reach(np.array([3.0, 6, 0]))
    assert not len(part._waiting())


def test_what_is_reached_beyond_any_number_of_patients_has_no_end():
    rows = rows_of(np.array([[1, -1]]), [0], [0])
    part = Component(rows, Bounds(np.zeros(2), np.full(2, math.inf), np.ones(2, bool)))
    part.reach(np.array([FAR - 1, FAR - 1]))
    assert not part.settled(-1.0).any()
    part.reach(np.array([FAR, FAR]))
    assert part.settled(-1.0).all()
    part._settle(0, 1.0)
    assert part.high.tolist() == [math.inf, math.inf]


def test_the_first_cells_alone_may_be_settled():
    part = component(np.array([[1, 1, 0], [0, 1, 1]]), [3, 2], 9)
    part.finish(1)
    assert (part.low[0], part.high[0]) == (1, 3)
    assert part.high[1:].tolist() == [9, 9]
    part.finish()
    assert (part.low.tolist(), part.high.tolist()) == ([1, 0, 0], [3, 2, 2])


def test_short_sums_join_cells_into_blocks_and_long_ones_do_not():
    part = component(np.array([[1, 1, 0, 0, 0, 0], [0, 1, 1, 0, 0, 0], [1, 0, 0, 1, 1, 1], [0, 0, 0, 0, 1, 1]]), [2] * 4, 2)
    with constants(LONG=2):
        assert part._short.tolist() == [True, True, False, True]
        assert part._uses() == [[0], [0, 1], [1], [], [3], [3]]
        blocks = part._blocks()
        assert [blocks[0] == each for each in blocks] == [True, True, True, False, False, False]
        assert blocks[4] == blocks[5] != blocks[3]
    with constants(LONG=4):
        assert len(set(part._blocks().tolist())) == 1


def test_pieces_hold_whole_blocks_and_every_one_that_waits():
    part = component(np.kron(np.eye(6), np.ones(3)).astype(int), [4] * 6, 4)
    part.reached_low[:3], part.reached_high[:3] = 0, 4  # nothing waits in the first block
    blocks = part._blocks()
    for seed in range(5):
        pieces = [each.tolist() for each in part._pieces(blocks, 6, np.random.default_rng(seed))]
        seen = [column for piece in pieces for column in piece]
        assert all(len(piece) == 6 for piece in pieces)
        assert set(range(3, 18)) <= set(seen)
        assert len(seen) == len(set(seen))
        assert all(np.isin(blocks[piece], blocks[piece]).all() and len(set(blocks[piece])) == 2 for piece in pieces)
    assert [len(each) for each in part._pieces(blocks, 100, np.random.default_rng(0))] == [18]
    part.reached_low[:], part.reached_high[:] = 0, 4
    assert not list(part._pieces(blocks, 6, np.random.default_rng(0)))


def test_a_piece_moves_and_all_else_stands():
    """Two sums of three with one cell in both: the second sum's others stand at the solution given."""
    part = component(np.array([[1, 1, 1, 0, 0], [0, 0, 1, 1, 1]]), [4, 4], 4)
    base = np.array([1.0, 1, 2, 2, 0])
    assert part.reach(base)
    moved = part._piece(np.array([0, 1, 2]), base)
    assert moved[3:].tolist() == [2, 0]
    assert moved[2] == 2, "with the others where they are its second sum holds it"
    assert part.reached_low[3:].tolist() == part.reached_high[3:].tolist() == [2, 0]
    for each in part.points:
        assert part.matrix @ each == pytest.approx([4, 4])


def test_bounds_are_pulled_at_whose_cells_share_no_short_sum():
    uses = [[0], [0, 1], [1], [], [2]]
    assert _pull(np.array([0, 1, 2, 3]), uses, 5).tolist() == [1, 0, 1, 1, 0]
    assert _pull(np.array([6, 0, 2, 9]), uses, 5).tolist() == [0, -1, 0, 0, -1]
    assert _pull(np.array([3, 8]), uses, 5).tolist() == [0, 0, 0, -1, 0], "a cell of no sum is pulled at as was said last"


def test_the_shortest_way_leads_far_enough_in_what_nothing_local_moves():
    """A ring of cells, each two neighbours with a known sum: one moves only if all do."""
    size = 8
    ring = np.eye(size, dtype=int) + np.roll(np.eye(size, dtype=int), 1, axis=1)
    with constants(**SMALL):
        part = component(ring, [20] * size, 20, enough=6)
        part.reach(np.full(size, 10.0))
        part._short_ways()
    assert (part.reached_high - part.reached_low >= 6).all()
    assert not len(part._waiting())
    for point in part.points:
        assert part.matrix @ point == pytest.approx([20] * size)


def test_where_the_way_is_barred_nothing_is_called_wide():
    """The ring's first cell cannot move by more than two, and so no other."""
    size = 8
    ring = np.eye(size, dtype=int) + np.roll(np.eye(size, dtype=int), 1, axis=1)
    high = np.full(size, 20.0)
    high[0] = 11
    low = np.zeros(size)
    low[0] = 9
    with constants(**SMALL):
        part = Component(rows_of(ring, [20] * size, [20] * size), Bounds(low, high, np.ones(size, bool)), np.full(size, 6.0))
        found_low, found_high = part.ranges()
    assert found_low.tolist() == [9] * size
    assert found_high.tolist() == [11] * size


def test_ways_that_exclude_one_another_are_gone_one_by_one():
    """Two of three cells cannot both be 4 of 4: asked together there is no way, asked singly there is."""
    with constants(**SMALL):
        part = component(np.array([[1, 1, 1]]), [4], 4, enough=4)
        part.reach(np.array([0.0, 0, 4]))
        part._short_ways()
    assert part.reached_high.tolist() == [4, 4, 4]
    assert part.reached_low.tolist() == [0, 0, 0]


def test_money_need_not_be_whole():
    rows = Rows(np.array([0, 0]), np.array([0, 1]), np.ones(2), np.array([7.5]), np.array([7.5]))
    low, high = Component(rows, Bounds(np.zeros(2), np.full(2, 7.5), np.zeros(2, bool))).ranges()
    assert (low.tolist(), high.tolist()) == ([0.0, 0.0], [7.5, 7.5])


def test_the_ends_of_money_are_not_rounded_and_those_of_patients_are():
    """Seven and a half pounds in two parts, one of 5.25 at most; and so many patients, of whom the sum leaves a fraction."""
    rows = rows_of(np.array([[1, 1]]), [7.5], [7.5])
    low, high = Component(rows, Bounds(np.zeros(2), np.array([9.0, 5.25]), np.zeros(2, bool))).ranges()
    assert (low.tolist(), high.tolist()) == ([2.25, 0.0], [7.5, 5.25])
    loose = rows_of(np.array([[1, 1]]), [2.5], [7.5])
    low, high = Component(loose, Bounds(np.zeros(2), np.array([9.0, 1.0]), np.ones(2, bool))).ranges()
    assert (low.tolist(), high.tolist()) == ([2.0, 0.0], [7.0, 1.0])


def test_a_cell_that_was_held_at_one_number_may_be_any_again():
    part = Component(rows_of(np.array([[1, -1]]), [0], [0]), Bounds(np.zeros(2), np.full(2, math.inf), np.ones(2, bool)))
    assert part._whole_point(0, 1.0, np.array([0.5, 0.5])).tolist() == [1, 1]
    for sign, end in ((-1.0, FAR * 10), (1.0, 0)):
        part.questions.costs(np.array([sign, 0]))
        assert part.questions.minimise().tolist() == [end, end]
    assert part.solve(0, -1.0).tolist() == [FAR * 10, FAR * 10], "nor does an integer programme know a limit"


def test_patients_that_money_leaves_no_whole_number_for():
    """Two numbers of patients differ by a sum of pounds between a half and two and a half: whole, by one or two."""
    rows = rows_of(np.array([[1, -1, -1]]), [0], [0])
    bounds = Bounds(np.array([0.0, 3, 0.5]), np.array([9.0, 3, 2.5]), np.array([True, True, False]))
    low, high = Component(rows, bounds).ranges()
    assert (low[0], high[0]) == (4, 5)
    assert (low[2], high[2]) == (1, 2)


def test_money_beside_patients_ends_at_no_whole_number():
    """Patients are two amounts together, the one 0.7 to 5.2, the other 0.4 at most: a corner has no whole number of them."""
    rows = rows_of(np.array([[1, -1, -1]]), [0], [0])
    bounds = Bounds(np.array([0.0, 0.7, 0]), np.array([9.0, 5.2, 0.4]), np.array([True, False, False]))
    low, high = Component(rows, bounds).ranges()
    assert (low[1], high[1]) == pytest.approx((0.7, 5.0))
    assert (low[2], high[2]) == pytest.approx((0, 0.4))
    assert (low[0], high[0]) == (1, 5)


def test_an_integer_programme_refuses_what_no_whole_numbers_satisfy():
    rows = np.array([[2, 2]])
    part = component(rows, [3], 3)
    for sign in (1.0, -1.0):
        with pytest.raises(ContradictionError):
            part.solve(0, sign)
    with pytest.raises(ContradictionError):
        component(rows, [3], 3).ranges()
    for right in (3, 50):  # no whole numbers; no numbers at all
        with constants(**SMALL), pytest.raises(ContradictionError):
            component(np.array([[2, 2, 2, 2]]), [right], 3).ranges()


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


@settings(max_examples=40, deadline=None)
@given(systems(), truths, st.data())
def test_some_rows_over_some_columns_are_the_rows_with_the_others_put_in(rows, truth, data):
    which = np.array(data.draw(st.lists(st.integers(0, len(rows) - 1), min_size=1, unique=True)))
    columns = np.array(data.draw(st.lists(st.integers(0, 5), min_size=1, unique=True)))
    whole, fixed = rows_of(rows, rows @ truth - 1, rows @ truth + 2), np.array(truth, dtype=float)
    own = cut_out(whole, which, columns, 6, fixed)
    dense = own.matrix(len(columns)).toarray()
    assert dense.tolist() == rows[which][:, columns].tolist()
    left = dense @ fixed[columns]
    assert (own.low - left).tolist() == [-1] * len(which)
    assert (own.high - left).tolist() == [2] * len(which)
    bare = cut_out(whole, which, columns, 6)
    assert bare.high.tolist() == whole.high[which].tolist()


def test_the_same_corners_are_visited_every_time():
    assert all(np.array_equal(one, other) for one, other in zip(patterns(50), patterns(50), strict=True))
    assert len({tuple(each) for each in patterns(50)}) == len(patterns(50))
