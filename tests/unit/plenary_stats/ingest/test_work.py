"""A case file on its way: columns found by their headings, and columns that logic needs made where the file lacks them."""

from datetime import date

import numpy as np
import pytest

from plenary_stats.dictionary.document import Dictionary, entry, write
from plenary_stats.findings import LISTED
from plenary_stats.ingest import check
from plenary_stats.ingest.files import read
from plenary_stats.ingest.work import NO_ROWS, Work, heading_names, plain, with_all
from plenary_stats.spec import read_dictionary
from tests.factories.collection import DICTIONARY

DATA = read_dictionary(
    write(
        Dictionary(
            (
                entry(name="case_id", type="text", required="y"),
                entry(name="seen", type="text", label="Last seen", validation="date_dmy"),
                entry(name="a", type="text", label="Amount", validation="number"),
                entry(name="b", type="text", label="Amount"),
                entry(name="twice", type="calc", choices="[a] * 2"),
                entry(name="more", type="calc", choices="[twice] + 1"),
                entry(name="scan", type="file"),
            )
        )
    ),
    "lam",
    "1",
)


def work(text):
    made = Work(read(text.encode(), "cases.csv"), DATA, date(2026, 6, 1))
    made.place_columns(filled=())
    made.read_columns()
    return made


def rules(made):
    return {(one.rule, one.field) for one in made.findings}


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("seen", "seen"),
        ("LAST SEEN", "seen"),
        ("Last-seen:", "seen"),
        ("ODS code", "centre"),
        ("DoB", "birth_date"),
        ("more", "more"),
    ],
)
def test_a_heading_is_understood(heading, name):
    assert heading_names(DATA).get(plain(heading)) == name


def test_a_label_of_two_fields_means_neither():
    assert "amount" not in heading_names(DATA)
    assert ("unknown-column", "Amount") in rules(work("centre,case_id,Amount\nRX1,1,2\n"))


def test_columns_are_placed_once_and_what_is_strange_is_told():
    made = work("centre,case_id,Case_ID,sen,colour,a\nRX1,1,2,01/01/2025,red,3\n")
    assert made.places["a"] == 5
    assert {("duplicate-heading", "case_id"), ("unknown-column", "sen"), ("unknown-column", "colour")} <= rules(made)
    assert made.columns["a"].tolist() == [3.0]
    assert np.isnat(made.columns["seen"]).all()


def test_a_calculated_column_is_known_and_not_carried():
    made = work("centre,case_id,a,twice\nRX1,1,2,4\n")
    assert made.places["twice"] == 3
    assert "twice" not in made.columns
    assert not [one for one in rules(made) if one[0] == "unknown-column"]


def test_what_logic_needs_is_made():
    made = work("centre,case_id,a\nRX1,1,2\nRX1,2,\n")
    columns = with_all(made, ["more", "twice", "seen", "scan", "a"])
    assert columns["twice"].tolist()[0] == 4.0
    assert columns["more"].tolist()[0] == 5.0
    assert np.isnan(columns["more"][1])
    assert columns["scan"].tolist() == ["", ""]
    assert np.isnat(columns["seen"]).all()


def test_findings_of_one_kind_are_listed_up_to_a_number():
    made = work("centre,case_id\n" + "".join(f"RX1,{number}\n" for number in range(LISTED + 2)))
    made.find("required", "blocking", "a", np.arange(LISTED + 2), "It is missing.")
    found = [one for one in made.findings if one.rule == "required"]
    assert len(found) == LISTED + 1
    assert found[-1].message == "2 more rows: It is missing."
    made.find("no-rows", "warning", "", NO_ROWS, "Nothing.")
    assert made.findings[-1].row == 0


def test_a_row_that_has_a_finding_lacks_nothing_more():
    made = work("centre,case_id,a\nRX1,1,x\nRX1,2,\nRX1,3,#REF!\n")
    assert made.lacking("a").tolist() == [False, True, False]


def test_a_file_of_other_columns_altogether_is_one_finding():
    strange = "".join(f",x{n}" for n in range(501))
    dataset = read_dictionary(DICTIONARY, "adult-ecmo", "1")
    found = check(read(f"case_id{strange}\nA1\n".encode(), "c.csv"), dataset, centre="RJ1").findings
    unknown = [one for one in found if one.rule == "unknown-column"]
    assert [(one.severity, one.field) for one in unknown] == [("blocking", "")]
    assert "501 of the columns" in unknown[0].message
    fewer = check(read(f"case_id{strange[:-5]}\nA1\n".encode(), "c.csv"), dataset, centre="RJ1").findings
    assert len([one for one in fewer if one.rule == "unknown-column"]) == 500


@pytest.mark.parametrize(("count", "listed", "more"), [(0, 0, 0), (1, 1, 0), (LISTED, LISTED, 0), (LISTED + 7, LISTED, 7)])
def test_what_is_told_row_by_row_is_listed_up_to_a_limit_and_then_counted(count, listed, more):
    made = work("centre,case_id\n" + "RX1,1\n" * max(count, 1))
    before = len(made.findings)
    for place in range(count):
        made.find_one("odd", "warning", "case_id", place, f"The row is odd like row {place}.")
    made.find_one("other", "notice", "case_id", 0, "Another finding has a count of its own.")
    made.count_the_rest()
    told = [one for one in made.findings[before:] if one.rule == "odd"]
    assert len(told) == listed + (more > 0)
    assert [one.message for one in told if one.row == 0] == ([f"{more} more rows are like these."] if more else [])
