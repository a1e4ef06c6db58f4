"""Differences between centres against R's metafor."""

import pytest

from plenary_stats.comparison import between_centres
from tests.oracle.reference import cases, read

MEASURES = {"logit": "PLO", "arcsine": "PAS", "double-arcsine": "PFT"}
METHODS = {"dl": ("DL", 0), "ee": ("EE", 0), "pm": ("PM", 1.3e-4), "reml": ("REML", 1e-5)}
"""What the reference calls them, and at how small a step it leaves off looking for tau²; ours goes on to the last digit."""

FIGURES = {
    "estimate": "estimate",
    "std_err": "se",
    "lower": "ci_lower",
    "upper": "ci_upper",
    "predicted_lower": "pi_lower",
    "predicted_upper": "pi_upper",
    "tau2": "tau2",
    "statistic": "Q",
    "p_value": "Q_p",
    "i2": "I2",
}


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("case", "params"), cases("between_centre"))
def test_between(case, params, method, measure, agree):
    rows, expected = read("between_centre", case, "input"), read("between_centre", case)
    name, step = METHODS[method]
    answer = expected[(expected["measure"] == MEASURES[measure]) & (expected["method"] == name)]
    if answer.empty:
        pytest.skip("this case has no such summary")
    found = between_centres(rows["x"], rows["n"], measure=measure, method=method)
    if step:
        assert found.tau2 == pytest.approx(answer["tau2"].item(), abs=step)
        found = between_centres(rows["x"], rows["n"], measure=measure, method=method, tau2=answer["tau2"].item())
    for ours, theirs in FIGURES.items():
        agree(f"{measure}, {method}: {theirs}", getattr(found, ours), answer[theirs], 1e-6)


@pytest.mark.parametrize(("case", "params"), cases("between_centre"))
def test_effects(case, params, agree):
    rows, expected = read("between_centre", case, "input"), read("between_centre", case, "expected_effect")
    assert rows["centre"].astype(str).tolist() == expected["centre"].astype(str).tolist()
    found = between_centres(rows["x"], rows["n"]).columns
    agree("effect", found["effect"], expected["logit"])
    agree("variance", found["variance"], expected["var"])
