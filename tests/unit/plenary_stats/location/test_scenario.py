"""Everybody travels somewhere, every patient is counted once, and what is said of a change follows from both sides of it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats.location import Change, catchment, difference, outlook
from plenary_stats.location.scenario import gini, quantile

MINUTES = np.array([[10.0, 90, 200], [40, 30, 150], [130, 20, 60], [300, 140, 15]])
PEOPLE = np.array([900.0, 300, 400, 500])


def country(seed, places=30, sites=6):
    draw = np.random.default_rng(seed)
    where, centres = draw.uniform(0, 200, (places, 2)), draw.uniform(0, 200, (sites, 2))
    return draw.integers(1, 50, places).astype(float), np.hypot(*(where[:, None] - centres).transpose(2, 0, 1))


# -- what is changed


def test_sites_after_a_change():
    change = Change(add=(3,), close=(0,), move=((1, 4),))
    assert change.sites([0, 1, 2], 5).tolist() == [2, 3, 4]
    assert Change().sites([2, 0], 5).tolist() == [0, 2]
    assert Change(expand={1: 9.0}, add=(1,)).sites([0], 5).tolist() == [0, 1]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (Change(add=(7,)), "Site 7 is no site"),
        (Change(add=(0,)), "Site 0 is open already"),
        (Change(close=(4,)), "Site 4 is not open"),
        (Change(move=((4, 3),)), "Site 4 is not open"),
        (Change(move=((0, 1),)), "Site 1 is open already"),
        (Change(expand={3: 5.0}), "cannot be made larger"),
        (Change(close=(0,), expand={0: 5.0}), "cannot be made larger"),
        (Change(close=(0, 1)), "No centre would be left"),
        (Change(add=(-1,)), "no site"),
    ],
)
def test_a_change_that_cannot_be_made(change, said):
    with pytest.raises(ValueError, match=said):
        change.sites([0, 1], 5)


# -- what it means


def test_by_hand():
    found = outlook(PEOPLE, MINUTES, [0, 1], patients=PEOPLE / 100, minimum=10, years=2, groups=["N", "N", "S", "S"])
    assert found.assignment.tolist() == [0, 1, 1, 1]
    assert found.minutes.tolist() == [10, 30, 20, 140]
    assert found.columns["patients"].tolist() == [9, 12]
    assert found.columns["caseload"].tolist() == [18, 24]
    assert found.columns["under"].tolist() == [1, 0]
    assert found.columns["mean_minutes"][1] == pytest.approx((300 * 30 + 400 * 20 + 500 * 140) / 1200)
    assert found.columns["farthest"].tolist() == [10, 140]
    summary = found.summary
    assert (summary["residents_far"], summary["share_far"]) == (500, 500 / 2100)
    assert summary["patients_far"] == pytest.approx(5)
    assert summary["centres_under_minimum"] == 1
    assert summary["patients_in_centres_under_minimum"] == pytest.approx(9)
    assert summary["median_minutes"] == 20
    assert summary["p90_minutes"] == 140
    assert summary["within_30"] == 1600 / 2100
    assert found.by_group == {"N": pytest.approx(15), "S": pytest.approx((400 * 20 + 500 * 140) / 900)}
    assert summary["gap_between_groups"] == pytest.approx(found.by_group["S"] - 15)
    assert found.method == "nearest"


def test_too_many_patients_are_said_even_if_everybody_goes_to_the_nearest():
    found = outlook(PEOPLE, MINUTES, [0, 1], patients=PEOPLE / 100, capacity=[20, 7, 0])
    assert found.columns["over"].tolist() == [0, 5]
    assert found.summary["patients_over_capacity"] == 5


def test_with_limited_room_the_least_total_travel():
    found = outlook(PEOPLE, MINUTES, [0, 1], patients=PEOPLE / 100, capacity=[20, 7, 0], share_room=True)
    assert found.columns["patients"] == pytest.approx([14, 7])
    # Five patients go farther: those whom it costs least, the three of the second place and two of the third.
    assert found.minutes == pytest.approx([10, 40, 20 + 110 * 2 / 4, 140])
    assert found.summary["patients_over_capacity"] == pytest.approx(0, abs=1e-9)
    assert found.method == "least travel within room"


def test_too_little_room_is_said():
    found = outlook(PEOPLE, MINUTES, [0, 1], patients=PEOPLE / 100, capacity=[3, 7, 99], share_room=True)
    assert found.why_not == "The centres have room for 10 of 21 patients a year."
    assert found.summary == {}


def test_a_centre_without_a_limit_takes_the_rest():
    found = outlook(PEOPLE, MINUTES, [0, 1], patients=PEOPLE / 100, capacity=[np.nan, 7, 0], share_room=True)
    assert found.columns["patients"] == pytest.approx([14, 7])
    assert np.isnan(found.columns["capacity"][0])


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.integers(1, 6), st.booleans())
def test_nobody_is_lost(seed, number, limited):
    people, minutes = country(seed)
    room = np.full(6, people.sum() / number * 1.1) if limited else None
    found = outlook(people, minutes, range(number), capacity=room, share_room=limited)
    assert found.columns["residents"].sum() == pytest.approx(people.sum())
    assert found.summary["patients"] == pytest.approx(people.sum())
    nearest = minutes[:, :number].min(axis=1)
    assert (found.minutes >= nearest - 1e-9).all()
    if limited:
        assert (found.columns["patients"] <= room[0] * (1 + 1e-6)).all()
    else:
        assert found.minutes == pytest.approx(nearest)
        alone = catchment(people, minutes, range(number))
        assert found.columns["residents"] == pytest.approx(alone.columns["demand"])
        assert found.columns["mean_minutes"] == pytest.approx(alone.columns["mean_cost"], nan_ok=True)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000))
def test_one_more_centre_is_farther_for_nobody(seed):
    people, minutes = country(seed)
    before, after = outlook(people, minutes, [0, 1]), outlook(people, minutes, [0, 1, 2])
    change = difference(before, after, people)
    assert change.longer == change.largest_loss == change.newly_far == 0
    assert change.mean_change <= 0
    assert after.summary["share_far"] <= before.summary["share_far"]
    back = difference(after, before, people)
    assert (back.longer, back.newly_far, back.mean_change) == pytest.approx(
        (change.shorter, change.no_longer_far, -change.mean_change)
    )


def test_what_becomes_otherwise_by_hand():
    before, after = outlook(PEOPLE, MINUTES, [0, 1]), outlook(PEOPLE, MINUTES, [0, 2])
    found = difference(before, after, PEOPLE, groups=["N", "N", "S", "S"])
    assert (found.shorter, found.longer, found.other_centre) == (500, 700, 1200)
    assert (found.largest_gain, found.largest_loss) == (125, 40)
    assert (found.no_longer_far, found.newly_far) == (500, 0)
    assert found.mean_change == pytest.approx((300 * 10 + 400 * 40 - 500 * 125) / 2100)
    assert found.by_group["N"] == pytest.approx(300 * 10 / 1200)


def test_a_second_is_no_change():
    before, after = outlook(PEOPLE, MINUTES, [0]), outlook(PEOPLE, MINUTES + 0.01, [0])
    found = difference(before, after, PEOPLE)
    assert found.longer == found.mean_change == 0


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: outlook([1, 2], MINUTES, [0]), "one number a place"),
        (lambda: outlook(PEOPLE, MINUTES, []), "at least one"),
        (lambda: outlook(PEOPLE, MINUTES, [3]), "from 0 to 2"),
        (lambda: outlook(-PEOPLE, MINUTES, [0]), "negative"),
        (lambda: outlook(PEOPLE * 0, MINUTES, [0]), "somebody lives"),
        (lambda: outlook(PEOPLE, MINUTES, [0], patients=[1]), "one number a place"),
        (lambda: outlook(PEOPLE, MINUTES, [0], capacity=[1]), "capacity"),
        (lambda: outlook(PEOPLE, MINUTES, [0], capacity=[-1, 1, 1]), "capacity"),
        (lambda: outlook(PEOPLE, MINUTES, [0], groups=["a"]), "groups"),
        (lambda: outlook(PEOPLE, MINUTES * np.nan, [0]), "finite"),
        (lambda: difference(outlook(PEOPLE, MINUTES, [0]), outlook(PEOPLE, MINUTES, [1]), [1]), "same places"),
    ],
)
def test_what_does_not_fit_is_refused(call, said):
    with pytest.raises(ValueError, match=said):
        call()


# -- how unequal


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 500), st.integers(1, 9)), min_size=1, max_size=12))
def test_inequality_against_every_pair(pairs):
    values, weight = (np.array(part, dtype=float) for part in zip(*pairs, strict=True))
    mean = np.average(values, weights=weight)
    apart = np.abs(values[:, None] - values) * weight[:, None] * weight
    expected = apart.sum() / (2 * mean * weight.sum() ** 2) if mean > 1e-200 else 0
    assert gini(values, weight) == pytest.approx(expected, abs=1e-9)


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 500), st.integers(0, 9)), min_size=1, max_size=12), st.floats(0.01, 1))
def test_a_quantile_against_everybody_written_out(pairs, share):
    values, weight = (np.array(part) for part in zip(*pairs, strict=True))
    if not weight.sum():
        return
    everybody = np.sort(np.repeat(values, weight))
    place = int(np.ceil(share * len(everybody) * (1 - 1e-12))) - 1
    assert quantile(values, weight.astype(float), share) == everybody[max(place, 0)]
