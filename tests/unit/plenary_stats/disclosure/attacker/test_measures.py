"""What the attacker believes of measures, row by row, and what it gives up. That leaks are found by it: ``test_measures`` above."""

import math

import numpy as np
import pytest

from plenary_stats.disclosure import Policy
from plenary_stats.disclosure.attacker.linking import link
from plenary_stats.disclosure.attacker.measures import agreeing, beliefs, days, directions
from plenary_stats.disclosure.attacker.ranges import attack
from plenary_stats.disclosure.attacker.view import view_of
from plenary_stats.tables import TOTAL, ResultTable, text
from tests.unit.plenary_stats.disclosure.test_measures import CAUSES, NOT_WELL, SURVIVORS, hide, left_out, rates, with_totals

POLICY = Policy(zeros="protect")


def name(view, cell):
    return " ".join((view.quantity(cell), *view.codes(cell)))


def believed(*tables):
    """The beliefs of a reader in words: a whole, ``=`` or ``>=``, its parts."""
    view = view_of(tables, POLICY, [])
    link(view)
    found = set()
    for sums in beliefs(view, directions(tables)):
        for (whole, parts), opened in zip(sums, sums.open.tolist(), strict=True):
            words = " + ".join(sorted(name(view, part) for part in parts))
            found.add(f"{name(view, whole)} {'>=' if opened else '='} {words}")
    return found


@pytest.mark.parametrize(("words", "expected"), [("30d", 30), ("2w", 14), ("1y", 365.25), ("1.5y", 547.875), ("6m", 182.625)])
def test_times_are_told_in_days(words, expected):
    assert days(words) == pytest.approx(expected)


@pytest.mark.parametrize("words", ["", "better", "y", "1", "30days", "d30"])
def test_other_names_are_no_times(words):
    assert days(words) is None


def test_methods_tell_whether_numerators_rise():
    rows = with_totals((60,), survival_at_1y=(50,), inc_at_1y=(10,), alive=(3,))
    assert directions([rates(rows)]) == {("", "survival"): -1, ("", "inc"): 1}
    assert directions([rates(rows, methods=False)]) == {}


def test_of_survival_more_are_alive_earlier_even_where_no_figures_differ():
    rows = with_totals((60, 60), survival_at_30d=(56, 55), survival_at_1y=(56, 55))
    hidden = hide(rows, ("A", "survival@30d"), ("B", "survival@30d"))
    assert believed(rates(hidden)) >= {f"numerator {code} survival@30d >= numerator {code} survival@1y" for code in "AB"}
    assert believed(rates(hidden, methods=False)) == set()


def test_without_a_method_the_shown_figures_tell_the_way():
    rows = with_totals((60, 60), well_at_30d=(20, 21), well_at_1y=(30, 31))
    assert believed(rates(hide(rows, ("A", "well@30d")))) >= {"numerator A well@1y >= numerator A well@30d"}


def test_only_neighbours_in_time_are_compared():
    rows = with_totals((60,), inc_at_5y=(9,), inc_at_30d=(3,), inc_at_1y=(5,))
    found = {words for words in believed(rates(rows)) if " A " in words}
    assert found == {"numerator A inc@1y >= numerator A inc@30d", "numerator A inc@5y >= numerator A inc@1y"}


def test_better_and_worse_are_at_most_all():
    rows = with_totals((60,), change_at_better=(30,), change_at_worse=(9,))
    assert "denominator A change >= numerator A change@better + numerator A change@worse" in believed(rates(rows))
    assert not believed(rates([row for row in rows if row[1] != "change@worse"]))


def test_one_count_under_two_names_is_believed_part_by_part():
    rows = with_totals((60, 60, 60), alive=(56, 55, 51), dead=(4, 5, 9))
    found = believed(rates(hide(rows, ("A", "alive"), ("B", "alive"))))
    assert {"numerator A alive = complement A dead", "complement A alive = numerator A dead"} <= found


def about_those_left_out(rows, few):
    return {words for words in believed(left_out(rows, few)) if "not_eligible" in words}


def test_those_left_out_are_taken_for_those_who_died():
    """At the places alone where something is hidden; B, C and the total say so."""
    assert about_those_left_out(hide(SURVIVORS, ("A", "dead")), NOT_WELL) == {"not_eligible A well = numerator A dead"}


@pytest.mark.parametrize("place", ["B", "C", TOTAL])
def test_one_shown_difference_and_they_are_others(place):
    assert not about_those_left_out(hide(SURVIVORS, ("A", "dead")), NOT_WELL | {(place, "well"): 49})


def test_one_number_that_agrees_twice_is_chance():
    rows = hide(SURVIVORS, *((code, "dead") for code in "ACD"))
    same = [(code, name, 20 if (code, name) == (TOTAL, "dead") else met, of) for code, name, met, of in rows]
    assert not about_those_left_out(same, NOT_WELL | {(TOTAL, "well"): 20})
    assert about_those_left_out(rows, NOT_WELL)


def test_nought_and_everybody_agree_by_chance():
    rows = [("A", "all", 60, 60), ("B", "all", 70, 70), ("C", "all", None, 80)]
    rows += [(code, "well", 10, 60) for code in "ABC"]
    assert not about_those_left_out(rows, {("A", "well"): 60, ("B", "well"): 70})
    nobody = [(code, name, met if met is None or name == "well" else 0, of) for code, name, met, of in rows]
    assert not about_those_left_out(nobody, {})


def test_the_row_of_an_outcome_is_not_compared_with_itself():
    rows = hide(SURVIVORS, ("A", "dead"))
    dead = {(code, "dead"): met for (code, _), met in NOT_WELL.items()}
    assert not about_those_left_out(rows, dead)


@pytest.mark.parametrize("name", ["service", "period"])
def test_other_services_and_periods_say_nothing(name):
    table = left_out(hide(SURVIVORS, ("A", "dead")), NOT_WELL)
    columns = dict(table.columns) | {name: text(["2024" if row["measure"] == "dead" else "2025" for row in table.rows()])}
    apart = ResultTable(columns, table.name, table.kind, (*table.dimensions, name))
    assert not {words for words in believed(apart) if "not_eligible" in words}


def test_the_women_of_an_outcome_are_taken_for_the_women_of_the_activity():
    activity = {"centre": text(["A", "A", "B", "B", TOTAL, TOTAL]), "sex": text(["female", "male"] * 3)}
    activity |= {"measure": text(["patients"] * 6), "value": np.array([np.nan, np.nan, 60, 40, 93, 47], float)}
    activity["status"] = text(["c", "c", "", "", "", ""])
    women = left_out([("A", "alive", 24, 33), ("B", "alive", 45, 60), (TOTAL, "alive", 69, 93)], {("A", "alive"): 7})
    columns = dict(women.columns) | {"not_eligible": np.array([7, 40, 47], float)}
    found = believed(
        ResultTable(columns, women.name, women.kind, women.dimensions),
        ResultTable(activity, "activity", "count", ("centre", "sex", "measure")),
    )
    assert {frozenset(words.split(" = ")) for words in found} == {
        frozenset({"patients A patients male", "not_eligible A alive Total"}),
        frozenset({"patients A patients female", "denominator A alive Total"}),
    }


def completeness(rows):
    """Of each outcome: those eligible, all of whom are known."""
    table = rates([(code, name, None if of is None else of, of) for code, name, _, of in rows], methods=False)
    return ResultTable(dict(table.columns), "completeness", "rate", table.dimensions)


def test_denominators_that_completeness_counts_too_are_compared_and_added_up():
    rows = with_totals((60, 45, 12, 35), asthma=(45, 33, 9, 26)) + with_totals((70, 55, 60, 61), none=(52, 42, 45, 46))
    rows += with_totals((130, 100, 72, 96), every=(97, 75, 54, 72)) + with_totals((60, 45, 12, 35), again=(9, 8, 3, 7))
    hidden = [(code, name, *((None, np.nan) if (code, name) == ("C", "asthma") else (met, of))) for code, name, met, of in rows]
    found = believed(rates(hidden), completeness(hidden))
    assert "denominator C every = denominator C asthma + denominator C none" in found
    assert {"denominator C again = denominator C asthma", "denominator C asthma = denominator C again"} & found


def sums_of_two(rows):
    return {words for words in believed(rates(rows)) if "+" in words}


def test_two_measures_are_taken_to_add_up_to_a_third():
    assert sums_of_two(hide(CAUSES, ("C", "heart"))) == {"complement C other = complement C died + numerator C heart"}


@pytest.mark.parametrize("place", ["A", "B", "D", TOTAL])
def test_one_place_at_which_they_do_not_add_up_is_enough(place):
    rows = [(code, name, met - ((code, name) == (place, "died")), of) for code, name, met, of in CAUSES]
    assert not sums_of_two(hide(rows, ("C", "heart")))


def test_at_two_places_they_add_up_by_chance():
    assert not sums_of_two(hide(CAUSES, ("C", "heart"), ("D", "other"), ("B", "died")))
    assert sums_of_two(hide(CAUSES, ("C", "heart"), ("D", "other")))


def test_of_other_patients_they_do_not_add_up():
    rows = [(code, name, met, of + (name == "died" and code == "D")) for code, name, met, of in CAUSES]
    assert not sums_of_two(hide(rows, ("C", "heart")))


@pytest.mark.parametrize(
    ("mine", "its", "expected"),
    [
        ([(4, 56), (5, 55)], [(4, 56), (5, 55)], True),
        ([(4, 56), (4, 56)], [(4, 56), (4, 56)], False),
        ([(4, 56), (5, 55)], [(4, 56), (5, 54)], False),
        ([(4, 56), (0, 60)], [(4, 56), (0, 60)], False),
        ([(4, 56), (60, 0)], [(4, 56), (60, 0)], False),
        ([(4, 56), (math.nan, math.nan)], [(4, 56), (5, 55)], False),
        ([(4, 56), (math.nan, math.nan), (7, 53)], [(4, 56), (5, 55), (7, 53)], True),
    ],
)
def test_two_different_shares_must_agree_and_none_differ(mine, its, expected):
    assert agreeing(np.array(mine, float), np.array(its, float)) is expected


def test_what_contradicts_the_rest_is_given_up_and_nothing_else():
    """The one count of two names is none: A and B differ by their region. That nobody is better and worse stays."""
    rows = [("A", "one", None, 60), ("B", "one", None, 60), ("C", "one", 9, 60), ("D", "one", 8, 60)]
    rows += [(centre, "two", met, of) for centre, _, met, of in rows]
    rows += [("North", "one", 12, 120), ("North", "two", 15, 120)]
    rows += [("A", "change@better", 50, 60), ("A", "change@worse", None, 60)]
    policy = Policy(zeros="protect", hierarchies={"centre": (("A", "North"), ("B", "North"))})
    view = view_of([rates(rows)], policy, [])
    link(view)
    before = len(view.sums)
    view.beliefs = beliefs(view, {})
    bounds = attack(view, policy)
    ends = {name(view, cell): (bounds.low[cell], bounds.high[cell]) for cell in range(len(view))}
    assert ends["numerator A one"] == (0, 12)
    assert ends["numerator A change@worse"] == (0, 10)
    assert len(view.sums) > before
