"""Kaplan-Meier curves, quantiles and restricted means against R's survival package."""

import pytest

from plenary_stats.survival import kaplan_meier
from tests.oracle.reference import cases, has, read

FIGURES = {"n_risk": "n_risk", "estimate": "surv", "std_err": "std_err", "lower": "lower", "upper": "upper"}
QUANTILES = {"estimate": "quantile", "lower": "lower", "upper": "upper"}
KM = cases("km")


def given(case, params):
    """Return the rows of a case that have a group, and the arguments."""
    rows, name, entry = read("km", case, "input"), params["group"], params["left_truncation"]
    rows = rows.dropna(subset=[name]) if name else rows
    arguments = {"group": rows[name].to_numpy() if name else None, "interval": params["conf_type"], "level": params["conf_level"]}
    return (rows["time"], rows["status"]), arguments | {"entry": rows[entry] if entry else None}


def ordered(table, params, *by):
    """Sort as we do: groups by label, then time or share."""
    return table.sort_values(["stratum", *by] if params["group"] else list(by), kind="stable") if params["group"] or by else table


@pytest.mark.parametrize(("case", "params"), KM)
def test_curve(case, params, agree):
    patients, arguments = given(case, params)
    expected = ordered(read("km", case, "expected_curve"), params, "time")
    found = kaplan_meier(*patients, censored=True, **arguments).columns
    for ours, theirs in {"time": "time", "n_event": "n_event", "n_censor": "n_censor", **FIGURES}.items():
        agree(f"curve: {ours}", found[ours], expected[theirs])


@pytest.mark.parametrize(("case", "params"), KM)
def test_rows_are_the_event_times_unless_asked_otherwise(case, params, agree):
    patients, arguments = given(case, params)
    expected = ordered(read("km", case, "expected_curve"), params, "time")
    expected = expected[expected["n_event"] > 0]
    found = kaplan_meier(*patients, **arguments).columns
    agree("event times: time", found["time"], expected["time"])
    agree("event times: estimate", found["estimate"], expected["surv"])


@pytest.mark.parametrize(("case", "params"), KM)
def test_chosen_times(case, params, agree):
    patients, arguments = given(case, params)
    expected = ordered(read("km", case), params, "time")
    found = kaplan_meier(*patients, at=params["times"], **arguments).columns
    for ours, theirs in {"time": "time", "n_event": "n_event_since_prev", **FIGURES}.items():
        agree(f"chosen times: {ours}", found[ours], expected[theirs])


@pytest.mark.parametrize(("case", "params"), KM)
def test_quantiles(case, params, agree):
    patients, arguments = given(case, params)
    expected = ordered(read("km", case, "expected_quantiles"), params, "prob")
    found = kaplan_meier(*patients, quantiles=sorted(expected["prob"].unique()), **arguments)
    for ours, theirs in QUANTILES.items():
        agree(f"quantiles: {ours}", found.quantiles[ours], expected[theirs])
        if (expected["prob"] == 0.5).any():
            agree(f"median: {ours}", found.median[ours], expected.loc[expected["prob"] == 0.5, theirs])
    assert (found.quantiles["why_not"] != "").tolist() == expected["quantile"].isna().tolist()


@pytest.mark.parametrize(("case", "params"), KM)
def test_restricted_mean(case, params, agree):
    if not has("km", case, "expected_rmst"):
        pytest.skip("the reference has no restricted mean of this case")
    patients, arguments = given(case, params)
    expected = ordered(read("km", case, "expected_rmst"), params)
    found = kaplan_meier(*patients, tau=params["rmst_tau"], **arguments).restricted_mean
    agree("restricted mean: estimate", found["estimate"], expected["rmst"])
    agree("restricted mean: standard error", found["std_err"], expected["se"])
