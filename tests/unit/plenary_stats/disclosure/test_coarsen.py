import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats.disclosure.coarsen import Merge, bands, coarsen, parents, pools, together
from plenary_stats.tables import ResultTable, text

DIMENSIONS = ("service", "centre", "period")


def table(rows: list[dict], dimensions: tuple[str, ...] = DIMENSIONS, kind="count") -> ResultTable:
    columns = {name: text([row[name] for row in rows]) for name in dimensions}
    for name in ("value", "numerator", "denominator", "lower", "not_known"):
        if any(name in row for row in rows):
            columns[name] = np.array([row.get(name, np.nan) for row in rows], dtype=float)
    for name in ("status", "method", "note"):
        columns[name] = text([row.get(name, "") for row in rows])
    return ResultTable(columns, name="t", kind=kind, dimensions=dimensions)


def counts(made: ResultTable) -> dict:
    return {tuple(row[name] for name in made.dimensions): row["value"] for row in made.rows()}


def yearly(centres: str = "AB", years=("2021", "2022", "2023"), service: str = "s") -> list[dict]:
    """Centre A has 1, 2, 3 … patients, centre B 10, 20, 30 …, and there is a total."""
    rows = [
        {"service": service, "centre": centre, "period": year, "value": 10.0**place * (order + 1)}
        for place, centre in enumerate(centres)
        for order, year in enumerate(years)
    ]
    totals = {year: sum(row["value"] for row in rows if row["period"] == year) for year in years}
    return rows + [{"service": service, "centre": "Total", "period": year, "value": value} for year, value in totals.items()]


THREE = dict.fromkeys(("2021", "2022", "2023"), "2021 to 2023")


def test_years_are_pooled_and_the_single_ones_go():
    assert counts(coarsen(table(yearly()), Merge("period", THREE))) == {
        ("s", "A", "2021 to 2023"): 6,
        ("s", "B", "2021 to 2023"): 60,
        ("s", "Total", "2021 to 2023"): 66,
    }


def test_the_totals_may_stay_by_year_beside_the_pool():
    made = counts(coarsen(table(yearly()), Merge("period", THREE, whole_stays=True)))
    assert made["s", "Total", "2022"] == 22
    assert made["s", "Total", "2021 to 2023"] == 66
    assert ("s", "A", "2022") not in made
    assert len(made) == 6


def test_of_some_services_alone():
    rows = [*yearly(), *yearly(service="r")]
    made = counts(coarsen(table(rows), Merge("period", THREE, services=("r",))))
    assert {place[2] for place in made if place[0] == "s"} == {"2021", "2022", "2023"}
    assert {place[2] for place in made if place[0] == "r"} == {"2021 to 2023"}
    plain = table([{"centre": "A", "period": "2021", "value": 3.0}], ("centre", "period"))
    assert coarsen(plain, Merge("period", THREE, services=("r",))) is plain


def test_a_coarser_row_that_stands_there_is_believed():
    """The total of a table may count more than its listed parts."""
    rows = [
        {"service": "s", "centre": code, "period": "2021", "value": value}
        for code, value in (("A", 5.0), ("B", 6.0), ("Total", 12.0))
    ]
    assert counts(coarsen(table(rows), Merge("centre", together("AB")))) == {("s", "Total", "2021"): 12}
    assert counts(coarsen(table(rows[:2]), Merge("centre", together("AB")))) == {("s", "Total", "2021"): 11}


def test_a_table_without_the_dimension_or_the_codes_stays_as_it_is():
    source = table(yearly())
    assert coarsen(source, Merge("sex", {"F": "Total"})) is source
    assert coarsen(source, Merge("centre", {"Z": "Total"})) is source


def test_a_share_is_worked_out_anew_in_its_own_unit_and_its_interval_is_left_empty():
    for unit in (1.0, 1_000_000.0):
        rows = [
            {"service": "s", "centre": "A", "period": year, "value": unit * part / whole, "numerator": part, "denominator": whole,
             "lower": 0.1, "not_known": 2.0, "note": "of one year", "method": "Wilson"}
            for year, part, whole in (("2021", 5.0, 10.0), ("2022", 30.0, 40.0), ("2023", 1.0, 50.0))
        ]  # fmt: skip
        (row,) = coarsen(table(rows, kind="rate"), Merge("period", THREE)).rows()
        assert (row["numerator"], row["denominator"], row["not_known"]) == (36, 100, 6)
        assert row["value"] == pytest.approx(0.36 * unit)
        assert np.isnan(row["lower"])
        assert (row["note"], row["method"], row["status"]) == ("", "Wilson", "")


def test_of_nobody_there_is_no_share():
    rows = [
        {"service": "s", "centre": "A", "period": year, "numerator": 0.0, "denominator": 0.0, "value": np.nan} for year in THREE
    ]
    (row,) = coarsen(table(rows, kind="rate"), Merge("period", THREE)).rows()
    assert np.isnan(row["value"])
    assert row["status"] == "x"


def test_medians_cannot_be_added_up_and_go():
    rows = [
        {"service": "s", "centre": "A", "period": year, "value": 4.0, "denominator": 40.0} for year in ("2021", "2022", "2024")
    ]
    assert [row["period"] for row in coarsen(table(rows, kind="summary"), Merge("period", THREE)).rows()] == ["2024"]


def test_what_was_not_collected_in_a_year_was_not_in_the_pool():
    rows = yearly("A")
    rows[1] |= {"value": np.nan, "status": "x"}
    (pooled, _) = coarsen(table(rows), Merge("period", THREE)).rows()
    assert np.isnan(pooled["value"])
    assert pooled["status"] == "x"


@settings(max_examples=60, derandomize=True)
@given(
    st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from(["2021", "2022", "2023", "2024"]), st.integers(0, 99)), max_size=12,
             unique_by=lambda row: row[:2]),
)  # fmt: skip
def test_nothing_is_lost_and_nothing_counted_twice(rows):
    source = table([{"service": "s", "centre": c, "period": y, "value": float(v)} for c, y, v in rows] or yearly())
    made = coarsen(source, Merge("period", THREE))
    assert made["value"].sum() == source["value"].sum()
    assert len(counts(made)) == len(made)


@pytest.mark.parametrize(
    ("codes", "years", "answer"),
    [
        (
            ["2019", "2020", "2021", "2022"],
            2,
            {"2019": "2019 to 2020", "2020": "2019 to 2020", "2021": "2021 to 2022", "2022": "2021 to 2022"},
        ),
        (["2020", "2021", "2022"], 2, {"2021": "2021 to 2022", "2022": "2021 to 2022"}),
        (["2019", "2021", "2022"], 3, {"2021": "2021 to 2022", "2022": "2021 to 2022"}),
        (["2020/21", "2021/22"], 2, {"2020/21": "2020/21 to 2021/22", "2021/22": "2020/21 to 2021/22"}),
        (["2020 to 2022", "2022", "Total"], 2, {}),
        ([], 3, {}),
    ],
)
def test_years_are_pooled_from_the_latest_back(codes, years, answer):
    assert pools(codes, years) == answer


def test_areas_go_to_their_parents_one_level_at_a_time():
    pairs = [("L", "North"), ("M", "North"), ("North", "England"), ("South", "England"), ("M", "Coast"), ("England", "Total")]
    assert parents(["L", "M", "North", "South", "Total"], pairs) == {"L": "North", "M": "North", "South": "England"}
    assert parents(["North", "England"], pairs) == {}


@pytest.mark.parametrize(
    ("codes", "answer"),
    [
        (["0-4", "5-17", "18-39", "40-64", "65+", "Not known"], ["0-17", "18+"]),
        (["0 to 4", "5 to 9", "10 to 14", "15 to 19"], ["0 to 9", "10 to 19"]),
        (["Under 1", "1 to 4", "5 to 9", "10 and over"], ["Under 5", "5 and over"]),
        (["65 and over", "18 to 64", "Under 18"], []),
        (["young", "old"], []),
        (["0-4", "5+"], []),
    ],
)
def test_adjacent_age_bands_are_merged_in_their_own_manner(codes, answer):
    found = bands(codes)
    assert list(dict.fromkeys(found.values())) == answer
    assert set(found) == (set(codes) - {"Not known"} if answer else set())


def test_a_breakdown_is_left_out_as_a_whole():
    assert together(["F", "M", "Total", ""]) == {"F": "Total", "M": "Total"}
