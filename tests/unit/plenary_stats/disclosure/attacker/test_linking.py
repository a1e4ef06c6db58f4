"""Which sums a reader can form."""

import numpy as np
import pytest

from plenary_stats.disclosure import Policy, audit
from plenary_stats.disclosure.attacker.linking import link
from plenary_stats.disclosure.attacker.view import view_of
from plenary_stats.tables import ResultTable, text
from tests.unit.plenary_stats.disclosure import known
from tests.unit.plenary_stats.disclosure.known import counts
from tests.unit.plenary_stats.disclosure.scene import Reading, rate_of, said
from tests.unit.plenary_stats.disclosure.scenes import BY_REGION, REGIONS, SCENES, TO_TOTAL


def linked(*tables, policy: Policy | None = None, own: int | None = None):
    own = len(tables) if own is None else own
    view = view_of(tables[:own], policy or Policy(), tables[own:])
    link(view)
    return view


def keys(view) -> dict:
    return {(view.figures.families[view.family[cell]], view.codes(cell)): cell for cell in range(len(view))}


def read(view) -> Reading:
    names = [" ".join([quantity, *codes]) for quantity, codes in keys(view)]
    sums = (
        said(names[whole], [names[part] for part in parts], opened=bool(opened))
        for (whole, parts), opened in zip(view.sums, view.sums.open, strict=True)
    )
    published, absent, implied = (
        frozenset(names[cell] for cell in np.flatnonzero(marks)) for marks in (view.published, view.absent, view.implied)
    )
    return Reading(frozenset(sums), dict(zip(names, view.value.tolist(), strict=True)), published, absent, implied)


def sums(view) -> frozenset[str]:
    return read(view).sums


@pytest.mark.parametrize("name", SCENES)
def test_what_an_attacker_makes_of_a_scene(name):
    each = SCENES[name]
    each.check(read(linked(*each.tables, *each.before, policy=each.policy, own=len(each.tables))))


def test_a_hierarchy_may_have_two_complete_groupings():
    pairs = tuple(
        (child, parent)
        for parent, members in {"p": "ab", "q": "c", "x": "ac", "y": "b", "Total": "pqxy"}.items()
        for child in members
    )
    values = {"a": None, "b": 31, "c": None, "p": 71, "q": None, "x": 95, "y": None, "Total": None}
    found = known.ranges(audit([counts(values, ("area",))], Policy(hierarchies={"area": pairs})))
    assert found == {("a",): (40, 40), ("c",): (55, 55), ("q",): (55, 55), ("y",): (31, 31), ("Total",): (126, 126)}


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
    now = [rate_of("2024 to 2025", 40, 100, 6, 4, centre="A"), rate_of("2024 to 2025", 40, 90, 6, 4, centre="D", name="more")]
    assert [row for row in audit(now, Policy(), before).rows() if row["centre"] == "D"] == []


def test_what_tells_of_the_data_is_no_leak_of_a_year():
    names = ("period", "measure")
    columns = {"period": text(["2024 to 2025"]), "measure": text(["alive"]), "denominator": np.array([200.0])}
    pool = ResultTable(columns | {"not_known": np.array([7.0])}, "outcomes", "summary", names)
    columns |= {"period": text(["2024"]), "denominator": np.array([100.0]), "not_known": np.array([5.0])}
    assert audit([pool], Policy(), [ResultTable(columns, "outcomes", "summary", names)]).rows() == []


def test_a_group_that_is_everybody_in_a_pool_is_so_in_its_years():
    """A sum of one part: 90 of 90 are women, 40 of them in 2024, so all 40 of 2024 are women, and all 50 of 2025."""
    pool = counts({("F", "2024 to 2025"): 90, ("Total", "2024 to 2025"): 90}, ("sex", "period"))
    found = sums(linked(pool, counts({("F", "2024"): 40}, ("sex", "period")), own=1))
    assert "patients Total 2024 = patients F 2024" in found
    assert "patients Total 2025 = patients F 2025" in found


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
    pool = rate_of("2024 to 2025", 40, 100, 6, 4, centre="A"), rate_of("2024 to 2025", 40, 90, 6, 4, centre="D", name="more")
    view = linked(*pool, *before, own=2)
    nobody = {(view.quantity(cell), *view.codes(cell)[::2], view.value[cell]) for cell in np.flatnonzero(view.absent)}
    assert nobody == {
        (quantity, "2024", "D", 0.0)
        for quantity in ("patients", "denominator", "numerator", "complement", "not_eligible", "not_known")
    }


@pytest.mark.parametrize("policy", [BY_REGION, TO_TOTAL])
@pytest.mark.parametrize("dimensions", [("centre",), ("service", "centre")])
def test_regions_add_up_where_no_centre_is_listed(policy, dimensions):
    """The West has one centre and the North two; no table lists them: 52 less the West's 40 are the North's all the same."""
    told = {(*["s"][: len(dimensions) - 1], code): value for code, value in (("North", None), ("West", 40), ("Total", 52))}
    found = known.ranges(audit([counts(told, dimensions)], policy))
    assert list(found.values()) == [(12, 12)]


def test_a_region_without_listed_centres_has_all_and_one_with_some_has_those():
    """Of the North A alone has the service: its region's number is its own. Of the West nobody is listed: it is still counted."""
    told = {("s", "A"): None, ("s", "North"): 12, ("s", "West"): None, ("s", "Total"): 52, ("t", "B"): 60, ("t", "C"): 60}
    found = known.ranges(audit([counts(told, ("service", "centre"))], BY_REGION))
    assert found == {("s", "A"): (12, 12), ("s", "West"): (40, 40)}


def test_regions_of_two_services_are_the_regions_of_both():
    told = {("s", "North"): None, ("s", "West"): 40, ("t", "North"): 31, ("Total", "North"): 43, ("Total", "West"): None}
    found = known.ranges(audit([counts(told, ("service", "centre"))], BY_REGION))
    assert found == {("s", "North"): (12, 12), ("Total", "West"): (40, 40)}


def test_a_pool_is_its_years_even_where_nothing_else_is_said_of_them():
    """That A's years are told apart splits D's pool too; both of D's years stand nowhere else, and are listed for what they are."""
    now = counts({("A", "2024 to 2025"): 90, ("D", "2024 to 2025"): 31}, ("centre", "period"))
    view = linked(now, counts({("A", "2024"): 40, ("D", "2025"): None}, ("centre", "period")), own=1)
    assert "patients D 2024 to 2025 = patients D 2024 + patients D 2025" in sums(view)
    alone = linked(now, counts({("A", "2024"): 40, ("A", "2025"): None}, ("centre", "period")), own=1)
    assert "patients D 2024 to 2025 = patients D 2024 + patients D 2025" in sums(alone)


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


def test_the_year_of_a_region_is_that_of_its_centres_though_only_its_pool_was_published():
    """The North had 90 in two years; A and B, which are all of it, 80 in 2020: ten are left for 2019, in no table at all."""
    pool = counts({("North", "2019 to 2020"): 90, ("West", "2019 to 2020"): 90}, ("centre", "period"))
    year = counts({("A", "2020"): 40, ("B", "2020"): 40, ("C", "2020"): 50}, ("centre", "period"))
    assert "patients North 2020 = patients A 2020 + patients B 2020" in sums(linked(pool, year, policy=BY_REGION, own=1))
    found = audit([pool], BY_REGION, [year]).rows()
    assert {row["centre"]: (row["low"], row["high"]) for row in found if row["period"] == "2019"} == {"North": (10, 10)}


def test_a_total_that_counts_others_in_a_pool_counts_others_in_its_years():
    """Of the pool's 300 A and B have 150: the total counts somebody else, so that of 2020 is no sum of A's and B's either."""
    pool = {("A", "2019 to 2020"): 90, ("B", "2019 to 2020"): 60, ("Total", "2019 to 2020"): 300}
    view = linked(counts(pool, ("centre", "period")), counts({("A", "2020"): 40}, ("centre", "period")), policy=BY_REGION, own=1)
    assert not [each for each in sums(view) if each.startswith("patients Total 2020 ")]


def test_a_quarter_of_a_region_is_that_of_its_centre_though_no_table_has_either():
    """C is the West. It had 40 in 2019/20 and 50 in both years; so the West's 30 of 2019 are no more than C had till April and since."""
    now = counts({("C", "2019/20"): 40, ("C", "2019 to 2020"): 50}, ("centre", "period"))
    view = linked(now, counts({("West", "2019"): 30}, ("centre", "period")), policy=BY_REGION, own=1)
    assert {"patients West 2019-01 to 2019-03 = patients C 2019-01 to 2019-03"} <= sums(view)


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
