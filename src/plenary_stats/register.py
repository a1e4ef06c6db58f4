"""The register of figures that are public elsewhere: what networks, journals and centres have printed about small numbers.

The reader has them, so the attack has them too. An entry is one cell: dimension codes (what is left out stands at ``Total``;
``measure`` at ``patients``), the ``quantity`` that it counts (patients unless said), its ``value``, and where it stands.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from plenary_stats.errors import InputError

Entry = Mapping[str, Any]
ABOUT = ("quantity", "value", "source", "date", "url", "reference", "note")
"""What an entry says beside the codes of dimensions."""
MOST = 1e15
"""Numbers from here on are mistakes; it also bars what is no number."""
QUANTITIES = (
    "patients",
    "denominator",
    "numerator",
    "complement",
    "not_eligible",
    "not_known",
    "eligible",
    "expected",
    "received",
    "amount",
)


def codes(entry: Entry) -> dict[str, str]:
    """Return the dimension codes of an entry."""
    return {name: str(code) for name, code in entry.items() if name not in ABOUT}


def entry_of(raw: object, where: str) -> dict[str, Any]:
    """Return one entry as it was written, checked. Raises ``InputError`` that begins with ``where``."""
    if not isinstance(raw, Mapping):
        raise InputError(f"{where} is a table of dimensions and a value, such as {{centre = 'A', value = 12}}.")
    if "value" not in raw:
        raise InputError(f"{where} has no 'value'. Each entry of already_public has a 'value': the figure that is public.")
    entry = {str(name): each.isoformat() if isinstance(each, date) else each for name, each in raw.items()}
    for name, each in entry.items():
        if name != "value" and (isinstance(each, bool) or not isinstance(each, str | int)):
            raise InputError(f"{where}, {name}: '{each}' is no text; write it in quotes.")
    quantity = str(entry.get("quantity", "patients"))
    if quantity not in QUANTITIES:
        raise InputError(f"{where}: '{quantity}' is no quantity. Known: {', '.join(QUANTITIES)}.")
    value = entry["value"]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < MOST:
        raise InputError(f"{where}: the value '{value}' is no number of at least nought.")
    if quantity != "amount" and value != int(value):
        raise InputError(f"{where}: the value {value:g} is no whole number of {quantity}. Enter counts alone, not rates.")
    return entry


def read_register(content: bytes, filename: str) -> tuple[Entry, ...]:
    """Read a register: CSV with the columns of some dimensions, ``value``, ``source`` and ``date``; ``quantity``, ``url``,
    ``reference`` and ``note`` where wanted.

    Raises ``InputError`` naming file, row and column. Two sources may give one figure, but not two values of it.
    """
    try:
        lines = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, csv.Error) as problem:
        raise InputError(f"{filename} is not a CSV file in UTF-8: {problem}") from problem
    if not lines:
        return ()
    _check_header(lines[0], filename)
    found = [_entry(line, f"{filename}, row {row}") for row, line in enumerate(lines, 2)]
    _agree(found, filename)
    return tuple(found)


def _check_header(header: Iterable[str | None], filename: str) -> None:
    names = list(header)
    missing = [name for name in ("value", "source", "date") if name not in names]
    if missing:
        raise InputError(
            f"{filename} has no column {' and no column '.join(missing)}: a register says what is public, where and since when."
        )
    if not [name for name in names if name and name not in ABOUT]:
        raise InputError(
            f"{filename} has no column of a dimension, such as service, centre or period: no figure can be found by it."
        )


def _entry(line: Mapping[str | None, Any], where: str) -> Entry:
    if None in line or None in line.values():
        raise InputError(f"{where} has more or fewer cells than the header. Save it again as CSV.")
    words = {str(name): str(text).strip() for name, text in line.items()}
    if not words["source"]:
        raise InputError(f"{where}, source: say who published the figure.")
    if not re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", words["date"]):
        raise InputError(f"{where}, date: '{words['date']}' is no date such as 2024-05-31, 2024-05 or 2024.")
    try:
        value = float(words["value"])
    except ValueError:
        raise InputError(
            f"{where}, value: '{words['value']}' is no number. A figure that is only about so many is not entered."
        ) from None
    whole = int(value) if math.isfinite(value) and value == int(value) else value
    return entry_of({name: text for name, text in words.items() if text} | {"value": whole}, where)


def _agree(found: Iterable[Entry], filename: str) -> None:
    first: dict[tuple[str, ...], tuple[int, Any]] = {}
    for row, entry in enumerate(found, 2):
        place = (str(entry.get("quantity", "patients")), *(f"{name}={code}" for name, code in sorted(codes(entry).items())))
        before, value = first.setdefault(place, (row, entry["value"]))
        if value != entry["value"]:
            where = " ".join(codes(entry).values())
            raise InputError(
                f"{filename}, rows {before} and {row}: {value:g} and {entry['value']:g} are given for one figure ({where}). "
                "Keep the one that readers can find; say in its note what the other was."
            )
