"""One connected part of the sums: the exact range of each of its cells, by linear programmes and where needed by integer ones."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from scipy.optimize import Bounds as Limits
from scipy.optimize import LinearConstraint, milp
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from plenary_stats.disclosure.attacker.figures import Bools, Floats, Ints
from plenary_stats.disclosure.attacker.programme import FAR, Questions
from plenary_stats.disclosure.attacker.system import Bounds, ContradictionError, Rows
from plenary_stats.solver import TOLERANCE

FEW = 3
LONG = 12
"""Sums of more open cells than this tie their cells so loosely that several are pulled at at once."""
IDLE = 3
"""So many visits in a row that settle hardly a bound are the last."""
LARGE = 400
"""In a part of more cells than this the ends of a range need not be found once it is proved to be wide enough."""
CHUNKS = (400, 1000, 1000, 2000, 2000, 2000)
"""Large parts are gone through in pieces of about so many cells, each time in other pieces."""
MENDED = 1200
"""In a part of fewer cells another corner is visited in less time than one that is not whole is mended."""
AROUND = 900
"""A corner that is not whole is made whole by so many cells at most."""
TOGETHER = 16
"""So many cells are asked about at once for the shortest way to another solution."""
LOOKS = 12
"""So many corners are visited in search of a whole one before an integer programme is asked."""


class Component:
    """One connected part: outer bounds that hold for sure, and inner ones that a whole solution reaches.

    ``points``: the whole solutions that reached something new.
    """

    def __init__(self, rows: Rows, bounds: Bounds, enough: Floats | None = None) -> None:
        """``enough``: the width of a cell's range from which on its ends need not be found; without it they all are."""
        self.enough = np.full(len(bounds.low), math.inf) if enough is None else enough
        self.rows, self.low, self.high, self.whole = rows, bounds.low.copy(), bounds.high.copy(), bounds.whole
        self.size = len(self.low)
        self.reached_low, self.reached_high = np.full(self.size, math.inf), np.full(self.size, -math.inf)
        self.points: list[Floats] = []
        self.matrix = rows.matrix(self.size)
        self._asked: Questions | None = None

    def ranges(self) -> tuple[Floats, Floats]:
        """Return the ranges: exact where they are not ``enough``; there the low and high are what the sums prove."""
        if self.size > LARGE:
            self._in_pieces()
            self._short_ways()
        else:
            self.scatter()
        self.finish()
        return self.low, self.high

    def finish(self, many: int | None = None) -> None:
        """Settle every bound, or those of the first cells, that no solution has reached yet."""
        self.questions.costs(np.zeros(self.size))
        for sign in (1.0, -1.0):
            for position in np.flatnonzero(~self.settled(sign)[:many]).tolist():
                self._settle(position, sign)

    @property
    def questions(self) -> Questions:
        """The programme of this part."""
        if self._asked is None:
            self._asked = Questions(self.rows, Bounds(self.low.copy(), self.high.copy(), self.whole))
        return self._asked

    def settled(self, sign: float) -> Bools:
        """Return which low (sign 1) or high (sign -1) bounds a solution has reached, or need not be."""
        wide = self.reached_high - self.reached_low >= self.enough
        if sign > 0:
            return np.asarray(wide | (self.reached_low <= self.low + TOLERANCE))
        return np.asarray(wide | (self.reached_high >= np.minimum(self.high, FAR) - TOLERANCE))

    def scatter(self) -> None:
        """Visit far corners, pulling at many bounds at once that share no short sum: each visit settles many of them."""
        if self.size <= FEW:
            return
        random = np.random.default_rng(self.size)
        if not self.points:
            for costs in patterns(self.size)[:2]:
                self._visit(costs)
        uses = self._uses()
        before, idle = self._waiting(), 0
        while len(before) > FEW and idle < IDLE:
            costs = _pull(random.permutation(before), uses, self.size)
            self._visit(costs)
            after = self._waiting()
            idle = idle + 1 if len(before) - len(after) < FEW else 0
            before = after

    def _in_pieces(self) -> None:
        """Find wide ranges piece by piece, the rest standing at a whole solution: quicker than many steps of the whole."""
        random = np.random.default_rng(self.size)
        base = self._anywhere()
        blocks = self._blocks()
        for size in CHUNKS:
            for columns in self._pieces(blocks, size, random):
                base = self._piece(columns, base)
        self.points.append(base)

    def _short_ways(self) -> None:
        """Look for the shortest way from one whole solution to another that is far enough in a cell: what nothing local moves.

        The programme is of the steps up and down of every cell, of which the least are taken. So few are that some cells are
        asked about at once, and that the answer is whole.
        """
        if not len(self._waiting()):
            return
        base, random = self.points[-1], np.random.default_rng(self.size)
        room = np.concatenate((np.minimum(self.high, FAR * 10) - base, base - self.low))
        steps = Rows(
            np.repeat(self.rows.row, 2),
            np.column_stack((self.rows.column, self.rows.column + self.size)).ravel(),
            np.column_stack((self.rows.factor, -self.rows.factor)).ravel(),
            self.rows.low - self.matrix @ base,
            self.rows.high - self.matrix @ base,
        )
        questions = Questions(steps, Bounds(np.zeros(len(room)), room, np.tile(self.whole, 2)), dual=True)
        questions.costs(1.0 + random.random(len(room)) / 4)  # of ways that are as long one is the shortest
        waiting = random.permutation(np.unique(self._waiting() % self.size)).tolist()
        for first in range(0, len(waiting), TOGETHER):
            self._walk(questions, base, room, waiting[first : first + TOGETHER])

    def _walk(self, questions: Questions, base: Floats, room: Floats, cells: list[int]) -> None:
        """Go far enough in some cells at once; where that is not possible, in the half of them."""
        asked = []
        for cell in cells:
            up, down = (
                self.reached_low[cell] + self.enough[cell] - base[cell],
                base[cell] - self.reached_high[cell] + self.enough[cell],
            )
            if min(up, down) <= 0:
                continue
            if up <= room[cell]:
                asked.append((cell, cell, up))
            elif down <= room[self.size + cell]:
                asked.append((cell, self.size + cell, down))
        for _, step, far in asked:
            questions.bound(step, far, room[step])
            back = (step + self.size) % len(room)
            questions.bound(back, 0.0, 0.0)  # or the shortest way would be there and back
        found = questions.minimise() if asked else None
        for cell, _, _ in asked:
            for step in (cell, self.size + cell):
                questions.bound(step, 0.0, room[step])
        if found is not None:
            self.reach(base + found[: self.size] - found[self.size :])
        elif len(asked) > 1:
            half = [cell for cell, _, _ in asked]
            self._walk(questions, base, room, half[: len(half) // 2])
            self._walk(questions, base, room, half[len(half) // 2 :])

    def _anywhere(self) -> Floats:
        """Return a whole solution."""
        vertex = self.questions.start()
        if vertex is None:
            raise ContradictionError(-1)
        if not self.reach(vertex):
            near = self._made_whole(vertex, np.zeros(self.size))
            if near is None or not self.reach(near):
                return self.solve(0, 1.0)
        return self.points[-1]

    def _blocks(self) -> Ints:
        """Return which block each column is in: short sums join columns, long ones do not."""
        many = len(self.rows)
        short = self._short[self.rows.row]
        ends = (self.rows.row[short], many + self.rows.column[short])
        graph = coo_array((np.ones(len(ends[0])), ends), shape=(many + self.size,) * 2)
        _, label = connected_components(graph.tocsr(), directed=False)
        _, found = np.unique(label[many:], return_inverse=True)
        return found.reshape(-1)

    def _pieces(self, blocks: Ints, size: int, random: np.random.Generator) -> Iterator[Ints]:
        """Yield the columns of some blocks together, until every block that has bounds to settle was there."""
        sizes = np.bincount(blocks)
        waits = np.bincount(blocks[self._waiting() % self.size], minlength=len(sizes)) > 0
        left = [each for each in random.permutation(len(sizes)).tolist() if waits[each]]
        others = iter(random.permutation(np.flatnonzero(~waits)).tolist())
        while left:
            taken = [left.pop()]
            cells = int(sizes[taken[0]])
            while cells < size:
                more = left.pop() if left else next(others, None)
                if more is None:
                    break
                taken.append(more)
                cells += int(sizes[more])
            yield np.flatnonzero(np.isin(blocks, taken))

    def _piece(self, columns: Ints, base: Floats) -> Floats:
        """Move some columns, all others standing at a whole solution; what is reached so is reached in the whole.

        Return another whole solution, to stand at next.
        """
        mine = np.zeros(self.size, np.bool_)
        mine[columns] = True
        touched = np.flatnonzero(np.bincount(self.rows.row, weights=mine[self.rows.column], minlength=len(self.rows)))
        rows = cut_out(self.rows, touched, columns, self.size, fixed=base)
        part = Component(rows, Bounds(self.low[columns], self.high[columns], self.whole[columns]), self.enough[columns])
        part.reached_low, part.reached_high = self.reached_low[columns], self.reached_high[columns]
        part.scatter()
        self.reached_low[columns], self.reached_high[columns] = part.reached_low, part.reached_high
        if not part.points:
            return base
        moved = base.copy()
        moved[columns] = part.points[-1]
        return moved

    def _waiting(self) -> Ints:
        """Return the bounds that nothing has reached yet: low ones, then high ones."""
        return np.flatnonzero(np.concatenate((~self.settled(1.0), ~self.settled(-1.0))))

    @property
    def _short(self) -> Bools:
        """Which rows are of few cells."""
        return np.asarray(np.bincount(self.rows.row, minlength=len(self.rows)) <= LONG)

    def _uses(self) -> list[list[int]]:
        """Return which of the short rows each column is in."""
        found: list[list[int]] = [[] for _ in range(self.size)]
        inside = self._short[self.rows.row]
        for row, column in zip(self.rows.row[inside].tolist(), self.rows.column[inside].tolist(), strict=True):
            found[column].append(row)
        return found

    def _visit(self, costs: Floats) -> None:
        """Visit a corner; where it is not whole, a whole solution near it, if there is one."""
        self.questions.costs(costs)
        point = self.questions.minimise()
        if point is None:
            raise ContradictionError(-1)
        if not self.reach(point):
            near = self._made_whole(point, costs)
            if near is not None:
                self.reach(near)

    def _made_whole(self, point: Floats, costs: Floats) -> Floats | None:
        """Return a whole solution that differs from a corner only where it is not whole, and beside that in short sums."""
        if self.size < MENDED:
            return None
        rounded = np.where(self.whole, np.round(point), point)
        near = np.abs(rounded - point) > TOLERANCE
        short = self._short
        for _ in range(2):
            touched = np.bincount(self.rows.row, weights=near[self.rows.column], minlength=len(self.rows)) > 0
            near[self.rows.column[(touched & short)[self.rows.row]]] = True
            columns = np.flatnonzero(near)
            if len(columns) > AROUND:
                return None
            touched = np.bincount(self.rows.row, weights=near[self.rows.column], minlength=len(self.rows)) > 0
            rows = cut_out(self.rows, np.flatnonzero(touched), columns, self.size, fixed=rounded)
            answer = milp(
                costs[columns],
                integrality=self.whole[columns].astype(int),
                bounds=Limits(self.low[columns], np.minimum(self.high[columns], FAR * 10)),
                constraints=LinearConstraint(rows.matrix(len(columns)), rows.low, rows.high),
                options={"mip_rel_gap": 0.05, "node_limit": 50},
            )
            if answer.x is not None:
                rounded[columns] = np.where(self.whole[columns], np.round(answer.x), answer.x)
                return rounded
        return None

    def _settle(self, position: int, sign: float) -> None:
        """Make the low (sign 1) or high (sign -1) bound of one cell exact, or its range wide enough."""
        if self.settled(sign)[position]:
            return
        self.questions.cost([position], [sign])
        point = self.questions.minimise()
        self.questions.cost([position], [0.0])
        if point is None:
            raise ContradictionError(-1)
        if not self.reach(point):
            at_bound = self._whole_point(position, sign, point)
            if at_bound is None:
                return
            point = at_bound
        best = point[position]
        if sign > 0:
            self.low[position] = round(best) if self.whole[position] else best
        else:
            self.high[position] = math.inf if best > FAR else round(best) if self.whole[position] else best

    def reach(self, point: Floats) -> bool:
        """Note a solution; return whether it is whole and so proves what it reaches."""
        rounded = np.where(self.whole, np.round(point), point)
        if np.abs(rounded - point).max() > TOLERANCE * 100:
            return False
        left = self.matrix @ rounded
        if (left > self.rows.high + TOLERANCE).any() or (left < self.rows.low - TOLERANCE).any():
            return False
        if (rounded < self.low - TOLERANCE).any() or (rounded > self.high + TOLERANCE).any():
            return False
        if (rounded < self.reached_low - TOLERANCE).any() or (rounded > self.reached_high + TOLERANCE).any():
            self.points.append(rounded)
            np.minimum(self.reached_low, rounded, out=self.reached_low)
            np.maximum(self.reached_high, rounded, out=self.reached_high)
        return True

    def _whole_point(self, position: int, sign: float, vertex: Floats) -> Floats | None:
        """Return a whole solution at the bound whose vertex is not whole: one near by, else any. None: it is wide enough."""
        if not self.whole[position]:
            return self.solve(position, sign)
        value = math.ceil(vertex[position] - TOLERANCE) if sign > 0 else math.floor(vertex[position] + TOLERANCE)
        costs = np.zeros(self.size)
        costs[position] = sign
        near = self._made_whole(vertex, costs)
        if near is not None and self.reach(near):
            if self.settled(sign)[position]:
                return None
            if near[position] == value:
                return near
        self.questions.bound(position, value, value)
        point = self._look(vertex, position)
        self.questions.bound(position, self.low[position], min(self.high[position], FAR * 10))
        return self.solve(position, sign) if point is None else point

    def solve(self, position: int, sign: float) -> Floats:
        """Return a whole solution with the least (sign 1) or greatest value of one cell, by an integer programme."""
        costs = np.zeros(self.size)
        costs[position] = sign
        answer = milp(
            costs,
            integrality=self.whole.astype(int),
            bounds=Limits(self.low, np.minimum(self.high, FAR * 10)),
            constraints=LinearConstraint(self.matrix, self.rows.low, self.rows.high),
            options={"mip_rel_gap": 0.0},
        )
        if answer.x is None:
            raise ContradictionError(-1)
        found: Floats = np.where(self.whole, np.round(answer.x), answer.x)
        self.reach(found)
        return found

    def _look(self, point: Floats, position: int) -> Floats | None:
        """Visit a few corners, pulling at what is not whole; return the first that is whole, or can be made so.

        The cell at ``position`` is held at one value meanwhile.
        """
        found: Floats | None = point
        pulls = patterns(self.size)
        for attempt in range(LOOKS):
            broken = np.flatnonzero(self.whole & (np.abs(point - np.round(point)) > TOLERANCE))
            costs = np.zeros(self.size)
            costs[broken] = np.where((broken * (attempt + 3)) // (attempt + 1) % 2 == 0, 1.0, -1.0)
            self.questions.costs(costs if attempt < LOOKS - len(pulls) + 3 else pulls[attempt - LOOKS])
            found = self.questions.minimise()
            if found is None or self.reach(found):
                break
            near = self._made_whole(found, costs)
            if near is not None and near[position] == round(found[position]) and self.reach(near):
                found = near
                break
            point = found
        else:
            found = None
        self.questions.costs(np.zeros(self.size))
        return found


def cut_out(rows: Rows, which: Ints, columns: Ints, width: int, fixed: Floats | None = None) -> Rows:
    """Return some rows over some columns, renumbered; the other columns stand at ``fixed``, or do not occur."""
    start = rows.start
    place = np.full(width, -1)
    place[columns] = np.arange(len(columns))
    lengths = np.diff(start)[which]
    first = np.concatenate(([0], np.cumsum(lengths)))
    entries = np.repeat(start[:-1][which] - first[:-1], lengths) + np.arange(first[-1])
    row, column, factor = np.repeat(np.arange(len(which)), lengths), place[rows.column[entries]], rows.factor[entries]
    inside = column >= 0
    known: Floats = np.zeros(len(which))
    if fixed is not None:
        outside = ~inside
        known = np.bincount(
            row[outside], weights=factor[outside] * fixed[rows.column[entries][outside]], minlength=len(which)
        ).astype(np.float64)
    return Rows(row[inside], column[inside], factor[inside], rows.low[which] - known, rows.high[which] - known)


def _pull(waiting: Ints, uses: list[list[int]], size: int) -> Floats:
    """Return costs that pull at bounds, in the order given, whose cells share no short sum."""
    taken: set[int] = set()
    costs = np.zeros(size)
    for bound in waiting.tolist():
        column = bound % size
        if taken.isdisjoint(uses[column]):
            taken.update(uses[column])
            costs[column] = 1.0 if bound < size else -1.0
    return costs


def patterns(size: int) -> list[Floats]:
    """Return costs that pull to many different corners, the same ones every time."""
    order = np.arange(size)
    found = [np.ones(size), -np.ones(size)]
    found += [((order * step * step + step) % 17 - 8) / 8.0 for step in (3, 5, 7, 11, 13)]
    return found
