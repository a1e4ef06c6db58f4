"""Intervals of a count and a rate against R's poisson.test and PHEindicatormethods.

Mid-P limits and Rothman's formula, which are in the reference too, are not offered: see ``docs/method/rates.md``.
"""

import pytest

from plenary_stats.rates import interval
from tests.oracle.reference import cases, read


@pytest.mark.parametrize("method", ["exact", "byar"])
@pytest.mark.parametrize(("case", "params"), cases("poisson_ci"))
def test_interval(case, params, method, agree):
    expected = read("poisson_ci", case)
    expected = expected[expected["method"] == method]
    assert set(expected["conf_level"]) == set(params["conf_levels"])
    for level, rows in expected.groupby("conf_level"):
        found, name = interval(rows["x"], rows["person_time"], method, level), f"{method}, {level:.1%}"
        agree(f"{name}: rate", found.estimate, rows["rate"])
        # Byar's lower limit of 0 (or 1 at 99.8%) does not exist in the reference; ours is nought, the least a rate can be.
        agree(f"{name}: lower", found.lower, rows["rate_lower"].fillna(0))
        agree(f"{name}: upper", found.upper, rows["rate_upper"])
        counted = interval(rows["x"], 1, method, level)
        agree(f"{name}: count, lower", counted.lower, rows["count_lower"].fillna(0))
        agree(f"{name}: count, upper", counted.upper, rows["count_upper"])


@pytest.mark.parametrize(("case", "params"), cases("poisson_ci"))
def test_national_rule(case, params, agree):
    expected, per = read("poisson_ci", case, "expected_phe_rate"), params["phe_multiplier"]
    for level, name in {0.95: "95_0cl", 0.998: "99_8cl"}.items():
        found = interval(expected["x"], expected["n"], "national", level)
        agree(f"national, {level:.1%}: rate", found.estimate * per, expected["value"])
        agree(f"national, {level:.1%}: lower", found.lower * per, expected["lower" + name])
        agree(f"national, {level:.1%}: upper", found.upper * per, expected["upper" + name])
