"""Long tables as people keep them: CSV with dimension columns, a ``value``, perhaps a ``status``; and back again."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import PurePath
from typing import Any

import numpy as np

from plenary_stats.disclosure.policy import Policy
from plenary_stats.errors import InputError
from plenary_stats.measures import RATIO
from plenary_stats.tables import RESULT_NUMBERS, TOTAL, WITHHELD, Column, Kind, ProtectedTable, ResultTable, numbers, text

REMAINDERS = ("not_eligible", "not_known")
FIGURES = (*RESULT_NUMBERS, "met", "not_met", *REMAINDERS, *RATIO)
WORDS = ("status", "method", "note", "edition", *(f"{name}_status" for name in REMAINDERS))
KINDS: dict[str, Kind] = {
    "activity": "count",
    "outcomes": "rate",
    "access": "exposure",
    "completeness": "rate",
}


STATUSES = ("", "c", "x", "z", "low")
HIDDEN = ("value", "numerator", "lower", "upper", "met", "not_met", *RATIO)
"""What a row that is marked as withheld must not hold, whatever kind of table it stands in."""


@dataclass(frozen=True)
class LongTable:
    """One file: its header, its rows in the order of their codes, and the table that they mean.

    Sorted by their values, as people leave them, withheld rows would lie between those of their neighbours.
    """

    header: tuple[str, ...]
    rows: tuple[dict[str, str], ...]
    table: ResultTable

    def told(self) -> list[dict[str, Any]]:
        """Return the cells of rows that are marked as withheld and hold their figure all the same."""
        found = []
        for row, line in enumerate(self.rows):
            name = next((each for each in HIDDEN if each in line and line[each].strip()), None)
            if str(self.table["status"][row]) == WITHHELD and name is not None:
                number = float(self.table[name][row])
                place = {each: str(self.table[each][row]) for each in self.table.dimensions}
                found.append(place | {"quantity": name, "low": number, "high": number, "verdict": "exact"})
        return found


def read_long(content: bytes, filename: str, policy: Policy | None = None) -> LongTable | None:
    """Read a long table; None where the file has no column ``value`` (it is then no table of figures).

    The dimensions are the columns before ``value``, or those that the policy names. After it stand figures and words by their
    known names alone: whatever else stood there would be printed beside the withheld number, a percentage for instance.
    Without a column ``status`` an empty value is a withheld one. A table with the columns ``numerator`` and ``denominator`` is
    one of rates; with ``denominator`` alone too, for an unrounded share of a shown number is a number. A table that the policy's
    ``magnitudes`` names holds amounts. Raises ``InputError`` naming the file, row and column.
    """
    lines, header = _lines(content, filename)
    if "value" not in header:
        return None
    policy = policy or Policy()
    dimensions = _dimensions(header, filename, policy)
    name = PurePath(filename).stem
    columns = {each: text([line[each] for line in lines]) for each in dimensions}
    for each in FIGURES:
        if each in header:
            columns[each] = numbers([_number(line[each], filename, row, each) for row, line in enumerate(lines, 2)])
    columns["status"] = text([_status(line, filename, row) for row, line in enumerate(lines, 2)])
    kind = _kind(name, header, policy)
    if kind == "rate" and "numerator" not in header:
        columns["numerator"] = numbers([_numerator(line, filename, row, policy) for row, line in enumerate(lines, 2)])
    if kind == "count":
        _check_counts(columns["value"], filename)
    order = _order(header, lines)
    columns = {each: column[order] for each, column in columns.items()}
    return LongTable(
        header, tuple(lines[row] for row in order), ResultTable(columns, name=name, kind=kind, dimensions=dimensions)
    )


def _order(header: Sequence[str], lines: Sequence[Mapping[str, str]]) -> list[int]:
    """Return the rows by their codes, column after column, and each ``Total`` after the codes beside it."""
    codes = [name for name in header if name not in {*FIGURES, *WORDS}]
    return sorted(range(len(lines)), key=lambda row: [(lines[row][name] == TOTAL, lines[row][name]) for name in codes])


def _lines(content: bytes, filename: str) -> tuple[list[dict[str, str]], tuple[str, ...]]:
    """Return the rows by column name, and the header of a file that has rows."""
    try:
        reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        lines = list(reader)
    except (UnicodeDecodeError, csv.Error) as problem:
        raise InputError(f"{filename} is not a CSV file in UTF-8: {problem}") from problem
    header = tuple(reader.fieldnames or ()) if lines else ()
    if "value" in header:
        twice = sorted({name for name in header if header.count(name) > 1})
        if twice:
            raise InputError(f"{filename} has two columns '{twice[0]}': one of them would be lost. Give each a name of its own.")
        if None in lines[0] or any(None in line or None in line.values() for line in lines):
            raise InputError(f"{filename} has rows with more or fewer cells than its header. Save it again as CSV.")
    return lines, header


def _dimensions(header: Sequence[str], filename: str, policy: Policy) -> tuple[str, ...]:
    """Return the columns that are dimensions; refuse one after ``value`` that is neither that nor known."""
    others = [name for name in header if name not in {*FIGURES, *WORDS}]
    after = set(header[header.index("value") :])
    unknown = [name for name in others if name in after and name not in policy.dimensions]
    if unknown:
        raise InputError(
            f"{filename}, column {unknown[0]}: it stands after value and is none of the columns that may stand there "
            f"({', '.join(name for name in (*WORDS, *FIGURES) if name != 'value')}). A figure beside a withheld number can give "
            "it away: leave the column out; if it is a dimension, put it before value or name it in the policy's dimensions."
        )
    return tuple(name for name in others if not policy.dimensions or name in policy.dimensions)


def _kind(name: str, header: Sequence[str], policy: Policy) -> Kind:
    """Return what a table's rows are: as its name says where it is one of an edition's, else as its columns say."""
    if name in policy.magnitudes:
        return "magnitude"
    if "denominator" not in header or name == "activity":
        return "count"
    return KINDS.get(name, "rate")


def _status(line: Mapping[str, str], filename: str, row: int) -> str:
    if "status" not in line:
        return WITHHELD if not line["value"].strip() else ""
    if line["status"] not in STATUSES:
        raise InputError(
            f"{filename}, row {row}, status: '{line['status']}' is no status. Known: empty (shown), c (withheld), "
            "x (not collected), z (not applicable), low (rounds to nought)."
        )
    return line["status"]


def _number(written: str, filename: str, row: int, column: str) -> float:
    if not written.strip():
        return math.nan
    try:
        value = float(written)
    except ValueError:
        value = math.inf
    if not math.isfinite(value):
        raise InputError(f"{filename}, row {row}, {column}: '{written}' is not a number.")
    return value


def _numerator(line: Mapping[str, str], filename: str, row: int, policy: Policy) -> float:
    """Return the number behind a rate that stands beside its denominator: the only one that is printed so.

    Where the policy itself rounds rates (``precision``), it is the nearest: they are protected as if it were shown.
    """
    if not line["value"].strip() or not line["denominator"].strip():
        return math.nan
    share, whole = float(line["value"]), float(line["denominator"])
    if not 0 <= share <= 1:
        raise InputError(
            f"{filename}, row {row}, value: {line['value']} beside a denominator is no share between 0 and 1. "
            "Write rates as shares, or give the column numerator; a table of counts has no column denominator."
        )
    off = 0.5 * 10.0 ** Decimal(line["value"].strip()).as_tuple().exponent * whole  # type: ignore[operator]
    if off >= 0.5 and policy.precision is None and abs(share * whole - round(share * whole)) > 1e-6:
        raise InputError(
            f"{filename}, row {row}, value: {line['value']} of {line['denominator']} leaves more than one number of patients. "
            "Give the column numerator, or the rate with more digits."
        )
    return float(round(share * whole))


def _check_counts(values: Column, filename: str) -> None:
    """Refuse what counts nobody: shares and amounts need their own kind of table to be protected rightly."""
    with np.errstate(invalid="ignore"):
        wrong = np.flatnonzero(((values < 0) | (values % 1 > 0)) & ~np.isnan(values))
    if len(wrong):
        raise InputError(
            f"{filename}, row {wrong[0] + 2}, value: {values[wrong[0]]:g} is no number of patients: those are whole and "
            "not negative. A table of rates has the columns numerator and denominator; the policy's magnitudes "
            "name tables of amounts."
        )


def write_long(source: LongTable, made: ProtectedTable, policy: Policy | None = None) -> bytes:
    """Return the file with withheld figures emptied and their status; everything else as it stood.

    Where the policy rounds, every figure is written anew: 10.0 among others without a point was 10 before it was rounded.
    """
    anew = policy is not None and (policy.rounding, policy.precision) != (None, None)
    header = source.header if "status" in source.header else (*source.header, "status")
    figures = [name for name in header if name in FIGURES]
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, header, lineterminator="\n")
    writer.writeheader()
    for order, row in enumerate(source.rows):
        written = row | {"status": str(made["status"][order])}
        if written["status"] == WITHHELD and "note" in written:
            written["note"] = ""
        for name in figures:
            value = made[name][order]
            if np.isnan(value):
                written[name] = ""
                if row[name].strip() and f"{name}_status" in written:
                    written[f"{name}_status"] = WITHHELD
            elif anew or value != float(row[name]):
                written[name] = f"{value:.0f}" if float(value).is_integer() else repr(float(value))
        writer.writerow(written)
    return out.getvalue().encode()
