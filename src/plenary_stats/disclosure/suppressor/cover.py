"""The covering problem: of the cells that may go, choose the cheapest that satisfy every cut.

A cut says that of some cells enough must be withheld (if its owner is). Everything that an attacker can do to a pattern is told
as such cuts; so the least that satisfies those found so far is never dearer than the best protection: a proved bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from plenary_stats.disclosure.suppressor.sums import Bools, Ints
from plenary_stats.solver import TOLERANCE, Floats

NODES = 1000
"""A part that is not solved after so many branchings is taken as it stands; its bound stays proved."""
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


@dataclass
class _Part:
    """One connected part's solution: the chosen columns among its own, what they cost, and a cost below which none is."""

    columns: Ints
    chosen: Bools
    bound: float


@dataclass(frozen=True)
class Answer:
    """What is chosen, and the proved bound of what that costs."""

    chosen: Bools
    bound: float


@dataclass
class Cover:
    """Columns with a cost each, some of them chosen from the start (``forced``), and the cuts found so far."""

    cost: Floats
    forced: Bools
    cuts: list[Cuts] = field(default_factory=list)
    solved: dict[bytes, _Part] = field(default_factory=dict)

    def add(self, several: Cuts) -> None:
        """Take note of further cuts."""
        if len(several.least):
            self.cuts.append(several)

    def solve(self, taken: Bools | None = None, *, sound: bool = False) -> Answer:
        """Return the cheapest choice; ``taken``: that has these columns; ``sound``: of the cuts that every protection needs."""
        if not self.cuts:
            forced = self.forced if taken is None else self.forced | taken
            return Answer(forced, float(self.cost[forced].sum()))
        every = Cuts.joined(self.cuts)
        forced = self.forced if taken is None else self.forced | taken
        matrix, least = self._system(every, forced, every.sound if sound else np.ones(len(every.least), dtype=np.bool_))
        chosen, bound = forced.copy(), float(self.cost[forced].sum())
        for part in self._parts(matrix, least):
            chosen[part.columns[part.chosen]] = True
            bound += part.bound
        return Answer(chosen, bound)

    def _system(self, every: Cuts, forced: Bools, wanted: Bools) -> tuple[csr_array, Floats]:
        """Return the cuts that are still open as rows of a matrix and their right-hand sides, forced columns put in."""
        count = len(every.least)
        owned = np.flatnonzero(every.owners >= 0)
        rows = np.concatenate((every.rows, owned))
        columns = np.concatenate((every.columns, every.owners[owned]))
        factors = np.concatenate((every.factors, -every.least[owned]))
        least = np.where(every.owners >= 0, 0.0, every.least)
        known = forced[columns]
        least = least - np.bincount(rows[known], factors[known], minlength=count)
        rows, columns, factors = rows[~known], columns[~known], factors[~known]
        worst = np.bincount(rows, np.minimum(factors, 0.0), minlength=count)
        best = np.bincount(rows, np.maximum(factors, 0.0), minlength=count)
        keep = wanted & (worst < least - TOLERANCE) & (best + TOLERANCE >= least)
        used = keep[rows]
        place = np.cumsum(keep) - 1
        shape = (int(keep.sum()), len(self.cost))
        return csr_array((factors[used], (place[rows[used]], columns[used])), shape=shape), least[keep]

    def _parts(self, matrix: csr_array, least: Floats) -> list[_Part]:
        """Return the solution of each connected part: those seen before from memory, the others by programmes."""
        if not matrix.shape[0]:
            return []
        graph = csr_array((np.ones(matrix.nnz, dtype=np.int8), matrix.indices, matrix.indptr), shape=matrix.shape)
        size = sum(matrix.shape)
        entries = graph.tocoo()
        both = csr_array((entries.data, (entries.row, matrix.shape[0] + entries.col)), shape=(size, size))
        label = connected_components(both, directed=False)[1]
        order = np.argsort(label[: matrix.shape[0]], kind="stable")
        found, waiting = [], []
        for rows in np.split(order, np.flatnonzero(np.diff(label[order])) + 1):
            own = matrix[rows]
            key = own.indptr.tobytes() + own.indices.tobytes() + own.data.tobytes() + least[rows].tobytes()
            part = self.solved.get(key)
            if part is None:
                waiting.append((key, rows))
            else:
                found.append(part)
        for (key, _), part in zip(waiting, self._fresh(matrix, least, [rows for _, rows in waiting]), strict=True):
            self.solved[key] = part
            found.append(part)
        return found

    def _fresh(self, matrix: csr_array, least: Floats, parts: Sequence[Ints]) -> list[_Part]:
        """Solve parts: one linear programme for all of them, and an integer programme for each that it leaves in fractions."""
        if not parts:
            return []
        rows = np.concatenate(parts)
        own = matrix[rows]
        names = np.unique(own.indices)
        place = np.zeros(len(self.cost), dtype=np.int64)
        place[names] = np.arange(len(names))
        own = csr_array((own.data, place[own.indices], own.indptr), shape=(len(rows), len(names)))
        point = _least(self.cost[names], own, least[rows])
        found, start = [], 0
        for part in parts:
            stop = start + len(part)
            mine = np.unique(own.indices[own.indptr[start] : own.indptr[stop]])
            here = None if point is None else point[mine]
            if here is not None and np.abs(here - np.round(here)).max() < TOLERANCE:
                chosen = here > 0.5
                found.append(_Part(names[mine], chosen, float(self.cost[names[mine]][chosen].sum())))
            else:
                found.append(self._branched(own[start:stop][:, mine], least[part], names[mine]))
            start = stop
        return found

    def _branched(self, matrix: csr_array, least: Floats, names: Ints) -> _Part:
        """Solve one part by branching; if that finds nothing, take everything of it."""
        cost = self.cost[names]
        answer = milp(
            cost,
            integrality=np.ones(len(names)),
            bounds=Bounds(0, 1),
            constraints=LinearConstraint(matrix, least, np.inf),
            options={"mip_rel_gap": SMALLEST_GAP, "node_limit": NODES},
        )
        chosen = np.ones(len(names), dtype=np.bool_) if answer.x is None else answer.x > 0.5
        bound = 0.0 if answer.mip_dual_bound is None else float(answer.mip_dual_bound)
        return _Part(names, chosen, min(bound, float(cost[chosen].sum())))


def _least(cost: Floats, matrix: csr_array, least: Floats) -> Floats | None:
    """Return the cheapest point between nought and one of the cuts, in fractions; None where there is none."""
    answer = milp(cost, bounds=Bounds(0, 1), constraints=LinearConstraint(matrix, least, np.inf))
    return None if answer.x is None else np.asarray(answer.x)
