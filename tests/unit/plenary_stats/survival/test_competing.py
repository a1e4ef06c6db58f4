import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines import AalenJohansenFitter

from plenary_stats.survival import cumulative_incidence, gray, kaplan_meier

rows = st.lists(st.tuples(st.integers(0, 15), st.integers(0, 2), st.sampled_from("ab")), min_size=1, max_size=40)


def split(given_rows):
    return tuple(map(np.array, zip(*given_rows, strict=True)))


def test_by_hand():
    """Five patients: at 1 one of cause 1; at 2 one of cause 2; at 3 one is lost; at 4 cause 1; at 5 cause 2."""
    found = cumulative_incidence([1, 2, 3, 4, 5], [1, 2, 0, 1, 2]).columns
    first = found["cause"] == 1
    assert found["time"][first].tolist() == [1, 2, 4, 5]
    np.testing.assert_allclose(found["estimate"][first], [0.2, 0.2, 0.5, 0.5])
    np.testing.assert_allclose(found["estimate"][~first], [0, 0.2, 0.2, 0.5])
    assert found["n_event"][first].tolist() == [1, 0, 1, 0]
    assert found["n_risk"][first].tolist() == [5, 4, 2, 1]


def test_equals_lifelines_where_there_are_no_ties():
    draw = np.random.default_rng(2)
    time, cause = draw.permutation(200) + 1.0, draw.integers(0, 3, 200)
    found = cumulative_incidence(time, cause).columns
    for number in (1, 2):
        fitter = AalenJohansenFitter(calculate_variance=False).fit(time, cause, event_of_interest=number)
        own = found["cause"] == number
        other = fitter.cumulative_density_.iloc[:, 0].loc[found["time"][own]]
        np.testing.assert_allclose(found["estimate"][own], other, rtol=1e-10, atol=1e-14)


@given(rows)
def test_all_causes_together_are_one_minus_survival(given_rows):
    time, cause, group = split(given_rows)
    found = cumulative_incidence(time, cause, group, at=[3, 8, 15]).columns
    alive = kaplan_meier(time, cause > 0, group, at=[3, 8, 15]).columns
    for label in np.unique(group) if (cause > 0).any() else []:
        total = sum(found["estimate"][(found["group"] == label) & (found["cause"] == one)] for one in np.unique(cause[cause > 0]))
        np.testing.assert_allclose(total, 1 - alive["estimate"][alive["group"] == label], atol=1e-12)


@given(st.lists(st.tuples(st.integers(1, 15), st.booleans(), st.floats(0, 0.9)), min_size=1, max_size=40))
def test_a_single_cause_is_kaplan_meier_upside_down(given_rows):
    time, event, share = split(given_rows)
    if not event.any():
        event[0] = True
    entry = time * share
    found = cumulative_incidence(time, event.astype(int), entry=entry).columns
    curve = kaplan_meier(time, event, entry=entry).columns
    np.testing.assert_allclose(found["estimate"], 1 - curve["estimate"], atol=1e-12)
    alive = curve["estimate"] > 1e-9
    np.testing.assert_allclose(found["std_err"][alive], curve["std_err"][alive], rtol=1e-6, atol=1e-9)


@given(rows)
def test_it_rises_and_stays_within_its_limits(given_rows):
    found = cumulative_incidence(*split(given_rows)).columns
    for label in np.unique(found["group"]):
        for cause in np.unique(found["cause"]):
            own = (found["group"] == label) & (found["cause"] == cause)
            assert (np.diff(found["estimate"][own], prepend=0.0) >= -1e-15).all()
    known = found["estimate"] > 0
    assert (found["lower"][known] <= found["estimate"][known] + 1e-12).all()
    assert (found["estimate"][known] <= found["upper"][known] + 1e-12).all()
    assert (found["upper"][known] <= 1).all()


@given(rows, st.randoms())
def test_neither_order_nor_unit_nor_other_groups_matter(given_rows, random):
    shuffled = list(given_rows)
    random.shuffle(shuffled)
    time, cause, group = split(shuffled)
    one, other = cumulative_incidence(*split(given_rows)).columns, cumulative_incidence(time / 30.4375, cause, group).columns
    np.testing.assert_allclose(one["estimate"], other["estimate"], rtol=1e-12)
    np.testing.assert_allclose(one["std_err"], other["std_err"], rtol=1e-6, atol=1e-9)


def test_the_standard_error_without_censoring_is_that_of_a_proportion():
    time, cause = np.arange(1, 41.0), np.tile([1, 2], 20)
    found = cumulative_incidence(time, cause, at=[20]).columns
    own = found["cause"] == 1
    assert found["estimate"][own].tolist() == [pytest.approx(0.25)]
    assert found["std_err"][own].tolist() == [pytest.approx(np.sqrt(0.25 * 0.75 / 40))]


def test_why_limits_are_missing_is_said():
    found = cumulative_incidence([1, 3, 5], [2, 1, 0], at=[2, 4, 9]).columns
    assert found["why_not"][found["cause"] == 1].tolist() == [
        "No event of this cause so far: the limits of 0% cannot be estimated.",
        "",
        "Follow-up ended before this time.",
    ]


def test_before_the_first_time_the_limits_are_nought():
    """As R has it, and as Kaplan and Meier's are one: nobody can have had an event yet. From then on no event leaves them open."""
    found = cumulative_incidence([3, 5, 1, 2], [2, 1, 0, 1], ["a", "a", "b", "b"], at=[0, 2, 3, 5]).columns
    own = (found["group"] == "a") & (found["cause"] == 1)
    assert found["lower"][own][:2].tolist() == found["upper"][own][:2].tolist() == [0, 0]
    assert np.isnan(found["lower"][own][2])
    assert found["upper"][own][3] == 1
    assert found["why_not"][own].tolist()[:3] == ["No event of this cause so far: the limits of 0% cannot be estimated."] * 3


def test_nobody_and_no_event():
    assert cumulative_incidence([], [], at=[1, 2]).columns["why_not"].tolist() == ["There is nobody in this group."] * 2
    assert len(cumulative_incidence([1, 2], [0, 0]).columns["time"]) == 0


def test_a_million_patients():
    draw = np.random.default_rng(3)
    time, cause = np.ceil(draw.exponential(500, 10**6)), draw.integers(0, 3, 10**6)
    found = cumulative_incidence(time, cause, at=[365]).columns
    assert found["estimate"].sum() == pytest.approx(1 - kaplan_meier(time, cause > 0, at=[365]).columns["estimate"][0], rel=1e-10)


@pytest.mark.parametrize(
    ("time", "cause", "says"),
    [
        ([1, 2], [1], "same length"),
        ([1], [-1], "cause: every value"),
        ([1], [0.5], "cause: every value"),
        ([-1], [1], "negative"),
        ([np.nan], [1], "time"),
    ],
)
def test_unusable_input_is_refused(time, cause, says):
    with pytest.raises(ValueError, match=says):
        cumulative_incidence(time, cause)


def invented(seed, n=400):
    draw = np.random.default_rng(seed)
    return np.ceil(draw.exponential(30, n)), draw.integers(0, 3, n), draw.integers(0, 3, n)


def test_gray_does_not_depend_on_order_unit_or_names_of_groups():
    time, cause, group = invented(4)
    order = np.random.default_rng(0).permutation(len(time))
    one, other = (
        gray(time, cause, group).columns,
        gray(time[order] / 7, cause[order], np.array(["z", "m", "a"])[group[order]]).columns,
    )
    np.testing.assert_allclose(one["statistic"], other["statistic"], rtol=1e-9)


def test_gray_finds_a_planted_difference_and_no_other():
    draw = np.random.default_rng(8)
    group = draw.integers(0, 2, 2000)
    time, cause = np.ceil(draw.exponential(np.where(group, 20, 40))), np.ones(2000, dtype=int)
    assert gray(np.minimum(time, 60), np.where(time <= 60, cause, 0), group).columns["p_value"][0] < 1e-6
    assert 0.001 < gray(*invented(5)).columns["p_value"][0] < 1


def test_gray_says_why_not():
    assert gray([1, 2], [1, 1], ["a", "a"]).columns["why_not"].tolist() == ["There is only one group: nothing to compare."]
    assert "hardly ever" in gray([1, 1], [1, 1], ["a", "b"]).columns["why_not"][0]
    assert np.isnan(gray([1, 1], [1, 1], ["a", "b"]).columns["p_value"]).all()


@given(rows)
def test_groups_pooled_again_are_everybody(given_rows):
    """Those at risk and the events of all groups are those of the whole, cause by cause."""
    time, cause, group = split(given_rows)
    apart, whole = (cumulative_incidence(time, cause, of, at=[0, 4, 9, 15]).columns for of in (group, None))
    for one in np.unique(cause[cause > 0]):
        for name in ("n_risk", "n_event"):
            sums = apart[name][apart["cause"] == one].reshape(-1, 4).sum(axis=0)
            assert sums.tolist() == whole[name][whole["cause"] == one].tolist()


@given(rows, st.integers(2, 9))
def test_more_patients_with_the_same_course_are_surer(given_rows, times):
    time, cause, _ = split(given_rows)
    few, many = (cumulative_incidence(np.tile(time, n), np.tile(cause, n), at=range(16)).columns for n in (1, times))
    np.testing.assert_allclose(many["estimate"], few["estimate"], rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(
        many["std_err"] * times**0.5, few["std_err"], rtol=1e-6, atol=1e-7
    )  # the root of what rounding leaves
