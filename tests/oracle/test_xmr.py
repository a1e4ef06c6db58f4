"""XmR charts against R's NHSRplotthedots, and Shewhart's against qcc."""

import numpy as np
import pytest

from plenary_stats.monitoring import xmr
from tests.oracle.reference import cases, has, read

FLAGS = {
    "": "Common Cause",
    "above-limit": "Above UCL",
    "below-limit": "Below LCL",
    "rising": "7 Point Trend (Increasing)",
    "falling": "7 Point Trend (Decreasing)",
    "near-above": "2 in 3 Above CL",
    "near-below": "2 in 3 Below CL",
    "run-above": "7 Points Above CL",
    "run-below": "7 Points Below CL",
}
MEANINGS = {
    "": "common_cause",
    "improvement": "special_cause_improvement",
    "concern": "special_cause_concern",
    "high": "special_cause_neutral_high",
    "low": "special_cause_neutral_low",
}


def chart(case, params):
    rows = read("xmr", case, "input")
    days = rows["date"].astype(str).tolist()
    places = [days.index(day) for day in np.atleast_1d(params["rebase"] or []).tolist() if days.index(day) > 0]
    arguments = {"fix_after": params["fix_after_n_points"], "screen": params["screen_outliers"], "target": params["target"]}
    return rows, xmr(rows["value"], phases=places, better=params["improvement_direction"], **arguments)


@pytest.mark.parametrize(("case", "params"), cases("xmr"))
def test_chart(case, params, agree):
    _, found = chart(case, params)
    columns, expected = found.columns, read("xmr", case)
    agree("value", columns["value"], expected["value"])
    agree("centre", columns["centre"], expected["mean"])
    agree("lower", columns["lower"], expected["lpl"])
    agree("upper", columns["upper"], expected["upl"])
    assert (columns["phase"] == expected["rebase_group"] - expected["rebase_group"].min()).all()
    assert [FLAGS[flag] for flag in columns["flag"].tolist()] == expected["special_cause_type"].tolist()
    assert [MEANINGS[meaning] for meaning in columns["meaning"].tolist()] == expected["point_type"].tolist()
    assert (columns["flag"] != "").astype(int).tolist() == expected["special_cause_flag"].astype(int).tolist()
    outside = np.isin(columns["flag"], ["above-limit", "below-limit"])
    assert outside.astype(int).tolist() == expected["outside_limits"].astype(int).tolist()


@pytest.mark.parametrize(("case", "params"), cases("xmr"))
def test_assurance(case, params):
    if not has("xmr", case, "expected_assurance"):
        pytest.skip("this case has no target")
    _, found = chart(case, params)
    expected = read("xmr", case, "expected_assurance")
    assert [found.assurance or None] == expected["assurance_type"].where(expected["assurance_type"].notna(), None).tolist()


@pytest.mark.parametrize(("case", "params"), cases("xmr"))
def test_shewhart(case, params, agree):
    if not has("xmr", case, "expected_qcc"):
        pytest.skip("this case starts anew, or fixes its limits, which qcc does not")
    rows, _ = chart(case, params)
    expected = read("xmr", case, "expected_qcc").set_index("statistic")["value"]
    shewhart, plain = xmr(rows["value"], "shewhart"), xmr(rows["value"], screen=False)
    ours = {
        "center": shewhart.columns["centre"][0],
        "sd_mr": shewhart.moving_range[0] / 1.128,
        "lcl3": shewhart.columns["lower"][0],
        "ucl3": shewhart.columns["upper"][0],
        "lpl_unscreened_2.66": plain.columns["lower"][0],
        "upl_unscreened_2.66": plain.columns["upper"][0],
    }
    for statistic, value in expected.items():
        agree(statistic, ours[statistic], value)
