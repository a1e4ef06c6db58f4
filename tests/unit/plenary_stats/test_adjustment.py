import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats
from scipy.special import expit

from plenary_stats.adjustment import centre_ratios, logistic, quality
from plenary_stats.comparison import funnel


def patients(number=400, seed=1, terms=3):
    draw = np.random.default_rng(seed)
    covariates = draw.normal(size=(number, terms))
    return draw.binomial(1, expit(covariates @ np.linspace(-1, 1, terms) - 0.5)), covariates


def test_equals_statsmodels():
    outcome, covariates = patients()
    found, other = logistic(outcome, covariates), sm.Logit(outcome, sm.add_constant(covariates)).fit(disp=0, tol=1e-12)
    np.testing.assert_allclose(found.coefficients, other.params, rtol=1e-9)
    np.testing.assert_allclose(found.std_err, other.bse, rtol=1e-9)
    np.testing.assert_allclose(found.p_value, other.pvalues, rtol=1e-7)
    np.testing.assert_allclose(np.column_stack([found.lower, found.upper]), other.conf_int(), rtol=1e-8)
    np.testing.assert_allclose(found.fitted, other.predict(), rtol=1e-9)
    assert found.log_likelihood == pytest.approx(other.llf, rel=1e-12)
    assert (found.deviance, found.aic) == pytest.approx((-2 * other.llf, other.aic), rel=1e-12)
    assert found.terms == ("intercept", "x1", "x2", "x3")
    assert found.why_not == ""


def test_profile_limits_are_where_the_likelihood_has_fallen_by_half_of_chi_squared():
    outcome, covariates = patients(60, terms=2)
    found = logistic(outcome, covariates, limits="profile")
    design = sm.add_constant(covariates)

    def best(term, value):
        free = np.delete(design, term, axis=1)
        return sm.GLM(outcome, free, family=sm.families.Binomial(), offset=design[:, term] * value).fit(tol=1e-13).llf

    for term in range(3):
        for edge in (found.lower[term], found.upper[term]):
            assert found.log_likelihood - best(term, edge) == pytest.approx(stats.chi2.ppf(0.95, 1) / 2, rel=1e-7)
    assert found.lower[0] < found.coefficients[0] < found.upper[0]


def test_firth_has_the_highest_penalised_likelihood():
    """By hand: the log-likelihood and half the logarithm of the determinant of the information, climbed by a general optimiser."""
    outcome, covariates = patients(25, seed=3, terms=2)
    design = sm.add_constant(covariates)

    def low(point):
        chance = expit(design @ point)
        information = design.T @ (design * (chance * (1 - chance))[:, None])
        return -(outcome * np.log(chance) + (1 - outcome) * np.log(1 - chance)).sum() - np.linalg.slogdet(information)[1] / 2

    found, other = (
        logistic(outcome, covariates, "firth"),
        optimize.minimize(low, np.zeros(3), method="BFGS", options={"gtol": 1e-9}),
    )
    np.testing.assert_allclose(found.coefficients, other.x, rtol=1e-5)
    assert found.log_likelihood == pytest.approx(-other.fun, rel=1e-9)


def test_firth_of_a_two_by_two_table_adds_half_to_each_cell():
    """For one yes-no covariate Firth's estimate is the log odds ratio with ½ added to every cell (Heinze and Schemper 2002)."""
    outcome = np.repeat([1, 0, 1, 0], [0, 12, 5, 9])
    found = logistic(outcome, np.repeat([1, 0], [12, 14]), "firth")
    assert found.coefficients[1] == pytest.approx(np.log(0.5 / 12.5 / (5.5 / 9.5)), rel=1e-9)


def test_firth_profile_limits_hold_where_one_group_had_no_event():
    outcome = np.repeat([0, 1, 0], [12, 5, 9])
    found = logistic(outcome, np.repeat([1, 0], [12, 14]), "firth", limits="profile")
    design = np.column_stack([np.ones(26), np.repeat([1, 0], [12, 14])])

    def low(intercept, value):
        chance = expit(design @ [intercept, value])
        information = design.T @ (design * (chance * (1 - chance))[:, None])
        likelihood = (outcome * np.log(chance) + (1 - outcome) * np.log(1 - chance)).sum()
        return -likelihood - np.linalg.slogdet(information)[1] / 2

    for edge in (found.lower[1], found.upper[1]):
        best = -optimize.minimize_scalar(low, args=(edge,), bounds=(-5, 5), method="bounded", options={"xatol": 1e-9}).fun
        assert found.log_likelihood - best == pytest.approx(stats.chi2.ppf(0.95, 1) / 2, rel=1e-7)
    assert found.lower[1] < found.coefficients[1] < found.upper[1]


@pytest.mark.parametrize("penalty", [None, "firth"])
def test_without_covariates_the_rate_is_fitted(penalty):
    found = logistic([1, 0, 0, 0, 1], np.empty((5, 0)), penalty)
    rate = 0.4 if penalty is None else 2.5 / 6
    assert found.fitted.tolist() == pytest.approx([rate] * 5)


def test_text_is_entered_by_level_and_frames_are_read_by_name():
    outcome, covariates = patients(200, terms=1)
    kind = np.array(["b", "a", "c", "b"] * 50)
    frame = pd.DataFrame({"age": covariates[:, 0], "kind": kind})
    found, mapped = logistic(outcome, frame), logistic(outcome, {"age": covariates[:, 0], "kind": kind})
    assert found.terms == ("intercept", "age", "kind=b", "kind=c")
    np.testing.assert_array_equal(found.coefficients, mapped.coefficients)
    byhand = logistic(outcome, np.column_stack([covariates[:, 0], kind == "b", kind == "c"]))
    np.testing.assert_allclose(found.coefficients, byhand.coefficients, rtol=1e-12)


def test_a_column_of_ones_is_taken_for_the_intercept():
    outcome, covariates = patients(100)
    with_ones = logistic(outcome, sm.add_constant(covariates))
    np.testing.assert_array_equal(with_ones.coefficients, logistic(outcome, covariates).coefficients)
    assert len(with_ones.terms) == 4


@pytest.mark.parametrize(
    ("outcome", "covariate", "says"),
    [
        ([0, 0, 0, 1, 1, 1], [1, 2, 3, 4, 5, 6], "separated by x1"),
        ([0, 0, 1, 0, 1, 1], [0, 0, 0, 0, 1, 1], "separated by x1"),
        ([0, 0, 0], [1, 2, 4], "Nobody had the outcome"),
        ([1, 1, 1], [1, 2, 4], "Everybody had the outcome"),
    ],
)
def test_separation_is_said_with_its_remedy(outcome, covariate, says):
    found = logistic(outcome, covariate)
    assert says in found.why_not
    assert 'penalty="firth"' in found.why_not
    assert np.isnan(found.coefficients).all()
    assert np.isnan(found.fitted).all()
    remedied = logistic(outcome, covariate, "firth")
    assert remedied.why_not == ""
    assert np.isfinite(remedied.coefficients).all()


def test_only_the_separating_covariates_are_named():
    outcome, covariates = patients(60, terms=2)
    marker = np.where(outcome == 1, np.arange(60) % 2, 0)
    found = logistic(outcome, {"age": covariates[:, 0], "marker": marker})
    assert "separated by marker:" in found.why_not


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (([0, 2], [1, 2]), "outcome: one 0 or 1"),
        (([], []), "at least one patient"),
        (([0, 1, 1], [1, 2]), "covariates: a table of"),
        (([0, 1, 0, 1], [[1, 2], [2, 4], [3, 6], [1, 2]]), "one of them says only what the others say"),
        (([0, 1], [[1.0, np.nan], [1, 2]]), "x2: every value must be a finite number"),
        (([0, 1, 1], [0, 0, 0]), "leave one out"),
    ],
)
def test_unusable_input_is_refused_with_the_remedy(arguments, says):
    with pytest.raises(ValueError, match=says):
        logistic(*arguments)


def test_unknown_options_are_refused():
    with pytest.raises(ValueError, match="penalty: None or 'firth'"):
        logistic([0, 1, 0], [1, 2, 3], "ridge")  # type: ignore[arg-type]


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1), st.floats(0.001, 1000), st.sampled_from([None, "firth"]))
def test_order_and_units_do_not_matter(seed, unit, penalty):
    outcome, covariates = patients(80, seed=5, terms=2)
    order = np.random.default_rng(seed).permutation(80)
    one, other = logistic(outcome, covariates, penalty), logistic(outcome[order], covariates[order] * [unit, 1], penalty)
    np.testing.assert_allclose(other.coefficients * [1, unit, 1], one.coefficients, rtol=1e-8)
    np.testing.assert_allclose(other.fitted, one.fitted[order], rtol=1e-8)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_expected_events_add_up_to_the_observed(seed):
    outcome, covariates = patients(120, seed=seed, terms=2)
    found = logistic(outcome, covariates)
    assert found.fitted.sum() == pytest.approx(outcome.sum(), rel=1e-9)
    centre = np.arange(120) % 4
    ratios = centre_ratios(outcome, found.fitted, centre).columns
    assert ratios["observed"].sum() == outcome.sum()
    assert ratios["expected"].sum() == pytest.approx(outcome.sum(), rel=1e-9)


def test_a_hundred_thousand_patients_answer():
    outcome, covariates = patients(100_000, terms=10)
    found = logistic(outcome, covariates)
    np.testing.assert_allclose(found.coefficients[1:], np.linspace(-1, 1, 10), atol=0.05)


def test_quality_equals_its_definitions():
    outcome, covariates = patients(150, terms=2)
    chance = np.round(logistic(outcome, covariates).fitted, 2)  # with ties
    found, hit, miss = quality(outcome, chance), chance[outcome == 1], chance[outcome == 0]
    beats = (hit[:, None] > miss) + (hit[:, None] == miss) / 2
    assert found.auc == pytest.approx(beats.mean(), rel=1e-12)
    error = np.sqrt(beats.mean(axis=1).var(ddof=1) / len(hit) + beats.mean(axis=0).var(ddof=1) / len(miss))
    assert found.auc_upper - found.auc == pytest.approx(1.959963984540054 * error, rel=1e-9)
    assert found.brier == pytest.approx(np.mean((outcome - chance) ** 2), rel=1e-12)
    assert 0 < found.nagelkerke < 1
    assert 0 < found.p_value <= 1


def test_a_model_that_tells_all_alike_has_no_discrimination():
    found = quality([0, 1, 0, 1], [0.5] * 4)
    assert (found.auc, found.nagelkerke) == pytest.approx((0.5, 0))
    assert np.isnan(found.p_value)


def test_nothing_to_foretell_is_said():
    found = quality([0, 0], [0.1, 0.2])
    assert np.isnan(found.auc)
    assert "nothing to foretell" in found.why_not
    assert found.brier == pytest.approx(0.025)


def test_centres_are_compared_with_what_their_patients_had_to_expect():
    found = centre_ratios([1, 0, 1, 0, 0], [0.5, 0.1, 0.2, 0.4, 0.3], ["B", "A", "B", "A", "A"]).columns
    assert found["centre"].tolist() == ["A", "B"]
    assert found["expected"].tolist() == pytest.approx([0.8, 0.7])
    assert found["ratio"].tolist() == pytest.approx([0, 2 / 0.7])
    assert found["p_low"].tolist() == pytest.approx([0.9 * 0.6 * 0.7, 1])
    assert found["p_high"].tolist() == pytest.approx([1, 0.1])
    assert found["adjusted"].tolist() == pytest.approx([0, 2 / 0.7 * 0.4])
    assert found["lower"][0] == 0
    drawn = funnel(found["observed"], None, kind="ratio", expected=found["expected"]).columns
    np.testing.assert_array_equal(drawn["value"], found["ratio"])


@given(st.integers(0, 300), st.integers(1, 300), st.floats(0.001, 0.999))
def test_equal_risks_have_binomial_chances(events, size, risk):
    met = min(events, size)
    found = centre_ratios(np.arange(size) < met, np.full(size, risk), np.zeros(size)).columns
    assert found["p_low"][0] == pytest.approx(stats.binom.cdf(met, size, risk), rel=1e-9, abs=1e-250)
    assert found["p_high"][0] == pytest.approx(stats.binom.sf(met - 1, size, risk), rel=1e-9, abs=1e-250)


def test_a_centre_of_whom_nothing_is_expected_says_so():
    found = centre_ratios([0, 1], [0.0, 0.5], ["A", "B"]).columns
    assert np.isnan(found["ratio"][0])
    assert found["why_not"].tolist() == ["No events are expected: there is no ratio.", ""]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (([0, 1], [0.5, 1.5], [1, 2]), "fitted: one probability a patient"),
        (([0, 1], [0.5], [1, 2]), "fitted: one probability a patient"),
        (([0, 1], [0.5, 0.5], [1]), "centre: one a patient"),
    ],
)
def test_unusable_centres_are_refused(arguments, says):
    with pytest.raises(ValueError, match=says):
        centre_ratios(*arguments)
