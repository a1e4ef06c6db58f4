"""Autocorrelation over a map, against R's spdep."""

import numpy as np
import pytest

from plenary_stats.equity import geary, getis_ord, local_moran, moran, smoothed_rates
from tests.oracle.reference import cases, has, read

STYLES = {"W": "row", "B": "binary"}


def given(case):
    """The values, and the pairs of neighbours as positions in them."""
    table, pairs = read("moran", case, "input"), read("moran", case, "input_neighbours")
    place = {name: at for at, name in enumerate(table["id"])}
    return table, np.column_stack([pairs[end].map(place) for end in ("i", "j")])


@pytest.mark.parametrize(("case", "params"), cases("moran"))
def test_global(case, params, agree):
    table, pairs = given(case)
    style = STYLES[params["style"]]
    expected = read("moran", case).set_index("statistic")["value"].astype(float)
    for variance in ("randomisation", "normality"):
        found = moran(table["x"], pairs, style=style, variance=variance)
        agree("Moran's I", found.statistic, expected["moran_I"])
        agree("Moran's I: expected", found.expected, expected["expected_I"])
        agree(f"Moran's I, {variance}: variance", found.variance, expected[f"var_{variance}"])
        agree(f"Moran's I, {variance}: z", found.z, expected[f"z_{variance}"])
        agree(f"Moran's I, {variance}: p", found.p_value, expected[f"p_two_sided_{variance}"])
    found = geary(table["x"], pairs, style=style)
    agree("Geary's C", found.statistic, expected["geary_C"])
    agree("Geary's C: variance", found.variance, expected["geary_var"])
    agree("Geary's C: z", found.z, expected["geary_z"])
    if np.isfinite(expected.get("getis_ord_G_binary", np.nan)):
        found = getis_ord(table["x"], pairs)
        agree("Getis and Ord's G", found.statistic, expected["getis_ord_G_binary"])
        agree("Getis and Ord's G: expected", found.expected, expected["getis_ord_G_expected"])
        agree("Getis and Ord's G: variance", found.variance, expected["getis_ord_G_var"])


@pytest.mark.parametrize(("case", "params"), cases("moran"))
def test_local(case, params, agree):
    table, pairs = given(case)
    expected = read("moran", case, "expected_local")
    found = local_moran(table["x"], pairs, style=STYLES[params["style"]]).columns
    for ours, theirs in {
        "statistic": "Ii",
        "expected": "E_cond",
        "variance": "var_cond",
        "z": "z_cond",
        "p_value": "p_cond",
    }.items():
        agree(f"local, conditional: {ours}", found[ours], expected[theirs])
    found = local_moran(table["x"], pairs, style=STYLES[params["style"]], null="total").columns
    for ours, theirs in {"variance": "var_total", "z": "z_total"}.items():
        agree(f"local, total: {ours}", found[ours], expected[theirs])


@pytest.mark.parametrize(("case", "params"), cases("moran"))
def test_smoothed(case, params, agree):
    if not has("moran", case, "expected_eb"):
        pytest.skip("this case has no events and populations")
    table, pairs = given(case)
    expected = read("moran", case, "expected_eb")
    parameters = read("moran", case, "expected_eb_parameters").set_index("statistic")["value"]
    found = smoothed_rates(table["events"], table["population"])
    agree("smoothed rates: raw", found.columns["raw"], expected["raw"])
    agree("smoothed rates: all areas", found.columns["estimate"], expected["eb_global"])
    agree("smoothed rates: overall", found.overall, parameters["b_overall_rate"])
    agree("smoothed rates: between", found.between, parameters["a_between_variance"])
    local = smoothed_rates(table["events"], table["population"], pairs)
    agree("smoothed rates: neighbourhood", local.columns["estimate"], expected["eb_local"])
    index = moran(table["events"], pairs, style=STYLES[params["style"]], population=table["population"])
    agree("Moran's I of rates", index.statistic, parameters["EBI_moran"])
