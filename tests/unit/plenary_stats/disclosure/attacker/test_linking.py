"""Which sums a reader can form."""

import math

import numpy as np
import pytest

from plenary_stats.disclosure import Policy, audit
from plenary_stats.disclosure.attacker.linking import link
from plenary_stats.disclosure.attacker.view import view_of
from plenary_stats.tables import ResultTable, text
from tests.unit.plenary_stats.disclosure import known
from tests.unit.plenary_stats.disclosure.known import counts, outcome


def linked(*tables, policy: Policy | None = None, own: int | None = None):
    own = len(tables) if own is None else own
    view = view_of(tables[:own], policy or Policy(), tables[own:])
    link(view)
    return view


def sums(view) -> set:
    def name(cell):
        return " ".join([view.figures.families[view.family[cell]], *view.codes(cell)])

    return {(name(whole), *sorted(map(name, parts))) for whole, parts in view.sums}


def keys(view) -> dict:
    return {(view.figures.families[view.family[cell]], view.codes(cell)): cell for cell in range(len(view))}


def test_a_margin_is_the_sum_of_all_codes_that_occur():
    assert sums(linked(counts({"A": 40, "B": 50, "Total": 90}, ("centre",)))) == {("patients Total", "patients A", "patients B")}


def test_centres_add_up_within_their_own_service():
    cells = linked(counts({("s", "A"): 40, ("s", "Total"): 40, ("t", "B"): 50, ("t", "Total"): 50}, ("service", "centre")))
    assert sums(cells) == {("patients s Total", "patients s A"), ("patients t Total", "patients t B")}


def test_tables_are_linked_where_a_dimension_is_lacking():
    by_sex = counts({("A", "F"): 30, ("A", "M"): 40}, ("centre", "sex"))
    assert sums(linked(counts({"A": 70}, ("centre",)), by_sex)) == {("patients A Total", "patients A F", "patients A M")}


def test_an_unused_dimension_stands_at_its_total():
    assert len(linked(counts({("A", ""): 70, ("A", "Total"): 70}, ("centre", "sex")))) == 1


def test_a_hierarchy_may_have_two_complete_groupings():
    pairs = tuple(
        (child, parent)
        for parent, members in {"p": "ab", "q": "c", "x": "ac", "y": "b", "Total": "pqxy"}.items()
        for child in members
    )
    values = {"a": None, "b": 31, "c": None, "p": 71, "q": None, "x": 95, "y": None, "Total": None}
    found = known.ranges(audit([counts(values, ("area",))], Policy(hierarchies={"area": pairs})))
    assert found == {("a",): (40, 40), ("c",): (55, 55), ("q",): (55, 55), ("y",): (31, 31), ("Total",): (126, 126)}


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
    assert cells.sums.open.tolist() == [True]


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
    assert cells.value[keys(cells)["patients", ("2024", "A")]] == 41
    assert cells.value[keys(cells)["patients/e1", ("2024", "A")]] == 40
    assert math.isnan(cells.value[keys(cells)["patients", ("2024", "Total")]])


def test_a_rate_is_met_and_not_met_and_its_patients_are_the_rest_besides():
    activity = counts({("A", "patients"): 100}, ("centre", "measure"))
    assert sums(linked(activity, outcome([("survival", 70, 90, 6, 4)]))) == {
        ("denominator A survival", "complement A survival", "numerator A survival"),
        ("patients A patients", "denominator A survival", "not_eligible A survival", "not_known A survival"),
    }


def test_a_rate_at_several_times_is_of_the_same_patients():
    cells = linked(outcome([("survival@1y", 10, 90, 6, 4), ("survival@5y", 20, 90, 6, 4)]))
    assert [key for key in keys(cells) if key[0] == "denominator"] == [("denominator", ("A", "survival"))]


def test_unless_they_are_not():
    cells = linked(outcome([("survival@1y", 10, 90, 6, 4), ("survival@5y", 20, 80, 6, 14)]))
    assert {key[1][1] for key in keys(cells) if key[0] == "denominator"} == {"survival@1y", "survival@5y"}
    assert ("denominator A survival@5y", "complement A survival@5y", "numerator A survival@5y") in sums(cells)


def test_people_counted_for_access_are_the_activity_table_s():
    activity = counts({("North", "patients"): 40}, ("area", "measure"))
    columns = {"area": text(["North"]), "measure": text(["rate_per_million"])}
    columns |= {"numerator": np.array([40.0]), "denominator": np.array([2e6]), "value": np.array([20.0])}
    cells = linked(activity, ResultTable(columns, name="access", kind="exposure", dimensions=("area", "measure")))
    assert list(keys(cells)) == [("patients", ("North", "patients"))]


def test_a_summary_has_patients_but_no_events():
    cells = linked(outcome([("stay", 12, 90, 0, 0)], "summary"))
    assert {key[0] for key in keys(cells)} == {"patients", "denominator", "not_eligible", "not_known"}


def test_a_correction_of_one_centre_leaves_the_others_what_they_were():
    now = counts({("A", "w"): 12, ("A", "Total"): 40, ("B", "Total"): 29, ("Total", "Total"): 69}, ("centre", "sex"))
    before = counts({("A", "w"): None, ("A", "Total"): 40, ("B", "Total"): 31, ("Total", "Total"): 71}, ("centre", "sex"))
    cells = linked(now, before, own=1)
    assert ("patients/e1", ("A", "Total")) not in keys(cells)
    assert ("patients/e1", ("A", "w")) not in keys(cells)
    assert cells.value[keys(cells)["patients/e1", ("B", "Total")]] == 31
    assert ("patients/e1 Total Total", "patients A Total", "patients/e1 B Total") in sums(cells)


def test_those_not_eligible_may_be_withheld_in_a_row_that_is_shown():
    activity = counts({("A", "patients"): 100}, ("centre", "measure"))
    cells = linked(activity, outcome([("survival", 70, 90, math.nan, 4)]))
    hidden = keys(cells)["not_eligible", ("A", "survival")]
    assert cells.published[hidden]
    assert math.isnan(cells.value[hidden])
    assert (
        "patients A patients",
        "denominator A survival",
        "not_eligible A survival",
        "not_known A survival",
    ) in sums(cells)


def test_a_row_without_patients_says_nothing_of_the_others():
    cells = linked(outcome([("survival", math.nan, math.nan, math.nan, 4)]))
    assert {key[0] for key in keys(cells)} == {"not_known"}


def test_what_adds_up_in_a_pool_adds_up_in_its_years_and_no_list_means_nobody():
    """D opened in 2025: it stands in no list of 2024, so the pool's are all of 2025."""
    last = counts({("A", "2024"): 40, ("Total", "2024"): 40}, ("centre", "period"))
    now = counts({("A", "2024 to 2025"): 90, ("D", "2024 to 2025"): None, ("Total", "2024 to 2025"): 121}, ("centre", "period"))
    view = linked(now, last, own=1)
    numbers = keys(view)
    assert view.value[numbers["patients", ("D", "2024")]] == 0
    assert view.absent[numbers["patients", ("D", "2024")]]
    assert view.implied[numbers["patients", ("D", "2025")]]
    assert ("patients Total 2025", "patients A 2025", "patients D 2025") in sums(view)


def test_a_calendar_year_less_a_financial_one():
    """40 in 2019; 38 in 2019/20, whose last quarter alone had 8: so January to March 2019 had 10."""
    told = {"2019": 40, "2019/20": 38, "2020-Q1": 8}
    found = {row["period"]: (row["low"], row["high"]) for row in audit([counts(told, ("period",))], Policy()).rows()}
    assert found["2019-01 to 2019-03"] == (10, 10)
    assert "2019-04 to 2019-12" not in found, "30 is not small"


def test_a_service_s_centres_make_its_regions_even_where_the_region_has_others_elsewhere():
    pairs = (("A", "R"), ("B", "R"), ("C", "R"))
    told = {("s", "A"): None, ("s", "B"): 40, ("s", "R"): 52, ("t", "C"): 60}
    found = known.ranges(audit([counts(told, ("service", "centre"))], Policy(hierarchies={"centre": pairs})))
    assert found == {("s", "A"): (12, 12)}


def test_a_list_of_some_parts_leaves_room_for_the_others():
    policy = Policy(hierarchies={"area": (("n1", "N"), ("n2", "N"))})
    found = known.ranges(audit([counts({"n1": None, "N": 52}, ("area",))], policy))
    assert found == {("n1",): (0, 52)}


def test_without_anything_there_is_nothing_to_add_up():
    assert sums(linked(own=0)) == set()


def test_this_edition_s_figures_are_added_up_by_themselves_too():
    """An earlier edition had a group more, which this one no longer knows: the total is that of the groups of today."""
    now, before = counts({"F": None, "M": 40, "Total": 52}, ("sex",)), counts({"F": None, "M": None, "U": None}, ("sex",))
    found = {row["sex"]: (row["low"], row["high"]) for row in audit([now], Policy(), [before]).rows()}
    assert found["F"] == (12, 12)


def test_a_centre_of_other_services_is_nobody_s_here_wherever_it_stands_in_the_alphabet():
    pairs = (("A", "R"), ("B", "R"), ("C", "R"))
    told = {("s", "B"): None, ("s", "C"): 40, ("s", "R"): 52, ("t", "A"): 60}
    assert known.ranges(audit([counts(told, ("service", "centre"))], Policy(hierarchies={"centre": pairs}))) == {
        ("s", "B"): (12, 12)
    }


def test_what_adds_up_in_a_shown_pool_adds_up_in_its_years_and_what_does_not_does_not():
    def view(total):
        pool = {("F", "2024 to 2025"): 90, ("M", "2024 to 2025"): 60, ("Total", "2024 to 2025"): total}
        return linked(
            counts(pool, ("sex", "period")), counts({("F", "2024"): 40, ("Total", "2024"): 70}, ("sex", "period")), own=1
        )

    year = ("patients Total 2025", "patients F 2025", "patients M 2025")
    assert year in sums(view(150))
    assert year not in sums(view(160))


def test_the_lists_of_one_service_say_nothing_of_another():
    dimensions = ("service", "centre", "period")
    last = counts({("s", "A", "2024"): 40, ("t", "D", "2024"): 50, ("t", "A", "2024"): None}, dimensions)
    pool = {(service, centre, "2024 to 2025"): None for service in "st" for centre in "AD"}
    view = linked(counts(pool, dimensions), last, own=1)
    absent = {view.codes(cell) for cell in np.flatnonzero(view.absent)}
    assert absent == {("s", "D", "2024")}
    assert all(view.value[cell] == 0 for cell in np.flatnonzero(view.absent))
    assert {place[:2] for place in map(view.codes, np.flatnonzero(view.implied))} == {
        ("s", "A"),
        ("s", "D"),
        ("t", "A"),
        ("t", "D"),
    }


def rate_of(period, *values, centre="Total"):
    """Numerator, denominator, not eligible, not known of one period; None: withheld."""
    names = ("numerator", "denominator", "not_eligible", "not_known")
    columns = {"period": text([period]), "measure": text(["alive"]), "centre": text([centre])}
    columns |= {name: np.array([value], dtype=float) for name, value in zip(names, values, strict=True)}
    columns["status"] = text(["c" if None in values else ""])
    return ResultTable(columns, name="outcomes", kind="rate", dimensions=("period", "measure", "centre"))


@pytest.mark.parametrize("by_year", [True, False])
@pytest.mark.parametrize("pooled", [(40, 85, 6, 4), (None, None, None, None)])
def test_the_years_of_a_rate_are_years_of_its_patients(by_year, pooled):
    """95 in both years; 70 of 2024, be it by the rate alone: so 25 in 2025, whatever the pooled rate withholds."""
    activity = counts({("2024 to 2025", "patients"): 95}, ("period", "measure"))
    before = [rate_of("2024", 30, 60, 6, 4)]
    before += [counts({("2024", "patients"): 70}, ("period", "measure"))] if by_year else []
    found = audit([activity, rate_of("2024 to 2025", *pooled)], Policy(), before).rows()
    told = {row["quantity"]: (row["low"], row["high"], row["verdict"]) for row in found if row["period"] == "2025"}
    assert told["patients"] == (25, 25, "exact")
    assert ("denominator" in told) == (pooled[0] is not None)


def test_patients_of_a_year_whose_list_leaves_their_centre_out_are_none_and_no_leak():
    """D stands in no table of 2024: all its patients are of 2025, and that it had nobody before is no secret."""
    before = [rate_of("2024", 30, 60, 6, 4, centre="A")]
    now = [rate_of("2024 to 2025", 40, 100, 6, 4, centre="A"), rate_of("2024 to 2025", 40, 90, 6, 4, centre="D")]
    assert [row for row in audit([now[0], _renamed(now[1])], Policy(), before).rows() if row["centre"] == "D"] == []


def _renamed(table):
    return ResultTable(table.columns, name="more", kind=table.kind, dimensions=table.dimensions)


def test_what_tells_of_the_data_is_no_leak_of_a_year():
    names = ("period", "measure")
    columns = {"period": text(["2024 to 2025"]), "measure": text(["alive"]), "denominator": np.array([200.0])}
    pool = ResultTable(columns | {"not_known": np.array([7.0])}, "outcomes", "summary", names)
    columns |= {"period": text(["2024"]), "denominator": np.array([100.0]), "not_known": np.array([5.0])}
    assert audit([pool], Policy(), [ResultTable(columns, "outcomes", "summary", names)]).rows() == []


def test_a_pool_of_one_more_than_its_groups_counts_somebody_else():
    """A gap of one is a patient of no listed group: what adds up in the pool but for one need not add up in its years."""
    pool = {("F", "2024 to 2025"): 90, ("M", "2024 to 2025"): 60, ("Total", "2024 to 2025"): 151}
    last = counts({("F", "2024"): 40, ("Total", "2024"): 70}, ("sex", "period"))
    found = sums(linked(counts(pool, ("sex", "period")), last, own=1))
    assert ("patients Total 2025", "patients F 2025", "patients M 2025") not in found


def test_a_group_that_is_everybody_in_a_pool_is_so_in_its_years():
    """A sum of one part: 90 of 90 are women, 40 of them in 2024, so all 40 of 2024 are women, and all 50 of 2025."""
    pool = counts({("F", "2024 to 2025"): 90, ("Total", "2024 to 2025"): 90}, ("sex", "period"))
    found = sums(linked(pool, counts({("F", "2024"): 40}, ("sex", "period")), own=1))
    assert ("patients Total 2024", "patients F 2024") in found
    assert ("patients Total 2025", "patients F 2025") in found


def test_a_centre_that_only_follows_from_its_region_stands_in_no_list():
    """R's women of 2024 are A's: D had none. That D follows from R is no row of a list, so D's pool is all of 2025."""
    policy = Policy(hierarchies={"centre": (("A", "R"), ("D", "R"))})
    dimensions = ("centre", "sex", "period")
    last = counts({("A", "F", "2024"): 40, ("R", "F", "2024"): 40, ("A", "Total", "2024"): 70}, dimensions)
    now = counts({("A", "Total", "2024 to 2025"): 90, ("D", "Total", "2024 to 2025"): None}, dimensions)
    view = linked(now, last, policy=policy, own=1)
    absent = {view.codes(cell) for cell in np.flatnonzero(view.absent)}
    assert ("D", "Total", "2024") in absent
    assert view.value[keys(view)["patients", ("D", "Total", "2024")]] == 0


def test_of_two_pools_each_tells_of_its_own_years():
    """The groups are everybody in the first pool and not in the second: they are in the years of the first alone."""
    dimensions = ("sex", "period")
    now = {("F", "2024 to 2025"): 90, ("M", "2024 to 2025"): 60, ("Total", "2024 to 2025"): 150}
    now |= {("F", "2026 to 2027"): 90, ("M", "2026 to 2027"): 60, ("Total", "2026 to 2027"): 160}
    last = {(sex, year): value for year in ("2024", "2026") for sex, value in (("F", 40), ("Total", 70))}
    found = sums(linked(counts(now, dimensions), counts(last, dimensions), own=1))
    assert ("patients Total 2025", "patients F 2025", "patients M 2025") in found
    assert ("patients Total 2027", "patients F 2027", "patients M 2027") not in found


def test_a_year_of_patients_that_only_a_rate_tells_is_given_away_with_it():
    """60 of 70 known in 2024, 85 of 95 in both years: 25 patients in 2025, though no table counts patients at all."""
    found = audit([rate_of("2024 to 2025", 40, 85, 6, 4)], Policy(), [rate_of("2024", 30, 60, 6, 4)]).rows()
    told = {row["quantity"]: (row["low"], row["high"]) for row in found if row["period"] == "2025"}
    assert told == {"denominator": (25, 25), "patients": (25, 25)}


@pytest.mark.parametrize("sex", ["F", "Total"])
def test_a_service_s_centres_are_its_own_whatever_stands_before_it(sex):
    """The region has a third centre, of another service: that of this one are A and B, in whichever column the service stands."""
    told = {(sex, "s", "A"): None, (sex, "s", "B"): 40, (sex, "s", "R"): 52, (sex, "t", "C"): 60}
    told |= {("M", "t", "C"): 40}
    policy = Policy(hierarchies={"centre": (("A", "R"), ("B", "R"), ("C", "R"))})
    assert known.ranges(audit([counts(told, ("sex", "service", "centre"))], policy)) == {(sex, "s", "A"): (12, 12)}


def test_groups_of_centres_that_are_not_listed_overlap_all_the_same():
    """p and q are everybody, and so are x and y; a (in p and x) is listed for no service: 71 + 55 less 95 leaves 31 for y."""
    pairs = tuple(
        (child, parent)
        for parent, members in {"p": "ab", "q": "c", "x": "ac", "y": "b", "Total": "pqxy"}.items()
        for child in members
    )
    values = {("s", "p"): 71, ("s", "q"): 55, ("s", "x"): 95, ("s", "y"): None}
    found = known.ranges(audit([counts(values, ("service", "centre"))], Policy(hierarchies={"centre": pairs})))
    assert found == {("s", "y"): (31, 31)}


def test_a_centre_s_list_counts_whatever_the_breakdown():
    """D stands in the list of 2024 in all, not by sex: that its women of the pool were of 2025 alone nobody can tell."""
    dimensions = ("centre", "period", "sex")
    last = counts({("A", "2024", "F"): 40, ("D", "2024", "Total"): None}, dimensions)
    now = counts({("A", "2024 to 2025", "F"): 90, ("D", "2024 to 2025", "F"): 31, ("D", "2024 to 2025", "M"): 40}, dimensions)
    view = linked(now, last, own=1)
    assert not view.absent.any()
    assert view.implied[keys(view)["patients", ("D", "2024", "F")]]


def test_a_part_of_all_that_a_region_counts_may_be_of_centres_without_a_list():
    """Of all services together A alone is listed: its region may have B's patients too."""
    policy = Policy(hierarchies={"centre": (("A", "R"), ("B", "R"))})
    told = {("Total", "A"): None, ("Total", "R"): 52, ("s", "B"): 40}
    assert known.ranges(audit([counts(told, ("service", "centre"))], policy)) == {("Total", "A"): (0, 52)}


def test_what_adds_up_in_a_pool_adds_up_in_its_years_wherever_the_period_stands():
    now = counts({("2024 to 2025", "F"): 90, ("2024 to 2025", "M"): 60, ("2024 to 2025", "Total"): 150}, ("period", "sex"))
    last = counts({("2024", "F"): 40, ("2024", "Total"): 70}, ("period", "sex"))
    assert ("patients 2025 Total", "patients 2025 F", "patients 2025 M") in sums(linked(now, last, own=1))


@pytest.mark.parametrize("lacking", ["not_eligible", "not_known"])
def test_a_rate_that_does_not_say_who_is_left_out_says_nothing_of_all_patients(lacking):
    activity = counts({("A", "patients"): 100}, ("centre", "measure"))
    made = outcome([("survival", 70, 90, 6, 4)])
    columns = {name: column for name, column in made.columns.items() if name != lacking}
    cells = linked(activity, ResultTable(columns, "outcomes", "rate", made.dimensions))
    assert sums(cells) == {("denominator A survival", "complement A survival", "numerator A survival")}


def test_patients_of_a_published_rate_are_not_a_piece_of_a_pool():
    """All of 2024 and of both years stand in the rate's own rows; only 2025 is worked out."""
    view = linked(rate_of("2024 to 2025", 40, 85, 6, 4), rate_of("2024", 30, 60, 6, 4), own=1)
    assert {view.codes(cell)[0] for cell in np.flatnonzero(view.implied)} == {"2025"}
    assert {view.quantity(cell) for cell in np.flatnonzero(view.implied)} == {
        "denominator",
        "numerator",
        "complement",
        "patients",
    }


def test_of_a_centre_without_a_list_even_the_patients_that_a_rate_counts_are_none():
    before = [rate_of("2024", 30, 60, 6, 4, centre="A")]
    pool = rate_of("2024 to 2025", 40, 100, 6, 4, centre="A"), _renamed(rate_of("2024 to 2025", 40, 90, 6, 4, centre="D"))
    view = linked(*pool, *before, own=2)
    nobody = {(view.quantity(cell), *view.codes(cell)[::2], view.value[cell]) for cell in np.flatnonzero(view.absent)}
    assert nobody == {
        (quantity, "2024", "D", 0.0)
        for quantity in ("patients", "denominator", "numerator", "complement", "not_eligible", "not_known")
    }


REGIONS = (("A", "North"), ("B", "North"), ("C", "West"))


@pytest.mark.parametrize("pairs", [REGIONS, (*REGIONS, ("North", "Total"), ("West", "Total"))])
@pytest.mark.parametrize("dimensions", [("centre",), ("service", "centre")])
def test_regions_add_up_where_no_centre_is_listed(pairs, dimensions):
    """The West has one centre and the North two; no table lists them: 52 less the West's 40 are the North's all the same."""
    told = {(*["s"][: len(dimensions) - 1], code): value for code, value in (("North", None), ("West", 40), ("Total", 52))}
    found = known.ranges(audit([counts(told, dimensions)], Policy(hierarchies={"centre": pairs})))
    assert list(found.values()) == [(12, 12)]


def test_a_region_without_listed_centres_has_all_and_one_with_some_has_those():
    """Of the North A alone has the service: its region's number is its own. Of the West nobody is listed: it is still counted."""
    told = {("s", "A"): None, ("s", "North"): 12, ("s", "West"): None, ("s", "Total"): 52, ("t", "B"): 60, ("t", "C"): 60}
    found = known.ranges(audit([counts(told, ("service", "centre"))], Policy(hierarchies={"centre": REGIONS})))
    assert found == {("s", "A"): (12, 12), ("s", "West"): (40, 40)}


def test_regions_of_two_services_are_the_regions_of_both():
    told = {("s", "North"): None, ("s", "West"): 40, ("t", "North"): 31, ("Total", "North"): 43, ("Total", "West"): None}
    found = known.ranges(audit([counts(told, ("service", "centre"))], Policy(hierarchies={"centre": REGIONS})))
    assert found == {("s", "North"): (12, 12), ("Total", "West"): (40, 40)}


def test_a_pool_is_its_years_even_where_nothing_else_is_said_of_them():
    """That A's years are told apart splits D's pool too; both of D's years stand nowhere else, and are listed for what they are."""
    now = counts({("A", "2024 to 2025"): 90, ("D", "2024 to 2025"): 31}, ("centre", "period"))
    view = linked(now, counts({("A", "2024"): 40, ("D", "2025"): None}, ("centre", "period")), own=1)
    assert ("patients D 2024 to 2025", "patients D 2024", "patients D 2025") in sums(view)
    alone = linked(now, counts({("A", "2024"): 40, ("A", "2025"): None}, ("centre", "period")), own=1)
    assert ("patients D 2024 to 2025", "patients D 2024", "patients D 2025") in sums(alone)


def pool_of_d(*before, policy=None):
    """50 of D in two years, 40 of them in 2020: what is said of 2019, ten patients, besides whatever was published before."""
    now = counts({("D", "2019 to 2020"): 50, ("D", "2020"): 40}, ("centre", "period"))
    found = audit([now], policy or Policy(hierarchies={"centre": (*REGIONS, ("D", "North"))}), before).rows()
    return {row["centre"]: (row["low"], row["high"], row["verdict"]) for row in found if row["period"] == "2019"}


def test_a_list_of_regions_leaves_no_centre_out():
    """That 2019 was published by region says nothing of whether D was there: it is not taken for a list without D."""
    ten = {"D": (10, 10, "exact")}
    assert pool_of_d() == ten
    assert pool_of_d(counts({("North", "2019"): 90, ("West", "2019"): 90}, ("centre", "period"))) == ten


def test_figures_are_believed_before_a_list_that_leaves_a_centre_out():
    """A alone was listed in 2019, and D had ten all the same, as its own two figures say."""
    plain = Policy()
    assert pool_of_d(counts({("A", "2019"): 90}, ("centre", "period")), policy=plain) == {"D": (10, 10, "exact")}
    view = linked(
        counts({("D", "2019 to 2020"): 50, ("D", "2020"): 50}, ("centre", "period")),
        counts({("A", "2019"): 90}, ("centre", "period")),
        own=1,
    )
    assert view.value[keys(view)["patients", ("D", "2019")]] == 0, "where nothing speaks against it, the list holds"
    assert view.absent.sum() == 1


def test_a_region_had_somebody_where_one_of_its_centres_is_listed_and_nobody_where_none_is():
    policy = Policy(hierarchies={"centre": REGIONS})
    now = counts({("North", "2019 to 2020"): 90, ("West", "2019 to 2020"): 90}, ("centre", "period"))
    view = linked(now, counts({("A", "2019"): None}, ("centre", "period")), policy=policy, own=1)
    absent = {view.codes(cell) for cell in np.flatnonzero(view.absent)}
    assert absent == {("West", "2019")}


def test_those_not_known_of_a_year_that_a_list_denied_are_no_leak():
    """Whatever a list says and the figures deny: what is taken back is listed where it counts patients, not else."""
    pool, year = rate_of("2019 to 2020", 60, 100, 6, 4, centre="D"), rate_of("2020", 30, 60, 6, 2, centre="D")
    before = rate_of("2019", 30, 60, 6, 4, centre="A")
    view = linked(pool, _renamed(year), before, own=2)
    implied = {view.quantity(cell) for cell in np.flatnonzero(view.implied)}
    assert {"denominator", "numerator", "complement"} <= implied
    assert not {"not_known", "not_eligible"} & implied


def test_the_year_of_a_region_is_that_of_its_centres_though_only_its_pool_was_published():
    """The North had 90 in two years; A and B, which are all of it, 80 in 2020: ten are left for 2019, in no table at all."""
    policy = Policy(hierarchies={"centre": REGIONS})
    pool = counts({("North", "2019 to 2020"): 90, ("West", "2019 to 2020"): 90}, ("centre", "period"))
    year = counts({("A", "2020"): 40, ("B", "2020"): 40, ("C", "2020"): 50}, ("centre", "period"))
    assert ("patients North 2020", "patients A 2020", "patients B 2020") in sums(linked(pool, year, policy=policy, own=1))
    found = audit([pool], policy, [year]).rows()
    assert {row["centre"]: (row["low"], row["high"]) for row in found if row["period"] == "2019"} == {"North": (10, 10)}


def test_a_total_that_counts_others_in_a_pool_counts_others_in_its_years():
    """Of the pool's 300 A and B have 150: the total counts somebody else, so that of 2020 is no sum of A's and B's either."""
    policy = Policy(hierarchies={"centre": REGIONS})
    pool = {("A", "2019 to 2020"): 90, ("B", "2019 to 2020"): 60, ("Total", "2019 to 2020"): 300}
    view = linked(counts(pool, ("centre", "period")), counts({("A", "2020"): 40}, ("centre", "period")), policy=policy, own=1)
    assert not [each for each in sums(view) if each[0] == "patients Total 2020"]


def test_a_quarter_of_a_region_is_that_of_its_centre_though_no_table_has_either():
    """C is the West. It had 40 in 2019/20 and 50 in both years; so the West's 30 of 2019 are no more than C had till April and since."""
    policy = Policy(hierarchies={"centre": REGIONS})
    now = counts({("C", "2019/20"): 40, ("C", "2019 to 2020"): 50}, ("centre", "period"))
    view = linked(now, counts({("West", "2019"): 30}, ("centre", "period")), policy=policy, own=1)
    assert {("patients West 2019-01 to 2019-03", "patients C 2019-01 to 2019-03")} <= sums(view)


def test_one_patient_whom_a_list_denies_is_enough():
    """Forty-nine of D's fifty were of 2020, so one was of 2019, where A alone is listed."""
    now = counts({("D", "2019 to 2020"): 50, ("D", "2020"): 49}, ("centre", "period"))
    found = audit([now], Policy(), [counts({("A", "2019"): 90}, ("centre", "period"))]).rows()
    assert [(row["centre"], row["period"], row["low"], row["high"]) for row in found] == [("D", "2019", 1, 1)]


def test_parts_that_are_shown_are_believed_before_a_list_that_leaves_their_whole_out():
    """A list of 2018 and 2019 together lacks D, of whom one woman was shown in 2019: then D had one."""
    dimensions = ("centre", "period", "sex")
    now = counts({("D", "2019 to 2020", sex): value for sex, value in (("F", 40), ("M", 40), ("Total", 80))}, dimensions)
    year = counts({("D", "2019", "F"): 1, ("D", "2019", "M"): 0}, dimensions)
    pool = counts({("A", "2018 to 2019", "Total"): 90}, dimensions)
    view = linked(now, year, pool, own=1)
    assert not view.absent[keys(view)["patients", ("D", "2019", "Total")]]
    found = {
        (row["centre"], row["period"], row["sex"]): (row["low"], row["high"])
        for row in audit([now], Policy(), [year, pool]).rows()
    }
    assert found["D", "2019", "Total"] == (1, 1)


@pytest.mark.parametrize(("dimension", "code"), [("sex", "F"), ("centre", "Total")])
def test_only_centres_can_be_left_out_of_a_list(dimension, code):
    """That of 2025 nobody counted women, or all centres together, does not mean that there were none."""
    now = counts({(code, "2024 to 2025"): None, ("X", "2024 to 2025"): 90}, (dimension, "period"))
    last = counts({(code, "2024"): 40, ("X", "2025"): 50}, (dimension, "period"))
    view = linked(now, last, own=1)
    assert not view.absent.any()
    assert view.implied[keys(view)["patients", (code, "2025")]]
