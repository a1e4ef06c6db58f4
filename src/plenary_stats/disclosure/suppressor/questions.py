"""How far a withheld cell can change when all its neighbourhood's sums hold at once, and what would have to go to let it.

Two linear programmes tell how far a cell can fall and rise. Their duals are a proof: a weighing of sums under which only some of
the shown cells count. Whatever else is withheld, the cell stays as narrow while those are shown. This is a cut of the covering
problem in the manner of Fischetti and Salazar-González (2001), with the room that each of those cells would add.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from plenary_stats.disclosure.suppressor.sums import Bools, Ints, Sums
from plenary_stats.solver import TOLERANCE, Box, Floats, Programme

FAR = 1e7
"""A change of so many is as good as one without limit."""
ENOUGH = 1.5
"""A range so many times as wide as needed is wide."""


@dataclass(frozen=True)
class Proof:
    """How narrow a cell is, and what each shown cell, were it withheld, could add to that at most (``cells``, ``gains``)."""

    width: float
    low: float
    cells: Ints
    gains: Floats


class Questions:
    """Questions about the withheld cells of some sums. ``down``: how far each cell may fall if it is withheld."""

    def __init__(self, sums: Sums, down: Floats, need: Floats, hidden: Bools) -> None:
        self.sums, self.down = sums, down
        inside = hidden[sums.cells]
        self.cells = np.unique(sums.cells[inside])
        touched, rows = np.unique(sums.rows[inside], return_inverse=True)
        self.touched = touched
        self.place = {cell: position for position, cell in enumerate(self.cells.tolist())}
        self.need = need[self.cells]
        self.top = np.maximum(self.need, 1.0) * ENOUGH
        local = Sums(rows, np.searchsorted(self.cells, sums.cells[inside]), sums.signs[inside], len(touched), len(self.cells))
        zero = np.zeros(len(touched))
        self.columns = Box(-down[self.cells], np.full(len(self.cells), FAR))
        self.programme = Programme(local.matrix, Box(zero, zero), self.columns)
        self.seen_low, self.seen_high = np.zeros(len(self.cells)), np.zeros(len(self.cells))

    def wide(self, cell: int) -> bool:
        """Whether the answers so far show that a cell is as wide as it needs to be; one that is in no sum is."""
        place = self.place.get(cell)
        return place is None or bool(self.seen_high[place] - self.seen_low[place] >= self.need[place] - TOLERANCE)

    def narrow(self, cell: int) -> Proof | None:
        """Return the proof that a cell is too narrow; None if it is wide enough."""
        if self.wide(cell):
            return None
        place = self.place[cell]
        low, high, gains = 0.0, 0.0, np.zeros(len(self.down))
        for sign in (-1.0, 1.0):
            self.programme.cost([place], [sign])
            if sign < 0:
                self.programme.bound(place, self.columns.low[place], self.top[place])
            point = self.programme.minimise()
            self.programme.cost([place], [0.0])
            self.programme.bound(place, self.columns.low[place], self.columns.high[place])
            if point is None:
                return None
            np.minimum(self.seen_low, point, out=self.seen_low)
            np.maximum(self.seen_high, point, out=self.seen_high)
            if self.wide(cell):
                return None
            low, high = min(low, float(point[place])), max(high, float(point[place]))
            gains += self._gains(self.programme.duals())
        helpful = np.flatnonzero(gains > TOLERANCE)
        helpful = helpful[~np.isin(helpful, self.cells)]
        return Proof(high - low, low, helpful, gains[helpful])

    def _gains(self, duals: Floats) -> Floats:
        """Return how much further each cell that the sums hold, were it free to change, could let the asked cell go."""
        weights = np.zeros(self.sums.count)
        weights[self.touched] = duals
        pull = np.bincount(self.sums.cells, weights[self.sums.rows] * self.sums.signs, minlength=len(self.down))
        return np.where(pull > TOLERANCE, FAR, np.where(pull < -TOLERANCE, -pull * self.down, 0.0))


class Blocks:
    """The sums, block by block: those of many parts, which tie blocks loosely, left out. Made once, asked often."""

    def __init__(self, sums: Sums, free: Bools, longest: int) -> None:
        lengths = np.bincount(sums.rows, minlength=sums.count)
        usable = free[sums.cells]
        short = lengths[sums.rows] <= longest + 1
        self.sums, self.of = sums, sums.blocks(usable & short)
        block = np.full(sums.count, -1)
        block[sums.rows[usable & short]] = self.of[sums.cells[usable & short]]
        self.long = np.unique(sums.rows[~short])
        entries = np.flatnonzero(short & (block[sums.rows] >= 0))
        order = np.argsort(block[sums.rows[entries]], kind="stable")
        self.entries = entries[order]
        self.edges = np.searchsorted(block[sums.rows[self.entries]], np.arange(int(self.of.max(initial=0)) + 2))

    def sums_of(self, block: int) -> Sums:
        """Return the short sums of a block."""
        chosen = self.entries[self.edges[block] : self.edges[block + 1]]
        return Sums(self.sums.rows[chosen], self.sums.cells[chosen], self.sums.signs[chosen], self.sums.count, self.sums.size)

    def with_long(self, blocks: Sequence[int]) -> Sums:
        """Return the sums of some blocks, long ones that touch them included."""
        inside = np.isin(self.of[self.sums.cells], np.array(blocks))
        touched = np.zeros(self.sums.count, dtype=np.bool_)
        touched[self.sums.rows[inside]] = True
        return self.sums.among(touched[self.sums.rows])
