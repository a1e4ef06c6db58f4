import csv
import io
import json

import pytest

from plenary.editions.render.data import COLUMNS, render, safe, tables, unsafe
from plenary.editions.terms import TABLES, CentreEntry
from tests.unit.editions.sample import ECMO, SECRET, outcome_rows, sample
from tests.unit.editions.tables import protected


def rows(name, **changes):
    return list(csv.DictReader(io.StringIO(render(sample(**changes))[f"data/{name}.csv"].decode(), newline="")))


def test_every_table_has_the_agreed_columns_even_when_it_is_empty():
    files = render(sample(tables=()))
    agreed = "edition,service,centre,area,sex,age_band,period,measure,value,status,numerator,denominator,lower,upper,method,note"
    assert ",".join(COLUMNS) == agreed
    assert all(files[f"data/{name}.csv"].decode().startswith(agreed) for name in TABLES)
    assert files["data/activity.csv"] == f"{agreed}\n".encode()
    assert files["data/outcomes.csv"] == f"{agreed},not_eligible,not_known,not_eligible_status,not_known_status\n".encode()


def test_the_tables_can_be_read_back_from_the_files_alone():
    inputs = sample()
    found = {(table.name, table.kind): table for table in tables(render(inputs))}
    assert set(found) == {
        ("activity", "count"),
        ("outcomes", "rate"),
        ("access", "exposure"),
        ("spend", "magnitude"),
        ("completeness", "rate"),
        ("curves", "rate"),
    }
    assert len(found["outcomes", "rate"]) == len(outcome_rows())
    assert sum(found["activity", "count"]["status"] == "c") == 6
    assert SECRET not in found["activity", "count"]["value"]


def test_what_is_a_rate_and_what_a_summary_is_known_from_the_files_alone():
    rate, summary = outcome_rows()[0], outcome_rows()[-1]
    mixed = (protected("outcomes", [rate]), protected("outcomes", [summary], kind="summary"))
    kinds = {str(table["measure"][0]): table.kind for table in tables(render(sample(tables=mixed)))}
    assert kinds == {"discharged": "rate", "stay": "summary"}


def test_the_other_states_of_an_outcome_travel_with_it():
    table = protected("outcomes", [outcome_rows()[0] | {"not_eligible": 12.0, "not_known": 23.0}])
    row = rows("outcomes", tables=(table,))[0]
    assert (row["not_eligible"], row["not_known"]) == ("12", "23")
    assert (row["not_eligible_status"], row["not_known_status"]) == ("", "")


def test_one_of_them_that_is_withheld_in_a_shown_row_is_not_taken_for_one_that_does_not_apply():
    table = protected("outcomes", [outcome_rows()[0] | {"not_eligible": None, "not_known": 23.0}])
    row = rows("outcomes", tables=(table,))[0]
    assert (row["value"], row["status"], row["not_eligible"]) == ("0.7360995850622407", "", "")
    assert (row["not_eligible_status"], row["not_known_status"]) == ("c", "")


def test_numbers_are_unrounded_and_read_back_as_themselves():
    total = next(
        row for row in rows("outcomes") if row["centre"] == "Total" and row["sex"] == "Total" and row["measure"] == "discharged"
    )
    assert float(total["value"]) == 887 / 1205
    assert total["value"] == "0.7360995850622407"
    assert (total["numerator"], total["denominator"]) == ("887", "1205")


def test_a_withheld_figure_is_empty_with_its_status_and_a_shown_one_has_none():
    found = {row["centre"]: (row["value"], row["status"]) for row in rows("activity") if row["service"] == ECMO and row["area"] == "Total"
             and row["sex"] == "Total" and row["age_band"] == "Total"}  # fmt: skip
    assert found == {"Total": ("1205", ""), "RJ1": ("640", ""), "R0A": ("", "c"), "RT3": ("", "c"), "RQ9": ("", "c")}


def test_nothing_withheld_is_in_any_data_file():
    assert all(f"{SECRET:.0f}".encode() not in words for words in render(sample()).values())


def test_nothing_follows_from_the_order_of_rows():
    mixed = sample(tables=(protected("outcomes", outcome_rows()[::-1]),))
    assert render(mixed)["data/outcomes.csv"] == render(sample())["data/outcomes.csv"]


@pytest.mark.parametrize("words", ["=1+1", "+44", "-x", "@SUM(A1)", "\tx", "\rx"])
def test_text_never_runs_in_a_spreadsheet_and_reads_back(words):
    assert safe(words) == f"'{words}"
    assert unsafe(safe(words)) == words


@pytest.mark.parametrize("words", ["", "plain", "'quoted'", "'", "a=b", "18-39"])
def test_harmless_text_stays_as_it_is(words):
    assert safe(words) == words
    assert unsafe(words) == words


def test_a_dangerous_name_is_defused_in_the_file():
    centres = (CentreEntry(ECMO, "RJ1", '=HYPERLINK("x")'),)
    assert rows("centres", centres=centres)[0]["name"] == '\'=HYPERLINK("x")'


def test_negative_numbers_stay_numbers():
    table = protected("outcomes", [outcome_rows()[0] | {"value": -1.5}])
    assert rows("outcomes", tables=(table,))[0]["value"] == "-1.5"


def test_the_package_describes_every_column_of_every_file():
    files = render(sample())
    package = json.loads(files["data/datapackage.json"])
    assert {f"data/{one['path']}" for one in package["resources"]} | {"data/datapackage.json"} == set(files)
    for resource in package["resources"]:
        fields = resource["schema"]["fields"]
        assert ",".join(field["name"] for field in fields) == files[f"data/{resource['path']}"].decode().split("\n")[0]
        assert all(field["description"].endswith(".") and field["type"] in {"string", "number", "boolean"} for field in fields)


def test_services_and_centres_carry_their_confidence():
    assert [(row["service"], row["confidence"], row["invented"]) for row in rows("services")] == [
        (ECMO, "", "true"),
        ("lymphangioleiomyomatosis", "seen once", "true"),
    ]
    assert [row["centre"] for row in rows("centres")] == ["R0A", "RJ1", "RQ9", "RT3", "RJ1"]


def test_lines_end_in_the_same_way_everywhere():
    assert all(b"\r" not in words for words in render(sample()).values())
