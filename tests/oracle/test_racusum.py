"""Risk-adjusted CUSUM against R's cusum and vlad packages, each with its own convention."""

import numpy as np
import pytest

from plenary_stats.monitoring import racusum, vlad
from tests.oracle.reference import cases, read


def charts(rows, ratio, limit):
    """Return what the reference's columns are called here."""
    patients = rows["outcome"], rows["risk"]
    up = abs(limit)
    return {
        "weight": racusum(*patients, ratio, limit).columns["weight"],
        "cusum_noreset": racusum(*patients, ratio, limit, reset=False).columns["statistic"],
        "cusum_reset_pkg_cusum": racusum(*patients, ratio, limit, convention="cusum").columns["statistic"],
        "signal": racusum(*patients, ratio, limit, convention="cusum").columns["signal"],
        "cusum_reset_pkg_vlad_upper": racusum(*patients, ratio, up).columns["statistic"],
        "cusum_reset_pkg_vlad_improve_half": racusum(*patients, 0.5, up).columns["statistic"],
        "cusum_noreset_improve_half": racusum(*patients, 0.5, up, reset=False).columns["statistic"],
        "vlad_expected_minus_observed": vlad(*patients).columns["statistic"],
        "cum_expected": vlad(*patients).columns["expected"],
        "cum_observed": vlad(*patients).columns["observed"],
    }


@pytest.mark.parametrize(("case", "params"), cases("racusum"))
def test_charts(case, params, agree):
    rows, expected = read("racusum", case, "input"), read("racusum", case)
    found = charts(rows, params["odds_ratio_alternative"], params["limit"])
    for name in expected.columns.drop("t"):
        agree(name, found[name], expected[name])


@pytest.mark.parametrize(("case", "params"), cases("racusum"))
def test_summary(case, params, agree):
    rows = read("racusum", case, "input")
    expected = read("racusum", case, "expected_summary").set_index("statistic")["value"]
    signal = charts(rows, params["odds_ratio_alternative"], params["limit"])["signal"]
    first = np.flatnonzero(signal)
    ours = {
        "n": len(rows),
        "observed": rows["outcome"].sum(),
        "expected": rows["risk"].sum(),
        "n_signals": signal.sum(),
        "first_signal": first[0] + 1 if len(first) else np.nan,
    }
    for statistic, value in expected.items():
        agree(statistic, ours[statistic], value)
