"""The covering problem: of the cells that may go, choose the cheapest that satisfy every cut.

A cut says that of some cells enough must be withheld (if its owner is). Everything that an attacker can do to a pattern is told
as such cuts; so the least that satisfies those found so far is never dearer than the best protection: a proved bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from plenary_stats.disclosure.suppressor.sums import Bools, Ints
from plenary_stats.solver import TOLERANCE, Box, Floats, Programme

NODES = 200
"""A part that own branching does not solve in so many programmes is left to an integer programme."""
BRANCHINGS = 1000
"""A part that this does not solve in so many branchings is taken as it stands; its bound stays proved."""
SMALLEST_GAP = 1e-6


@dataclass(frozen=True)
class Cuts:
    """Several cuts: in each the coefficients of the chosen columns must come to ``least`` (times the owner, where there is one).

    ``rows``, ``columns``, ``factors`` stand one an entry. ``owners`` is -1 where a cut holds whatever is chosen. ``sound``: no
    protection does without it (the others are guesses that lead to one).
    """

    rows: Ints
    columns: Ints
    factors: Floats
    least: Floats
    owners: Ints
    sound: Bools

    @classmethod
    def joined(cls, several: Sequence[Cuts]) -> Cuts:
        """Return all cuts of several; there must be some."""
        shifts = np.cumsum([0, *(len(each.least) for each in several)])
        rows = [each.rows + shift for each, shift in zip(several, shifts, strict=False)]
        others = ("columns", "factors", "least", "owners", "sound")
        return cls(np.concatenate(rows), *(np.concatenate([getattr(each, name) for each in several]) for name in others))


def cut(columns: Ints, factors: Floats, least: float, owner: int, *, sound: bool) -> Cuts:
    """Return one cut."""
    rows = np.zeros(len(columns), dtype=np.int64)
    return Cuts(rows, columns, factors, np.array([least]), np.array([owner]), np.array([sound]))


@dataclass(frozen=True)
class Answer:
    """What is chosen, and the proved bound of what that costs."""

    chosen: Bools
    bound: float


@dataclass
class Cover:
    """Columns with a cost each, some of them chosen from the start (``forced``), and the cuts found so far.

    Cuts fall apart into parts that share no column. A part that no new cut touches keeps its solution.
    """

    cost: Floats
    forced: Bools
    cuts: list[Cuts] = field(default_factory=list)
    told: int = 0
    solved: Bools | None = None
    bounds: dict[int, float] = field(default_factory=dict)

    def add(self, several: Cuts) -> None:
        """Take note of further cuts."""
        if len(several.least):
            self.cuts.append(several)

    def solve(self, taken: Bools | None = None, *, sound: bool = False) -> Answer:
        """Return the cheapest choice; ``taken``: that has these columns; ``sound``: of the cuts that every protection needs."""
        forced = self.forced if taken is None else self.forced | taken
        chosen, bound = forced.copy(), float(self.cost[forced].sum())
        if not self.cuts:
            return Answer(chosen, bound)
        every = Cuts.joined(self.cuts)
        wanted = every.sound if sound else np.ones(len(every.least), dtype=np.bool_)
        fresh = self if taken is None and wanted.all() else Cover(self.cost, forced)
        picked, proved = fresh._solution(every, wanted)  # noqa: SLF001 - of the same class
        return Answer(chosen | picked, bound + proved)

    def _solution(self, every: Cuts, wanted: Bools) -> tuple[Bools, float]:
        """Solve the parts that a cut not yet told touches; return what is chosen in all of them, and the bound."""
        matrix, least, numbers = self._system(every, wanted)
        before = np.zeros(len(self.cost), dtype=np.bool_) if self.solved is None else self.solved
        label, columns_label = _parts(matrix)
        new = np.unique(label[numbers >= self.told])
        firsts = {int(part): int(numbers[row]) for part, row in zip(*np.unique(label, return_index=True), strict=True)}
        dirty = np.isin(label, new)
        chosen = before & ~np.isin(columns_label, new)
        bounds = {first: self.bounds[first] for part, first in firsts.items() if first in self.bounds and part not in set(new)}
        if dirty.any():
            picked, proved = _solved(self.cost, matrix[np.flatnonzero(dirty)], least[dirty], columns_label)
            chosen |= picked
            bounds |= {firsts[part]: each for part, each in proved.items()}
        self.told, self.solved, self.bounds = len(every.least), chosen, bounds
        return chosen, sum(bounds.values())

    def _system(self, every: Cuts, wanted: Bools) -> tuple[csr_array, Floats, Ints]:
        """Return the cuts that are still open as rows of a matrix, their right-hand sides, and their numbers."""
        count = len(every.least)
        owned = np.flatnonzero(every.owners >= 0)
        rows = np.concatenate((every.rows, owned))
        columns = np.concatenate((every.columns, every.owners[owned]))
        factors = np.concatenate((every.factors, -every.least[owned]))
        least = np.where(every.owners >= 0, 0.0, every.least)
        known = self.forced[columns]
        least = least - np.bincount(rows[known], factors[known], minlength=count)
        rows, columns, factors = rows[~known], columns[~known], factors[~known]
        worst = np.bincount(rows, np.minimum(factors, 0.0), minlength=count)
        best = np.bincount(rows, np.maximum(factors, 0.0), minlength=count)
        keep = wanted & (worst < least - TOLERANCE) & (best + TOLERANCE >= least)
        used = keep[rows]
        place = np.cumsum(keep) - 1
        shape = (int(keep.sum()), len(self.cost))
        matrix = csr_array(coo_array((factors[used], (place[rows[used]], columns[used])), shape=shape))
        return matrix, least[keep], np.flatnonzero(keep)


def _parts(matrix: csr_array) -> tuple[Ints, Ints]:
    """Return, for each row and for each column, the number of its connected part."""
    entries = matrix.tocoo()
    count, size = matrix.shape[0], sum(matrix.shape)
    ones = np.ones(entries.nnz, dtype=np.int8)
    label = connected_components(coo_array((ones, (entries.row, count + entries.col)), shape=(size, size)), directed=False)[1]
    return np.asarray(label[:count], dtype=np.int64), np.asarray(label[count:], dtype=np.int64)


def _solved(cost: Floats, matrix: csr_array, least: Floats, label: Ints) -> tuple[Bools, dict[int, float]]:
    """Solve parts: one linear programme for all, and branching in each that it leaves in fractions; return choice and bounds."""
    names = np.unique(matrix.indices)
    own = csr_array((matrix.data, np.searchsorted(names, matrix.indices), matrix.indptr), shape=(matrix.shape[0], len(names)))
    point, parts = _least(cost[names], own, least), label[names]
    open_parts = np.unique(parts if point is None else parts[np.abs(point - np.round(point)) > TOLERANCE])
    whole = ~np.isin(parts, open_parts)
    chosen = np.zeros(len(cost), dtype=np.bool_)
    bounds = dict.fromkeys(np.unique(parts).tolist(), 0.0)
    if point is not None:
        chosen[names[whole]] = point[whole] > 0.5
        for part, each in zip(parts[whole].tolist(), (cost[names] * (point > 0.5))[whole].tolist(), strict=True):
            bounds[part] += each
    row_part = parts[own.indices[own.indptr[:-1]]]
    for part in open_parts.tolist():
        columns, rows = np.flatnonzero(parts == part), np.flatnonzero(row_part == part)
        small = own[rows]
        small = csr_array((small.data, np.searchsorted(columns, small.indices), small.indptr), shape=(len(rows), len(columns)))
        picked, bounds[part] = _branched(cost[names[columns]], small, least[rows])
        chosen[names[columns]] = picked
    return chosen, bounds


def _least(cost: Floats, matrix: csr_array, least: Floats) -> Floats | None:
    """Return the cheapest point between nought and one of the cuts, in fractions; None where there is none."""
    unit = Box(np.zeros(len(cost)), np.ones(len(cost)))
    return Programme(matrix, Box(least, np.full(len(least), np.inf)), unit, cost).minimise()


def _branched(cost: Floats, matrix: csr_array, least: Floats) -> tuple[Bools, float]:
    """Return the cheapest choice of one part, and its bound: by branching from programme to programme, depth first."""
    unit = Box(np.zeros(len(cost)), np.ones(len(cost)))
    programme = Programme(matrix, Box(least, np.full(len(least), np.inf)), unit, cost)
    best, price = None, np.inf
    fixed: dict[int, float] = {}
    waiting: list[dict[int, float]] = [{}]
    for _ in range(NODES):
        if not waiting:
            break
        wanted = waiting.pop()
        for column in {*fixed, *wanted}:
            programme.bound(column, wanted.get(column, 0.0), wanted.get(column, 1.0))
        fixed = wanted
        point = programme.minimise()
        if point is None or cost @ point >= price - SMALLEST_GAP:
            continue
        broken = np.abs(point - np.round(point))
        column = int(broken.argmax())
        if broken[column] < TOLERANCE:
            best, price = point > 0.5, float(cost @ np.round(point))
            continue
        waiting += [fixed | {column: 0.0}, fixed | {column: 1.0}]
    if best is not None and not waiting:
        return best, price
    return _left_over(cost, matrix, least)


def _left_over(cost: Floats, matrix: csr_array, least: Floats) -> tuple[Bools, float]:
    """Solve a stubborn part by an integer programme; if that finds nothing, take everything of it."""
    answer = milp(
        cost,
        integrality=np.ones(len(cost)),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(matrix, least, np.inf),
        options={"mip_rel_gap": SMALLEST_GAP, "node_limit": BRANCHINGS},
    )
    chosen = np.ones(len(cost), dtype=np.bool_) if answer.x is None else answer.x > 0.5
    bound = 0.0 if answer.mip_dual_bound is None else float(answer.mip_dual_bound)
    return chosen, min(bound, float(cost[chosen].sum()))
