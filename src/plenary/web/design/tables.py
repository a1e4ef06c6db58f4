"""A list on a page is a ``Table``: made in Python, so that the same rows are shown, tested and downloaded."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from django.http import HttpResponse

Colour = Literal["grey", "green", "aqua-green", "blue", "purple", "pink", "red", "orange", "yellow", "white"]


@dataclass(frozen=True)
class Link:
    """A cell that leads somewhere. ``hidden`` is read aloud after the text, so that no two links sound alike."""

    text: str
    href: str
    hidden: str = ""
    kind: str = field(default="link", init=False)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Tag:
    """A status word. Colour only repeats what the word says."""

    text: str
    colour: Colour = "grey"
    kind: str = field(default="tag", init=False)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Button:
    """A cell that does something: it is sent by POST. ``hidden`` is read aloud after the text."""

    text: str
    href: str
    hidden: str = ""
    kind: str = field(default="button", init=False)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Several:
    """A cell of several parts, one under the other."""

    parts: tuple[Cell, ...]
    kind: str = field(default="several", init=False)

    def __str__(self) -> str:
        return " ".join(str(part) for part in self.parts)


Cell = str | Link | Tag | Button | Several
"""What may stand in a cell. Text is escaped where it is shown."""


@dataclass(frozen=True)
class Column:
    """A column's heading; figures are set to the right."""

    label: str
    numeric: bool = False


@dataclass(frozen=True)
class Table:
    """Rows under a caption. The cell in ``row_header`` names its row to a screen reader."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    row_header: int = 0
    caption_hidden: bool = False

    def __post_init__(self) -> None:
        wrong = [row for row in self.rows if len(row) != len(self.columns)]
        if wrong:
            raise ValueError(f"a row of '{self.caption}' has {len(wrong[0])} cells for {len(self.columns)} columns")


def table(
    caption: str, columns: Sequence[str | Column], rows: Sequence[Sequence[Cell]], *, caption_hidden: bool = False
) -> Table:
    """Return a table; a heading given as text is a column of text."""
    headed = tuple(column if isinstance(column, Column) else Column(column) for column in columns)
    return Table(caption, headed, tuple(tuple(row) for row in rows), caption_hidden=caption_hidden)


def defused(text: str) -> str:
    """Return text that a spreadsheet shows and does not run (a leading = + - @, tab or line end becomes harmless).

    A line end is always a line feed: at a carriage return, which would stand outside quotes, a spreadsheet begins a row.
    """
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return f"'{plain}" if plain[:1] in {"=", "+", "-", "@", "\t", "\n"} else plain


def csv_text(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return CSV with LF line ends; text is defused, numbers are left as they are."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([defused(cell) if isinstance(cell, str) else ("" if cell is None else cell) for cell in row])
    return out.getvalue()


def csv_download(name: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> HttpResponse:
    """Answer with a CSV file; the byte-order mark makes Excel read it as UTF-8."""
    response = HttpResponse("\ufeff" + csv_text(header, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
