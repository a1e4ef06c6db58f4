"""The file that Excel on a UK machine really saves, as columns of text.

CSV in UTF-8, Windows-1252 or UTF-16, with or without a byte order mark, separated by commas, semicolons or tabs; and XLSX.
Nothing is guessed in silence: each liberty taken is a notice, each cell that cannot be trusted a blocking finding.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Final

import numpy as np
import numpy.typing as npt

from plenary_stats.encoding import decoded
from plenary_stats.errors import InputError
from plenary_stats.findings import LISTED, Finding, Findings
from plenary_stats.ingest import bundle, workbooks
from plenary_stats.ingest.cells import Cells, cut

LARGEST_FILE: Final = 500_000_000
"""Bytes of a file as it is sent. A million cases of thirty fields take less than half of that."""

WIDEST: Final = 16_384
"""Columns of a file: as many as a spreadsheet can have."""

_ERRORS: Final = frozenset({"#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"})
_OTHERS: Final = (
    (b"%PDF", "a PDF"), (b"\x1f\x8b", "a compressed file (gzip)"), (b"7z\xbc\xaf", "a compressed file (7z)"),
    (b"Rar!", "a compressed file"),
    (b"PAR1", "a Parquet file"), (b"SQLite format 3", "a database"), (b"\x89PNG", "a picture"), (b"\xff\xd8\xff", "a picture"),
)  # fmt: skip
"""What else people send, by its first bytes."""

_INVISIBLE: Final = str.maketrans({"\u200b": "", "\u2060": "", "\ufeff": ""})


@dataclass(frozen=True)
class RawTable:
    """A file as it came: headings as written, the cells of each column, and the spreadsheet row of each record."""

    file: str
    headings: tuple[str, ...]
    columns: tuple[Cells, ...]
    row_numbers: npt.NDArray[np.int64]
    findings: Findings = field(default_factory=Findings)
    questionnaires: frozenset[str] = frozenset()
    """The FHIR Questionnaires that a bundle says it answers."""

    def __len__(self) -> int:
        return len(self.row_numbers)


def read(content: bytes, filename: str) -> RawTable:
    """Return the table of a CSV or XLSX file, or raise :class:`InputError` when it is neither."""
    refuse_size(len(content), filename)
    if content[:4] == b"\xd0\xcf\x11\xe0":
        raise InputError(
            f"'{filename}' is an old Excel file, or one with a password. Save it as 'Excel workbook (.xlsx)', no password."
        )
    findings = Findings()
    if bundle.looks_like_one(content):
        return _bundle_table(content, filename, findings)
    if content[:4] == b"PK\x03\x04":
        rows = workbooks.rows(content, filename, findings)
        suspicious = True
    else:
        text = _decoded(content, filename, findings)
        separator, text = _separated(text, filename, findings)
        _refuse_width(text.lstrip("\r\n").partition("\n")[0].count(separator) + 1, filename)
        suspicious = "#" in text or "=" in text
        quick = _plain_table(text, separator, filename, findings)
        if quick is not None:
            return _without_suspicion(quick) if suspicious else quick
        rows = _text_rows(text, separator, filename, findings)
    _refuse_width(max(map(len, rows), default=0), filename)
    table = _table(filename, rows, findings)
    return _without_suspicion(table) if suspicious else table


def refuse_size(size: int, file: str) -> None:
    """Refuse a file that is larger than any return is. To be asked before its bytes are read into memory."""
    if size > LARGEST_FILE:
        raise InputError(
            f"'{file}' is larger than {LARGEST_FILE // 1_000_000} MB. Send only what the data set asks for, period by period."
        )


def one_row(values: Mapping[str, str], name: str = "screen") -> RawTable:
    """Return the table of one case keyed on screen: field name to text."""
    return RawTable(name, tuple(values), tuple(Cells.of([value.strip()]) for value in values.values()), np.array([2]))


def _bundle_table(content: bytes, file: str, findings: Findings) -> RawTable:
    numbers, rows, asked = bundle.rows(content, file, findings)
    headings = tuple(dict.fromkeys(name for row in rows for name in row))
    _refuse_width(len(headings), file)
    columns = tuple(Cells.of([row.get(name, "") for row in rows]) for name in headings)
    return _without_suspicion(RawTable(file, headings, columns, np.array(numbers, dtype=np.int64), findings, asked))


# -- text


def _decoded(content: bytes, file: str, findings: Findings) -> str:
    if kind := next((kind for start, kind in _OTHERS if content.startswith(start)), ""):
        raise InputError(f"'{file}' is {kind}, not a table. Send a CSV or an Excel workbook (.xlsx).")
    found = decoded(content, f"'{file}'")
    text = found.text
    if found.other_line:
        message = (
            f"The file is in two encodings: line {found.other_line} is UTF-8, others are {found.encoding}. Each was read so."
        )
        remedy = "Look at the accents of both parts, and save the file as 'CSV UTF-8'."
        findings.append(Finding(file, 0, "", "encoding", "warning", message, remedy))
    elif found.encoding != "UTF-8":
        message = f"The file is {found.encoding}, not UTF-8, and was read so."
        findings.append(Finding(file, 0, "", "encoding", "notice", message, "Save it as 'CSV UTF-8' to be safe with accents."))
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise InputError(
            f"'{file}' is not a text file: line {line} holds a NUL character. Send a CSV or an Excel workbook (.xlsx)."
        )
    if "\xa0" in text or "\u202f" in text:
        text = text.replace("\xa0", " ").replace("\u202f", " ")
        findings.append(Finding(file, 0, "", "spaces", "notice", "The file holds non-breaking spaces; they were read as spaces."))
    return text if text.isascii() else text.translate(_INVISIBLE)


def _separated(text: str, file: str, findings: Findings) -> tuple[str, str]:
    """Return the separator, and the text without the line in which Excel names it."""
    first = re.match(r"sep=([^\w\s\"]|\t)\r?\n", text)
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
    rows: list[list[str]] = []
    try:
        rows.extend(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as problem:
        if "unexpected end" in str(problem) or "field larger" in str(problem):
            row = f"A quotation mark on row {len(rows) + 1} of '{file}' is never closed"
            raise InputError(f"{row}: all rows after it would be lost. Delete or close it and save the file again.") from problem
    else:
        _swallowed(rows, separator, file, findings, sure=False)
        return rows
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error as problem:
        raise InputError(f"'{file}' is not a CSV file: {problem}. Save it again as 'CSV UTF-8'.") from problem
    if not _swallowed(rows, separator, file, findings, sure=True):
        message = "A quotation mark stands inside a quoted cell; the cell was read as well as possible."
        findings.append(Finding(file, 0, "", "quotes", "warning", message, "Look at the cells with quotation marks."))
    return rows


def _swallowed(rows: list[list[str]], separator: str, file: str, findings: Findings, *, sure: bool) -> bool:
    """Say in which cells whole rows stand: a stray quotation mark opens there, and the next one closes it rows later.

    ``sure``: quotation marks stand wrong in this file, so that any cell of several lines may have swallowed a row.
    """
    between = len(rows[0]) - 1 if rows else 0
    found = 0
    for number, row in enumerate(rows, start=1):
        lines = [line for cell in row if "\n" in cell for line in cell.split("\n")[1:]]
        if not lines or number == 1 or not (sure or (between > 1 and any(line.count(separator) == between for line in lines))):
            continue
        found += 1
        if found <= LISTED:
            message = f"A cell holds {len(lines) + 1} lines: a stray quotation mark may have swallowed the rows after this one."
            remedy = "Delete the stray quotation mark, or put the text on one line."
            findings.append(Finding(file, number, "", "quotes", "blocking", message, remedy))
    return bool(found)


def _refuse_width(columns: int, file: str) -> None:
    if columns > WIDEST:
        raise InputError(
            f"'{file}' has a row of {columns:,} columns; {WIDEST:,} is the most. Send one column for each field of the data set."
        )


def _separator(text: str) -> str:
    heading = re.sub(r'"[^"]*"', "", text[:20_000].split("\n", 1)[0])
    counts = {mark: heading.count(mark) for mark in ",;\t|"}
    return max(counts, key=lambda mark: counts[mark]) if any(counts.values()) else ","


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
    blanks = {place for place, row in enumerate(rows) if not (row and row[0].strip()) and not any(cell.strip() for cell in row)}
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
    return replace(table, columns=columns)


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
