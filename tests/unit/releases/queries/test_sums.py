"""The sums of a number: margins, groups of a hierarchy, pooled years, and those with and without an outcome."""

import pytest

from plenary.releases.queries.sums import sums_of
from plenary.releases.terms import Reviewed, Rule, SumSeen, Term
from plenary_stats.tables import RESULT_DIMENSIONS


def row(kind="count", table="activity", rule=None, after=None, **place):
    """A row of one service; what a place leaves out stands at its margin."""
    usual = {
        "service": "lam",
        "centre": "Total",
        "area": "Total",
        "sex": "",
        "age_band": "",
        "period": "2025",
        "measure": "patients",
    }
    assert set(usual) == set(RESULT_DIMENSIONS)
    return Reviewed(table, kind, usual | place, {}, after or {}, "c" if rule else "", "", (), rule)


def small(**place):
    return row(rule=Rule.PATIENTS, **place)


TOTAL = row(after={"value": 100.0})
A, B, C = small(centre="A"), row(centre="B", after={"value": 60.0}), small(centre="C")


def codes(found: SumSeen):
    return found.quantity, found.dimension, found.whole.code, [(part.code, part.figure) for part in found.parts]


def test_a_centre_stands_in_the_sum_of_all_centres():
    [found] = sums_of([TOTAL, A, B, C], A, {})
    assert codes(found) == ("patients", "centre", "Total", [("A", None), ("B", 60.0), ("C", None)])
    assert found.whole == Term("Total", 100.0, TOTAL)
    assert found.left == 40.0
    assert found.parts[2].row is C


def test_the_total_stands_in_it_too_and_what_is_left_of_a_withheld_one_is_not_known():
    hidden = small()
    [found] = sums_of([hidden, A, B], hidden, {})
    assert found.whole == Term("Total", None, hidden)
    assert found.left is None


def test_other_tables_measures_years_and_places_are_no_part_of_it():
    others = [
        small(centre="D", period="2024"),
        small(centre="E", measure="referrals"),
        small(centre="F", sex="female"),
        row(centre="G", table="access", after={"value": 1.0}),
    ]
    [found] = sums_of([TOTAL, A, B, *others], A, {})
    assert [part.code for part in found.parts] == ["A", "B"]


def test_a_blank_is_a_margin_like_the_total():
    women, men, everybody = small(centre="A", sex="female"), small(centre="A", sex="male"), row(centre="A", after={"value": 40.0})
    [found] = sums_of([everybody, women, men], women, {})
    assert codes(found) == ("patients", "sex", "Total", [("female", None), ("male", None)])
    assert found.left == 40.0


def test_without_a_total_or_other_codes_there_is_no_sum():
    assert sums_of([A, B], A, {}) == []
    assert sums_of([TOTAL], TOTAL, {}) == []


def test_a_region_is_the_sum_of_its_areas_and_the_total_the_sum_of_regions():
    pairs = {"area": [["Leeds", "North"], ["York", "North"], ["Kent", "South"]]}
    areas = {name: row(area=name, after={"value": 10.0}) for name in ("York", "North", "South", "Kent")}
    leeds = small(area="Leeds")
    rows = [TOTAL, leeds, *areas.values()]
    [north] = sums_of(rows, leeds, pairs)
    assert codes(north) == ("patients", "area", "North", [("Leeds", None), ("York", 10.0)])
    both = {codes(found)[2]: found for found in sums_of(rows, areas["North"], pairs)}
    assert [part.code for part in both["Total"].parts] == ["North", "South"]
    assert both["North"].left == 0.0


def test_a_part_that_no_row_holds_is_named_without_a_figure():
    leeds, north = small(area="Leeds"), row(area="North", after={"value": 31.0})
    [found] = sums_of([leeds, north], leeds, {"area": [["Leeds", "North"], ["York", "North"]]})
    assert found.parts[1] == Term("York", None, None)
    assert found.left == 31.0


def test_pooled_years_are_the_sum_of_their_years_published_or_not():
    pool, year = row(period="2023 to 2025", after={"value": 90.0}), small(period="2025")
    [found] = sums_of([pool, year], year, {})
    assert codes(found) == ("patients", "period", "2023 to 2025", [("2023", None), ("2024", None), ("2025", None)])
    assert [part.row for part in found.parts] == [None, None, year]
    assert sums_of([pool, year], pool, {}) == [found]
    assert sums_of([pool, small(period="2022")], small(period="2022"), {}) == []


@pytest.mark.parametrize("kind", ["rate", "levels"])
def test_of_a_rate_the_patients_and_the_outcome_add_up_each_for_itself(kind):
    total = row(kind, "outcomes", after={"denominator": 200.0, "numerator": 150.0})
    one = row(kind, "outcomes", Rule.EVENTS, {"denominator": 90.0}, centre="A")
    other = row(kind, "outcomes", after={"denominator": 110.0, "numerator": 80.0}, centre="B")
    events, patients, outcome = sums_of([total, one, other], one, {})
    assert codes(events) == ("denominator", "outcome", "all", [("met", None), ("not met", None)])
    assert events.left == 90.0
    assert (patients.quantity, patients.left) == ("denominator", 0.0)
    assert (outcome.quantity, outcome.left) == ("numerator", 70.0)


def test_those_without_an_outcome_are_told_where_those_with_it_are():
    [events] = sums_of([], row("rate", "outcomes", after={"denominator": 90.0, "numerator": 80.0}), {})
    assert [part.figure for part in events.parts] == [80.0, 10.0]


@pytest.mark.parametrize(
    ("kind", "quantity", "after"),
    [
        ("magnitude", "amount", {"value": 5.0}),
        ("exposure", "patients", {"numerator": 5.0, "denominator": 1e6, "value": 2.0}),
        ("summary", "denominator", {"denominator": 5.0, "value": 2.0}),
    ],
)
def test_each_kind_of_table_adds_up_what_it_counts(kind, quantity, after):
    total, one = row(kind, after=after), row(kind, rule=Rule.ANOTHER, centre="A")
    [found] = sums_of([total, one], one, {})
    assert (found.quantity, found.whole.figure) == (quantity, 5.0)


def test_financial_years_that_are_taken_together_are_the_sum_of_each():
    years = [row(period="1998/99", after={"value": 40.0}), small(period="1999/00"), row(period="2000/01", after={"value": 31.0})]
    pooled = row(period="1998/99 to 2000/01", after={"value": 90.0})
    [found] = sums_of([pooled, *years], years[1], {})
    expected = ("patients", "period", "1998/99 to 2000/01", [("1998/99", 40.0), ("1999/00", None), ("2000/01", 31.0)])
    assert codes(found) == expected
    assert found.left == 19.0


def test_a_label_that_mixes_two_kinds_of_years_is_no_sum():
    mixed = row(period="2023/24 to 2024", after={"value": 90.0})
    assert sums_of([mixed, row(period="2023/24"), row(period="2024")], mixed, {}) == []
