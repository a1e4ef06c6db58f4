"""What the suppressor ties together: the scenes that the attacker reads too, and what is its own."""

import math

import numpy as np
import pytest

from plenary_stats.disclosure import Policy
from plenary_stats.disclosure.suppressor.links import dimensions_of, gather, link
from plenary_stats.errors import InputError
from plenary_stats.tables import ResultTable, text
from tests.unit.plenary_stats.disclosure import known
from tests.unit.plenary_stats.disclosure.known import counts, outcome
from tests.unit.plenary_stats.disclosure.scene import Reading, access, said
from tests.unit.plenary_stats.disclosure.scenes import SCENES


def linked(*tables, policy: Policy | None = None, own: int | None = None):
    policy = policy or Policy()
    pairs = policy.hierarchies.get("centre", ())
    cells, _ = gather(tables, dimensions_of(tables, policy), len(tables) if own is None else own, pairs)
    link(cells, policy)
    return cells


def read(cells) -> Reading:
    names = [" ".join([quantity, *place]) for quantity, place in cells.keys]
    published = (name for name, listed in zip(names, cells.published, strict=True) if listed)
    return Reading(
        frozenset(said(names[each.whole], [names[part] for part in each.parts], opened=each.open) for each in cells.sums),
        dict(zip(names, cells.value, strict=True)),
        frozenset(published),
        frozenset(names[cell] for cell in cells.absent),
        frozenset(names[cell] for cell in cells.implied),
    )


def sums(cells) -> frozenset[str]:
    return read(cells).sums


@pytest.mark.parametrize("name", SCENES)
def test_what_the_suppressor_makes_of_a_scene(name):
    each = SCENES[name]
    each.check(read(linked(*each.tables, *each.before, policy=each.policy, own=len(each.tables))))


def test_a_hierarchy_may_have_two_complete_groupings():
    pairs = tuple(
        (child, parent)
        for parent, members in {"p": "ab", "q": "c", "x": "ac", "y": "b", "Total": "pqxy"}.items()
        for child in members
    )
    rows = dict.fromkeys([*"abc", *"pqxy", "Total"])
    found = sums(linked(counts(rows, ("area",)), policy=Policy(hierarchies={"area": pairs})))
    assert {"patients Total = patients p + patients q", "patients Total = patients x + patients y"} <= found
    assert len([each for each in found if each.startswith("patients Total")]) == 2


def test_two_figures_for_one_cell_are_refused():
    with pytest.raises(InputError, match="Two figures for one cell: 40 and 50 for A"):
        linked(known.table([{"centre": "A", "value": 40}, {"centre": "A", "value": 50}], ("centre",)))


@pytest.mark.parametrize("value", [-1, 12.5])
def test_patients_are_whole_and_not_negative(value):
    with pytest.raises(InputError, match="for A: numbers of patients are whole"):
        linked(counts({"A": value}, ("centre",)))


def test_the_order_of_rows_and_of_tables_changes_no_sum():
    cells = {
        (sex, area): 31 + order
        for order, (sex, area) in enumerate((s, a) for s in ("F", "M", "Total") for a in ("N", "S", "Total"))
    }
    one = counts(cells, ("sex", "area"))
    other = counts(dict(reversed(cells.items())), ("sex", "area"))
    more = counts({"N": 31, "S": 32}, ("area",), "u")
    assert sums(linked(one, more)) == sums(linked(more, other))


def test_the_policy_names_the_dimensions_and_what_a_table_lacks_stands_at_its_total():
    policy = Policy(dimensions=("centre",))
    table = counts({("A", "Total"): 40, ("B", "Total"): 50}, ("centre", "remark"))
    assert dimensions_of([table], policy) == ("centre",)
    assert dimensions_of([counts({"A": 40}), table], Policy()) == ("centre", "remark")
    assert linked(table, policy=policy).keys == [("patients", ("A",)), ("patients", ("B",))]


def test_more_met_than_there_are_and_negative_money_are_refused():
    with pytest.raises(InputError, match="complement of -1 for A survival: numbers of patients are whole and not negative"):
        linked(outcome([("survival", 91, 90, 0, 0)]))
    money = ResultTable({"centre": text(["A"]), "value": np.array([-0.5])}, "spend", "magnitude", ("centre",))
    with pytest.raises(InputError, match=r"amount of -0.5 for A: amounts are not negative: enter a correction"):
        linked(money)


def test_figures_of_an_edition_before_are_not_of_this_one():
    cells = linked(counts({"A": 40}), counts({"A": 40, "B": 50}), own=1)
    assert {cells.keys[number][1][0] for number in cells.own} == {"A"}
    assert all(cells.published)


def test_an_area_counted_for_access_is_the_same_cell_by_its_other_name():
    cells = linked(access({"N": 40.0, "Total": 90.0}))
    assert cells.aliases == {("patients/residents", ("N", "patients")): cells.number["patients", ("N", "patients")]}


def test_what_two_tables_share_goes_by_both_their_names():
    cells = linked(counts({"A": 40, "Total": 40}), counts({"A": 40, "Total": 45}, name="u"))
    assert cells.aliases == {("patients/1", ("A",)): cells.number["patients", ("A",)]}


@pytest.mark.parametrize(
    ("measure", "found"),
    [
        ("ascertainment", {("expected", "ascertainment"), ("received", "ascertainment"), ("missing", "ascertainment")}),
        ("complete-records", {("patients", "patients"), ("complete", "complete-records"), ("incomplete", "complete-records")}),
        ("alive", {("eligible", "alive"), ("denominator", "alive"), ("not_known", "alive")}),
    ],
)
def test_completeness_is_read_for_what_it_says(measure, found):
    made = outcome([(measure, 70, 90, math.nan, math.nan)])
    columns = {name: column for name, column in made.columns.items() if not name.startswith("not_")}
    cells = linked(ResultTable(columns, "completeness", "rate", made.dimensions))
    assert {(key[0], key[1][1]) for key in cells.keys} == found
