import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from plenary_stats.comparison import by_chance, curve, funnel, funnels


def interpolated(spread, size, probability):
    """Return Spiegelhalter's limit the long way: from the distributions of an independent library."""
    rank = spread.ppf(probability)
    return max(rank - (spread.cdf(rank) - probability) / spread.pmf(rank), 0) / size


@given(st.integers(1, 3000), st.floats(0.001, 0.999), st.floats(0.5, 0.9995))
def test_limits_and_chances_of_proportions_equal_scipy(size, goal, level):
    met = int(size * goal)
    spread = stats.binom(size, goal)
    lower, upper = curve(size, goal, level=level)
    assert lower[0] == pytest.approx(interpolated(spread, size, 0.5 - level / 2), rel=1e-7, abs=1e-9)
    assert upper[0] == pytest.approx(min(interpolated(spread, size, 0.5 + level / 2), 1), rel=1e-7)
    found = funnel([met], [size], goal).columns
    assert found["p_low"][0] == pytest.approx(spread.cdf(met), rel=1e-9)
    assert found["p_high"][0] == pytest.approx(spread.sf(met - 1), rel=1e-9)


@pytest.mark.parametrize("due", [1e-300, 1e-10, 1e-3, 0.1, 0.69, 0.7, 5.0])
@pytest.mark.parametrize("observed", [0, 1, 2, 5])
def test_chances_keep_their_digits_where_next_to_nothing_is_expected(due, observed):
    found = funnel([observed, 3], [due, 4.0], target=1.0, kind="ratio").columns
    assert found["p_high"][0] == pytest.approx(stats.poisson.sf(observed - 1, due), rel=1e-12, abs=1e-300)
    assert found["p_low"][0] == pytest.approx(stats.poisson.cdf(observed, due), rel=1e-12, abs=1e-300)


@pytest.mark.parametrize("goal", [1e-9, 1e-4, 0.5, 1 - 1e-4])
@pytest.mark.parametrize(("met", "size"), [(0, 1), (1, 1), (1, 20), (19, 20), (20, 20)])
def test_chances_of_proportions_keep_their_digits_at_either_end(goal, met, size):
    found = funnel([met], [size], goal).columns
    assert found["p_high"][0] == pytest.approx(stats.binom.sf(met - 1, size, goal), rel=1e-11, abs=1e-300)
    assert found["p_low"][0] == pytest.approx(stats.binom.cdf(met, size, goal), rel=1e-11, abs=1e-300)


@given(st.floats(0.01, 2000), st.integers(0, 2000), st.floats(0.5, 0.9995))
def test_limits_and_chances_of_ratios_equal_scipy(due, observed, level):
    spread = stats.poisson(due)
    lower, upper = curve(due, 1.0, "ratio", level)
    assert lower[0] == pytest.approx(interpolated(spread, due, 0.5 - level / 2), rel=1e-7, abs=1e-9)
    assert upper[0] == pytest.approx(interpolated(spread, due, 0.5 + level / 2), rel=1e-7)
    found = funnel([observed], [due], kind="ratio").columns
    assert found["p_low"][0] == pytest.approx(spread.cdf(observed), rel=1e-9, abs=1e-250)
    assert found["p_high"][0] == pytest.approx(spread.sf(observed - 1), rel=1e-9, abs=1e-250)


@pytest.mark.parametrize("kind", ["proportion", "ratio", "rate"])
@pytest.mark.parametrize("goal", [0.0, 1.0])
def test_targets_at_the_edge_have_limits(kind, goal):
    lower, upper = curve([1, 10, 100], goal, kind)
    assert np.isfinite(lower).all()
    assert np.isfinite(upper).all()
    assert (lower <= upper).all()
    if goal == 0 or kind == "proportion":
        assert (abs(lower - goal) <= 1).all()


def test_a_single_event_against_a_target_of_none_is_a_finding():
    assert funnel([0, 1], [50, 50], 0.0).columns["flag"].tolist() == ["within", "high998"]
    assert funnel([50, 49], [50, 50], 1.0).columns["flag"].tolist() == ["within", "low998"]


def test_published_example_of_bristol():
    """Aylin P et al., Lancet 2001;358:181: of open operations under one year of age, 41 deaths at Bristol, 24.1 in excess."""
    found = funnel([41], [41 - 24.1], kind="ratio").columns
    assert found["value"][0] > 2
    assert found["flag"].tolist() == ["high998"]
    assert found["p_high"][0] == pytest.approx(stats.poisson.sf(40, 16.9), rel=1e-9)


def test_a_widened_limit_flags_only_what_is_rare_by_both_reckonings():
    """Twelve centres that vary far more than chance: the far one is rare by the exact chance but not by the widened limit."""
    met, of = [60, 62, 70, 71, 75, 78, 82, 85, 88, 92, 94, 60], [100] * 12
    plain, wider = funnel(met, of, 0.78), funnel(met, of, 0.78, overdispersion="additive")
    assert wider.tau2 > 0
    assert plain.columns["flag"].tolist()[0] == "low998"
    assert wider.columns["flag"].tolist()[0] == "within"
    assert wider.columns["lower_998"][0] < plain.columns["lower_998"][0]


def test_worked_example_of_the_method_page():
    """Three centres against a target of 80%: 21 of 30, 45 of 50 and 4 of 4."""
    found = funnel([21, 45, 4], [30, 50, 4], 0.8)
    assert np.round(found.columns["lower_95"], 3).tolist() == [0.632, 0.673, 0.229]
    assert np.round(found.columns["upper_95"], 3).tolist() == [0.919, 0.896, 0.985]
    assert np.round(found.columns["p_high"], 3).tolist() == [0.939, 0.048, 0.41]
    assert found.columns["flag"].tolist() == ["within", "within", "within"]


def test_a_tiny_centre_above_the_drawn_limit_is_not_flagged():
    found = funnel([1, 4], [1, 4], 0.65).columns
    assert (found["value"] > found["upper_998"]).all()
    assert found["flag"].tolist() == ["within", "within"]


def test_flags_name_the_widest_limit_crossed():
    found = funnel([50, 65, 80, 95, 99], [100] * 5, 0.8).columns
    assert found["flag"].tolist() == ["low998", "low998", "within", "high998", "high998"]
    assert funnel([71, 89], [100, 100], 0.8).columns["flag"].tolist() == ["low95", "high95"]


def test_other_limits_have_their_own_names():
    found = funnel([90, 99], [100, 100], 0.9, limits=(0.9, 0.99)).columns
    assert {"lower_90", "upper_90", "lower_99", "upper_99"} <= set(found)
    assert found["flag"].tolist() == ["within", "high99"]


@given(st.integers(1, 300), st.floats(0.01, 0.99), st.sampled_from([0.9, 0.95, 0.998]))
def test_the_interpolated_limit_lies_between_the_quantile_and_the_count_below(size, goal, level):
    lower, upper = curve(size, goal, level=level)
    for limit, probability in ((lower, 0.5 - level / 2), (upper, 0.5 + level / 2)):
        rank = stats.binom.ppf(probability, size, goal)
        assert max(rank - 1, 0) - 1e-9 <= limit[0] * size <= rank + 1e-9


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=12))
def test_a_flag_keeps_its_promise(pairs):
    met = np.array([min(pair) for pair in pairs])
    of = np.maximum(np.array([max(pair) for pair in pairs]), 1)
    found = funnel(met, of, 0.7).columns
    low, high = stats.binom.cdf(met, of, 0.7), stats.binom.sf(met - 1, of, 0.7)
    for flag, below, above in zip(found["flag"], low, high, strict=True):
        assert flag.startswith("low") == (below < 0.025)
        assert flag.startswith("high") == (above < 0.025)
        assert flag.endswith("998") == (min(below, above) < 0.001)


@given(st.integers(2, 40), st.integers(0, 2**32 - 1), st.sampled_from(["multiplicative", "additive"]))
def test_overdispersion_never_flags_more(number, seed, way):
    draw = np.random.default_rng(seed)
    of = draw.integers(1, 200, number)
    met = draw.binomial(of, draw.beta(8, 4, number))
    plain, wider = funnel(met, of).columns, funnel(met, of, overdispersion=way).columns
    assert (wider["p_low"] >= plain["p_low"] - 1e-15).all()
    assert (wider["p_high"] >= plain["p_high"] - 1e-15).all()
    assert (wider["flag"] != "within").sum() <= (plain["flag"] != "within").sum()


def test_no_overdispersion_found_leaves_the_exact_flags():
    met, of = [70] * 12, [100] * 12
    for way in ("multiplicative", "additive"):
        found = funnel(met, of, overdispersion=way)
        assert (found.phi, found.tau2) == pytest.approx((0, 0))
        np.testing.assert_array_equal(found.columns["p_low"], funnel(met, of).columns["p_low"])


def test_rates_use_the_poisson_distribution():
    found = funnel([3, 20], [1.5, 2.5], 4.0, kind="rate").columns
    np.testing.assert_allclose(found["value"], [2, 8])
    np.testing.assert_allclose(found["p_low"], stats.poisson.cdf([3, 20], [6, 10]))
    np.testing.assert_allclose(found["p_high"], stats.poisson.sf([2, 19], [6, 10]))
    assert found["flag"].tolist() == ["within", "high95"]


@pytest.mark.parametrize("scale", ["square-root", "log"])
def test_rates_are_the_same_in_any_unit_of_exposure(scale):
    draw = np.random.default_rng(3)
    exposure = draw.uniform(20, 200, 15)
    events = draw.poisson(exposure * draw.gamma(4, 0.25, 15))
    one = funnel(events, exposure, kind="rate", overdispersion="additive", transform=scale)
    other = funnel(events, exposure * 365, kind="rate", overdispersion="additive", transform=scale)
    assert one.phi == pytest.approx(other.phi)
    np.testing.assert_allclose(one.columns["upper_95"], other.columns["upper_95"] * 365)
    assert one.columns["flag"].tolist() == other.columns["flag"].tolist()


def test_expected_events_take_the_place_of_the_denominator():
    found = funnel([5, 9], [100, 200], kind="ratio", expected=[4.0, 12.0])
    assert found.columns["denominator"].tolist() == [4.0, 12.0]
    assert found.columns["value"].tolist() == [1.25, 0.75]
    assert found.target == 1.0


def test_a_centre_without_patients_says_so():
    found = funnel([0, 8], [0, 10])
    assert found.columns["flag"].tolist() == ["", "within"]
    assert found.columns["why_not"].tolist() == ["Nothing to compare: the denominator is 0.", ""]
    assert np.isnan(found.columns["lower_95"][0])
    assert found.target == 0.8


def test_cautions_are_said():
    assert "compared with itself" in funnel([8], [10]).cautions[0]
    assert funnel([8], [10], 0.9).cautions == ("Fewer than five centres: read the probabilities, and do not rank.",)
    assert funnel([8] * 5, [10] * 5).cautions == ()
    assert "cannot be told from chance" in funnel([8] * 9, [10] * 9, overdispersion="additive").cautions[-1]
    assert funnel([8] * 10, [10] * 10, overdispersion="additive").cautions == ()


def test_the_method_is_named():
    pairs = ([8] * 12, [10] * 12)
    assert funnel(*pairs).method == "exact"
    assert funnel(*pairs, exact=False).method == "normal"
    assert funnel(*pairs, overdispersion="multiplicative").method == "multiplicative overdispersion"
    assert funnel(*pairs, overdispersion="additive").method == "additive overdispersion, arcsine"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"observed": [5], "denominator": [4]}, "more events than patients"),
        ({"observed": [1.5], "denominator": [4]}, "observed: every value must be a whole number"),
        ({"observed": [1, 2], "denominator": [4]}, "of the same length"),
        ({"observed": [1], "denominator": [4], "target": 1.2}, "target: 1.2 is out of range"),
        ({"observed": [1], "denominator": [4], "kind": "mean"}, "none of proportion, ratio, rate"),
        ({"observed": [1], "denominator": [-4.0], "kind": "ratio"}, "denominator: it cannot be negative"),
        ({"observed": [1], "denominator": [4], "expected": [2]}, "it belongs to kind='ratio'"),
        ({"observed": [1], "denominator": [4], "overdispersion": "additive", "winsorise": 0.5}, "winsorise"),
        ({"observed": [1], "denominator": [4], "overdispersion": "additive", "transform": "cube"}, "none of arcsine"),
        (
            {"observed": [1], "denominator": [4], "kind": "rate", "overdispersion": "additive", "transform": "arcsine"},
            "for proportions",
        ),
    ],
)
def test_unusable_input_is_refused_with_the_reason(arguments, says):
    with pytest.raises(ValueError, match=says):
        funnel(**arguments)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=12))
def test_mid_chances_lie_between_and_add_up_to_one(pairs):
    met, of = np.array([min(pair) for pair in pairs]), np.maximum(np.array([max(pair) for pair in pairs]), 1)
    found = funnel(met, of, 0.7).columns
    np.testing.assert_allclose(found["mid_low"] + found["mid_high"], 1, rtol=1e-12)
    np.testing.assert_allclose(found["mid_low"], stats.binom.cdf(met, of, 0.7) - stats.binom.pmf(met, of, 0.7) / 2, atol=1e-12)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=2, max_size=12), st.randoms())
def test_the_order_of_centres_does_not_matter(pairs, shuffler):
    rows = [(min(pair), max(pair)) for pair in pairs]
    order = list(range(len(rows)))
    shuffler.shuffle(order)
    one, other = funnel(*np.array(rows).T), funnel(*np.array([rows[place] for place in order]).T)
    assert one.columns["flag"][order].tolist() == other.columns["flag"].tolist()
    np.testing.assert_array_equal(one.columns["upper_95"][order], other.columns["upper_95"])


@given(st.integers(1, 40), st.integers(1, 40))
def test_a_centre_at_the_overall_rate_leaves_the_middle_where_it_is(met, missed):
    found = funnel([met, 2 * met], [met + missed, 3 * (met + missed)])
    times = 3 * met, 4 * (met + missed)
    assert funnel([met, 2 * met, times[0]], [met + missed, 3 * (met + missed), times[1]]).target == pytest.approx(
        found.target, rel=1e-12
    )


def test_z_is_the_distance_from_the_target():
    found = funnel([60, 80], [100, 100], 0.8).columns
    assert found["z"].tolist() == pytest.approx([-5.0, 0.0])


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(1, 4)), min_size=1, max_size=20),
    st.sampled_from(["proportion", "rate", "ratio"]),
    st.sampled_from([None, 0.0, 0.4, 1.0]),
)
def test_many_funnels_at_once_are_each_its_own(rows, kind, goal):
    met, of, group = (np.array(part) for part in zip(*((min(a, b), max(a, b), g) for a, b, g in rows), strict=True))
    found = funnels(met, of, group, goal, kind)
    for name in np.unique(group):
        mine = group == name
        alone = funnel(met[mine], of[mine], goal, kind)
        for column, values in alone.columns.items():
            np.testing.assert_array_equal(found.columns[column][mine], values, err_msg=column)
        np.testing.assert_array_equal(found.columns["target"][mine], alone.target)
    each = [funnel(met[group == name], of[group == name], goal, kind) for name in np.unique(group)]
    assert by_chance(found).by_chance == pytest.approx(by_chance(*each).by_chance, rel=1e-12)


def test_many_funnels_refuse_what_one_does():
    with pytest.raises(ValueError, match="group: one a centre"):
        funnels([1, 2], [4, 4], [1])
    with pytest.raises(ValueError, match=r"target: 1\.2 is out of range"):
        funnels([1, 2], [4, 4], [1, 2], [0.5, 1.2])
    with pytest.raises(ValueError, match="more events than patients"):
        funnels([5], [4], [1])


def test_a_hundred_thousand_centres_answer():
    draw = np.random.default_rng(6)
    of = draw.integers(1, 200, 100_000)
    found = funnels(draw.binomial(of, 0.7), of, np.arange(100_000) // 5, 0.7).columns
    assert np.isfinite(found["upper_998"]).all()
    assert np.mean(found["flag"] != "within") < 0.05


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 30)), min_size=1, max_size=12), st.data())
def test_a_centre_split_in_two_leaves_the_target_and_the_others_where_they_are(centres, data):
    met, missed = map(np.array, zip(*centres, strict=True))
    part = data.draw(st.integers(0, int(met[-1])))
    whole = funnel(met, met + missed)
    split = funnel([*met[:-1], part, met[-1] - part], [*(met + missed)[:-1], part, met[-1] - part + missed[-1]])
    assert split.target == pytest.approx(whole.target, rel=1e-12)
    for name in ("lower_95", "upper_998", "p_low", "p_high"):
        np.testing.assert_allclose(split.columns[name][: len(met) - 1], whole.columns[name][:-1], rtol=1e-9)


@given(st.integers(1, 400), st.integers(2, 20), st.floats(0.05, 0.95))
def test_limits_hold_the_target_and_draw_in_with_size(size, times, target):
    found = funnel([0, 0], [size, size * times], target).columns
    assert (found["lower_998"] <= found["lower_95"]).all()
    assert (found["upper_95"] <= found["upper_998"]).all()
    lower, upper = curve([50 * size, 50 * size * (times + 1)], target)
    assert (lower < target).all()
    assert (target < upper).all()
    assert np.diff(upper - lower) < 0


def test_less_variation_than_chance_leaves_the_exact_chances():
    met, of = [68, 72, 70, 71, 69, 70, 70, 70], [100] * 8
    for way in ("multiplicative", "additive"):
        found = funnel(met, of, overdispersion=way)
        assert (found.phi < 1, found.tau2) == (True, 0)
        for name in ("p_low", "p_high"):
            np.testing.assert_array_equal(found.columns[name], funnel(met, of).columns[name])


@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), min_size=1, max_size=20),
    st.sampled_from([0.0, 1e-6, 0.03, 0.5, 0.97, 1.0]),
    st.sampled_from(["proportion", "rate"]),
)
def test_both_tails_are_right_to_the_last_digit_however_small(rows, goal, kind):
    """scipy's distributions, each tail on its own: a tail of 1e-80 is not what 1 less the other leaves."""
    met, of = (np.array(part) for part in zip(*((min(row), max(row) + 1) for row in rows), strict=True))
    found = funnel(met, of, goal, kind).columns
    chance = stats.binom(of, goal) if kind == "proportion" else stats.poisson(of * goal)
    low, high = chance.cdf(met), chance.sf(met - 1)
    fewer, more = chance.cdf(met - 1), chance.sf(met)
    expected = {"p_low": low, "p_high": high, "mid_low": (low + fewer) / 2, "mid_high": (high + more) / 2}
    for name, tail in expected.items():
        np.testing.assert_allclose(found[name], tail, rtol=1e-9, atol=1e-300, err_msg=name)


@given(
    st.lists(st.integers(1, 400), min_size=1, max_size=20),
    st.sampled_from([0.0, 1e-4, 0.03, 0.5, 0.97, 1.0]),
    st.sampled_from([0.8, 0.95, 0.998]),
)
def test_drawn_limits_are_interpolated_between_the_exact_ranks(sizes, goal, level):
    """Spiegelhalter 2005, appendix, with scipy's quantiles: the guess that the search starts from leaves no trace."""
    of = np.array(sizes)
    lower, upper = curve(of, goal, level=level)
    for drawn, probability in ((lower, 0.5 - level / 2), (upper, 0.5 + level / 2)):
        chance = stats.binom(of, goal)
        rank = chance.ppf(probability)
        part = (chance.cdf(rank) - probability) / chance.pmf(rank)
        np.testing.assert_allclose(drawn, np.clip((rank - part) / of, 0, 1), rtol=1e-9, atol=1e-9)


def test_texts_are_no_wider_than_what_they_say():
    """A million centres with nothing to explain do not carry a sentence each; any limit asked for has its whole name."""
    found = funnel([1, 2], [4, 4], limits=(0.95, 0.9998)).columns
    assert found["why_not"].dtype.itemsize == np.dtype("<U1").itemsize
    assert funnel([0, 90], [90, 90], 0.5, limits=(0.95, 0.9998)).columns["flag"].tolist() == ["low9998", "high9998"]
    assert funnel([0, 4], [0, 4]).columns["why_not"].tolist() == ["Nothing to compare: the denominator is 0.", ""]
