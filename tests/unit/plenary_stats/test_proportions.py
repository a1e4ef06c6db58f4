import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from plenary_stats.proportions import interval

METHODS = ["clopper-pearson", "jeffreys", "wilson"]


@pytest.mark.parametrize(("method", "other"), [("wilson", "wilson"), ("clopper-pearson", "beta"), ("jeffreys", "jeffreys")])
def test_equals_statsmodels(method, other):
    met, of = np.array([0, 1, 3, 27, 99, 250]), np.array([7, 1, 9, 81, 100, 1000])
    found = interval(met, of, method, 0.9)
    lower, upper = proportion_confint(met, of, alpha=0.1, method=other)
    np.testing.assert_allclose(found.lower, lower, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(found.upper, upper, rtol=1e-10, atol=1e-12)


def test_equals_scipy():
    for met, of in [(0, 4), (4, 4), (7, 22)]:
        expected = stats.binomtest(met, of).proportion_ci(0.998, "exact")
        found = interval(met, of, "clopper-pearson", 0.998)
        assert (found.lower, found.upper) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_published_example_of_newcombe():
    """Newcombe RG, Statistics in Medicine 1998;17:857, table I: 81/263, 15/148, 0/20 and 1/29, to four decimals."""
    wilson = interval([81, 15, 0, 1], [263, 148, 20, 29])
    np.testing.assert_array_equal(np.round(wilson.lower, 4), [0.2553, 0.0624, 0.0, 0.0061])
    np.testing.assert_array_equal(np.round(wilson.upper, 4), [0.3662, 0.1605, 0.1611, 0.1718])
    exact = interval([81, 15, 0, 1], [263, 148, 20, 29], "clopper-pearson")
    np.testing.assert_array_equal(np.round(exact.lower, 4), [0.2527, 0.0578, 0.0, 0.0009])
    np.testing.assert_array_equal(np.round(exact.upper, 4), [0.3676, 0.1617, 0.1684, 0.1776])


def test_worked_example_of_the_method_page():
    found = interval(62, 81)
    assert [round(float(x), 4) for x in (found.estimate, found.lower, found.upper)] == [0.7654, 0.6625, 0.8444]


def test_nobody_in_the_denominator_is_said_and_not_a_number():
    found = interval([0, 3], [0, 4])
    assert np.isnan(found.estimate[0])
    assert np.isnan(found.lower[0])
    assert found.why_not.tolist() == ["There is nobody in the denominator.", ""]
    assert found.estimate[1] == 0.75


@pytest.mark.parametrize(
    ("met", "of", "says"),
    [(5, 4, "more successes than trials"), (-1, 4, "whole number"), (1.5, 4, "whole"), (1, np.nan, "finite")],
)
def test_impossible_counts_are_refused(met, of, says):
    with pytest.raises(ValueError, match=says):
        interval(met, of)


def test_an_unknown_method_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="wilson, clopper-pearson, jeffreys"):
        interval(1, 2, "wald")  # type: ignore[arg-type]


def test_the_result_is_frozen_and_carries_its_method():
    found = interval(1, 2, "jeffreys", 0.9)
    assert (found.method, found.level) == ("jeffreys", 0.9)
    with pytest.raises(AttributeError):
        found.method = "wald"  # type: ignore[misc]


def pairs():
    return st.integers(1, 2000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of)))


@given(pairs(), st.sampled_from(METHODS), st.floats(0.5, 0.999))
def test_limits_stay_in_range_and_mirror(pair, method, level):
    met, of = pair
    found, mirrored = interval(met, of, method, level), interval(of - met, of, method, level)
    assert 0 <= found.lower <= found.upper <= 1
    assert found.lower == pytest.approx(1 - mirrored.upper, abs=1e-9)
    if method != "jeffreys":  # the Jeffreys limits exclude 0 of n and n of n
        assert found.lower <= found.estimate <= found.upper


@given(pairs(), st.sampled_from(METHODS))
def test_more_confidence_is_wider(pair, method):
    narrow, wide = interval(*pair, method, 0.8), interval(*pair, method, 0.99)
    assert wide.lower <= narrow.lower
    assert narrow.upper <= wide.upper


@given(pairs())
def test_the_exact_interval_keeps_its_promise_at_the_limits(pair):
    """At the lower limit, so many or more happens with probability 2.5%; at the upper, so few or fewer."""
    met, of = pair
    found = interval(met, of, "clopper-pearson")
    if met > 0:
        assert stats.binom.sf(met - 1, of, found.lower) == pytest.approx(0.025, abs=1e-8)
    if met < of:
        assert stats.binom.cdf(met, of, found.upper) == pytest.approx(0.025, abs=1e-8)
