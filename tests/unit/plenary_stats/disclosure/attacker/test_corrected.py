"""What a reader of both versions supposes of a correction."""

import math

import numpy as np
import pytest

from plenary_stats.disclosure import Policy, audit
from plenary_stats.disclosure.attacker.corrected import supposed
from plenary_stats.disclosure.attacker.linking import link
from plenary_stats.disclosure.attacker.ranges import attack
from plenary_stats.disclosure.attacker.view import view_of
from tests.unit.plenary_stats.disclosure.known import counts

BEFORE = {"Total": 194, "B": 70, "C": None, "D": 60, "X": None}


def found(now: dict, before: dict, dimensions=("centre",), policy: Policy | None = None) -> dict:
    """The audit's range and verdict of every withheld number, by place; an earlier version's number has a prime."""
    report = audit([counts(now, dimensions)], policy or Policy(), [[counts(before, dimensions)]])
    answers: dict = {}
    for row in report.rows():
        place = tuple(row[each] for each in dimensions)
        key = place[0] if len(place) == 1 else place
        answers.setdefault(key, []).append((row["low"], row["high"], row["verdict"], row["how"]))
    return answers


def ranges(answers: dict, code) -> list[tuple]:
    return [(low, high) for low, high, _, _ in answers.get(code, [])]


def test_a_number_that_is_shown_since_gives_its_old_partner_away():
    answers = found({"Total": 214, "B": 70, "C": 52, "D": 60, "X": 32}, BEFORE)
    assert answers["X"] == [
        (12, 12, "exact", "both versions together leave no other numbers, if the correction changed one of these figures alone")
    ]


def test_what_cannot_have_been_withheld_is_no_supposition():
    # had C changed and not X, X would have been 32 and C 32: neither small, and nothing would have been withheld
    assert ranges(found({"Total": 214, "B": 70, "C": 52, "D": 60, "X": 32}, BEFORE), "X") == [(12, 12)]


def test_without_the_rule_either_may_have_changed():
    answers = found({"Total": 214, "B": 70, "C": 52, "D": 60, "X": 32}, BEFORE, policy=Policy(threshold=40))
    assert ranges(answers, "X") == [(12, 32)]


def test_what_stays_withheld_leaves_both_wide():
    answers = found({"Total": 214, "B": 70, "C": None, "D": 60, "X": None}, BEFORE)
    assert {verdict for several in answers.values() for _, _, verdict, _ in several} == {"safe"}


def test_a_centre_that_is_gone_is_what_the_others_leave_of_the_same_total():
    before = {"Total": 317, "B": 70, "C": None, "D": 60, "E": 120, "X": None}
    answers = found({"Total": 317, "B": 85, "C": 52, "D": 60, "E": 120}, before)
    assert ranges(answers, "X") == [(15, 15)]


def test_a_centre_that_is_gone_has_gone_into_what_grew():
    before = {"Total": 272, "B": 70, "C": 52, "E": 120, "X": None, "Y": None}
    answers = found({"Total": 272, "B": 70, "C": 52, "E": 138, "X": None}, before)
    assert (18, 18) in ranges(answers, "Y")
    assert (12, 12) in ranges(answers, "X")


def test_where_a_shown_number_is_withheld_now_something_changed_in_it_or_beside_it():
    before = {"Total": 337, "X": 35, "B": 70, "C": 52, "D": 60, "E": 120}
    leak = found({"Total": 322, "X": None, "B": 70, "C": None, "D": 60, "E": 120}, before)
    # had C changed, it would be 37: not small, and nothing would be withheld; so it is X, and X is what the others leave
    assert ranges(leak, "X") == [(20, 20)]


def test_both_withheld_with_their_total_is_safe():
    before = {"Total": 337, "X": 35, "B": 70, "C": 52, "D": 60, "E": 120}
    answers = found({"Total": None, "X": None, "B": 70, "C": 52, "D": 60, "E": 120}, before)
    assert "exact" not in {verdict for low, _, verdict, _ in answers["X"] if low < 30}


def test_suppositions_run_along_every_dimension():
    dimensions = ("centre", "area")
    before = {("A", "L"): 30, ("A", "M"): 28 + 5, ("A", "?"): None, ("A", "S"): None, ("A", "Total"): 80}
    now = {("A", "L"): 31, ("A", "M"): 33, ("A", "S"): None, ("A", "Total"): 80}
    answers = found(now, before, dimensions)
    assert (1, 1) in ranges(answers, ("A", "?"))


def test_a_service_without_a_correction_is_not_supposed_about():
    dimensions = ("service", "centre")
    before = {("1", centre): value for centre, value in BEFORE.items()}
    before |= {("2", centre): value for centre, value in BEFORE.items()}
    now = before | {("1", "Total"): 214, ("1", "C"): 52, ("1", "X"): 32}
    answers = found(now, before, dimensions)
    assert ranges(answers, ("1", "X")) == [(12, 12)]
    assert ranges(answers, ("2", "X")) == [(0, 64)]


def test_nothing_is_supposed_of_one_edition():
    view = view_of([counts(BEFORE)], Policy())
    link(view)
    bounds = attack(view, Policy())
    after = supposed(view, bounds, Policy())
    assert np.array_equal(after.low, bounds.low)
    assert np.array_equal(after.high, bounds.high)
    assert view.supposed == []


def test_a_large_number_that_is_only_supposed_is_no_finding():
    before = {"Total": 300, "B": 70, "C": None, "D": None, "X": 100}
    answers = found({"Total": 320, "B": 90, "C": None, "D": None, "X": 100}, before)
    assert all(verdict == "safe" for several in answers.values() for *_, verdict, _ in several)


def test_two_corrections_in_a_row_are_both_held_against_the_last():
    first = counts({"Total": 194, "B": 70, "C": None, "D": 60, "X": None})
    second = counts({"Total": 199, "B": 75, "C": None, "D": 60, "X": None})
    now = counts({"Total": 219, "B": 75, "C": 52, "D": 60, "X": 32})
    report = audit([now], Policy(), [[second], [first]])
    small = [row for row in report.rows() if row["centre"] == "X" and row["low"] < 30]
    assert small
    assert all(row["verdict"] == "exact" and row["low"] == 12 for row in small)


@pytest.mark.parametrize("zeros", ["publish", "protect"])
def test_a_contradiction_is_no_supposition(zeros):
    # every withheld number the same contradicts the totals, and so does one alone: three changed
    before = {"Total": 250, "B": 70, "C": None, "D": None, "X": None}
    now = {"Total": 900, "B": 70, "C": 300, "D": 300, "X": 230}
    answers = found(now, before, policy=Policy(zeros=zeros))
    assert all(not math.isnan(low) and high - low >= 10 for several in answers.values() for low, high, *_ in several)
