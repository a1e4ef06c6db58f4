"""The last look before tables leave: every number that is too small is seen, whoever chose to show it, and no other is."""

import math
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats import tables as shared
from plenary_stats.disclosure import Policy, protect
from plenary_stats.disclosure.protect import Work
from plenary_stats.disclosure.sight import PEOPLE, in_sight
from plenary_stats.tables import Kind, ProtectedTable, ResultTable, text
from tests.unit.plenary_stats.disclosure.known import counts, outcome
from tests.unit.plenary_stats.disclosure.scene import access

POLICY = Policy()
PUBLISH = Policy(zeros="publish")


def let_go(table: ResultTable) -> ProtectedTable:
    """A table that leaves as it is, as if a faulty choice had let it."""
    columns = {"status": text([""] * len(table))} | dict(table.columns)
    return ProtectedTable(columns, table.name, table.kind, table.dimensions, token=shared._TOKEN)


def seen(table: ResultTable, policy: Policy = POLICY) -> list[str]:
    return list(in_sight([let_go(table)], policy))


@pytest.mark.parametrize(("value", "shown"), [(0, False), (1, False), (29, False), (30, True), (31, True), (None, True)])
def test_patients_below_the_threshold_are_seen_and_withheld_ones_are_not(value, shown):
    assert seen(counts({"A": value, "B": 90})) == ([] if shown else ["t: value of centre A"])


def test_a_nought_is_small_unless_noughts_are_published():
    assert seen(counts({"A": 0}), PUBLISH) == []
    assert seen(counts({"A": 1}), PUBLISH) == ["t: value of centre A"]


def test_no_number_is_told_and_a_margin_is_named_as_all():
    [words] = seen(counts({("A", "Total"): 17}, ("centre", "sex")))
    assert words == "t: value of centre A"
    assert seen(counts({"Total": 17})) == ["t: value of all"]


@pytest.mark.parametrize(
    ("met", "of", "columns"),
    [
        (15, 30, []),
        (4, 30, ["numerator"]),
        (5, 30, []),
        (26, 30, ["complement"]),
        (25, 30, []),
        (0, 30, ["numerator"]),
        (30, 30, ["complement"]),
        (4, 29, ["denominator"]),
        (15, 29, ["denominator"]),
        (math.nan, 29, ["denominator"]),
        (math.nan, 30, []),
        (math.nan, math.nan, []),
    ],
)
@pytest.mark.parametrize("kind", ["rate", "levels"])
def test_events_and_those_without_one_are_small_among_enough_patients(met, of, columns, kind):
    found = seen(outcome([("alive", met, of, 6, 4)], kind))
    assert found == [f"outcomes: {column} of centre A, measure alive" for column in columns]
    least = [column for column in columns if {"numerator": met, "complement": of - met}.get(column) != 0]
    assert len(seen(outcome([("alive", met, of, 6, 4)], kind), PUBLISH)) == len(least)


def test_those_not_eligible_and_not_known_are_no_secret():
    assert seen(outcome([("alive", 40, 90, 1, 2)])) == []
    assert seen(outcome([("stay", 12, 90, 1, 2)], "summary")) == []
    assert seen(outcome([("stay", 12, 20, 1, 2)], "summary")) == ["outcomes: denominator of centre A, measure stay"]


@pytest.mark.parametrize(
    ("measure", "met", "of", "columns"),
    [
        ("ascertainment", 29, 30, ["numerator"]),
        ("ascertainment", 30, 31, []),
        ("ascertainment", 0, 31, ["numerator"]),
        ("complete-records", 2, 90, []),
        ("complete-records", 2, 20, ["denominator"]),
        ("alive", 12, 90, ["numerator"]),
        ("alive", 88, 90, []),
    ],
)
def test_completeness_is_of_patients_but_for_records(measure, met, of, columns):
    made = outcome([(measure, met, of, 0, 0)])
    found = seen(ResultTable(made.columns, "completeness", "rate", made.dimensions))
    assert found == [f"completeness: {column} of centre A, measure {measure}" for column in columns]


def test_people_of_areas_are_counted_in_the_numerator_and_money_is_none():
    assert seen(access({"N": 12.0, "S": 90.0})) == ["access: numerator of area N, measure per million"]
    money = ResultTable({"centre": text(["A"]), "value": np.array([5.0])}, "spend", "magnitude", ("centre",))
    assert seen(money) == []


def test_every_kind_of_table_is_looked_at_or_is_money():
    assert {*PEOPLE, "magnitude"} == set(get_args(Kind))


AGES = counts({("s", "65+"): 0, ("t", "65+"): 0, ("s", "0-17"): 0, ("s", "18-64"): 50}, ("service", "age"))


def test_where_everybody_knows_that_there_is_nobody_a_nought_may_stand():
    known = replace(POLICY, structural_zeros=({"service": "s", "age": "65+"}, {"ward": "7"}))
    assert seen(AGES) == [
        f"t: value of service {service}, age {age}" for service, age in (("s", "65+"), ("t", "65+"), ("s", "0-17"))
    ]
    assert seen(AGES, known) == seen(AGES)[1:]
    assert seen(counts({("s", "65+"): 3}, ("service", "age")), known) == ["t: value of service s, age 65+"], "but nobody else"
    assert seen(counts({"s": 0}, ("service",)), known) == [], "no table has ages: the entry is of the service"
    both = [let_go(counts({"s": 0}, ("service",))), let_go(AGES)]
    assert "t: value of service s" in list(in_sight(both, known)), "of all ages together nobody knows it"


NUMBERS = st.lists(st.integers(0, 80), min_size=1, max_size=5)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(NUMBERS, st.sampled_from([POLICY, PUBLISH, Policy(threshold=12, event_threshold=3, minimum_width=4)]))
def test_what_protect_lets_go_is_never_seen_and_what_it_withholds_in_itself_is(numbers, policy):
    table = counts({chr(65 + order): value for order, value in enumerate(numbers)} | {"Total": sum(numbers)})
    done = protect([table], policy)
    assert list(in_sight(done.tables, policy)) == []
    assert len(seen(table, policy)) == done.audit.totals["primary"]


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 40)), min_size=1, max_size=4))
def test_nor_of_rates(pairs):
    table = outcome([(f"m{order}", met, met + unmet, 3, 2) for order, (met, unmet) in enumerate(pairs)])
    assert list(in_sight(protect([table], POLICY).tables, POLICY)) == []


def test_a_choice_that_overlooks_a_small_number_lets_nothing_go(monkeypatch):
    """Whatever the suppressor believes is small, and whatever the attack says of the rest: nothing leaves with a small number in it."""
    monkeypatch.setattr(Work, "primary", lambda _self: set())
    with pytest.raises(RuntimeError, match=r"too small would be shown \(t: value of centre A\): nothing leaves"):
        protect([counts({"A": 12, "B": 90, "Total": 102})], POLICY)
    assert protect([counts({"A": 32, "B": 90, "Total": 122})], POLICY).audit.clean
