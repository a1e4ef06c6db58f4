"""What an edition gives away, in words: numbers that can be worked out, small ones in plain sight, an order that tells.

The audit says which withheld numbers follow from the others. What needs no working out is looked for here: a small number that
stands there, a figure or a note left beside a mark, rows ordered by what is withheld.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from plenary.editions.render import data
from plenary.editions.terms import TABLES
from plenary.releases.queries import Policy
from plenary_stats.measures import NOT_KNOWN, RATIO
from plenary_stats.tables import RESULT_DIMENSIONS, TOTAL, WITHHELD

Row = Mapping[str, Any]
MOST: Final = 100
"""So many leaks are named unless fewer are asked for; of more, how many there are."""

GROUPS: Final = ("centre", "area", "sex", "age_band")
LEFT: Final = ("value", "numerator", "lower", "upper", "note", *RATIO)
"""The columns that are empty where a row is withheld. Its denominator may stay."""

AROUND: Final = 40
"""So many letters before and after a difference are quoted."""

TOLD_OF_DATA: Final = ("ascertainment", "complete-records")
"""Measures of completeness whose parts are no patients' results."""


def told(cells: Iterable[Row], most: int = MOST) -> list[str]:
    """Return in words each number of an audit that can be worked out, or nearly: what, where, how far, and how.

    What is known exactly comes first, people before what is told of them, whole centres before their groups; after ``most`` of
    them, how many more there are.
    """
    found = sorted(
        (row for row in cells if row["verdict"] in {"exact", "narrow"}),
        key=lambda row: (row["verdict"] != "exact", row["quantity"] != "patients", _depth(row), row["high"] - row["low"]),
    )
    rest = [f"{len(found) - most} more withheld figures can be worked out"] if len(found) > most else []
    return [*map(_told, found[:most]), *rest]


def _depth(row: Row) -> int:
    return sum(row.get(name) not in {None, "", TOTAL} for name in GROUPS)


def _told(row: Row) -> str:
    ends = f"it is {row['low']}" if row["low"] == row["high"] else f"it lies between {row['low']} and {row['high']}"
    knows = f" by {row['reader']}" if row.get("reader") else ""
    how = f": {row['how']}" if row.get("how") else ""
    return f"{row['quantity'].replace('_', ' ')} of {_place(row)} can be worked out{knows} ({row['verdict']}): {ends}{how}"


def _place(row: Row) -> str:
    """Name a place: its service, and every dimension that does not stand at its margin."""
    parts = [str(row["service"])] if row.get("service") else []
    parts += [f"{name.replace('_', ' ')} {row[name]}" for name in GROUPS if row.get(name) not in {None, "", TOTAL}]
    return ", ".join([*parts, *(str(row[name]) for name in ("period", "measure") if row.get(name))])


def in_sight(found: Mapping[str, bytes], policy: Policy) -> Iterator[tuple[str, str]]:
    """Yield file and words of each number that is shown although it is too small, and of each figure left beside a mark."""
    for name in TABLES:
        path = f"data/{name}.csv"
        rows = data.rows(found[path])
        for row in rows:
            if row["status"] == WITHHELD:
                left = [column for column in LEFT if row.get(column)]
                if left:
                    yield path, f"is withheld but shows its {' and '.join(left)}: {_place(row)}"
            elif name != "spend":
                yield from ((path, f"shows {words} of {_place(row)}") for words in _small(name, row, policy))
        places = [tuple(row[dimension] for dimension in RESULT_DIMENSIONS) for row in rows]
        if places != sorted(places):
            yield path, "stands in another order than that of its dimensions, which may tell what is withheld"


def _small(name: str, row: Row, policy: Policy) -> Iterator[str]:
    """Yield what a shown row says of too few: patients below the threshold, events and those without one below theirs."""
    of, met = (float(row[column]) if row[column] else None for column in ("denominator", "numerator"))
    people = {"activity": float(row["value"]) if row["value"] else None, "access": met}.get(name, of)
    if people is not None and 0 < people < policy.threshold:
        yield f"{people:g} patients, fewer than {policy.threshold},"
    if name in {"outcomes", "curves"} and row["value"] and of is None:
        yield "a figure without its number of patients"
    if name in {"outcomes", "curves"} and met is None and policy.zeros == "protect" and row["value"] in {"0", "1"}:
        yield "that it happened to nobody, or to everybody,"
    if met is None or of is None or name not in {"outcomes", "curves", "completeness"}:
        return
    if name == "completeness":
        if row["measure"] not in TOLD_OF_DATA and 0 < met < policy.threshold:
            yield f"{met:g} patients, fewer than {policy.threshold},"
        return
    least = 0 if policy.zeros == "protect" else 1
    if any(least <= part < policy.event_threshold for part in (met, of - met)):
        yield f"{met:g} of {of:g}, so that fewer than {policy.event_threshold} are on one side,"


def out_of_order(content: Mapping[str, Any]) -> Iterator[str]:
    """Yield in words each table or chart with something withheld in it whose groups do not stand in the order of their names."""
    for service in content["services"]:
        figures = service["figures"]
        for block in (block for section in service["sections"] for block in section["blocks"]):
            rows = _labelled(block)
            marked = any(figures.get(key, {}).get("status") == WITHHELD for _, _, keys in rows for key in keys)
            if marked and not _ordered([(label, code) for label, code, _ in rows]):
                yield (
                    f"orders '{block.get('caption') or block.get('title')}' of {service['slug']} by something other than names, "
                    "with withheld figures in it: the order tells which is the larger"
                )


def _labelled(block: Mapping[str, Any]) -> list[tuple[str, str, list[str]]]:
    """Return label, code and figures of each row or point that is of one group: a centre, an area, a sex, an age band."""
    found = []
    for row in block["rows"] if block["kind"] == "table" else block.get("points", ()) if block["kind"] == "chart" else ():
        keys = [key for key in _keys(row) if key.count("|") > len(GROUPS)]
        groups = {tuple(code for code in key.split("|")[1:5] if code not in {"", TOTAL}) for key in keys}
        label = row["label"] if isinstance(row, Mapping) else row[0][0] if row[0] else ""
        if len(groups) == 1 and len(group := next(iter(groups))) == 1 and isinstance(label, str):
            found.append((label, group[0], keys))
    return found


def _keys(part: Any) -> Iterator[str]:
    """Yield the keys of all figures that a part of the content document refers to."""
    if isinstance(part, Mapping):
        if isinstance(part.get("f"), str):
            yield part["f"]
        else:
            for each in part.values():
                yield from _keys(each)
    elif isinstance(part, Sequence) and not isinstance(part, str):
        for each in part:
            yield from _keys(each)


def _ordered(groups: Sequence[tuple[str, str]]) -> bool:
    """Whether groups stand by name, by code or by age; several rows of one group after another count once."""
    once = list(dict.fromkeys(groups))
    return any(
        once == sorted(once, key=key)
        for key in (lambda one: (one[1] == NOT_KNOWN, _age(one[1]), one[0], one[1]), lambda one: one[1], lambda one: one[0])
    )


def _age(code: str) -> float:
    lowest = re.match(r"\d+", code)
    return float(lowest[0]) if lowest else 0.0


def difference(found: bytes, made: bytes) -> str:
    """Return in words where a file first differs from what it should be; nothing where it cannot be read as text."""
    if found[:2] == made[:2] == b"PK":
        return _member(found, made)
    try:
        one, other = found.decode(), made.decode()
    except UnicodeDecodeError:
        return ""
    place = next((order for order, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    start = max(0, place - AROUND)
    stands, should = (" ".join(each[start : place + AROUND].split()) for each in (one, other))
    return f"'…{stands}…' stands where '…{should}…' should"


def _member(found: bytes, made: bytes) -> str:
    """Name the first differing file within a packed one: a slide, or a sheet of a workbook within the slides."""
    try:
        with zipfile.ZipFile(io.BytesIO(found)) as one, zipfile.ZipFile(io.BytesIO(made)) as other:
            for name in sorted({*one.namelist(), *other.namelist()}):
                pair = [each.read(name) if name in each.namelist() else b"" for each in (one, other)]
                if pair[0] != pair[1]:
                    words = difference(*pair)
                    return f"in {name}: {words}" if words else f"in {name}"
    except (zipfile.BadZipFile, OSError, ValueError):
        return ""
    return ""
