import math

import numpy as np
import pytest

from plenary_stats.disclosure import Policy
from plenary_stats.disclosure.suppressor.links import dimensions_of, gather, link
from plenary_stats.errors import InputError
from plenary_stats.tables import ResultTable, text
from tests.unit.plenary_stats.disclosure import known
from tests.unit.plenary_stats.disclosure.known import counts, outcome


def linked(*tables, policy: Policy | None = None, own: int | None = None):
    policy = policy or Policy()
    pairs = policy.hierarchies.get("centre", ())
    cells, _ = gather(tables, dimensions_of(tables, policy), len(tables) if own is None else own, pairs)
    link(cells, policy)
    return cells


def sums(cells) -> set:
    def name(number):
        quantity, place = cells.keys[number]
        return " ".join([quantity, *place])

    return {(name(each.whole), *sorted(map(name, each.parts))) for each in cells.sums}


def test_a_margin_is_the_sum_of_all_codes_that_occur():
    assert sums(linked(counts({"A": 40, "B": 50, "Total": 90}, ("centre",)))) == {("patients Total", "patients A", "patients B")}


def test_centres_add_up_within_their_own_service():
    cells = linked(counts({("s", "A"): 40, ("s", "Total"): 40, ("t", "B"): 50, ("t", "Total"): 50}, ("service", "centre")))
    assert sums(cells) == {("patients s Total", "patients s A"), ("patients t Total", "patients t B")}


def test_tables_are_linked_where_a_dimension_is_lacking():
    by_sex = counts({("A", "F"): 30, ("A", "M"): 40}, ("centre", "sex"))
    assert sums(linked(counts({"A": 70}, ("centre",)), by_sex)) == {("patients A Total", "patients A F", "patients A M")}


def test_an_unused_dimension_stands_at_its_total():
    assert len(linked(counts({("A", ""): 70, ("A", "Total"): 70}, ("centre", "sex"))).keys) == 1


def test_a_hierarchy_may_have_two_complete_groupings():
    pairs = tuple(
        (child, parent)
        for parent, members in {"p": "ab", "q": "c", "x": "ac", "y": "b", "Total": "pqxy"}.items()
        for child in members
    )
    rows = dict.fromkeys([*"abc", *"pqxy", "Total"])
    cells = linked(counts(rows, ("area",)), policy=Policy(hierarchies={"area": pairs}))
    assert {("patients Total", "patients p", "patients q"), ("patients Total", "patients x", "patients y")} <= sums(cells)
    assert ("patients Total", "patients p", "patients q", "patients x", "patients y") not in sums(cells)


def test_pooled_years_are_made_of_their_years():
    cells = linked(counts({"2024": 40, "2025": None, "2024 to 2025": 90}, ("period",)))
    assert sums(cells) == {("patients 2024 to 2025", "patients 2024", "patients 2025")}


def test_pooled_financial_years_too():
    cells = linked(counts({"2023/24": 40, "2024/25": None, "2023/24 to 2024/25": 90}, ("period",)))
    assert sums(cells) == {("patients 2023/24 to 2024/25", "patients 2023/24", "patients 2024/25")}


def test_a_span_that_no_year_is_given_for_is_one_period():
    assert sums(linked(counts({"2024-2025": 40}, ("period",)))) == set()


def test_a_total_that_the_shown_parts_exceed_is_no_total():
    assert sums(linked(counts({"A": 40, "B": 50, "Total": 80}, ("centre",)))) == set()


def test_a_total_of_more_than_its_parts_is_open():
    cells = linked(counts({"A": 40, "B": 50, "Total": 95}, ("centre",)))
    assert [each.open for each in cells.sums] == [True]


def test_two_figures_for_one_cell_are_refused():
    with pytest.raises(InputError, match="Two figures for one cell: 40 and 50 for A"):
        linked(known.table([{"centre": "A", "value": 40}, {"centre": "A", "value": 50}], ("centre",)))


@pytest.mark.parametrize("value", [-1, 12.5])
def test_patients_are_whole_and_not_negative(value):
    with pytest.raises(InputError, match="for A: numbers of patients are whole"):
        linked(counts({"A": value}, ("centre",)))


def test_a_table_with_a_total_of_its_own_keeps_its_sums_and_its_links():
    """Equity of access counts England alone; activity counts everybody. The regions are the same cells."""
    everybody = counts({"North": 40, "South": 50, "Wales": None, "Total": 99}, ("area",), "activity")
    england = counts({"North": 40, "South": 50, "Total": 90}, ("area",), "access")
    cells = linked(everybody, england)
    assert sums(cells) == {
        ("patients Total", "patients North", "patients South", "patients Wales"),
        ("patients/1 Total", "patients North", "patients South"),
    }


def test_a_corrected_edition_is_a_system_of_its_own():
    now = counts({("2024", "A"): 41, ("2024", "Total"): None}, ("period", "centre"))
    before = counts({("2024", "A"): 40, ("2024", "Total"): 70, ("2024", "B"): None}, ("period", "centre"))
    cells = linked(now, before, own=1)
    assert cells.value[cells.number["patients", ("2024", "A")]] == 41
    assert cells.value[cells.number["patients/e1", ("2024", "A")]] == 40
    assert math.isnan(cells.value[cells.number["patients", ("2024", "Total")]])


def test_a_rate_is_met_and_not_met_and_its_patients_are_the_rest_besides():
    activity = counts({("A", "patients"): 100}, ("centre", "measure"))
    assert sums(linked(activity, outcome([("survival", 70, 90, 6, 4)]))) == {
        ("denominator A survival", "complement A survival", "numerator A survival"),
        ("patients A patients", "denominator A survival", "not_eligible A survival", "not_known A survival"),
    }


def test_a_rate_at_several_times_is_of_the_same_patients():
    cells = linked(outcome([("survival@1y", 10, 90, 6, 4), ("survival@5y", 20, 90, 6, 4)]))
    assert [key for key in cells.keys if key[0] == "denominator"] == [("denominator", ("A", "survival"))]


def test_unless_they_are_not():
    cells = linked(outcome([("survival@1y", 10, 90, 6, 4), ("survival@5y", 20, 80, 6, 14)]))
    assert {key[1][1] for key in cells.keys if key[0] == "denominator"} == {"survival@1y", "survival@5y"}
    assert ("denominator A survival@5y", "complement A survival@5y", "numerator A survival@5y") in sums(cells)


def test_people_counted_for_access_are_the_activity_table_s():
    activity = counts({("North", "patients"): 40}, ("area", "measure"))
    columns = {"area": text(["North"]), "measure": text(["rate_per_million"])}
    columns |= {"numerator": np.array([40.0]), "denominator": np.array([2e6]), "value": np.array([20.0])}
    cells = linked(activity, ResultTable(columns, name="access", kind="exposure", dimensions=("area", "measure")))
    assert cells.keys == [("patients", ("North", "patients"))]


def test_a_summary_has_patients_but_no_events():
    cells = linked(outcome([("stay", 12, 90, 0, 0)], "summary"))
    assert {key[0] for key in cells.keys} == {"patients", "denominator", "not_eligible", "not_known"}


def test_a_correction_of_one_centre_leaves_the_others_what_they_were():
    now = counts({("A", "w"): 12, ("A", "Total"): 40, ("B", "Total"): 29, ("Total", "Total"): 69}, ("centre", "sex"))
    before = counts({("A", "w"): None, ("A", "Total"): 40, ("B", "Total"): 31, ("Total", "Total"): 71}, ("centre", "sex"))
    cells = linked(now, before, own=1)
    assert ("patients/e1", ("A", "Total")) not in cells.number
    assert ("patients/e1", ("A", "w")) not in cells.number
    assert cells.value[cells.number["patients/e1", ("B", "Total")]] == 31
    assert ("patients/e1 Total Total", "patients A Total", "patients/e1 B Total") in sums(cells)


def test_those_not_eligible_may_be_withheld_in_a_row_that_is_shown():
    activity = counts({("A", "patients"): 100}, ("centre", "measure"))
    cells = linked(activity, outcome([("survival", 70, 90, math.nan, 4)]))
    hidden = cells.number["not_eligible", ("A", "survival")]
    assert cells.published[hidden]
    assert not cells.known(hidden)
    assert (
        "patients A patients",
        "denominator A survival",
        "not_eligible A survival",
        "not_known A survival",
    ) in sums(cells)


def test_a_row_without_patients_says_nothing_of_the_others():
    cells = linked(outcome([("survival", math.nan, math.nan, math.nan, 4)]))
    assert {key[0] for key in cells.keys} == {"not_known"}


REGIONS = Policy(hierarchies={"centre": (("A", "North"), ("B", "North"), ("C", "West"))})


def test_an_edition_by_region_lists_the_same_centres_as_one_by_centre():
    now = counts({("2024", "North"): 70, ("2024", "West"): 40, ("2024", "Total"): None}, ("period", "centre"))
    before = counts({("2024", "A"): None, ("2024", "B"): None, ("2024", "C"): 40, ("2024", "Total"): 110}, ("period", "centre"))
    cells = linked(now, before, own=1, policy=REGIONS)
    assert cells.value[cells.number["patients", ("2024", "Total")]] == 110
    assert ("patients/e1", ("2024", "Total")) in linked(now, before, own=1).number


def test_a_region_whose_centres_changed_counts_others():
    now = {("2024", "A"): 70, ("2024", "B"): None, ("2024", "North"): None, ("2024", "C"): 40, ("2024", "West"): 40}
    before = {("2024", "A"): 70, ("2024", "North"): 70, ("2024", "C"): 40, ("2024", "West"): 40}
    cells = linked(counts(now, ("period", "centre")), counts(before, ("period", "centre")), own=1, policy=REGIONS)
    assert cells.value[cells.number["patients/e1", ("2024", "North")]] == 70
    assert ("patients/e1", ("2024", "West")) not in cells.number


@pytest.mark.parametrize("lacking", ["not_eligible", "not_known"])
def test_a_rate_that_does_not_say_who_is_left_out_says_nothing_of_all_patients(lacking):
    activity = counts({("A", "patients"): 100}, ("centre", "measure"))
    made = outcome([("survival", 70, 90, 6, 4)])
    columns = {name: column for name, column in made.columns.items() if name != lacking}
    cells = linked(activity, ResultTable(columns, "outcomes", "rate", made.dimensions))
    assert sums(cells) == {("denominator A survival", "complement A survival", "numerator A survival")}


def test_what_adds_up_in_a_pool_adds_up_in_its_years_wherever_the_period_stands():
    now = counts({("2024 to 2025", "F"): 90, ("2024 to 2025", "M"): 60, ("2024 to 2025", "Total"): 150}, ("period", "sex"))
    last = counts({("2024", "F"): 40, ("2024", "Total"): 70}, ("period", "sex"))
    assert ("patients 2025 Total", "patients 2025 F", "patients 2025 M") in sums(linked(now, last, own=1))


def test_a_pool_of_one_more_than_its_groups_counts_somebody_else():
    pool = {("F", "2024 to 2025"): 90, ("M", "2024 to 2025"): 60, ("Total", "2024 to 2025"): 151}
    last = counts({("F", "2024"): 40, ("Total", "2024"): 70}, ("sex", "period"))
    found = sums(linked(counts(pool, ("sex", "period")), last, own=1))
    assert ("patients Total 2025", "patients F 2025", "patients M 2025") not in found


def test_of_two_pools_each_tells_of_its_own_years():
    dimensions = ("sex", "period")
    now = {("F", "2024 to 2025"): 90, ("M", "2024 to 2025"): 60, ("Total", "2024 to 2025"): 150}
    now |= {("F", "2026 to 2027"): 90, ("M", "2026 to 2027"): 60, ("Total", "2026 to 2027"): 160}
    last = {(sex, year): value for year in ("2024", "2026") for sex, value in (("F", 40), ("Total", 70))}
    found = sums(linked(counts(now, dimensions), counts(last, dimensions), own=1))
    assert ("patients Total 2025", "patients F 2025", "patients M 2025") in found
    assert ("patients Total 2027", "patients F 2027", "patients M 2027") not in found


@pytest.mark.parametrize("service", [(), ("s",)])
def test_regions_add_up_where_no_centre_is_listed(service):
    """The North and the West are everybody; a centre that stands in no table is no part of the sums."""
    pairs = (*REGIONS.hierarchies["centre"], ("North", "Total"), ("West", "Total"))
    told = {(*service, code): value for code, value in (("North", None), ("West", 40), ("Total", 52))}
    dimensions = ("service", "centre") if service else ("centre",)
    named = " ".join(["patients", *service])
    for policy in (REGIONS, Policy(hierarchies={"centre": pairs})):
        found = sums(linked(counts(told, dimensions), policy=policy))
        assert (f"{named} Total", f"{named} North", f"{named} West") in found


def test_levels_of_a_scale_are_everybody_whose_outcome_is_known_at_each_centre_and_scale():
    rows = [("grade@none", 40, 70, 0, 0), ("grade@mild", 30, 70, 0, 0), ("pain@none", 60, 70, 0, 0)]
    found = sums(linked(outcome(rows, "levels")))
    assert ("denominator A grade", "numerator A grade@mild", "numerator A grade@none") in found
    assert ("denominator A pain", "numerator A pain@none") in found
    assert not [
        each for each in sums(linked(outcome(rows))) if "numerator A grade@mild" in each and "complement" not in str(each)
    ]


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


def test_two_tables_of_one_edition_that_differ_are_no_correction_of_one_another():
    cells = linked(counts({"A": 40, "Total": 40}), counts({"A": 40, "Total": 45}, ("centre",), "u"))
    assert cells.value[cells.number["patients", ("Total",)]] == 40
    assert cells.value[cells.number["patients/1", ("Total",)]] == 45
    assert cells.aliases == {("patients/1", ("A",)): cells.number["patients", ("A",)]}


def test_of_three_editions_each_corrected_one_has_its_own_name():
    editions = [counts({"A": value, "Total": value}) for value in (40, 41, 42)]
    cells = linked(*editions, own=1)
    assert [cells.value[cells.number[name, ("A",)]] for name in ("patients", "patients/e1", "patients/e2")] == [40, 41, 42]


def test_access_counts_residents_and_its_total_is_its_own():
    columns = {"area": text(["N", "Total"]), "measure": text(["per million"] * 2)}
    columns |= {"numerator": np.array([40.0, 90.0]), "denominator": np.array([2e6, 5e6]), "value": np.array([20.0, 18.0])}
    cells = linked(ResultTable(columns, name="access", kind="exposure", dimensions=("area", "measure")))
    assert set(cells.keys) == {("patients", ("N", "patients")), ("patients/residents", ("Total", "patients"))}
    assert cells.aliases == {("patients/residents", ("N", "patients")): cells.number["patients", ("N", "patients")]}


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
