"""A data dictionary as a document: the eighteen columns of REDCap's CSV, each cell as it was written.

What is read can be written back, cell for cell: what this project does not understand is carried through all the same. Only the
dress is changed on the way: encoding, byte order mark, line endings, quotation marks, separators, the spelling and order of the
headings, empty rows.
"""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, overload

from plenary_stats.dictionary.tags import Tag, read_tags
from plenary_stats.encoding import decoded
from plenary_stats.errors import InputError
from plenary_stats.findings import Finding

HEADINGS: Final = (
    "Variable / Field Name", "Form Name", "Section Header", "Field Type", "Field Label",
    "Choices, Calculations, OR Slider Labels", "Field Note", "Text Validation Type OR Show Slider Number",
    "Text Validation Min", "Text Validation Max", "Identifier?", "Branching Logic (Show field only if...)", "Required Field?",
    "Custom Alignment", "Question Number (surveys only)", "Matrix Group Name", "Matrix Ranking?", "Field Annotation",
)  # fmt: skip
"""The columns, spelt and ordered as REDCap writes them."""

_SPELLINGS: Final = (
    ("variable", "fieldname", "variablename", "name"),
    ("form", "instrument"),
    ("section",),
    ("type",),
    ("label",),
    ("selectchoicesorcalculations", "choicesorcalculations", "choices", "choicescalculations"),
    ("note",),
    ("textvalidationtype", "textvalidationtypeorshowslidernumber", "validation"),
    ("textvalidationminimum", "minimum", "min"),
    ("textvalidationmaximum", "maximum", "max"),
    ("identifier",),
    ("branchinglogic",),
    ("required",),
    ("alignment",),
    ("questionnumber",),
    ("matrixgroup",),
    ("matrixrank",),
    ("annotation", "fieldannotations", "actiontags"),
)
"""Other spellings of the headings, without signs: those of REDCap's programming interface, of older versions and of habit."""

NAMED: Final = (
    "name", "form", "section", "type", "label", "choices", "note", "validation", "minimum", "maximum", "identifier", "branching",
    "required", "alignment", "number", "matrix", "ranking", "annotation",
)  # fmt: skip
"""What an :class:`Entry` calls its cells, in the order of the columns."""

TYPES: Final = (
    "text", "notes", "radio", "dropdown", "yesno", "truefalse", "checkbox", "calc", "descriptive", "slider", "file", "sql",
)  # fmt: skip
LISTING: Final = ("radio", "dropdown", "checkbox")
"""The types whose choices are listed."""

LARGEST: Final = 10_000_000
"""Bytes of a dictionary: the largest of real projects have a twentieth of it."""

WIDEST: Final = 1_000
"""Columns of a dictionary: REDCap has 18, and others may stand behind them."""

YES: Final = ("y", "yes", "1", "true")


@dataclass(frozen=True)
class Choice:
    """One permitted value: its code and its label."""

    code: str
    label: str


class _Cell:
    """One cell of an entry by its name, without the spaces around it."""

    def __init__(self, place: int) -> None:
        self.place = place

    @overload
    def __get__(self, entry: None, owner: type) -> _Cell: ...
    @overload
    def __get__(self, entry: Entry, owner: type) -> str: ...
    def __get__(self, entry: Entry | None, owner: type) -> str | _Cell:
        return self if entry is None else entry.cells[self.place].strip()


@dataclass(frozen=True)
class Entry:
    """One row: a field as it was written, and what its cells mean. ``beyond``: the cells of columns that REDCap does not have."""

    cells: tuple[str, ...]
    beyond: tuple[str, ...] = ()
    row: int = field(default=0, compare=False)

    name, form, section, type_as_written, label, choices_as_written, note, validation_as_written = map(_Cell, range(8))
    minimum, maximum, identifier_as_written, branching, required_as_written = map(_Cell, range(8, 13))
    alignment, number, matrix, ranking_as_written, annotation = map(_Cell, range(13, 18))

    @property
    def type(self) -> str:
        return self.type_as_written.lower()

    @property
    def validation(self) -> str:
        """The validation of a text, or whether a slider shows its number."""
        return self.validation_as_written.lower()

    @property
    def required(self) -> bool:
        return self.required_as_written.lower() in YES

    @property
    def identifier(self) -> bool:
        return self.identifier_as_written.lower() in YES

    @property
    def ranked(self) -> bool:
        return self.ranking_as_written.lower() in YES

    @cached_property
    def title(self) -> str:
        """The label as people read it, without markup; the name where there is none."""
        return plain(self.label) or self.name

    @cached_property
    def choices(self) -> tuple[Choice, ...]:
        """The permitted values: those listed, or those that the type brings along. A list that cannot be read is refused."""
        if self.type in ("yesno", "truefalse"):
            words = ("Yes", "No") if self.type == "yesno" else ("True", "False")
            return Choice("1", words[0]), Choice("0", words[1])
        return read_choices(self.choices_as_written) if self.type in LISTING else ()

    @cached_property
    def tags(self) -> tuple[Tag, ...]:
        """The action tags of the annotation."""
        return read_tags(self.annotation)

    def tag(self, name: str) -> Tag | None:
        return next((tag for tag in self.tags if tag.name == name), None)


def entry(**cells: str) -> Entry:
    """Return an entry with the cells named as in :data:`NAMED`, the others empty."""
    strange = set(cells) - set(NAMED)
    if strange:
        raise InputError(f"A data dictionary has no column '{min(strange)}'. It has: {', '.join(NAMED)}.")
    return Entry(tuple(cells.get(name, "") for name in NAMED))


@dataclass(frozen=True)
class Dictionary:
    """The fields of a data set in their order. ``beyond`` are the headings of columns that REDCap does not have."""

    entries: tuple[Entry, ...]
    beyond: tuple[str, ...] = ()
    notices: tuple[Finding, ...] = field(default=(), compare=False)

    @cached_property
    def by_name(self) -> dict[str, Entry]:
        return {one.name: one for one in self.entries}

    @cached_property
    def forms(self) -> dict[str, tuple[Entry, ...]]:
        """The entries of each form, in the order of the first."""
        names = dict.fromkeys(one.form for one in self.entries)
        return {name: tuple(one for one in self.entries if one.form == name) for name in names}


def plain(text: str) -> str:
    """Return a text that may hold markup as people read it."""
    bare = re.sub(r"</?[A-Za-z][^<>]*>", " ", text)
    return re.sub(r"\s+", " ", html.unescape(bare)).strip()


def read_choices(text: str) -> tuple[Choice, ...]:
    """Return the choices of ``1, Yes | 2, No``. A label may hold commas; a code may not come twice."""
    found: list[Choice] = []
    for part in text.split("|"):
        code, comma, label = (piece.strip() for piece in part.partition(","))
        if not code or not comma:
            raise InputError(f"Choices are written '1, Yes | 2, No'; found '{part.strip()}'.")
        if any(code == one.code for one in found):
            raise InputError(f"The code '{code}' stands twice.")
        found.append(Choice(code, label or code))
    return tuple(found)


def spelt_choices(choices: Sequence[Choice]) -> str:
    """Return choices as REDCap writes them. A bar within a label would end it: it is written as HTML's ``&#124;``."""
    return " | ".join(f"{one.code}, {one.label.replace('|', '&#124;')}" for one in choices)


# -- the file


def refuse_size(size: int, file: str = "dictionary.csv") -> None:
    """Refuse a file that is larger than any dictionary is. To be asked before its bytes are read into memory."""
    if size > LARGEST:
        raise InputError(
            f"'{file}' is larger than {LARGEST // 1_000_000} MB: no data dictionary is. Choose the dictionary, not the cases."
        )


def read(content: bytes | str, file: str = "dictionary.csv") -> Dictionary:
    """Return the dictionary of a CSV file, or raise :class:`InputError` where it is none. The fields are judged by ``check``."""
    refuse_size(len(content), file)
    notices: list[Finding] = []
    table = _rows(decode(content), file, notices)
    if not table:
        raise InputError("The dictionary is empty. Export it from REDCap as 'Data Dictionary (CSV)'.")
    headings = [heading.strip() for heading in table[0][1]]
    if len(headings) > WIDEST:
        raise InputError(
            f"'{file}' has {len(headings):,} columns, and a data dictionary 18. Choose the dictionary, not the cases."
        )
    places = _places(headings)
    strange = tuple(place for place, heading in enumerate(headings) if place not in places.values() and heading)
    for place in strange:
        message = f"REDCap has no column '{headings[place]}': it is carried through and not used."
        notices.append(Finding(file, 1, "", "carried", "notice", message))
    entries = [_entry(row, cells, places, strange, len(headings)) for row, cells in table[1:]]
    return Dictionary(tuple(entries), tuple(headings[place] for place in strange), tuple(notices))


def write(dictionary: Dictionary) -> bytes:
    """Return the CSV file: UTF-8, the eighteen columns in REDCap's order, then any others, lines ending with a line feed."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*HEADINGS, *dictionary.beyond])
    writer.writerows([*one.cells, *one.beyond] for one in dictionary.entries)
    return text.getvalue().encode()


def decode(content: bytes | str) -> str:
    """Return the text of a small document."""
    return content.removeprefix("\ufeff") if isinstance(content, str) else decoded(content).text


def _rows(text: str, file: str, notices: list[Finding]) -> list[tuple[int, list[str]]]:
    """Return the rows that hold anything, with the number that a spreadsheet gives them."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    named = re.match(r"sep=(.)\n", text)
    text = text[named.end() :] if named else text
    separator = named[1] if named else _separator(text)
    if separator != ",":
        name = {";": "semicolons", "\t": "tabs"}.get(separator, f"'{separator}'")
        notices.append(Finding(file, 0, "", "separator", "notice", f"The columns are separated by {name}, and were read so."))
    try:
        table = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error as problem:
        raise InputError(f"The dictionary is not a CSV file: {problem}. Export it again from REDCap.") from problem
    numbered = [(number, cells) for number, cells in enumerate(table, start=1) if any(cell.strip() for cell in cells)]
    between = numbered[-1][0] - numbered[0][0] + 1 - len(numbered) if numbered else 0
    if between:
        notices.append(Finding(file, 0, "", "blank-rows", "notice", f"{between} empty rows were left out."))
    return numbered


def _separator(text: str) -> str:
    heading = re.sub(r'"[^"]*"', "", text.split("\n", 1)[0])
    counts = {mark: heading.count(mark) for mark in ",;\t"}
    return max(counts, key=lambda mark: counts[mark])


def _places(headings: Sequence[str]) -> dict[int, int]:
    """Return the place in the file of each column of REDCap's that is there."""
    bare = [re.sub(r"[^a-z]", "", heading.lower()) for heading in headings]
    places: dict[int, int] = {}
    for column, heading in enumerate(HEADINGS):
        spellings = (re.sub(r"[^a-z]", "", heading.lower()), *_SPELLINGS[column])
        found = [place for place, text in enumerate(bare) if text in spellings and place not in places.values()]
        if len(found) > 1:
            raise InputError(f"The dictionary has the column '{heading}' twice. Keep one of them.")
        places |= dict.fromkeys([column], found[0]) if found else {}
    for column in (NAMED.index("name"), NAMED.index("type")):
        if column not in places:
            raise InputError(
                f"The dictionary has no column '{HEADINGS[column]}'. Export it from REDCap as 'Data Dictionary (CSV)'."
            )
    return places


def _entry(row: int, cells: list[str], places: dict[int, int], strange: tuple[int, ...], width: int) -> Entry:
    if any(cell.strip() for cell in cells[width:]):
        raise InputError(f"Row {row} has more cells than there are headings. Put a text that holds a comma in quotation marks.")
    padded = [*cells, *[""] * (width - len(cells))]
    written = tuple(padded[places[column]] if column in places else "" for column in range(len(HEADINGS)))
    return Entry(written, tuple(padded[place] for place in strange), row)
