"""Slices: the published cells that differ in one dimension alone, found by sorting whole numbers in place of places."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from plenary_stats.disclosure.suppressor.cells import Cells, Key, Place

Ints = npt.NDArray[np.int64]
LARGE = 2**40
"""Beyond this many combinations the numbers are renumbered, lest they overflow."""


@dataclass(frozen=True)
class Slice:
    """The cells of one slice by their code; ``own``: those of this edition, where others are among them."""

    quantity: str
    before: Place
    after: Place
    codes: dict[str, int]
    own: dict[str, int] | None


class Slices:
    """Makes slices of cells, of which more may be added in between."""

    def __init__(self, cells: Cells) -> None:
        self.cells = cells
        self.names: list[dict[str, int]] = [{} for _ in range(len(cells.dimensions) + 1)]
        self.table = np.zeros((len(cells.dimensions) + 1, 0), dtype=np.int64)

    def _coded(self, keys: list[Key]) -> Ints:
        """Return each key's quantity and codes as numbers, one key a column."""
        columns = zip(*((quantity, *place) for quantity, place in keys), strict=True)
        pairs = zip(self.names, columns, strict=True)
        rows = [[known.setdefault(code, len(known)) for code in column] for known, column in pairs]
        return np.array(rows, dtype=np.int64).reshape(len(self.names), len(keys))

    def along(self, position: int, fewest: int) -> Iterator[Slice]:
        """Yield the slices along a dimension with at least so many cells, in the order in which their first cells stand."""
        cells, done = self.cells, self.table.shape[1]
        if len(cells.keys) > done:
            self.table = np.hstack((self.table, self._coded(cells.keys[done:])))
        others = list(cells.aliases)
        table = np.hstack((self.table, self._coded(others))) if others else self.table
        number = np.concatenate((np.arange(len(cells.keys)), np.array(list(cells.aliases.values()), dtype=np.int64)))
        listed = np.flatnonzero(np.array(cells.published, dtype=np.bool_)[number])
        if not len(listed):
            return
        label = self._label(np.delete(table[:, listed], position + 1, axis=0))
        order = np.argsort(label, kind="stable")
        starts = np.flatnonzero(np.append(True, np.diff(label[order]) != 0))
        sizes = np.diff(np.append(starts, len(order)))
        chosen = np.flatnonzero(sizes >= fewest)
        chosen = chosen[np.argsort(order[starts[chosen]], kind="stable")]
        own = np.zeros(len(cells.keys), dtype=np.bool_)
        own[list(cells.own)] = True
        entries = listed[order]
        mixed = np.logical_and.reduceat(own[number[entries]], starts)
        numbers = number[entries].tolist()
        keys = [cells.keys[entry] if entry < len(cells.keys) else others[entry - len(cells.keys)] for entry in entries.tolist()]
        for start, size, alone in zip(starts[chosen].tolist(), sizes[chosen].tolist(), mixed[chosen].tolist(), strict=True):
            quantity, place = keys[start]
            codes = {keys[each][1][position]: numbers[each] for each in range(start, start + size)}
            kept = None
            if not alone or "/e" in quantity:
                kept = {code: each for code, each in codes.items() if own[each] and "/e" not in quantity}
            yield Slice(quantity, place[:position], place[position + 1 :], codes, kept)

    @staticmethod
    def _label(table: Ints) -> Ints:
        """Return one number for each column, equal where the columns are."""
        label = np.zeros(table.shape[1], dtype=np.int64)
        for row in table:
            most = int(row.max()) + 1
            if (int(label.max()) + 1) * most > LARGE:
                label = np.unique(label, return_inverse=True)[1].reshape(-1)
            label = label * most + row
        return label
