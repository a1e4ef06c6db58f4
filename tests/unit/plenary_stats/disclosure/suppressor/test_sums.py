"""Sums as arrays, and how single sums narrow: against linear programmes, which use all sums at once."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from plenary_stats.disclosure.suppressor import sums as sums_module
from plenary_stats.disclosure.suppressor.cells import Sum
from plenary_stats.disclosure.suppressor.sums import Sums, propagate

SQUARE = [Sum(8, (0, 1)), Sum(9, (2, 3)), Sum(10, (0, 2)), Sum(11, (1, 3)), Sum(12, (8, 9)), Sum(12, (10, 11))]
"""Four cells in two rows and two columns, their margins (8 to 11) and their total (12)."""


def hiding(size, *cells):
    found = np.zeros(size, dtype=bool)
    found[list(cells)] = True
    return found


def test_a_whole_counts_against_its_parts():
    made = Sums.of([Sum(2, (0, 1)), Sum(4, (2, 3))], 5)
    assert (made.count, made.size) == (2, 5)
    assert made.rows.tolist() == [0, 0, 0, 1, 1, 1]
    assert made.cells.tolist() == [2, 0, 1, 4, 2, 3]
    assert made.matrix.toarray().tolist() == [[1, 1, -1, 0, 0], [0, 0, 1, 1, -1]]
    assert made.tally(made.signs).tolist() == [1, 1]


def test_what_an_open_sum_does_not_list_is_a_cell_of_its_own():
    made = Sums.of([Sum(2, (0, 1), open=True), Sum(0, (1, 3)), Sum(3, (1,), open=True)], 4)
    assert made.size == 6
    assert made.matrix.toarray()[:, 4:].tolist() == [[1, 0], [0, 0], [0, 1]]


def test_no_sums_are_no_trouble():
    made = Sums.of([], 3)
    reach = propagate(made, np.ones(3), hiding(3, 1))
    assert reach.low.tolist() == [0, -1, 0]
    assert reach.high.tolist() == [0, math.inf, 0]


def test_entries_tie_cells_into_blocks():
    made = Sums.of([Sum(2, (0, 1)), Sum(5, (3, 4)), Sum(6, (2, 5))], 8)
    assert len(set(made.blocks(np.ones(9, dtype=bool))[:7].tolist())) == 1
    apart = made.blocks(made.rows < 2)
    assert apart[0] == apart[1] == apart[2]
    assert apart[3] == apart[4] == apart[5]
    assert len({apart[0], apart[3], apart[6], apart[7]}) == 4


def test_one_withheld_cell_of_a_sum_cannot_move():
    made = Sums.of(SQUARE, 13)
    reach = propagate(made, np.full(13, 5.0), hiding(13, 0, 3))
    assert reach.width[[0, 3]].tolist() == [0, 0]


def test_four_withheld_cells_move_round_a_square():
    made = Sums.of(SQUARE, 13)
    down = np.zeros(13)
    down[:4] = [2, 5, 7, 3]
    reach = propagate(made, down, hiding(13, 0, 1, 2, 3))
    assert reach.low[:4].tolist() == [-2, -5, -5, -2]
    assert reach.high[:4].tolist() == [5, 2, 2, 5]


def test_a_cell_that_is_shown_does_not_move():
    made = Sums.of(SQUARE, 13)
    reach = propagate(made, np.full(13, 9.0), hiding(13, 0, 1, 2, 3))
    assert not reach.width[4:].any()
    assert not propagate(made, np.full(13, 9.0), hiding(13)).width.any()


@pytest.mark.parametrize("seed", range(12))
def test_single_sums_never_tell_more_than_all_of_them_together(seed):
    """The range that propagation leaves holds that of the linear programme, and the true value."""
    random = np.random.default_rng(seed)
    made = Sums.of(SQUARE, 13)
    hidden = random.random(13) < 0.7
    down = np.where(random.random(13) < 0.3, 0.0, random.integers(0, 9, 13)).astype(float)
    reach = propagate(made, down, hidden)
    bounds = [(-fall, None) if gone else (0, 0) for fall, gone in zip(down, hidden, strict=True)]
    for cell in np.flatnonzero(hidden):
        for sign, bound in ((1.0, reach.low[cell]), (-1.0, reach.high[cell])):
            found = linprog(sign * np.eye(13)[cell], A_eq=made.matrix.toarray(), b_eq=np.zeros(6), bounds=bounds)
            best = -sign * math.inf if found.status == 3 else sign * found.fun
            assert sign * bound <= sign * best + 1e-7
    assert (reach.low <= 0).all()
    assert (reach.high >= 0).all()


def test_some_of_the_sums_are_numbered_anew_and_keep_their_cells():
    made = Sums.of(SQUARE, 13)
    for rows in ([0], [5, 1], [2, 3, 4], []):
        some = made.of_rows(np.array(rows, dtype=np.int64))
        assert (some.count, some.size) == (len(rows), 13)
        assert some.matrix.toarray().tolist() == made.matrix.toarray()[rows].tolist()


def test_some_entries_keep_the_numbers_of_cells_and_sums():
    made = Sums.of(SQUARE, 13)
    parts = made.among(made.signs > 0)
    assert (parts.count, parts.size) == (6, 13)
    assert parts.matrix.toarray().tolist() == np.maximum(made.matrix.toarray(), 0).tolist()
    assert made.by_cell.toarray().tolist() == made.matrix.toarray().T.tolist()


def test_numbers_that_stand_one_an_entry_are_added_up_sum_by_sum():
    made = Sums.of([Sum(2, (0, 1)), Sum(4, (3,)), Sum(5, (0, 1, 3))], 6)
    assert made.tally(np.ones(len(made.rows))).tolist() == [3, 2, 4]
    assert made.tally(made.cells).tolist() == [3, 7, 9]


def test_what_an_open_sum_does_not_list_lets_its_cells_go_as_far_as_that_goes():
    """A shown total of more than its parts: its one withheld part may fall, and rise as far as the unlisted may fall."""
    made = Sums.of([Sum(2, (0, 1), open=True)], 3)
    down = np.array([4.0, 9.0, 9.0, 2.0])
    reach = propagate(made, down, hiding(4, 0, 3))
    assert (reach.low[[0, 3]].tolist(), reach.high[[0, 3]].tolist()) == ([-4, -2], [2, 4])
    shut = propagate(made, down, hiding(4, 0))
    assert shut.width[0] == 0


def test_a_withheld_total_moves_with_its_parts_and_by_as_much():
    """Both parts and the total are withheld: the total may fall by what both may, and rise without end."""
    reach = propagate(Sums.of([Sum(2, (0, 1))], 3), np.array([3.0, 4.0, 50.0]), hiding(3, 0, 1, 2))
    assert (reach.low.tolist(), reach.high.tolist()) == ([-3, -4, -7], [math.inf] * 3)


@pytest.mark.parametrize("seed", range(12))
def test_one_more_withheld_cell_narrows_none(seed):
    random = np.random.default_rng(seed)
    made, down = Sums.of(SQUARE, 13), random.integers(0, 9, 13).astype(float)
    hidden = random.random(13) < 0.5
    more = hidden.copy()
    more[random.integers(0, 13)] = True
    before, after = propagate(made, down, hidden), propagate(made, down, more)
    assert (after.low <= before.low + 1e-9).all()
    assert (after.high >= before.high - 1e-9).all()


# -- by hand, and against every table there is


def test_one_sum_after_another_tells_what_no_sum_tells_alone():
    """5 = 0 + 1, 6 = 0 + 2 and 7 = 2 + 3, with 5, 6 and 7 shown: 1 moves against 0, that against 2, and that against 3."""
    made = Sums.of([Sum(5, (0, 1)), Sum(6, (0, 2)), Sum(7, (2, 3))], 8)
    reach = propagate(made, np.array([9.0, 9.0, 9.0, 2.0, 0, 0, 0, 0]), hiding(8, 0, 1, 2, 3))
    assert reach.low[:4].tolist() == [-2, -9, -9, -2], "as far as 3 can fall, 0 can fall and the two others rise"
    assert reach.high[:4].tolist() == [9, 2, 2, 9]
    assert reach.width[:4].tolist() == [11] * 4


def test_a_chain_of_sums_is_followed_to_its_end():
    """Each total is the next one's part: the last part can fall by one, and with it everything that hangs on it."""
    sums = [Sum(step + 1, (step, 20 + step)) for step in range(6)]
    made = Sums.of(sums, 40)
    hidden = hiding(40, *range(7))
    down = np.full(40, 8.0)
    down[0] = 1.0
    reach = propagate(made, down, hidden)
    assert reach.low[:7].tolist() == [-1] * 7
    assert (reach.high[:7] == math.inf).all()


def test_what_falls_no_further_than_its_parts_may_still_rise_without_end():
    reach = propagate(Sums.of([Sum(3, (0, 1, 2))], 4), np.array([1.0, 2.0, 3.0, 99.0]), hiding(4, 0, 2, 3))
    assert reach.low.tolist() == [-1, 0, -3, -4]
    assert reach.high.tolist() == [math.inf, 0, math.inf, math.inf]


def test_a_withheld_part_rises_with_its_total_and_falls_by_what_the_others_rise():
    """The total may fall by two alone, so the one withheld part may; and it may rise without end."""
    reach = propagate(Sums.of([Sum(2, (0, 1))], 3), np.array([9.0, 9.0, 2.0]), hiding(3, 0, 2))
    assert (reach.low[[0, 2]].tolist(), reach.high[[0, 2]].tolist()) == ([-2, -2], [math.inf] * 2)


def test_rounds_that_creep_are_left_off_and_leave_more_rather_than_less(monkeypatch):
    sums = Sums.of([Sum(5, (0, 1)), Sum(6, (0, 2)), Sum(7, (2, 3))], 8)
    down, hidden = np.array([9.0, 9.0, 9.0, 2.0, 0, 0, 0, 0]), hiding(8, 0, 1, 2, 3)
    whole = propagate(sums, down, hidden)
    for rounds in range(3):
        monkeypatch.setattr(sums_module, "ROUNDS", rounds)
        part = propagate(sums, down, hidden)
        assert (part.low <= whole.low).all()
        assert (part.high >= whole.high).all()
    monkeypatch.setattr(sums_module, "ROUNDS", 1)
    assert propagate(sums, down, hidden).width.sum() > whole.width.sum()


ROW = np.array(list(product(range(7), repeat=3)))
"""Every table of three parts of up to six each."""


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 2), min_size=3, max_size=3), st.sets(st.integers(0, 2)))
def test_of_one_sum_the_range_is_that_of_all_tables_with_its_total(truth, withheld):
    true = np.array([*truth, sum(truth)], dtype=float)
    fit = ROW[ROW.sum(axis=1) == sum(truth)]
    shown = [each for each in range(3) if each not in withheld]
    fit = fit[(fit[:, shown] == np.array(truth)[shown]).all(axis=1)]
    reach = propagate(Sums.of([Sum(3, (0, 1, 2))], 4), true, hiding(4, *withheld))
    for each in range(3):
        ends = (true[each] + reach.low[each], true[each] + reach.high[each])
        assert ends == (fit[:, each].min(), fit[:, each].max())


def test_no_marks_are_no_entries_and_blocks_of_nothing_are_single_cells():
    made = Sums.of(SQUARE, 13)
    none = made.among(np.zeros(len(made.rows), dtype=bool))
    assert (none.count, none.size, len(none.rows)) == (6, 13, 0)
    assert len(set(made.blocks(np.zeros(len(made.rows), dtype=bool)).tolist())) == 13
    assert none.tally(none.signs).tolist() == [0] * 6
