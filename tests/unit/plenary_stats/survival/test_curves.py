import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter
from statsmodels.duration.survfunc import SurvfuncRight

from plenary_stats.survival import kaplan_meier

# Freireich EJ et al., Blood 1963;21:699: weeks of remission, 6-mercaptopurine and placebo.
TREATED = ([6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35], [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0])  # fmt: skip
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]


def test_published_example_of_freireich():
    """Cox and Oakes, Analysis of Survival Data, 1984, table 4.1 and Kleinbaum and Klein, Survival Analysis, table 2.3."""
    found = kaplan_meier(*TREATED).columns
    assert found["time"].tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert found["n_risk"].tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert np.round(found["estimate"], 4).tolist() == [0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482]
    assert kaplan_meier(*TREATED).median["estimate"].tolist() == [23]
    assert kaplan_meier(PLACEBO, [1] * 21).median["estimate"].tolist() == [8]


def test_worked_example_of_the_method_page():
    found = kaplan_meier(*TREATED, at=[10, 20]).columns
    assert np.round(found["estimate"], 3).tolist() == [0.753, 0.627]
    assert np.round(found["std_err"], 3).tolist() == [0.096, 0.114]
    assert np.round(found["lower"], 3).tolist() == [0.503, 0.368]
    assert np.round(found["upper"], 3).tolist() == [0.889, 0.805]
    assert found["n_risk"].tolist() == [15, 8]


@pytest.mark.parametrize("seed", range(3))
def test_equals_lifelines(seed):
    draw = np.random.default_rng(seed)
    time, event = draw.integers(1, 60, 150), draw.random(150) < 0.5
    fitter = KaplanMeierFitter().fit(time, event)
    found = kaplan_meier(time, event).columns
    np.testing.assert_allclose(found["estimate"], fitter.survival_function_at_times(found["time"]), rtol=1e-12)
    limits = fitter.confidence_interval_.loc[found["time"]].to_numpy()
    shown = found["why_not"] == ""
    np.testing.assert_allclose(np.column_stack([found["lower"], found["upper"]])[shown], limits[shown], rtol=1e-10)


def test_equals_lifelines_with_late_entry():
    draw = np.random.default_rng(7)
    entry = draw.integers(0, 20, 80)
    time, event = entry + draw.integers(1, 60, 80), draw.random(80) < 0.6
    fitter = KaplanMeierFitter().fit(time, event, entry=entry)
    found = kaplan_meier(time, event, entry=entry).columns
    np.testing.assert_allclose(found["estimate"], fitter.survival_function_at_times(found["time"]), rtol=1e-12)


def test_equals_statsmodels_standard_errors():
    draw = np.random.default_rng(5)
    time, event = draw.exponential(10, 90), draw.random(90) < 0.7
    other = SurvfuncRight(time, event.astype(int))
    found = kaplan_meier(time, event).columns
    np.testing.assert_allclose(found["estimate"], other.surv_prob, rtol=1e-12)
    alive = other.surv_prob > 1e-9
    np.testing.assert_allclose(found["std_err"][alive], other.surv_prob_se[alive], rtol=1e-10)


def test_why_limits_are_missing_is_said():
    found = kaplan_meier([5, 6, 9], [0, 1, 1], at=[2, 5, 6, 9, 12]).columns
    assert found["why_not"].tolist()[0] == "No event so far: the limits of 100% cannot be estimated."
    assert found["why_not"].tolist()[1] == "No event so far: the limits of 100% cannot be estimated."
    assert found["why_not"].tolist()[2] == ""
    assert found["why_not"].tolist()[3] == "Nobody is left at risk: the limits cannot be estimated."
    assert np.isnan(found["lower"][3])


def test_a_figure_after_the_end_of_follow_up_says_so():
    found = kaplan_meier([5, 6], [1, 0], at=[6, 7]).columns
    assert found["why_not"].tolist() == ["", "Follow-up ended before this time."]
    assert found["n_risk"].tolist() == [1, 0]


def test_a_group_without_events_has_no_rows_but_a_median_that_says_why():
    found = kaplan_meier([3, 4, 5], [1, 0, 0], ["a", "b", "b"])
    assert found.columns["group"].tolist() == ["a"]
    assert found.median["group"].tolist() == ["a", "b"]
    assert found.median["why_not"].tolist()[1].startswith("More than half were alive")


def test_nobody_at_all_is_said():
    found = kaplan_meier([], [], at=[30, 365])
    assert found.columns["why_not"].tolist() == ["There is nobody in this group."] * 2
    assert np.isnan(found.columns["estimate"]).all()
    assert found.median["why_not"].tolist() == ["There is nobody in this group."]


def test_times_that_differ_by_rounding_are_one_time():
    found = kaplan_meier([0.1 + 0.2, 0.3, 1], [1, 1, 0]).columns
    assert found["n_event"].tolist() == [2]
    assert found["n_risk"].tolist() == [3]


def test_a_chosen_time_meets_an_event_of_the_same_rounded_time():
    assert kaplan_meier([0.1 + 0.2, 1], [1, 0], at=[0.3]).columns["estimate"].tolist() == [0.5]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (([1, np.nan], [1, 0]), "time: every value must be a finite number"),
        (([1, -1], [1, 0]), "time: it cannot be negative"),
        (([1, 2], [1, 2]), "event: every value must be true or false"),
        (([1, 2], [1]), "of the same length"),
        (([1, 2], [1, 0], ["a"]), "group: one label a patient"),
        (([1, 2], [1, 0], None, None, [1, 0]), "entry: every patient must enter before"),
    ],
)
def test_unusable_input_is_refused_with_the_reason(arguments, says):
    with pytest.raises(ValueError, match=says):
        kaplan_meier(*arguments)


def test_unknown_interval_is_refused():
    with pytest.raises(ValueError, match="log-log, log, plain"):
        kaplan_meier([1], [1], interval="logit")  # type: ignore[arg-type]


def patients(most=40):
    row = st.tuples(st.integers(0, 20), st.booleans(), st.sampled_from("abc"))
    return st.lists(row, min_size=1, max_size=most).map(lambda rows: [np.array(column) for column in zip(*rows, strict=True)])


@given(patients())
def test_a_group_is_the_same_alone_or_among_others(rows):
    time, event, group = rows
    together = kaplan_meier(time, event, group, at=[3, 8, 15])
    for label in np.unique(group):
        own = group == label
        alone = kaplan_meier(time[own], event[own], at=[3, 8, 15])
        part = together.columns["group"] == label
        for name in ("n_risk", "n_event", "n_censor", "estimate", "std_err", "lower", "upper"):
            np.testing.assert_allclose(together.columns[name][part], alone.columns[name], rtol=1e-13)
        np.testing.assert_array_equal(together.median["estimate"][together.median["group"] == label], alone.median["estimate"])


@given(patients(), st.sampled_from(["log-log", "log", "plain"]))
def test_curves_fall_from_one_and_stay_within_their_limits(rows, style):
    found = kaplan_meier(*rows, interval=style, censored=True).columns
    for label in np.unique(found["group"]):
        own = found["group"] == label
        assert (np.diff(found["estimate"][own], prepend=1.0) <= 1e-15).all()
    known = ~np.isnan(found["lower"])
    assert (found["lower"][known] <= found["estimate"][known] + 1e-12).all()
    assert (found["estimate"][known] <= found["upper"][known] + 1e-12).all()
    assert ((found["lower"][known] >= 0) & (found["upper"][known] <= 1)).all()


@given(patients())
def test_without_censoring_it_is_the_share_alive(rows):
    time, _, _ = rows
    found = kaplan_meier(time, np.ones(len(time)), at=range(21)).columns
    np.testing.assert_allclose(found["estimate"], [(time > t).mean() for t in range(21)], atol=1e-12)


@given(patients(), st.randoms())
def test_the_order_of_rows_does_not_matter(rows, random):
    order = list(range(len(rows[0])))
    random.shuffle(order)
    one, other = kaplan_meier(*rows), kaplan_meier(*(column[order] for column in rows))
    np.testing.assert_array_equal(one.columns["estimate"], other.columns["estimate"])


@given(patients())
def test_everyone_is_counted_once(rows):
    found = kaplan_meier(*rows, at=[4, 20]).columns
    assert found["n_event"].sum() + found["n_censor"].sum() == len(rows[0])


@given(patients())
def test_entering_at_the_start_is_no_truncation(rows):
    time, event, group = rows[0] + 1, rows[1], rows[2]
    plain, entered = kaplan_meier(time, event, group), kaplan_meier(time, event, group, entry=np.zeros(len(time)))
    for name in ("n_risk", "estimate"):
        np.testing.assert_array_equal(plain.columns[name], entered.columns[name])


@given(patients())
def test_the_unit_of_time_does_not_matter(rows):
    time, event, group = rows
    days, years = kaplan_meier(time, event, group), kaplan_meier(time / 365.25, event, group)
    np.testing.assert_allclose(days.columns["estimate"], years.columns["estimate"], rtol=1e-12)
    np.testing.assert_allclose(days.median["estimate"], years.median["estimate"] * 365.25, rtol=1e-12)


@given(patients(), st.floats(0.5, 30))
def test_the_restricted_mean_is_the_area_under_the_curve(rows, tau):
    time, event, _ = rows
    found = kaplan_meier(time, event, tau=tau).restricted_mean
    curve = kaplan_meier(time, event).columns
    inside = curve["time"] < tau
    steps = np.concatenate([[0], curve["time"][inside], [tau]])
    assert found["estimate"][0] == pytest.approx((np.diff(steps) * np.append(1, curve["estimate"][inside])).sum())
    assert 0 <= found["lower"][0] <= found["estimate"][0] <= found["upper"][0] <= tau + 1e-12


def test_the_restricted_mean_without_censoring_is_the_plain_mean():
    time = np.array([2.0, 3, 5, 8, 13])
    found = kaplan_meier(time, np.ones(5), tau=6).restricted_mean
    assert found["estimate"].tolist() == [pytest.approx(np.minimum(time, 6).mean())]
    assert found["std_err"].tolist() == [pytest.approx(np.minimum(time, 6).std() / np.sqrt(5))]
    assert found["why_not"].tolist() == [""]


def test_the_restricted_mean_says_where_it_was_carried_on():
    found = kaplan_meier([2, 3, 4, 5], [1, 0, 0, 0], ["a", "a", "b", "b"], tau=10).restricted_mean
    assert found["why_not"].tolist() == ["Follow-up ended before this time."] * 2
    assert found["estimate"].tolist() == [6, 10]
    assert kaplan_meier([12], [0], tau=10).restricted_mean["why_not"].tolist()[0].startswith("No event so far")
    assert kaplan_meier([1], [1]).restricted_mean is None


def test_quantiles_are_told_group_by_group():
    found = kaplan_meier([1, 2, 3, 4, 1, 2, 3, 4], [1] * 4 + [0] * 4, ["a"] * 4 + ["b"] * 4, quantiles=[0.25, 0.75]).quantiles
    assert found["group"].tolist() == ["a", "a", "b", "b"]
    assert found["share"].tolist() == [0.25, 0.75, 0.25, 0.75]
    assert found["estimate"].tolist()[:2] == [1.5, 3.5]
    assert found["why_not"].tolist()[2] == "More than 0.75 of them were alive when follow-up ended: the quantile is not reached."


def test_a_limit_that_rises_again_is_read_as_in_r():
    """R 4.2.2, survival 3.5.3: quantile(survfit(Surv(time, status) ~ 1, conf.type = "log"), .2) has the upper limit 10."""
    rows = [(1, 1), (1, 0), (1, 0), (2, 1), (2, 0), (3, 1), (3, 1), (3, 0), (4, 1), (5, 1), (5, 0), (5, 0)]
    rows += [(6, 1), (6, 0), (7, 1), (7, 0), (8, 0), (8, 0), (9, 1), (9, 1), (9, 1), (9, 0), (10, 1), (10, 0)]
    time, event = zip(*rows, strict=True)
    found = kaplan_meier(time, event, interval="log", quantiles=[0.2]).quantiles
    assert (found["estimate"][0], found["lower"][0], found["upper"][0]) == (4, 3, 10)


@pytest.mark.parametrize(
    ("named", "says"), [({"quantiles": [1]}, "between 0 and 1"), ({"tau": 0}, "not a time after 0"), ({"tau": np.nan}, "tau")]
)
def test_unusable_quantiles_and_horizons_are_refused(named, says):
    with pytest.raises(ValueError, match=says):
        kaplan_meier([1], [1], **named)


def test_nobody_has_no_mean_and_no_quantiles():
    found = kaplan_meier([], [], quantiles=[0.25], tau=3)
    assert found.restricted_mean["why_not"].tolist() == ["There is nobody in this group."]
    assert found.quantiles["why_not"].tolist() == ["There is nobody in this group."]
    assert found.quantiles["share"].tolist() == [0.25]


def test_a_million_patients_in_many_groups():
    draw = np.random.default_rng(11)
    time, event, group = np.ceil(draw.exponential(900, 10**6)), draw.random(10**6) < 0.4, draw.integers(0, 400, 10**6)
    found = kaplan_meier(time, event, group, at=[365]).columns
    assert len(found["group"]) == 400
    own = group == 17
    assert found["estimate"][17] == pytest.approx(kaplan_meier(time[own], event[own], at=[365]).columns["estimate"][0], rel=1e-12)


def test_survival_from_listing_counts_those_who_were_never_treated():
    listed_to_end, event = np.array([10, 40, 90, 100, 120]), np.array([1, 1, 0, 1, 0])
    listed_to_treatment = np.array([np.nan, 20, 30, 60, 5])
    treated = ~np.isnan(listed_to_treatment)
    from_listing = kaplan_meier(listed_to_end, event, at=[50]).columns["estimate"]
    after = kaplan_meier(listed_to_end[treated], event[treated], at=[50], entry=listed_to_treatment[treated]).columns["estimate"]
    assert from_listing.tolist() == [pytest.approx(0.6)]
    assert after.tolist() == [pytest.approx(2 / 3)]


def by_hand(time, event, entry):
    """Survival of one group counted patient by patient: time, at risk, died, censored, survival, Greenwood's sum."""
    alive, spread, rows = 1.0, 0.0, []
    for moment in sorted({t for t, died in zip(time, event, strict=True) if died}):
        at_risk = sum(begin < moment <= t for t, begin in zip(time, entry, strict=True))
        died = sum(t == moment and d for t, d in zip(time, event, strict=True))
        alive *= 1 - died / at_risk
        spread += died / (at_risk * (at_risk - died)) if at_risk > died else np.inf
        rows.append((moment, at_risk, died, sum(t == moment and not d for t, d in zip(time, event, strict=True)), alive, spread))
    return rows


late_rows = st.lists(
    st.tuples(st.integers(0, 15), st.booleans(), st.sampled_from([0, 3, 11]), st.integers(1, 20)), min_size=1, max_size=40
)


@given(late_rows, st.booleans(), st.sampled_from([1, 7, 0.25]))
def test_every_figure_is_that_of_counting_by_hand(rows, late, unit):
    """Whole days are placed by a table and all else by a sort; entries before 0, ties, times of 0, groups without events."""
    time, event, group, back = (np.array(column) for column in zip(*rows, strict=True))
    entry = time - back if late else np.full(len(time), -1)
    found = kaplan_meier(time / unit, event, group, entry=entry / unit if late else None).columns
    expected = [
        (label, *row) for label in np.unique(group) for row in by_hand(*(part[group == label] for part in (time, event, entry)))
    ]
    names = ("group", "time", "n_risk", "n_event", "n_censor", "estimate")
    assert list(zip(*(found[name].tolist() for name in names), strict=True)) == [
        (row[0], pytest.approx(row[1] / unit), *row[2:5], pytest.approx(row[5], rel=1e-12)) for row in expected
    ]
    with np.errstate(invalid="ignore"):
        errors = np.array([row[5] * np.sqrt(row[6]) for row in expected])
    np.testing.assert_allclose(found["std_err"], errors, rtol=1e-12)


@given(late_rows, st.booleans(), st.sampled_from(["log-log", "log", "plain"]))
def test_the_figures_at_a_time_are_those_of_the_last_step(rows, late, style):
    time, event, group, back = (np.array(column) for column in zip(*rows, strict=True))
    given = {"group": group, "entry": time - back if late else None, "interval": style}
    steps, moments = kaplan_meier(time, event, censored=True, **given).columns, np.arange(-1, 18)
    found = kaplan_meier(time, event, at=moments, **given).columns
    for place, (label, moment) in enumerate(zip(found["group"], found["time"], strict=True)):
        before = np.flatnonzero((steps["group"] == label) & (steps["time"] <= moment))
        shown = [found[name][place] for name in ("estimate", "std_err", "lower", "upper")]
        last = [steps[name][before[-1]] for name in ("estimate", "std_err", "lower", "upper")] if len(before) else [1, 0, 1, 1]
        np.testing.assert_array_equal(shown, last)
        coming = np.flatnonzero((steps["group"] == label) & (steps["time"] >= moment))
        assert found["n_risk"][place] == (steps["n_risk"][coming[0]] if len(coming) else 0)


@given(late_rows, st.floats(0.5, 30), st.booleans())
def test_listing_the_censored_times_changes_no_median_and_no_mean(rows, tau, late):
    time, event, group, back = (np.array(column) for column in zip(*rows, strict=True))
    given = {"group": group, "entry": time - back if late else None, "quantiles": [0.1, 0.5, 0.9], "tau": tau}
    one, other = (kaplan_meier(time, event, censored=censored, **given) for censored in (False, True))
    for here, there in ((one.quantiles, other.quantiles), (one.restricted_mean, other.restricted_mean)):
        for name in ("estimate", "lower", "upper"):
            np.testing.assert_allclose(here[name], there[name], rtol=1e-12)
        assert here["why_not"].tolist() == there["why_not"].tolist()


def test_more_groups_and_times_than_a_short_number_holds():
    draw = np.random.default_rng(3)
    time, event = np.sort(draw.random(40_000)), draw.random(40_000) < 0.5
    found = kaplan_meier(time, event, np.arange(40_000)[::-1], at=[2]).columns
    assert found["estimate"].tolist() == (1.0 - event[::-1]).tolist()
    assert (found["n_event"] + found["n_censor"]).tolist() == [1.0] * 40_000


@pytest.mark.parametrize("at", [None, [30, 365, 1826]])
def test_the_most_memory_is_three_times_what_was_given(at):
    draw = np.random.default_rng(5)
    group = draw.integers(0, 80, 200_000, dtype=np.int32)
    lived, followed = draw.exponential(1800, 200_000), draw.integers(30, 3650, 200_000)
    given = np.ceil(np.minimum(lived, followed)), lived <= followed, group
    tracemalloc.start()
    kaplan_meier(*given, at=at)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak <= 3 * sum(array.nbytes for array in given)


@given(patients())
def test_groups_pooled_again_are_everybody(rows):
    """At any time those at risk, those with an event and those who left of all groups are those of the whole."""
    time, event, group = rows
    apart, whole = kaplan_meier(time, event, group, at=[0, 3, 8, 15, 20]).columns, kaplan_meier(time, event, at=[0, 3, 8, 15, 20])
    for name in ("n_risk", "n_event", "n_censor"):
        assert apart[name].reshape(-1, 5).sum(axis=0).tolist() == whole.columns[name].tolist()
    renamed = kaplan_meier(time, event, np.full(len(time), "all"), at=[0, 3, 8, 15, 20]).columns
    for name in ("estimate", "lower", "upper"):
        np.testing.assert_array_equal(renamed[name], whole.columns[name])


@given(patients(), st.integers(2, 9))
def test_more_patients_with_the_same_course_are_narrower(rows, times):
    time, event, _ = rows
    few, many = kaplan_meier(time, event, at=range(21)), kaplan_meier(np.tile(time, times), np.tile(event, times), at=range(21))
    np.testing.assert_allclose(many.columns["estimate"], few.columns["estimate"], rtol=1e-12)
    known = few.columns["estimate"] > 0
    np.testing.assert_allclose(many.columns["std_err"][known] * times**0.5, few.columns["std_err"][known], rtol=1e-9)
    width, narrower = (found.columns["upper"] - found.columns["lower"] for found in (few, many))
    assert (narrower[known & (width > 0)] < width[known & (width > 0)]).all()
