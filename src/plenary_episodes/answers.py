"""An answer of ``cases ascertain`` read back, JSON or CSV: to be taken into a register without what made it.

It is read as strictly as it was written. A column that no answer has is refused, for it may hold an identifier; so is a file
whose rows do not add up to its own counts. Nothing here needs an engine, so that a server can read an answer without one.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from plenary_episodes.capture import Estimate, estimated
from plenary_stats.errors import InputError
from plenary_stats.ingest.values import nhs_valid

COLUMNS: Final = (
    "status", "service", "centre", "event_on", "rules", "records", "other_providers", "case_centre", "case", "case_event_on",
    "linked_by", "probability", "person",
)  # fmt: skip
"""The columns of the list of cases."""

STATUSES: Final = ("matched", "review", "missing", "series-only")
_DEFUSED: Final = re.compile(r"'[=+\-@\t\r]")
_TEN: Final = re.compile(r"(?<![0-9])[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{4}(?![0-9])")
_NAMED: Final = 5


@dataclass(frozen=True)
class Told:
    """One row of an answer: an expected case and what became of it, or a case of the series alone (``series-only``)."""

    row: int
    status: str
    service: str
    centre: str
    event_on: date
    rules: str
    records: str
    other_providers: str
    case_centre: str
    case: str
    person: str

    @property
    def reference(self) -> str:
        """A short name of an expected case that is the same in every answer under one key, and tells nobody who it is."""
        text = "\0".join((self.service, self.person or self.records, self.event_on.isoformat()))
        return f"H-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def read_answer(content: bytes, file: str) -> tuple[Told, ...]:
    """Return the rows of an answer; raise :class:`InputError` for a file that is none, or does not add up any more."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{file} is not UTF-8 text: choose the file that 'plenary cases ascertain' wrote.") from None
    rows, counts = _json(text, file) if text.lstrip().startswith("{") else (_csv(text, file), None)
    found = [_told(row, number, file) for number, row in enumerate(rows, 2)]
    _check_counts(found, counts, file)
    twice = [name for name, times in Counter((one.centre, one.reference) for one in found if _expected(one)).items() if times > 1]
    if twice:
        raise InputError(f"{file} holds one expected case more than once, at {twice[0][0]}. Make the answer again.")
    return tuple(found)


def estimate(*, matched: int, review: int, missing: int, series_only: int) -> Estimate:
    """Return the estimated true number of cases. The lower limit allows for all pairs under review being one case each."""
    found = estimated(matched, missing + review, series_only)
    taken = min(review, missing + review, series_only)
    if found.lower is None or not taken:
        return found
    fewer = estimated(matched + taken, missing + review - taken, series_only - taken)
    return replace(found, lower=min(found.lower, fewer.lower or found.lower))


def _json(text: str, file: str) -> tuple[list[Any], Mapping[str, Any]]:
    try:
        made = json.loads(text)
        rows, counts = made["cases"], made["counts"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise InputError(f"{file} is no answer of 'plenary cases ascertain': it has no list of cases with counts.") from None
    if not isinstance(rows, list) or not isinstance(counts, dict):
        raise InputError(f"{file} is no answer of 'plenary cases ascertain': its cases are no list.")
    return rows, counts


def _csv(text: str, file: str) -> list[Any]:
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as problem:
        raise InputError(f"{file} cannot be read as CSV: {problem}.") from None
    if not rows or tuple(rows[0]) != COLUMNS:
        raise InputError(f"{file} is no answer of 'plenary cases ascertain'. Its headings must be: {', '.join(COLUMNS)}.")
    torn = next((number for number, row in enumerate(rows, 1) if len(row) != len(COLUMNS)), None)
    if torn:
        raise InputError(f"{file}, row {torn}: the row has not {len(COLUMNS)} cells. Make the answer again.")
    return [dict(zip(COLUMNS, (_armed(cell) for cell in row), strict=True)) for row in rows[1:]]


def _armed(cell: str) -> str:
    """Return a cell as it was before it was made harmless to spreadsheets."""
    return cell[1:] if _DEFUSED.match(cell) else cell


def _told(row: Any, number: int, file: str) -> Told:
    where = f"{file}, case {number - 1}"
    if not isinstance(row, dict) or set(row) != set(COLUMNS):
        raise InputError(f"{where}: a case of an answer has these values and no other: {', '.join(COLUMNS)}.")
    cells = {name: str(row[name] if row[name] is not None else "").strip() for name in COLUMNS}
    if cells["status"] not in STATUSES:
        raise InputError(f"{where}, status: '{cells['status'][:40]}' is none. Use {', '.join(STATUSES)}.")
    needed = ["service", "centre", "event_on", *(["records"] if cells["status"] != "series-only" else [])]
    needed += ["case", "case_centre"] if cells["status"] != "missing" else []
    lacks = [name for name in needed if not cells[name]]
    if lacks:
        raise InputError(f"{where}: the {cells['status']} case has no {' and no '.join(lacks)}. Make the answer again.")
    if not re.fullmatch(r"(?:[0-9a-f]{32})?", cells["person"]):
        raise InputError(f"{where}, person: this is no pseudonym. Nothing was kept: make the answer again.")
    if _shows_number(cells["case"]):
        raise InputError(f"{where}, case: the case identifier holds an NHS number. Nothing was kept: give the case another one.")
    return Told(number, event_on=_day(cells["event_on"], where), **{name: cells[name] for name in _TEXTS})


_TEXTS: Final = ("status", "service", "centre", "rules", "records", "other_providers", "case_centre", "case", "person")


def _day(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"{where}, event_on: '{text[:40]}' is no day. Write it as 2025-06-01.") from None


def _shows_number(text: str) -> bool:
    digits = [re.sub("[ -]", "", found) for found in _TEN.findall(text)]
    return bool(digits) and bool(nhs_valid(digits).any())


def _expected(one: Told) -> bool:
    return one.status != "series-only"


def _check_counts(found: Sequence[Told], counts: Mapping[str, Any] | None, file: str) -> None:
    """Refuse a document whose rows do not add up to its own counts: a row was taken out, or put in."""
    if counts is None:
        return
    have = Counter(one.status for one in found)
    wanted = {"matched": "matched", "review": "review", "missing": "missing", "series-only": "series_only"}
    wrong = [name for name, key in wanted.items() if counts.get(key) != have[name]]
    if wrong:
        said = ", ".join(f"{counts.get(wanted[name])} {name} (there are {have[name]})" for name in wrong[:_NAMED])
        raise InputError(f"{file} says that it holds {said}: it was changed. Make the answer again.")
