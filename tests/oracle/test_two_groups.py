"""Two groups against R's fisher.test, chisq.test, poisson.test, mantelhaen.test and prop.trend.test, and Newcombe's formula."""

import numpy as np
import pytest

from plenary_stats.comparison import mantel_haenszel, trend, two_groups
from tests.oracle.reference import cases, read

COLUMNS = {
    "risk_difference": "risk_diff",
    "difference_lower": "newcombe_lower",
    "difference_upper": "newcombe_upper",
    "risk_ratio": "risk_ratio",
    "ratio_lower": "rr_lower_log",
    "ratio_upper": "rr_upper_log",
    "fisher_p": "fisher_p",
    "chi_squared": "chisq",
    "chi_squared_p": "chisq_p",
    "yates": "chisq_yates",
    "yates_p": "chisq_yates_p",
    "rate_ratio": "rate_ratio",
}
WITH_EVENTS = {
    "odds_ratio": "or_conditional_mle",
    "odds_lower": "or_fisher_lower",
    "odds_upper": "or_fisher_upper",
    "rate_lower": "rate_ratio_exact_lower",
    "rate_upper": "rate_ratio_exact_upper",
    "rate_p": "rate_ratio_exact_p",
}


def groups(case):
    rows = read("two_groups", case, "input")
    return rows["a"], rows["n1"], rows["b"], rows["n2"]


@pytest.mark.parametrize(("case", "params"), cases("two_groups"))
def test_strata(case, params, agree):
    a, n1, b, n2 = groups(case)
    found, expected = two_groups(a, n1, b, n2).columns, read("two_groups", case)
    for ours, theirs in COLUMNS.items():
        agree(theirs, found[ours], expected[theirs], 1e-8)
    # With no event at all (or nothing but events) the reference answers 0, from 0 to infinity; ours says that there is no ratio.
    some = ((a + b > 0) & (a + b < n1 + n2)).to_numpy()
    for ours, theirs in WITH_EVENTS.items():
        agree(theirs, found[ours][some], expected[theirs][some], 1e-8)
        assert np.isnan(found[ours][(a + b == 0).to_numpy()]).all()


@pytest.mark.parametrize(("case", "params"), cases("two_groups"))
def test_all_strata_together(case, params, agree):
    a, n1, b, n2 = groups(case)
    expected = read("two_groups", case, "expected_stratified").set_index("statistic")["value"]
    common, over = mantel_haenszel(a, n1, b, n2), trend(a, n1)
    ours = {
        "mh_chisq": common.statistic,
        "mh_p": common.p_value,
        "mh_or": common.odds_ratio,
        "mh_or_lower": common.lower,
        "mh_or_upper": common.upper,
        "trend_chisq_a_n1": over.statistic,
        "trend_p": over.p_value,
    }
    for statistic, value in expected.items():
        agree(statistic, ours[statistic], value, 1e-8)
