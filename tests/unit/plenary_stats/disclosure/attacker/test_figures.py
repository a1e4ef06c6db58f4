"""How the attacker reads tables: what each column counts, and of whom."""

import math

import numpy as np
import pytest

from plenary_stats.disclosure import Policy
from plenary_stats.disclosure.attacker.figures import folded, quantity_of, read
from plenary_stats.errors import InputError
from plenary_stats.tables import ResultTable, numbers, text
from tests.unit.plenary_stats.disclosure import known


def listed(*tables, policy=None):
    figures = read(tables, policy or Policy())
    names = [codes.names for codes in figures.dimensions]
    return {
        (figures.families[family], *(own[code] for own, code in zip(names, at, strict=True))): value
        for family, at, value in zip(figures.family.tolist(), figures.at.tolist(), figures.value.tolist(), strict=True)
    }


def rates(name="outcomes", kind="rate", measure="alive", **columns):
    many = len(next(iter(columns.values())))
    made = {"centre": text(["A"] * many), "measure": text([measure] * many if isinstance(measure, str) else measure)}
    made |= {each: numbers(values) for each, values in columns.items()}
    return ResultTable(made, name=name, kind=kind, dimensions=("centre", "measure"))


def test_a_count_is_patients_and_a_blank_code_the_total():
    table = known.table([{"centre": "A", "sex": "", "value": 40}, {"centre": "A", "sex": "F", "value": None}], ("centre", "sex"))
    found = listed(table)
    assert found["patients", "A", "Total"] == 40
    assert math.isnan(found["patients", "A", "F"])


def test_a_rate_is_its_patients_and_those_on_either_side():
    assert listed(rates(denominator=[90], numerator=[70], not_eligible=[6], not_known=[4], measure="alive@1y")) == {
        ("denominator", "A", "alive"): 90,
        ("numerator", "A", "alive@1y"): 70,
        ("complement", "A", "alive@1y"): 20,
        ("not_eligible", "A", "alive"): 6,
        ("not_known", "A", "alive"): 4,
    }


def test_patients_at_two_times_are_kept_apart_only_where_they_differ():
    same = listed(rates(denominator=[90, 90], numerator=[10, 20], measure=["alive@1y", "alive@5y"]))
    assert [key for key in same if key[0] == "denominator"] == [("denominator", "A", "alive")]
    differ = listed(rates(denominator=[90, 80], numerator=[10, 20], measure=["alive@1y", "alive@5y"]))
    assert {key[2] for key in differ if key[0] == "denominator"} == {"alive@1y", "alive@5y"}


@pytest.mark.parametrize(
    ("measure", "found"),
    [
        ("ascertainment", {("expected", "ascertainment"), ("received", "ascertainment"), ("missing", "ascertainment")}),
        ("complete-records", {("patients", "patients"), ("complete", "complete-records"), ("incomplete", "complete-records")}),
        ("alive", {("eligible", "alive"), ("denominator", "alive"), ("not_known", "alive")}),
    ],
)
def test_completeness_is_read_for_what_it_says(measure, found):
    table = rates(name="completeness", denominator=[90], numerator=[70], measure=measure)
    assert {(key[0], key[2]) for key in listed(table)} == found


def test_access_counts_residents_and_its_total_is_its_own():
    columns = {"area": text(["N", "Total"]), "measure": text(["per million"] * 2), "numerator": numbers([40, 90])}
    table = ResultTable(columns, name="access", kind="exposure", dimensions=("area", "measure"))
    assert listed(table) == {("patients", "N", "patients"): 40, ("patients/residents", "Total", "patients"): 90}


def test_a_shown_row_may_keep_back_those_not_eligible_and_a_row_without_patients_says_nothing():
    shown = listed(rates(denominator=[90], numerator=[70], not_eligible=[None], not_known=[4]))
    assert math.isnan(shown["not_eligible", "A", "alive"])
    assert listed(rates(denominator=[None], numerator=[None], not_eligible=[None], not_known=[4])) == {
        ("not_known", "A", "alive"): 4
    }


def test_a_withheld_row_hides_all_its_numbers():
    table = rates(denominator=[90], numerator=[None])
    hidden = ResultTable({**table.columns, "status": text(["c"])}, name="outcomes", kind="rate", dimensions=("centre", "measure"))
    found = listed(hidden)
    assert found["denominator", "A", "alive"] == 90
    assert math.isnan(found["numerator", "A", "alive"])
    assert ("numerator", "A", "alive") not in listed(table)


def test_money_need_not_be_whole_but_patients_must():
    columns = {"centre": text(["A"]), "value": numbers([12.5])}
    assert listed(ResultTable(columns, name="spend", kind="magnitude", dimensions=("centre",))) == {("amount", "A"): 12.5}
    with pytest.raises(InputError, match=r"patients of 12.5 for A: numbers of patients are whole"):
        listed(ResultTable(columns, name="activity", kind="count", dimensions=("centre",)))


def test_the_policy_may_name_the_dimensions():
    table = known.table([{"centre": "A", "sex": "F", "value": 40}], ("centre", "sex"))
    assert listed(table, policy=Policy(dimensions=("centre",))) == {("patients", "A"): 40}


def test_no_tables_have_no_figures():
    assert listed() == {}


def test_folding_keeps_rows_apart_and_in_order_however_large_the_codes():
    columns = [np.array([5, 5, 7, 5]), np.array([2**40, 0, 1, 2**40]), np.array([1, 2**40, 0, 1])]
    key = folded(columns, 4)
    assert key[0] == key[3]
    assert len(set(key.tolist())) == 3
    assert np.argsort(key, kind="stable").tolist() == [1, 0, 3, 2]


def test_a_label_does_not_change_what_is_counted():
    assert [quantity_of(name) for name in ("patients", "patients/residents/e1", "numerator/2")] == [
        "patients",
        "patients",
        "numerator",
    ]


def test_folding_does_not_run_over():
    """Without being folded again, 2**24 times 2**40 would be nought in 64 bits: two rows would be one."""
    columns = [np.array([0, 0, 0]), np.array([0, 2**24, 2**40]), np.array([0, 0, 2**40 - 1])]
    assert len(set(folded(columns, 3).tolist())) == 3
    assert folded([], 2).tolist() == [0, 0]


@pytest.mark.parametrize("value", [-1, 0.5])
def test_what_is_no_number_of_patients_is_refused_wherever_it_stands(value):
    with pytest.raises(InputError, match=rf"numerator of {value:g} for A alive"):
        listed(rates(denominator=[90, 90], numerator=[70, value], measure=["other", "alive"]))


def test_money_may_not_be_negative_and_nought_is_a_number():
    columns = {"centre": text(["A"]), "value": numbers([-0.5])}
    with pytest.raises(InputError, match=r"amount of -0\.5 for A"):
        listed(ResultTable(columns, name="spend", kind="magnitude", dimensions=("centre",)))
    assert listed(known.table([{"centre": "A", "value": 0}], ("centre",))) == {("patients", "A"): 0}


def test_more_met_than_there_are_is_refused():
    with pytest.raises(InputError, match="complement of -1 for A alive"):
        listed(rates(denominator=[90], numerator=[91]))


def test_a_share_that_is_shown_alone_has_its_numbers_behind_it():
    """The numbers are not marked as withheld, but the percentage says that they are there."""
    found = listed(rates(value=[0.5], denominator=[None], numerator=[None], not_known=[None]))
    assert {key[0] for key in found} == {"denominator", "numerator", "complement"}
    assert all(math.isnan(value) for value in found.values())


def test_patients_at_two_times_differ_by_centre_and_kind():
    """One centre's patients at five years differ: then its measure is kept apart for everybody in the table, and no other measure."""
    centre, measure = ["A", "A", "B", "B", "A"], ["alive@1y", "alive@5y", "alive@1y", "alive@5y", "well@1y"]
    columns = {"centre": text(centre), "measure": text(measure)}
    columns |= {"denominator": numbers([90, 80, 70, 70, 60]), "numerator": numbers([10, 20, 10, 20, 10])}
    found = listed(ResultTable(columns, name="outcomes", kind="rate", dimensions=("centre", "measure")))
    assert {key[1:] for key in found if key[0] == "denominator"} == {
        ("A", "alive@1y"), ("A", "alive@5y"), ("B", "alive@1y"), ("B", "alive@5y"), ("A", "well"),
    }  # fmt: skip


def test_numerators_are_of_their_time_whatever_the_patients():
    found = listed(rates(denominator=[90, 90], numerator=[10, 20], measure=["alive@1y", "alive@5y"]))
    assert {key[2]: value for key, value in found.items() if key[0] == "numerator"} == {"alive@1y": 10, "alive@5y": 20}


def test_a_rate_without_measures_is_read_as_it_stands():
    columns = {"centre": text(["A"]), "denominator": numbers([90]), "numerator": numbers([70])}
    found = listed(ResultTable(columns, name="outcomes", kind="rate", dimensions=("centre",)))
    assert found == {("denominator", "A"): 90, ("numerator", "A"): 70, ("complement", "A"): 20}


def test_codes_of_the_policy_are_known_even_where_no_table_has_them():
    policy = Policy(already_public=({"centre": "Z", "value": 3},), structural_zeros=({"centre": "Y"},))
    [codes] = read([known.table([{"centre": "A", "value": 40}], ("centre",))], policy).dimensions
    assert {"A", "Y", "Z", "Total"} == set(codes.names)


def test_a_summary_counts_its_patients_and_no_events():
    found = listed(rates(name="stay", kind="summary", denominator=[90], not_eligible=[6], not_known=[4]))
    assert {key[0] for key in found} == {"denominator", "not_eligible", "not_known"}


def test_access_without_areas_counts_patients():
    columns = {"measure": text(["per million"]), "numerator": numbers([40])}
    assert listed(ResultTable(columns, name="access", kind="exposure", dimensions=("measure",))) == {("patients", "patients"): 40}


def test_patients_that_are_withheld_at_one_time_are_those_of_the_other():
    """Nobody says that they differ: a reader takes the shown ones for the withheld ones."""
    table = rates(denominator=[90, None], numerator=[10, None], measure=["alive@1y", "alive@5y"])
    hidden = ResultTable({**table.columns, "status": text(["", "c"])}, "outcomes", "rate", ("centre", "measure"))
    assert {key[2] for key in listed(hidden) if key[0] == "denominator"} == {"alive"}


def test_a_dimension_that_a_table_lacks_stands_at_its_total_and_measure_at_none():
    by_sex = known.counts({("A", "F"): 31}, ("centre", "sex"))
    assert listed(known.counts({"A": 40}), by_sex) == {("patients", "A", "Total"): 40, ("patients", "A", "F"): 31}
    found = listed(known.counts({"A": 40}), rates(denominator=[90], numerator=[70]))
    assert found["patients", "A", ""] == 40


def test_a_table_without_dimensions_has_one_place():
    table = ResultTable({"value": numbers([40])}, name="activity", kind="count", dimensions=())
    assert listed(table) == {("patients",): 40}


def test_dimensions_are_found_by_their_name_and_families_numbered_as_they_come():
    figures = read([known.counts({("A", "F"): 31}, ("centre", "sex"))], Policy())
    assert [figures.position(name) for name in ("centre", "sex", "age_band")] == [0, 1, None]
    assert [figures.family_of(name) for name in ("patients", "amount", "patients/e1", "amount")] == [0, 1, 2, 1]
    assert figures.families == ["patients", "amount", "patients/e1"]
    assert figures.words(0) == "A F"


def test_percentages_alone_have_numbers_behind_them_in_the_rows_that_show_them_and_no_others():
    """Survival by Kaplan and Meier is no share, and a row that shows nothing has nothing behind it."""
    table = rates(value=[0.5, 0.5, None], denominator=[None] * 3, numerator=[None] * 3, measure=["alive", "well", "fit"])
    found = ResultTable({**table.columns, "method": text(["", "Kaplan-Meier", ""])}, "outcomes", "rate", ("centre", "measure"))
    assert {key[2] for key in listed(found)} == {"alive"}


def test_those_left_out_are_kept_back_by_themselves_where_a_row_shows_its_patients():
    found = listed(rates(denominator=[90, None], numerator=[70, None], not_known=[None, None], measure=["alive", "well"]))
    assert [key for key in found if key[0] == "not_known"] == [("not_known", "A", "alive")]
    assert math.isnan(found["not_known", "A", "alive"])
