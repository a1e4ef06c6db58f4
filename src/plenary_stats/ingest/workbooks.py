"""Excel workbooks as rows of text. A workbook is a packed folder of XML, so that it is looked at before it is unpacked in full.

What is refused by its right name: macros, the binary and the open-document form, and whatever unpacks to more than a table needs.
"""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date, datetime, time
from typing import Any, Final, NoReturn
from xml.etree import ElementTree as ET

from plenary_stats.errors import InputError
from plenary_stats.findings import LISTED, Finding, Findings

LARGEST: Final = 300_000_000
"""Bytes of a workbook when unpacked. More is an attack or a mistake, or better sent as CSV."""

AREA: Final = 5_000_000
"""Cells of a table, the empty ones between included: one stray cell in the last row makes thousands of millions of them."""

_ENTRIES: Final = 5_000
_PIECE: Final = 1 << 20
_CELL: Final = re.compile(rb"\br=\"([A-Z]{1,3})(\d{1,7})\"")
_CELLS: Final = re.compile(rb"<(?:\w+:)?c[ />]")
_FORMULA: Final = re.compile(rb"<(?:\w+:)?c\b([^>]*)>\s*<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)(\s*<(?:\w+:)?v\b)?")
_RELATION: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_SAVE: Final = "Save it as 'Excel workbook (.xlsx)'."


def rows(content: bytes, file: str, findings: Findings) -> list[list[str]]:
    """Return the rows of the first sheet, or raise :class:`InputError` saying what the file is instead."""
    from python_calamine import CalamineWorkbook  # noqa: PLC0415  CSV alone does not need it

    first = _looked_through(content, file)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        names = workbook.sheet_names
        values = workbook.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as problem:  # a fault inside the reader, which is not Python, is no Exception
        raise InputError(f"'{file}' is not a workbook that can be read: {problem}. {_SAVE}") from problem
    if len(names) > 1:
        message = f"The workbook has {len(names)} sheets; only the first, '{names[0]}', was read."
        findings.append(Finding(file, 0, "", "other-sheets", "notice", message, "Put the cases on the first sheet."))
    found = [[_cell(value) for value in row] for row in values]
    _formula_findings(first, file, found, findings)
    return found


# -- before it is unpacked


def _looked_through(content: bytes, file: str) -> bytes:
    """Return the XML of the first sheet of a workbook that may be read; refuse any other file by its name."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            _refuse_kind(package, file)
            _refuse_bomb(package, file)
            first = _first_sheet(package)
            return package.read(first) if first else b""
    except InputError:
        raise
    except Exception as problem:  # a damaged archive fails in any of zipfile's, zlib's and struct's ways
        raise InputError(f"'{file}' is a damaged workbook: {problem}. Save it again as 'Excel workbook (.xlsx)'.") from problem


def _refuse_kind(package: zipfile.ZipFile, file: str) -> None:
    names = {name.lower() for name in package.namelist()}
    kind = ""
    if any(name.rpartition("/")[2] == "vbaproject.bin" for name in names):
        kind = "a workbook with macros, which are not taken"
    elif "xl/workbook.bin" in names:
        kind = "a binary Excel workbook (.xlsb)"
    elif "mimetype" in names and "content.xml" in names:
        kind = "an OpenDocument file (.ods)"
    elif "xl/workbook.xml" not in names and not any(name.startswith("xl/worksheets/") for name in names):
        kind = "a packed folder (.zip), or a document of another program"
    if kind:
        raise InputError(f"'{file}' is {kind}. {_SAVE}")


def _refuse_bomb(package: zipfile.ZipFile, file: str) -> None:
    """Unpack in pieces what the reader will unpack whole, and stop where it grows too large: an archive may lie about it."""
    entries = package.infolist()
    if len(entries) > _ENTRIES or sum(entry.file_size for entry in entries) > LARGEST:
        _too_large(file)
    unpacked = 0
    for entry in entries:
        if entry.filename.endswith((".xml", ".rels")):
            unpacked += _measured(package, entry, file)
            if unpacked > LARGEST:
                _too_large(file)


def _measured(package: zipfile.ZipFile, entry: zipfile.ZipInfo, file: str) -> int:
    """Return the bytes of one part of a workbook; refuse a sheet of more cells than a table has."""
    sheet = entry.filename.startswith("xl/worksheets/")
    letters, lowest, tail = set[bytes](), 0, b""
    unpacked = cells = 0
    with package.open(entry) as stream:
        while piece := stream.read(_PIECE):
            unpacked += len(piece)
            if b"<!DOCTYPE" in piece or b"<!ENTITY" in piece:
                raise InputError(f"'{file}' holds XML with definitions of its own, which no spreadsheet writes. {_SAVE}")
            if sheet:
                places = _CELL.findall(tail + piece)
                letters.update(column for column, _ in places)
                lowest = max(lowest, max((int(row) for _, row in places), default=0))
                cells += len(_CELLS.findall(piece))
                tail = piece[-32:]
            if unpacked > LARGEST or cells > AREA:
                _too_large(file)
    if max(map(_column, letters), default=0) * lowest > AREA:
        message = f"'{file}' has a filled cell far below or beside the others: its table has {lowest:,} rows."
        raise InputError(f"{message} Delete the stray cells, or copy the cases to a new workbook.")
    return unpacked


def _too_large(file: str) -> NoReturn:
    raise InputError(f"'{file}' is too large when unpacked. Send it as CSV.")


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _first_sheet(package: zipfile.ZipFile) -> str:
    """Return the name of the first sheet's XML; nothing where the workbook does not say it in the usual way."""
    names = package.namelist()
    try:
        book = ET.fromstring(package.read("xl/workbook.xml"))  # noqa: S314  no definitions in it, and small
        relations = ET.fromstring(package.read("xl/_rels/workbook.xml.rels"))  # noqa: S314  as above
    except (KeyError, ET.ParseError):
        return next((name for name in sorted(names) if name.startswith("xl/worksheets/") and name.endswith(".xml")), "")
    wanted = next((one.get(_RELATION) for one in book.iter() if one.tag.rpartition("}")[2] == "sheet"), None)
    target = next((one.get("Target", "") for one in relations if one.get("Id") == wanted), "")
    name = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return name if name in names else ""


# -- formulas


def _formula_findings(sheet: bytes, file: str, found: list[list[str]], findings: Findings) -> None:
    """Take the values that Excel saved beside its formulas; refuse a formula that was never calculated."""
    taken = lacking = 0
    for formula in _FORMULA.finditer(sheet):
        place = _CELL.search(formula[1])
        row, column = (int(place[2]), _column(place[1]) - 1) if place else (0, 0)
        saved = place is not None and row <= len(found) and column < len(found[row - 1]) and bool(found[row - 1][column])
        if saved or (formula[2] and b't="str"' in formula[1]):  # a formula whose answer is an empty text
            taken += 1
            continue
        lacking += 1
        if lacking <= LISTED:
            heading = found[0][column] if place and found and column < len(found[0]) else ""
            message = "The cell holds a formula without a saved value."
            findings.append(
                Finding(file, row, heading, "formula", "blocking", message, "Paste the value instead of the formula.")
            )
    if taken:
        message = f"{taken} cells hold formulas; the values that Excel saved with them were taken."
        findings.append(Finding(file, 0, "", "formula", "notice", message, "Paste values instead of formulas."))


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value.replace("\xa0", " ")
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time(0) else value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, date) else str(value)
