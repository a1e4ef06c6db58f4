"""Firth's penalised logistic regression, where the likelihood itself has no maximum, against R's brglm."""

import numpy as np
import pytest

from plenary_stats.adjustment import logistic
from tests.oracle.reference import cases, read
from tests.oracle.test_logistic_risk import model


@pytest.mark.parametrize(("case", "params"), cases("firth"))
def test_coefficients(case, params, agree):
    _, outcome, covariates = model("firth", case, params)
    found, expected = logistic(outcome, covariates, "firth"), read("firth", case)
    agree("coefficients", found.coefficients, expected["coef"], 1e-5)
    agree("standard errors", found.std_err, expected["se"], 1e-5)


@pytest.mark.parametrize(("case", "params"), cases("firth"))
def test_the_likelihood_has_no_maximum(case, params):
    _, outcome, covariates = model("firth", case, params)
    found = logistic(outcome, covariates)
    assert np.isnan(found.coefficients).all()
    assert 'penalty="firth"' in found.why_not
