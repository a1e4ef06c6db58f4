"""What is within reach, against R's SpatialAcc and formulas."""

import re

import numpy as np
import pytest

from plenary_stats.equity import accessibility
from tests.oracle.reference import cases, has, read


def given(case):
    zones, centres = read("accessibility", case, "input_demand"), read("accessibility", case, "input_supply")
    apart = np.hypot(
        zones["x"].to_numpy()[:, None] - centres["x"].to_numpy(), zones["y"].to_numpy()[:, None] - centres["y"].to_numpy()
    )
    return zones["population"], centres["capacity"], apart, centres["centre"].astype(str).to_numpy()


@pytest.mark.parametrize(("case", "params"), cases("accessibility"))
def test_accessibility(case, params, agree):
    demand, supply, apart, names = given(case)
    expected = read("accessibility", case)
    for column in expected.columns:
        if match := re.fullmatch(r"2sfca_d([\d.]+)", column):
            found = accessibility(demand, supply, apart, catchment=float(match[1]))
        elif column.startswith("e2sfca"):
            found = accessibility(demand, supply, apart, catchment=params["gaussian_cut"], bandwidth=params["gaussian_bandwidth"])
        elif column.startswith("hansen"):
            found = accessibility(demand, supply, apart, "hansen", decay=params["hansen_beta"])
        else:
            continue
        agree(column, found.value, expected[column])
    agree("nearest distance", apart.min(axis=1), expected["nearest_distance"])
    assert names[apart.argmin(axis=1)].tolist() == expected["nearest_centre"].astype(str).tolist()


@pytest.mark.parametrize(("case", "params"), cases("accessibility"))
def test_huff(case, params, agree):
    demand, supply, apart, names = given(case)
    found = accessibility(demand, supply, apart, "huff", power=params["huff_power"])
    agree("huff: share", found.share, read("accessibility", case, "expected_huff")[list(names)].to_numpy())
    if has("accessibility", case, "expected_huff_totals"):
        totals = read("accessibility", case, "expected_huff_totals").set_index("centre")["huff_expected_patients"]
        totals.index = totals.index.astype(str)
        agree("huff: patients", found.served, totals[names])
