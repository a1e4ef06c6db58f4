"""Comparison: levels of agreement by hand, and blocks that find what they promise and nothing of another service."""

from datetime import date, timedelta

import numpy as np
import pytest

from plenary_episodes.comparison import LEVELS, Pairs, Sides
from plenary_episodes.people import People, Person

DAY = date(2025, 6, 1)
BORN = date(2010, 3, 7)
EVERYTHING = {"nhs": "n", "local": "l", "born_on": BORN, "sex": "male", "area": "QAA"}


def person(**known):
    return Person(**{"service": "eyes", "centre": "R1H", "event_on": DAY, "name": "1"} | EVERYTHING | known)


def sides(left, right, **tolerance):
    return Sides(People(tuple(left)), People(tuple(right)), tolerance)


def level(name, left, right):
    """Return the level of a field between two records that are alike but for what is given."""
    pairs = Pairs(np.array([0]), np.array([0]))
    return int(sides([person(**left)], [person(**right)]).levels(pairs)[name][0])


@pytest.mark.parametrize(
    ("left", "right", "wanted"),
    [
        (BORN, BORN, 1), (BORN, date(2010, 7, 3), 2), (BORN, date(2010, 3, 8), 2), (BORN, date(2011, 3, 7), 2), (BORN, date(2010, 4, 7), 2),
        (BORN, date(2010, 4, 8), 3), (BORN, date(1950, 11, 30), 3), (BORN, None, 0), (None, None, 0), (date(1950, 1, 1), date(1950, 1, 1), 1),
        (date(1969, 12, 31), date(1969, 12, 30), 2), (date(2010, 2, 13), date(2010, 3, 12), 3),
    ],
)  # fmt: skip
def test_birth_dates(left, right, wanted):
    assert level("birth_date", {"born_on": left}, {"born_on": right}) == wanted


@pytest.mark.parametrize(("days", "wanted"), [(0, 1), (1, 2), (-3, 2), (4, 3), (31, 3), (32, 4), (-183, 4), (184, 5)])
def test_event_dates(days, wanted):
    assert level("event_date", {}, {"event_on": DAY + timedelta(days=days)}) == wanted


@pytest.mark.parametrize(
    ("left", "right", "wanted"),
    [
        ({}, {}, 1), ({}, {"centre": "RQ3"}, 2), ({}, {"area": "QBB"}, 3), ({}, {"area": "QBB", "centre": "RQ3"}, 4),
        ({"area": ""}, {}, 5), ({"area": ""}, {"area": "", "centre": "RQ3"}, 6),
    ],
)  # fmt: skip
def test_places(left, right, wanted):
    assert level("place", left, right) == wanted


@pytest.mark.parametrize(
    ("name", "field", "values", "wanted"),
    [
        ("sex", "sex", ("male", "male"), 1), ("sex", "sex", ("male", "female"), 2), ("sex", "sex", ("", "male"), 0),
        ("nhs_number", "nhs", ("a", "a"), 1), ("nhs_number", "nhs", ("a", "b"), 2), ("nhs_number", "nhs", ("", ""), 0),
        ("local_id", "local", ("a", "a"), 1), ("local_id", "local", ("a", "b"), 2), ("local_id", "local", ("a", ""), 0),
    ],
)  # fmt: skip
def test_what_is_the_same_or_not(name, field, values, wanted):
    assert level(name, {field: values[0]}, {field: values[1]}) == wanted


def test_local_numbers_of_two_hospitals_say_nothing():
    assert level("local_id", {}, {"centre": "RQ3", "local": "m"}) == 0


def test_every_level_has_words():
    spread = sides([person()], [person(born_on=None)])
    assert set(spread.levels(Pairs(np.array([0]), np.array([0])))) == set(LEVELS)


def test_equal_numbers_are_found_within_a_service():
    left = [person(nhs="a"), person(nhs=""), person(nhs="b", service="knees"), person(nhs="c")]
    right = [person(nhs="b"), person(nhs="a"), person(nhs="a"), person(nhs=""), person(nhs="b", service="knees")]
    found = sides(left, right)
    pairs = found.equal(found.nhs)
    assert set(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True)) == {(0, 1), (0, 2), (2, 4)}


def candidates(left, right, **tolerance):
    both = sides([person(**left)], [person(**right)], **tolerance)
    return len(both.candidates(np.array([True]), np.array([True])))


STRANGER = {"nhs": "", "local": "x", "born_on": date(1950, 11, 30), "sex": "female", "area": "QZZ", "centre": "RZZ",
            "event_on": DAY + timedelta(days=90)}  # fmt: skip


@pytest.mark.parametrize(
    "shared",
    [
        {"born_on": BORN}, {"local": "l", "centre": "R1H"}, {"area": "QAA", "sex": "male", "born_on": date(2010, 11, 30)},
        {"area": "QAA", "born_on": date(1950, 3, 7)}, {"sex": "male", "born_on": date(2010, 3, 30)},
        {"centre": "R1H", "sex": "male", "event_on": DAY + timedelta(days=3)}, {"centre": "R1H", "sex": "male", "event_on": DAY - timedelta(days=3)},
    ],
)  # fmt: skip
def test_each_block_finds_what_agrees_in_its_key(shared):
    assert candidates({}, STRANGER) == 0
    assert candidates({}, STRANGER | shared) == 1
    assert candidates({}, STRANGER | shared | {"service": "knees"}) == 0


def test_a_pair_is_compared_once_though_many_blocks_find_it():
    assert candidates({}, {}) == 1


def test_missing_values_are_no_key():
    nothing = {"nhs": "", "local": "", "born_on": None, "sex": "", "area": ""}
    assert candidates(nothing, nothing) == 0


def test_events_too_far_apart_are_no_pair():
    later = {"event_on": DAY + timedelta(days=61)}
    assert candidates({}, later, eyes=60) == 0
    assert candidates({}, later, eyes=61) == 1
    assert candidates({}, later) == 1


def test_only_the_chosen_records_are_compared():
    both = sides([person(), person()], [person(), person()])
    found = both.candidates(np.array([True, False]), np.array([False, True]))
    assert (found.left.tolist(), found.right.tolist()) == ([0], [1])


def test_possible_pairs_are_counted_as_one_by_one():
    draw = np.random.default_rng(2)
    left, right = (
        [
            person(service=draw.choice(["eyes", "knees"]), event_on=DAY + timedelta(days=int(draw.integers(300))))
            for _ in range(60)
        ]
        for _ in range(2)
    )
    both = sides(left, right, eyes=40)
    by_hand = {
        service: sum(
            one.service == other.service == service and (not most or abs((one.event_on - other.event_on).days) <= most)
            for one in left
            for other in right
        )
        for service, most in (("eyes", 40), ("knees", 0))
    }
    assert dict(zip(both.services, both.possible().tolist(), strict=True)) == by_hand


def test_pairs_are_drawn_within_services_and_the_same_for_the_same_seed():
    left = [person(service=service) for service in ["eyes"] * 50 + ["knees"] * 5]
    right = [person(service=service) for service in ["eyes"] * 40 + ["knees"] * 10]
    both = sides(left, right)
    every = both.drawn(10_000, 1)
    assert len(every) == 50 * 40 + 5 * 10
    some, again, other = (both.drawn(500, seed) for seed in (1, 1, 2))
    assert abs(len(some) - 500) <= 1
    assert some.left.tolist() == again.left.tolist() != other.left.tolist()
    for pairs in (every, some):
        assert (both.service[0][pairs.left] == both.service[1][pairs.right]).all()


def test_nobody_is_compared_with_nobody():
    empty = sides([], [])
    assert len(empty.candidates(np.array([], bool), np.array([], bool))) == 0
    assert len(empty.drawn(10, 1)) == 0
    assert empty.possible().tolist() == []
    one = sides([person()], [])
    assert len(one.candidates(np.array([True]), np.array([], bool))) == 0
    assert one.possible().tolist() == [0]
