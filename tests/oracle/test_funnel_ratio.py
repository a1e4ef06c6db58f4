"""Funnels of ratios against exact interpolated Poisson limits, tail probabilities and PHEindicatormethods.

Lognormal and chi-squared limits and flags by the drawn limit, which are in the reference too, are not offered: ``docs/method/funnels.md``.
"""

import numpy as np
import pytest

from plenary_stats.comparison import funnel
from plenary_stats.rates import indirectly_standardised, interval
from tests.oracle.reference import cases, read


def centres(case, part="expected"):
    rows, expected = read("funnel_ratio", case, "input"), read("funnel_ratio", case, part)
    assert rows["centre"].astype(str).tolist() == expected["centre"].astype(str).tolist()
    return rows, expected


@pytest.mark.parametrize(("case", "params"), cases("funnel_ratio"))
def test_limits(case, params, agree):
    rows, expected = centres(case)
    found = funnel(rows["O"], rows["E"], params["target"], kind="ratio").columns
    normal = funnel(rows["O"], rows["E"], params["target"], kind="ratio", exact=False).columns
    agree("value", found["value"], expected["ratio"])
    for level in ("95", "998"):
        for side, letter in {"lower": "l", "upper": "u"}.items():
            agree(f"exact: {side} {level}", found[f"{side}_{level}"], expected[f"exact_{letter}{level}"])
            agree(f"normal: {side} {level}", normal[f"{side}_{level}"], expected[f"normal_{letter}{level}"])
    for side in ("low", "high"):
        agree(f"tail: {side}", found[f"p_{side}"], expected[f"p_tail_{side}"])
        agree(f"mid-P: {side}", found[f"mid_{side}"], expected[f"midp_{side}"])
    assert found["flag"].tolist() == expected["flag_tail"].tolist()


@pytest.mark.parametrize(("case", "params"), cases("funnel_ratio"))
def test_significance(case, params):
    """PHEindicatormethods calls a centre low or high whose own limits leave out the target."""
    rows, expected = centres(case, "expected_phe_significance")
    words = np.full(len(rows), "Not significant", dtype="<U16")
    for level, name in {0.95: "0.025", 0.998: "0.001"}.items():
        found = indirectly_standardised(rows["O"], rows["E"], level=level)
        words[found.upper < params["target"]] = f"Low ({name})"
        words[found.lower > params["target"]] = f"High ({name})"
    assert words.tolist() == expected["significance"].tolist()


@pytest.mark.parametrize(("case", "params"), cases("funnel_ratio"))
def test_contour(case, params, agree):
    """The expected count at which an observed count sits on the limit is the exact limit of the count (found there by halving to 1e-7)."""
    expected = read("funnel_ratio", case, "expected_phe_contour")
    for level, name in {0.95: "95", 0.998: "998"}.items():
        found = interval(expected["O"], 1, "exact", level)
        tiny = expected["E_upper" + name] < 0.01
        agree(f"contour: lower {name}", found.upper, expected["E_lower" + name], 1e-5)
        agree(f"contour: upper {name}", found.lower[~tiny], expected["E_upper" + name][~tiny], 1e-5)
        agree(f"contour: upper {name}, below 0.01", found.lower[tiny], expected["E_upper" + name][tiny], 1e-4)
