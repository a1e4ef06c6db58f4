"""Cumulative incidence and Gray's test against R's survival, etm and cmprsk packages."""

import numpy as np
import pytest

from plenary_stats.survival import cumulative_incidence, gray, kaplan_meier
from tests.oracle.reference import cases, has, read

AALEN_JOHANSEN = cases("aalen_johansen")


def given(case, params):
    rows, name = read("aalen_johansen", case, "input"), params["group"]
    rows = rows.dropna(subset=[name]) if name else rows
    cause = np.where(rows["event"] == params["censor_code"], 0, rows["event"])
    # A column of whole numbers with gaps is read as 1.0, 2.0: its labels are 1, 2.
    return rows["time"].to_numpy(), cause, rows[name].astype(str).str.removesuffix(".0").to_numpy() if name else None


def paired(found, expected):
    """Return our columns in the order of the reference rows: it need not have every group."""
    stratum = expected["stratum"].where(~expected["stratum"].eq("all") | (found["group"] == "all").any(), "").astype(str)
    keys = list(zip(stratum, expected["event"].astype(int), expected["time"], strict=True))
    ours = [str(label) for label in found["group"].tolist()], found["cause"].tolist(), found["time"].tolist()
    place = {key: number for number, key in enumerate(zip(*ours, strict=True))}
    order = [place[key] for key in keys]
    return {name: column[order] for name, column in found.items()}


@pytest.mark.parametrize(("case", "params"), AALEN_JOHANSEN)
def test_incidence_and_limits(case, params, agree):
    expected = read("aalen_johansen", case)
    found = paired(cumulative_incidence(*given(case, params), at=params["times"]).columns, expected)
    agree("incidence", found["estimate"], expected["cif"])
    agree("standard error (infinitesimal jackknife)", found["std_err"], expected["se_ij"])
    agree("lower", found["lower"], expected["lower_log_ij"])
    agree("upper", found["upper"], expected["upper_log_ij"])


@pytest.mark.parametrize("part", ["expected_etm", "expected_cmprsk"])
@pytest.mark.parametrize(("case", "params"), AALEN_JOHANSEN)
def test_incidence_of_other_programs(case, params, part, agree):
    if not has("aalen_johansen", case, part):
        pytest.skip(f"the reference has no {part} of this case")
    expected = read("aalen_johansen", case, part).dropna(subset=["cif"])
    found = paired(cumulative_incidence(*given(case, params), at=params["times"]).columns, expected)
    agree(f"{part}: incidence", found["estimate"], expected["cif"])
    if "var_greenwood" in expected:
        agree(f"{part}: variance", found["std_err"] ** 2, expected["var_greenwood"])


@pytest.mark.parametrize(("case", "params"), AALEN_JOHANSEN)
def test_the_naive_answer_counts_other_events_as_censored(case, params, agree):
    expected = read("aalen_johansen", case, "expected_naive_1mkm")
    time, cause, group = given(case, params)
    found = kaplan_meier(time, cause == 1, group, at=params["times"]).columns
    expected = expected.assign(stratum=expected["stratum"].astype(str)).sort_values(["stratum", "time"])
    agree("one minus Kaplan-Meier", 1 - found["estimate"], expected["one_minus_km_event1"])


@pytest.mark.parametrize(("case", "params"), AALEN_JOHANSEN)
def test_gray(case, params, agree):
    if not has("aalen_johansen", case, "expected_gray"):
        pytest.skip("the reference has no Gray test of this case")
    expected = read("aalen_johansen", case, "expected_gray").sort_values("event")
    found = gray(*given(case, params)).columns
    agree("Gray: cause", found["cause"], expected["event"])
    agree("Gray: statistic", found["statistic"], expected["stat"])
    agree("Gray: df", found["df"], expected["df"])
    agree("Gray: p", found["p_value"], expected["p"])
