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
