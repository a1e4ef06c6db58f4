"""What a reader has before any sum along a dimension: cells, what is known of them, and the rows' own accounts."""

import numpy as np
import pytest

from plenary_stats.disclosure import Policy
from plenary_stats.disclosure.attacker.view import view_of
from plenary_stats.tables import ResultTable, numbers, text
from tests.unit.plenary_stats.disclosure import known


def counts(values, name="t"):
    return known.table([{"centre": centre, "value": value} for centre, value in values.items()], ("centre",), name)


def rates(rows, kind="rate"):
    measure, met, of = zip(*rows, strict=True)
    columns = {"centre": text(["A"] * len(rows)), "measure": text(measure), "numerator": numbers(met), "denominator": numbers(of)}
    return ResultTable(columns, name="outcomes", kind=kind, dimensions=("centre", "measure"))


def named(view, sums):
    def name(cell):
        return " ".join([view.quantity(cell), *view.codes(cell)])

    return {(name(whole), *sorted(map(name, parts))) for whole, parts in sums}


def test_what_one_table_shows_another_need_not_hide():
    view = view_of([counts({"A": None, "B": 50}), counts({"A": 40}, "u")], Policy())
    assert {view.codes(cell): view.value[cell] for cell in range(len(view))} == {("A",): 40, ("B",): 50}


def test_earlier_figures_are_not_of_this_edition():
    view = view_of([counts({"A": 40})], Policy(), [counts({"B": 50})])
    assert {view.codes(cell)[0]: bool(view.own[cell]) for cell in range(len(view))} == {"A": True, "B": False}


def test_numerator_and_complement_are_the_denominator_and_know_it():
    view = view_of([rates([("alive", 70, 90)])], Policy())
    assert named(view, view.account) == {("denominator A alive", "complement A alive", "numerator A alive")}
    whole = {view.quantity(cell): view.whole[cell] for cell in range(len(view))}
    assert whole["numerator"] == whole["complement"] == [view.quantity(cell) for cell in range(len(view))].index("denominator")
    assert whole["denominator"] == -1


def test_levels_are_together_everybody():
    view = view_of([rates([("grade@none", 40, 70), ("grade@mild", 30, 70)], "levels")], Policy())
    assert ("denominator A grade", "numerator A grade@mild", "numerator A grade@none") in named(view, view.account)


@pytest.mark.parametrize(("told", "value"), [({"A": None}, 12), ({"A": 40}, 40), ({"B": 40}, 12)])
def test_what_is_public_elsewhere_fills_what_is_not_told(told, value):
    view = view_of([counts(told)], Policy(already_public=({"centre": "A", "value": 12},)))
    cell = next(cell for cell in range(len(view)) if view.codes(cell) == ("A",))
    assert view.value[cell] == value
    assert view.published[cell]


def test_places_that_everybody_knows_to_be_empty_hold_nobody():
    rows = [{"centre": centre, "sex": sex, "value": None} for centre in "AB" for sex in "FM"]
    policy = Policy(structural_zeros=({"centre": "A", "sex": "F"}, {"ward": "1"}))
    view = view_of([known.table(rows, ("centre", "sex"))], policy)
    found = {view.codes(cell): view.value[cell] for cell in range(len(view))}
    assert found["A", "F"] == 0
    assert all(np.isnan(value) for place, value in found.items() if place != ("A", "F"))


def test_new_cells_stand_in_no_table():
    view = view_of([counts({"A": 40})], Policy())
    family, code = int(view.family[0]), view.figures.dimensions[0].number["Total"]
    view.grow([(family, code)])
    view.grow([], [])
    assert view.codes(1) == ("Total",)
    assert (view.published.tolist(), view.named.tolist(), view.whole.tolist()) == ([True, False], [0, 1], [-1, -1])


def outcomes(rows, kind="rate", dimensions=("centre", "measure"), **more):
    """Rows of (centre, measure, numerator, denominator)."""
    centre, measure, met, of = zip(*rows, strict=True)
    columns = {"centre": text(centre), "measure": text(measure), "numerator": numbers(met), "denominator": numbers(of)} | more
    return ResultTable(columns, name="outcomes", kind=kind, dimensions=dimensions)


def test_an_entry_of_the_register_counts_patients_wherever_it_says_nothing_else():
    """Of a table with measures, a public number of patients stands at the measure patients and at the total of what it leaves out."""
    rows = [{"centre": "A", "sex": sex, "measure": "patients", "value": None} for sex in ("F", "Total")]
    activity = known.table(rows, ("centre", "sex", "measure"))
    view = view_of([activity], Policy(already_public=({"centre": "A", "value": 12},)))
    found = {view.codes(cell): view.value[cell] for cell in range(len(view))}
    assert found["A", "Total", "patients"] == 12
    assert np.isnan(found["A", "F", "patients"])
    assert len(found) == 2


def test_an_entry_may_be_of_another_quantity():
    entry = {"quantity": "numerator", "centre": "A", "measure": "alive", "value": 3}
    view = view_of([outcomes([("A", "alive", None, 90)], status=text(["c"]))], Policy(already_public=(entry,)))
    found = {view.quantity(cell): view.value[cell] for cell in range(len(view))}
    assert (found["numerator"], found["denominator"]) == (3, 90)
    assert {view.quantity(cell): told for cell, told in view.elsewhere.items()} == {"numerator": 3}


def test_what_a_table_tells_is_believed_before_the_register_which_is_kept_all_the_same():
    view = view_of([counts({"A": 40})], Policy(already_public=({"centre": "A", "value": 12},)))
    assert view.value.tolist() == [40]
    assert view.elsewhere == {0: 12}


def test_a_place_known_to_be_empty_covers_what_its_entry_leaves_out_and_shown_figures_stand():
    rows = [{"centre": centre, "sex": sex, "value": 7 if sex == "M" else None} for centre in "AB" for sex in "FM"]
    view = view_of([known.table(rows, ("centre", "sex"))], Policy(structural_zeros=({"centre": "A"},)))
    found = {view.codes(cell): view.value[cell] for cell in range(len(view))}
    assert found["A", "F"] == 0
    assert found["A", "M"] == found["B", "M"] == 7
    assert np.isnan(found["B", "F"])


def test_a_row_without_its_denominator_has_no_account():
    lone = outcomes([("A", "alive", None, None), ("B", "alive", 70, 90)])
    view = view_of([lone], Policy())
    assert named(view, view.account) == {("denominator B alive", "complement B alive", "numerator B alive")}


def test_tables_without_rates_have_no_accounts():
    assert len(view_of([counts({"A": 40})], Policy()).account) == 0
    columns = {"centre": text(["A"]), "measure": text(["stay"]), "denominator": numbers([90])}
    assert len(view_of([ResultTable(columns, "outcomes", "summary", ("centre", "measure"))], Policy()).account) == 0


def test_the_numerator_of_each_centre_knows_its_own_denominator():
    view = view_of([outcomes([("A", "alive", None, 60), ("B", "alive", None, 90)], status=text(["c", "c"]))], Policy())
    wholes = {
        (view.quantity(cell), view.codes(cell)[0]): view.value[view.whole[cell]] for cell in np.flatnonzero(view.whole >= 0)
    }
    assert wholes == {("numerator", "A"): 60, ("complement", "A"): 60, ("numerator", "B"): 90, ("complement", "B"): 90}


def test_the_levels_of_each_centre_are_its_own_and_a_scale_without_measures_has_one():
    rows = [("A", "grade@none", 40, 70), ("A", "grade@mild", 30, 70), ("B", "grade@none", 50, 50), ("A", "pain@none", 60, 70)]
    view = view_of([outcomes(rows, "levels")], Policy())
    scales = {each for each in named(view, view.account) if "complement" not in " ".join(each)}
    assert scales == {
        ("denominator A grade", "numerator A grade@mild", "numerator A grade@none"),
        ("denominator B grade", "numerator B grade@none"),
        ("denominator A pain", "numerator A pain@none"),
    }
    columns = {"centre": text(["A"]), "numerator": numbers([40]), "denominator": numbers([70])}
    plain = view_of([ResultTable(columns, "scale", "levels", ("centre",))], Policy())
    assert ("denominator A", "numerator A") in named(plain, plain.account)


def test_a_rate_is_no_scale():
    view = view_of([rates([("alive@1y", 70, 90), ("alive@5y", 60, 90)])], Policy())
    assert all("complement" in " ".join(each) for each in named(view, view.account))


def test_of_two_tables_of_one_edition_the_first_is_believed_and_the_other_stands_apart():
    view = view_of([counts({"A": 40, "Total": 40}), counts({"A": 40, "Total": 45}, "u")], Policy())
    found = {(view.figures.families[view.family[cell]], *view.codes(cell)): view.value[cell] for cell in range(len(view))}
    assert found == {("patients", "A"): 40, ("patients", "Total"): 40, ("patients/1", "Total"): 45}
    assert view.names[view.named == 0].shape[0] == 2, "A goes by both names"


def test_new_cells_may_be_told_their_numbers():
    view = view_of([counts({"A": 40})], Policy())
    code = view.figures.dimensions[0].number["Total"]
    view.grow([(int(view.family[0]), code)], [7.0])
    assert view.value.tolist() == [40, 7]
    assert (view.own.tolist(), view.implied.tolist(), view.absent.tolist()) == ([True, False], [False] * 2, [False] * 2)


def test_a_numerator_that_is_left_out_unmarked_leaves_no_account_and_no_whole():
    view = view_of([outcomes([("A", "alive", None, 90), ("B", "alive", None, 60)])], Policy())
    assert len(view.account) == 0
    assert set(view.whole.tolist()) == {-1}
    assert [view.quantity(cell) for cell in range(len(view))] == ["denominator"] * 2
