import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines.statistics import multivariate_logrank_test
from statsmodels.duration.survfunc import survdiff

from plenary_stats.survival import difference as module
from plenary_stats.survival import logrank

# Freireich EJ et al., Blood 1963;21:699: weeks of remission, 6-mercaptopurine and placebo.
WEEKS = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
RELAPSED = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
LEUKAEMIA = (WEEKS + PLACEBO, RELAPSED + [1] * 21, ["6-MP"] * 21 + ["placebo"] * 21)


def test_published_example_of_freireich():
    """Kleinbaum and Klein, Survival Analysis, 3rd edition, page 68: 16.793, expected 19.25 and 10.75."""
    found = logrank(*LEUKAEMIA)
    assert found.statistic == pytest.approx(16.793, abs=5e-4)
    assert np.round(found.columns["expected"], 2).tolist() == [19.25, 10.75]
    assert found.columns["observed"].tolist() == [9, 21]
    assert found.df == 1
    assert found.p_value == pytest.approx(4.17e-5, rel=2e-3)
    assert found.method == "log-rank"


def invented(seed, groups=4, n=300):
    draw = np.random.default_rng(seed)
    return draw.integers(1, 80, n), draw.random(n) < 0.6, draw.integers(0, groups, n), draw.integers(0, 3, n)


@pytest.mark.parametrize("seed", range(3))
def test_equals_lifelines(seed):
    time, event, group, _ = invented(seed)
    other = multivariate_logrank_test(time, group, event)
    found = logrank(time, event, group)
    assert found.statistic == pytest.approx(other.test_statistic, rel=1e-10)
    assert found.p_value == pytest.approx(other.p_value, rel=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_stratified_equals_statsmodels(seed):
    time, event, group, strata = invented(seed)
    statistic, p_value = survdiff(time, event.astype(int), group, strata=strata)
    found = logrank(time, event, group, strata)
    assert found.statistic == pytest.approx(statistic, rel=1e-9)
    assert found.p_value == pytest.approx(p_value, rel=1e-8)
    assert found.method == "log-rank, stratified"


def test_weighted_equals_statsmodels():
    time, event, group, _ = invented(9, groups=2)
    statistic, _ = survdiff(time, event.astype(int), group, weight_type="fh", fh_p=1.5)
    assert logrank(time, event, group, rho=1.5).statistic == pytest.approx(statistic, rel=1e-9)


def test_late_entry_is_counted_from_entry():
    """By hand: at 3 one of a (entered at 1) and one of b are at risk; at 5 only b and the second of a, who entered at 4."""
    found = logrank([3, 6, 5], [1, 0, 1], ["a", "a", "b"], entry=[1, 4, 0])
    assert found.columns["expected"].tolist() == [1, 1]
    assert found.columns["variance"].tolist() == [0.5, 0.5]


def test_a_table_too_large_is_made_in_parts(monkeypatch):
    time, event, group, strata = invented(4)
    whole = logrank(time, event, group, strata)
    late = {"rho": 0.5, "entry": time - 1 - np.arange(len(time)) % 30}
    whole_late = logrank(time, event, group, strata, **late)
    monkeypatch.setattr(module, "_CELLS", 12)
    assert logrank(time, event, group, strata).statistic == pytest.approx(whole.statistic, rel=1e-12)
    assert logrank(time, event, group, strata, **late).statistic == pytest.approx(whole_late.statistic, rel=1e-12)


rows = st.lists(
    st.tuples(st.integers(0, 15), st.booleans(), st.sampled_from("abc"), st.sampled_from("xy")), min_size=2, max_size=40
)


@given(rows, st.sampled_from([0, 1, 0.5]))
def test_the_differences_cancel(given_rows, rho):
    time, event, group, strata = map(np.array, zip(*given_rows, strict=True))
    found = logrank(time, event, group, strata, rho).columns
    assert found["observed"].sum() == pytest.approx(found["expected"].sum(), rel=1e-9, abs=1e-9)
    assert (found["variance"] >= -1e-9).all()
    assert found["n"].sum() == len(time)


@given(rows, st.randoms())
def test_neither_order_nor_unit_matters(given_rows, random):
    shuffled = list(given_rows)
    random.shuffle(shuffled)
    one, other = (tuple(map(np.array, zip(*listed, strict=True))) for listed in (given_rows, shuffled))
    here, there = logrank(*one), logrank(other[0] / 365.25, *other[1:])
    np.testing.assert_allclose(here.columns["expected"], there.columns["expected"], rtol=1e-9, atol=1e-12)
    assert here.why_not == there.why_not
    assert here.statistic == pytest.approx(there.statistic, rel=1e-6, abs=1e-9, nan_ok=True)


def test_one_stratum_is_no_stratum():
    time, event, group, _ = invented(6)
    assert logrank(time, event, group, ["only"] * len(time)).statistic == pytest.approx(
        logrank(time, event, group).statistic, rel=1e-12
    )


@pytest.mark.parametrize(
    ("time", "event", "group", "says"),
    [
        ([1, 2, 3], [1, 1, 0], ["a"] * 3, "only one group"),
        ([1, 2, 3], [0, 0, 0], ["a", "b", "b"], "only one group"),
        ([1, 2, 3], [0, 1, 1], ["a", "b", "b"], "only one group"),
        ([], [], [], "only one group"),
        ([4], [1], ["a"], "only one group"),
        ([2, 2], [1, 1], ["a", "b"], "hardly ever at risk together"),
    ],
)
def test_nothing_to_compare_says_why(time, event, group, says):
    found = logrank(time, event, group)
    assert says in found.why_not
    assert np.isnan(found.statistic)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (([1, 2], [1, 0], ["a"]), "group: one label"),
        (([1, 2], [1, 0], ["a", "b"], ["x"]), "strata: one label"),
        (([1], [2], ["a"]), "event"),
        (([1], [1], ["a"], None, np.inf), "rho"),
    ],
)
def test_unusable_input_is_refused(arguments, says):
    with pytest.raises(ValueError, match=says):
        logrank(*arguments)


late_rows = st.lists(
    st.tuples(st.integers(0, 15), st.booleans(), st.sampled_from([0, 2, 9]), st.integers(1, 20)), min_size=1, max_size=40
)


@given(late_rows, st.booleans(), st.sampled_from([1, 7, 0.25]), st.sampled_from([0, 1]))
def test_what_was_expected_is_that_of_counting_by_hand(given_rows, late, unit, rho):
    time, event, group, back = (np.array(column) for column in zip(*given_rows, strict=True))
    entry = time - back if late else np.full(len(time), -1)
    labels = np.unique(group)
    alive, observed, expected = 1.0, dict.fromkeys(labels, 0.0), dict.fromkeys(labels, 0.0)
    variance = dict.fromkeys(labels, 0.0)
    for moment in np.unique(time[event]):
        at_risk, died = (entry < moment) & (moment <= time), event & (time == moment)
        weight, n, d = alive**rho, at_risk.sum(), died.sum()
        for label in labels:
            own = (at_risk & (group == label)).sum()
            observed[label] += weight * (died & (group == label)).sum()
            expected[label] += weight * d * own / n
            variance[label] += weight**2 * d * (n - d) * own * (n - own) / (n**2 * (n - 1)) if n > 1 else 0.0
        alive *= 1 - d / n
    found = logrank(time / unit, event, group, rho=rho, entry=entry / unit if late else None).columns
    for name, counted in (("observed", observed), ("expected", expected), ("variance", variance)):
        np.testing.assert_allclose(found[name], list(counted.values()), rtol=1e-9, atol=1e-12)


def test_the_most_memory_is_three_times_what_was_given():
    draw = np.random.default_rng(5)
    given = np.ceil(draw.exponential(900, 100_000)), draw.random(100_000) < 0.5, draw.integers(0, 5, 100_000, dtype=np.int32)
    logrank(*given)
    tracemalloc.start()
    logrank(*given)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak <= 3 * sum(array.nbytes for array in given)


@given(rows, st.sampled_from([0, 1]))
def test_everybody_twice_is_expected_twice(given_rows, rho):
    time, event, group, strata = map(np.array, zip(*given_rows, strict=True))
    once, twice = (
        logrank(time, event, group, strata, rho),
        logrank(*(np.tile(part, 2) for part in (time, event, group, strata)), rho),
    )
    for name in ("n", "observed", "expected"):
        np.testing.assert_allclose(twice.columns[name], 2 * once.columns[name], rtol=1e-9, atol=1e-9)


@given(rows)
def test_a_group_split_in_two_and_pooled_again_is_the_group(given_rows):
    """Splitting one group moves no other group's observed or expected events, and its halves add up to it."""
    time, event, group, strata = map(np.array, zip(*given_rows, strict=True))
    halves = np.where((group == "a") & (np.arange(len(group)) % 2 == 1), "a2", group)
    whole, parts = logrank(time, event, group, strata).columns, logrank(time, event, halves, strata).columns
    joined = np.array([label[0] for label in parts["group"].tolist()])
    for name in ("n", "observed", "expected"):
        sums = [parts[name][joined == label].sum() for label in whole["group"].tolist()]
        np.testing.assert_allclose(sums, whole[name], rtol=1e-9, atol=1e-9)


def test_a_million_patients():
    draw = np.random.default_rng(3)
    group = draw.integers(0, 50, 1_000_000)
    time = np.ceil(draw.exponential(np.where(group == 7, 300, 330)))
    found = logrank(time, draw.random(len(time)) < 0.5, group)
    assert found.df == 49
    assert found.p_value < 1e-6
    assert np.argmax(np.abs(found.columns["observed"] - found.columns["expected"])) == 7


def test_pairs_of_groups_that_never_meet_cannot_be_compared_together():
    """Each pair has a variance of its own, and all of them together none that could be turned round."""
    time, group = [1, 2, 3, 4, 5, 6] * 2, [*"ababab", *"cdcdcd"]
    found = logrank(time, [1] * 12, group, [*"xxxxxx", *"yyyyyy"])
    assert (found.columns["variance"] > 0).all()
    assert found.why_not == "The groups were hardly ever at risk together: nothing to compare."
    assert np.isnan(found.statistic)
