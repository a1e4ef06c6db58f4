"""Cox models, their tests, baseline and concordance against R's survival package."""

import numpy as np
import pytest

from plenary_stats.survival import concordance, cox, proportional_hazards
from tests.oracle.formulas import survival_model
from tests.oracle.reference import cases, has, read

COX = cases("cox")


def fitted(case, params):
    """Return the model, the arguments of its patients and R's coefficients."""
    expected = read("cox", case)
    patients, covariates, rows = survival_model(params["formula"], read("cox", case, "input"), expected["term"].tolist())
    cluster = rows[params["cluster"]] if params["cluster"] else None
    return cox(**patients, covariates=covariates, ties=params["ties"], cluster=cluster), patients | {"cluster": cluster}, expected


@pytest.mark.parametrize(("case", "params"), COX)
def test_coefficients(case, params, agree):
    model, _, expected = fitted(case, params)
    found = model.columns
    assert found["name"].tolist() == expected["term"].tolist()
    assert (found["why_not"] == "").all()
    agree("coefficient", model.coefficients, expected["coef"], 1e-6)
    agree("standard error of the model", model.model_std_err, expected["se"], 1e-6)
    agree("hazard ratio", found["hazard_ratio"], expected["hr"], 1e-6)
    agree("lower", found["lower"], expected["hr_lower"], 1e-6)
    agree("upper", found["upper"], expected["hr_upper"], 1e-6)
    agree("z", model.coefficients / model.std_err, expected["z"], 1e-6)
    agree("p", found["p_value"], expected["p"], 1e-5)  # a tail probability magnifies the rounding of the fit
    if params["cluster"]:
        agree("robust standard error", model.std_err, expected["robust_se"], 1e-6)


@pytest.mark.parametrize(("case", "params"), COX)
def test_fit(case, params, agree):
    model, patients, _ = fitted(case, params)
    expected = read("cox", case, "expected_fit").set_index("statistic")["value"]
    assert (model.n, model.n_event, model.df) == tuple(expected[["n", "n_event", "df"]])
    agree("log-likelihood at nought", model.log_likelihood_null, expected["loglik_null"])
    agree("log-likelihood", model.log_likelihood, expected["loglik_model"], 1e-8)
    agree("likelihood ratio", model.likelihood_ratio, expected["lr_test"], 1e-7)
    agree("Wald", model.wald, expected["wald_test"], 1e-6)
    agree("score", model.score, expected["score_test"])
    found = concordance(
        patients["time"], patients["event"], model.risk, patients.get("entry"), patients["strata"], patients["cluster"]
    )
    agree("concordance", found.estimate, expected["concordance"])
    agree("concordance: standard error", found.std_err, expected["concordance_se"], 1e-6)


@pytest.mark.parametrize(("case", "params"), COX)
def test_baseline_hazard(case, params, agree):
    if not has("cox", case, "expected_basehaz"):
        pytest.skip("the reference has no baseline hazard of this case")
    model, _, _ = fitted(case, params)
    expected = read("cox", case, "expected_basehaz")
    steps = np.append(0.0, model.baseline["cumulative_hazard"])
    agree("baseline", steps[np.searchsorted(model.baseline["time"], expected["time"], side="right")], expected["cumhaz0"], 1e-6)


@pytest.mark.parametrize(("case", "params"), COX)
def test_proportional_hazards(case, params, agree):
    if not has("cox", case, "expected_zph"):
        pytest.skip("the reference has no test of proportional hazards of this case")
    expected = read("cox", case, "expected_zph")
    found = proportional_hazards(fitted(case, params)[0]).columns
    assert found["name"].tolist() == expected["term"].tolist()
    agree("proportional hazards: statistic", found["statistic"], expected["chisq"], 1e-6)
    agree("proportional hazards: df", found["df"], expected["df"])
    agree("proportional hazards: p", found["p_value"], expected["p"], 1e-6)
