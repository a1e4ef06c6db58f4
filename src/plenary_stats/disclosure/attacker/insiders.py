"""Readers who know their own figures: with two centres, each knows the other's number from what both are together.

What an insider's figures are is not published, so nobody can say to which numbers another's range shrinks, only how wide it is
at most: the two possible worlds furthest apart in that number that agree in everything the insider knows. If even they are too
close, the insider works it out, whatever his figures. ``low`` and ``high`` are the number in those two worlds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds as Limits
from scipy.optimize import LinearConstraint, milp

from plenary_stats.disclosure.attacker.component import LONG, cut_out
from plenary_stats.disclosure.attacker.figures import Bools, Floats, Ints
from plenary_stats.disclosure.attacker.programme import FAR, Questions
from plenary_stats.disclosure.attacker.system import Bounds, Rows, components
from plenary_stats.disclosure.attacker.view import View
from plenary_stats.solver import TOLERANCE

LARGE = 400
"""In parts of more open cells than this, long sums (national ones) are left out: an insider is near."""


@dataclass(frozen=True)
class Seen:
    """What the best informed insider is left with of a cell, and who that is."""

    low: float
    high: float
    reader: str


def seen(view: View, bounds: Bounds, insiders: Sequence[str], cells: Sequence[int]) -> Mapping[int, Seen]:
    """Return, for some cells, the narrowest range that an insider is left with, where it is narrower than everybody's."""
    found: dict[int, Seen] = {}
    rows = Rows.of(view.sums).settled(bounds)
    parts = components(rows, len(view))
    large = np.zeros(len(rows), np.bool_)
    for which, columns in parts:
        large[which] = len(columns) > LARGE
    if large.any():
        near = np.flatnonzero(~large | (np.bincount(rows.row, minlength=len(rows)) <= LONG))
        rows = cut_out(rows, near, np.arange(len(view)), len(view))
        parts = components(rows, len(view))
    for name in insiders:
        position = view.figures.position(name)
        if position is None:
            continue
        codes = view.figures.dimensions[position]
        for which, columns in parts:
            own = view.place[columns, position]
            targets = np.isin(columns, list(cells))
            for code in np.unique(own[own != codes.total]).tolist():
                worlds = _Worlds(rows, which, bounds, columns, np.flatnonzero(own == code))
                for order in np.flatnonzero(targets & ~worlds.mine).tolist():
                    ends, cell = worlds.apart(order), int(columns[order])
                    before = found.get(cell, Seen(bounds.low[cell], bounds.high[cell], ""))
                    if ends[1] - ends[0] < before.high - before.low - TOLERANCE:
                        found[cell] = Seen(*ends, codes.names[code])
    return found


def made_of(rows: Rows, own: Bools) -> Bools:
    """Return an insider's cells with those that are made of nothing but them and of what everybody knows.

    The total of a service with one centre is that centre's own number; so is one of whose other centres all is shown. That he
    knows such a total tells him of nobody. What is left of a total when he takes his own away is another's, and none of these.
    """
    mine = own.copy()
    part, exact = rows.factor > 0, rows.high - rows.low < TOLERANCE
    while True:
        strange = np.bincount(rows.row[part & ~mine[rows.column]], minlength=len(rows)) > 0
        parts = np.bincount(rows.row[part], minlength=len(rows)) > 0
        new = rows.column[~part & (exact & parts & ~strange)[rows.row]]
        if mine[new].all():
            return mine
        mine[new] = True


class _Worlds:
    """Two worlds that satisfy the same sums and agree in what an insider knows."""

    def __init__(self, rows: Rows, which: Ints, bounds: Bounds, columns: Ints, known: Ints) -> None:
        one = cut_out(rows, which, columns, len(bounds.low))
        self.mine = made_of(one, np.isin(np.arange(len(columns)), known))
        self.size, many = len(columns), len(one)
        ties = np.arange(len(known)) + 2 * many
        nought = np.zeros(len(known))
        self.rows = Rows(
            np.concatenate((one.row, one.row + many, np.repeat(ties, 2))),
            np.concatenate((one.column, one.column + self.size, np.column_stack((known, known + self.size)).reshape(-1))),
            np.concatenate((one.factor, one.factor, np.tile([1.0, -1.0], len(known)))),
            np.concatenate((one.low, one.low, nought)),
            np.concatenate((one.high, one.high, nought)),
        )
        twice = np.concatenate((columns, columns))
        self.box = Bounds(bounds.low[twice], bounds.high[twice], bounds.whole[twice])
        self.questions = Questions(self.rows, self.box)

    def apart(self, order: int) -> tuple[float, float]:
        """Return the least and the greatest number of a cell in the two worlds furthest apart in it."""
        costs = np.zeros(2 * self.size)
        costs[[order, order + self.size]] = 1.0, -1.0
        self.questions.costs(costs)
        point = self.questions.minimise()
        if point is None:
            return -math.inf, math.inf
        if np.abs(point - np.round(point))[self.box.whole].max(initial=0.0) > TOLERANCE:
            point = self._whole(costs, point)
        low, high = float(point[order]), float(point[order + self.size])
        return round(low, 6), math.inf if high > FAR else round(high, 6)

    def _whole(self, costs: Floats, point: Floats) -> Floats:
        answer = milp(
            costs,
            integrality=self.box.whole.astype(int),
            bounds=Limits(self.box.low, self.questions.capped),
            constraints=LinearConstraint(self.rows.matrix(2 * self.size), self.rows.low, self.rows.high),
        )
        return point if answer.x is None else np.asarray(answer.x)
