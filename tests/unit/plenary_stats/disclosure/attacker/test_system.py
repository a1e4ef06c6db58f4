"""Rows, bounds and merging: whatever is tightened or merged, the same whole numbers satisfy what is left."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats.disclosure.attacker.sums import Sums
from plenary_stats.disclosure.attacker.system import Bounds, ContradictionError, Rows, components, merge, tighten


def bounds(low, high):
    return Bounds(np.array(low, dtype=float), np.array(high, dtype=float), np.ones(len(low), dtype=bool))


def test_settled_cells_go_to_the_limits():
    made = Rows.of(Sums.of([(0, (1, 2, 3))])).settled(bounds([50, 0, 12, 0], [50, 99, 12, 99]))
    assert made.column.tolist() == [1, 3]
    assert (made.low.tolist(), made.high.tolist()) == ([38.0], [38.0])


def test_settled_cells_that_do_not_add_up_are_refused():
    with pytest.raises(ContradictionError):
        Rows.of(Sums.of([(0, (1, 2))])).settled(bounds([50, 20, 20], [50, 20, 20]))


def test_one_unknown_follows_from_the_others():
    box = bounds([52, 40, 0], [52, 40, np.inf])
    tighten(Rows.of(Sums.of([(0, (1, 2))])), box)
    assert (box.low.tolist(), box.high.tolist()) == ([52, 40, 12], [52, 40, 12])


def test_two_parts_of_a_known_whole_become_one():
    box = bounds([38, 0, 5], [38, 99, 99])
    rows, merged = merge(Rows.of(Sums.of([(0, (1, 2))])).settled(box), box)
    assert len(rows) == 0
    merged.spread(box)
    assert (box.low.tolist(), box.high.tolist()) == ([38, 0, 5], [38, 33, 38])


def test_a_chain_of_equal_cells_becomes_one():
    box = bounds([0, 1, 2], [9, 8, 7])
    _, merged = merge(Rows.of(Sums.of([(0, (1,)), (1, (2,))])), box)
    merged.spread(box)
    assert (set(box.low), set(box.high)) == ({2.0}, {7.0})


def test_equations_that_cannot_hold_are_noticed():
    """x + y = 5 and x + y = 7."""
    box = bounds([5, 7, 0, 0], [5, 7, 99, 99])
    with pytest.raises(ContradictionError):
        merge(Rows.of(Sums.of([(0, (2, 3)), (1, (2, 3))])).settled(box), box)


def test_an_open_sum_is_no_equation():
    box = bounds([38, 0, 0], [38, 99, 99])
    rows, _ = merge(Rows.of(Sums.of([(0, (1, 2))], at_least=True)).settled(box), box)
    assert (rows.low.tolist(), rows.high.tolist()) == ([-np.inf], [38.0])


def test_the_same_equation_twice_is_kept_once_with_the_tighter_limits():
    rows = Rows(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), np.ones(4), np.array([1.0, 2.0]), np.array([9.0, 8.0]))
    once = rows.distinct()
    assert (once.row.tolist(), once.column.tolist()) == ([0, 0], [0, 1])
    assert (len(once), once.low.tolist(), once.high.tolist()) == (1, [2.0], [8.0])


def test_parts_that_share_no_cell_come_apart():
    rows = Rows.of(Sums.of([(0, (1, 2)), (3, (4, 5)), (5, (6,))]))
    assert [(which.tolist(), columns.tolist()) for which, columns in components(rows, 8)] == [
        ([0], [0, 1, 2]),
        ([1, 2], [3, 4, 5, 6]),
    ]


SUMS = st.lists(
    st.tuples(st.integers(0, 4), st.sets(st.integers(0, 4), min_size=1, max_size=3)).filter(lambda each: each[0] not in each[1]),
    min_size=1,
    max_size=4,
)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(SUMS, st.lists(st.integers(0, 3), min_size=5, max_size=5), st.lists(st.booleans(), min_size=5, max_size=5))
def test_no_whole_solution_is_lost_and_no_bound_lies_outside_the_truth(drawn, most, known):
    sums = Sums.of([(whole, tuple(sorted(parts))) for whole, parts in drawn])
    worlds = [
        world
        for world in product(range(4), repeat=5)
        if all(world[whole] == sum(world[part] for part in parts) for whole, parts in sums)
        and all(value <= limit for value, limit in zip(world, most, strict=True))
    ]
    truth = worlds[len(worlds) // 2]  # there is always the world of noughts
    worlds = [world for world in worlds if all(not told or a == b for told, a, b in zip(known, world, truth, strict=True))]
    box = bounds([value if told else 0 for value, told in zip(truth, known, strict=True)], most)
    box.high = np.where(known, truth, box.high)
    rows = Rows.of(sums).settled(box)
    tighten(rows, box)
    rows, merged = merge(rows.settled(box), box)
    tighten(rows, box)
    for world in worlds:
        values = np.array(world, dtype=float)
        assert np.allclose(merged.sign * values[merged.root] + merged.shift, values)
        left = rows.matrix(5) @ values
        assert ((left >= rows.low - 1e-6) & (left <= rows.high + 1e-6)).all()
    merged.spread(box)
    assert (box.low <= np.min(worlds, axis=0) + 1e-6).all()
    assert (box.high >= np.max(worlds, axis=0) - 1e-6).all()


def test_a_cell_that_must_be_a_half_is_refused():
    """Twice the cell is 5."""
    rows = Rows(np.array([0]), np.array([0]), np.array([2.0]), np.array([5.0]), np.array([5.0]))
    box = bounds([0], [9])
    with pytest.raises(ContradictionError):
        tighten(rows, box)


def test_money_may_be_a_half():
    rows = Rows(np.array([0]), np.array([0]), np.array([2.0]), np.array([5.0]), np.array([5.0]))
    box = Bounds(np.zeros(1), np.full(1, 9.0), np.zeros(1, dtype=bool))
    tighten(rows, box)
    assert (box.low.tolist(), box.high.tolist()) == ([2.5], [2.5])


def test_the_low_ends_of_the_others_bound_a_cell_above_and_their_high_ends_below():
    box = bounds([50, 0, 5, 10], [50, 99, 20, 15])
    tighten(Rows.of(Sums.of([(0, (1, 2, 3))])), box)
    assert (box.low.tolist(), box.high.tolist()) == ([50, 15, 5, 10], [50, 35, 20, 15])


def test_one_part_without_end_is_bounded_and_two_are_not():
    one, two = bounds([50, 0, 5], [50, np.inf, 9]), bounds([0, 0, 5], [np.inf, np.inf, 9])
    tighten(Rows.of(Sums.of([(0, (1, 2))])), one)
    tighten(Rows.of(Sums.of([(0, (1, 2))])), two)
    assert (one.low.tolist(), one.high.tolist()) == ([50, 41, 5], [50, 45, 9])
    assert (two.low.tolist(), two.high.tolist()) == ([5, 0, 5], [np.inf, np.inf, 9])


def test_an_open_sum_bounds_its_parts_and_its_whole_one_way():
    box = bounds([0, 10, 5], [30, 99, 99])
    tighten(Rows.of(Sums.of([(0, (1, 2))], at_least=True)), box)
    assert (box.low.tolist(), box.high.tolist()) == ([15, 10, 5], [30, 25, 20])


def test_bounds_that_cross_are_refused_by_name():
    box = bounds([50, 30, 30], [50, 99, 99])
    with pytest.raises(ContradictionError) as problem:
        tighten(Rows.of(Sums.of([(0, (1, 2))])), box)
    assert problem.value.args[0] in {0, 1, 2}


def test_copied_bounds_change_by_themselves():
    box = bounds([0], [9])
    other = box.copy()
    other.low[0], other.high[0] = 4, 4
    assert (box.low[0], box.high[0]) == (0, 9)
    assert (box.open().tolist(), other.open().tolist()) == ([True], [False])


def test_an_empty_row_that_says_something_is_refused():
    """After both columns became one they may fall away: nought is not 3."""
    empty = Rows(np.zeros(0, int), np.zeros(0, int), np.zeros(0), np.array([3.0]), np.array([3.0]))
    with pytest.raises(ContradictionError):
        empty.distinct()
    idle = Rows(np.zeros(0, int), np.zeros(0, int), np.zeros(0), np.array([-3.0]), np.array([3.0]))
    assert len(idle.distinct()) == 0


def merged_ends(sums, low, high):
    """The bounds of every cell after merging, and the rows that are left."""
    box = bounds(low, high)
    rows, merged = merge(Rows.of(Sums.of(sums)).settled(box), box)
    merged.spread(box)
    return rows, list(zip(box.low.tolist(), box.high.tolist(), strict=True))


def test_two_parts_that_equal_a_third_are_half_of_their_whole_each():
    """Cell 0 is 10; 1 and 2 make it up, and both equal 3: so each is 5."""
    _, ends = merged_ends([(0, (1, 2)), (1, (3,)), (2, (3,))], [10, 0, 0, 0], [10, 99, 99, 99])
    assert ends[1:] == [(5, 5)] * 3


def test_half_a_patient_each_is_refused():
    with pytest.raises(ContradictionError):
        merged_ends([(0, (1, 2)), (1, (3,)), (2, (3,))], [11, 0, 0, 0], [11, 99, 99, 99])


def test_half_a_pound_each_is_not():
    box = Bounds(np.array([11.0, 0, 0, 0]), np.array([11.0, 99, 99, 99]), np.zeros(4, dtype=bool))
    _, merged = merge(Rows.of(Sums.of([(0, (1, 2)), (1, (3,)), (2, (3,))])).settled(box), box)
    merged.spread(box)
    assert (box.low.tolist(), box.high.tolist()) == ([11, 5.5, 5.5, 5.5], [11, 5.5, 5.5, 5.5])


def test_equations_that_go_round_in_a_circle_say_nothing_where_they_agree():
    _, ends = merged_ends([(0, (1,)), (1, (2,)), (0, (2,))], [0, 3, 0], [9, 9, 7])
    assert ends == [(3, 7)] * 3


def test_a_value_that_the_bounds_do_not_allow_is_refused():
    with pytest.raises(ContradictionError):
        merged_ends([(0, (1, 2)), (1, (3,)), (2, (3,))], [10, 6, 0, 0], [10, 99, 99, 99])


def test_what_was_merged_stands_in_the_other_rows_with_its_shift():
    """x + y = 5 and y + z + w = 9: so z + w is 4 more than x, in every row that is left."""
    rows, _ = merged_ends([(0, (1, 2)), (5, (2, 3, 4))], [5, 0, 0, 0, 0, 9], [5, 9, 9, 9, 9, 9])
    assert (rows.low.tolist(), rows.high.tolist()) == ([4.0], [4.0])
    assert dict(zip(rows.column.tolist(), rows.factor.tolist(), strict=True)) == {1: -1.0, 3: 1.0, 4: 1.0}


def test_shifts_add_up_along_a_chain_whichever_end_comes_first():
    """x + y = 5, y + z = 9, z + w = 20: z is 4 more than x, and w is 16 less x; x is 0 to 5."""
    for order in ([0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 2, 1]):
        told = [(4, (0, 1)), (5, (1, 2)), (6, (2, 3))]
        _, ends = merged_ends([told[each] for each in order], [0, 0, 0, 0, 5, 9, 20], [99, 99, 99, 99, 5, 9, 20])
        assert ends[:4] == [(0, 5), (0, 5), (4, 9), (11, 16)]


def doubled(right, whole=True):
    """Twice x and twice y are so much together; x is 2 to 9, y 0 to 9."""
    rows = Rows(np.zeros(2, int), np.arange(2), np.array([2.0, 2.0]), np.array([right]), np.array([right]))
    box = Bounds(np.array([2.0, 0.0]), np.array([9.0, 9.0]), np.full(2, whole))
    _, merged = merge(rows, box)
    merged.spread(box)
    return box.low.tolist(), box.high.tolist()


def test_factors_other_than_one_are_divided_out():
    assert doubled(10.0) == ([2.0, 0.0], [5.0, 3.0])
    assert doubled(5.0, whole=False) == ([2.0, 0.0], [2.5, 0.5])
    with pytest.raises(ContradictionError):
        doubled(5.0)


def test_money_and_patients_are_not_merged():
    """Of a sum that ties a whole number to one that need not be whole, only the whole number's steps would be lost."""
    box = Bounds(np.array([0.0, 0.0]), np.array([9.0, 9.0]), np.array([True, False]))
    rows, merged = merge(Rows.of(Sums.of([(0, (1,))])), box)
    assert (len(rows), merged.root.tolist()) == (1, [0, 1])


def test_joined_entries_that_cancel_leave_the_row():
    """x = y, and x - y + z = 3: only z is left of it, and it is 3."""
    box = bounds([0, 0, 0, 3], [9, 9, 9, 3])
    rows = Rows(
        np.array([0, 0, 1, 1, 1]),
        np.array([0, 1, 0, 1, 2]),
        np.array([1.0, -1, 1, -1, 1]),
        np.array([0.0, 3]),
        np.array([0.0, 3]),
    )
    left, merged = merge(rows, box)
    assert merged.root.tolist()[:2] == [0, 0]
    assert (left.column.tolist(), left.factor.tolist(), left.low.tolist(), left.high.tolist()) == ([2], [1.0], [3.0], [3.0])


def test_a_creep_is_followed_and_then_left_to_the_programmes():
    """x is less than y by one or more, y no more than x plus a half: each round takes one from both, and the end is never reached here."""
    rows = Rows(
        np.array([0, 0, 1, 1]),
        np.array([0, 1, 0, 1]),
        np.array([1.0, -1, -1, 1]),
        np.array([-np.inf, -np.inf]),
        np.array([-1.0, 0.5]),
    )
    box = bounds([0, 0], [1000, 1000])
    tighten(rows, box)
    assert 0 < box.low[0] <= box.high[0] < 1000


def test_a_column_that_was_merged_brings_its_shift_into_the_next_row_as_the_second_too():
    """x + z = 5 and y + z = 9: y is 4 more than x."""
    _, ends = merged_ends([(3, (0, 2)), (4, (1, 2))], [0, 0, 0, 5, 9], [99, 99, 99, 5, 9])
    assert ends[:3] == [(0, 5), (4, 9), (0, 5)]


@pytest.mark.parametrize(("factor", "right"), [(1.0, 5.0), (2.0, 10.0)])
def test_both_ends_of_a_merged_column_bound_the_one_that_stays(factor, right):
    """x and y are 5 together; y is 1 to 3, so x is 2 to 4."""
    rows = Rows(np.zeros(2, int), np.arange(2), np.full(2, factor), np.array([right]), np.array([right]))
    box = bounds([0, 1], [99, 3])
    _, merged = merge(rows, box)
    merged.spread(box)
    assert (box.low.tolist(), box.high.tolist()) == ([2, 1], [4, 3])


def test_of_two_rows_the_tighter_bounds_a_cell():
    """x is 24 less y, which is 5 to 9, so 15 to 19; and 18 less z, which is 1 to 2, so 16 to 17."""
    box = bounds([24, 18, 0, 5, 1], [24, 18, 99, 9, 2])
    tighten(Rows.of(Sums.of([(0, (2, 3)), (1, (2, 4))])), box)
    assert (box.low[2], box.high[2]) == (16, 17)


def test_merged_columns_whose_bounds_cross_are_refused():
    """x and y are 5 together and at most 1 each."""
    box = bounds([5, 0, 0], [5, 1, 1])
    with pytest.raises(ContradictionError):
        merge(Rows.of(Sums.of([(0, (1, 2))])).settled(box), box)


def test_rows_are_numbered_anew_where_some_are_settled_or_stand_twice():
    box = bounds([50, 20, 30, 0, 0, 60], [50, 20, 30, 9, 9, 60])
    left = Rows.of(Sums.of([(0, (1, 2)), (0, (3, 4)), (5, (1, 3))])).settled(box)
    assert left.row.tolist() == [0, 0, 1]
    assert (left.low.tolist(), left.column.tolist()) == ([50, 40], [3, 4, 3])
    twice = Rows(
        np.array([0, 0, 1, 1, 2]), np.array([3, 4, 3, 4, 3]), np.ones(5), np.array([50.0, 50, 40]), np.array([50.0, 50, 40])
    )
    once = twice.distinct()
    assert (once.row.tolist(), once.low.tolist()) == ([0, 0, 1], [50, 40])


def test_a_pair_that_cannot_be_merged_stays_and_the_others_are_merged():
    """A number of patients and a sum of money stay two; two withheld parts become one."""
    box = Bounds(np.array([0.0, 0, 5, 0, 0]), np.array([9.0, 9, 5, 9, 9]), np.array([True, False, True, True, True]))
    rows, merged = merge(Rows.of(Sums.of([(0, (1,)), (2, (3, 4))])).settled(box), box)
    assert len(rows) == 1
    assert merged.root.tolist() == [0, 1, 2, 3, 3]
    assert (merged.sign[4], merged.shift[4]) == (-1, 5)
