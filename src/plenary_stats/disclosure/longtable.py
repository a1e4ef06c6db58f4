"""Long tables as people keep them: CSV with dimension columns, a ``value``, perhaps a ``status``; and back again."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np

from plenary_stats.disclosure.policy import Policy
from plenary_stats.errors import InputError
from plenary_stats.tables import RESULT_NUMBERS, WITHHELD, Kind, ProtectedTable, ResultTable, numbers, text

FIGURES = (*RESULT_NUMBERS, "met", "not_met", "not_eligible", "not_known")
WORDS = ("status", "method", "note", "edition")
KINDS: dict[str, Kind] = {
    "activity": "count",
    "outcomes": "rate",
    "access": "exposure",
    "spend": "magnitude",
    "completeness": "rate",
}


@dataclass(frozen=True)
class LongTable:
    """One file: its header and rows as they stand, and the table that they mean."""

    header: tuple[str, ...]
    rows: tuple[dict[str, str], ...]
    table: ResultTable


def read_long(content: bytes, filename: str, policy: Policy | None = None) -> LongTable | None:
    """Read a long table; None where the file has no column ``value`` (it is then no table of figures).

    Without a column ``status`` an empty value is a withheld one. Raises ``InputError`` naming the file, row and column.
    """
    try:
        lines = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, csv.Error) as problem:
        raise InputError(f"{filename} is not a CSV file in UTF-8: {problem}") from problem
    header = tuple(lines[0]) if lines else ()
    if "value" not in header:
        return None
    if None in header or any(None in line.values() for line in lines):
        raise InputError(f"{filename} has rows with more or fewer cells than its header. Save it again as CSV.")
    wanted = policy.dimensions if policy else ()
    dimensions = tuple(name for name in header if name not in {*FIGURES, *WORDS} and (not wanted or name in wanted))
    name = PurePath(filename).stem
    rates = {"numerator", "denominator"} <= set(header)
    kind = KINDS.get(name, "rate" if rates else "count") if rates or name in {"activity", "spend"} else "count"
    columns = {each: text([line[each] for line in lines]) for each in dimensions}
    for each in FIGURES:
        if each in header:
            columns[each] = numbers([_number(line[each], filename, row, each) for row, line in enumerate(lines, 2)])
    if "status" in header:
        columns["status"] = text([line["status"] for line in lines])
    else:
        columns["status"] = text([WITHHELD if not line["value"].strip() else "" for line in lines])
    return LongTable(header, tuple(lines), ResultTable(columns, name=name, kind=kind, dimensions=dimensions))


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


def write_long(source: LongTable, made: ProtectedTable) -> bytes:
    """Return the file with withheld figures emptied and their status; everything else as it stood."""
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
            elif value != float(row[name]):
                written[name] = repr(float(value))
        writer.writerow(written)
    return out.getvalue().encode()
