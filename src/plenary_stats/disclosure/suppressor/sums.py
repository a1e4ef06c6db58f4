"""The sums as arrays: which cells each ties, and how far single sums, one after another, narrow what is withheld.

Everything is told as a change from the true values: a cell that is shown does not change, one that is withheld may fall to its
floor and rise without limit, and the changes of the cells of every sum add up to nought. The true values are one possible world,
so no change is one too. A sum that leaves room (``open``) has one cell more: what is not listed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from plenary_stats.disclosure.suppressor.cells import Sum
from plenary_stats.solver import TOLERANCE, Floats

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
ROUNDS = 60
"""A bound that still creeps after so many rounds is left to the linear programmes."""


@dataclass(frozen=True)
class Sums:
    """``rows[k]``: the sum of the k-th entry, ``cells[k]`` its cell, ``signs[k]`` 1 for a part and -1 for the whole.

    Entries stand sum by sum. ``count`` is the number of sums, ``size`` the number of cells, unlisted ones at the end included.
    """

    rows: Ints
    cells: Ints
    signs: Floats
    count: int
    size: int

    @classmethod
    def of(cls, sums: Sequence[Sum], size: int) -> Sums:
        """Return the sums as arrays; each open one gets a cell of its own from ``size`` on."""
        lengths = np.array([len(each.parts) + 1 + each.open for each in sums], dtype=np.int64)
        flat: list[int] = []
        unlisted = size
        for each in sums:
            flat.append(each.whole)
            flat.extend(each.parts)
            if each.open:
                flat.append(unlisted)
                unlisted += 1
        signs = np.ones(len(flat))
        signs[np.cumsum(lengths) - lengths] = -1.0
        rows = np.repeat(np.arange(len(sums)), lengths)
        return cls(rows, np.array(flat, dtype=np.int64), signs, len(sums), unlisted)

    def among(self, entries: Bools) -> Sums:
        """Return the sums of some entries alone; numbers of cells and sums stay."""
        return Sums(self.rows[entries], self.cells[entries], self.signs[entries], self.count, self.size)

    def of_rows(self, rows: Ints) -> Sums:
        """Return some sums alone, numbered anew; numbers of cells stay."""
        first = np.searchsorted(self.rows, rows)
        lengths = np.searchsorted(self.rows, rows, side="right") - first
        entries = np.repeat(first - np.cumsum(lengths) + lengths, lengths) + np.arange(int(lengths.sum()))
        numbered = np.repeat(np.arange(len(rows)), lengths)
        return Sums(numbered, self.cells[entries], self.signs[entries], len(rows), self.size)

    @cached_property
    def matrix(self) -> csr_array:
        """The sums as a sparse matrix, one a row."""
        return csr_array(coo_array((self.signs, (self.rows, self.cells)), shape=(self.count, self.size)))

    @cached_property
    def by_cell(self) -> csr_array:
        """The transpose of the matrix: the sums of each cell."""
        return csr_array(self.matrix.T)

    def tally(self, marks: npt.NDArray[np.generic]) -> Floats:
        """Return, for each sum, the total of some numbers that stand one an entry."""
        return np.bincount(self.rows, marks, minlength=self.count).astype(np.float64)

    def blocks(self, entries: Bools) -> Ints:
        """Return each cell's block: cells that the given entries tie have the same number."""
        shape = (self.count + self.size, self.count + self.size)
        ones = np.ones(int(entries.sum()), dtype=np.int8)
        graph = coo_array((ones, (self.rows[entries], self.count + self.cells[entries])), shape=shape)
        return np.asarray(connected_components(graph, directed=False)[1][self.count :], dtype=np.int64)


@dataclass(frozen=True)
class Reach:
    """How far each cell can change downwards (not above 0) and upwards (not below 0)."""

    low: Floats
    high: Floats

    @property
    def width(self) -> Floats:
        """How wide each cell's range is."""
        return self.high - self.low


def propagate(sums: Sums, down: Floats, hidden: Bools) -> Reach:
    """Return what single sums, used again and again, leave of each cell's range: never less than the true range.

    ``down``: how far each cell may fall if it is withheld.
    """
    low, high = np.where(hidden, -down, 0.0), np.where(hidden, math.inf, 0.0)
    part = sums.among(hidden[sums.cells])
    if not len(part.rows):
        return Reach(low, high)
    order = np.argsort(part.cells, kind="stable")
    names, firsts = np.unique(part.cells[order], return_index=True)
    down_sign = part.signs < 0
    for _ in range(ROUNDS):
        least, most = _others(part, low, high)
        least, most = np.where(down_sign, -most, least), np.where(down_sign, -least, most)
        lower = np.maximum.reduceat(least[order], firsts)
        upper = np.minimum.reduceat(most[order], firsts)
        moved = (lower > low[names] + TOLERANCE) | (upper < high[names] - TOLERANCE)
        if not moved.any():
            break
        low[names] = np.minimum(np.maximum(low[names], lower), 0.0)
        high[names] = np.maximum(np.minimum(high[names], upper), 0.0)
    return Reach(low, high)


def _others(part: Sums, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Return, for each entry, what the other entries of its sum leave for its signed change."""
    minus = part.signs < 0
    lows, highs = low[part.cells], high[part.cells]
    lows, highs = np.where(minus, -highs, lows), np.where(minus, -lows, highs)
    bottomless, topless = np.isinf(lows), np.isinf(highs)
    lows, highs = np.where(bottomless, 0.0, lows), np.where(topless, 0.0, highs)
    far = part.tally(topless)[part.rows] - topless
    deep = part.tally(bottomless)[part.rows] - bottomless
    least = np.where(far > 0.5, -math.inf, highs - part.tally(highs)[part.rows])
    most = np.where(deep > 0.5, math.inf, lows - part.tally(lows)[part.rows])
    return least, most
