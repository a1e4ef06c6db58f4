"""The file that Excel on a UK machine really saves, as columns of text.

CSV in UTF-8, Windows-1252 or UTF-16, with or without a byte order mark, separated by commas, semicolons or tabs; and XLSX.
Nothing is guessed in silence: each liberty taken is a notice, each cell that cannot be trusted a blocking finding.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from itertools import chain
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from plenary_stats.errors import InputError
from plenary_stats.findings import LISTED, Finding, Findings
from plenary_stats.ingest.cells import Cells, cut

LARGEST: Final = 1_000_000_000
"""Bytes of a workbook when unpacked. More is an attack or a mistake."""

_ERRORS: Final = frozenset({"#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"})
_INVISIBLE: Final = str.maketrans({"\u200b": "", "\u2060": "", "\ufeff": ""})


@dataclass(frozen=True)
class RawTable:
    """A file as it came: headings as written, the cells of each column, and the spreadsheet row of each record."""

    file: str
    headings: tuple[str, ...]
    columns: tuple[Cells, ...]
    row_numbers: npt.NDArray[np.int64]
    findings: Findings = field(default_factory=Findings)

    def __len__(self) -> int:
        return len(self.row_numbers)


def read(content: bytes, filename: str) -> RawTable:
    """Return the table of a CSV or XLSX file, or raise :class:`InputError` when it is neither."""
    if content[:4] == b"\xd0\xcf\x11\xe0":
        raise InputError(
            f"'{filename}' is an old Excel file, or one with a password. Save it as 'Excel workbook (.xlsx)', no password."
        )
    findings = Findings()
    if content[:4] == b"PK\x03\x04":
        rows = _workbook_rows(content, filename, findings)
        suspicious = True
    else:
        text = _decoded(content, filename, findings)
        separator, text = _separated(text, filename, findings)
        suspicious = "#" in text or "=" in text
        quick = _plain_table(text, separator, filename, findings)
        if quick is not None:
            return _without_suspicion(quick) if suspicious else quick
        rows = _text_rows(text, separator, filename, findings)
    table = _table(filename, rows, findings)
    return _without_suspicion(table) if suspicious else table


def one_row(values: Mapping[str, str], name: str = "screen") -> RawTable:
    """Return the table of one case keyed on screen: field name to text."""
    return RawTable(name, tuple(values), tuple(Cells.of([value.strip()]) for value in values.values()), np.array([2]))


# -- text


def _decoded(content: bytes, file: str, findings: Findings) -> str:
    text, encoding = _decode(content, file)
    if encoding != "UTF-8":
        found = f"The file is {encoding}, not UTF-8, and was read so."
        findings.append(Finding(file, 0, "", "encoding", "notice", found, "Save it as 'CSV UTF-8' to be safe with accents."))
    if "\0" in text:
        raise InputError(f"'{file}' is not a text file. Send a CSV or an Excel workbook (.xlsx).")
    if "\xa0" in text or "\u202f" in text:
        text = text.replace("\xa0", " ").replace("\u202f", " ")
        findings.append(Finding(file, 0, "", "spaces", "notice", "The file holds non-breaking spaces; they were read as spaces."))
    return text if text.isascii() else text.translate(_INVISIBLE)


def _decode(content: bytes, file: str) -> tuple[str, str]:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        candidates = [("utf-16", "UTF-16")]
    else:
        candidates = [("utf-8-sig", "UTF-8"), ("cp1252", "Windows-1252")]
    for codec, name in candidates:
        try:
            return content.decode(codec), name
        except UnicodeDecodeError:
            continue
    raise InputError(f"'{file}' is neither UTF-8, Windows-1252 nor UTF-16 text. Save it again as 'CSV UTF-8'.")


def _separated(text: str, file: str, findings: Findings) -> tuple[str, str]:
    """Return the separator, and the text without the line in which Excel names it."""
    first = re.match(r"sep=(.)\r?\n", text)
    if first:
        text = text[first.end() :]
    separator = first[1] if first else _separator(text)
    if separator != ",":
        name = {";": "semicolons", "\t": "tabs"}.get(separator, f"'{separator}'")
        findings.append(Finding(file, 0, "", "separator", "notice", f"The columns are separated by {name}, and were read so."))
    return separator, text


def _plain_table(text: str, separator: str, file: str, findings: Findings) -> RawTable | None:
    """Return the table of a CSV without quotation marks and with equal rows, as nearly all are; None for the others."""
    parts = cut(text.encode(), separator) if text.strip() else None
    if parts is None:
        return None
    headings, columns, present = parts
    named = max((place for place, heading in enumerate(headings, start=1) if heading), default=0)
    if not named or any(not column.empty() for column in columns[named:]):
        return None
    numbers = np.flatnonzero(present) + 2
    if any(not any(column[row].strip() for column in columns) for row in _rows_of_spaces(columns)):
        return None
    gaps = len(present) and (~present[: int(numbers[-1]) - 1 if len(numbers) else 0]).sum()
    if gaps:
        _blank_rows(file, int(gaps), int(np.flatnonzero(~present)[0]) + 2, findings)
    kept = [place for place in range(named) if headings[place] or not columns[place].empty()]
    return RawTable(file, tuple(headings[p] for p in kept), tuple(columns[p] for p in kept), numbers, findings)


def _rows_of_spaces(columns: Sequence[Cells]) -> list[int]:
    """Return the rows whose first cell is empty: the only ones that may hold nothing but spaces."""
    blank = [place for place, text in enumerate(columns[0].texts) if not text.strip()]
    return np.flatnonzero(np.isin(columns[0].places, blank)).tolist() if blank else []


def _blank_rows(file: str, number: int, row: int, findings: Findings) -> None:
    message = f"{number} empty rows stand between the cases; they were passed over."
    findings.append(Finding(file, row, "", "blank-rows", "notice", message))


def _text_rows(text: str, separator: str, file: str, findings: Findings) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as problem:
        if "unexpected end" in str(problem) or "field larger" in str(problem):
            raise InputError(
                f"'{file}' opens a quotation mark that is never closed. Find it and save the file again."
            ) from problem
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error as problem:
        raise InputError(f"'{file}' is not a CSV file: {problem}. Save it again as 'CSV UTF-8'.") from problem
    message = "A quotation mark stands inside a quoted cell; the cell was read as well as possible."
    findings.append(Finding(file, 0, "", "quotes", "warning", message, "Look at the cells with quotation marks."))
    return rows


def _separator(text: str) -> str:
    heading = re.sub(r'"[^"]*"', "", text[:20_000].split("\n", 1)[0])
    counts = {mark: heading.count(mark) for mark in ",;\t|"}
    return max(counts, key=lambda mark: counts[mark]) if any(counts.values()) else ","


# -- workbooks


def _workbook_rows(content: bytes, file: str, findings: Findings) -> list[list[str]]:
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415  CSV alone does not need it

    formulas = _has_formulas(content, file)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheet = workbook.get_sheet_by_index(0)
        values = sheet.to_python(skip_empty_area=False)
    except (CalamineError, OSError, ValueError, IndexError, zipfile.BadZipFile) as problem:
        raise InputError(
            f"'{file}' is not a workbook that can be read: {problem}. Save it as 'Excel workbook (.xlsx)'."
        ) from problem
    if len(workbook.sheet_names) > 1:
        message = f"The workbook has {len(workbook.sheet_names)} sheets; only the first, '{workbook.sheet_names[0]}', was read."
        findings.append(Finding(file, 0, "", "other-sheets", "notice", message, "Put the cases on the first sheet."))
    rows = [[_cell(value) for value in row] for row in values]
    if formulas:
        _formula_findings(content, file, rows, findings)
    return rows


def _has_formulas(content: bytes, file: str) -> bool:
    try:
        package = zipfile.ZipFile(io.BytesIO(content))
        if sum(entry.file_size for entry in package.infolist()) > LARGEST:
            return _too_large(file)
        sheets = [name for name in package.namelist() if name.startswith("xl/worksheets/") and name.endswith(".xml")]
        return any(re.search(rb"<(?:\w+:)?f[ >/]", package.read(name)) for name in sheets)
    except InputError:
        raise
    except Exception as problem:  # a damaged archive fails in any of zipfile's, zlib's and struct's ways
        raise InputError(f"'{file}' is a damaged workbook: {problem}. Save it again as 'Excel workbook (.xlsx)'.") from problem


def _too_large(file: str) -> bool:
    raise InputError(f"'{file}' is too large when unpacked. Send it as CSV.")


def _formula_findings(content: bytes, file: str, rows: list[list[str]], findings: Findings) -> None:
    """Take the values that Excel saved beside its formulas; refuse a formula that was never calculated."""
    import openpyxl  # noqa: PLC0415  slow to load, and few files have formulas

    try:
        book = openpyxl.load_workbook(io.BytesIO(content))
    except Exception as problem:  # openpyxl raises whatever the XML makes it raise
        raise InputError(f"'{file}' holds formulas that cannot be read: {problem}. Paste the values instead.") from problem
    taken = 0
    for cells in book.worksheets[0].iter_rows():
        for cell in (cell for cell in cells if cell.data_type == "f"):
            row, place = int(cell.row or 0), int(cell.column or 0) - 1
            saved = rows[row - 1][place] if row <= len(rows) and place < len(rows[row - 1]) else ""
            taken += bool(saved)
            if not saved:
                heading = rows[0][place] if rows and place < len(rows[0]) else ""
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


# -- the shape


def _table(file: str, rows: list[list[str]], findings: Findings) -> RawTable:
    start = next((number for number, row in enumerate(rows) if any(cell.strip() for cell in row)), None)
    if start is None:
        raise InputError(f"'{file}' is empty. The first row must hold the headings.")
    headings = [cell.strip() for cell in rows[start]]
    body, numbers = _without_blanks(rows[start + 1 :], start + 2, file, findings)
    width = _width(headings, body)
    headings = (headings + [""] * width)[:width]
    _square(body, numbers, len(headings), file, findings)
    flat = list(chain.from_iterable(body))
    columns = [flat[place::width] for place in range(width)]
    kept = [place for place in range(width) if headings[place] or any(cell.strip() for cell in columns[place])]
    return RawTable(file, tuple(headings[p] for p in kept), tuple(Cells.of(columns[p]) for p in kept), numbers, findings)


def _without_blanks(
    rows: list[list[str]], first: int, file: str, findings: Findings
) -> tuple[list[list[str]], npt.NDArray[np.int64]]:
    numbers = np.arange(first, first + len(rows), dtype=np.int64)
    blanks = {place for place, row in enumerate(rows) if not (row and row[0]) and not any(cell.strip() for cell in row)}
    if not blanks:
        return rows, numbers
    kept = [place for place in range(len(rows)) if place not in blanks]
    between = [place for place in blanks if kept and place < kept[-1]]
    if between:
        _blank_rows(file, len(between), int(numbers[min(between)]), findings)
    return [rows[place] for place in kept], numbers[kept]


def _width(headings: list[str], body: list[list[str]]) -> int:
    """Return the number of columns: as many as there are headings, the empty ones at the end left out."""
    named = max(place for place, heading in enumerate(headings, start=1) if heading)
    if all(len(row) <= named for row in body):
        return named
    full = sum(1 for row in body if any(cell.strip() for cell in row[named:]))
    return max(map(len, body)) if full * 2 > len(body) else named  # a column without a heading, rather than stray cells


def _square(body: list[list[str]], numbers: npt.NDArray[np.int64], width: int, file: str, findings: Findings) -> None:
    """Make every row as long as the headings; say where cells are lost or wanting."""
    if set(map(len, body)) <= {width}:
        return
    extra: list[int] = []
    short: list[int] = []
    for place, row in enumerate(body):
        if len(row) > width:
            if any(cell.strip() for cell in row[width:]):
                extra.append(place)
            del row[width:]
        elif len(row) < width:
            short.append(place)
            row.extend([""] * (width - len(row)))
    for place in extra[:LISTED]:
        message = "The row has more cells than there are headings: its values may have moved to the right."
        remedy = "Put a text that holds a comma in quotation marks, or delete the stray cells."
        findings.append(Finding(file, int(numbers[place]), "", "extra-cells", "blocking", message, remedy))
    if short:
        message = f"{len(short)} rows have fewer cells than there are headings; the missing ones were read as empty."
        findings.append(Finding(file, int(numbers[short[0]]), "", "short-row", "notice", message))


def _without_suspicion(table: RawTable) -> RawTable:
    """Find spreadsheet errors and formulas. ``="0012"`` is Excel's way to keep leading noughts, and is unwrapped."""
    columns = tuple(_judged(table, heading, cells) for heading, cells in zip(table.headings, table.columns, strict=True))
    return RawTable(table.file, table.headings, columns, table.row_numbers, table.findings)


def _judged(table: RawTable, heading: str, cells: Cells) -> Cells:
    marked = [place for place, text in enumerate(cells.texts) if text.lstrip()[:1] in ("#", "=") and text.strip()]
    texts = list(cells.texts)
    for place in marked:
        text = texts[place].strip()
        if kept := re.fullmatch(r'="([^"]*)"', text):
            texts[place] = kept[1]
        elif text.upper() in _ERRORS or re.fullmatch(r"#{3,}", text):
            remedy = "Correct the formula in the spreadsheet, or type the value."
            _refused(table, heading, cells, place, ("error-cell", f"The cell holds the spreadsheet error {text}.", remedy))
        elif text.startswith("="):
            _refused(
                table,
                heading,
                cells,
                place,
                ("formula", "The cell holds a formula instead of a value.", "Paste the value instead."),
            )
    return cells.changed(texts) if marked else cells


def _refused(table: RawTable, heading: str, cells: Cells, place: int, what: tuple[str, str, str]) -> None:
    rule, message, remedy = what
    for row in table.row_numbers[cells.places == place][:LISTED].tolist():
        table.findings.append(Finding(table.file, row, heading, rule, "blocking", message, remedy))
