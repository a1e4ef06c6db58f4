import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from plenary_stats.proportions import clustered, interval

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


@given(pairs(), st.integers(2, 50), st.sampled_from(METHODS))
def test_more_patients_are_narrower(pair, times, method):
    """The same share of more patients is known better, at either end, and the interval stays about it."""
    met, of = pair
    few, many = interval(met, of, method), interval(met * times, of * times, method)
    assert many.upper - many.lower < few.upper - few.lower
    assert (many.lower, many.upper) == pytest.approx((few.lower, few.upper), abs=few.upper - few.lower)


@given(st.lists(pairs(), min_size=1, max_size=20), st.randoms())
def test_centres_do_not_depend_on_their_order_or_their_company(given_pairs, random):
    order = list(range(len(given_pairs)))
    random.shuffle(order)
    met, of = map(np.array, zip(*given_pairs, strict=True))
    together = interval(met, of)
    assert together.lower[order].tolist() == interval(met[order], of[order]).lower.tolist()
    assert together.upper.tolist() == pytest.approx([float(interval(*pair).upper) for pair in given_pairs], rel=1e-15)


def test_a_million_centres_answer():
    of = np.arange(1, 1_000_001)
    found = interval(of // 3, of)
    assert (found.lower <= found.estimate).all()
    assert (found.estimate <= found.upper).all()
    for method in METHODS:  # of a hundredth of them the slower ones as well
        assert np.isfinite(interval(of[::100] // 3, of[::100], method).upper).all()


def wilson(share, units):
    return proportion_confint(share * units, units, method="wilson")


def test_one_unit_a_patient_is_worth_one_patient_less():
    """With p = 3/8 the variance of a ratio of totals is p(1 - p)/(n - 1): as sure as n - 1 independent units."""
    found = clustered([1, 0, 0, 1, 0, 0, 1, 0], [1] * 8)
    assert found.estimate == 3 / 8
    assert (found.lower, found.upper) == pytest.approx(wilson(3 / 8, 7), rel=1e-12)
    assert found.why_not == ""
    assert found.method == "wilson-clustered"


def test_eyes_of_one_patient_that_are_alike_count_as_one():
    alike = clustered([2, 0, 0, 2, 0, 0, 2, 0], [2] * 8)
    one = clustered([1, 0, 0, 1, 0, 0, 1, 0], [1] * 8)
    assert (alike.lower, alike.upper) == pytest.approx((one.lower, one.upper), rel=1e-12)
    # Eyes that are unlike within each patient are worth no more than the eyes there are.
    unlike = clustered([1, 1, 1, 2, 1, 1, 1, 1], [2] * 8)
    assert (unlike.lower, unlike.upper) == pytest.approx(wilson(9 / 16, 16), rel=1e-12)


def test_units_of_unequal_number_by_hand():
    """Korn and Graubard's effective number: p(1 - p) over n/(n - 1) times the sum of (x - pm)² over M²."""
    met, of = np.array([2, 0, 1, 3]), np.array([2, 1, 3, 4])
    share = 6 / 10
    variance = 4 / 3 * ((met - share * of) ** 2).sum() / 100
    found = clustered(met, of, 0.9)
    effective = min(share * (1 - share) / variance, 10)
    assert effective < 10
    expected = proportion_confint(share * effective, effective, alpha=0.1, method="wilson")
    assert (found.lower, found.upper) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("met", "of", "share"), [([2, 1], [2, 1], 1.0), ([0, 0, 0], [2, 1, 2], 0.0), ([1, 1], [2, 2], 0.5), ([1], [2], 0.5)]
)
def test_patients_who_do_not_differ_count_once_each(met, of, share):
    found = clustered(met, of)
    assert found.estimate == share
    assert (found.lower, found.upper) == pytest.approx(wilson(share, len(met)), abs=1e-12)
    assert (found.lower == 0.0) == (share == 0)
    assert (found.upper == 1.0) == (share == 1)


def test_nobody_has_no_clustered_share():
    assert clustered([], []).why_not == "There is nobody in the denominator."


@pytest.mark.parametrize(("met", "of"), [([3, 0], [2, 1]), ([0, 1], [0, 2]), ([0], [0])])
def test_units_that_cannot_be_are_refused(met, of):
    with pytest.raises(ValueError, match="at least one unit"):
        clustered(met, of)
