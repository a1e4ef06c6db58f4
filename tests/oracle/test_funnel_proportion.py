"""Funnels of proportions against exact interpolated limits, tail probabilities and PHEindicatormethods' significance.

Limits without interpolation and flags by the drawn limit, which are in the reference too, are not offered: ``docs/method/funnels.md``.
"""

import numpy as np
import pytest

from plenary_stats.comparison import curve, funnel
from tests.oracle.reference import cases, has, read

LEVELS = ("95", "998")
SIDES = {"lower": "l", "upper": "u"}


def target(params):
    return params["target"] if params["target_given"] else None


def centres(case, part="expected"):
    """Return the centres, and the answers in the order of the centres."""
    rows, expected = read("funnel_proportion", case, "input"), read("funnel_proportion", case, part)
    return rows, expected.set_index("centre").loc[rows["centre"]].reset_index()


@pytest.mark.parametrize(("case", "params"), cases("funnel_proportion"))
def test_exact(case, params, agree):
    rows, expected = centres(case)
    found = funnel(rows["x"], rows["n"], target(params), winsorise=params["winsorise"])
    agree("target", found.target, params["target"])
    agree("value", found.columns["value"], expected["p"])
    for level in LEVELS:
        for side, letter in SIDES.items():
            agree(f"exact: {side} {level}", found.columns[f"{side}_{level}"], expected[f"exact_{letter}{level}"])
    for side in ("low", "high"):
        agree(f"tail: {side}", found.columns[f"p_{side}"], expected[f"p_tail_{side}"])
        agree(f"mid-P: {side}", found.columns[f"mid_{side}"], expected[f"midp_{side}"])
    assert found.columns["flag"].tolist() == expected["flag_tail"].tolist()


@pytest.mark.parametrize(("case", "params"), cases("funnel_proportion"))
def test_normal(case, params, agree):
    """The reference's "Wilson" limits invert the score test, which is the normal limit."""
    rows, expected = centres(case)
    found = funnel(rows["x"], rows["n"], target(params), exact=False).columns
    for level in LEVELS:
        for side, letter in SIDES.items():
            agree(f"normal: {side} {level}", found[f"{side}_{level}"], expected[f"normal_{letter}{level}"])
            agree(f"score: {side} {level}", found[f"{side}_{level}"], expected[f"wilson_phe_{letter}{level}"])


@pytest.mark.parametrize(("case", "params"), cases("funnel_proportion"))
def test_multiplicative_overdispersion(case, params, agree):
    rows, wider = centres(case, "expected_multiplicative")
    arguments = {"overdispersion": "multiplicative", "winsorise": params["winsorise"]}
    found = funnel(rows["x"], rows["n"], target(params), **arguments)
    agree("phi", found.phi, wider["phi"][0])
    agree("phi, nothing drawn in", np.mean(found.columns["z"] ** 2), wider["phi_raw"][0])
    agree("z", found.columns["z"], wider["z"])
    for level in LEVELS:
        for side, letter in SIDES.items():
            agree(f"multiplicative: {side} {level}", found.columns[f"{side}_{level}"], wider[letter + level])


@pytest.mark.parametrize(("case", "params"), cases("funnel_proportion"))
def test_curve(case, params, agree):
    expected = read("funnel_proportion", case, "expected_curve")
    for level, name in {0.95: "95", 0.998: "998"}.items():
        lower, upper = curve(expected["n"], params["target"], level=level)
        agree(f"curve: lower {name}", lower, expected["l" + name])
        agree(f"curve: upper {name}", upper, expected["u" + name])


@pytest.mark.parametrize(("case", "params"), cases("funnel_proportion"))
def test_significance(case, params):
    """PHEindicatormethods calls a centre low or high that is beyond the normal limit."""
    if not has("funnel_proportion", case, "expected_phe_significance"):
        pytest.skip("the reference has no significance where the target is given")
    rows, expected = centres(case, "expected_phe_significance")
    found = funnel(rows["x"], rows["n"], target(params), exact=False).columns
    words = np.full(len(rows), "Not significant", dtype="<U16")
    for level, name in {"95": "0.025", "998": "0.001"}.items():
        words[found["value"] < found["lower_" + level]] = f"Low ({name})"
        words[found["value"] > found["upper_" + level]] = f"High ({name})"
    assert words.tolist() == expected["significance"].tolist()
