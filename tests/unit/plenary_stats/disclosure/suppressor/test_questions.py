"""Questions and their proofs: the width is the linear programme's, and the promised gains are never too small."""

import numpy as np
import pytest
from scipy.optimize import linprog

from plenary_stats.disclosure.suppressor.cells import Sum
from plenary_stats.disclosure.suppressor.questions import Blocks, Questions
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
