import numpy as np
import pytest
from scipy import stats

from plenary_stats import rates
from plenary_stats.survival import centre_ratios, cox, kaplan_meier


def invented(seed=0, n=600):
    draw = np.random.default_rng(seed)
    age, centre = draw.normal(50, 10, n), draw.integers(0, 5, n)
    time = np.ceil(draw.exponential(900 * np.exp(-0.04 * (age - 50)) * np.where(centre == 4, 0.3, 1)))
    return {"time": time, "event": draw.random(n) < 0.8, "covariates": {"age": age}, "centre": np.array(list("abcde"))[centre]}


def test_expected_and_observed_add_up_and_the_planted_centre_stands_out():
    given = invented()
    found = centre_ratios(**given, until=365)
    columns = found.columns
    assert columns["expected"].sum() == pytest.approx(columns["observed"].sum())
    assert columns["observed"].sum() == (given["event"] & (given["time"] <= 365)).sum()
    assert (columns["lower"] > 1).tolist() == [False, False, False, False, True]
    assert columns["n"].sum() == 600
    assert (columns["why_not"] == "").all()


def test_it_is_the_model_of_those_followed_to_the_time():
    given = invented(1)
    found = centre_ratios(**given, until=365)
    event = given["event"] & (given["time"] <= 365)
    model = cox(np.minimum(given["time"], 365), event, given["covariates"])
    np.testing.assert_allclose(found.model.coefficients, model.coefficients)
    assert found.national_survival == pytest.approx(kaplan_meier(given["time"], given["event"], at=[365]).columns["estimate"][0])


def test_ratios_limits_and_adjusted_survival_follow_their_formulas():
    columns = (found := centre_ratios(**invented(2), until=365)).columns
    exact = rates.interval(columns["observed"], columns["expected"], "exact")
    np.testing.assert_allclose(columns["lower"], exact.lower)
    np.testing.assert_allclose(columns["adjusted_survival"], 1 - (1 - found.national_survival) * columns["estimate"])
    np.testing.assert_allclose(columns["shrunken"], (columns["observed"] + 2) / (columns["expected"] + 2))
    between = np.abs(columns["shrunken"] - 1) <= np.abs(columns["estimate"] - 1) + 1e-12
    assert between.all()
    assert (columns["shrunken_lower"] < columns["shrunken"]).all()
    assert (columns["shrunken"] < columns["shrunken_upper"]).all()


@pytest.mark.parametrize(("prior", "level"), [(2.0, 0.95), (0.5, 0.8)])
def test_shrunken_limits_are_those_of_the_gamma_distribution(prior, level):
    columns = centre_ratios(**invented(2), until=365, prior=prior, level=level).columns
    spread = stats.gamma(columns["observed"] + prior, scale=1 / (columns["expected"] + prior))
    np.testing.assert_allclose(columns["shrunken_lower"], spread.ppf((1 - level) / 2), rtol=1e-9)
    np.testing.assert_allclose(columns["shrunken_upper"], spread.ppf((1 + level) / 2), rtol=1e-9)
    np.testing.assert_allclose(columns["shrunken"], spread.mean(), rtol=1e-12)


def test_an_event_on_the_day_until_counts_and_one_after_it_does_not():
    given = {"time": [100, 200, 365, 366, 500], "event": [1, 0, 1, 1, 1], "covariates": np.zeros((5, 0)), "centre": list("aabbb")}
    assert centre_ratios(**given, until=365).columns["observed"].tolist() == [1, 1]
    assert centre_ratios(**given, until=364.5).columns["observed"].tolist() == [1, 0]


def test_splitting_a_centre_moves_no_other_and_its_parts_add_up():
    given = invented(4)
    whole = centre_ratios(**given, until=365).columns
    halves = np.where((given["centre"] == "c") & (np.arange(len(given["time"])) % 2 == 1), "c2", given["centre"])
    parts = centre_ratios(**given | {"centre": halves}, until=365).columns
    for name in ("n", "observed", "expected"):
        joined = [parts[name][np.char.startswith(parts["centre"], label)].sum() for label in whole["centre"].tolist()]
        np.testing.assert_allclose(joined, whole[name], rtol=1e-10)


def test_a_strong_prior_pulls_everyone_to_one():
    columns = centre_ratios(**invented(3), until=365, prior=1e6).columns
    np.testing.assert_allclose(columns["shrunken"], 1, atol=1e-3)


def test_survival_below_nought_is_not_to_be_shown():
    time, event, centre = [1, 2, 3, 4, 50, 60, 70, 80], [1, 1, 1, 1, 1, 0, 1, 0], ["bad"] * 4 + ["good"] * 4
    columns = centre_ratios(time, event, np.zeros((8, 0)), centre, until=75).columns
    assert columns["adjusted_survival"][0] < 0
    assert columns["why_not"][0].startswith("So many more events than expected")


def test_a_centre_whose_patients_left_before_any_event_says_why():
    columns = centre_ratios([1, 5, 6], [0, 1, 0], np.zeros((3, 0)), ["a", "b", "b"], until=10).columns
    assert columns["why_not"].tolist()[0].startswith("No event was to be expected")
    assert np.isnan(columns["estimate"][0])


def test_one_centre_is_as_expected():
    given = invented(4) | {"centre": ["only"] * 600}
    assert centre_ratios(**given, until=200).columns["estimate"].tolist() == [pytest.approx(1)]


@pytest.mark.parametrize(
    ("named", "says"),
    [
        ({"until": 0}, "until"),
        ({"until": np.inf}, "until"),
        ({"prior": 0}, "prior"),
        ({"entry": np.full(600, 0.4), "until": 0.4}, "leave out those who enter"),
        ({"centre": ["a"]}, "centre: one label"),
        ({"entry": np.full(600, 0.5), "until": 0.4}, "leave out those who enter"),
    ],
)
def test_unusable_input_is_refused(named, says):
    with pytest.raises(ValueError, match=says):
        centre_ratios(**(invented() | {"until": 365} | named))
