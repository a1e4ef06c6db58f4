import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats.equity import slope_index

RATE, PEOPLE, RANK = np.array([5.1, 5.9, 6.4, 7.2, 8.0]), np.array([100, 110, 100, 95, 90]), np.array([1, 2, 3, 4, 5])
ERROR = np.array([0.3, 0.2, 0.35, 0.3, 0.25])


def middles(people):
    return (np.cumsum(people) - people / 2) / people.sum()


def test_without_standard_errors_it_is_the_weighted_regression_of_statsmodels():
    fit = sm.WLS(RATE, sm.add_constant(middles(PEOPLE)), weights=PEOPLE).fit()
    found = slope_index(RATE, PEOPLE, RANK)
    assert (found.intercept, found.slope) == (pytest.approx(fit.params[0]), pytest.approx(fit.params[1]))
    assert (found.lower, found.upper) == pytest.approx(tuple(fit.conf_int()[1]), rel=1e-9)


def draws(scale, back, number=400_000):
    """The way of the national tool: draw the rates, fit each draw, read the line at both ends."""
    rng = np.random.default_rng(5)
    weight = np.sqrt(PEOPLE)
    design = np.column_stack((np.ones(5), middles(PEOPLE))) * weight[:, None]
    drawn = rng.normal(scale[:, None], ERROR[:, None] / 10, (5, number)) * weight[:, None]
    near, slope = np.linalg.lstsq(design, drawn, rcond=None)[0]
    return back(near), back(near + slope)


@pytest.mark.parametrize(
    ("scale", "there", "back"),
    [
        ("linear", lambda v: v, lambda v: v),
        ("log", np.log, np.exp),
        ("logit", lambda v: np.log(v / (1 - v)), lambda v: 1 / (1 + np.exp(-v))),
    ],
)
def test_limits_are_those_of_simulation(scale, there, back):
    rate = RATE / 10
    near, far = draws(there(rate), back)
    found = slope_index(rate, PEOPLE, RANK, std_err=ERROR / 10, scale=scale)
    tail = [0.025, 0.975]
    allowed = 0.006
    assert np.abs(np.quantile(far - near, tail) - [found.lower, found.upper]).max() < allowed * (found.upper - found.lower)
    width = found.relative_upper - found.relative_lower
    assert np.abs(np.quantile(far / near, tail) - [found.relative_lower, found.relative_upper]).max() < allowed * width


def test_limits_of_the_rates_serve_as_well_as_standard_errors():
    around = (RATE - 1.959963984540054 * ERROR, RATE + 1.959963984540054 * ERROR)
    one, other = slope_index(RATE, PEOPLE, RANK, limits=around), slope_index(RATE, PEOPLE, RANK, std_err=ERROR)
    assert (one.lower, one.relative_upper) == (pytest.approx(other.lower), pytest.approx(other.relative_upper))


def test_the_linear_limits_are_the_variance_of_a_weighted_sum():
    x, weight = middles(PEOPLE), PEOPLE / PEOPLE.sum()
    share = weight * (x - (weight * x).sum())
    share = share / (share @ x)
    half = 1.959963984540054 * np.sqrt((share**2 * ERROR**2).sum())
    found = slope_index(RATE, PEOPLE, RANK, std_err=ERROR)
    assert (found.slope - found.lower, found.upper - found.slope) == (pytest.approx(half), pytest.approx(half))


@settings(deadline=None, max_examples=40)
@given(st.permutations(range(5)))
def test_the_order_of_rows_does_not_matter(order):
    order = list(order)
    found = slope_index(RATE[order], PEOPLE[order], RANK[order], std_err=ERROR[order])
    assert found.slope == pytest.approx(slope_index(RATE, PEOPLE, RANK, std_err=ERROR).slope)
    assert found.upper == pytest.approx(slope_index(RATE, PEOPLE, RANK, std_err=ERROR).upper)


@settings(deadline=None, max_examples=40)
@given(st.floats(0.01, 1000), st.floats(0.01, 1000))
def test_units_of_rate_and_population_do_not_matter(unit, people):
    one, other = slope_index(RATE, PEOPLE, RANK), slope_index(RATE * unit, PEOPLE * people, RANK)
    assert other.slope == pytest.approx(one.slope * unit)
    assert other.relative == pytest.approx(one.relative)


@settings(deadline=None, max_examples=40)
@given(st.floats(-5, 5), st.floats(1, 20))
def test_a_straight_line_is_found_again(slope, near):
    near = near + max(-slope, 0)
    found = slope_index(near + slope * middles(PEOPLE), PEOPLE, RANK, std_err=ERROR)
    assert found.slope == pytest.approx(slope, abs=1e-9)
    assert found.intercept == pytest.approx(near)
    assert found.lower < found.slope < found.upper


def test_splitting_a_group_changes_nothing():
    rate, people, rank = np.append(RATE, RATE[-1]), np.append(PEOPLE, 40), np.append(RANK, 5)
    people[4] = 50
    assert slope_index(rate, people, rank).slope == pytest.approx(slope_index(RATE, PEOPLE, RANK).slope)


@pytest.mark.parametrize("scale", ["linear", "log", "logit"])
def test_turning_the_ranking_round_turns_the_answer_round(scale):
    one = slope_index(RATE / 10, PEOPLE, RANK, std_err=ERROR / 10, scale=scale)
    other = slope_index(RATE / 10, PEOPLE, -RANK, std_err=ERROR / 10, scale=scale)
    assert (other.slope, other.lower, other.upper) == (
        pytest.approx(-one.slope),
        pytest.approx(-one.upper),
        pytest.approx(-one.lower),
    )
    assert (other.relative, other.relative_lower) == (
        pytest.approx(1 / one.relative),
        pytest.approx(1 / one.relative_upper, rel=1e-5),
    )


def test_a_higher_level_is_wider():
    one, other = (slope_index(RATE / 10, PEOPLE, RANK, level, std_err=ERROR / 10, scale="logit") for level in (0.9, 0.998))
    assert other.lower < one.lower < one.slope < one.upper < other.upper


def test_where_the_near_end_may_be_nought_there_is_no_ratio():
    found = slope_index([0.1, 1.0, 2.1], [10, 10, 10], [1, 2, 3], std_err=[1.0, 1.0, 1.0])
    assert np.isnan(found.relative_lower)
    assert np.isnan(found.relative_upper)
    assert "no ratio" in found.why_not
    assert np.isfinite(found.lower)


@pytest.mark.parametrize(
    ("arguments", "options", "said"),
    [
        (([1, 2], [1, 1], [1, 2]), {}, "three groups"),
        (([1, 2, 3], [1, 1, 1], [1, 1, 1]), {}, "at least two"),
        (([1, 2, 3], [1, 0, 1], [1, 2, 3]), {}, "must have people"),
        (([1, 2, 3], [1, 1], [1, 2, 3]), {}, "same length"),
        (([1, 0, 3], [1, 1, 1], [1, 2, 3]), {"scale": "log", "std_err": [1, 1, 1]}, "above 0"),
        (([0.1, 0.2, 1], [1, 1, 1], [1, 2, 3]), {"scale": "logit", "std_err": [1, 1, 1]}, "below 1"),
        (([1, 2, 3], [1, 1, 1], [1, 2, 3]), {"scale": "log"}, "own std_err"),
        (([1, 2, 3], [1, 1, 1], [1, 2, 3]), {"scale": "root", "std_err": [1, 1, 1]}, "linear, log, logit"),
        (([1, 2, 3], [1, 1, 1], [1, 2, 3]), {"std_err": [1, 0, 1]}, "standard error above 0"),
        (([1, 2, 3], [1, 1, 1], [1, 2, 3]), {"level": 95}, "write .95"),
    ],
)
def test_what_cannot_be_used_is_refused(arguments, options, said):
    with pytest.raises(ValueError, match=said):
        slope_index(*arguments, **options)
