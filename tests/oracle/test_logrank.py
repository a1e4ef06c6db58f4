"""The log-rank family against R's survdiff."""

import pytest

from plenary_stats.survival import logrank
from tests.oracle.reference import cases, read

FIGURES = {"n": "n", "observed": "observed", "expected": "expected", "variance": "var_diag"}


@pytest.mark.parametrize(("case", "params"), cases("logrank"))
def test_statistic_and_groups(case, params, agree):
    named = [params[name] for name in ("group", "strata") if params[name]]
    rows = read("logrank", case, "input").dropna(subset=named)
    strata = rows[params["strata"]] if params["strata"] else None
    found = logrank(rows["time"], rows["status"], rows[params["group"]], strata, rho=params["rho"])
    expected = read("logrank", case).set_index("statistic")["value"]
    agree("statistic", found.statistic, expected["chisq"])
    agree("df", found.df, expected["df"])
    agree("p", found.p_value, expected["p_value"])
    groups = read("logrank", case, "expected_groups").sort_values("group")
    assert found.columns["group"].tolist() == groups["group"].tolist()
    for ours, theirs in FIGURES.items():
        agree(f"groups: {ours}", found.columns[ours], groups[theirs])
    assert not found.why_not
