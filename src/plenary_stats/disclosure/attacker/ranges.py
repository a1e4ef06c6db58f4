"""The attacker: what a reader can deduce about every withheld number, from what is published and nothing else.

Whole-number interval propagation to a fixed point, then, per connected component, a linear programme for each bound that is
still open; where its vertex is not whole, an integer programme settles it. The ranges are exact.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from plenary_stats import cores
from plenary_stats.disclosure.attacker.system import Ranges, System
from plenary_stats.disclosure.policy import Policy
from plenary_stats.disclosure.suppressor.cells import EVENTS, PEOPLE, Cells, Sum, quantity_of
from plenary_stats.errors import InputError
from plenary_stats.solver import TOLERANCE, Box, Floats, Programme, matrix

FAR = 1e6
"""A bound beyond this many patients is no bound."""


def attack(cells: Cells, policy: Policy) -> Ranges:
    """Return the exact range of every cell. Raises ``InputError`` where the published figures contradict one another.

    Earlier editions may tell of what has been corrected since. Then the reader gives up as few of their sums as make the rest
    possible, or trusts this edition alone: of both the narrower range counts. This edition's own sums are never given up.
    """
    try:
        return _attack(cells, cells.sums, policy)
    except _ContradictionError as problem:
        own = [each for each in cells.sums if cells.own.issuperset((each.whole, *each.parts))]
        try:
            alone = _attack(cells, own, policy)
        except _ContradictionError as worse:
            raise InputError(f"The published figures contradict one another: {worse}") from problem
    try:
        return _narrower(_attack(cells, _believable(cells, own, policy), policy), alone)
    except _ContradictionError:  # no whole numbers agree with what is left of the earlier editions
        return alone


def _narrower(one: Ranges, other: Ranges) -> Ranges:
    """Return, cell by cell, the narrower of two ranges."""
    first = one.high - one.low <= other.high - other.low
    return Ranges(np.where(first, one.low, other.low), np.where(first, one.high, other.high), one.whole)


def _believable(cells: Cells, own: Sequence[Sum], policy: Policy) -> list[Sum]:
    """Return the sums without those of earlier editions that must be wrong: the least that can be, by linear programming."""
    ranges, sure = start(cells, policy), set(own)
    sums = [*own, *(each for each in cells.sums if each not in sure)]
    size, doubtful = len(ranges.low), len(sums) - len(own)
    rows = [[(part, 1.0) for part in each.parts] + [(each.whole, -1.0)] for each in sums]
    for order in range(doubtful):
        rows[len(own) + order] += [(size + order, 1.0), (size + doubtful + order, -1.0)]
    right = Box(np.array([-math.inf if each.open else 0.0 for each in sums]), np.zeros(len(sums)))
    slack = np.zeros(2 * doubtful)
    columns = Box(np.concatenate((ranges.low, slack)), np.concatenate((ranges.high, slack + math.inf)))
    point = Programme(rows, right, columns, np.concatenate((np.zeros(size), slack + 1.0))).minimise()
    if point is None:
        return list(own)
    wrong = point[size : size + doubtful] + point[size + doubtful :] > TOLERANCE
    return [*own, *(each for each, gone in zip(sums[len(own) :], wrong.tolist(), strict=True) if not gone)]


class _ContradictionError(Exception):
    pass


def _attack(cells: Cells, sums: Sequence[Sum], policy: Policy) -> Ranges:
    ranges = start(cells, policy)
    propagation = _Propagation(ranges, sums)
    propagation.run(cells.keys)
    ranges.low, ranges.high = np.array(propagation.low), np.array(propagation.high)
    parts = components(ranges, sums)
    for (columns, _), (low, high) in zip(parts, cores.each(lambda part: _solved(ranges, *part), parts), strict=True):
        ranges.low[columns], ranges.high[columns] = low, high
    return ranges


def floor(cells: Cells, number: int, policy: Policy) -> float:
    """Return the least value that a withheld cell may have: where noughts are published, a withheld one is at least 1."""
    quantity = quantity_of(cells.keys[number])
    if policy.zeros == "protect" or not cells.published[number]:
        return 0.0
    whole = cells.wholes.get(number)
    if quantity in EVENTS:
        return 1.0 if whole is not None and cells.known(whole) else 0.0
    return 1.0 if quantity in PEOPLE else 0.0


def start(cells: Cells, policy: Policy) -> Ranges:
    """Return what is plain before any sum is used."""
    low = np.array(cells.value, dtype=np.float64)
    high = low.copy()
    for number in np.flatnonzero(np.isnan(low)).tolist():
        low[number], high[number] = cells.within.get(number, (floor(cells, number, policy), math.inf))
    return Ranges(low, high, np.array([quantity_of(key) != "amount" for key in cells.keys], dtype=np.bool_))


class _Propagation:
    """Tighten each cell by the others of each of its sums until nothing moves."""

    def __init__(self, ranges: Ranges, sums: Sequence[Sum]) -> None:
        self.low, self.high, self.whole = ranges.low.tolist(), ranges.high.tolist(), ranges.whole.tolist()
        self.sums = sums
        self.uses: dict[int, list[int]] = defaultdict(list)
        for order, each in enumerate(sums):
            for cell in (each.whole, *each.parts):
                self.uses[cell].append(order)

    def run(self, names: Sequence[tuple[str, tuple[str, ...]]]) -> None:
        """Go round until nothing moves. A long creep (a bound that falls by one each time) is left to the programmes."""
        waiting = dict.fromkeys(range(len(self.sums)))
        for _ in range(200 * len(self.sums)):
            if not waiting:
                return
            order = next(iter(waiting))
            del waiting[order]
            for cell in self._tighten(self.sums[order]):
                if self.low[cell] > self.high[cell] + TOLERANCE:
                    raise _ContradictionError(" ".join(names[cell][1]))
                waiting.update(dict.fromkeys(self.uses[cell]))

    def _tighten(self, each: Sum) -> list[int]:
        """Apply one sum to its cells; return those that moved."""
        low, high, moved = self.low, self.high, []
        lows = sum(low[part] for part in each.parts)
        far = sum(1 for part in each.parts if high[part] == math.inf)
        near = sum(high[part] for part in each.parts if high[part] != math.inf)
        if self._narrow(each.whole, lows, math.inf if each.open or far else near):
            moved.append(each.whole)
        for part in each.parts:
            before = low[part], high[part]
            bounded = before[1] != math.inf
            least = -math.inf
            if not each.open and far - (not bounded) == 0:
                least = low[each.whole] - (near - (before[1] if bounded else 0))
            if not self._narrow(part, least, high[each.whole] - (lows - before[0])):
                continue
            moved.append(part)
            lows += low[part] - before[0]
            if high[part] != math.inf:
                far -= not bounded
                near += high[part] - (before[1] if bounded else 0)
        return moved

    def _narrow(self, cell: int, least: float, most: float) -> bool:
        if self.whole[cell]:
            least = math.ceil(least - TOLERANCE) if least > -math.inf else least
            most = math.floor(most + TOLERANCE) if most < math.inf else most
        if least <= self.low[cell] + TOLERANCE and most >= self.high[cell] - TOLERANCE:
            return False
        self.low[cell], self.high[cell] = max(self.low[cell], least), min(self.high[cell], most)
        return True


def components(ranges: Ranges, sums: Iterable[Sum]) -> list[tuple[list[int], list[Sum]]]:
    """Return the open cells and the sums among them, connected part by connected part."""
    is_open = (ranges.high > ranges.low + TOLERANCE).tolist()
    root = list(range(len(is_open)))

    def find(cell: int) -> int:
        while root[cell] != cell:
            root[cell] = root[root[cell]]
            cell = root[cell]
        return cell

    touched = []
    for each in sums:
        members = [cell for cell in (each.whole, *each.parts) if is_open[cell]]
        if members:
            touched.append((members[0], each))
            for cell in members[1:]:
                root[find(cell)] = find(members[0])
    rows: dict[int, list[Sum]] = defaultdict(list)
    for cell, each in touched:
        rows[find(cell)].append(each)
    columns: dict[int, list[int]] = defaultdict(list)
    for cell in np.flatnonzero(np.array(is_open, dtype=np.bool_)).tolist():
        columns[find(cell)].append(cell)
    return [(columns[first], rows[first]) for first in sorted(rows)]


def _solved(ranges: Ranges, columns: list[int], sums: Sequence[Sum]) -> tuple[Floats, Floats]:
    """Return the exact ranges of one component."""
    system = System.of(ranges, columns, sums)
    if not system.merge():
        raise _ContradictionError("no numbers satisfy every sum")
    component = _Component(system)
    component.scatter()
    for position in range(len(component.low)):
        for sign in (1.0, -1.0):
            component.settle(position, sign)
    return system.unmerged(component.low, component.high)


class _Component:
    """One connected part: outer bounds that hold for sure, and inner ones that a whole solution reaches."""

    def __init__(self, system: System) -> None:
        self.rows, right, columns, self.whole = system.compact()
        self.row_low, self.row_high, self.low, self.high = right.low, right.high, columns.low, columns.high
        size = len(self.low)
        self.reached_low, self.reached_high = np.full(size, math.inf), np.full(size, -math.inf)
        self.capped = np.minimum(self.high, FAR * 10)
        self.programme = Programme(self.rows, right, Box(self.low, self.capped))
        self.matrix = matrix(self.rows, size)
        self.patterns = _patterns(size)

    def scatter(self) -> None:
        """Visit some far corners first: each settles many bounds at once."""
        size = len(self.low)
        if size <= 3:
            return
        for costs in self.patterns:
            self._visit(costs)
        uses: list[list[int]] = [[] for _ in range(size)]
        for order, row in enumerate(self.rows):
            for position, _ in row:
                uses[position].append(order)
        for sign in (1.0, -1.0):
            waiting = [position for position in range(size) if not self._settled(position, sign)]
            while len(waiting) > 1:
                chosen, waiting = _apart(waiting, uses)
                costs = np.zeros(size)
                costs[chosen] = sign
                self._visit(costs)
                waiting = [position for position in waiting if not self._settled(position, sign)]
        self.programme.costs(np.zeros(size))

    def _visit(self, costs: Floats) -> None:
        self.programme.costs(costs)
        point = self.programme.minimise()
        if point is None:
            raise _ContradictionError("no numbers satisfy every sum")
        if not self._reach(point):
            self._reach(np.round(point))

    def settle(self, position: int, sign: float) -> None:
        """Make the low (sign 1) or high (sign -1) bound of one cell exact."""
        if self._settled(position, sign):
            return
        self.programme.cost([position], [sign])
        point = self.programme.minimise()
        self.programme.cost([position], [0.0])
        if point is None:
            raise _ContradictionError("no numbers satisfy every sum")
        if not self._reach(point):
            point = self._whole_point(position, sign, point)
        best = point[position]
        if sign > 0:
            self.low[position] = round(best) if self.whole[position] else best
        else:
            self.high[position] = math.inf if best > FAR else round(best) if self.whole[position] else best

    def _settled(self, position: int, sign: float) -> bool:
        if sign > 0:
            return bool(self.reached_low[position] <= self.low[position] + TOLERANCE)
        return bool(self.reached_high[position] >= min(self.high[position], FAR) - TOLERANCE)

    def _reach(self, point: Floats) -> bool:
        """Note a solution; return whether it is whole and so proves what it reaches."""
        rounded = np.where(self.whole, np.round(point), point)
        if np.abs(rounded - point).max() > TOLERANCE * 100:
            return False
        left = self.matrix @ rounded
        if (left > self.row_high + TOLERANCE).any() or (left < self.row_low - TOLERANCE).any():
            return False
        np.minimum(self.reached_low, rounded, out=self.reached_low)
        np.maximum(self.reached_high, rounded, out=self.reached_high)
        return True

    def _whole_point(self, position: int, sign: float, vertex: Floats) -> Floats:
        """Settle a bound whose vertex is not whole: look for a whole solution at the nearest whole value, else solve for one."""
        value = math.ceil(vertex[position] - TOLERANCE) if sign > 0 else math.floor(vertex[position] + TOLERANCE)
        if self.whole[position]:
            self.programme.bound(position, value, value)
            point = self._look(vertex)
            self.programme.bound(position, self.low[position], self.capped[position])
            if point is not None:
                return point
        costs = np.zeros(len(self.low))
        costs[position] = sign
        answer = milp(
            costs,
            integrality=self.whole.astype(int),
            bounds=Bounds(self.low, self.capped),
            constraints=LinearConstraint(self.matrix, self.row_low, self.row_high),
            options={"mip_rel_gap": 0.0},
        )
        if answer.x is None:
            raise _ContradictionError("no whole numbers satisfy every sum")
        found: Floats = np.where(self.whole, np.round(answer.x), answer.x)
        self._reach(found)
        return found

    def _look(self, point: Floats) -> Floats | None:
        """Visit a few corners, pulling at what is not whole; return the first that is whole."""
        found: Floats | None = point
        for attempt in range(12):
            broken = np.flatnonzero(self.whole & (np.abs(point - np.round(point)) > TOLERANCE))
            costs = np.zeros(len(self.low))
            costs[broken] = np.where((broken * (attempt + 3)) // (attempt + 1) % 2 == 0, 1.0, -1.0)
            self.programme.costs(costs if attempt < 8 else self.patterns[attempt - 8])
            found = self.programme.minimise()
            if found is None or self._reach(found):
                break
            point = found
        else:
            found = None
        self.programme.costs(np.zeros(len(self.low)))
        return found


def _apart(waiting: list[int], uses: list[list[int]]) -> tuple[list[int], list[int]]:
    """Split cells into some that share no sum, which can be asked about at once, and the others."""
    taken: set[int] = set()
    chosen, rest = [], []
    for position in waiting:
        if taken.isdisjoint(uses[position]):
            taken.update(uses[position])
            chosen.append(position)
        else:
            rest.append(position)
    return chosen, rest


def _patterns(size: int) -> list[Floats]:
    """Return costs that pull to many different corners, the same ones every time."""
    order = np.arange(size)
    found = [np.ones(size), -np.ones(size)]
    found += [((order * step * step + step) % 17 - 8) / 8.0 for step in (3, 5, 7, 11, 13)]
    return found
