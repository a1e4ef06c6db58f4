import csv
import io
import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plenary.editions.render.data import COLUMNS, render, safe, tables, unsafe
from plenary.editions.render.data import rows as read_back
from plenary.editions.terms import TABLES, CentreEntry, ServiceEntry
from plenary_stats import ingest, spec
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
    more = "not_eligible,not_known,not_eligible_status,not_known_status,observed,expected,ratio,ratio_lower,ratio_upper"
    assert files["data/outcomes.csv"] == f"{agreed},{more}\n".encode()


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


@pytest.mark.parametrize("words", ["=1+1", "+44", "-x", "@SUM(A1)", "\tx", "\rx", "\nx"])
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


any_words = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30)
with_signs = st.text(st.sampled_from("'=+-@\t\rab\"\n,"), max_size=6)


@given(st.one_of(any_words, with_signs))
def test_any_text_is_harmless_and_reads_back_as_itself(words):
    """Also a text that begins with an apostrophe of its own: two names must never become one."""
    shown = safe(words)
    assert not shown.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert unsafe(shown) == words


@given(st.lists(with_signs, min_size=1, max_size=4))
def test_no_name_begins_a_row_or_a_formula_of_its_own(names):
    """A name ``x<CR>=1+1`` was written without quotes: a spreadsheet took what follows the line end for a row of its own."""
    centres = tuple(CentreEntry(ECMO, f"R{number:02}", name) for number, name in enumerate(names))
    words = render(sample(centres=centres))["data/centres.csv"].decode()
    lines = list(csv.reader(io.StringIO(words, newline=None)))
    assert [len(line) for line in lines] == [6] * (len(names) + 1)
    assert not [cell for line in lines for cell in line if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))]
    plain = [name.replace("\r\n", "\n").replace("\r", "\n") for name in names]
    assert [row["name"] for row in read_back(words.encode())] == plain


@pytest.mark.parametrize(
    "name",
    [
        "'=1+1",
        "''@x",
        "Guy's and \"St Thomas'\", London",
        "two\nlines",
        "<b>bold</b> & more",
        "Ysbyty’r Brenin Ŵ",
        "A very long name of a hospital " * 12,
        "",
        " spaces around ",
    ],
)
def test_any_name_of_a_centre_or_a_service_reads_back_from_the_file(name):
    files = render(sample(centres=(CentreEntry(ECMO, "RJ1", name),), services=(ServiceEntry(ECMO, name, name, name),)))
    (centre,), (service,) = read_back(files["data/centres.csv"]), read_back(files["data/services.csv"])
    assert centre["name"] == service["name"] == service["category"] == service["description"] == name


@pytest.mark.parametrize(("met", "of"), [(0.0, 640.0), (640.0, 640.0), (1.0, 3.0), (2.0, 3.0)])
def test_a_share_is_written_in_full_from_none_to_all(met, of):
    line = outcome_rows()[1] | {"value": met / of, "numerator": met, "denominator": of}
    (row,) = rows("outcomes", tables=(protected("outcomes", [line]),))
    assert (float(row["value"]), row["numerator"], row["status"]) == (met / of, f"{met:.0f}", "")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_any_number_reads_back_as_itself(value):
    table = protected("outcomes", [outcome_rows()[0] | {"value": value}])
    (row,) = rows("outcomes", tables=(table,))
    assert float(row["value"]) == value


def test_a_service_with_one_centre_has_that_centre_and_its_margin():
    lines = [outcome_rows()[0], outcome_rows()[1]]
    found = tables(render(sample(tables=(protected("outcomes", lines),), centres=(CentreEntry(ECMO, "RJ1", "One"),))))
    assert [table["centre"].tolist() for table in found] == [["RJ1", "Total"]]


@pytest.mark.parametrize("status", ["c", "x", "z"])
def test_a_value_left_by_mistake_behind_a_mark_never_comes_out(status):
    table = protected("outcomes", [outcome_rows()[0] | {"value": SECRET, "status": status}])
    (row,) = rows("outcomes", tables=(table,))
    assert (row["value"], row["status"]) == ("", status)


def test_the_end_of_a_designation_is_described_as_the_rest_of_the_house_reads_it():
    """A case of the day on which a designation ends is remarked on: the open data called that day its last."""
    package = json.loads(render(sample())["data/datapackage.json"])
    (centres,) = (one for one in package["resources"] if one["name"] == "centres")
    words = {field["name"]: field["description"] for field in centres["schema"]["fields"]}
    assert words["designated_to"].startswith("First day without")
    day = date(2020, 1, 1)
    sent = ingest.read(b"centre,case_id,on\nRJ1,1,2019-12-31\nRJ1,2,2020-01-01\n", "cases.csv")
    on = spec.Field("on", "On", validation="date_ymd", annotation="@INDEXDATE")
    checked = ingest.check(sent, spec.DataSet("s", "1", (on,)), centres={"RJ1": [(None, day)]})
    assert [(found.row, found.rule) for found in checked.findings] == [(3, "not-designated")]
