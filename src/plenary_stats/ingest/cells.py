"""A column of a file: its texts, and which of them stands in each row.

Columns of case files repeat themselves, so a text that stands in many rows is looked at once. From a plain CSV the columns are
cut out of the bytes without making a Python object of a cell: eight bytes are read as one number, and equal numbers are equal
texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.int64]
Offsets = npt.NDArray[np.integer[Any]]
Words = npt.NDArray[np.uint64]

LONGEST: Final = 64
"""Bytes of a cell that are compared as numbers; a column with longer cells is compared as Python texts."""

SAMPLE: Final = 4096
"""Rows that show whether a column repeats itself. If it does not, a text for each row costs less than finding the twins."""

MANY: Final = 4096
"""Rows from which a place for each of the 65,536 texts of two bytes costs less than sorting: not where there are many columns."""

_MASKS: Final = np.array([(1 << (8 * length)) - 1 for length in range(9)], dtype=np.uint64)
_MIX: Final = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F], dtype=np.uint64)


class Cells(Sequence[str]):
    """One column. ``texts`` are the cells as written (hardly ever one twice), ``places`` the text of each row.

    ``plain`` holds the same texts as fixed-width bytes where all are ASCII without spaces around them; else None.
    """

    def __init__(self, texts: Callable[[], list[str]], places: Places, plain: npt.NDArray[np.bytes_] | None = None) -> None:
        self._texts, self.places, self.plain = texts, places, plain

    @staticmethod
    def of(cells: Sequence[str]) -> Cells:
        """Return the column of a sequence of texts."""
        order: dict[str, int] = {}
        places = np.fromiter((order.setdefault(cell, len(order)) for cell in cells), np.int64, len(cells))
        texts = list(order)
        return Cells(lambda: texts, places, _as_bytes(texts))

    @cached_property
    def texts(self) -> list[str]:
        return self._texts()

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, row: Any) -> Any:
        if isinstance(row, slice):
            return [self.texts[place] for place in self.places[row].tolist()]
        return self.texts[int(self.places[row])]

    def __iter__(self) -> Iterator[str]:
        texts = self.texts
        return (texts[place] for place in self.places.tolist())

    def changed(self, texts: list[str]) -> Cells:
        """Return the column with other texts in the same places."""
        return Cells(lambda: texts, self.places)

    def empty(self) -> bool:
        """Whether no row has a value."""
        if self.plain is not None:  # without spaces around them
            return not self.plain.view(np.uint8).any()
        return not any(text.strip() for text in self.texts)


def cut(content: bytes, separator: str) -> tuple[list[str], list[Cells], npt.NDArray[np.bool_]] | None:
    """Return the headings, the columns, and which rows hold anything, of a plain CSV in UTF-8; None where it is not plain.

    Plain: no quotation mark, every row with as many cells as the first, no cell beyond the last heading.
    """
    if b'"' in content:
        return None
    whole = content.rstrip(b"\r\n") + b"\n"
    table = np.frombuffer(whole + bytes(LONGEST), dtype=np.uint8)
    ends = np.flatnonzero((table == ord(separator)) | (table == ord("\n")))
    width = whole[: whole.index(b"\n")].count(separator.encode()) + 1
    last = ends[width - 1 :: width]
    if len(ends) % width or not (table[last] == ord("\n")).all() or whole.count(b"\n") != len(last):
        return None
    returns = (table[np.maximum(last - 1, 0)] == ord("\r")) & (last > 0)
    if np.count_nonzero(table == ord("\r")) != returns.sum():
        return None
    if len(table) < 1 << 31:
        ends = ends.astype(np.int32)  # half the memory to move
    starts = np.empty_like(ends)
    starts[0], starts[1:] = 0, ends[:-1] + 1
    lengths = ends - starts
    lengths[width - 1 :: width] -= returns
    headings = whole[: last[0]].decode().rstrip("\r").split(separator)
    starts, lengths = starts.reshape(-1, width)[1:], lengths.reshape(-1, width)[1:]
    present: npt.NDArray[np.bool_] = np.asarray(lengths.any(axis=1), dtype=bool)
    if not present.all():
        starts, lengths = starts[present], lengths[present]
    begins = _eight(table, starts, lengths)  # of all cells at once, in the order of the file: the processor fetches each row once
    columns = enumerate(np.ascontiguousarray(begins.T))
    cells = [_column(whole, table, words, starts[:, place], lengths[:, place]) for place, words in columns]
    return [heading.strip() for heading in headings], cells, present


def _column(whole: bytes, table: npt.NDArray[np.uint8], begins: Words, starts: Offsets, lengths: Offsets) -> Cells:
    longest = int(lengths.max(initial=0))
    if longest > LONGEST:
        return _as_texts(whole, starts, lengths)
    words = [begins, *(_eight(table, starts + 8 * word, lengths - 8 * word) for word in range(1, -(-longest // 8)))]
    keys = words[0]
    for word in words[1:]:
        keys = (keys ^ (keys >> np.uint64(29))) * _MIX[0] + (word ^ (word >> np.uint64(31))) * _MIX[1]
    first, places = _grouped(keys, longest)
    if len(words) > 1 and not all((word[first][places] == word).all() for word in words):
        return _as_texts(whole, starts, lengths)  # two texts with one key: once in a blue moon
    fixed = np.ascontiguousarray(np.stack([word[first] for word in words], axis=1))
    return _of_bytes(fixed, lengths[first], places)


def _grouped(keys: Words, longest: int) -> tuple[Places, Places]:
    """Return a row for each group of equal keys, and the group of each row. Where few rows are equal, each is a group."""
    rows = np.arange(len(keys))
    if longest <= 2 and len(keys) >= MANY:
        place_of = np.zeros(1 << 16, dtype=np.int64)
        place_of[keys] = 1
        distinct = np.flatnonzero(place_of)
        place_of[distinct] = np.arange(len(distinct))
        places = place_of[keys]
    else:
        sample = keys[:: max(1, len(keys) // SAMPLE)]
        if 2 * len(np.unique(sample)) > len(sample):
            return rows, rows
        distinct = np.unique(keys)
        places = np.searchsorted(distinct, keys)
    first = np.empty(len(distinct), dtype=np.int64)
    first[places] = rows
    return first, places


def _eight(table: npt.NDArray[np.uint8], starts: Offsets, lengths: Offsets) -> Words:
    """Return eight bytes from each start as a number, what lies beyond a cell's end being nought."""
    view = np.ndarray((len(table) - 7,), dtype="<u8", buffer=table, strides=(1,))
    found: Words = view[starts] & _MASKS[np.clip(lengths, 0, 8)]
    return found


def _of_bytes(fixed: Words, lengths: Offsets, places: Places) -> Cells:
    letters = fixed.view(np.uint8)
    texts = fixed.view(f"S{letters.shape[1]}").ravel()
    final = letters[np.arange(len(letters)), np.maximum(lengths - 1, 0)]
    spaced = (lengths > 0) & ((letters[:, 0] <= ord(" ")) | (final <= ord(" ")))
    plain = bool((letters < 128).all()) and not spaced.any()
    return Cells(lambda: [text.decode() for text in texts.tolist()], places, texts if plain else None)


def widened(plain: npt.NDArray[np.bytes_]) -> npt.NDArray[np.str_]:
    """Return ASCII texts as numpy's texts: what ``astype`` does cell by cell, all letters at once."""
    letters = plain.view(np.uint8).reshape(len(plain), -1)
    return letters.astype(np.uint32).view(f"<U{letters.shape[1]}").ravel()


def _as_bytes(texts: list[str]) -> npt.NDArray[np.bytes_] | None:
    """Return the texts as fixed-width bytes where that loses nothing and no spaces stand around them; else None."""
    whole = "".join(texts)
    if not texts or not whole.isascii() or "\0" in whole or max(map(len, texts)) > LONGEST:
        return None
    return None if any(text != text.strip() for text in texts) else np.array(texts, dtype=np.bytes_)


def _as_texts(whole: bytes, starts: Offsets, lengths: Offsets) -> Cells:
    spans = zip(starts.tolist(), (starts + lengths).tolist(), strict=True)
    return Cells.of([whole[start:end].decode() for start, end in spans])
