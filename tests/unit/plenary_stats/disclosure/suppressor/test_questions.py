"""Questions and their proofs: the width is the linear programme's, and the promised gains are never too small."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from plenary_stats.disclosure.suppressor.cells import Sum
from plenary_stats.disclosure.suppressor.questions import FAR, Blocks, Questions
from plenary_stats.disclosure.suppressor.sums import Sums
from tests.unit.plenary_stats.disclosure.suppressor.test_sums import SQUARE, hiding

SIZE = 13
WIDER = Sums.of(SQUARE, SIZE)


def width(sums, down, hidden, cell):
    bounds = [(-fall, 50) if gone else (0, 0) for fall, gone in zip(down, hidden, strict=True)]
    ends = []
    for sign in (1.0, -1.0):
        found = linprog(sign * np.eye(len(down))[cell], A_eq=sums.matrix.toarray(), b_eq=np.zeros(sums.count), bounds=bounds)
        ends.append(found.fun)
    return -sum(ends)


def test_a_wide_cell_needs_no_proof():
    hidden = hiding(SIZE, 0, 1, 2, 3)
    asked = Questions(WIDER, np.full(SIZE, 9.0), np.full(SIZE, 10.0), hidden)
    assert asked.narrow(0) is None
    assert asked.wide(0)
    assert asked.wide(3)  # it moved with the other
    assert asked.narrow(12) is None  # shown: not asked about


def test_a_lonely_cell_is_told_whom_it_lacks():
    hidden = hiding(SIZE, 0, 1)
    proof = Questions(WIDER, np.full(SIZE, 9.0), np.full(SIZE, 10.0), hidden).narrow(0)
    assert proof.width == 0.0
    assert set(proof.cells.tolist()) <= {2, 10, 11, 3, 12, 8, 9}
    assert len(proof.cells) >= 1


@pytest.mark.parametrize("seed", range(30))
def test_what_a_proof_leaves_shown_keeps_the_cell_as_narrow(seed):
    """Withhold every cell that the proof does not name: the range stays; withhold named ones: it grows by no more than their gains."""
    random = np.random.default_rng(seed)
    down = random.integers(0, 9, SIZE).astype(float)
    need = np.full(SIZE, 10.0)
    hidden = random.random(SIZE) < 0.45
    for cell in np.intersect1d(np.flatnonzero(hidden), WIDER.cells).tolist():
        proof = Questions(WIDER, down, need, hidden).narrow(cell)
        true = width(WIDER, down, hidden, cell)
        if proof is None:
            assert true >= 10 - 1e-6
            continue
        assert proof.width == pytest.approx(true)
        named = hiding(SIZE, *proof.cells.tolist())
        assert width(WIDER, down, ~named | hidden, cell) == pytest.approx(proof.width)
        for extra in range(2):
            more = random.random(SIZE) < (0.3, 0.8)[extra]
            gain = sum(each for name, each in zip(proof.cells.tolist(), proof.gains.tolist(), strict=True) if more[name])
            assert width(WIDER, down, hidden | more, cell) <= proof.width + gain + 1e-6


def test_blocks_leave_long_sums_out_until_they_are_asked_for():
    long = Sum(30, tuple(range(6, 30)))
    sums = Sums.of([Sum(6, (0, 1)), Sum(7, (2, 3)), long], 31)
    blocks = Blocks(sums, np.ones(31, dtype=bool), 20)
    mine = int(blocks.of[6])
    assert mine == blocks.of[0] != blocks.of[7]
    assert blocks.long.tolist() == [2]
    assert sorted(blocks.sums_of(mine).cells.tolist()) == [0, 1, 6]
    assert set(blocks.with_long([mine]).rows.tolist()) == {0, 2}


def test_a_cell_that_cannot_go_joins_no_block():
    free = np.ones(13, dtype=bool)
    free[[8, 9, 10, 11]] = False
    blocks = Blocks(WIDER, free, 20)
    assert blocks.of[0] == blocks.of[3]
    assert blocks.of[12] != blocks.of[0]


# -- small systems solved by hand


def test_two_cells_of_one_sum_and_what_each_would_give_a_third():
    """0 alone is withheld of 2 = 0 + 1. It could rise if the whole rose, or 1 fell; and fall if 1 rose, or the whole fell."""
    alone = Questions(Sums.of([Sum(2, (0, 1))], 3), np.array([4.0, 3.0, 7.0]), np.full(3, 5.0), hiding(3, 0))
    proof = alone.narrow(0)
    assert (proof.width, proof.low) == (0.0, 0.0)
    assert dict(zip(proof.cells.tolist(), proof.gains.tolist(), strict=True)) == {1: FAR + 3.0, 2: FAR + 7.0}


def test_of_two_parts_the_one_rises_as_far_as_the_other_falls():
    made = Sums.of([Sum(2, (0, 1))], 3)
    asked = Questions(made, np.array([4.0, 3.0, 0.0]), np.full(3, 8.0), hiding(3, 0, 1))
    for cell, low in ((0, -4.0), (1, -3.0)):
        proof = asked.narrow(cell)
        assert (proof.width, proof.low) == (pytest.approx(7.0), pytest.approx(low))
        assert proof.cells.tolist() == [2], "the whole alone is not withheld yet"
    enough = Questions(made, np.array([4.0, 3.0, 0.0]), np.full(3, 7.0), hiding(3, 0, 1))
    assert enough.narrow(0) is None
    assert enough.wide(1), "what moved with it was seen"


def test_a_square_moves_by_the_least_of_its_corners():
    down = np.zeros(SIZE)
    down[:4] = [2, 5, 7, 3]
    asked = Questions(WIDER, down, np.full(SIZE, 9.0), hiding(SIZE, 0, 1, 2, 3))
    for cell, low in ((0, -2.0), (1, -5.0), (2, -5.0), (3, -2.0)):
        proof = asked.narrow(cell)
        assert (proof.width, proof.low) == (pytest.approx(7.0), pytest.approx(low))
        assert set(proof.cells.tolist()) <= {8, 9, 10, 11}


def test_a_withheld_margin_lets_its_row_go_as_far_as_anybody_asks():
    asked = Questions(WIDER, np.full(SIZE, 2.0), np.full(SIZE, 10.0), hiding(SIZE, 0, 8, 10, 12))
    assert asked.narrow(0) is None
    assert asked.wide(8)


def test_an_open_sum_is_as_loose_as_what_it_does_not_list():
    """12 of 15 are listed: the one withheld part may rise by three, and fall to nothing."""
    made = Sums.of([Sum(2, (0, 1), open=True)], 3)
    down = np.array([4.0, 8.0, 15.0, 3.0])
    proof = Questions(made, down, np.full(4, 8.0), hiding(4, 0, 3)).narrow(0)
    assert (proof.width, proof.low) == (pytest.approx(7.0), pytest.approx(-4.0))


def test_a_cell_that_stands_in_no_sum_or_is_shown_is_never_narrow():
    asked = Questions(Sums.of([Sum(2, (0, 1))], 5), np.ones(5), np.full(5, 9.0), hiding(5, 0, 4))
    assert asked.narrow(4) is None
    assert asked.narrow(1) is None
    assert asked.wide(4)
    assert not asked.wide(0)


def test_nothing_withheld_leaves_nothing_to_ask():
    asked = Questions(WIDER, np.ones(SIZE), np.ones(SIZE), hiding(SIZE))
    assert len(asked.cells) == 0
    assert all(asked.wide(cell) for cell in range(SIZE))


# -- against every table there is


NEED = 4.0
INNER = np.array(list(product(range(9), repeat=4)))
"""Every table of two rows and two columns with up to eight at each place."""
MARGINS = np.array([[1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0], [0, 1, 0, 1], [1, 1, 1, 1]])


def values_of(inner):
    found = np.zeros((len(inner), SIZE))
    found[:, :4], found[:, 8:] = inner, inner @ MARGINS.T
    return found


WORLDS = values_of(INNER)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 2), min_size=4, max_size=4), st.sets(st.sampled_from([0, 1, 2, 3, 8, 9, 10, 11, 12])))
def test_a_cell_is_as_narrow_as_all_tables_that_agree_with_what_is_shown(truth, withheld):
    """Four cells of at most two: each range up to ``NEED`` lies within the tables listed; a wider one is as wide as need be."""
    true, hidden = values_of(np.array([truth]))[0], hiding(SIZE, *withheld)
    shown = [cell for cell in (0, 1, 2, 3, 8, 9, 10, 11, 12) if cell not in withheld]
    fit = WORLDS[(WORLDS[:, shown] == true[shown]).all(axis=1)]
    asked = Questions(WIDER, true, np.full(SIZE, NEED), hidden)
    for cell in sorted(withheld):
        proof, width = asked.narrow(cell), float(np.ptp(fit[:, cell]))
        if proof is None:
            assert width >= NEED
        else:
            assert proof.width == pytest.approx(width)
            assert proof.low == pytest.approx(fit[:, cell].min() - true[cell])


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 6), min_size=SIZE, max_size=SIZE), st.sets(st.integers(0, 12)), st.permutations(range(SIZE)))
def test_the_order_of_questions_changes_no_answer(down, withheld, order):
    """What a question changes in the programme is put back; what it saw of others only spares questions."""
    many = Questions(WIDER, np.array(down, dtype=float), np.full(SIZE, 6.0), hiding(SIZE, *withheld))
    for cell in order:
        alone = Questions(WIDER, np.array(down, dtype=float), np.full(SIZE, 6.0), hiding(SIZE, *withheld)).narrow(cell)
        again = many.narrow(cell)
        assert (again is None) == (alone is None)
        if alone is not None:
            assert (again.width, again.low) == (pytest.approx(alone.width), pytest.approx(alone.low))


# -- blocks


def test_a_sum_of_just_so_many_parts_still_ties():
    def tied(parts):
        blocks = Blocks(Sums.of([Sum(9, tuple(range(parts)))], 10), np.ones(10, dtype=bool), 4)
        return blocks.of[0] == blocks.of[9], blocks.long.tolist()

    assert tied(4) == (True, [])
    assert tied(5) == (False, [0])


def test_every_short_sum_belongs_to_one_block_with_all_its_cells():
    sums = Sums.of([*SQUARE, Sum(16, (13, 14, 15)), Sum(19, (17, 18))], 20)
    free = np.ones(20, dtype=bool)
    free[14] = False
    blocks = Blocks(sums, free, 20)
    found = {block: blocks.sums_of(block) for block in sorted({int(each) for each in blocks.of})}
    assert sorted(row for each in found.values() for row in set(each.rows.tolist())) == list(range(8))
    third = found[int(blocks.of[13])]
    assert sorted(third.cells.tolist()) == [13, 14, 15, 16], "a cell that cannot go still stands in its sum"
    assert (third.count, third.size) == (8, 20)
    assert third.matrix.toarray()[6].tolist() == sums.matrix.toarray()[6].tolist()


def test_sums_of_cells_that_cannot_go_are_in_no_block():
    blocks = Blocks(Sums.of([Sum(2, (0, 1)), Sum(5, (3, 4))], 6), hiding(6, 3, 4, 5), 20)
    assert len(set(blocks.of[:3].tolist())) == 3
    assert not len(blocks.sums_of(int(blocks.of[0])).rows)
    assert sorted(blocks.sums_of(int(blocks.of[3])).cells.tolist()) == [3, 4, 5]


def test_long_sums_are_taken_in_where_a_block_has_a_cell_of_them():
    long = [Sum(40, tuple(range(10, 40))), Sum(41, (10, *range(50, 80)))]
    sums = Sums.of([Sum(2, (0, 10)), Sum(5, (3, 11)), Sum(8, (6, 7)), *long], 80)
    blocks = Blocks(sums, np.ones(80, dtype=bool), 20)
    assert blocks.long.tolist() == [3, 4]
    first, second, third = (int(blocks.of[cell]) for cell in (0, 3, 6))
    assert set(blocks.with_long([first]).rows.tolist()) == {0, 3, 4}
    assert set(blocks.with_long([second]).rows.tolist()) == {1, 3}
    assert set(blocks.with_long([first, second]).rows.tolist()) == {0, 1, 3, 4}
    assert set(blocks.with_long([third]).rows.tolist()) == {2}
