"""Margins that go round in a circle: the ranges are those of every joint table, listed."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats.disclosure import Policy, audit
from plenary_stats.disclosure.attacker import joint
from plenary_stats.disclosure.attacker.joint import core
from tests.unit.plenary_stats.disclosure import known
from tests.unit.plenary_stats.disclosure.enumeration import Number, covering, places, ranges

SETS = (("A", "B"), ("F", "M"), ("old", "young"))
POINTS = list(product(*SETS))
CIRCLE = [pattern for pattern in product((False, True), repeat=3) if any(pattern)]
CELLS = list(dict.fromkeys(places(SETS, CIRCLE)))
DIMENSIONS = ("centre", "sex", "age_band")
POLICY = Policy(threshold=3, event_threshold=2, minimum_width=2)


def published(truth, hidden):
    rows = []
    for cell in CELLS:
        value = sum(number for number, point in zip(truth, POINTS, strict=True) if covering(cell)(point))
        rows.append(dict(zip(DIMENSIONS, cell, strict=True), value=None if cell in hidden else value))
    return known.table(rows, DIMENSIONS)


def edges(*words):
    return [frozenset(map(ord, word)) for word in words]


@pytest.mark.parametrize("words", [("ab", "bc"), ("abc", "ab"), ("ab", "bc", "cd"), ("abc", "bcd", "d"), ("a", "b"), ()])
def test_margins_that_come_off_one_after_the_other_are_no_circle(words):
    assert core(edges(*words)) == ()


@pytest.mark.parametrize(
    ("words", "left"),
    [
        (("ab", "bc", "ca"), ("ab", "bc", "ca")),
        (("ab", "bc", "ca", "ad"), ("ab", "bc", "ca")),
        (("ab", "bc", "cd", "da", "abe"), ("ab", "bc", "cd", "da")),
        (("sg", "sxa", "gxa"), ("sg", "sxa", "gxa")),
    ],
)
def test_of_a_circle_what_hangs_on_it_falls_off(words, left):
    assert set(core(edges(*words))) == set(edges(*left))


@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 7), min_size=2, max_size=8), st.sets(st.sampled_from(CELLS), min_size=6))
def test_the_ranges_are_those_of_every_joint_table(people, drawn):
    truth = [people.count(point) for point in range(8)]
    hidden = {cell for cell in drawn if set(cell) != {"Total"}}
    found = known.ranges(audit([published(truth, hidden)], POLICY))
    assert found == ranges(POINTS, truth, [Number(cell, covering(cell), cell not in hidden) for cell in CELLS])


def apart():
    """One patient at four corners of a cube, no two of them neighbours: each margin has one at each of its four places."""
    truth = [1 if (point[0] == "A") ^ (point[1] == "F") ^ (point[2] == "old") else 0 for point in POINTS]
    return truth, {("A", "F", "Total"), ("A", "M", "Total"), ("B", "F", "Total"), ("B", "M", "Total")}


def test_a_joint_table_may_narrow_what_the_margins_leave_open(monkeypatch):
    random = np.random.default_rng(7)
    narrower = 0
    for _ in range(15):
        truth = np.bincount(random.integers(0, 8, random.integers(2, 8)), minlength=8).tolist()
        hidden = {cell for cell in CELLS if set(cell) != {"Total"} and random.random() < 0.5}
        together = known.ranges(audit([published(truth, hidden)], POLICY))
        with monkeypatch.context() as without:
            without.setattr(joint, "joints", lambda *_: iter(()))
            alone = known.ranges(audit([published(truth, hidden)], POLICY))
        assert all(alone[cell][0] <= together[cell][0] <= together[cell][1] <= alone[cell][1] for cell in alone)
        narrower += together != alone
    assert narrower


def test_a_table_that_is_too_large_is_said_not_to_have_been_tried(monkeypatch):
    truth, hidden = apart()
    assert "joint" not in audit([published(truth, hidden)], POLICY).totals
    monkeypatch.setattr(joint, "LARGEST", 7)
    assert audit([published(truth, hidden)], POLICY).totals["joint"] == "not tried for 1 components"
    monkeypatch.setattr(joint, "LARGEST", 400)
    monkeypatch.setattr(joint, "WIDEST", 7)
    assert audit([published(truth, hidden)], POLICY).totals["joint"] == "not tried for 1 components"


def test_margins_of_other_patients_have_no_joint_table():
    """Each pair of margins agrees, and no whole numbers give all three: the sums alone count then."""
    cells = {("A", "F"): 1, ("A", "M"): 0, ("B", "F"): 0, ("B", "M"): 1}
    rows = []
    for (one, other), value in cells.items():
        rows.append({"centre": one, "sex": other, "value": value})
        rows.append({"centre": one, "age_band": {"F": "old", "M": "young"}[other], "value": value})
        rows.append({"sex": {"A": "F", "B": "M"}[one], "age_band": {"F": "young", "M": "old"}[other], "value": value})
    rows += [{"centre": "A", "value": None}, {"centre": "B", "value": 1}, {"value": 2}]
    found = audit([known.table(rows, DIMENSIONS)], POLICY)
    assert known.ranges(found)["A", "Total", "Total"] == (1, 1)


REGIONS = (("A", "R"), ("B", "R"))


SQUARE = frozenset((centre, sex, "Total") for centre in "AB" for sex in "FM")


def regional(hidden=SQUARE, margins=CIRCLE):
    rows = []
    for cell in dict.fromkeys(places(SETS, margins)):
        value = None if cell in hidden else sum(10 for point in POINTS if covering(cell)(point))
        rows.append(dict(zip(DIMENSIONS, cell, strict=True), value=value))
    return known.table(rows, DIMENSIONS)


def not_tried(table, *hierarchies):
    policy = Policy(hierarchies={name: pairs for name, pairs in zip(DIMENSIONS, hierarchies, strict=False) if pairs})
    return audit([table], policy).totals.get("joint")


def test_a_circle_that_a_hierarchy_takes_part_in_is_said_not_to_have_been_tried():
    assert not_tried(regional()) is None
    assert not_tried(regional(), REGIONS) == "not tried for 1 components"
    assert not_tried(regional(), REGIONS, (("F", "all"), ("M", "all"))) == "not tried for 1 components"


def test_margins_of_a_hierarchy_that_are_no_circle_need_no_joint_table():
    two = [pattern for pattern in CIRCLE if pattern[1] or pattern[2]]
    assert not_tried(regional(margins=two), REGIONS) is None


def test_a_circle_of_shown_numbers_needs_none_either():
    assert not_tried(regional(hidden=()), REGIONS) is None


def test_each_group_of_withheld_numbers_has_its_own_joint_table():
    """Three services with a circle each: what is not tried is counted for those that withhold something."""
    rows = []
    for service, hidden in (("s", SQUARE), ("t", SQUARE), ("u", ())):
        for cell in CELLS:
            value = None if cell in hidden else sum(10 for point in POINTS if covering(cell)(point))
            rows.append({"service": service, **dict(zip(DIMENSIONS, cell, strict=True)), "value": value})
    table = known.table(rows, ("service", *DIMENSIONS))
    assert not_tried(table) is None
    assert audit([table], Policy(hierarchies={"centre": REGIONS})).totals["joint"] == "not tried for 2 components"


def old_women(more=()):
    """All of A's patients are old, and all who are old are women: by no margin alone, but by all three A's are women."""
    rows = [{"centre": "A", "sex": "F", "value": None}, {"centre": "A", "sex": "M", "value": None}]
    rows += [{"centre": "B", "sex": "F", "value": None}, {"centre": "B", "sex": "M", "value": None}]
    for one, other, value in (("A", "old", 2), ("A", "young", 0), ("B", "old", 0), ("B", "young", 2)):
        rows.append({"centre": one, "age_band": other, "value": value})
    for one, other, value in (("F", "old", 2), ("F", "young", 0), ("M", "old", 0), ("M", "young", 2)):
        rows.append({"sex": one, "age_band": other, "value": value})
    rows += [{name: code, "value": 2} for name, codes in zip(DIMENSIONS, SETS, strict=True) for code in codes]
    return [*rows, {"value": 4}, *more]


def test_all_of_a_centre_are_old_and_all_the_old_are_women():
    found = known.ranges(audit([known.table(old_women(), DIMENSIONS)], POLICY))
    assert found["A", "F", "Total"] == found["B", "M", "Total"] == (2, 2)
    assert found["A", "M", "Total"] == found["B", "F", "Total"] == (0, 0)


def test_what_hangs_on_a_joint_table_by_one_cell_is_narrowed_with_it():
    """One of A's two women is in the second ward, so one is in the first: that there are two only the joint table says."""
    wards = [
        {"centre": "A", "sex": "F", "ward": "1", "value": None},
        {"centre": "A", "sex": "F", "ward": "2", "value": 1},
        {"centre": "A", "sex": "F", "ward": "3", "value": None},
        {"centre": "A", "sex": "F", "ward": "4", "value": 0},
    ]
    one = audit([known.table(old_women(wards[:2]), (*DIMENSIONS, "ward"))], POLICY)
    assert known.ranges(one)["A", "F", "Total", "1"] == (1, 1)
    two = known.ranges(audit([known.table(old_women(wards), (*DIMENSIONS, "ward"))], POLICY))
    assert two["A", "F", "Total", "1"] == two["A", "F", "Total", "3"] == (0, 1)


def test_a_margin_that_stands_only_within_a_larger_one_is_said_not_to_have_been_tried():
    """Centre by sex is published by ward alone."""
    rows = [row for row in old_women() if not {"centre", "sex"} <= row.keys()]
    for centre, sex, ward, value in (("A", "F", "1", None), ("A", "M", "1", 0), ("B", "F", "1", None), ("B", "M", "2", 2)):
        rows.append({"centre": centre, "sex": sex, "ward": ward, "value": value})
    found = audit([known.table(rows, (*DIMENSIONS, "ward"))], POLICY)
    assert found.totals["joint"] == "not tried for 1 components"


def test_the_joint_table_of_an_edition_is_of_its_own_patients():
    """The year before there was one at each of four corners, and nothing withheld: that says nothing of today's."""
    earlier, _ = apart()
    found = known.ranges(audit([known.table(old_women(), DIMENSIONS)], POLICY, [published(earlier, set())]))
    assert found["A", "F", "Total"] == (2, 2)
