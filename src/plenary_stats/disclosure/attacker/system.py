"""The sums of one connected part as linear equations, with cells that differ by a known number merged into one.

A single centre's cells equal its service's; two withheld parts of a known whole mirror one another. Merging such pairs leaves a
much smaller system to ask questions of.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from plenary_stats.disclosure.suppressor.cells import Sum
from plenary_stats.solver import TOLERANCE, Box, Floats

Bools = npt.NDArray[np.bool_]


@dataclass
class Ranges:
    """The lowest and highest value of every cell, by cell number; ``inf`` is unbounded. ``whole``: it is a whole number."""

    low: Floats
    high: Floats
    whole: Bools


@dataclass
class System:
    """Rows of factor by column, each between two bounds; a column may stand for others: ``x = sign * root + shift``."""

    low: Floats
    high: Floats
    whole: Bools
    rows: list[dict[int, float]] = field(default_factory=list)
    right: list[tuple[float, float]] = field(default_factory=list)
    stands: dict[int, tuple[int, float, float]] = field(default_factory=dict)
    roots: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, ranges: Ranges, columns: Sequence[int], sums: Sequence[Sum]) -> System:
        """Return the system of some open cells; the others of the sums are settled and go to the right-hand side."""
        place = {cell: position for position, cell in enumerate(columns)}
        system = cls(ranges.low[columns].copy(), ranges.high[columns].copy(), ranges.whole[columns])
        for each in sums:
            row: dict[int, float] = defaultdict(float)
            right = 0.0
            for cell, factor in ((each.whole, -1.0), *((part, 1.0) for part in each.parts)):
                if cell in place:
                    row[place[cell]] += factor
                else:
                    right -= factor * ranges.low[cell]
            system.rows.append({column: factor for column, factor in row.items() if factor})
            system.right.append((-math.inf if each.open else right, right))
        return system

    def merge(self) -> bool:
        """Merge every pair of columns that one equation ties; return whether the equations can still hold."""
        uses: dict[int, set[int]] = defaultdict(set)
        for order, row in enumerate(self.rows):
            for column in row:
                uses[column].add(order)
        waiting = [order for order, row in enumerate(self.rows) if len(row) == 2]
        while waiting:
            order = waiting.pop()
            row, (least, most) = self.rows[order], self.right[order]
            if len(row) != 2 or least != most:
                continue
            gone, root = sorted(row, key=lambda column: (len(uses[column]), column))
            if abs(row[gone]) == abs(row[root]) and self.whole[gone] == self.whole[root]:
                waiting += self._substitute(gone, root, order, uses)
        return all(
            row or (low <= TOLERANCE and high >= -TOLERANCE) for row, (low, high) in zip(self.rows, self.right, strict=True)
        )

    def _substitute(self, gone: int, root: int, order: int, uses: dict[int, set[int]]) -> list[int]:
        """Put ``sign * root + shift`` for a column everywhere; return the rows that now tie a pair."""
        row, right = self.rows[order], self.right[order][0]
        sign, shift = -row[root] / row[gone], right / row[gone]
        self.stands[gone] = (root, sign, shift)
        ends = sorted(((self.low[gone] - shift) * sign, (self.high[gone] - shift) * sign))
        self.low[root], self.high[root] = max(self.low[root], ends[0]), min(self.high[root], ends[1])
        pairs = []
        for other in sorted(uses.pop(gone)):
            here = self.rows[other]
            factor = here.pop(gone)
            here[root] = here.get(root, 0.0) + factor * sign
            uses[root].add(other)
            if not here[root]:
                del here[root]
                uses[root].discard(other)
            low, high = self.right[other]
            self.right[other] = (low - factor * shift, high - factor * shift)
            if len(here) == 2:
                pairs.append(other)
        return pairs

    def compact(self) -> tuple[list[list[tuple[int, float]]], Box, Box, Bools]:
        """Return rows, right-hand sides, bounds and wholeness of the columns that are left, renumbered."""
        self.roots = [column for column in range(len(self.low)) if column not in self.stands]
        place = {column: position for position, column in enumerate(self.roots)}
        distinct: dict[tuple[tuple[int, float], ...], tuple[float, float]] = {}
        for row, (low, high) in zip(self.rows, self.right, strict=True):
            if row:
                key = tuple(sorted((place[column], factor) for column, factor in row.items()))
                before = distinct.get(key, (-math.inf, math.inf))
                distinct[key] = (max(low, before[0]), min(high, before[1]))
        right = Box(np.array([low for low, _ in distinct.values()]), np.array([high for _, high in distinct.values()]))
        return [list(key) for key in distinct], right, Box(self.low[self.roots], self.high[self.roots]), self.whole[self.roots]

    def unmerged(self, low: Floats, high: Floats) -> tuple[Floats, Floats]:
        """Return the ranges of all columns from those of the columns that were left."""
        self.low[self.roots], self.high[self.roots] = low, high
        for gone, (root, sign, shift) in reversed(self.stands.items()):
            ends = sorted((sign * self.low[root] + shift, sign * self.high[root] + shift))
            self.low[gone], self.high[gone] = ends
        return self.low, self.high
