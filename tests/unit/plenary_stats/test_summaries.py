"""Median, mean and slopes against brute force, scipy and statsmodels, and against printed tables."""

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from plenary_stats.summaries import mean, median, slope, slopes

VALUES = st.lists(st.integers(-50, 50), min_size=1, max_size=40)


def places(number):
    """The places, from nought, of the values that are the limits of the median of ``number`` different values."""
    found = median(np.arange(number))
    return int(found.lower), int(found.upper)


@pytest.mark.parametrize("number", [6, 7, 10, 11, 30, 101, 500])
def test_the_median_s_interval_is_the_narrowest_that_holds_the_level(number):
    low, high = places(number)

    def holds(below):
        """The chance that the median lies between the (below+1)th value from either end."""
        return 1 - 2 * stats.binom.cdf(below, number, 0.5)

    assert high == number - 1 - low
    assert holds(low) >= 0.95
    assert holds(low + 1) < 0.95


def test_published_places_of_the_median_s_interval():
    """Conover, Practical Nonparametric Statistics: for 10 values the 2nd and 9th, for 20 the 6th and 15th hold 95%."""
    assert places(10) == (1, 8)
    assert places(20) == (5, 14)


@given(VALUES)
def test_median_is_numpy_s_and_lies_between_its_limits(values):
    found = median(values)
    assert found.estimate == np.median(values)
    if len(values) < 6:
        assert np.isnan(found.lower)
        assert "Too few" in str(found.why_not)
    else:
        assert found.lower <= found.estimate <= found.upper


@given(VALUES, st.permutations(range(40)))
def test_order_does_not_matter(values, order):
    mixed = [values[place] for place in order if place < len(values)]
    for summary in (median, mean):
        ours, theirs = summary(values), summary(mixed)
        np.testing.assert_allclose([ours.estimate, ours.lower], [theirs.estimate, theirs.lower], atol=1e-12)


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=30), st.sampled_from([0.8, 0.95, 0.998]))
def test_mean_is_scipy_s(values, level):
    found = mean(values, level)
    if np.std(values) > 1e-9:
        theirs = stats.ttest_1samp(values, 0).confidence_interval(level)
        np.testing.assert_allclose([found.lower, found.upper], theirs, rtol=1e-9, atol=1e-9)
    assert found.lower <= found.estimate <= found.upper


def test_one_value_has_no_limits_and_says_so():
    found = mean([4.0])
    assert found.estimate == 4
    assert np.isnan(found.upper)
    assert str(found.why_not) == "Too few patients for an interval."


@pytest.mark.parametrize("summary", [mean, median])
def test_nobody_has_no_figure_and_says_so(summary):
    found = summary([])
    assert np.isnan(found.estimate)
    assert str(found.why_not) == "There is nobody to count."


@pytest.mark.parametrize("summary", [mean, median])
def test_a_missing_value_is_refused(summary):
    with pytest.raises(ValueError, match="leave the missing out"):
        summary([1.0, np.nan])


@pytest.mark.parametrize("summary", [mean, median])
def test_a_level_of_95_is_refused(summary):
    with pytest.raises(ValueError, match=r"write \.95"):
        summary([1.0, 2.0], 95)


# -- slopes


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9), st.integers(0, 99)), min_size=1, max_size=30))
def test_each_slope_is_that_of_a_regression(rows):
    who, when, what = (np.array(column) for column in zip(*rows, strict=True))
    names, found = slopes(who, when, what)
    for name in sorted(set(who.tolist())):
        own = who == name
        if len(set(when[own].tolist())) < 2:
            assert name not in names
            continue
        fitted = sm.OLS(what[own], sm.add_constant(when[own].astype(float))).fit()
        assert found[names.tolist().index(name)] == pytest.approx(fitted.params[1], abs=1e-9)


def test_units_of_time_carry_over():
    _, by_year = slopes(["a"] * 3, [0.0, 1.0, 2.0], [3.0, 2.0, 1.5])
    _, by_day = slopes(["a"] * 3, [0.0, 365.25, 730.5], [3.0, 2.0, 1.5])
    np.testing.assert_allclose(by_day * 365.25, by_year)


def test_two_measurements_on_one_day_are_no_slope():
    names, found = slopes(["a", "a", "b"], [0.1 + 0.2, 0.1 + 0.2, 1], [1, 2, 3])
    assert len(names) == len(found) == 0


def test_lists_of_unequal_length_are_refused():
    with pytest.raises(ValueError, match="one of each for every measurement"):
        slopes(["a", "b"], [1, 2, 3], [1, 2, 3])


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 99)), min_size=3, max_size=30))
def test_the_slope_over_all_rows_is_that_of_a_regression(rows):
    when, what = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    found = slope(when, what)
    if when.min() == when.max():
        assert "Too few" in str(found.why_not)
        return
    fitted = sm.OLS(what, sm.add_constant(when)).fit()
    np.testing.assert_allclose([found.lower, found.upper], fitted.conf_int()[1], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(("rows", "part"), [([], "nobody"), ([1.0, 2.0], "Too few")])
def test_too_few_rows_for_a_slope(rows, part):
    assert part in str(slope(rows, rows).why_not)


def test_six_values_have_limits_and_no_excuse():
    """The least number of values whose ends hold the median with 95%: the ends are the limits, and nothing is missing."""
    found = median([4.0, 9.0, 1.0, 7.0, 2.0, 30.0])
    assert (found.lower, found.estimate, found.upper, str(found.why_not)) == (1.0, 5.5, 30.0, "")
    assert str(median([4.0, 9.0, 1.0, 7.0, 2.0]).why_not) != ""


@given(st.integers(8, 60), st.integers(2, 30))
def test_more_values_of_the_same_kind_are_narrower(number, times):
    few, many = np.linspace(0, 1, number), np.linspace(0, 1, number * times)
    for summary in (median, mean):
        short, long = summary(few), summary(many)
        assert long.upper - long.lower < short.upper - short.lower
        assert short.lower <= short.estimate <= short.upper
