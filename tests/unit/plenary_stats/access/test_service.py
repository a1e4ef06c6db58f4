"""From accepted cases to the tables of a service."""

from datetime import date

import numpy as np
import pytest

from plenary_stats.access import of_service
from plenary_stats.tables import TOTAL, CaseTable
from tests.unit.plenary_stats.test_areas import AREAS
from tests.unit.plenary_stats.test_small_areas import SMALL

CENTRES = {"RJ1": (51.5, -0.12), "RTD": (54.98, -1.62)}
PERIODS = ["2023", "2024", "2025"]


def cases(*people, service="lam"):
    """(area, date, centre, sex, age) of each."""
    area, on, centre, sex, age = zip(*people, strict=True) if people else ((),) * 5
    columns = {
        "centre": np.array(centre, dtype=str),
        "case_id": np.arange(len(area)).astype(str),
        "period": np.array([str(day.year) for day in on], dtype=str),
        "area": np.array(area, dtype=str),
        "sex": np.array(sex, dtype=str),
        "age": np.array(age, dtype=float),
    }
    return CaseTable(columns, service=service), list(on)


def one(area="QE1", on=date(2025, 6, 1), centre="RJ1", sex="f", age=40):
    return area, on, centre, sex, age


def tables(*people, periods=PERIODS, **options):
    table, on = cases(*people)
    return {each.name: list(each.rows()) for each in of_service(table, on, AREAS, SMALL, CENTRES, periods=periods, **options)}


def pick(found, **wanted):
    chosen = [row for row in found if all(row[name] == value for name, value in wanted.items())]
    assert len(chosen) == 1, chosen
    return chosen[0]


def test_the_tables_of_one_year():
    found = tables(*[one()] * 40, one("Wales"), one(""), one("QNQ", centre="RTD"))
    assert set(found) == {"equity", "distances", "residence"}
    area = pick(found["equity"], area="QE1", measure="patients")
    assert (area["numerator"], area["denominator"], area["period"]) == (40, 1_737_241, "2025")
    assert pick(found["equity"], area=TOTAL, measure="patients", sex="", age_band="")["numerator"] == 41
    assert {row["area"]: row["value"] for row in found["residence"] if row["measure"] == "patients"} == {
        "England": 41, "Wales": 1, "Scotland": 0, "Northern Ireland": 0, "Not known": 1,
    }  # fmt: skip
    assert pick(found["residence"], measure="residence-missing")["value"] == 1
    assert pick(found["distances"], area=TOTAL, measure="distance-treating")["denominator"] == 41


def test_years_that_span_both_maps_are_counted_in_the_areas_that_both_have():
    people = [one("QMJ", date(2025, 6, 1))] * 20 + [one("Z9B2Z", date(2026, 6, 1))] * 25 + [one("QNQ", date(2025, 5, 1))] * 3
    found = tables(*people, periods=["2025", "2026"])
    london = pick(found["equity"], area="Z9B2Z", measure="patients", period="2025 to 2026")
    assert london["numerator"] == 45
    frimley = pick(found["equity"], area="QRL+S0E4D+S9B9J", measure="patients", period="2025 to 2026")
    assert frimley["numerator"] == 3


def test_one_year_in_which_the_map_changes():
    found = tables(one("QMJ", date(2026, 3, 31)), one("Z9B2Z", date(2026, 4, 1)), periods=["2026"])
    assert pick(found["equity"], area="Z9B2Z", measure="patients")["numerator"] == 2


def test_years_before_the_first_case_are_nobodys():
    found = tables(*[one(on=date(2024, 5, 5))] * 10, *[one()] * 10)
    periods = {row["period"] for row in found["equity"]}
    assert periods == {"2024", "2024 to 2025"}
    assert pick(found["equity"], area=TOTAL, measure="patients", period="2024 to 2025", sex="", age_band="")["numerator"] == 20


def test_entitled_nations_count_among_the_residents():
    people = [one("Wales")] * 5 + [one()] * 30
    found = tables(*people, nations=("Wales",))
    assert pick(found["equity"], area="Wales", measure="patients")["numerator"] == 5
    assert pick(found["equity"], area=TOTAL, measure="patients", sex="", age_band="")["numerator"] == 35


def test_nobody_and_no_residence():
    found = tables()
    assert pick(found["equity"], area=TOTAL, measure="patients", sex="", age_band="")["numerator"] == 0
    assert pick(found["residence"], area="England")["value"] == 0
    table, on = cases(one())
    without = CaseTable({name: column for name, column in table.columns.items() if name != "area"}, service="lam")
    assert of_service(without, on, AREAS, SMALL, CENTRES, periods=PERIODS) == ()
    assert of_service(table, on, AREAS, SMALL, CENTRES, periods=[]) == ()


def test_without_sex_and_age():
    table, on = cases(*[one()] * 40)
    bare = CaseTable({name: table[name] for name in ("centre", "case_id", "period", "area")}, service="lam")
    equity = of_service(bare, on, AREAS, SMALL, CENTRES, periods=PERIODS)[0]
    rows = [row for row in equity.rows() if row["area"] == "QE1"]
    assert pick(rows, measure="patients")["numerator"] == 40
    assert np.isnan(pick(rows, measure="patients@ratio")["value"])


def test_a_date_for_each_case():
    table, _ = cases(one(), one())
    with pytest.raises(ValueError, match="one date of care a person"):
        of_service(table, [date(2025, 1, 1)], AREAS, SMALL, CENTRES, periods=PERIODS)
