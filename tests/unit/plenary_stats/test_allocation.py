from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats.allocation import leximin


def best(need, floor, supply, unit):
    """Every way to give whole units, and the sorted fills of the best of them."""
    most = [-(-value // unit) for value in need]
    least = [-(-value // unit) for value in floor]
    ways = (
        way
        for way in product(*(range(low, high + 1) for low, high in zip(least, most, strict=True)))
        if sum(way) * unit <= supply
    )
    return max(
        sorted(
            min(Fraction(units * unit, value), Fraction(1)) if value else Fraction(1)
            for units, value in zip(way, need, strict=True)
        )
        for way in ways
    )


@st.composite
def shortages(draw):
    need = draw(st.lists(st.integers(0, 7), min_size=1, max_size=4))
    floor = [draw(st.integers(0, value)) for value in need]
    unit = draw(st.integers(1, 3))
    least = sum(-(-value // unit) for value in floor) * unit
    return need, floor, least + draw(st.integers(0, 20)), unit


@settings(deadline=None, max_examples=100)
@given(shortages())
def test_no_other_way_is_fairer(shortage):
    need, floor, supply, unit = shortage
    found = leximin(need, floor, supply, unit)
    fills = sorted(
        min(Fraction(int(units) * unit, value), Fraction(1)) if value else Fraction(1)
        for units, value in zip(found.units, need, strict=True)
    )
    assert fills == best(need, floor, supply, unit)
    assert found.fill == pytest.approx(
        [float(min(Fraction(int(u) * unit, v), Fraction(1))) if v else 1.0 for u, v in zip(found.units, need, strict=True)]
    )


@settings(deadline=None, max_examples=100)
@given(shortages())
def test_what_always_holds(shortage):
    need, floor, supply, unit = shortage
    found = leximin(need, floor, supply, unit)
    assert (found.allocation == found.units * unit).all()
    assert (found.allocation >= floor).all()
    assert found.allocation.sum() + found.left == supply
    assert found.left >= 0
    assert (found.allocation < np.array(need) + unit).all()
    if (found.fill < 1).any():
        assert found.left < unit


def test_the_worked_shortage():
    """Eighteen vials for four patients who need 4, 6, 11 and 6, with floors: found by trying every way."""
    found = leximin([4, 6, 11, 6], [1, 3, 3, 2], 18, 1)
    assert found.allocation.tolist() == [3, 4, 7, 4]
    assert found.fill == pytest.approx([3 / 4, 2 / 3, 7 / 11, 2 / 3])
    assert found.left == 0


def test_whole_vials_of_the_dose():
    """70 kg at 60 units a kg and 22 kg at 60, in vials of 400: 11 and 4 vials, the last of each not all used."""
    found = leximin([4200, 1320], [0, 0], 100_000, 400)
    assert found.units.tolist() == [11, 4]
    assert found.fill.tolist() == [1, 1]
    assert found.left == 100_000 - 15 * 400


def test_a_floor_is_rounded_up_to_whole_units():
    found = leximin([1000, 1000], [500, 0], 800, 400)
    assert found.units.tolist() == [2, 0]


def test_among_equals_the_unit_goes_where_it_raises_most_then_to_the_larger_gap_then_the_earlier_row():
    assert leximin([10, 2], [0, 0], 1).allocation.tolist() == [0, 1]
    assert leximin([1, 3], [0, 0], 5, 5).units.tolist() == [0, 1]
    assert leximin([3, 3], [0, 0], 1).allocation.tolist() == [1, 0]


def test_equal_fills_are_equal_however_they_are_written():
    """Three tenths of one dose and 0.9 of three: rounding must not break the tie the other way."""
    one = leximin([0.1 + 0.2, 0.3], [0, 0], 0.1, 0.1)
    assert one.units.tolist() == [0, 1]  # 0.1 + 0.2 is a little more than 0.3, so the unit fills the other more
    assert leximin([0.3, 0.3], [0, 0], 0.1, 0.1).units.tolist() == [1, 0]


def test_nobody_and_no_need():
    assert leximin([], [], 5).allocation.tolist() == []
    found = leximin([0, 2], [0, 0], 1)
    assert found.allocation.tolist() == [0, 1]
    assert found.fill.tolist() == [1, 0.5]


@settings(deadline=None, max_examples=50)
@given(shortages(), st.permutations(range(4)))
def test_the_order_of_rows_does_not_change_the_fills(shortage, order):
    need, floor, supply, unit = shortage
    order = [place for place in order if place < len(need)]
    mixed = leximin([need[place] for place in order], [floor[place] for place in order], supply, unit)
    assert sorted(mixed.fill) == sorted(leximin(need, floor, supply, unit).fill)


@given(st.sampled_from([0.25, 0.5, 2, 4, 1024]))
def test_the_measure_does_not_matter(times):
    found = leximin(np.array([4, 6, 11, 6]) * times, np.array([1, 3, 3, 2]) * times, 18 * times, times)
    assert found.units.tolist() == [3, 4, 7, 4]


def test_more_supply_never_lowers_the_least_fill():
    rng = np.random.default_rng(3)
    need, floor = rng.integers(1, 500, 400), np.zeros(400)
    least = [leximin(need, floor, supply).fill.min() for supply in range(0, 100_000, 9_973)]
    assert least == sorted(least)


def test_a_large_shortage_is_shared_level():
    rng = np.random.default_rng(4)
    need = rng.integers(200, 5000, 2000)
    found = leximin(need, np.zeros(2000), int(need.sum() * 0.6))
    assert found.units.sum() == int(need.sum() * 0.6)
    assert found.fill.max() - found.fill.min() < 1 / 200


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (([4, 6], [3, 3], 5), "the floors need 6 units and there are 5"),
        (([4, 6], [5, 0], 50), "above its need"),
        (([4, 6], [1], 50), "same length"),
        (([4, -6], [0, 0], 50), "negative"),
        (([4, 6], [0, 0], -1), "negative"),
        (([4, 6], [0, 0], 5, 0), "unit: 0"),
        (([4, np.nan], [0, 0], 5), "finite"),
    ],
)
def test_what_cannot_be_used_is_refused(arguments, said):
    with pytest.raises(ValueError, match=said):
        leximin(*arguments)
