"""Additive overdispersion against FunnelPlotR, with its limits put right where the reference says that it is wrong."""

import numpy as np
import pytest

from plenary_stats.comparison import funnel
from tests.oracle.reference import cases, has, read

SCALES = {
    "PR": ("proportion", "arcsine"),
    "SHMI": ("ratio", "log"),
    "CQC": ("ratio", "square-root"),
    "RC": ("rate", "log-counts"),
}
LIMITS = {"lower_95": "OD95LCL", "upper_95": "OD95UCL", "lower_998": "OD99LCL", "upper_998": "OD99UCL"}


def answer(case, params):
    """Return the funnel, and the reference's centres in the same order."""
    rows, expected = read("funnel_overdispersion", case, "input"), read("funnel_overdispersion", case)
    rows = rows.set_index(rows["centre"].astype(str)).loc[expected["group"].astype(str)]
    kind, scale = SCALES[params["sr_method"] if params["data_type"] == "SR" else params["data_type"]]
    rounded = scale == "log" and params.get("shmi_rounding", True)
    size = rows["denominator"].round(2) if rounded else rows["denominator"]
    arguments = {"kind": kind, "overdispersion": "additive", "winsorise": params["trim_by"], "transform": scale}
    return funnel(rows["numerator"], size, **arguments), expected, scale


@pytest.mark.parametrize(("case", "params"), cases("funnel_overdispersion"))
def test_dispersion(case, params, agree):
    found, expected, _ = answer(case, params)
    dispersion = read("funnel_overdispersion", case, "expected_dispersion")
    agree("phi", found.phi, dispersion["phi"][0], 1e-8)
    agree("tau2", found.tau2, dispersion["tau2"][0], 1e-8)
    agree("z", found.columns["z"], expected["Uzscore"], 1e-8)


@pytest.mark.parametrize(("case", "params"), cases("funnel_overdispersion"))
def test_limits(case, params, agree):
    found, expected, scale = answer(case, params)
    if has("funnel_overdispersion", case, "expected_corrected"):
        corrected = read("funnel_overdispersion", case, "expected_corrected").set_index("group")
        expected = corrected.loc[expected["group"]].reset_index()
    for ours, theirs in LIMITS.items():
        limit = found.columns[ours]
        # Where the arcsine limit leaves the scale (a centre of very few) the reference folds it back; ours stays at the end.
        inside = (limit > 0) & (limit < 1) if scale == "arcsine" else np.ones(len(limit), dtype=bool)
        assert inside.any()
        agree(ours, limit[inside], expected[theirs][inside], 1e-8)
        np.testing.assert_allclose(limit[~inside], np.round(expected[theirs][~inside]), atol=1e-12)


@pytest.mark.parametrize(("case", "params"), cases("funnel_overdispersion"))
def test_flags(case, params):
    """The reference's outliers are beyond its widened 99.8% limit; ours must be improbable by the exact chance as well."""
    found, _, _ = answer(case, params)
    columns = found.columns
    beyond = (columns["value"] < columns["lower_998"]) | (columns["value"] > columns["upper_998"])
    flagged = np.char.endswith(columns["flag"], "998")
    assert not (flagged & ~beyond).any()
