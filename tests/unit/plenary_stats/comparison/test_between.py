import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats
from statsmodels.stats.meta_analysis import combine_effects

from plenary_stats.comparison import between_centres

EVENTS, PATIENTS = np.array([9, 5, 12, 4, 6, 4, 12, 12]), np.array([40, 61, 74, 35, 71, 72, 40, 34])


@pytest.mark.parametrize("measure", ["logit", "arcsine", "double-arcsine"])
def test_equals_statsmodels(measure):
    found = between_centres(EVENTS, PATIENTS, measure=measure)
    other = combine_effects(found.columns["effect"], found.columns["variance"], method_re="dl", use_t=False)
    assert found.tau2 == pytest.approx(other.tau2, rel=1e-12)
    assert found.estimate == pytest.approx(other.mean_effect_re, rel=1e-12)
    assert found.std_err == pytest.approx(other.sd_eff_w_re, rel=1e-12)
    assert found.statistic == pytest.approx(other.q, rel=1e-12)


def test_chi_squared_of_large_centres_is_pearsons():
    """The test of the logits becomes Pearson's where centres are large."""
    events, patients = np.array([5000, 5100, 4950]), np.array([20000, 20000, 20000])
    pearson = stats.chi2_contingency([events, patients - events], correction=False)
    assert between_centres(events, patients).statistic == pytest.approx(pearson.statistic, rel=0.01)


def test_paule_mandel_makes_the_sum_of_squares_what_chance_has_it():
    found = between_centres(EVENTS, PATIENTS, method="pm")
    weight = 1 / (found.columns["variance"] + found.tau2)
    assert (weight * (found.columns["effect"] - found.estimate) ** 2).sum() == pytest.approx(len(EVENTS) - 1, rel=1e-10)


def test_restricted_likelihood_is_highest():
    found = between_centres(EVENTS, PATIENTS, method="reml")
    y, v = found.columns["effect"], found.columns["variance"]

    def low(tau2):
        weight = 1 / (v + tau2)
        mean = (weight * y).sum() / weight.sum()
        return (np.log(v + tau2).sum() + np.log(weight.sum()) + (weight * (y - mean) ** 2).sum()) / 2

    best = optimize.minimize_scalar(low, bounds=(0, 5), method="bounded", options={"xatol": 1e-10})
    assert found.tau2 == pytest.approx(best.x, rel=1e-5)


@pytest.mark.parametrize("method", ["dl", "reml", "pm"])
def test_centres_alike_have_no_variance_between_them(method):
    found = between_centres([10, 20, 30], [100, 200, 300], method=method)
    assert (found.tau2, found.i2) == (0, 0)
    assert found.p_value == pytest.approx(1)
    assert (found.predicted_lower, found.predicted_upper) == (found.lower, found.upper)
    assert "no more than chance" in found.statement


def test_centres_that_differ_are_said_to():
    found = between_centres(EVENTS, PATIENTS)
    assert found.p_value < 0.05
    assert found.statement.startswith("The centres differ by more than chance (p = ")
    assert f"{found.i2:.0f}% of the differences between the 8 centres are beyond chance." in found.statement
    assert found.predicted_lower < found.lower < found.estimate < found.upper < found.predicted_upper
    assert found.columns["weight"].sum() == pytest.approx(1)


def test_half_is_added_only_where_a_centre_had_none_or_all():
    found = between_centres([0, 4, 2], [5, 4, 8]).columns
    assert found["effect"].tolist() == pytest.approx([np.log(0.5 / 5.5), np.log(4.5 / 0.5), np.log(2 / 6)])
    assert found["variance"].tolist() == pytest.approx([1 / 0.5 + 1 / 5.5, 1 / 4.5 + 1 / 0.5, 1 / 2 + 1 / 6])


@pytest.mark.parametrize(("events", "patients"), [([3], [10]), ([3, 0], [10, 0]), ([0], [0])])
def test_one_centre_says_that_there_is_nothing_to_compare(events, patients):
    found = between_centres(events, patients)
    assert found.statement == "Fewer than two centres with patients: there is nothing to compare."
    assert np.isnan(found.p_value)
    assert found.tau2 == 0


def test_a_centre_without_patients_is_left_out():
    one, other = between_centres([3, 9, 0], [10, 12, 0]), between_centres([3, 9], [10, 12])
    assert (one.estimate, one.statistic, one.df) == (other.estimate, other.statistic, other.df)
    assert one.columns["weight"][2] == 0
    assert one.columns["why_not"].tolist() == ["", "", "There is nobody in the denominator."]


def test_a_known_variance_takes_the_place_of_the_estimate():
    found = between_centres(EVENTS, PATIENTS, tau2=0.0)
    common = between_centres(EVENTS, PATIENTS, method="ee")
    assert (found.estimate, found.std_err) == (common.estimate, common.std_err)
    assert np.isnan(common.predicted_lower)
    with pytest.raises(ValueError, match="tau2"):
        between_centres(EVENTS, PATIENTS, tau2=-1.0)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=2, max_size=12), st.randoms())
def test_the_order_of_centres_does_not_matter(pairs, shuffler):
    rows = [(min(pair), max(pair)) for pair in pairs]
    mixed = list(rows)
    shuffler.shuffle(mixed)
    one, other = between_centres(*np.array(rows).T), between_centres(*np.array(mixed).T)
    assert (other.estimate, other.tau2) == pytest.approx((one.estimate, one.tau2), rel=1e-9, abs=1e-9, nan_ok=True)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 60)), min_size=2, max_size=12))
def test_events_and_their_absence_are_mirror_images(pairs):
    met, of = np.array([min(pair) for pair in pairs]), np.array([max(pair) for pair in pairs])
    one, other = between_centres(met, of), between_centres(of - met, of)
    assert (other.estimate, other.tau2) == pytest.approx((-one.estimate, one.tau2), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"events": [5], "patients": [4]}, "no more than its patients"),
        ({"events": [-1], "patients": [4]}, "events: every value must be a whole number"),
        ({"events": [1], "patients": [4], "measure": "odds"}, "measure: one of logit"),
        ({"events": [1], "patients": [4], "method": "ml"}, "method: one of dl"),
    ],
)
def test_unusable_input_is_refused(arguments, says):
    with pytest.raises(ValueError, match=says):
        between_centres(**arguments)


def test_effects_by_their_formulas():
    """Freeman and Tukey's double arcsine is the mean of two, with variance 1/(4n + 2)."""
    double = between_centres([3, 0, 7], [10, 4, 7], measure="double-arcsine").columns
    first, second = np.arcsin(np.sqrt(np.array([3, 0, 7]) / [11, 5, 8])), np.arcsin(np.sqrt(np.array([4, 1, 8]) / [11, 5, 8]))
    np.testing.assert_allclose(double["effect"], (first + second) / 2, rtol=1e-14)
    np.testing.assert_allclose(double["variance"], [1 / 42, 1 / 18, 1 / 30], rtol=1e-14)
    plain = between_centres([3, 1, 7], [10, 4, 8], measure="arcsine").columns
    np.testing.assert_allclose(np.sin(plain["effect"]) ** 2, [0.3, 0.25, 0.875], rtol=1e-14)
    np.testing.assert_allclose(plain["variance"], [1 / 40, 1 / 16, 1 / 32], rtol=1e-14)


def test_equal_centres_have_no_share_of_variance_between_them():
    found = between_centres([5, 5], [10, 10], method="ee")
    assert (found.statistic, found.i2) == (0, 0)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 40)), min_size=2, max_size=12), st.sampled_from(["ee", "dl"]))
def test_every_centre_twice_is_surer(centres, method):
    met, missed = map(np.array, zip(*centres, strict=True))
    once, twice = (between_centres(np.tile(met, n), np.tile(met + missed, n), method=method) for n in (1, 2))
    assert twice.std_err < once.std_err
    assert once.lower <= once.estimate <= once.upper
    if method == "ee":
        assert twice.estimate == pytest.approx(once.estimate, rel=1e-9, abs=1e-12)
        assert twice.std_err * 2**0.5 == pytest.approx(once.std_err, rel=1e-9)
