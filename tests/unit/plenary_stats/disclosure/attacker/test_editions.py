"""Which figures of several editions are one number."""

import numpy as np
import pytest

from plenary_stats.disclosure import Policy
from plenary_stats.disclosure.attacker.editions import edition_of, told_apart
from plenary_stats.disclosure.attacker.figures import read
from plenary_stats.errors import InputError
from plenary_stats.tables import ResultTable, numbers, text
from tests.unit.plenary_stats.disclosure import known

DIMENSIONS = ("centre", "sex")


def counts(values, name="activity"):
    return known.counts(values, DIMENSIONS, name)


def families(*tables, own=1, policy=None):
    figures = read(tables, policy or Policy())
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


def test_what_the_newest_withholds_an_earlier_edition_may_tell():
    found = families(counts({("A", "F"): None}), counts({("A", "F"): 40}))
    assert found == {(0, "A", "F"): ["patients"], (1, "A", "F"): ["patients"]}


def test_a_total_that_was_corrected_alone_leaves_every_centre_what_it_was():
    now = counts({("A", "F"): 40, ("B", "F"): None, ("Total", "F"): 69})
    before = counts({("A", "F"): 40, ("B", "F"): None, ("Total", "F"): 71})
    found = families(now, before)
    assert found[1, "Total", "F"] == ["patients/e1"]
    assert found[1, "A", "F"] == ["patients", "patients/e1"], "it said of A exactly what is said now"
    assert found[1, "B", "F"] == ["patients/e1"], "of B it told nothing: it may be what was mended"


def test_one_figure_that_differs_makes_all_of_a_centre_doubtful():
    now = counts({("A", "F"): 12, ("A", "M"): 30, ("B", "F"): 40})
    before = counts({("A", "F"): 11, ("A", "M"): 30, ("B", "F"): 40})
    found = families(now, before)
    assert found[1, "A", "F"] == found[1, "A", "M"] == ["patients/e1"]
    assert found[1, "B", "F"] == ["patients", "patients/e1"]


def by_service(values, name="activity"):
    rows = [{"service": service, "centre": centre, "value": value} for (service, centre), value in values.items()]
    return known.table(rows, ("service", "centre"), name)


def test_a_correction_of_one_service_leaves_the_others_alone():
    now = by_service({("s", "A"): 40, ("s", "Total"): 40, ("t", "A"): 50, ("t", "B"): None})
    before = by_service({("s", "A"): 41, ("s", "Total"): 41, ("t", "A"): 50, ("t", "B"): None})
    found = families(now, before)
    assert found[1, "s", "A"] == found[1, "s", "Total"] == ["patients/e1"]
    assert found[1, "t", "B"] == ["patients", "patients/e1"], "the table forms all its sums; B is the same number"


def test_another_list_in_one_service_says_nothing_of_another():
    now = by_service({("s", "A"): 40, ("s", "D"): None, ("s", "Total"): 40, ("t", "A"): 50, ("t", "Total"): 50})
    before = by_service({("s", "A"): 40, ("s", "Total"): 40, ("t", "A"): 50, ("t", "Total"): 50})
    found = families(now, before)
    assert found[1, "s", "Total"] == ["patients/e1"]
    assert found[1, "t", "Total"] == ["patients", "patients/e1"]


def test_of_three_editions_each_corrected_one_has_its_own_name():
    editions = [counts({("A", "F"): value, ("Total", "F"): value}) for value in (40, 41, 42)]
    found = families(*editions)
    assert [found[order, "A", "F"] for order in range(3)] == [["patients"], ["patients/e1"], ["patients/e2"]]


def test_an_edition_of_other_figures_that_contradicts_nothing_is_no_correction():
    found = families(counts({("A", "F"): 40}), counts({("A", "M"): 30, ("A", "Total"): 70}))
    assert all(each == ["patients"] for each in found.values())


def test_without_centres_or_services_a_correction_is_told_row_by_row():
    now, before = (known.table([{"sex": sex, "value": value} for sex, value in each], ("sex",)) for each in (
        [("F", 40), ("M", 30)], [("F", 41), ("M", 30)],
    ))  # fmt: skip
    found = families(now, before)
    assert found[1, "F"] == ["patients/e1"]
    assert "patients" in found[1, "M"]


def test_access_counts_residents_in_every_table_of_it():
    columns = {"area": text(["N", "Total"]), "measure": text(["per million"] * 2), "numerator": numbers([40, 90])}
    access = ResultTable(columns, name="access", kind="exposure", dimensions=("area", "measure"))
    found = families(access)
    assert found[0, "N", "patients"] == ["patients", "patients/residents"]
    assert found[0, "Total", "patients"] == ["patients/residents"]


def test_two_tables_of_one_edition_that_differ_are_no_correction_of_one_another():
    """Withheld figures of the table that stands apart are still what they are elsewhere."""
    found = families(counts({("A", "F"): 40, ("B", "F"): None}), counts({("A", "F"): 44, ("B", "F"): None}, "other"), own=2)
    assert found[1, "A", "F"] == ["patients/1"]
    assert found[1, "B", "F"] == ["patients", "patients/1"]


def test_two_values_in_one_table_are_refused_beside_an_earlier_edition_too():
    rows = [{"centre": "A", "value": value} for value in (40, 50)]
    earlier = known.table([{"centre": "A", "value": 40}], ("centre",))
    with pytest.raises(InputError, match="Two figures for one cell: 40 and 50 for A"):
        families(known.table(rows, ("centre",)), earlier)


def test_what_a_correction_does_not_repeat_is_not_confirmed():
    """The newest edition says nothing of A's men, so nobody knows whether the correction concerned them."""
    found = families(counts({("A", "F"): 12, ("B", "F"): 29}), counts({("A", "M"): 30, ("B", "F"): 31}))
    assert found[1, "A", "M"] == ["patients/e1"]


def test_a_total_of_an_edition_that_lists_no_centres_there_counts_others():
    now = by_service({("s", "A"): 40, ("s", "D"): None, ("s", "Total"): 40})
    before = [by_service({("s", "A"): 40, ("s", "Total"): 40}), by_service({("s", "Total"): 40})]
    found = families(now, *before)
    assert found[1, "s", "Total"] == ["patients/e1"]
    assert found[2, "s", "Total"] == ["patients"], "an edition that lists nothing tells of no other list"


def test_another_list_in_one_period_says_nothing_of_the_same_service_in_another():
    def made(values):
        rows = [{"period": period, "centre": centre, "value": value} for (period, centre), value in values.items()]
        return known.table(rows, ("period", "centre"))

    one = {("2024", "A"): 40, ("2024", "Total"): None, ("2025", "A"): 50, ("2025", "Total"): 50}
    found = families(made(one | {("2025", "D"): None}), made(one | {("2024", "Total"): 60}))
    assert found[1, "2025", "Total"] == ["patients/e1"]
    assert found[1, "2024", "Total"] == ["patients", "patients/e1"], "withheld now, told before: the same patients"


def regional(values):
    return known.counts(values, ("period", "centre"), "activity")


def test_an_edition_by_region_lists_the_same_centres_as_one_by_centre():
    """The newest has the North's two centres in one row: its total is still the same patients', withheld here, told there."""
    pairs = Policy(hierarchies={"centre": (("A", "North"), ("B", "North"), ("C", "West"))})
    now = regional({("2024", "North"): 70, ("2024", "West"): 40, ("2024", "Total"): None})
    before = regional({("2024", "A"): None, ("2024", "B"): None, ("2024", "C"): 40, ("2024", "Total"): 110})
    assert families(now, before, policy=pairs)[1, "2024", "Total"] == ["patients"]
    assert families(now, before)[1, "2024", "Total"] == ["patients/e1"], "without the hierarchy they are other centres"


def test_a_region_whose_centres_changed_counts_others_and_one_whose_stayed_does_not():
    pairs = Policy(hierarchies={"centre": (("A", "North"), ("B", "North"), ("C", "West"))})
    now = regional({("2024", "A"): 70, ("2024", "B"): None, ("2024", "North"): None, ("2024", "C"): 40, ("2024", "West"): 40})
    before = regional({("2024", "A"): 70, ("2024", "North"): 70, ("2024", "C"): 40, ("2024", "West"): 40})
    found = families(now, before, policy=pairs)
    assert found[1, "2024", "North"] == ["patients/e1"]
    assert found[1, "2024", "West"] == ["patients", "patients/e1"]
