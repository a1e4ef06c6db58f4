"""What a percentage tells: against trying every number, and never leaving the truth out."""

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from plenary_stats.disclosure import Behind, behind
from plenary_stats.proportions import interval


def printed(count, whole, places, rounding=ROUND_HALF_UP):
    return str((Decimal(100 * count) / Decimal(whole)).quantize(Decimal(1).scaleb(-places), rounding))


def every(percentage, least, most):
    """Try every numerator of every denominator, both ways of rounding."""
    places = len(percentage.partition(".")[2])
    return [
        (whole, count)
        for whole in range(least, most + 1)
        for count in range(whole + 1)
        if percentage in {printed(count, whole, places, rounding) for rounding in (ROUND_HALF_UP, ROUND_HALF_EVEN)}
    ]


@given(st.integers(1, 40), st.data(), st.integers(0, 2))
def test_it_finds_what_trying_every_number_finds(whole, data, places):
    count = data.draw(st.integers(0, whole))
    percentage = printed(count, whole, places)
    found = behind([percentage], 1, 40)
    tried = every(percentage, 1, 40)
    assert set(found.denominators) >= {one for one, _ in tried}
    assert set(found.numerators[0]) >= {one for _, one in tried}
    assert whole in found.denominators
    assert count in found.numerators[0]


@given(st.integers(1, 40), st.data(), st.integers(0, 3))
def test_it_names_nothing_whose_percentage_would_be_printed_otherwise(whole, data, places):
    percentage = printed(data.draw(st.integers(0, whole)), whole, places)
    [found] = behind([percentage], whole, whole).numerators
    half = Decimal(5).scaleb(-places - 1)
    assert all(abs(Decimal(100 * count) / whole - Decimal(percentage)) <= half for count in found)


@given(st.lists(st.integers(0, 12), min_size=2, max_size=4), st.integers(0, 2))
def test_shares_of_one_whole_add_up(counts, places):
    assume(sum(counts))
    whole = sum(counts)
    shares = [printed(count, whole, places) for count in counts]
    alone, together = behind(shares, 1, 50), behind(shares, 1, 50, partition=True)
    assert whole in together.denominators
    assert set(together.denominators) <= set(alone.denominators)
    for count, known, before in zip(counts, together.numerators, alone.numerators, strict=True):
        assert count in known
        assert set(known) <= set(before)


@given(st.integers(2, 29), st.data())
def test_the_interval_beside_a_percentage_tells_more_and_never_wrongly(whole, data):
    count = data.draw(st.integers(0, whole))
    made = interval([count], [whole])
    ends = tuple(f"{100 * end[0]:.1f}" for end in (made.lower, made.upper))
    plain, told = behind([printed(count, whole, 0)], 1, 29), behind([printed(count, whole, 0)], 1, 29, limits=[ends])
    assert whole in told.denominators
    assert count in told.numerators[0]
    assert set(told.denominators) <= set(plain.denominators)


def test_an_interval_gives_a_denominator_away_that_the_percentage_hides():
    made = interval([6], [12])
    ends = tuple(f"{100 * end[0]:.1f}" for end in (made.lower, made.upper))
    assert len(behind(["50"], 1, 29).denominators) > 13
    assert behind(["50"], 1, 29, limits=[ends]) == Behind((12,), ((6,),))


def test_one_decimal_on_a_small_number_is_the_number():
    found = behind(["94.7%"], 1, 29)
    assert found == Behind((19,), ((18,),))
    assert found.exact


def test_of_all_or_none_a_percentage_says_nothing_of_how_many():
    found = behind(["100"], 1, 29)
    assert found.denominators == tuple(range(1, 30))
    assert not found.exact
    assert behind(["0"], 1, 29).numerators == ((0,),)


def test_what_no_number_agrees_with_leaves_nothing():
    found = behind(["94.7"], 1, 9)
    assert found == Behind((), ((),))
    assert not found.exact


def test_several_percentages_of_one_denominator_narrow_each_other():
    halves, thirds = behind(["50"], 1, 29), behind(["33.3"], 1, 29)
    both = behind(["50", "33.3"], 1, 29)
    assert set(both.denominators) == set(halves.denominators) & set(thirds.denominators) == {6, 12, 18, 24}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((["94.7"], 0, 9), "from 1 upwards"),
        ((["94.7"], 9, 8), "from 1 upwards"),
        ((["about half"], 1, 9), "'about half' is no percentage"),
        (([""], 1, 9), "is no percentage"),
        ((["nan"], 1, 9), "is no percentage"),
        ((["Infinity"], 1, 9), "is no percentage"),
        (([50], 1, 9), "'50' is no percentage as it is printed"),
        ((["101"], 1, 9), "outside 0 to 100"),
        ((["-0.1"], 1, 9), "outside 0 to 100"),
    ],
)
def test_what_is_no_percentage_is_refused(arguments, says):
    with pytest.raises(ValueError, match=says):
        behind(*arguments)


def test_limits_stand_beside_every_percentage_or_none():
    with pytest.raises(ValueError, match="a pair for each percentage"):
        behind(["50", "50"], 1, 9, limits=[("10", "90")])
