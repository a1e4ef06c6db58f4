"""Secondary suppression: which further numbers to withhold so that no reader narrows a primary one.

For every cell that needs a range, the cheapest way to move it is sought: a change of withheld and, at a cost, shown cells that
keeps all sums (a linear programme). The shown cells that must move are withheld too. One movement usually protects many cells, so
few are needed. At the end, cells that turn out not to be needed are shown again.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable

import numpy as np

from plenary_stats.disclosure.attack import denominators, floor
from plenary_stats.disclosure.audit import need
from plenary_stats.disclosure.links import EVENTS, Cells, quantity_of
from plenary_stats.disclosure.policy import Policy
from plenary_stats.disclosure.solver import TOLERANCE, Box, Floats, Programme
from plenary_stats.tables import TOTAL

Closure = Callable[[set[int]], set[int]]
FREE = 1e-3
"""The cost of moving what is withheld already: almost nothing, so that short ways are preferred."""


class Suppressor:
    """The growing set of withheld cells, and the movements that protect them."""

    def __init__(
        self, cells: Cells, values: Floats, *, primary: set[int], frozen: set[int], close: Closure, policy: Policy
    ) -> None:
        self.cells, self.values, self.frozen, self.close, self.policy = cells, values, frozen, close, policy
        self.primary = close(primary) - frozen
        self.withheld = set(self.primary)
        self.weight = np.array([_weight(cells, number, values[number], policy) for number in range(len(values))])
        wholes = denominators(cells)
        self.floor = np.array([floor(cells, number, policy, wholes) for number in range(len(values))])
        self.wholes = wholes
        self.need = np.array([need(key, policy) for key in cells.keys])
        self.movements: list[Floats] = []
        self.protected_by: dict[int, list[int]] = defaultdict(list)
        self.programme = self._programme()

    def _programme(self) -> Programme:
        """Columns: each cell's movement up, then each cell's movement down."""
        size = len(self.values)
        rows, high = [], []
        for each in self.cells.sums:
            row = [(part, 1.0) for part in each.parts] + [(each.whole, -1.0)]
            rows.append(row + [(size + column, -factor) for column, factor in row])
            gap = self.values[each.whole] - sum(self.values[part] for part in each.parts)
            high.append(max(gap, 0.0) if each.open else 0.0)
        low = [-math.inf if each.open else 0.0 for each in self.cells.sums]
        up, down = np.full(size, math.inf), np.maximum(self.values - self.floor, 0.0)
        for number in range(size):
            if number in self.frozen or (self.values[number] < self.floor[number] and number not in self.withheld):
                up[number] = down[number] = 0.0
        self.costs = np.tile(self.weight, 2)
        for number in self.withheld:
            self.costs[number] = self.costs[size + number] = FREE
        self.up, self.down = up, down
        columns = Box(np.zeros(2 * size), np.concatenate((up, down)))
        return Programme(rows, Box(np.array(low), np.array(high)), columns, self.costs)

    def run(self) -> None:
        """Protect every withheld cell, then give back what is not needed."""
        self.protect(self.withheld)
        self.give_back()

    def protect(self, numbers: Iterable[int]) -> set[int]:
        """Withhold what the given cells need; return those for which there is no way."""
        stuck = set()
        waiting = sorted(numbers, key=lambda number: (-self.values[number], number))
        while waiting:
            added: set[int] = set()
            for number in waiting:
                if self.protected_by[number] or not self.need[number] or number in self.frozen:
                    continue
                movement = self._move(number)
                if movement is None:
                    stuck.add(number)
                    continue
                added |= self.withhold(np.flatnonzero(np.abs(movement) > TOLERANCE).tolist())
                self._note(movement, number)
            waiting = sorted(added, key=lambda number: (-self.values[number], number))
        return stuck

    def _move(self, number: int) -> Floats | None:
        """Return the cheapest movement of one cell by as much as it needs, upwards if that is as good."""
        best, cost = None, math.inf
        for sign in (1, -1):
            if (self.up if sign > 0 else self.down)[number] < self.need[number]:
                continue
            movement = self._cheapest(number, sign)
            if movement is not None:
                price = self._price(movement)
                if price < cost - TOLERANCE:
                    best, cost = movement, price
            if cost < 0.5:
                break
        return best

    def _cheapest(self, number: int, sign: int) -> Floats | None:
        size = len(self.values)
        there, back = (number, size + number) if sign > 0 else (size + number, number)
        self.programme.bound(there, self.need[number], self.need[number])
        self.programme.bound(back, 0.0, 0.0)
        point = self.programme.minimise()
        self._free(number)
        return None if point is None else point[:size] - point[size:]

    def _free(self, number: int) -> None:
        self.programme.bound(number, 0.0, self.up[number])
        self.programme.bound(len(self.values) + number, 0.0, self.down[number])

    def _price(self, movement: Floats) -> float:
        moved = np.flatnonzero(np.abs(movement) > TOLERANCE).tolist()
        return float(sum(self.weight[cell] for cell in moved if cell not in self.withheld))

    def withhold(self, numbers: Iterable[int]) -> set[int]:
        new = self.close(self.withheld | set(numbers)) - self.withheld - self.frozen
        self.withheld |= new
        columns = [column for number in sorted(new) for column in (number, len(self.values) + number)]
        if columns:
            self.programme.cost(columns, [FREE] * len(columns))
        return new

    def _note(self, movement: Floats, number: int) -> None:
        """Remember a movement under every cell for which it is wide enough."""
        self.protected_by[number].append(len(self.movements))
        self.movements.append(movement)
        steps = np.round(movement)
        if np.abs(steps - movement).max() > TOLERANCE * 100:
            return
        moved = np.flatnonzero(steps)
        unit = steps[moved] / np.gcd.reduce(np.abs(steps[moved]).astype(int))
        room = self.values[moved] - self.floor[moved]
        room = np.maximum(room, 0)
        forth = np.floor(room[unit < 0] / -unit[unit < 0])
        back = np.floor(room[unit > 0] / unit[unit > 0])
        width = np.abs(unit) * (min(forth, default=math.inf) + min(back, default=math.inf))
        for cell, reach in zip(moved.tolist(), width.tolist(), strict=True):
            if cell != number and reach >= self.need[cell]:
                self.protected_by[cell].append(len(self.movements) - 1)

    def give_back(self) -> None:
        """Show again, dearest first, each secondary cell without which everything stays protected."""
        extra = sorted(self.withheld - self.primary, key=lambda number: (-self.weight[number], number))
        for number in extra:
            rest = self.close(self.withheld - {number})
            if number in rest or not rest >= self.primary:
                continue
            self._try_without(number)

    def _try_without(self, number: int) -> None:
        size = len(self.values)
        kept = self.up[number], self.down[number]
        dead = {order for order, movement in enumerate(self.movements) if abs(movement[number]) > TOLERANCE}
        affected = [
            cell
            for cell in sorted(self.withheld - {number})
            if self.protected_by[cell] and dead.issuperset(self.protected_by[cell])
        ]
        if len(affected) > 200:
            return
        self.up[number] = self.down[number] = 0.0
        self._free(number)
        before = {cell: list(self.protected_by[cell]) for cell in self.withheld}
        for cell in affected:
            if not dead.issuperset(self.protected_by[cell]):
                continue
            movement = self._move(cell)
            if movement is None or self._price(movement) > 0:
                self.up[number], self.down[number] = kept
                self._free(number)
                self.protected_by.update(before)
                return
            self._note(movement, cell)
        self.up[number], self.down[number] = kept
        self._free(number)
        self.withheld.discard(number)
        self.programme.cost([number, size + number], [self.weight[number]] * 2)
        for cell in self.withheld:
            self.protected_by[cell] = [order for order in self.protected_by[cell] if order not in dead]
        self.protected_by.pop(number, None)


def _weight(cells: Cells, number: int, value: float, policy: Policy) -> float:
    """Return what withholding a cell costs: one, and more for totals, for large numbers, and where the policy says so."""
    quantity, place = quantity_of(cells.keys[number]), cells.keys[number][1]
    if not cells.published[number]:
        return FREE
    totals = sum(1 for name, code in zip(cells.dimensions, place, strict=True) if code == TOTAL and name in _MARGINS)
    weight = 1 + 0.02 * math.log1p(max(value, 0.0)) + 0.05 * totals
    weight *= {"denominator": 2.0, "complement": 0.05, "not_eligible": 0.05, "not_known": 0.05}.get(quantity, 1.0)
    for name, code in zip(cells.dimensions, place, strict=True):
        weight *= policy.weights.get(name, {}).get(code, 1.0)
    return weight


_MARGINS = ("service", "centre", "region")


def is_primary(cells: Cells, number: int, value: float, wholes: dict[int, int], policy: Policy) -> bool:
    """Whether a number must not be shown for its own sake."""
    quantity = quantity_of(cells.keys[number])
    least = 0 if policy.zeros == "protect" else 1
    if quantity in {"patients", "denominator"}:
        return least <= value < policy.threshold
    if quantity in EVENTS and number in wholes and cells.value[wholes[number]] >= policy.threshold:
        return least <= value < policy.event_threshold
    return False
