import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines.utils import concordance_index

from plenary_stats.survival import concordance, cox, proportional_hazards


def invented(seed, n=250):
    draw = np.random.default_rng(seed)
    return np.ceil(draw.exponential(30, n)), draw.random(n) < 0.6, draw.integers(0, 12, n).astype(float), draw.integers(0, 3, n)


def by_hand(time, event, risk, entry, strata):
    good = bad = even = 0
    for one in np.flatnonzero(event):
        other = (strata == strata[one]) & (entry < time[one]) & ((time > time[one]) | ((time == time[one]) & ~event))
        good += (risk[other] < risk[one]).sum()
        bad += (risk[other] > risk[one]).sum()
        even += (risk[other] == risk[one]).sum()
    return good, bad, even


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 9), st.booleans(), st.integers(0, 4), st.integers(0, 2), st.floats(0, 0.9)),
        min_size=1,
        max_size=30,
    )
)
def test_pairs_are_those_counted_one_by_one(rows):
    time, event, risk, strata, share = map(np.array, zip(*rows, strict=True))
    entry = np.floor(time * share)
    found = concordance(time, event, risk, entry, strata)
    assert (found.concordant, found.discordant, found.tied) == by_hand(time, event, risk, entry, strata)
    if not found.why_not:
        assert 0 <= found.lower <= found.estimate <= found.upper <= 1


@pytest.mark.parametrize("seed", range(3))
def test_equals_lifelines_without_tied_times(seed):
    time, event, risk, _ = invented(seed)
    time = time + np.arange(len(time)) / 1000
    assert concordance(time, event, risk).estimate == pytest.approx(concordance_index(time, -risk, event), rel=1e-12)


def test_the_jackknife_is_close_to_leaving_each_patient_out():
    time, event, risk, _ = invented(4, 120)
    rows = np.arange(120)
    left_out = np.array([concordance(time[rows != one], event[rows != one], risk[rows != one]).estimate for one in rows])
    jackknife = np.sqrt(((left_out - left_out.mean()) ** 2).sum() * 119 / 120)
    assert concordance(time, event, risk).std_err == pytest.approx(jackknife, rel=0.05)


def test_clusters_add_up_their_influence():
    time, event, risk, _ = invented(5)
    once = concordance(time, event, risk, cluster=np.arange(250))
    assert once.std_err == pytest.approx(concordance(time, event, risk).std_err, rel=1e-12)
    many = concordance(
        np.r_[time, time + 1000],
        np.r_[event, event],
        np.r_[risk, risk],
        strata=np.repeat([0, 1], 250),
        cluster=np.tile(np.arange(250), 2),
    )
    assert many.estimate == pytest.approx(once.estimate)
    assert many.std_err == pytest.approx(once.std_err, rel=1e-9)


def test_a_perfect_and_a_worthless_ranking():
    time, event = np.arange(1.0, 20), np.ones(19)
    assert concordance(time, event, -time).estimate == 1
    assert concordance(time, event, time).estimate == 0
    assert concordance(time, event, np.zeros(19)).estimate == 0.5


def test_risks_that_differ_by_rounding_are_tied():
    assert concordance([1, 2], [1, 1], [0.1 + 0.2, 0.3]).tied == 1


def test_nobody_to_compare_is_said():
    assert concordance([1, 1], [1, 1], [0, 1]).why_not == "No two patients can be compared."
    assert np.isnan(concordance([], [], []).estimate)


def test_unusable_risks_are_refused():
    with pytest.raises(ValueError, match="risk: one value a patient"):
        concordance([1, 2], [1, 0], [1])


def planted(changing, seed=6, n=3000):
    """The second half of a year the covariate works the other way, where changing."""
    draw = np.random.default_rng(seed)
    covariate, other = draw.integers(0, 2, n), draw.normal(size=n)
    early = draw.exponential(np.where(covariate, 0.7, 1.4))
    late = draw.exponential(np.where(covariate, 2.8 if changing else 0.7, 1.4))
    time = np.where(early < 0.5, early, 0.5 + late)
    return proportional_hazards(cox(np.minimum(time, 2), time < 2, {"treated": covariate, "other": other})).columns


def test_a_coefficient_that_changes_is_found_and_no_other():
    changing, steady = planted(changing=True), planted(changing=False)
    assert changing["name"].tolist() == ["treated", "other", "GLOBAL"]
    assert changing["p_value"][0] < 1e-10
    assert changing["p_value"][2] < 1e-10
    assert min(changing["p_value"][1], *steady["p_value"]) > 1e-3
    assert changing["df"].tolist() == [1, 1, 2]


def test_clocks_other_than_the_default():
    time, event, risk, strata = invented(8)
    model = cox(time, event, risk, strata=strata)
    scaled = cox(time * 7, event, risk, strata=strata)
    for clock in ("identity", "log"):
        one, other = proportional_hazards(model, clock).columns, proportional_hazards(scaled, clock).columns
        np.testing.assert_allclose(one["statistic"], other["statistic"], rtol=1e-8)
    with pytest.raises(ValueError, match="km, identity, log"):
        proportional_hazards(model, "rank")
    with pytest.raises(ValueError, match="time 0 has no logarithm"):
        proportional_hazards(cox(np.r_[0, time], np.r_[True, event], np.r_[1, risk]), "log")


def test_what_cannot_be_tested():
    time, event, risk, _ = invented(9, 40)
    with pytest.raises(ValueError, match="not offered for exact ties"):
        proportional_hazards(cox(time, event, risk, "exact"))
    nothing = proportional_hazards(cox(time, event, np.ones(40))).columns
    assert nothing["name"].tolist() == ["GLOBAL"]
    assert np.isnan(nothing["statistic"]).all()
