"""How far areas differ, against R's DCluster and formulas."""

import numpy as np
import pytest

from plenary_stats.equity import variation
from tests.oracle.reference import cases, read

NAMES = {
    "scv_divide_k": "scv",
    "chisq_sum_(O-E)^2/E": "chi_squared",
    "chisq_df": "df",
    "chisq_p": "p_value",
    "extremal_quotient_max_min": "extremal_quotient",
    "iqr_ratio_p75_p25": "quartile_ratio",
    "cv_unweighted": "coefficient_of_variation",
    "cv_population_weighted": "weighted_coefficient_of_variation",
    "pottwhitt_stat": "potthoff_whittinghill",
    "k": "areas",
}


@pytest.mark.parametrize(("case", "params"), cases("variation"))
def test_variation(case, params, agree):
    given = read("variation", case, "input")
    expected = read("variation", case).set_index("statistic")["value"].astype(float)
    found = variation(given["observed"], given["expected"], given.get("population"))
    for theirs, ours in NAMES.items():
        agree(ours, getattr(found, ours), expected[theirs])
    agree("scv, divided by k - 1", found.scv * found.areas / found.df, expected["scv_divide_k_minus_1"])
    agree("scv, times 100", found.scv * 100, expected["scv_x100_divide_k"])
    agree(
        "percentile_ratio", found.percentile_ratio, expected["ratio_p95_p5"] if np.isfinite(expected["ratio_p95_p5"]) else np.nan
    )
    # R stops after 20 rounds or a change of 1e-5; ours runs on until it stands still.
    agree("between", found.between, expected["eb_relative_variance_1_over_nu"], 0.02)
