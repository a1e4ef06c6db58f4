import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from plenary_stats.equity import variation

AREAS = st.lists(st.tuples(st.integers(0, 40), st.floats(0.5, 60)), min_size=2, max_size=25)


def test_chi_squared_is_scipys():
    observed, expected = np.array([12, 7, 30, 9]), np.array([14.0, 10, 20, 14])
    theirs = stats.chisquare(observed, expected)
    found = variation(observed, expected)
    assert found.chi_squared == pytest.approx(theirs.statistic, rel=1e-13)
    assert found.p_value == pytest.approx(theirs.pvalue, rel=1e-12)
    assert found.df == 3


def test_the_systematic_component_finds_the_variance_that_was_put_in():
    """Ratios drawn with a variance of 0.09: the estimate comes back to it, where the plain variance would add chance."""
    rng = np.random.default_rng(7)
    expected = np.full(40_000, 12.0)
    true = rng.gamma(1 / 0.09, 0.09, len(expected))
    observed = rng.poisson(true * expected)
    found = variation(observed, expected)
    assert found.scv == pytest.approx(0.09, abs=0.005)
    assert found.between == pytest.approx(0.09, abs=0.005)
    assert (observed / expected).var() > 0.16


def test_with_chance_alone_there_is_no_systematic_variation():
    rng = np.random.default_rng(8)
    found = variation(rng.poisson(12.0, 40_000), np.full(40_000, 12.0))
    assert abs(found.scv) < 0.003
    assert found.between < 0.003
    assert found.p_value > 0.001


def test_less_variation_than_chance_is_below_nought():
    found = variation([10, 10, 10, 10], [10, 10, 10, 10])
    assert found.scv == pytest.approx(-0.1)
    assert found.between == 0
    assert found.extremal_quotient == 1
    assert found.coefficient_of_variation == 0


def test_the_variance_between_areas_is_relative_to_their_mean():
    """All areas have twice what was expected on average: the relative variance is that put in, not four times as much."""
    rng = np.random.default_rng(9)
    expected = np.full(20_000, 12.0)
    observed = rng.poisson(2 * rng.gamma(1 / 0.09, 0.09, len(expected)) * expected)
    assert variation(observed, expected).between == pytest.approx(0.09, abs=0.006)


def test_potthoff_and_whittinghill_by_hand():
    found = variation([3, 1, 6], [2, 2, 5])
    assert found.potthoff_whittinghill == pytest.approx(9 * (3 * 2 / 2 + 0 + 6 * 5 / 5))


def test_rates_are_per_head_where_there_is_a_population():
    found = variation([10, 30], [20, 20], [1000, 2000])
    assert found.extremal_quotient == pytest.approx(1.5)
    assert variation([10, 30], [20, 20]).extremal_quotient == pytest.approx(3)
    middle = 40 / 3000
    spread = np.sqrt((1000 * (0.01 - middle) ** 2 + 2000 * (0.015 - middle) ** 2) / 3000)
    assert found.weighted_coefficient_of_variation == pytest.approx(spread / middle)


def test_percentiles_are_those_of_the_rates():
    observed = np.arange(1, 22)
    found = variation(observed, np.full(21, 10.0))
    assert found.percentile_ratio == pytest.approx(20 / 2)
    assert found.quartile_ratio == pytest.approx(16 / 6)


def test_an_area_with_no_events_has_no_quotient_and_says_why():
    found = variation([0, 12], [10, 10])
    assert np.isnan(found.extremal_quotient)
    assert found.why_not == "An area has no events: no quotient can be given over it."
    assert found.chi_squared == pytest.approx(10.4)


def test_no_events_at_all():
    found = variation([0, 0, 0], [2, 3, 4])
    assert found.why_not == "There is no event in any area."
    assert found.between == 0
    assert found.chi_squared == 9


@settings(deadline=None, max_examples=40)
@given(AREAS, st.randoms(use_true_random=False))
def test_the_order_of_areas_does_not_matter(areas, random):
    mixed = list(areas)
    random.shuffle(mixed)
    one, other = (variation(*zip(*rows, strict=True)) for rows in (areas, mixed))
    for name in ("scv", "chi_squared", "extremal_quotient", "percentile_ratio", "between", "potthoff_whittinghill"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), rel=1e-6, abs=1e-9, nan_ok=True)


@settings(deadline=None, max_examples=40)
@given(AREAS, st.floats(0.01, 1000))
def test_the_unit_of_the_population_does_not_matter(areas, unit):
    observed, expected = map(np.array, zip(*areas, strict=True))
    one, other = variation(observed, expected, expected), variation(observed, expected, expected * unit)
    for name in ("extremal_quotient", "quartile_ratio", "coefficient_of_variation", "weighted_coefficient_of_variation"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), rel=1e-9, abs=1e-12, nan_ok=True)


def test_a_million_areas():
    rng = np.random.default_rng(1)
    expected = rng.uniform(5, 20, 1_000_000)
    assert variation(rng.poisson(expected * rng.gamma(10, 0.1, len(expected))), expected).scv == pytest.approx(0.1, abs=0.002)


@pytest.mark.parametrize(
    ("observed", "expected", "said"),
    [
        ([1], [1], "from two areas up"),
        ([1, 2], [1], "same length"),
        ([1, -2], [1, 1], "whole number from 0"),
        ([1, 2.5], [1, 1], "whole number"),
        ([1, 2], [1, 0], "more than 0"),
        ([1, 2], [1, np.nan], "finite"),
    ],
)
def test_what_cannot_be_used_is_refused(observed, expected, said):
    with pytest.raises(ValueError, match=said):
        variation(observed, expected)
