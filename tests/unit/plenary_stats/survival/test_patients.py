import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plenary_stats.survival.patients import coded, merged, patients, placed, ranked, times, worded


def test_truths_and_numbers_are_one():
    assert patients([1, 2], [True, False]).died.tolist() == patients([1, 2], [1, 0]).died.tolist() == [True, False]


@pytest.mark.parametrize("event", [[1, 2], [0.5, 1], [-1, 0]])
def test_events_other_than_true_and_false_are_refused(event):
    with pytest.raises(ValueError, match="event: every value must be true or false"):
        patients([1, 2], event)


@pytest.mark.parametrize(
    ("time", "entry", "says"),
    [([-1], None, "negative"), ([1], [1], "before the time"), ([1], [0, 0], "entry"), ([[1]], None, "one value a patient")],
)
def test_unusable_times_are_refused(time, entry, says):
    with pytest.raises(ValueError, match=says):
        times(time, entry)


def test_times_that_differ_by_rounding_become_one():
    (found,) = merged(np.array([0.3, 0.1 + 0.2, 1.0]))
    assert found[0] == found[1] != found[2]
    stop, start = merged(np.array([0.1 + 0.2, 2.5]), np.array([0.0, 0.3]))
    assert stop[0] == start[1]


def test_whole_days_stay_as_they_are():
    days = np.array([3.0, 1, 2])
    assert merged(days)[0] is days


@given(st.lists(st.sampled_from([3, 0, 17, 5]), min_size=1, max_size=30))
def test_labels_are_numbered_in_ascending_order(values):
    for group in (
        np.array(values),
        np.array(values) / 7,
        np.array([f"c{value:02d}" for value in values]),
        np.array(values, dtype=object),
    ):
        labels, code = coded(group, len(values))
        assert labels[code].tolist() == group.tolist()
        assert sorted(set(group.tolist())) == labels.tolist()


def test_without_labels_all_are_one_group():
    labels, code = coded(None, 3)
    assert (labels.tolist(), code.tolist()) == ([""], [0, 0, 0])


def test_labels_are_one_a_patient():
    with pytest.raises(ValueError, match="strata: one label a patient"):
        coded(["a"], 2, "strata")


@given(st.lists(st.one_of(st.integers(0, 50), st.floats(0, 50), st.just(2.0**40)), max_size=30))
def test_ranks_give_the_values_back(values):
    array = np.array(values, dtype=float)
    known, place = ranked(array)
    assert known[place].tolist() == array.tolist()
    assert known.tolist() == sorted(set(array.tolist()))


@given(st.lists(st.one_of(st.integers(0, 50), st.floats(0, 50), st.just(2.0**40)), max_size=30))
def test_every_time_has_its_place_in_an_ascending_list(values):
    array = np.array(values, dtype=float)
    known, place = placed(array)
    assert known[place].tolist() == array.tolist()
    assert (np.diff(known) > 0).all()


def test_whole_days_are_their_own_places_unless_they_are_few_and_far():
    known, place = placed(np.array([4.0, 0, 4]))
    assert (known.tolist(), place.tolist()) == ([0, 1, 2, 3, 4], [4, 0, 4])
    known, place = placed(np.array([900_000.0, 7]))  # seconds: no list of a million for two patients
    assert (known.tolist(), place.tolist()) == ([7, 900_000], [1, 0])


def test_codes_without_gaps_are_not_copied():
    centres = np.array([2, 0, 1, 2], dtype=np.int32)
    assert np.shares_memory(ranked(centres)[1], centres)
    assert ranked(centres * 2)[1].tolist() == [2, 0, 1, 2]


def test_each_row_gets_the_reason_that_holds():
    found = worded(4, (np.array([True, False, False, True]), "one"), (np.array([False, True, False, True]), "two"))
    assert found.tolist() == ["one", "two", "", "two"]
