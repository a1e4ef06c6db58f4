"""Logistic risk models, their quality and centre ratios against R's glm, brglm, pROC and rms."""

import re

import numpy as np
import pytest

from plenary_stats.adjustment import centre_ratios, logistic, quality
from plenary_stats.comparison import funnel
from tests.oracle.reference import cases, has, read

FITTED = 1e-6
STEP_BEFORE = 1e-5
"""R's glm stops when the deviance moves by 1e-8, and takes its standard errors from the step before; ours are those of the fit."""


def model(method, case, params):
    """Return the rows that are complete, the outcome and the covariates; text is entered by levels, as are ``factor(…)`` and truths.

    A covariate has the name that its term has in the formula, so that levels are named as in the reference.
    """
    left, right = (side.strip() for side in params["formula"].split("~"))
    terms = {term.strip(): re.sub(r"^(?:as\.)?factor\((.*)\)$", r"\1", term.strip()) for term in right.split("+")}
    rows = read(method, case, "input").dropna(subset=[left, *terms.values()]).reset_index(drop=True)
    covariates = {
        term: rows[name].astype(str).str.removesuffix(".0").str.replace("True", "TRUE").str.replace("False", "FALSE")
        if name != term or rows[name].dtype == bool
        else rows[name]
        for term, name in terms.items()
    }
    return rows, rows[left].astype(int), covariates


@pytest.mark.parametrize(("case", "params"), cases("logistic_risk"))
def test_coefficients(case, params, agree):
    _, outcome, covariates = model("logistic_risk", case, params)
    found, expected = logistic(outcome, covariates), read("logistic_risk", case)
    assert [term.replace("=", "") for term in found.terms[1:]] == expected["term"].tolist()[1:]
    agree("coefficients", found.coefficients, expected["coef"], FITTED)
    agree("standard errors", found.std_err, expected["se"], STEP_BEFORE)
    agree("z", found.coefficients / found.std_err, expected["z"], STEP_BEFORE)
    agree("p", found.p_value, expected["p"], 10 * STEP_BEFORE)
    firth = logistic(outcome, covariates, "firth")
    agree("Firth: coefficients", firth.coefficients, expected["firth_coef"], 1e-5)
    agree("Firth: standard errors", firth.std_err, expected["firth_se"], 1e-5)


@pytest.mark.parametrize(("case", "params"), cases("logistic_risk"))
def test_profile_limits(case, params, agree):
    """The reference draws a curve through a few points of the profile; ours finds the limit itself, to 1e-9."""
    _, outcome, covariates = model("logistic_risk", case, params)
    found, expected = logistic(outcome, covariates, limits="profile"), read("logistic_risk", case)
    for side in ("lower", "upper"):
        apart = (getattr(found, side) - expected[f"profile_{side}"]) / found.std_err
        agree(f"profile limits: {side}, in standard errors", apart + 1, np.ones(len(apart)), 1e-3)


@pytest.mark.parametrize(("case", "params"), cases("logistic_risk"))
def test_fit(case, params, agree):
    _, outcome, covariates = model("logistic_risk", case, params)
    found = logistic(outcome, covariates)
    how = quality(outcome, found.fitted)
    expected = read("logistic_risk", case, "expected_fit").set_index("statistic")["value"]
    ours = {
        "n": len(outcome),
        "events": outcome.sum(),
        "loglik": found.log_likelihood,
        "deviance": found.deviance,
        "aic": found.aic,
        "auc": how.auc,
        "auc_delong_lower95": how.auc_lower,
        "auc_delong_upper95": how.auc_upper,
        "brier": how.brier,
        "hosmer_lemeshow": how.hosmer_lemeshow,
        "hl_df": how.df,
        "hl_p": how.p_value,
        "brier_scaled_R2_nagelkerke": how.nagelkerke,
        "sum_expected": found.fitted.sum(),
    }
    for statistic, value in expected.items():
        agree(statistic, ours[statistic], value, FITTED)
    predictions = read("logistic_risk", case, "expected_predictions")
    agree("fitted", found.fitted[predictions["row"] - 1], predictions["p"], FITTED)


@pytest.mark.parametrize(("case", "params"), cases("logistic_risk"))
def test_centres(case, params, agree):
    if not has("logistic_risk", case, "expected_centre"):
        pytest.skip("this case has no centres")
    rows, outcome, covariates = model("logistic_risk", case, params)
    expected = read("logistic_risk", case, "expected_centre")
    found = centre_ratios(outcome, logistic(outcome, covariates).fitted, rows[params["centre"]].astype(str))
    place = {name: place for place, name in enumerate(found.columns["centre"].tolist())}
    order = [place[str(name)] for name in expected[params["centre"] if params["centre"] in expected else "centre"]]
    assert len(order) == len(found.columns["centre"])
    names = {
        "patients": "n", "observed": "O", "expected": "E", "variance": "V", "ratio": "oe", "z": "z", "adjusted": "risk_adjusted_rate",
        "lower": "oe_lower", "upper": "oe_upper", "p_high": "p_upper_poisbinom", "p_low": "p_lower_poisbinom",
    }  # fmt: skip
    for ours, theirs in names.items():
        agree(f"centre: {ours}", found.columns[ours][order], expected[theirs], FITTED)
    drawn = funnel(found.columns["observed"], None, kind="ratio", expected=found.columns["expected"])
    agree("funnel of the centres: value", drawn.columns["value"][order], expected["oe"], FITTED)
