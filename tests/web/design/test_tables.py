"""A list is shown, tested and downloaded from the same rows."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


@pytest.mark.parametrize("text", ["=1+1", "+44", "-2", "@name", "\tx", "\nx"])
def test_what_a_spreadsheet_would_run_is_defused(text):
    assert defused(text) == f"'{text}"


@pytest.mark.parametrize("text", ["Leeds", "", "1-2", "a=b"])
def test_other_text_is_left_as_it_is(text):
    assert defused(text) == text


@pytest.mark.parametrize("text", ["one\rtwo", "one\r\ntwo", "one\ntwo"])
def test_every_line_end_in_a_cell_is_a_line_feed(text):
    assert defused(text) == "one\ntwo"


def as_a_spreadsheet_reads(text: str) -> list[list[str]]:
    """Return the cells of a CSV file as a spreadsheet takes them: it begins a new row at a bare carriage return too."""
    return list(csv.reader(io.StringIO(text, newline=None)))


any_words = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
with_signs = st.text(st.sampled_from("'=+-@\t\r\nab\","), max_size=8)


@given(st.lists(st.tuples(st.one_of(any_words, with_signs), with_signs), max_size=4))
def test_whatever_people_write_no_cell_of_a_download_is_a_formula_and_no_row_is_added(written):
    """A cell ``x<CR>=1+1`` was written without quotes: a spreadsheet took what follows the line end for a row of its own."""
    rows = as_a_spreadsheet_reads(csv_text(("name", "note"), written))
    assert rows[0] == ["name", "note"]
    assert [len(row) for row in rows[1:]] == [2] * len(written)
    assert not [cell for row in rows[1:] for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))]
    plain = [tuple(cell.replace("\r\n", "\n").replace("\r", "\n") for cell in row) for row in written]
    assert [tuple(cell.removeprefix("'") for cell in row) for row in rows[1:]] == [
        tuple(cell.removeprefix("'") for cell in row) for row in plain
    ]


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
