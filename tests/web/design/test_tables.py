"""A list is shown, tested and downloaded from the same rows."""

import csv
import io

import pytest

from plenary.web.design.tables import Button, Column, Link, Several, Tag, csv_download, csv_text, defused, table


def test_a_table_knows_its_columns():
    made = table("Centres", ("Centre", Column("Cases", numeric=True)), [("Leeds", "12")])
    assert made.columns == (Column("Centre"), Column("Cases", numeric=True))
    assert made.rows == (("Leeds", "12"),)


def test_a_row_of_the_wrong_length_is_refused():
    with pytest.raises(ValueError, match="'Centres' has 1 cells for 2 columns"):
        table("Centres", ("Centre", "Cases"), [("Leeds",)])


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (Link("Leeds", "/leeds/"), "Leeds"),
        (Tag("Late", "red"), "Late"),
        (Button("Done", "/d/"), "Done"),
        (Several(("Leeds", Tag("Late"))), "Leeds Late"),
    ],
)
def test_a_cell_reads_as_text(cell, text):
    assert str(cell) == text


@pytest.mark.parametrize("text", ["=1+1", "+44", "-2", "@name", "\tx", "\rx"])
def test_what_a_spreadsheet_would_run_is_defused(text):
    assert defused(text) == f"'{text}"


@pytest.mark.parametrize("text", ["Leeds", "", "1-2", "a=b"])
def test_other_text_is_left_as_it_is(text):
    assert defused(text) == text


def test_csv_keeps_numbers_and_defuses_text():
    text = csv_text(("name", "value"), [("=HYPERLINK(1)", -2.5), ("Leeds, St James’s", 3), ("x", None)])
    assert list(csv.reader(io.StringIO(text))) == [
        ["name", "value"],
        ["'=HYPERLINK(1)", "-2.5"],
        ["Leeds, St James’s", "3"],
        ["x", ""],
    ]
    assert "\r" not in text


def test_a_download_is_read_as_utf8_by_a_spreadsheet():
    answer = csv_download("services.csv", ("name",), [("Behçet’s",)])
    assert answer.content.startswith(b"\xef\xbb\xbfname\n")
    assert answer.content.decode("utf-8-sig") == "name\nBehçet’s\n"
    assert answer["Content-Disposition"] == 'attachment; filename="services.csv"'
