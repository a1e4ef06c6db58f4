import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.rates import confint_poisson

from plenary_stats.rates import chance, directly_standardised, expected_events, indirectly_standardised, interval


def test_equals_statsmodels():
    count, exposure = np.array([1, 5, 30, 200]), np.array([10.0, 2.5, 7.0, 1000.0])
    found = interval(count, exposure, "exact", 0.99)
    expected = [confint_poisson(c, e, method="exact-c", alpha=0.01) for c, e in zip(count, exposure, strict=True)]
    np.testing.assert_allclose(np.column_stack([found.lower, found.upper]), expected, rtol=1e-10)


def test_published_table_of_poisson_limits():
    """Altman, Machin, Bryant and Gardner, Statistics with Confidence, 2000, table 18.3: 95% limits of 0, 1, 5, 10 and 50."""
    found = interval([0, 1, 5, 10, 50], 1, "exact")
    np.testing.assert_array_equal(np.round(found.lower, 3), [0.0, 0.025, 1.623, 4.795, 37.111])
    np.testing.assert_array_equal(np.round(found.upper, 3), [3.689, 5.572, 11.668, 18.390, 65.919])


def test_the_two_byars_are_not_confused():
    """For one event Breslow and Day give 0.013 to 5.564; Rothman's variant would give 0.091 to 4.662."""
    found = interval(1, 1, "byar")
    assert (round(float(found.lower), 3), round(float(found.upper), 3)) == (0.013, 5.564)


def test_worked_example_of_the_method_page():
    found = interval(12, 2.4, "national")
    assert [round(float(x), 3) for x in (found.estimate, found.lower, found.upper)] == [5.0, 2.581, 8.735]
    few = interval(4, 2.4, "national")
    assert [round(float(x), 3) for x in (few.estimate, few.lower, few.upper)] == [1.667, 0.454, 4.267]


def test_byar_is_the_default_at_every_count():
    """Four events: Byar's lower limit is 1.076 and the exact one 1.090; the national rule takes the exact one below ten."""
    usual, byar, national, exact = interval(4, 1), interval(4, 1, "byar"), interval(4, 1, "national"), interval(4, 1, "exact")
    assert (usual.method, usual.lower, usual.upper) == ("byar", byar.lower, byar.upper)
    assert (national.lower, national.upper) == (exact.lower, exact.upper) != (byar.lower, byar.upper)
    ten = interval(10, 1, "national")
    assert (ten.lower, ten.upper) == (interval(10, 1).lower, interval(10, 1).upper)


def test_byar_is_never_below_nought():
    assert interval([0, 1], 1, "byar", 0.998).lower.tolist() == [0.0, 0.0]


def test_no_exposure_is_said_and_not_a_number():
    found = interval([0, 2], [0, 4])
    assert np.isnan(found.estimate[0])
    assert found.why_not.tolist() == ["There is no exposure: nobody was at risk.", ""]


@pytest.mark.parametrize(
    ("count", "exposure", "says"),
    [(-1, 1, "whole number"), (0.5, 1, "whole number"), (1, -1, "cannot be negative"), (1, np.inf, "finite")],
)
def test_impossible_rates_are_refused(count, exposure, says):
    with pytest.raises(ValueError, match=says):
        interval(count, exposure)


def test_unknown_methods_are_refused():
    with pytest.raises(ValueError, match="byar, exact, national"):
        interval(1, 1, "wald")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="byar, exact"):
        indirectly_standardised(1, 1, "wald")  # type: ignore[arg-type]


@given(st.integers(0, 5000), st.floats(0.1, 1e6), st.sampled_from(["national", "byar", "exact"]), st.floats(0.5, 0.999))
def test_limits_enclose_the_rate_and_scale_with_exposure(count, exposure, method, level):
    found, unit = interval(count, exposure, method, level), interval(count, 1, method, level)
    assert 0 <= found.lower <= found.estimate <= found.upper
    assert found.upper * exposure == pytest.approx(unit.upper, rel=1e-12)


@given(st.integers(0, 400))
def test_exact_limits_keep_their_promise(count):
    found = interval(count, 1, "exact")
    assert stats.poisson.cdf(count, found.upper) == pytest.approx(0.025, abs=1e-9)
    if count:
        assert stats.poisson.sf(count - 1, found.lower) == pytest.approx(0.025, abs=1e-9)


DOWNS = {
    # Fleiss, Statistical Methods for Rates and Proportions, 1981, table 14.2: Down's syndrome by mother's age, 5th and later births.
    "events": [0, 8, 63, 112, 262, 295],
    "births": [327, 30666, 123419, 149919, 104088, 34392],
    "standard": [319933, 931318, 786511, 488235, 237863, 61313],
}


def test_published_example_of_direct_standardisation():
    """Fleiss's data, also the example of epitools' ageadjust.direct in R: 75.5 per 100,000 births, adjusted for mother's age."""
    found = directly_standardised(DOWNS["events"], DOWNS["births"], DOWNS["standard"])
    assert round(float(found.estimate) * 1e5, 1) == 75.5
    assert (round(float(found.lower) * 1e5, 1), round(float(found.upper) * 1e5, 1)) == (67.6, 83.9)
    assert found.method == "Dobson"


def test_areas_go_together_in_one_call():
    found = directly_standardised([DOWNS["events"], [1, 1, 1, 1, 1, 1]], DOWNS["births"], DOWNS["standard"])
    assert found.estimate.shape == (2,)
    assert np.isnan(found.estimate[1])
    assert found.why_not.tolist() == ["", "Fewer than 10 events: a directly standardised rate would mislead."]


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(100, 10_000)), min_size=2, max_size=8))
def test_standardising_to_oneself_gives_the_crude_rate(strata):
    events, people = np.array(strata).T
    found = directly_standardised(events, people, people, minimum=0)
    assert found.estimate == pytest.approx(events.sum() / people.sum(), rel=1e-12)
    if events.sum():
        crude = interval(events.sum(), people.sum(), "national")
        assert (found.lower, found.upper) == pytest.approx((crude.lower, crude.upper), rel=1e-9)


def test_people_with_one_event_each_are_independent_events():
    alone = directly_standardised(DOWNS["events"], DOWNS["births"], DOWNS["standard"])
    classed = directly_standardised(np.array([DOWNS["events"], [0] * 6]).T, DOWNS["births"], DOWNS["standard"], frequency=[1, 2])
    assert classed.upper == pytest.approx(alone.upper, rel=1e-14)


def test_an_empty_stratum_is_refused():
    with pytest.raises(ValueError, match="merge empty age bands"):
        directly_standardised([1, 2], [10, 0], [1, 1])


def test_the_ratio_is_exact_below_ten_events_and_byar_from_ten():
    default = indirectly_standardised([9, 10], 8.0)
    exact = indirectly_standardised([9, 10], 8.0, "exact")
    assert default.upper[0] == exact.upper[0]
    assert default.upper[1] != exact.upper[1]


def test_nothing_expected_is_said():
    found = indirectly_standardised([2, 2], [0.0, 1.0])
    assert np.isnan(found.estimate[0])
    assert found.why_not.tolist() == ["No events are expected: there is no ratio.", ""]
    with pytest.raises(ValueError, match="expected: it cannot be negative"):
        indirectly_standardised(1, -1.0)


@given(st.integers(0, 200), st.floats(0.05, 150))
def test_the_chance_of_a_count_equals_a_sum_over_all_counts(observed, expected):
    each = stats.poisson.pmf(np.arange(2000), expected)
    exact = each[each <= each[observed] * (1 + 1e-7)].sum()
    assert chance(observed, expected) == pytest.approx(exact, rel=1e-8, abs=1e-250)
    low, high = stats.poisson.cdf(observed, expected), stats.poisson.sf(observed - 1, expected)
    half = each[observed] / 2
    assert chance(observed, expected, "mid-p") == pytest.approx(min(2 * min(low - half, high - half), 1), rel=1e-6, abs=1e-12)


def test_the_other_tail_is_found_wherever_it_begins():
    """Where twice what was expected is not a whole number the search once never ended: none expected 15.4, for one."""
    seen = np.arange(61)
    for expected in np.arange(0.05, 40, 0.35):
        each = stats.poisson.pmf(np.arange(400), expected)
        exact = [each[each <= each[count] * (1 + 1e-7)].sum() for count in seen]
        np.testing.assert_allclose(chance(seen, expected), exact, rtol=1e-7, atol=1e-300)
    # R's poisson.test
    assert chance([0, 3], [15.4, 20.85]) == pytest.approx([3.31557028215877e-07, 2.89872606255114e-06], rel=1e-12)


def test_the_chance_of_a_count_beyond_all_counting_is_answered():
    assert 0 < chance(10**15, 1e15 - 1e8) <= 1
    assert chance(10**6, 1e6 - 3000) == pytest.approx(2 * stats.norm.sf(3), rel=0.01)
    assert chance([0, 3], [1e18, 1e300]).tolist() == [0.0, 0.0]


def test_the_chance_of_what_was_expected_is_certain():
    assert chance([5, 0, 4], [5.0, 0.0, 4.5]).tolist()[:2] == [1.0, 1.0]
    assert chance(3, 0.0) == 0


def test_chances_refuse_what_makes_no_sense():
    with pytest.raises(ValueError, match="exact, mid-p"):
        chance(1, 1.0, "wald")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="expected: it cannot be negative"):
        chance(1, -1.0)


def test_expected_events_apply_the_rates_of_the_reference():
    assert expected_events([100, 200], [10, 1], [1000, 50]) == pytest.approx(5.0)
    areas = expected_events([[100, 200], [0, 50]], [10, 1], [1000, 50])
    assert areas.tolist() == pytest.approx([5.0, 1.0])
    with pytest.raises(ValueError, match="merge empty age bands"):
        expected_events([1], [1], [0])
    with pytest.raises(ValueError, match="population: it cannot be negative"):
        expected_events([-1], [1], [1])


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(100, 10_000), st.integers(1, 500)), min_size=2, max_size=8))
def test_gamma_limits_enclose_the_rate_and_reach_above_dobson(strata):
    events, people, standard = np.array(strata).T
    gamma = directly_standardised(events, people, standard, minimum=0, method="gamma")
    dobson = directly_standardised(events, people, standard, minimum=0, method="exact")
    assert gamma.lower <= gamma.estimate <= gamma.upper
    if events.sum():
        assert gamma.upper >= dobson.upper * (1 - 1e-9)
    assert gamma.method == "Fay-Feuer"


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(100, 10_000), st.integers(1, 500)), min_size=2, max_size=8), st.randoms()
)
def test_the_order_and_the_unit_of_strata_do_not_matter(strata, shuffler):
    mixed = list(strata)
    shuffler.shuffle(mixed)
    one = directly_standardised(*np.array(strata).T, minimum=0)
    other = directly_standardised(*(np.array(mixed).T * np.array([[1], [1], [1000]])), minimum=0)
    assert (other.estimate, other.upper) == pytest.approx((one.estimate, one.upper), rel=1e-12, nan_ok=True)


def test_an_unknown_method_of_standardising_is_refused():
    with pytest.raises(ValueError, match="national, exact, gamma"):
        directly_standardised([1], [1], [1], method="wald")  # type: ignore[arg-type]


def test_a_million_rows_answer():
    found = interval(np.arange(1_000_000) % 50, 2.0)
    assert np.isfinite(found.upper).all()


@given(st.integers(1, 2000), st.integers(2, 20), st.sampled_from(["national", "byar", "exact"]))
def test_more_events_at_the_same_rate_are_narrower(count, times, method):
    if method == "national" and count < 10 <= count * times:
        return  # another formula begins at ten events
    few, many = interval(count, 10, method), interval(count * times, 10 * times, method)
    assert many.upper - many.lower < few.upper - few.lower
    assert many.estimate == few.estimate
    ratio = indirectly_standardised([count, count * times], [10.0, 10.0 * times], "exact")
    assert np.diff(ratio.upper - ratio.lower) < 0


STRATA = st.lists(st.tuples(st.integers(1, 40), st.integers(10, 400), st.integers(1, 1000)), min_size=2, max_size=8)


@given(STRATA, st.data())
def test_a_stratum_split_in_two_changes_no_rate(rows, data):
    """Half of its people and of its standard each, however its events fall: the rate and its variance are those of the whole."""
    events, people, standard = (np.array(column, float) for column in zip(*rows, strict=True))
    first = np.array([data.draw(st.integers(0, int(own))) for own in events])
    whole = directly_standardised(events, people, standard, minimum=0)
    halves = np.tile(people / 2, 2), np.tile(standard / 2, 2)
    split = directly_standardised(np.append(first, events - first), *halves, minimum=0)
    for name in ("estimate", "lower", "upper"):
        assert getattr(split, name) == pytest.approx(getattr(whole, name), rel=1e-12)
    halved = expected_events(np.tile(people / 2, 2), np.tile(events, 2), np.tile(standard, 2))
    assert halved == pytest.approx(expected_events(people, events, standard), rel=1e-12)


@given(st.lists(st.integers(0, 40), min_size=1, max_size=30), st.floats(0.5, 0.999))
def test_the_national_rule_takes_each_count_by_itself(values, level):
    found, exact, byar = (interval(values, 2.5, method, level) for method in ("national", "exact", "byar"))
    few = np.array(values) < 10
    for name in ("lower", "upper"):
        expected = np.where(few, getattr(exact, name), getattr(byar, name))
        assert getattr(found, name).tolist() == expected.tolist()


strata = st.integers(1, 6).flatmap(
    lambda bands: st.tuples(
        st.lists(st.lists(st.integers(0, 30), min_size=bands, max_size=bands), min_size=1, max_size=4),
        st.lists(st.integers(1, 900), min_size=bands, max_size=bands),
    )
)


@given(strata, st.integers(1, 500))
def test_standardised_rates_are_sums_over_the_strata(given_strata, people):
    """The formulas of Dobson et al. band by band; classes of persons with one event each are what no classes are."""
    events, standard = (np.array(part) for part in given_strata)
    found = directly_standardised(events, people + np.arange(events.shape[1]), standard, minimum=0)
    classes = directly_standardised(events[..., None], people + np.arange(events.shape[1]), standard, minimum=0, frequency=[1])
    each = [
        sum(w * x / n for w, x, n in zip(standard, area, people + np.arange(len(standard)), strict=True)) / standard.sum()
        for area in events
    ]
    assert found.estimate.tolist() == pytest.approx(each, rel=1e-12)
    for name in ("estimate", "lower", "upper"):
        np.testing.assert_allclose(getattr(found, name), getattr(classes, name), rtol=1e-12)
