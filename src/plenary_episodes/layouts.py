"""Layouts of files as documents: which heading means what, of which type, in which form.

A layout is known by the headings that it requires, so a file needs no label. Nothing that a layout does not name is ever read: a
name, an address or a postcode stays in the file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from plenary_episodes.documents import HEAD, Entries, read
from plenary_stats.errors import InputError

Kind = Literal["text", "date", "whole"]

MEANINGS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "record": "text",  # the file's own number of the row; of no person
        "nhs_number": "text",  # identifiers leave the engine only as keyed pseudonyms
        "local_id": "text",
        "provider": "text",
        "event_date": "date",
        "end_date": "date",
        "birth_date": "date",
        "age": "whole",
        "sex": "text",
        "area": "text",
        "main_specialty": "text",
        "treatment_function": "text",
        "service_code": "text",
        "diagnosis": "text",
        "procedure": "text",
        "drug": "text",
        "device": "text",
    }
)
"""What a column may mean, and its type."""

CODES: Final = ("diagnosis", "procedure", "drug", "device", "service_code")
"""Meanings that hold codes; diagnosis and procedure stand in several positions."""

FORMS: Final = ("iso", "dmy", "compact")
"""Forms of a date: 2025-03-31, 31/03/2025, 20250331."""

_NUMBERED: Final = re.compile(r"\{n{1,3}\}")


@dataclass(frozen=True)
class Column:
    """One column of a layout. ``also``: other headings that it may have, read where ``name`` is not there.

    ``take``: letters that count, from the left; ``missing``: texts that say that nothing is known.
    """

    name: str
    meaning: str
    position: int = 1
    required: bool = False
    forms: tuple[str, ...] = ("iso",)
    values: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    take: int = 0
    infant_from: int = 0
    also: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every heading of the column, the best first."""
        return (self.name, *self.also)

    @property
    def kind(self) -> Kind:
        return MEANINGS[self.meaning]


@dataclass(frozen=True)
class Layout:
    """A declared layout of one sort of file."""

    name: str
    version: str
    title: str
    columns: tuple[Column, ...]

    @cached_property
    def required(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.required)

    def of(self, meaning: str) -> tuple[Column, ...]:
        """Return the columns of a meaning in the order of their positions."""
        return tuple(sorted((column for column in self.columns if column.meaning == meaning), key=lambda one: one.position))

    def lacking(self, headings: Sequence[str]) -> list[str]:
        """Return the headings that a file of this layout must have and has not."""
        given = {plain(heading) for heading in headings}
        return [column.name for column in self.required if given.isdisjoint(map(plain, column.names))]

    def within(self, headings: Sequence[str]) -> dict[str, Column]:
        """Return the columns that a file has, by the heading as it stands there. Two equal headings are refused."""
        given: dict[str, str] = {}
        for heading in headings:
            if plain(heading) in given and any(plain(heading) in map(plain, column.names) for column in self.columns):
                raise InputError(f"Two columns are headed {heading}: delete one of them.")
            given.setdefault(plain(heading), heading)
        chosen = ((column, next((name for name in map(plain, column.names) if name in given), None)) for column in self.columns)
        return {given[name]: column for column, name in chosen if name is not None}


def plain(heading: str) -> str:
    """Return a heading without case, spaces and signs: ``Nhs Number`` is ``NHS_NUMBER``."""
    return re.sub(r"[^0-9a-z]", "", heading.casefold())


def shipped(folder: Path) -> tuple[Layout, ...]:
    """Return every layout of a folder of documents."""
    found = tuple(read_layout(path) for path in sorted(folder.glob("*.toml")))
    if not found:
        raise InputError(f"There is no layout in {folder}.")
    return found


def chosen(layouts: Sequence[Layout], headings: Sequence[str], file: str) -> Layout:
    """Return the layout whose required headings a file has: the one with most of its headings, where several fit."""
    fitting = [layout for layout in layouts if not layout.lacking(headings)]
    if fitting:
        return max(fitting, key=lambda one: (len(one.within(headings)), one.name, one.version))
    nearest = min(layouts, key=lambda one: (len(one.lacking(headings)), one.name))
    raise InputError(
        f"{file} fits no known layout ({', '.join(sorted({one.name for one in layouts}))}). The nearest is {nearest.name}: "
        f"the file lacks {', '.join(nearest.lacking(headings))}."
    )


def read_layout(path: Path) -> Layout:
    """Return the layout that a document declares."""
    entries = Entries(read(path), path.name)
    name, version, title = entries.text("name"), entries.text("version"), entries.text("title")
    tables = enumerate(entries.tables("column"), 1)
    columns = tuple(column for place, table in tables for column in _columns(table, f"{path.name} column {place}"))
    entries.drop(HEAD)
    entries.finish()
    headings = [plain(name) for column in columns for name in column.names]
    twice = sorted({heading for heading in headings if headings.count(heading) > 1})
    if twice:
        raise InputError(f"{path.name} names {', '.join(twice)} twice.")
    layout = Layout(name, version, title, columns)
    _check_whole(layout, path.name)
    return layout


def _check_whole(layout: Layout, where: str) -> None:
    """Refuse a layout that cannot place an episode: without its date, its place or its own number nothing can be said of it."""
    for meaning in ("record", "event_date", "provider"):
        if not any(column.required for column in layout.of(meaning)):
            raise InputError(f"{where} has no required column that means {meaning}.")
    for meaning in set(MEANINGS) - {"diagnosis", "procedure"}:
        if len(layout.of(meaning)) > 1:
            raise InputError(f"{where} has several columns that mean {meaning}.")


def _columns(table: object, where: str) -> list[Column]:
    entries = Entries(table, where)
    name, meaning = entries.text("name"), entries.text("meaning")
    if meaning not in MEANINGS:
        raise InputError(f"{where}: '{meaning}' is no meaning. Known: {', '.join(MEANINGS)}.")
    positions = entries.whole("positions", 1)
    forms = entries.texts("forms") or ("iso",)
    if not set(forms) <= set(FORMS):
        raise InputError(f"{where}: the forms of a date are {', '.join(FORMS)}.")
    values = Entries(entries.left.pop("values", {}), f"{where} values")
    meant = {code: values.text(code) for code in list(values.left)}
    common = {
        "meaning": meaning, "required": entries.truth("required", default=False), "forms": forms, "values": meant,
        "missing": entries.texts("missing"), "take": entries.whole("take", 0), "infant_from": entries.whole("infant_from", 0),
        "also": entries.texts("also"),
    }  # fmt: skip
    entries.finish()
    numbered = _NUMBERED.search(name)
    if (positions > 1) != bool(numbered):
        raise InputError(f"{where}: write {{nn}} in the name of a column with several positions, and only there.")
    return [Column(_name(name, place), position=place, **common) for place in range(1, positions + 1)]  # type: ignore[arg-type]


def _name(pattern: str, place: int) -> str:
    return _NUMBERED.sub(lambda found: str(place).zfill(len(found[0]) - 2), pattern)
