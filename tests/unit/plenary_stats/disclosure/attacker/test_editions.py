"""Which figures of several editions are one number."""

import numpy as np
import pytest

from plenary_stats.disclosure import Policy
from plenary_stats.disclosure.attacker.editions import edition_of, told_apart
from plenary_stats.disclosure.attacker.figures import read
from plenary_stats.errors import InputError
from tests.unit.plenary_stats.disclosure import known

DIMENSIONS = ("centre", "sex")


def counts(values, name="activity"):
    rows = [{"centre": centre, "sex": sex, "value": value} for (centre, sex), value in values.items()]
    return known.table(rows, DIMENSIONS, name)


def families(*tables, own=1):
    figures = read(tables, Policy())
    told = told_apart(figures, tables, edition_of(tables, own))
    names = [codes.names for codes in figures.dimensions]
    found = [[figures.families[family]] for family in told.family.tolist()]
    for family, figure in zip(told.also.tolist(), told.also_figure.tolist(), strict=True):
        found[figure].append(figures.families[family])
    place = [tuple(own[code] for own, code in zip(names, at, strict=True)) for at in figures.at.tolist()]
    return {(table, *at): each for table, at, each in zip(figures.table.tolist(), place, found, strict=True)}


def test_an_edition_ends_where_a_table_comes_again():
    one, other = counts({("A", "F"): 40}), counts({("A", "F"): 40}, "access")
    assert edition_of([one, one, other, one, other, other], 1) == [0, 1, 1, 2, 2, 3]


def test_what_two_editions_say_alike_is_one_number():
    found = families(counts({("A", "F"): 40}), counts({("A", "F"): 40, ("B", "F"): None}), own=2)
    assert all(each == ["patients"] for each in found.values())


def test_a_total_that_another_table_states_differently_is_its_own_and_keeps_its_sums():
    everybody = counts({("A", "F"): 40, ("Total", "F"): 99})
    england = counts({("A", "F"): 40, ("Total", "F"): 90}, "access")
    found = families(everybody, england, own=2)
    assert found[0, "Total", "F"] == ["patients"]
    assert found[1, "Total", "F"] == ["patients/1"]
    assert found[1, "A", "F"] == ["patients", "patients/1"]


def test_a_correction_of_one_centre_leaves_the_others_what_they_were():
    now = counts({("A", "F"): 12, ("A", "Total"): 40, ("B", "Total"): 29, ("Total", "Total"): 69})
    before = counts({("A", "F"): None, ("A", "Total"): 40, ("B", "Total"): 31, ("Total", "Total"): 71})
    found = families(now, before)
    assert found[1, "B", "Total"] == found[1, "Total", "Total"] == ["patients/e1"]
    assert found[1, "A", "Total"] == found[1, "A", "F"] == ["patients", "patients/e1"]


def test_a_total_over_other_centres_counts_others_even_where_it_is_equal():
    now = counts({("A", "F"): 40, ("D", "F"): None, ("Total", "F"): 40})
    before = counts({("A", "F"): 40, ("Total", "F"): 40})
    found = families(now, before)
    assert found[1, "Total", "F"] == ["patients/e1"]
    assert found[1, "A", "F"] == ["patients", "patients/e1"]


def test_a_centre_that_is_gone_is_not_in_the_newest_lists():
    found = families(counts({("A", "F"): 40}), counts({("A", "F"): 40, ("D", "F"): None}))
    assert found[1, "D", "F"] == ["patients/e1"]


def test_two_figures_in_one_table_are_refused():
    rows = [{"centre": "A", "value": value} for value in (40, 50)]
    with pytest.raises(InputError, match="Two figures for one cell: 40 and 50 for A"):
        families(known.table(rows, ("centre",)))


def test_the_order_of_rows_says_nothing():
    now = {("A", "F"): 12, ("A", "Total"): 40, ("B", "Total"): 29, ("Total", "Total"): 69}
    before = {("A", "F"): None, ("A", "Total"): 40, ("B", "Total"): 31, ("Total", "Total"): 71}
    backwards = families(counts(dict(reversed(now.items()))), counts(dict(reversed(before.items()))))
    assert families(counts(now), counts(before)) == backwards
    assert np.all([len(each) for each in backwards.values()])
