"""A long result table built from blocks of arrays: millions of cells without a line of Python for each."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from plenary_stats.tables import RESULT_DIMENSIONS, RESULT_NUMBERS, Column, ResultTable

EXTRA: Final = ("expected", "p_low", "p_high", "p")
"""Further numbers of a row: the persons expected, the exact chances of so few and of so many, the chance of a test."""

_TEXTS: Final = (*RESULT_DIMENSIONS, "flag", "method", "note")
_NUMBERS: Final = (*RESULT_NUMBERS, *EXTRA)


class Long:
    """Rows by the block. Texts are kept as places in a list of words until the end, since few of them differ."""

    def __init__(self) -> None:
        self._words: dict[str, int] = {"": 0}
        self._blocks: list[dict[str, Column]] = []

    def codes(self, words: Any) -> Column:
        """Return words as whole numbers that :meth:`add` takes."""
        array = np.asarray(words)
        if array.dtype.kind != "U":
            return array
        distinct, place = (array.reshape(1), np.zeros(1, dtype=np.intp)) if array.size == 1 else _distinct(array)
        numbers = [self._words.setdefault(word, len(self._words)) for word in distinct.tolist()]
        return np.array(numbers, dtype=np.int32)[place].reshape(array.shape)

    def add(self, shape: tuple[int, ...], where: Any = None, **cells: Any) -> None:
        """Add a row for each cell of a shape, or for those ``where`` it is true; every column broadcasts to the shape."""
        chosen = None if where is None else np.broadcast_to(where, shape)
        block = {}
        for name in (*_TEXTS, *_NUMBERS):
            given = cells.get(name, "" if name in _TEXTS else np.nan)
            column = np.broadcast_to(self.codes(given) if name in _TEXTS else np.asarray(given, dtype=np.float64), shape)
            block[name] = column.ravel() if chosen is None else column[chosen]
        self._blocks.append(block)

    def table(self, name: str) -> ResultTable:
        """Return all rows as one table of persons over residents."""
        words = np.array(list(self._words))
        columns: dict[str, Column] = {}
        for key in (*RESULT_DIMENSIONS, *_NUMBERS, "flag", "method", "note"):
            parts = [block[key] for block in self._blocks]
            whole = np.concatenate(parts) if parts else np.zeros(0, dtype=np.int32 if key in _TEXTS else np.float64)
            columns[key] = _narrow(words, whole) if key in _TEXTS else whole
        return ResultTable(columns, name=name, kind="exposure")


def _distinct(array: Column) -> tuple[Column, Column]:
    seen: dict[str, int] = {}
    place = np.fromiter((seen.setdefault(word, len(seen)) for word in array.ravel().tolist()), dtype=np.intp, count=array.size)
    return np.array(list(seen)), place


def _narrow(words: Column, codes: Column) -> Column:
    """Return the words, in an array no wider than its longest one: most columns hold short words only."""
    used = np.unique(codes)
    own = words[used].astype(np.str_) if len(used) else np.zeros(0, dtype="U1")
    width = max((len(word) for word in own.tolist()), default=1)
    return own.astype(f"U{max(width, 1)}")[np.searchsorted(used, codes)]
