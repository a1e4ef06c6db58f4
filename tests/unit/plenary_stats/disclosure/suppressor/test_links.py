"""What the suppressor ties together: the scenes that the attacker reads too, and what is its own."""

import math

import numpy as np
import pytest

from plenary_stats.disclosure import Policy
from plenary_stats.disclosure.suppressor.links import by_row, dimensions_of, facts, gather, link
from plenary_stats.errors import InputError
from plenary_stats.tables import ResultTable, text
from tests.unit.plenary_stats.disclosure import known
from tests.unit.plenary_stats.disclosure.known import counts, outcome
from tests.unit.plenary_stats.disclosure.scene import Reading, access, said
from tests.unit.plenary_stats.disclosure.scenes import BY_REGION, CROSSING, SCENES


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


def test_groups_whose_centres_stand_in_no_table_are_sums_of_them_all_the_same():
    """a is in p and in x, c in q and in x: what is shown of the four groups tells of each other through them."""
    told = {("s", "p"): 71, ("s", "q"): 55, ("s", "x"): 95, ("s", "y"): None}
    assert sums(linked(counts(told, ("service", "centre")), policy=CROSSING)) == {
        "patients s p = patients s a + patients s b",
        "patients s q = patients s c",
        "patients s x = patients s a + patients s c",
        "patients s y = patients s b",
        "patients s Total = patients s p + patients s q",
        "patients s Total = patients s x + patients s y",
    }


def test_one_group_by_itself_and_one_part_of_two_tell_nothing():
    """What an unpublished cell that stands nowhere else could always satisfy is no sum; with one more sum of it, it is."""
    only = Policy(hierarchies={"centre": (("A", "North"), ("B", "North"))})
    assert sums(linked(counts({"North": 52}), policy=only)) == set()
    assert sums(linked(counts({"North": 52, "Total": 52}), policy=only)) == {"patients Total = patients North"}
    both = {("North", "F"): 52, ("North", "Total"): 90, ("A", "F"): 31, ("B", "Total"): 40}
    found = sums(linked(counts(both, ("centre", "sex")), policy=only))
    assert "patients North F = patients A F + patients B F" in found
    assert "patients North Total = patients A Total + patients B Total" in found


def test_the_roots_of_a_margin_are_the_codes_that_are_in_no_other():
    """C is in no region: it stands beside North in the total, and A and B do not."""
    only = Policy(hierarchies={"centre": (("A", "North"), ("B", "North"))})
    found = sums(linked(counts(dict.fromkeys(["A", "B", "C", "North", "Total"])), policy=only))
    assert found == {"patients North = patients A + patients B", "patients Total = patients C + patients North"}


def test_a_total_of_which_no_part_is_listed_is_no_sum():
    assert sums(linked(counts({"Total": 52}))) == set()
    assert sums(linked(counts({"A": 52}))) == set()


def test_each_number_comes_with_its_row_its_column_and_its_place():
    made = outcome([("survival@1y", 70, 90, 6, 4)])
    found = list(facts(made, 3, ("centre", "measure")))
    assert [(fact.role, fact.key[0], fact.value) for fact in found] == [
        ("denominator", "denominator", 90), ("numerator", "numerator", 70), ("not_eligible", "not_eligible", 6),
        ("not_known", "not_known", 4), ("complement", "complement", 20),
    ]  # fmt: skip
    assert {(fact.table, fact.row, fact.place) for fact in found} == {(3, 0, ("A", "survival@1y"))}
    timed = {fact.role: fact.key[1][1] for fact in found}
    assert timed == {
        "denominator": "survival", "numerator": "survival@1y", "not_eligible": "survival", "not_known": "survival",
        "complement": "survival@1y",
    }  # fmt: skip


def test_rows_are_put_together_again_from_their_cells():
    tables = [counts({"A": 40, "B": 50}), outcome([("alive", 70, 90, 6, 4)])]
    cells, found = gather(tables, dimensions_of(tables, Policy()), 2)
    rows = by_row(cells, found)
    assert set(rows) == {(0, 0), (0, 1), (1, 0)}
    assert set(rows[0, 1]) == {"value"}
    assert set(rows[1, 0]) == {"denominator", "numerator", "complement", "not_eligible", "not_known"}
    assert cells.keys[rows[1, 0]["complement"]] == ("complement", ("A", "alive"))


def test_patients_counted_in_areas_where_no_table_has_areas_are_patients():
    columns = {"centre": text(["A", "Total"]), "numerator": np.array([40.0, 90.0]), "value": np.array([2.0, 1.0])}
    cells = linked(ResultTable(columns, "access", "exposure", ("centre",)))
    assert {key[0] for key in cells.keys} == {"patients"}


def test_where_nothing_is_told_of_a_row_it_has_no_cells():
    """No value and no mark: the number was never collected. With a mark it was, and is withheld."""
    blank = ResultTable({"centre": text(["A"]), "value": np.array([math.nan])}, "t", "count", ("centre",))
    assert linked(blank).keys == []
    hidden = linked(counts({"A": None}))
    assert hidden.keys == [("patients", ("A",))]
    assert hidden.published == [True]


def test_a_centre_that_came_changes_the_total_though_both_totals_are_withheld():
    """B is listed in this edition and not in the last: their totals count others, and A is A."""
    now, before = counts({"A": 40, "B": None, "Total": None}), counts({"A": 40, "Total": None})
    cells = linked(now, before, own=1)
    assert {quantity for quantity, place in cells.keys if place == ("Total",)} == {"patients", "patients/e1"}
    assert [quantity for quantity, place in cells.keys if place == ("A",)] == ["patients"]
    same = linked(now, counts({"A": 40, "B": None, "Total": None}), own=1)
    assert {quantity for quantity, _ in same.keys} == {"patients"}


def test_a_region_of_an_edition_by_region_is_the_sum_of_the_centres_of_another():
    now, before = counts({"North": None, "West": 40}), counts({"A": 31, "B": None, "C": None})
    found = sums(linked(now, before, own=1, policy=BY_REGION))
    assert found == {"patients North = patients A + patients B", "patients West = patients C"}


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
