"""Workbooks: what is taken, and what is refused before it is unpacked."""

import io
import zipfile

import pytest

from plenary_stats.errors import InputError
from plenary_stats.findings import Findings
from plenary_stats.ingest import read, workbooks
from tests.factories.files import HOSTILE, SMALL_AREA, sheet, told, workbook


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_table_is_refused_by_its_right_name(name, monkeypatch):
    monkeypatch.setattr(workbooks, "AREA", SMALL_AREA)
    make, words = HOSTILE[name]
    with pytest.raises(InputError) as refusal:
        read(make(), name)
    assert words in str(refusal.value)
    assert name in str(refusal.value)


def test_what_grows_beyond_the_limit_is_refused(monkeypatch):
    monkeypatch.setattr(workbooks, "LARGEST", 100_000)
    assert len(read(workbook(["case_id"], ["A1"]), "c.xlsx")) == 1
    with pytest.raises(InputError, match="too large when unpacked"):
        read(
            workbook(["case_id"], parts={"xl/sharedStrings.xml": b"<sst>" + b" " * 90_000, "xl/more.bin": bytes(9_000)}), "c.xlsx"
        )


@pytest.mark.slow
def test_a_bomb_is_not_unpacked():
    parts = sheet("<row>" + " " * (workbooks.LARGEST + 1000) + "</row>")
    content = workbook(["case_id"], parts=parts)
    assert len(content) < 1_000_000
    with pytest.raises(InputError, match=r"too large when unpacked\. Send it as CSV"):
        read(content, "bomb.xlsx")


def test_an_archive_that_lies_about_its_size_is_refused():
    content = bytearray(workbook(["case_id"], ["A1"], parts=sheet("<row><c/></row>" * 5000)))
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        size = package.getinfo("xl/worksheets/sheet1.xml").file_size
    said = size.to_bytes(4, "little")
    assert content.count(said) == 2, "once beside the bytes, once in the list at the end"
    with pytest.raises(InputError, match="damaged"):
        read(bytes(content.replace(said, (10).to_bytes(4, "little"))), "liar.xlsx")


def test_a_large_but_honest_table_is_read():
    rows = [["case_id", "note"], *([f"A{n}", n] for n in range(300))]
    table = read(workbook(*rows), "cases.xlsx")
    assert len(table) == 300
    assert list(table.columns[1])[-1] == "299"


def cell(place, inner, kind=""):
    return f'<c r="{place}"{kind}>{inner}</c>'


HEADS = "<row r='1'>" + "".join(
    cell(place, f"<is><t>{name}</t></is>", ' t="inlineStr"') for place, name in (("A1", "case_id"), ("B1", "note"))
) + "</row>"  # fmt: skip


@pytest.mark.parametrize(
    ("inner", "kind", "expected", "value"),
    [
        ("<f>1+1</f><v>2</v>", "", ["notice formula 0"], "2"),
        ("<f>1+1</f><v></v>", "", ["blocking formula 2 note"], ""),
        ("<f>1+1</f>", "", ["blocking formula 2 note"], ""),
        ('<f>IF(1,"")</f><v></v>', ' t="str"', ["notice formula 0"], ""),
        ('<f t="shared" si="0"/><v>7</v>', "", ["notice formula 0"], "7"),
        ('<f t="shared" si="0"/>', "", ["blocking formula 2 note"], ""),
        ("<v>7</v>", "", [], "7"),
    ],
)
def test_a_formula_counts_by_the_value_that_was_saved_with_it(inner, kind, expected, value):
    first = '<c r="A2" t="inlineStr"><is><t>A1</t></is></c>'
    body = f'{HEADS}<row r="2">{first}{cell("B2", inner, kind)}</row>'
    table = read(workbook(parts=sheet(body)), "c.xlsx")
    assert told(table.findings) == expected
    assert dict(zip(table.headings, table.columns, strict=True))["note"][0] == value


def test_formulas_beyond_those_that_are_listed_do_not_flood():
    body = HEADS + "".join(f'<row r="{n}">{cell(f"A{n}", "<f>1</f>")}{cell(f"B{n}", "<v>1</v>")}</row>' for n in range(2, 900))
    assert len(read(workbook(parts=sheet(body)), "c.xlsx").findings) == 500


def test_the_first_sheet_is_found_by_the_workbooks_own_list():
    findings = Findings()
    relation = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    book = f'<workbook {main} {relation}><sheets><sheet name="Cases" sheetId="1" r:id="rId9"/></sheets></workbook>'
    types = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    relations = (
        f'<Relationships xmlns="{package}"><Relationship Id="rId9" Type="{types}" Target="worksheets/other.xml"/></Relationships>'
    )
    other = sheet(HEADS + '<row r="2">' + cell("A2", "<f>1</f>") + "</row>")["xl/worksheets/sheet1.xml"]
    parts = {"xl/workbook.xml": book, "xl/_rels/workbook.xml.rels": relations, "xl/worksheets/other.xml": other}
    rows = workbooks.rows(workbook(["not this"], parts=parts), "c.xlsx", findings)
    assert rows[0] == ["case_id", "note"]
    assert told(findings) == ["blocking formula 2 case_id"]


def test_a_fault_inside_the_reader_is_a_refusal():
    with pytest.raises(InputError, match=r"cannot be read|damaged|is not a workbook"):
        read(workbook(["case_id"], without=("xl/worksheets/sheet1.xml",)), "c.xlsx")
    with pytest.raises(InputError):
        read(workbook(["case_id"], parts={"xl/styles.xml": b"<styleSheet><cellXfs><xf/>"}), "c.xlsx")
