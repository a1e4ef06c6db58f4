import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import StratifiedTable, Table
from statsmodels.stats.proportion import confint_proportions_2indep

from plenary_stats.comparison import mantel_haenszel, trend, two_groups

STRATA = ([2, 5, 1, 10], [40, 60, 30, 90], [6, 9, 4, 12], [38, 70, 25, 80])


def test_equals_scipy_and_statsmodels():
    found = two_groups(*STRATA).columns
    for row, (a, n, b, m) in enumerate(zip(*STRATA, strict=True)):
        table = np.array([[a, n - a], [b, m - b]])
        limits = confint_proportions_2indep(a, n, b, m, compare="diff", method="newcomb")
        assert (found["difference_lower"][row], found["difference_upper"][row]) == pytest.approx(limits, rel=1e-9)
        assert found["fisher_p"][row] == stats.fisher_exact(table).pvalue
        for name, corrected in {"chi_squared": False, "yates": True}.items():
            answer = stats.chi2_contingency(table, correction=corrected)
            assert (found[name][row], found[name + "_p"][row]) == pytest.approx((answer.statistic, answer.pvalue), rel=1e-9)
        risks = stats.contingency.relative_risk(a, n, b, m)
        low_high = risks.confidence_interval()
        assert (found["risk_ratio"][row], found["ratio_lower"][row], found["ratio_upper"][row]) == pytest.approx(
            (risks.relative_risk, low_high.low, low_high.high), rel=1e-9
        )


def test_strata_together_equal_statsmodels():
    a, n, b, m = (np.array(part) for part in STRATA)
    other = StratifiedTable([np.array([[w, x - w], [y, z - y]]) for w, x, y, z in zip(a, n, b, m, strict=True)])
    found, test = mantel_haenszel(*STRATA), other.test_null_odds()
    assert found.odds_ratio == pytest.approx(other.oddsratio_pooled, rel=1e-12)
    assert (found.lower, found.upper) == pytest.approx(other.oddsratio_pooled_confint(), rel=1e-9)
    assert (found.statistic, found.p_value) == pytest.approx((test.statistic, test.pvalue), rel=1e-9)


def test_trend_equals_statsmodels():
    events, patients = np.array([3, 6, 11, 9]), np.array([40, 42, 45, 30])
    other = Table(np.column_stack([patients - events, events]), shift_zeros=False).test_ordinal_association()
    found = trend(events, patients)
    size = patients.sum()
    assert found.statistic == pytest.approx(other.zscore**2 * size / (size - 1), rel=1e-9)
    assert found.slope > 0


def test_rate_ratio_of_a_published_example():
    """Breast cancer after fluoroscopy (Rothman, also in R's poisson.test): 11 in 800 and 3 in 3000, the exact chance and limits."""
    found = two_groups(11, 800, 3, 3000).columns
    assert found["rate_ratio"][0] == pytest.approx(13.75)
    test = stats.binomtest(11, 14, 800 / 3800)
    assert found["rate_p"][0] == pytest.approx(test.pvalue, rel=1e-12)
    low, high = test.proportion_ci(method="exact")
    assert found["rate_lower"][0] == pytest.approx(low / (1 - low) * 3000 / 800, rel=1e-9)
    assert found["rate_upper"][0] == pytest.approx(high / (1 - high) * 3000 / 800, rel=1e-9)


def test_the_conditional_odds_ratio_of_the_tea_taster():
    """Fisher's tea taster, 3 of 4 right in both: R's fisher.test gives 6.408 (0.212 to 622, as it stops early), p = 0.486."""
    found = two_groups(3, 4, 1, 4).columns
    assert [round(float(found[name][0]), 4) for name in ("odds_ratio", "odds_lower", "fisher_p")] == [6.4083, 0.2117, 0.4857]
    assert found["odds_upper"][0] == pytest.approx(621.93, rel=0.01)


def test_what_does_not_exist_is_said():
    found = two_groups([0, 4, 0, 0], [10, 4, 0, 5], [0, 6, 3, 2], [12, 6, 9, 9]).columns
    assert found["why_not"].tolist() == [
        "Nobody in either group had the event: only the difference can be given.",
        "Everybody in both groups had the event: there is no odds ratio.",
        "There is nobody in one of the groups.",
        "",
    ]
    assert found["risk_difference"][:2].tolist() == [0, 0]
    assert np.isnan(found["odds_ratio"][:3]).all()
    assert np.isnan(found["risk_difference"][2])
    assert np.isnan([found["ratio_lower"][3], found["ratio_upper"][3]]).all()
    assert (found["risk_ratio"][3], found["odds_lower"][3]) == (0, 0)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 30), st.integers(1, 30), st.integers(0, 30), st.integers(1, 30))
def test_changing_places_turns_everything_round(a, n, b, m):
    a, b = min(a, n), min(b, m)
    one, other = two_groups(a, n, b, m).columns, two_groups(b, m, a, n).columns
    assert other["risk_difference"][0] == pytest.approx(-one["risk_difference"][0])
    assert other["difference_lower"][0] == pytest.approx(-one["difference_upper"][0], abs=1e-12)
    assert other["fisher_p"][0] == pytest.approx(one["fisher_p"][0], rel=1e-9)
    assert one["difference_lower"][0] <= one["risk_difference"][0] + 1e-12
    if 0 < a < n and 0 < b < m:
        assert other["odds_lower"][0] == pytest.approx(1 / one["odds_upper"][0], rel=1e-7)


@given(st.lists(st.tuples(*[st.integers(0, 20)] * 4), min_size=1, max_size=6), st.randoms())
def test_the_order_of_strata_does_not_matter(rows, shuffler):
    tables = [(min(a, n), n, min(b, m), m) for a, n, b, m in rows]
    mixed = list(tables)
    shuffler.shuffle(mixed)
    one, other = (mantel_haenszel(*np.array(order).T) for order in (tables, mixed))
    assert (other.odds_ratio, other.statistic) == pytest.approx((one.odds_ratio, one.statistic), rel=1e-9, nan_ok=True)
    assert other.why_not == one.why_not


def test_strata_that_say_nothing_have_no_ratio():
    found = mantel_haenszel([0, 0], [5, 5], [0, 0], [5, 5])
    assert np.isnan(found.odds_ratio)
    assert "nothing to compare" in found.why_not
    one_sided = mantel_haenszel([0, 0], [5, 5], [2, 1], [5, 5])
    assert one_sided.odds_ratio == 0
    assert "had no event" in one_sided.why_not
    assert mantel_haenszel([2, 1], [5, 5], [0, 0], [5, 5]).odds_ratio == np.inf


def test_no_trend_is_said():
    assert "there is no trend" in trend([0, 0], [5, 5]).why_not
    assert "there is no trend" in trend([2], [5]).why_not
    level = trend([5, 10], [50, 100])
    assert (level.slope, level.statistic) == pytest.approx((0, 0))


def test_scores_place_the_groups():
    assert trend([1, 3, 8], [20, 20, 20], [1, 2, 3]).statistic == pytest.approx(
        trend([1, 3, 8], [20, 20, 20], [10, 20, 30]).statistic
    )
    assert trend([1, 3, 8], [20, 20, 20], [1, 2, 9]).statistic != pytest.approx(trend([1, 3, 8], [20, 20, 20]).statistic)


@pytest.mark.parametrize("function", [two_groups, mantel_haenszel])
def test_impossible_counts_are_refused(function):
    with pytest.raises(ValueError, match="more events than patients"):
        function([5], [4], [1], [4])
    with pytest.raises(ValueError, match="other_patients: every value"):
        function([1], [4], [1], [-4])


def test_impossible_groups_are_refused():
    with pytest.raises(ValueError, match="one score a group"):
        trend([1, 2], [4, 4], [1])
