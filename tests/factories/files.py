"""Files that are no case files, or hardly: the defects that real uploads have had, and what is sent to do harm."""

from __future__ import annotations

import io
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import openpyxl

DEFECTS = Path(__file__).parents[1] / "fixtures" / "defects"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


@dataclass(frozen=True)
class Defect:
    """One file with a defect and the right answer to it. ``refused``: the words with which it cannot be read at all."""

    name: str
    rows: int = 0
    cases: int = 0
    findings: tuple[str, ...] = ()
    refused: str = ""

    @property
    def content(self) -> bytes:
        return (DEFECTS / self.name).read_bytes()

    @property
    def blocked(self) -> bool:
        return bool(self.refused) or any(one.startswith("blocking") for one in self.findings)


def defects() -> list[Defect]:
    """Return every file of the collection of defects."""
    document = tomllib.loads((DEFECTS / "expected.toml").read_text("utf-8"))
    return [Defect(**{**one, "findings": tuple(one.get("findings", ()))}) for one in document["file"]]


def told(findings) -> list[str]:
    """Return findings as the collection of defects writes them."""
    return [f"{one.severity} {one.rule} {one.row} {one.field}".rstrip() for one in findings]


def workbook(*rows, parts=None, without=()) -> bytes:
    """Return a workbook of these rows, some of its parts replaced, added or taken away."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    plain = io.BytesIO()
    book.save(plain)
    changed = io.BytesIO()
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in without and name not in (parts or {}):
                new.writestr(name, old.read(name))
        for name, content in (parts or {}).items():
            new.writestr(name, content)
    return changed.getvalue()


def sheet(body: str) -> dict[str, bytes]:
    """Return the part of a workbook that is its first sheet, written by hand."""
    return {"xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_MAIN}"><sheetData>{body}</sheetData></worksheet>'.encode()}


SMALL_AREA = 5_000
"""Set as the most cells of a workbook, it keeps the tests quick."""

HOSTILE = {
    "macros.xlsm": (lambda: workbook(["case_id"], parts={"xl/vbaProject.bin": b"\0"}), "macros"),
    "macros.xlsx": (lambda: workbook(["case_id"], parts={"xl/vbaProject.bin": b"\0"}), "macros"),
    "binary.xlsb": (lambda: workbook(["case_id"], parts={"xl/workbook.bin": b"\0"}), "binary Excel workbook"),
    "open.ods": (lambda: workbook(parts={"mimetype": b"application/vnd.oasis", "content.xml": b""}), "OpenDocument"),
    "letter.docx": (lambda: workbook(without=("xl/workbook.xml", "xl/worksheets/sheet1.xml")), "another program"),
    "old.xls": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "old Excel file"),
    "entities.xlsx": (
        lambda: workbook(parts={"xl/sharedStrings.xml": b'<!DOCTYPE s [<!ENTITY a "aaaa">]><sst>&a;</sst>'}),
        "definitions of its own",
    ),
    "stray.xlsx": (
        lambda: workbook(parts=sheet('<row r="1"><c r="A1"><v>1</v></c></row><row r="9"><c r="XFD1048576"><v>1</v></c></row>')),
        "far below or beside",
    ),
    "many.xlsx": (lambda: workbook(parts=sheet("<row>" + "<c/>" * 5_001 + "</row>")), "too large when unpacked"),
    "parts.xlsx": (lambda: workbook(parts={f"xl/{n}": b"" for n in range(5001)}), "too large when unpacked"),
    "cut.xlsx": (lambda: workbook(["case_id"])[:900], "damaged"),
    "empty.zip": (lambda: b"PK\x03\x04" + bytes(50), "damaged"),
    "report.pdf": (lambda: b"%PDF-1.7\n", "a PDF"),
    "cases.csv.gz": (lambda: b"\x1f\x8b\x08" + bytes(20), "compressed"),
    "wide.csv": (lambda: b"case_id" + b",x" * 999_999 + b"\nA1\n", "1,000,000 columns"),
    "wide-row.csv": (lambda: b'case_id,"note"\nA1' + b"," * 999_999 + b"\n", "1,000,000 columns"),
    "nuls.csv": (lambda: b"case_id\n" + bytes(1000), "NUL"),
    "four-bytes.csv": (lambda: "case_id\nA1\n".encode("utf-32"), "UTF-32"),
    "half.csv": (lambda: "case_id\nA1\n".encode("utf-16") + b"x", "UTF-16"),
    "unknown.csv": (lambda: b"case_id\n\x81\n", "see line 2"),
    "nothing.csv": (lambda: b"\n,,\n", "empty"),
}
"""What is refused before any rule is tried: file name → how to make it, and a part of the words that refuse it."""
