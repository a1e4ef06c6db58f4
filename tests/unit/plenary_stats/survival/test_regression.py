import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.duration.hazard_regression import PHReg

from plenary_stats.survival import cox, logrank

# Freireich EJ et al., Blood 1963;21:699: weeks of remission; 1 is placebo.
WEEKS = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
WEEKS += [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
RELAPSED = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0] + [1] * 21
PLACEBO = [0] * 21 + [1] * 21


def invented(seed, n=300, columns=3):
    draw = np.random.default_rng(seed)
    table = draw.normal(size=(n, columns)) * [1, 10, 0.1][:columns]
    time = np.ceil(draw.exponential(40 * np.exp(-0.4 * table[:, 0])))
    return time, draw.random(n) < 0.7, table, draw.integers(0, 4, n)


@pytest.mark.parametrize(
    ("ties", "coefficient", "std_err"), [("efron", 1.5721, 0.4124), ("breslow", 1.5092, 0.4096), ("exact", 1.6282, 0.4331)]
)
def test_published_example_of_freireich(ties, coefficient, std_err):
    """Kalbfleisch and Prentice 1980 give 1.51 (Breslow); SAS/STAT's manual of PHREG the others."""
    found = cox(WEEKS, RELAPSED, PLACEBO, ties)
    assert found.coefficients.tolist() == [pytest.approx(coefficient, abs=6e-5)]
    assert found.std_err.tolist() == [pytest.approx(std_err, abs=6e-5)]
    assert found.n_event == 30


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("seed", range(2))
def test_equals_statsmodels(ties, seed):
    time, event, table, layer = invented(seed)
    other = PHReg(time, table, status=event, ties=ties, strata=layer).fit()
    found = cox(time, event, table, ties, strata=layer)
    np.testing.assert_allclose(found.coefficients, other.params, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(found.std_err, other.bse, rtol=1e-7)
    assert found.log_likelihood == pytest.approx(other.llf, rel=1e-10)


def test_late_entry_is_at_risk_only_afterwards():
    """By hand: at 2 the risk set is a and b, at 4 b and c: two terms that cancel only where c is left out at 2."""
    found = cox([2, 4, 5], [1, 1, 0], [1, 0, 1], entry=[0, 0, 3])
    assert found.log_likelihood_null == pytest.approx(-2 * np.log(2))
    assert found.score == pytest.approx(0)
    assert found.coefficients.tolist() == [pytest.approx(0)]
    assert found.expected.tolist() == pytest.approx([0.5, 1, 0.5])


def test_someone_who_enters_at_the_time_of_an_event_is_not_yet_at_risk():
    early, late = (cox([2, 4, 5], [1, 1, 0], [1, 0, 1], entry=[0, 0, start]) for start in (1.5, 2))
    assert early.log_likelihood_null == pytest.approx(-np.log(6))
    assert late.log_likelihood_null == pytest.approx(-np.log(4))


def test_a_patient_in_two_periods_is_the_same_patient():
    time, event, table, _ = invented(3, 120)
    middle = time * 0.4
    whole = cox(time, event, table)
    halves = cox(np.r_[middle, time], np.r_[event & False, event], np.vstack([table, table]), entry=np.r_[time * 0, middle])
    np.testing.assert_allclose(halves.coefficients, whole.coefficients, rtol=1e-9)
    np.testing.assert_allclose(halves.expected[:120] + halves.expected[120:], whole.expected, rtol=1e-8, atol=1e-12)


def test_the_score_test_without_ties_is_the_log_rank_test():
    time, event, _, layer = invented(5)
    time = time + np.arange(len(time)) / 1000
    for strata in (None, np.arange(len(time)) % 3):
        found = cox(time, event, {"centre": layer.astype(str)}, strata=strata)
        assert found.score == pytest.approx(logrank(time, event, layer, strata).statistic, rel=1e-9)


def test_exact_and_efron_agree_without_ties():
    time, event, table, layer = invented(6, 60, 2)
    time = time + np.arange(60) / 1000
    for strata in (None, layer % 2):
        exact, efron = cox(time, event, table, "exact", strata=strata), cox(time, event, table, strata=strata)
        np.testing.assert_allclose(exact.coefficients, efron.coefficients, rtol=1e-8, atol=1e-12)
        assert exact.log_likelihood == pytest.approx(efron.log_likelihood, rel=1e-10)
        np.testing.assert_allclose(exact.std_err, efron.std_err, rtol=1e-8)


def test_exact_ties_are_a_conditional_logistic_model():
    """One time: two of four die; the terms are the six pairs of covariates 0, 1, 2, 3."""
    found = cox([1, 1, 2, 2], [1, 1, 0, 0], [3.0, 1.0, 0.0, 2.0], "exact")
    assert found.log_likelihood_null == pytest.approx(-np.log(6))
    beta = found.coefficients[0]
    pairs = np.array([1, 2, 3, 3, 4, 5])
    assert (pairs * np.exp(beta * pairs)).sum() / np.exp(beta * pairs).sum() == pytest.approx(4)


def test_robust_errors_of_single_rows_are_near_those_of_the_model_and_larger_for_copies():
    time, event, table, _ = invented(7, 400, 2)
    rows = np.arange(400)
    single = cox(time, event, table, cluster=rows)
    np.testing.assert_allclose(single.std_err, single.model_std_err, rtol=0.2)
    copies = cox(np.tile(time, 2), np.tile(event, 2), np.vstack([table, table]), "breslow", cluster=np.tile(rows, 2))
    once = cox(time, event, table, "breslow", cluster=rows)
    np.testing.assert_allclose(copies.std_err, once.std_err, rtol=1e-8)
    np.testing.assert_allclose(copies.model_std_err, once.model_std_err / np.sqrt(2), rtol=1e-8)
    assert "robust" in copies.method


def test_expected_events_add_up_in_every_stratum():
    time, event, table, layer = invented(8)
    found = cox(time, event, table, strata=layer)
    np.testing.assert_allclose(np.bincount(layer, found.expected), np.bincount(layer, event), rtol=1e-9)
    assert (found.expected >= 0).all()


def test_the_baseline_is_that_of_covariates_of_nought():
    time, event, table, layer = invented(9)
    found = cox(time, event, table + 5, "breslow", strata=layer)
    for stratum in range(4):
        own = found.baseline["stratum"] == stratum
        steps = np.append(0, found.baseline["cumulative_hazard"][own])
        rows = layer == stratum
        place = np.searchsorted(found.baseline["time"][own], time[rows], side="right")
        np.testing.assert_allclose(steps[place] * np.exp(found.risk[rows]), found.expected[rows], rtol=1e-8)


def test_without_covariates_it_is_the_hazard_of_nelson_and_aalen():
    found = cox([1, 2, 3, 4], [1, 1, 0, 1], np.zeros((4, 0)))
    np.testing.assert_allclose(found.expected, [1 / 4, 1 / 4 + 1 / 3, 7 / 12, 7 / 12 + 1])
    assert (found.df, found.wald, found.why_not) == (0, 0, "")


def test_texts_become_columns_and_names_are_kept():
    time, event, table, layer = invented(10)
    words = np.array(["best", "fair", "poor", "worst"])[layer]
    named = cox(time, event, {"age": table[:, 0], "state": words})
    assert named.columns["name"].tolist() == ["age", "state=fair", "state=poor", "state=worst"]
    plain = cox(time, event, np.column_stack([table[:, 0], layer == 1, layer == 2, layer == 3]))
    np.testing.assert_allclose(named.coefficients, plain.coefficients, rtol=1e-10)


def test_a_covariate_that_says_nothing_new_has_no_coefficient():
    time, event, table, _ = invented(11)
    found = cox(time, event, np.column_stack([table[:, 0], np.full(len(time), 0.1), table[:, 1], table[:, 0] * 2 - table[:, 1]]))
    alone = cox(time, event, table[:, :2])
    assert ["" if one == "" else one[:12] for one in found.columns["why_not"]] == ["", "It says no m", "", "It says no m"]
    assert np.isnan(found.coefficients).tolist() == [False, True, False, True]
    np.testing.assert_allclose(found.coefficients[[0, 2]], alone.coefficients, rtol=1e-8)
    assert found.df == 2
    assert found.wald == pytest.approx(alone.wald)


def test_a_covariate_that_separates_has_no_limit_and_says_so():
    time, event = np.arange(1.0, 41), np.tile([1, 0], 20)
    apart, age = 1.0 - event, np.sin(time)
    found = cox(time, event, {"apart": apart, "age": age})
    assert found.coefficients[0] == -np.inf
    assert found.columns["why_not"][0].startswith("Events fall on one side")
    assert found.columns["why_not"][1] == ""
    assert np.isfinite(found.coefficients[1])
    assert found.expected.sum() == pytest.approx(20)
    died = event == 1
    limit = cox(time[died], event[died], {"age": age[died]})  # those who cannot die leave the risk sets
    assert found.coefficients[1] == pytest.approx(limit.coefficients[0], rel=1e-5)


@pytest.mark.parametrize(
    ("time", "event", "covariate"),
    [([1, 2, 3], [0, 0, 0], [1, 2, 3]), ([5], [1], [2]), ([1, 1, 2, 2], [0, 0, 1, 1], [-1, 2, -3, -3])],
)
def test_too_little_to_estimate_says_why(time, event, covariate):
    found = cox(time, event, covariate)
    assert found.why_not.startswith("No event happened while anyone else was at risk")
    assert np.isnan(found.coefficients).all()
    assert found.expected.sum() == pytest.approx(sum(event))


def test_nobody_at_all():
    assert cox([], [], np.zeros((0, 2))).why_not.startswith("No event")


rows = st.lists(st.tuples(st.integers(1, 12), st.booleans(), st.integers(-3, 3)), min_size=4, max_size=40)


@settings(deadline=None)
@given(rows, st.randoms())
def test_neither_order_nor_unit_of_time_or_covariate_matters(given_rows, random):
    shuffled = list(given_rows)
    random.shuffle(shuffled)
    one, other = (tuple(map(np.array, zip(*listed, strict=True))) for listed in (given_rows, shuffled))
    here, there = cox(*one), cox(other[0] / 365.25, other[1], other[2] * 1000.0 + 5e4)
    assert here.log_likelihood == pytest.approx(there.log_likelihood, rel=1e-8, abs=1e-8)
    assert here.columns["why_not"].tolist() == there.columns["why_not"].tolist()
    if here.columns["why_not"][0] == "":
        assert here.coefficients[0] == pytest.approx(1000 * there.coefficients[0], rel=1e-5, abs=1e-7)
        assert here.std_err[0] == pytest.approx(1000 * there.std_err[0], rel=1e-5)


@settings(deadline=None)
@given(rows)
def test_the_fit_is_no_worse_than_none_and_expects_what_happened(given_rows):
    time, event, covariate = map(np.array, zip(*given_rows, strict=True))
    found = cox(time, event, covariate)
    assert found.likelihood_ratio >= -1e-9
    assert found.expected.sum() == pytest.approx(event.sum())


def test_a_hundred_thousand_patients_find_what_was_planted():
    draw = np.random.default_rng(12)
    table, planted = draw.normal(size=(10**5, 4)), np.array([0.5, -0.3, 0.0, 0.1])
    time = np.ceil(draw.exponential(500 * np.exp(-table @ planted)))
    found = cox(time, time < 900, table)
    assert (np.abs(found.coefficients - planted) < 5 * found.std_err + 0.01).all()
    assert found.expected.sum() == pytest.approx((time < 900).sum())


@pytest.mark.parametrize(
    ("named", "says"),
    [
        ({"covariates": [[1], [2]]}, "covariates: a table of 3 rows"),
        ({"covariates": [1, np.nan, 2]}, "covariates: x1: every value must be a finite number"),
        ({"covariates": {"age": [1, np.inf, 2]}}, "covariates: age"),
        ({"covariates": {"age": [1, 2]}}, "age must have one value a patient"),
        ({"ties": "cox"}, "efron, breslow, exact"),
        ({"ties": "exact", "entry": [0, 0, 0]}, "exact likelihood is not offered with late entry"),
        ({"strata": ["a"]}, "strata: one label a patient"),
        ({"cluster": ["a"]}, "cluster: one label a patient"),
        ({"event": [1, 2, 0]}, "event"),
        ({"level": 95}, "level"),
    ],
)
def test_unusable_input_is_refused(named, says):
    arguments = {"time": [1, 2, 3], "event": [1, 0, 1], "covariates": [1, 2, 3]} | named
    with pytest.raises(ValueError, match=says):
        cox(**arguments)


def test_limits_are_of_the_normal_distribution():
    time, event, table, _ = invented(8)
    found = cox(time, event, table, level=0.9)
    for side, sign in (("lower", -1), ("upper", 1)):
        np.testing.assert_allclose(
            np.log(found.columns[side]), found.coefficients + sign * 1.6448536269514722 * found.std_err, rtol=1e-9
        )
    np.testing.assert_allclose(found.columns["hazard_ratio"], np.exp(found.coefficients), rtol=1e-13)


def test_everybody_twice_is_as_sure_as_twice_the_patients():
    """By Breslow's reckoning ties change nothing: the same coefficients, errors smaller by the root of two, twice the expected."""
    time, event, table, strata = invented(9)
    once = cox(time, event, table, ties="breslow", strata=strata)
    twice = cox(*(np.concatenate([part, part]) for part in (time, event, table)), ties="breslow", strata=np.tile(strata, 2))
    np.testing.assert_allclose(twice.coefficients, once.coefficients, rtol=1e-8)
    np.testing.assert_allclose(twice.std_err * 2**0.5, once.std_err, rtol=1e-8)
    np.testing.assert_allclose(twice.expected, np.tile(once.expected, 2), rtol=1e-8)


def test_a_covariate_without_a_limit_leaves_the_robust_errors_of_the_others():
    time, event, table, _ = invented(10)
    endless = np.where((np.arange(len(time)) % 9 == 0) & ~event, 1.0, 0.0)  # nobody who has it had an event
    cluster = np.arange(len(time)) // 2
    found = cox(time, event, np.column_stack([table, endless]), cluster=cluster)
    assert found.columns["why_not"][3] != ""
    assert np.isinf(found.std_err[3])
    assert np.isfinite(found.std_err[:3]).all()
    left = endless == 0
    alone = cox(time[left], event[left], table[left], cluster=cluster[left])
    np.testing.assert_allclose(found.coefficients[:3], alone.coefficients, rtol=1e-3)


def test_the_most_memory_is_three_times_what_was_given():
    draw = np.random.default_rng(8)
    given = np.ceil(draw.exponential(900, 30_000)), draw.random(30_000) < 0.5, draw.normal(size=(30_000, 10))
    tracemalloc.start()
    cox(*given)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak <= 3 * sum(array.nbytes for array in given)
