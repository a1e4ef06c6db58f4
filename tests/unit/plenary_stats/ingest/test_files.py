"""The files that people really send: read with a notice, or refused with a reason; never altered in silence."""

import io
import zipfile
from datetime import date, datetime

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from plenary_stats.errors import InputError
from plenary_stats.ingest import check, one_row, read
from plenary_stats.ingest.files import refuse_size
from plenary_stats.spec import read_dictionary
from tests.factories import files
from tests.factories.collection import DICTIONARY
from tests.factories.files import defects


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


# -- the defects of real uploads, and what does harm


@pytest.fixture(scope="module")
def dataset():
    return read_dictionary(DICTIONARY, "adult-ecmo", "2025-1")


def checked(raw, dataset):
    period = {"period": "2025", "period_start": date(2025, 1, 1), "period_end": date(2026, 1, 1)}
    return check(raw, dataset, centre="RJ1", on=date(2026, 6, 1), **period)


@pytest.mark.parametrize("defect", defects(), ids=lambda defect: defect.name)
def test_a_file_with_a_defect_has_the_right_answer(defect, dataset):
    if defect.refused:
        with pytest.raises(InputError) as refusal:
            read(defect.content, defect.name)
        assert str(refusal.value) == defect.refused
        return
    raw = read(defect.content, defect.name)
    found = checked(raw, dataset)
    assert files.told(found.findings) == list(defect.findings)
    assert (len(raw), len(found.cases)) == (defect.rows, defect.cases)
    assert defect.cases == (0 if defect.blocked else defect.rows), "rows in are cases, or the whole file is refused"
    for finding in found.findings.blocking:
        assert finding.remedy, finding


def test_at_least_the_defects_that_audits_recorded_are_there():
    assert len(defects()) >= 25
    assert {one.name for one in defects()} == {path.name for path in files.DEFECTS.glob("*.csv")}


CELLS = st.one_of(
    st.text(st.characters(exclude_characters='\r\n,"\0\ufeff\u200b\u2060', exclude_categories=("Cs",)), max_size=12),
    st.sampled_from(
        ["A1", "15/06/2025", "female", "", " ", "=1+1", "#REF!", "1e400", "٣", "9" * 30, "-", "NaN", "\x0b", "\u2028"]
    ),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(CELLS, min_size=8, max_size=8), max_size=6))
def test_no_row_is_lost_whatever_stands_in_it(dataset, rows):
    heads = "case_id,nhs_number,birth_date,sex,area,admitted_on,pf_ratio,status"
    text = "\n".join([heads, *(",".join(row) for row in rows)]) + "\n"
    raw = read(text.encode(), "c.csv")
    assert len(raw) == sum(any(cell.strip() for cell in row) for row in rows)
    found = checked(raw, dataset)
    assert len(found.cases) == (0 if found.findings.blocking else len(raw))


@settings(max_examples=100, deadline=None)
@given(st.text(st.sampled_from('ab1,;"\n\r\t =#\xa0é'), max_size=80))
def test_any_text_with_marks_is_read_or_refused(dataset, text):
    try:
        raw = read(("case_id,admitted_on\n" + text).encode(), "c.csv")
    except InputError:  # every other error fails
        return
    found = checked(raw, dataset)
    assert len(found.cases) == (0 if found.findings.blocking else len(raw))


@pytest.mark.parametrize(
    ("text", "blocked"),
    [
        ('case_id,note,x\nA1,"two\nlines",1\n', False),
        ('case_id,note,x\nA1,"two\nlines, of, text, with commas",1\n', False),
        ('case_id,note,x\nA1,"swallows\nB2,b,2\nC3,c,3\n",4\n', True),
        ('case_id,note,x\nA1,"swallows,1\nB2,"b,2\n', True),
        ('case_id,note,x\nA1,"a ""quoted"" word",1\n', False),
    ],
)
def test_a_quotation_mark_that_swallows_rows_blocks(text, blocked):
    table = read(text.encode(), "c.csv")
    assert told(table, "blocking") == ([("quotes", 2, "")] if blocked else [])


def test_many_swallowed_rows_are_listed_up_to_a_limit():
    text = "case_id,note,x\n" + 'A1,"a\nB2,b,2\nC3,c,3\n",4\n' * 700
    assert len(told(read(text.encode(), "c.csv"), "blocking")) == 500


def test_a_file_may_be_as_wide_as_a_spreadsheet_and_no_wider(monkeypatch):
    monkeypatch.setattr("plenary_stats.ingest.files.WIDEST", 3)
    assert read(b"a,b,c\n1,2,3\n", "c.csv").headings == ("a", "b", "c")
    for text in (b"a,b,c,d\n1,2,3,4\n", b'a,"b",c,d\n1,2,3,4\n', b'\n\na,b,c\n1,"2",3,4\n'):
        with pytest.raises(InputError, match="a row of 4 columns; 3 is the most"):
            read(text, "c.csv")


def test_a_size_is_refused_before_the_bytes_are_looked_at():
    refuse_size(500_000_000, "c.csv")
    with pytest.raises(InputError, match=r"'c.csv' is larger than 500 MB"):
        refuse_size(500_000_001, "c.csv")


def test_the_name_of_the_separator_is_a_mark():
    for mark in ('"', "a", " ", "é"):
        assert read(f"sep={mark}\ncase_id\n1\n".encode(), "c.csv").headings == (f"sep={mark}".strip(),)
