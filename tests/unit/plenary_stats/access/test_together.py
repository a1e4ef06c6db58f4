"""Many maps at once have the figures of each alone."""

from itertools import product

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats.access import at_least, morans, slopes, trend, variations
from plenary_stats.equity import moran, slope_index, variation

RING = [(place, (place + 1) % 6) for place in range(6)]


def maps(seed, number=3, areas=6):
    draw = np.random.default_rng(seed)
    expected = draw.uniform(2, 30, (2, number, areas))
    return draw.poisson(expected).astype(float), expected


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_variation_of_each_map(seed):
    observed, expected = maps(seed)
    found = variations(observed, expected)
    for place in product(range(2), range(3)):
        alone = variation(observed[place], expected[place])
        assert found["scv"][place] == pytest.approx(alone.scv)
        assert found["chi-squared"][place] == pytest.approx(alone.chi_squared)
        assert found["p"][place] == pytest.approx(alone.p_value)
        assert found["quotient"][place] == pytest.approx(alone.extremal_quotient, nan_ok=True)


def test_nothing_expected_somewhere_is_no_figure_and_an_empty_area_no_quotient():
    found = variations(np.array([[3.0, 0], [3, 4]]), np.array([[3.0, 2], [3, 0]]))
    assert np.isfinite(found["scv"][0])
    assert np.isnan(found["quotient"]).all()
    assert np.isnan([found[key][1] for key in found]).all()
    assert np.isnan(variations(np.array([3.0]), np.array([3.0]))["scv"])


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.data())
def test_as_many_by_chance_against_every_combination(chances, data):
    number = data.draw(st.integers(0, len(chances)))
    p = np.array(chances)
    exact = sum(
        np.prod([one if here else 1 - one for one, here in zip(p, happens, strict=True)])
        for happens in product([True, False], repeat=len(p))
        if sum(happens) >= number
    )
    assert at_least(p, np.array(number)) == pytest.approx(exact, abs=1e-12)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000))
def test_neighbours_of_each_map(seed):
    observed, expected = maps(seed)
    found = morans(observed, expected, RING)
    both = [*RING, *((b, a) for a, b in RING)]
    for place in product(range(2), range(3)):
        alone = moran(observed[place], np.array(both), population=expected[place])
        assert found["statistic"][place] == pytest.approx(alone.statistic, nan_ok=True)
        assert found["p"][place] == pytest.approx(alone.p_value, nan_ok=True)


def test_an_area_that_touches_none_is_left_out():
    observed, expected = maps(4)
    more = [np.concatenate([part, part[..., :1]], axis=-1) for part in (observed, expected)]
    assert morans(*more, RING)["statistic"] == pytest.approx(morans(observed, expected, RING)["statistic"])


def test_too_few_areas_that_touch_or_nobody_is_no_figure():
    observed, expected = maps(5)
    assert np.isnan(morans(observed, expected, [])["statistic"]).all()
    assert np.isnan(morans(observed, expected, [(0, 1), (1, 2)])["p"]).all()
    assert np.isnan(morans(observed * 0, expected, RING)["statistic"]).all()


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000))
def test_slope_of_each_map(seed):
    observed, expected = maps(seed)
    rate, persons, deprived = observed / expected, np.arange(1, 7.0), np.array([0.3, 0.1, 0.5, 0.2, np.nan, 0.4])
    found = slopes(rate, persons, deprived)
    kept = np.array([0, 1, 2, 3, 5])
    for place in product(range(2), range(3)):
        alone = slope_index(rate[place][kept], persons[kept], -deprived[kept])
        assert found["slope"][place] == pytest.approx(alone.slope)
        assert found["slope_lower"][place] == pytest.approx(alone.lower)
        assert found["relative"][place] == pytest.approx(alone.relative, nan_ok=True)
        for key, limit in (("relative_lower", alone.relative_lower), ("relative_upper", alone.relative_upper)):
            assert found[key][place] == pytest.approx(limit if np.isfinite(limit) else np.nan, nan_ok=True)


def test_a_rate_that_falls_with_deprivation_slopes_up():
    """Ranked from the most deprived: who is better off has more."""
    found = slopes(np.array([1.0, 2, 3]), np.ones(3), np.array([0.9, 0.5, 0.1]))
    assert found["slope"] > 0
    assert found["relative"] > 1


def test_no_slope_without_three_ranks():
    rate = np.array([1.0, 2, 3])
    assert np.isnan(slopes(rate, np.ones(3), np.full(3, np.nan))["slope"])
    assert np.isnan(slopes(rate, np.ones(3), np.array([0.1, 0.1, 0.2]))["slope"])
    assert np.isnan(slopes(rate * 0, np.ones(3), np.array([0.1, 0.3, 0.2]))["slope"])
    assert np.isnan(slopes(np.array([1.0, np.nan, 3]), np.ones(3), np.array([0.1, 0.3, 0.2]))["slope"])


@pytest.mark.parametrize("seed", range(6))
def test_the_trend_is_that_of_a_poisson_model(seed):
    draw = np.random.default_rng(seed)
    years, size = np.arange(8), draw.uniform(1e6, 3e6, 8)
    events = draw.poisson(size * 5e-6 * np.exp(0.2 * (seed - 3) / 3 * years)).astype(float)
    found = trend(events[None], size)
    fitted = sm.GLM(events, sm.add_constant(years), family=sm.families.Poisson(), offset=np.log(size)).fit(tol=1e-12)
    lower, upper = np.exp(fitted.conf_int()[1])
    assert found["factor"][0] == pytest.approx(np.exp(fitted.params[1]), rel=1e-8)
    assert (found["lower"][0], found["upper"][0]) == pytest.approx((lower, upper), rel=1e-6)


def test_the_score_test_needs_no_fit():
    """Two years alike, one person each: nothing points anywhere."""
    assert trend([1, 1], [5.0, 5.0])["p"] == pytest.approx(1)
    assert trend([1, 30], [5.0, 5.0])["p"] < 1e-6


@pytest.mark.parametrize("events", [[0, 0, 0], [1, 0, 0], [5, 0, 0], [0, 0, 7], [4]])
def test_a_trend_without_end_is_none(events):
    found = trend(events, np.ones(len(events)))
    assert all(np.isnan(found[key]) for key in ("factor", "lower", "upper", "p"))


@settings(deadline=None)
@given(st.lists(st.integers(0, 200), min_size=2, max_size=12))
def test_a_trend_is_finite_and_inside_its_limits_wherever_there_is_one(events):
    found = trend(events, np.full(len(events), 7.0))
    if np.isfinite(found["factor"]):
        assert 0 < found["lower"] < found["factor"] < found["upper"] < np.inf
        back = trend(events[::-1], np.full(len(events), 7.0))
        assert back["factor"] == pytest.approx(1 / found["factor"], rel=1e-6)
