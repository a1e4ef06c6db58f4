"""Centres' observed over expected events from a national Cox model, against R's survival package."""

import pytest

from plenary_stats.survival import centre_ratios
from tests.oracle.formulas import survival_model
from tests.oracle.reference import cases, read

FIGURES = {
    "observed": "O",
    "expected": "E",
    "estimate": "oe",
    "lower": "oe_lower_exact",
    "upper": "oe_upper_exact",
    "adjusted_survival": "risk_adj_surv_nhsbt",
    "shrunken": "srtr_rate_ratio",
    "shrunken_lower": "srtr_lower",
    "shrunken_upper": "srtr_upper",
}


@pytest.mark.parametrize(("case", "params"), cases("cox_centre_oe"))
def test_centres(case, params, agree):
    model = read("cox_centre_oe", case, "expected_cox")
    rows = read("cox_centre_oe", case, "input").dropna(subset=[params["centre"]])
    patients, covariates, rows = survival_model(params["formula"], rows, model["term"].tolist())
    found = centre_ratios(
        **patients, covariates=covariates, centre=rows[params["centre"]], until=params["t0"], ties=params["ties"]
    )
    expected = read("cox_centre_oe", case).sort_values("centre")
    assert found.columns["centre"].tolist() == expected["centre"].tolist()
    assert found.columns["n"].tolist() == expected["n"].tolist()
    for ours, theirs in FIGURES.items():
        agree(f"centres: {ours}", found.columns[ours], expected[theirs], 1e-6)
    agree("coefficient", found.model.coefficients, model["coef"], 1e-6)
    agree("standard error", found.model.std_err, model["se"], 1e-6)
    agree(
        "expected events of each patient",
        found.model.expected,
        read("cox_centre_oe", case, "expected_patients")["expected"],
        1e-6,
    )
    national = read("cox_centre_oe", case, "expected_national").set_index("statistic")["value"]
    agree("national survival", found.national_survival, national["national_km_surv"])
    agree("total observed", found.columns["observed"].sum(), national["total_O"])
    agree("total expected", found.columns["expected"].sum(), national["total_E"])
