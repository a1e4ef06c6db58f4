"""The sums of open cells as linear rows: bounds tightened until nothing moves, cells that differ by a known number merged into
one.

A single centre's cells equal its service's; two withheld parts of a known whole mirror one another. Merging such pairs leaves a
much smaller system to ask questions of. Everything is done on arrays, all rows at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from plenary_stats.disclosure.attacker.figures import Bools, Floats, Ints
from plenary_stats.disclosure.attacker.sums import Sums
from plenary_stats.solver import TOLERANCE

ROUNDS = 60
"""A creep of more rounds (a bound that falls by one each time) is left to the programmes."""


class ContradictionError(Exception):
    """No numbers satisfy every sum. Its argument is the cell where that was seen, or -1."""


@dataclass
class Bounds:
    """The lowest and highest value of every cell; ``inf`` is unbounded. ``whole``: it is a whole number."""

    low: Floats
    high: Floats
    whole: Bools

    def copy(self) -> Bounds:
        """Return bounds that may change without these."""
        return Bounds(self.low.copy(), self.high.copy(), self.whole)

    def open(self) -> Bools:
        """Which cells are not settled."""
        result: Bools = self.high > self.low + TOLERANCE
        return result

    def check(self) -> None:
        """Refuse bounds that no number lies between."""
        wrong = np.flatnonzero(self.low > self.high + TOLERANCE)
        if len(wrong):
            raise ContradictionError(int(wrong[0]))


@dataclass
class Rows:
    """Rows of factor by column, ``low <= row <= high``: entry ``i`` is in row ``row[i]``, and rows stand in order."""

    row: Ints
    column: Ints
    factor: Floats
    low: Floats
    high: Floats

    @classmethod
    def of(cls, sums: Sums) -> Rows:
        """Return sums as rows: the parts less the whole is nought, or less where the sum is open."""
        many = len(sums)
        row = np.concatenate((np.arange(many), sums.order))
        order = np.argsort(row, kind="stable")
        column = np.concatenate((sums.whole, sums.parts))[order]
        factor = np.concatenate((np.full(many, -1.0), np.ones(len(sums.parts))))[order]
        return cls(row[order], column, factor, np.where(sums.open, -math.inf, 0.0), np.zeros(many))

    def __len__(self) -> int:
        return len(self.low)

    @property
    def start(self) -> Ints:
        """Where each row begins, and the last one ends."""
        return np.concatenate(([0], np.cumsum(np.bincount(self.row, minlength=len(self))))).astype(np.int64)

    def matrix(self, width: int) -> csr_array:
        """Return the rows as a sparse matrix."""
        return csr_array((self.factor, self.column, self.start), shape=(len(self), width))

    def settled(self, bounds: Bounds) -> Rows:
        """Return the rows with settled cells put into their limits, and without those that are left empty."""
        loose = bounds.open()[self.column]
        known = np.bincount(
            self.row[~loose], weights=(self.factor * np.where(loose, 0.0, bounds.low[self.column]))[~loose], minlength=len(self)
        )
        low, high = self.low - known, self.high - known
        used = np.bincount(self.row[loose], minlength=len(self)) > 0
        if (~used & ((low > TOLERANCE) | (high < -TOLERANCE))).any():
            raise ContradictionError(-1)
        place = np.cumsum(used) - 1
        return Rows(place[self.row[loose]], self.column[loose], self.factor[loose], low[used], high[used])

    def put(self, columns: Ints, sign: Floats, shift: Floats) -> Rows:
        """Return the rows with ``sign * columns + shift`` in the place of each column; entries of one column are joined."""
        moved = np.bincount(self.row, weights=self.factor * shift[self.column], minlength=len(self))
        width = int(columns.max(initial=0)) + 1
        key = self.row * width + columns[self.column]
        places, which = np.unique(key, return_inverse=True)
        joined = np.bincount(which.reshape(-1), weights=self.factor * sign[self.column], minlength=len(places))
        factor: Floats = joined.astype(np.float64)
        kept = np.abs(factor) > TOLERANCE
        return Rows(places[kept] // width, places[kept] % width, factor[kept], self.low - moved, self.high - moved)

    def distinct(self) -> Rows:
        """Return each left side once, with the tighter limits of all its rows, and none that is empty."""
        start = self.start
        columns, factors, ends = self.column.tobytes(), self.factor.tobytes(), (start * 8).tolist()
        low, high = self.low.copy(), self.high.copy()
        seen: dict[tuple[bytes, bytes], int] = {}
        for row in range(len(self)):
            first, last = ends[row], ends[row + 1]
            if first == last:
                if low[row] > TOLERANCE or high[row] < -TOLERANCE:
                    raise ContradictionError(-1)
                continue
            same = seen.setdefault((columns[first:last], factors[first:last]), row)
            low[same], high[same] = max(low[same], low[row]), min(high[same], high[row])
        kept = np.zeros(len(self), np.bool_)
        kept[list(seen.values())] = True
        inside = kept[self.row]
        place = np.cumsum(kept) - 1
        return Rows(place[self.row[inside]], self.column[inside], self.factor[inside], low[kept], high[kept])


def tighten(rows: Rows, bounds: Bounds) -> None:
    """Tighten each cell by the others of each of its rows, all at once and again until nothing moves."""
    if not len(rows):
        return
    by_column = np.argsort(rows.column, kind="stable")
    columns, first = np.unique(rows.column[by_column], return_index=True)
    factor, row, column = rows.factor, rows.row, rows.column
    up = factor > 0
    for _ in range(ROUNDS):
        at_low, at_high = bounds.low[column], bounds.high[column]
        least = factor * np.where(up, at_low, at_high)
        most = factor * np.where(up, at_high, at_low)
        below = (rows.high[row] - _others(least, row, len(rows), -math.inf)) / factor
        above = (rows.low[row] - _others(most, row, len(rows), math.inf)) / factor
        high = np.minimum.reduceat(np.where(up, below, above)[by_column], first)
        low = np.maximum.reduceat(np.where(up, above, below)[by_column], first)
        low, high = _rounded(low, high, bounds.whole[columns])
        narrower = (low > bounds.low[columns] + TOLERANCE) | (high < bounds.high[columns] - TOLERANCE)
        if not narrower.any():
            return
        moved = columns[narrower]
        bounds.low[moved] = np.maximum(bounds.low[moved], low[narrower])
        bounds.high[moved] = np.minimum(bounds.high[moved], high[narrower])
        bounds.check()


def _others(each: Floats, row: Ints, many: int, far: float) -> Floats:
    """Return, for each entry, the sum of the row's other entries; ``far`` where one of them is without bound."""
    endless = np.isinf(each)
    finite = np.where(endless, 0.0, each)
    total = np.bincount(row, weights=finite, minlength=many)[row] - finite
    infinite = np.bincount(row, weights=endless, minlength=many)[row] - endless
    return np.where(infinite > 0, far, total)


def _rounded(low: Floats, high: Floats, whole: Bools) -> tuple[Floats, Floats]:
    return np.where(whole, np.ceil(low - TOLERANCE), low), np.where(whole, np.floor(high + TOLERANCE), high)


@dataclass
class Merged:
    """Each column as ``sign * root + shift`` of a column that is left."""

    root: Ints
    sign: Floats
    shift: Floats

    def spread(self, bounds: Bounds) -> None:
        """Take the bounds of the roots over to the others."""
        one = self.sign * bounds.low[self.root] + self.shift
        other = self.sign * bounds.high[self.root] + self.shift
        bounds.low, bounds.high = np.minimum(one, other), np.maximum(one, other)


def merge(rows: Rows, bounds: Bounds) -> tuple[Rows, Merged]:
    """Merge columns that one equation ties in pairs, again and again; the roots' bounds hold for all that they stand for."""
    size = len(bounds.low)
    merged = Merged(np.arange(size), np.ones(size), np.zeros(size))
    while True:
        start = rows.start
        pairs = np.flatnonzero((np.diff(start) == 2) & (rows.low == rows.high))
        if not len(pairs):
            return rows.distinct(), merged
        one, other = start[pairs], start[pairs] + 1
        alike = np.abs(np.abs(rows.factor[one]) - np.abs(rows.factor[other])) < TOLERANCE
        alike &= bounds.whole[rows.column[one]] == bounds.whole[rows.column[other]]
        if not alike.any():
            return rows.distinct(), merged
        pairs, one, other = pairs[alike], one[alike], other[alike]
        step = _step(size, rows, bounds, (pairs, one, other))
        merged.shift = merged.sign * step.shift[merged.root] + merged.shift
        merged.sign = merged.sign * step.sign[merged.root]
        merged.root = step.root[merged.root]
        rows = rows.put(step.root, step.sign, step.shift)


def _step(size: int, rows: Rows, bounds: Bounds, pairs: tuple[Ints, Ints, Ints]) -> Merged:
    """Join the columns of some rows of two, one after the other."""
    root, sign, shift = list(range(size)), [1.0] * size, [0.0] * size

    def find(column: int) -> tuple[int, float, float]:
        times, plus = 1.0, 0.0
        while root[column] != column:
            plus += times * shift[column]
            times *= sign[column]
            column = root[column]
        return column, times, plus

    which, one, other = pairs
    for row, first, second in zip(which.tolist(), one.tolist(), other.tolist(), strict=True):
        (mine, s, t), (its, u, v) = find(int(rows.column[first])), find(int(rows.column[second]))
        a, b, right = float(rows.factor[first]), float(rows.factor[second]), float(rows.low[row])
        left = right - a * t - b * v  # a s mine + b u its = left
        if mine == its:
            _one_column(mine, a * s + b * u, left, bounds)
            continue
        gone, stays, p, q = (its, mine, b * u, a * s) if its > mine else (mine, its, a * s, b * u)
        if bounds.whole[gone] and abs(left / p - round(left / p)) > TOLERANCE:
            raise ContradictionError(gone)
        root[gone], sign[gone], shift[gone] = stays, -q / p, left / p
        ends = sorted(((bounds.low[gone] - left / p) * (-q / p), (bounds.high[gone] - left / p) * (-q / p)))
        bounds.low[stays], bounds.high[stays] = max(bounds.low[stays], ends[0]), min(bounds.high[stays], ends[1])
    bounds.check()
    found = [find(column) for column in range(size)]
    return Merged(
        np.array([each[0] for each in found]), np.array([each[1] for each in found]), np.array([each[2] for each in found])
    )


def _one_column(column: int, factor: float, right: float, bounds: Bounds) -> None:
    """Take in that ``factor * column = right``."""
    if abs(factor) < TOLERANCE:
        if abs(right) > TOLERANCE:
            raise ContradictionError(column)
        return
    value = right / factor
    if bounds.whole[column] and abs(value - round(value)) > TOLERANCE:
        raise ContradictionError(column)
    bounds.low[column], bounds.high[column] = max(bounds.low[column], value), min(bounds.high[column], value)


def components(rows: Rows, width: int) -> list[tuple[Ints, Ints]]:
    """Return the rows and the columns that hang together, part by part, the first column's part first."""
    if not len(rows):
        return []
    graph = coo_array((np.ones(len(rows.row)), (rows.row, len(rows) + rows.column)), shape=(len(rows) + width,) * 2)
    _, label = connected_components(graph.tocsr(), directed=False)
    used = np.unique(rows.column)
    of_row, of_column = label[: len(rows)], label[len(rows) + used]
    row_order, column_order = np.argsort(of_row, kind="stable"), np.argsort(of_column, kind="stable")
    _, row_first = np.unique(of_row[row_order], return_index=True)
    _, column_first = np.unique(of_column[column_order], return_index=True)
    parts = list(zip(np.split(row_order, row_first[1:]), np.split(used[column_order], column_first[1:]), strict=True))
    return sorted(parts, key=lambda part: int(part[1][0]))
