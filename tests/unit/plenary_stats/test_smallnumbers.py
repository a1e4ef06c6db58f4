import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, optimize, special, stats

from plenary_stats.smallnumbers import moments, pool, shrink


def rows(pooled):
    columns = pooled.columns
    return list(zip(*(columns[name].tolist() for name in ("first", "last", "width", "total", "why_not")), strict=True))


def test_the_window_grows_back_until_there_are_enough():
    found = pool({2020: 5, 2021: 10, 2022: 22, 2023: 31})
    assert rows(found) == [
        (2020, 2020, 1, 5, "Fewer than 30 patients in 1 year."),
        (2020, 2021, 2, 15, "Fewer than 30 patients in 2 years together."),
        (2021, 2022, 2, 32, ""),
        (2023, 2023, 1, 31, ""),
    ]
    assert found.minimum == 30


def test_no_window_is_longer_than_allowed():
    assert rows(pool(dict.fromkeys(range(2015, 2026), 4), most=3))[-1] == (
        2023,
        2025,
        3,
        12,
        "Fewer than 30 patients in 3 years together.",
    )


def test_a_year_without_an_entry_had_nobody():
    assert rows(pool({2020: 20, 2022: 15}))[1:] == [
        (2020, 2021, 2, 20, "Fewer than 30 patients in 2 years together."),
        (2020, 2022, 3, 35, ""),
    ]


def test_plain_counts_are_numbered_from_nought():
    assert rows(pool([10, 20], 25)) == [(0, 0, 1, 10, "Fewer than 25 patients in 1 year."), (0, 1, 2, 30, "")]


def test_no_years_give_no_windows():
    assert rows(pool({})) == []


def test_unusable_input_is_refused():
    with pytest.raises(ValueError, match="years: every value must be a whole number"):
        pool({2020: -1})
    with pytest.raises(ValueError, match="at least one year long"):
        pool({2020: 1}, most=0)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=12), st.integers(1, 80), st.integers(1, 6))
def test_every_window_is_the_shortest_that_is_enough(patients, minimum, most):
    for first, last, width, total, why_not in rows(pool(patients, minimum, most=most)):
        assert total == sum(patients[first : last + 1])
        assert width == last - first + 1 <= most
        assert (why_not == "") == (total >= minimum)
        if width > 1:
            assert sum(patients[first + 1 : last + 1]) < minimum
        if why_not:
            assert width == min(most, last + 1)


def test_the_result_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        pool([30]).columns["total"][0] = 1
    assert isinstance(pool([30]).columns["total"], np.ndarray)


OBSERVED, EXPECTED = np.array([2, 9, 14, 1, 30, 5, 0, 21]), np.array([4.1, 5.2, 11.0, 3.3, 19.5, 8.8, 2.0, 24.0])
MET, OF = np.array([9, 5, 12, 4, 6, 4, 12, 0]), np.array([40, 61, 74, 35, 71, 72, 40, 9])
METHODS = ("gamma-poisson", "log-normal", "beta-binomial", "random-intercept")


def centres(method):
    return (OBSERVED, EXPECTED) if method in {"gamma-poisson", "log-normal"} else (MET, OF)


def test_the_gamma_prior_is_that_of_greatest_likelihood():
    """Events are negative binomial: another library's density, another optimiser."""

    def low(logs):
        a, b = np.exp(logs)
        return -stats.nbinom.logpmf(OBSERVED, a, b / (b + EXPECTED)).sum()

    found, other = shrink(OBSERVED, EXPECTED), optimize.minimize(low, [0, 0], method="BFGS", options={"gtol": 1e-8})
    assert (found.parameters["shape"], found.parameters["rate"]) == pytest.approx(tuple(np.exp(other.x)), rel=1e-4)
    assert found.parameters["log_likelihood"] == pytest.approx(-other.fun, rel=1e-10)
    a, b = found.parameters["shape"], found.parameters["rate"]
    np.testing.assert_allclose(found.columns["estimate"], (OBSERVED + a) / (EXPECTED + b), rtol=1e-12)
    np.testing.assert_allclose(found.columns["upper"], stats.gamma.ppf(0.975, OBSERVED + a, scale=1 / (EXPECTED + b)), rtol=1e-9)


@pytest.mark.parametrize("times", [1, 1000])
def test_the_likelihood_is_flat_at_the_gamma_prior(times):
    """Its slopes by both parameters are nought, to the last digits, also where the likelihood itself has few digits left."""
    seen, due = OBSERVED * times, EXPECTED * times
    found = shrink(seen, due).parameters
    a, b = found["shape"], found["rate"]
    by_shape = special.digamma(seen + a) - special.digamma(a) + np.log(b / (b + due))
    by_rate = a / b - (seen + a) / (b + due)
    assert abs(by_shape.sum()) < 1e-9 * np.abs(by_shape).sum()
    assert abs(by_rate.sum()) < 1e-9 * np.abs(by_rate).sum()


def test_the_beta_prior_is_that_of_greatest_likelihood():
    def low(logs):
        return -stats.betabinom.logpmf(MET, OF, *np.exp(logs)).sum()

    found = shrink(MET, OF, method="beta-binomial")
    other = optimize.minimize(low, [0, 2], method="BFGS", options={"gtol": 1e-8})
    assert (found.parameters["alpha"], found.parameters["beta"]) == pytest.approx(tuple(np.exp(other.x)), rel=1e-4)
    assert found.parameters["log_likelihood"] == pytest.approx(-other.fun, rel=1e-10)


def test_the_random_intercept_is_that_of_greatest_likelihood():
    """With many points the likelihood is the integral itself, done here by small steps."""

    def likelihood(intercept, sigma):
        b = np.linspace(-8 * sigma, 8 * sigma, 4001)
        inside = stats.binom.pmf(MET[:, None], OF[:, None], 1 / (1 + np.exp(-intercept - b))) * stats.norm.pdf(b, scale=sigma)
        return np.log(integrate.trapezoid(inside, b, axis=1)).sum()

    found = shrink(MET, OF, method="random-intercept", points=31).parameters
    place = found["intercept"], found["sigma2"] ** 0.5
    assert found["log_likelihood"] == pytest.approx(likelihood(*place), rel=1e-7)
    for away in ((0.05, 0), (-0.05, 0), (0, 0.05), (0, -0.05)):
        assert likelihood(place[0] + away[0], place[1] + away[1]) < found["log_likelihood"]


def test_the_log_normal_ratios_are_those_of_greatest_likelihood():
    """With many points the likelihood is the integral itself, done here by small steps; centres are drawn to its mean."""

    def inside(intercept, sigma):
        b = np.linspace(-8 * sigma, 8 * sigma, 4001)
        chance = stats.poisson.pmf(OBSERVED[:, None], EXPECTED[:, None] * np.exp(intercept + b))
        return np.log(integrate.trapezoid(chance * stats.norm.pdf(b, scale=sigma), b, axis=1)).sum()

    found = shrink(OBSERVED, EXPECTED, method="log-normal", points=31)
    place = found.parameters["intercept"], found.parameters["sigma2"] ** 0.5
    assert found.parameters["log_likelihood"] == pytest.approx(inside(*place), rel=1e-7)
    for away in ((0.05, 0), (-0.05, 0), (0, 0.05), (0, -0.05)):
        assert inside(place[0] + away[0], place[1] + away[1]) < found.parameters["log_likelihood"]
    # The likeliest effect is where the slope of the centre's own likelihood meets that of the normal.
    events = EXPECTED * found.columns["estimate"]
    np.testing.assert_allclose(OBSERVED - events, found.columns["effect"] / found.parameters["sigma2"], rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(found.columns["effect_sd"] ** -2, events + 1 / found.parameters["sigma2"], rtol=1e-9)


@pytest.mark.parametrize(
    ("method", "observed", "expected"),
    [
        ("random-intercept", [15, 5, 12, 19, 40, 29], [20, 20, 20, 20, 80, 80]),
        ("log-normal", [9, 1, 12, 4, 8, 26], [10.0] * 6),
        ("log-normal", [9, 1, 12, 4, 8, 26], [10.0, 10, 10, 10, 10, 10 * (1 + 4e-16)]),
    ],
)
def test_half_of_the_patients_or_as_many_as_expected(method, observed, expected):
    """The scale is nought there, where a search by shares of its start would take no step at all."""
    observed[-1] = round(sum(expected) * (0.5 if method == "random-intercept" else 1)) - sum(observed[:-1])
    near = np.array(observed)
    near[-1] += 1
    one, other = (shrink(seen, expected, method=method).parameters for seen in (observed, near))
    assert one["sigma2"] == pytest.approx(other["sigma2"], rel=0.25)
    assert abs(one["intercept"]) > 1e-3  # the centre of the scale is not the mean of the scale
    assert one["log_likelihood"] == pytest.approx(other["log_likelihood"], abs=0.5)


def test_the_prior_by_moments_stands_still():
    """Put in once more, the moments of the shrunken ratios give the same prior; fewer rounds stop on the way."""
    shape, rate = moments(OBSERVED, EXPECTED)
    drawn = (OBSERVED + shape) / (EXPECTED + rate)
    variance = ((1 + rate / EXPECTED) * (drawn - drawn.mean()) ** 2).sum() / (len(drawn) - 1)
    assert (shape, rate) == pytest.approx((drawn.mean() ** 2 / variance, drawn.mean() / variance), rel=1e-11)
    ratio = OBSERVED / EXPECTED
    plain = ratio.mean() ** 2 / ratio.var(ddof=1), ratio.mean() / ratio.var(ddof=1)
    assert moments(OBSERVED, EXPECTED, rounds=0) == pytest.approx(plain)
    assert plain[0] < moments(OBSERVED, EXPECTED, rounds=3)[0] < shape
    np.testing.assert_allclose(shrink(OBSERVED, EXPECTED, prior=(shape, rate)).columns["estimate"], drawn, rtol=1e-12)


def test_ratios_that_are_alike_have_no_prior_by_moments():
    assert moments([5, 10, 20], [5.0, 10.0, 20.0]) == (np.inf, np.inf)
    found = shrink([5, 10, 20], [5.0, 10.0, 20.0], prior=moments([5, 10, 20], [5.0, 10.0, 20.0]))
    assert found.caution.startswith("The centres differ by no more than chance")


@pytest.mark.parametrize(
    ("observed", "expected"),
    [([3], [2.0]), ([3, 2], [2.0]), ([3, 2], [2.0, 0.0]), ([3, 2], [2.0, -1.0]), ([[3, 2]], [[2.0, 1.0]])],
)
def test_moments_need_two_centres_and_something_expected_of_each(observed, expected):
    with pytest.raises(ValueError, match="from two centres up"):
        moments(observed, expected)


@pytest.mark.parametrize("method", METHODS)
def test_small_centres_are_drawn_further_and_stay_between(method):
    observed, expected = centres(method)
    found = shrink(observed, expected, method=method).columns
    overall = observed.sum() / expected.sum()
    assert (np.abs(found["estimate"] - overall) <= np.abs(found["raw"] - overall) + 0.15).all()
    assert np.argmin(found["weight"]) == np.argmin(expected)
    assert (found["lower"] < found["estimate"]).all()
    assert (found["estimate"] < found["upper"]).all()


@pytest.mark.parametrize("method", METHODS)
def test_the_order_of_centres_does_not_change_the_prior(method):
    observed, expected = centres(method)
    one, other = shrink(observed, expected, method=method), shrink(observed[::-1], expected[::-1], method=method)
    np.testing.assert_allclose(other.columns["estimate"][::-1], one.columns["estimate"], rtol=1e-5)


@pytest.mark.parametrize(
    ("method", "observed", "expected"),
    [
        ("gamma-poisson", [5, 10, 20], [5.0, 10.0, 20.0]),
        ("beta-binomial", [5, 10, 20], [50, 100, 200]),
        ("random-intercept", [5, 10, 20], [50, 100, 200]),
        ("gamma-poisson", [3], [2.0]),
        ("log-normal", [5, 10, 20], [5.0, 10.0, 20.0]),
        ("log-normal", [3], [2.0]),
        ("log-normal", [0, 0], [2.0, 1.0]),
        ("beta-binomial", [0, 0], [5, 5]),
        ("random-intercept", [5, 5], [5, 5]),
        ("gamma-poisson", [0, 0], [1.0, 2.0]),
    ],
)
def test_centres_that_do_not_differ_are_given_the_same_figure(method, observed, expected):
    found = shrink(observed, expected, method=method)
    assert found.caution.startswith("The centres differ by no more than chance")
    np.testing.assert_allclose(found.columns["estimate"], sum(observed) / sum(expected))
    assert np.isnan(found.columns["upper"]).all()


@pytest.mark.parametrize("prior", [(0, 1), (-1, 2), (1, float("nan")), (float("nan"), 1), (1, float("inf"))])
def test_a_prior_that_is_none_is_refused(prior):
    with pytest.raises(ValueError, match="prior: two numbers above 0"):
        shrink([3, 5], [4.0, 4.0], prior=prior)


def test_a_prior_may_be_given():
    """The American transplant registry's: O + 2 over E + 2."""
    found = shrink([0, 4], [1.0, 2.0], prior=(2, 2))
    assert found.columns["estimate"].tolist() == pytest.approx([2 / 3, 6 / 4])
    assert found.columns["weight"].tolist() == pytest.approx([1 / 3, 1 / 2])
    assert shrink([1], [4], prior=(1, 1), method="beta-binomial").columns["estimate"].tolist() == pytest.approx([2 / 6])


@pytest.mark.parametrize("method", METHODS)
def test_a_centre_without_patients_gets_the_figure_of_the_others(method):
    observed, expected = centres(method)
    with_nobody = shrink(np.append(observed, 0), np.append(expected, 0), method=method).columns
    np.testing.assert_allclose(
        with_nobody["estimate"][:-1], shrink(observed, expected, method=method).columns["estimate"], rtol=1e-5
    )
    assert with_nobody["why_not"][-1].startswith("Nobody was expected")
    assert with_nobody["weight"][-1] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (([1], [0.0]), "something expected somewhere"),
        (([1, 2], [3.0]), "of the same length"),
        (([-1], [3.0]), "observed: every value"),
        (([1], [-3.0]), "of the same length"),
    ],
)
def test_unusable_centres_are_refused(arguments, says):
    with pytest.raises(ValueError, match=says):
        shrink(*arguments)
    with pytest.raises(ValueError, match="more events than patients"):
        shrink([5], [4], method="beta-binomial")
    with pytest.raises(ValueError, match="prior: two numbers above 0"):
        shrink([1], [4], prior=(0, 1))
    with pytest.raises(ValueError, match="prior: two numbers above 0"):
        shrink([1], [4], prior=(np.inf, 2))
    with pytest.raises(ValueError, match="prior: two numbers above 0"):
        shrink([1], [4], prior=(2, 2), method="log-normal")
    for method in ("gamma-poisson", "log-normal"):
        with pytest.raises(ValueError, match="events where none was expected"):
            shrink([2, 1], [4.0, 0.0], method=method)
    with pytest.raises(ValueError, match="points: one or more"):
        shrink([1], [4], method="random-intercept", points=0)
    with pytest.raises(ValueError, match="method: gamma-poisson"):
        shrink([1], [4], method="stein")
