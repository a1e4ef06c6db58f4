"""Intervals of a proportion against R's stats and binom packages."""

import pytest

from plenary_stats.proportions import interval
from tests.oracle.reference import cases, read

METHODS = {"wilson": "wilson", "clopper-pearson": "clopper_pearson", "jeffreys": "jeffreys_equal_tailed"}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("case", "params"), cases("proportion_ci"))
def test_interval(case, params, method, agree):
    expected = read("proportion_ci", case)
    expected = expected[expected["method"] == METHODS[method]]
    assert len(expected)
    for level, rows in expected.groupby("conf_level"):
        found = interval(rows["x"], rows["n"], method, level)
        agree(f"{method}, {level:.1%}: estimate", found.estimate, rows["proportion"])
        agree(f"{method}, {level:.1%}: lower", found.lower, rows["lower"])
        agree(f"{method}, {level:.1%}: upper", found.upper, rows["upper"])
