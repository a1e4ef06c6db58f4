"""The files that people really send: read with a notice, or refused with a reason; never altered in silence."""

import io
import zipfile
from datetime import date, datetime

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from plenary_stats.errors import InputError
from plenary_stats.ingest import one_row, read


def told(table, severity=None):
    return [(f.rule, f.row, f.field) for f in table.findings if severity in (None, f.severity)]


def test_a_plain_file_says_nothing():
    table = read(b"case_id,note\r\n1,a\r\n2,b\r\n", "cases.csv")
    assert table.headings == ("case_id", "note")
    assert [list(column) for column in table.columns] == [["1", "2"], ["a", "b"]]
    assert table.row_numbers.tolist() == [2, 3]
    assert table.findings == []
    assert len(table) == 2


@pytest.mark.parametrize(
    ("content", "rules"),
    [
        ("case_id,note\n1,Müller\n".encode(), []),
        ("\ufeffcase_id,note\n1,Müller\n".encode(), []),
        ("case_id,note\n1,Müller\n".encode("cp1252"), ["encoding"]),
        ("case_id,note\n1,Müller\n".encode("utf-16"), ["encoding"]),
        ("case_id;note\n1;Müller\n".encode(), ["separator"]),
        ("sep=;\ncase_id;note\n1;Müller\n".encode(), ["separator"]),
        ("case_id\tnote\n1\tMüller\n".encode("utf-16"), ["encoding", "separator"]),
        ("case_id,note\n1,\u00a0Müller\u200b\n".encode(), ["spaces"]),
        (b'case_id,note\n1,M\xfcll"er"\n', ["encoding"]),
    ],
)
def test_encodings_and_separators(content, rules):
    table = read(content, "cases.csv")
    assert table.headings == ("case_id", "note")
    assert table.columns[1][0].strip() in ("Müller", 'Müll"er"')
    assert [rule for rule, _, _ in told(table)] == rules


def test_leading_noughts_stay():
    assert list(read(b'case_id\n007\n="0012"\n', "c.csv").columns[0]) == ["007", "0012"]


def test_rows_are_numbered_as_the_spreadsheet_shows_them():
    table = read(b'case_id,note\n1,"two\nlines"\n\n,\n4,b\n,,\n\n', "c.csv")
    assert list(table.columns[0]) == ["1", "4"]
    assert table.row_numbers.tolist() == [2, 5]
    assert told(table) == [("blank-rows", 3, "")]


def test_a_table_that_does_not_begin_on_the_first_row():
    table = read(b",,\n\ncase_id,note\n1,a\n", "c.csv")
    assert table.row_numbers.tolist() == [4]


def test_empty_columns_at_the_end_are_nothing():
    table = read(b"case_id,note,,\n1,a,,\n2,b,,\n", "c.csv")
    assert table.headings == ("case_id", "note")
    assert table.findings == []


def test_stray_cells_block():
    table = read(b"case_id,note,more\n1,a,b\n2,b,c,d\n3,c\n4,d,e,\n", "c.csv")
    assert told(table, "blocking") == [("extra-cells", 3, "")]
    assert told(table, "notice") == [("short-row", 4, "")]
    assert [list(column) for column in table.columns] == [["1", "2", "3", "4"], ["a", "b", "c", "d"], ["b", "c", "", "e"]]


def test_a_column_without_a_heading_is_kept_for_the_check():
    table = read(b"case_id,note\n1,a,x\n2,b,y\n", "c.csv")
    assert table.headings == ("case_id", "note", "")
    assert table.findings == []


@pytest.mark.parametrize("cell", ["#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "########"])
def test_spreadsheet_errors_block(cell):
    table = read(f"case_id,note\n1,a\n2,{cell}\n".encode(), "c.csv")
    assert told(table) == [("error-cell", 3, "note")]
    assert table.findings.blocking


def test_formulas_block():
    table = read(b"case_id,note\n1,=A1+1\n2,# of visits\n", "c.csv")
    assert told(table, "blocking") == [("formula", 2, "note")]


def test_quotes_in_headings():
    table = read(b'"case_id","the ""note"""\n1,a\n', "c.csv")
    assert table.headings == ("case_id", 'the "note"')


def test_a_quote_inside_a_quoted_cell_is_a_warning():
    table = read(b'case_id,note\n1,"a"b\n2,c\n', "c.csv")
    assert told(table) == [("quotes", 0, "")]
    assert len(table) == 2


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"", "is empty"),
        (b"\n\n,,\n", "is empty"),
        (b'case_id\n"1\n2\n', "never closed"),
        (b"case_id\n\x81\x8d\n", "neither UTF-8"),
        (b"case_id\n1\0\n", "not a text file"),
        (b"\xd0\xcf\x11\xe0rest", "old Excel file, or one with a password"),
        (b"PK\x03\x04rest", "damaged workbook"),
    ],
)
def test_what_cannot_be_read_is_refused(content, part):
    with pytest.raises(InputError) as refusal:
        read(content, "cases.csv")
    assert part in str(refusal.value)
    assert "cases.csv" in str(refusal.value)


# -- workbooks


def workbook(*rows, sheets=1):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for number in range(1, sheets):
        book.create_sheet(f"Notes {number}")
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_a_workbook():
    content = workbook(
        ["case_id", "listed", "fev1", "n", "agreed", "seen"],
        ["0012", date(2025, 3, 4), 1.25, 3, True, datetime(2025, 3, 4, 10, 30)],  # noqa: DTZ001  a workbook's times have no zone
        ["x\u00a0", None, None, 1e6, False, None],
    )
    table = read(content, "cases.xlsx")
    assert table.headings == ("case_id", "listed", "fev1", "n", "agreed", "seen")
    assert [column[0] for column in table.columns] == ["0012", "2025-03-04", "1.25", "3", "TRUE", "2025-03-04 10:30:00"]
    assert [column[1] for column in table.columns] == ["x ", "", "", "1000000", "FALSE", ""]
    assert table.row_numbers.tolist() == [2, 3]
    assert table.findings == []


def test_only_the_first_sheet_is_read_and_it_is_said():
    assert told(read(workbook(["case_id"], ["1"], sheets=2), "c.xlsx")) == [("other-sheets", 0, "")]


def test_a_formula_that_was_never_calculated_blocks():
    table = read(workbook(["case_id", "sum"], ["1", 4], ["2", "=1+1"]), "c.xlsx")
    assert told(table) == [("formula", 3, "sum")]
    assert table.findings.blocking


def test_a_formula_with_a_saved_value_is_taken_with_a_notice():
    content = workbook(["case_id", "sum"], ["1", "=1+1"])
    source = zipfile.ZipFile(io.BytesIO(content))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            target.writestr(
                name, data.replace(b"<v></v>", b"<v>2</v>").replace(b"<v />", b"<v>2</v>").replace(b"<v/>", b"<v>2</v>")
            )
    table = read(stream.getvalue(), "c.xlsx")
    assert list(table.columns[1]) == ["2"]
    assert told(table) == [("formula", 0, "")]
    assert not table.findings.blocking


def test_one_row_keyed_on_screen():
    table = one_row({"case_id": " 7 ", "note": "a,b"})
    assert table.headings == ("case_id", "note")
    assert [list(column) for column in table.columns] == [["7"], ["a,b"]]
    assert len(table) == 1


# -- anything at all


@settings(max_examples=120, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=300), st.text(alphabet='ab1,;\t\n\r"=#\u00a0é|', max_size=200).map(lambda text: text.encode("utf-8"))
    )
)
@example(b'"')
@example(b"PK\x03\x04")
@example(b"\xff\xfea")
def test_any_bytes_are_read_or_refused(content):
    try:
        table = read(content, "any")
    except InputError:
        return
    assert len({len(column) for column in table.columns} | {len(table)}) == 1
    assert len(table.headings) == len(table.columns)


WHOLE = workbook(["case_id", "note"], ["1", "=A1"], ["2", "b"])


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_workbook_is_read_or_refused(data):
    content = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 8))):
        content[4 + data.draw(st.integers(0, 4_000)) % (len(content) - 4)] = data.draw(st.integers(0, 255))
    try:
        table = read(bytes(content), "any.xlsx")
    except InputError:
        return
    assert len(table.headings) == len(table.columns)
