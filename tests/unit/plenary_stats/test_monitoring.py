import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from plenary_stats.monitoring import racusum, racusum_arl, racusum_false_alarm_limit, racusum_limit, vlad, xmr

LEVEL = [10, 12, 11, 13, 12, 10, 11, 12, 13, 11, 12, 10]


def flags(values, **options):
    return xmr(values, **options).columns["flag"].tolist()


def test_limits_are_the_mean_and_moving_ranges():
    """Wheeler's arithmetic by hand: mean 11.4167, moving ranges 2 1 2 1 2 1 1 1 2 1 2 average 1.4545."""
    found = xmr(LEVEL)
    average = np.abs(np.diff(LEVEL)).mean()
    assert found.moving_range.tolist() == pytest.approx([average])
    assert found.columns["upper"].tolist() == pytest.approx([np.mean(LEVEL) + 2.66 * average] * 12)
    assert set(flags(LEVEL)) == {""}
    assert found.why_not == ""


@pytest.mark.parametrize(
    ("tail", "rule"),
    [([30], "above-limit"), ([-9], "below-limit")],
)
def test_a_point_beyond_a_limit(tail, rule):
    assert flags(LEVEL + tail)[-1] == rule


def test_seven_rising_are_a_trend_and_six_are_not():
    noise = [40, 0, 41, 1] * 4
    assert flags([40, *range(10, 17), 0, *noise], screen=False)[1:8] == ["rising"] * 7
    assert "rising" not in flags([40, *range(10, 16), 0, *noise], screen=False)
    assert flags([0, *range(16, 9, -1), 40, *noise], screen=False)[1:8] == ["falling"] * 7


def test_a_point_where_two_trends_meet_belongs_to_the_later():
    found = flags([0, 40, 1, 2, 3, 4, 5, 6, 7, 6, 5, 4, 3, 2, 1, 40, 0, 40])
    assert found[2:15] == ["rising"] * 6 + ["falling"] * 7


def test_seven_on_one_side_are_a_run_and_six_are_not():
    noise = [10, 0] * 10
    high = [7, 6, 7, 6, 7, 6, 7]
    assert flags([0, *high, 0, *noise])[1:8] == ["run-above"] * 7
    assert set(flags([0, *high[:6], 0, *noise])) == {""}
    low = [4, 3, 4, 3, 4, 3, 4]
    assert flags([10, *low, 10, *noise])[1:8] == ["run-below"] * 7


def test_a_point_on_the_mean_breaks_a_run():
    values = [7, 6, 7, 5, 6, 7, 6, 3, 4, 3, 4, 3, 4, 5]
    assert np.mean(values) == 5
    assert set(flags(values, screen=False)) <= {"", "near-above", "near-below"}


def test_two_of_three_near_a_limit_on_one_side():
    values = [0, 1, 0, -1, 0, 1, 0, -1, 0, 1, 0, -1] * 3
    spread = xmr(values).moving_range[0]
    near = 2.2 * spread
    found = flags([*values, near, 0.1, near, -1, 0, *values])
    assert [found[36], found[37], found[38]] == ["near-above", "", "near-above"]
    assert "near-above" not in flags([*values, near, -0.5, near, -1, 0, *values])


def test_flags_say_whether_it_is_better_or_worse():
    values = [*LEVEL, 30]
    assert xmr(values).columns["meaning"][-1] == "improvement"
    assert xmr(values, better="decrease").columns["meaning"][-1] == "concern"
    assert xmr(values, better="neutral").columns["meaning"][-1] == "high"
    assert xmr([*LEVEL, -30]).columns["meaning"][-1] == "concern"


@pytest.mark.parametrize(
    ("target", "better", "says"),
    [
        (20, "increase", "consistent_fail"),
        (20, "decrease", "consistent_pass"),
        (3, "increase", "consistent_pass"),
        (3, "decrease", "consistent_fail"),
        (11, "increase", "inconsistent"),
        (20, "neutral", ""),
        (None, "increase", ""),
    ],
)
def test_a_target_is_met_by_itself_or_not(target, better, says):
    assert xmr(LEVEL, target=target, better=better).assurance == says


def test_phases_are_charts_of_their_own():
    later = [x + 50 for x in LEVEL]
    both, alone = xmr(LEVEL + later, phases=[12]), xmr(later)
    np.testing.assert_allclose(both.columns["upper"][12:], alone.columns["upper"])
    assert both.columns["phase"].tolist() == [0] * 12 + [1] * 12
    assert set(both.columns["flag"]) == {""}
    assert "above-limit" not in flags(LEVEL + later)[:12]


def test_limits_can_be_fixed_from_the_first_points():
    fixed, alone = xmr([*LEVEL, 40, 41], fix_after=12), xmr(LEVEL)
    assert fixed.columns["upper"][-1] == pytest.approx(alone.columns["upper"][0])
    assert fixed.columns["flag"].tolist()[-2:] == ["above-limit"] * 2


def test_an_outlying_range_is_left_out_once():
    values = [*LEVEL, 40, *LEVEL]
    ranges = np.abs(np.diff(values))
    kept = ranges[ranges < 3.267 * ranges.mean()]
    assert len(kept) == len(ranges) - 2
    assert xmr(values).moving_range[0] == pytest.approx(kept.mean())
    assert xmr(values, screen=False).moving_range[0] == pytest.approx(ranges.mean())


def test_few_points_answer_or_say_why_not():
    one = xmr([5.0])
    assert np.isnan(one.columns["upper"][0])
    assert one.columns["why_not"].tolist() == ["Fewer than two points: there are no limits."]
    assert one.columns["flag"].tolist() == [""]
    assert xmr([5.0], target=4).assurance == ""
    assert "provisional" in xmr([5.0, 6.0]).why_not
    assert xmr([3.0] * 20).columns["upper"].tolist() == [3.0] * 20
    assert set(flags([3.0] * 20)) == {""}


@settings(max_examples=60)
@given(st.lists(st.integers(-50, 50), min_size=2, max_size=40), st.integers(1, 9), st.integers(-9, 9))
def test_units_do_not_matter(values, times, shift):
    one, other = xmr(values, "shewhart"), xmr([value * times + shift for value in values], "shewhart")
    np.testing.assert_allclose(other.columns["upper"], one.columns["upper"] * times + shift, atol=1e-9)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"values": [1, np.nan]}, "finite number"),
        ({"values": [1, 2, 3], "phases": [3]}, "rising places inside it"),
        ({"values": [1, 2, 3], "phases": [0]}, "rising places inside it"),
        ({"values": [1, 2, 3], "fix_after": 0}, "one point or more"),
        ({"values": [1, 2, 3], "rules": "western"}, "making-data-count or shewhart"),
        ({"values": []}, "rising places"),
    ],
)
def test_unusable_series_are_refused(arguments, says):
    with pytest.raises(ValueError, match=says):
        xmr(**arguments)


def by_hand(outcome, risk, ratio, limit, *, at_limit=False):
    """One patient after another, as the books have it."""
    height, heights, signals = 0.0, [], []
    for y, p in zip(outcome, risk, strict=True):
        height = max(height + y * np.log(ratio) - np.log(1 - p + ratio * p), 0.0)
        signals.append(height >= limit if at_limit else height > limit)
        heights.append(height)
        height = 0.0 if signals[-1] else height
    return np.array(heights), np.array(signals)


@given(st.integers(0, 2**32 - 1), st.integers(1, 900), st.sampled_from([0.5, 1.5, 2.0]), st.sampled_from([0.4, 1.3, 3.0]))
def test_cusum_equals_one_patient_after_another(seed, number, ratio, limit):
    draw = np.random.default_rng(seed)
    risk = draw.uniform(0, 1, number)
    outcome = draw.binomial(1, risk)
    found, (heights, signals) = racusum(outcome, risk, ratio, limit).columns, by_hand(outcome, risk, ratio, limit)
    np.testing.assert_allclose(found["statistic"], heights, atol=1e-10)
    np.testing.assert_array_equal(found["signal"], signals)
    np.testing.assert_array_equal(found["restarted"][1:], signals[:-1])


def test_the_two_conventions_at_the_limit():
    step = racusum([1], [0.2], 2, 3).columns["weight"][0]
    assert step == pytest.approx(np.log(2) - np.log(1.2))
    ours, packaged = (
        racusum([1, 1], [0.2, 0.2], 2, step).columns,
        racusum([1, 1], [0.2, 0.2], 2, step, convention="cusum").columns,
    )
    assert ours["signal"].tolist() == [False, True]
    assert ours["statistic"].tolist() == pytest.approx([step, 2 * step])
    assert packaged["signal"].tolist() == [True, True]
    assert packaged["statistic"].tolist() == [0, 0]


def test_improvement_is_drawn_down_where_the_limit_is_negative():
    outcome, risk = np.zeros(30), np.full(30, 0.4)
    up, down = racusum(outcome, risk, 0.5, 1.0).columns, racusum(outcome, risk, 0.5, -1.0).columns
    np.testing.assert_array_equal(down["statistic"], -up["statistic"])
    assert up["signal"].any()
    np.testing.assert_array_equal(down["signal"], up["signal"])


def test_vlad_is_expected_less_observed():
    found = vlad([0, 1, 0], [0.1, 0.2, 0.3]).columns
    assert found["statistic"].tolist() == pytest.approx([0.1, -0.7, -0.4])
    assert not found["signal"].any()
    many = vlad([1] * 12, [0.2] * 12, limit=2.0).columns
    np.testing.assert_array_equal(many["signal"], racusum([1] * 12, [0.2] * 12, 2, 2.0).columns["signal"])
    assert many["signal"].any()


def test_a_million_patients_answer():
    draw = np.random.default_rng(4)
    risk = draw.uniform(0, 0.3, 1_000_000)
    found = racusum(draw.binomial(1, risk), risk, 2, 3.0).columns
    assert found["signal"].any()
    assert found["statistic"].min() == 0


def test_run_length_of_a_chart_that_one_event_crosses():
    """With a limit below one event's step the run ends at the first event: 1/p patients on average."""
    found = racusum_arl([0.1], 2, 0.3, runs=4000, seed=3)
    assert abs(found.value - 10) < 4 * found.std_err
    assert found.std_err == pytest.approx(np.sqrt(90 / 4000), rel=0.1)


def test_run_length_equals_a_markov_chain():
    """Risk ½ and ratio 3: an event adds ln 1.5 and its absence takes ln 2; the exact answer of the first few heights by chain."""
    up, down, limit = np.log(1.5), -np.log(2), 1.0
    heights = [0.0]
    for height in heights:
        heights += [h for h in (max(height + up, 0), max(height + down, 0)) if h <= limit and not np.isclose(h, heights).any()]
    chain = np.zeros((len(heights),) * 2)
    for row, height in enumerate(heights):
        for step in (up, down):
            there = max(height + step, 0)
            if there <= limit:
                chain[row, np.isclose(heights, there)] += 0.5
    exact = np.linalg.solve(np.eye(len(heights)) - chain, np.ones(len(heights)))[0]
    found = racusum_arl([0.5], 3, limit, runs=4000)
    assert abs(found.value - exact) < 4 * found.std_err


def test_the_same_seed_gives_the_same_answer():
    one, other = racusum_limit([0.1, 0.3], 2, 80, runs=300), racusum_limit([0.1, 0.3], 2, 80, runs=300)
    assert one == other
    assert racusum_limit([0.1, 0.3], 2, 80, runs=300, seed=2).value != one.value


def test_the_limit_has_the_run_length_asked_for():
    limit = racusum_limit([0.05, 0.2], 2, 300, weight=[3, 1], runs=1500)
    length = racusum_arl([0.05, 0.2], 2, limit.value, weight=[3, 1], runs=1500, seed=9)
    assert abs(length.value - 300) < 5 * length.std_err
    assert 0 < limit.std_err < 0.2
    assert racusum_limit([0.05, 0.2], 2, 600, weight=[3, 1], runs=1500).value > limit.value


def test_a_worse_centre_is_found_sooner():
    good, bad = (racusum_arl([0.1], 2, 2.5, true_odds_ratio=ratio, runs=500).value for ratio in (1, 2))
    assert bad < good / 2


def test_exact_limits_agree_with_simulated_ones():
    risk = np.linspace(0.05, 0.4, 14)
    exact, simulated = (racusum_false_alarm_limit(risk, 2, 0.05, exact=way) for way in (True, False))
    assert exact.std_err == 0
    assert abs(exact.value - simulated.value) < 0.15
    draw = np.random.default_rng(1)
    outcomes = draw.random((1000, 14)) < risk
    reached = np.mean([racusum(row, risk, 2, exact.value - 1e-9, reset=False).columns["signal"].any() for row in outcomes])
    assert abs(reached - 0.05) < 0.04


def test_the_chance_of_one_patient_is_exact():
    assert racusum_false_alarm_limit([0.1], 2, 0.1).value == pytest.approx(np.log(2) - np.log(1.1))
    assert stats.binom.sf(0, 1, 0.1) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("function", "arguments", "says"),
    [
        (racusum, ([0, 2], [0.1, 0.1], 2, 3), "outcome: one 0 or 1"),
        (racusum, ([0], [0.1, 0.1], 2, 3), "one risk each"),
        (racusum, ([0], [1.1], 2, 3), "risk: every probability"),
        (racusum, ([0], [0.1], 1, 3), "odds_ratio"),
        (racusum, ([0], [0.1], 2, 0), "limit: a number other than nought"),
        (racusum_arl, ([0.1], 2, 0), "limit"),
        (racusum_arl, ([0.0], 2, 1), "never rise to a limit"),
        (racusum_limit, ([0.1], 2, 1), "arl"),
        (racusum_limit, ([0.0], 2, 100), "never rise to a limit"),
        (racusum_false_alarm_limit, ([0.1], 2, 0), "alpha"),
    ],
)
def test_unusable_input_is_refused(function, arguments, says):
    with pytest.raises(ValueError, match=says):
        function(*arguments)


def test_unknown_options_are_refused():
    with pytest.raises(ValueError, match="neither vlad nor cusum"):
        racusum([0], [0.1], 2, 3, convention="other")
    with pytest.raises(ValueError, match="at most 20 patients"):
        racusum_false_alarm_limit([0.1] * 30, 2, 0.05, exact=True)
    with pytest.raises(ValueError, match="weight: one share a risk"):
        racusum_arl([0.1], 2, 1, weight=[1, 2])
    with pytest.raises(ValueError, match="true_odds_ratio"):
        racusum_arl([0.1], 2, 1, true_odds_ratio=0)


def test_one_risk_that_cannot_be_is_refused_among_others_that_can():
    for wrong in (1.2, -0.2):
        with pytest.raises(ValueError, match="risk: every probability"):
            vlad([0, 1], [0.3, wrong])


def test_a_simulated_limit_says_how_sure_it_is():
    """Its standard error is about how far limits of other seeds lie apart."""
    risk = np.linspace(0.03, 0.31, 25)
    found = [racusum_false_alarm_limit(risk, 2, 0.05, runs=4000, seed=seed) for seed in range(12)]
    apart = np.std([one.value for one in found], ddof=1)
    assert all(one.std_err > 0 for one in found)
    assert apart / 3 < np.median([one.std_err for one in found]) < 3 * apart


@given(st.lists(st.tuples(st.booleans(), st.floats(0.01, 0.9)), min_size=1, max_size=60), st.randoms())
def test_vlad_ends_where_the_patients_together_do_in_any_order(patients, random):
    mixed = list(patients)
    random.shuffle(mixed)
    ends = [vlad(*zip(*listed, strict=True)).columns["statistic"][-1] for listed in (patients, mixed)]
    total = sum(risk for _, risk in patients) - sum(happened for happened, _ in patients)
    assert ends == pytest.approx([total, total], abs=1e-9)
