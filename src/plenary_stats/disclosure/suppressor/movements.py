"""Secondary suppression: which further numbers to withhold so that no reader narrows a primary one.

For every cell that needs a range, the cheapest way to move it is sought: a change of withheld and, at a cost, shown cells that
keeps all sums (a linear programme). The shown cells that must move are withheld too. One movement usually protects many cells, so
few are needed. At the end, cells that turn out not to be needed are shown again.

This is done block by block: sums of very many parts (all services) tie blocks so loosely that they are left out at first. The
attack on the whole then says which cells need more, and those are protected with every sum in force.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from plenary_stats import cores
from plenary_stats.disclosure.policy import Policy
from plenary_stats.disclosure.suppressor.cells import EVENTS, PEOPLE, REMAINDERS, Cells, Sum, quantity_of
from plenary_stats.disclosure.suppressor.needs import floor, need
from plenary_stats.solver import TOLERANCE, Box, Floats, Programme
from plenary_stats.tables import TOTAL

Closure = Callable[[Iterable[int]], set[int]]
Block = tuple[list[int], list[Sum]]
"""Cells, and the sums among them that tie them."""
FREE = 1e-3
"""The cost of moving what is withheld already: almost nothing, so that short ways are preferred."""
LONG = 20
"""A sum of more parts than this ties its parts only loosely."""
TRIES = 200


class Suppressor:
    """The growing set of withheld cells. ``values``: every cell's true (or one possible) value, by cell number."""

    def __init__(
        self, cells: Cells, values: Floats, *, primary: set[int], frozen: set[int], close: Closure, policy: Policy
    ) -> None:
        self.cells, self.values, self.frozen, self.close, self.policy = cells, values, frozen, close, policy
        self.primary = close(primary) - frozen
        self.withheld = set(self.primary)
        numbers = range(len(values))
        self.weight = np.array([_weight(cells, number, values[number], policy) for number in numbers])
        self.floor = np.array([floor(cells, number, policy) for number in numbers])
        self.need = np.array([self._needed(number) for number in numbers])
        self._whole: _Block | None = None

    def _needed(self, number: int) -> float:
        """Return how wide a cell's range must be. Of what stands in no table only small numbers of a single year need one."""
        wanted = need(self.cells.keys[number], self.policy)
        if self.cells.published[number]:
            return wanted
        events = quantity_of(self.cells.keys[number]) in EVENTS
        small = self.policy.event_threshold if events else self.policy.threshold
        least = 0 if self.policy.zeros == "protect" else 1
        return wanted if number in self.cells.implied and least <= self.values[number] < small else 0.0

    def run(self) -> None:
        """Protect every withheld cell within its block, and give back what is not needed."""
        short = [each for each in self.cells.sums if len(each.parts) <= LONG]
        groups = self._independent(_connected(len(self.values), short))
        for group, withheld in zip(groups, cores.each(self._settle, groups), strict=True):
            for members, _ in group:
                self.withheld.difference_update(members)
            self.withheld |= withheld

    def _independent(self, blocks: Sequence[Block]) -> list[list[Block]]:
        """Return the blocks that have withheld cells in groups that no tie joins: none bears upon what is withheld in another."""
        home = {cell: order for order, (members, _) in enumerate(blocks) for cell in members}
        ties = [Sum(order, tuple({home[cell] for cell in self.close(members)})) for order, (members, _) in enumerate(blocks)]
        groups = [[blocks[order] for order in group] for group, _ in _connected(len(blocks), ties)]
        return [group for group in groups if any(not self.withheld.isdisjoint(members) for members, _ in group)]

    def _settle(self, group: Sequence[Block]) -> set[int]:
        """Protect the cells of a group, block by block; return those that are withheld."""
        for members, sums in group:
            if not self.withheld.isdisjoint(members):
                block = _Block(self, members, sums)
                block.protect(self.withheld.intersection(members))
                block.give_back()
        return self.withheld.intersection(cell for members, _ in group for cell in members)

    def protect_more(self, numbers: set[int]) -> None:
        """Protect some cells with every sum in force."""
        if self._whole is None:
            self._whole = _Block(self, list(range(len(self.values))), self.cells.sums)
        for number in numbers:
            self.need[number] = need(self.cells.keys[number], self.policy)
        self._whole.refresh()
        self._whole.protect(numbers)

    def withhold(self, numbers: Iterable[int]) -> set[int]:
        """Withhold cells and all that must go with them; return the new ones."""
        new = self.close(numbers) - self.withheld - self.frozen
        self.withheld |= new
        return new

    def together(self, number: int) -> set[int]:
        """Return the cells that can be shown again only with this one; none where that is ruled out."""
        group = {other for other in self.close([number]) if number in self.close([other]) or not self.need[other]}
        if not group.isdisjoint(self.primary):
            return set()
        return group


class _Block:
    """Some cells and the sums among them, as one programme: how far can a cell move, and what must move with it?

    Columns: each member's movement up, then each member's movement down.
    """

    def __init__(self, suppressor: Suppressor, members: Sequence[int], sums: Sequence[Sum]) -> None:
        self.all, self.members = suppressor, list(members)
        self.place = {number: position for position, number in enumerate(self.members)}
        self.size = len(self.members)
        self.values, self.floor = suppressor.values[self.members], suppressor.floor[self.members]
        self.need, self.weight = suppressor.need[self.members], suppressor.weight[self.members]
        self.movements: list[Floats] = []
        self.protected_by: dict[int, list[int]] = defaultdict(list)
        self.reach = np.concatenate((np.full(self.size, math.inf), np.maximum(self.values - self.floor, 0.0)))
        for number, position in self.place.items():
            hidden = number in suppressor.withheld
            if number in suppressor.frozen or (self.values[position] < self.floor[position] and not hidden):
                self.reach[[position, self.size + position]] = 0.0
        self.programme = self._programme(sums)

    def _programme(self, sums: Sequence[Sum]) -> Programme:
        rows, low, high = [], [], []
        for each in sums:
            row = [(self.place[part], 1.0) for part in each.parts] + [(self.place[each.whole], -1.0)]
            rows.append(row + [(self.size + column, -factor) for column, factor in row])
            gap = self.all.values[each.whole] - sum(self.all.values[part] for part in each.parts)
            low.append(-math.inf if each.open else 0.0)
            high.append(max(gap, 0.0) if each.open else 0.0)
        hidden = [number in self.all.withheld for number in self.members]
        costs = np.where(hidden, FREE, self.weight)
        columns = Box(np.zeros(2 * self.size), self.reach)
        return Programme(rows, Box(np.array(low), np.array(high)), columns, np.tile(costs, 2))

    def refresh(self) -> None:
        """Take note of what was withheld elsewhere and what else needs a range, and forget what was thought protected."""
        self.need = self.all.need[self.members]
        self.protected_by.clear()
        self._cheapen(self.all.withheld)

    def _cheapen(self, numbers: Iterable[int]) -> None:
        positions = sorted(self.place[number] for number in numbers if number in self.place)
        self._price_at(positions, [FREE] * len(positions))

    def _price_at(self, positions: Sequence[int], costs: Sequence[float]) -> None:
        if positions:
            self.programme.cost([*positions, *(self.size + position for position in positions)], [*costs, *costs])

    def protect(self, numbers: Iterable[int]) -> None:
        """Withhold what the given cells need, and what those need in turn."""
        waiting = set(numbers)
        while waiting:
            added: set[int] = set()
            for number in sorted(waiting, key=lambda each: (-self.all.values[each], each)):
                position = self.place[number]
                if self.protected_by[position] or not self.need[position] or number in self.all.frozen:
                    continue
                movement = self._move(position)
                if movement is None:
                    continue
                moved = [self.members[each] for each in np.flatnonzero(np.abs(movement) > TOLERANCE).tolist()]
                new = self.all.withhold(moved)
                self._cheapen(new)
                added |= new.intersection(self.place)
                self._note(movement, position)
            waiting = added

    def _move(self, position: int) -> Floats | None:
        """Return the cheapest movement of one cell by as much as it needs, upwards if that is as good."""
        best, cost = None, math.inf
        for there, back in ((position, self.size + position), (self.size + position, position)):
            if self.reach[there] < self.need[position] or cost < 0.5:
                continue
            self.programme.bound(there, self.need[position], self.need[position])
            self.programme.bound(back, 0.0, 0.0)
            point = self.programme.minimise()
            self._release(position)
            if point is None:
                continue
            movement = point[: self.size] - point[self.size :]
            price = self._price(movement)
            if price < cost - TOLERANCE:
                best, cost = movement, price
        return best

    def _release(self, position: int) -> None:
        for column in (position, self.size + position):
            self.programme.bound(column, 0.0, self.reach[column])

    def _price(self, movement: Floats) -> float:
        moved = np.flatnonzero(np.abs(movement) > TOLERANCE).tolist()
        return float(sum(self.weight[each] for each in moved if self.members[each] not in self.all.withheld))

    def _note(self, movement: Floats, position: int) -> None:
        """Remember a movement under every cell for which it is wide enough."""
        order = len(self.movements)
        self.movements.append(movement)
        self.protected_by[position].append(order)
        steps = np.round(movement)
        if np.abs(steps - movement).max() > TOLERANCE * 100:
            return
        moved = np.flatnonzero(steps)
        unit = steps[moved] / np.gcd.reduce(np.abs(steps[moved]).astype(int))
        room = np.maximum(self.values[moved] - self.floor[moved], 0)
        forth = np.floor(room[unit < 0] / -unit[unit < 0])
        back = np.floor(room[unit > 0] / unit[unit > 0])
        width = np.abs(unit) * (min(forth, default=math.inf) + min(back, default=math.inf))
        for cell, reach in zip(moved.tolist(), width.tolist(), strict=True):
            if cell != position and reach >= self.need[cell]:
                self.protected_by[cell].append(order)

    def give_back(self) -> None:
        """Show again, dearest first, each secondary cell without which everything stays protected."""
        extra = [number for number in self.members if number in self.all.withheld and number not in self.all.primary]
        for number in sorted(extra, key=lambda each: (-self.all.weight[each], each)):
            group = self.all.together(number) & self.all.withheld
            rest = self.all.withheld.intersection(self.place) - group
            if group and group.issubset(self.place) and group.isdisjoint(self.all.close(rest)):
                self._try_without(group, rest)

    def _try_without(self, group: set[int], rest: set[int]) -> None:
        positions = sorted(self.place[number] for number in group)
        columns = [*positions, *(self.size + position for position in positions)]
        dead = {order for order, movement in enumerate(self.movements) if np.abs(movement[positions]).max() > TOLERANCE}
        before = {position: list(orders) for position, orders in self.protected_by.items()}
        kept = self.reach[columns].copy()
        self.reach[columns] = 0.0
        for position in positions:
            self._release(position)
        done = self._still_protected(dead, sorted(self.place[number] for number in rest))
        self.reach[columns] = kept
        for position in positions:
            self._release(position)
        if not done:
            self.protected_by = defaultdict(list, before)
            return
        self.all.withheld -= group
        self._price_at(positions, self.weight[positions].tolist())
        for position, orders in self.protected_by.items():
            self.protected_by[position] = [] if position in positions else [order for order in orders if order not in dead]

    def _still_protected(self, dead: set[int], positions: Sequence[int]) -> bool:
        """Whether each cell that only the dead movements protected can move without anything shown."""
        affected = [each for each in positions if self.protected_by[each] and dead.issuperset(self.protected_by[each])]
        for position in affected if len(affected) <= TRIES else ():
            if not dead.issuperset(self.protected_by[position]):
                continue
            movement = self._move(position)
            if movement is None or self._price(movement) > 0:
                return False
            self._note(movement, position)
        return len(affected) <= TRIES


def _connected(size: int, sums: Sequence[Sum]) -> list[tuple[list[int], list[Sum]]]:
    """Return the cells and sums, connected part by connected part."""
    root = list(range(size))

    def find(cell: int) -> int:
        while root[cell] != cell:
            root[cell] = root[root[cell]]
            cell = root[cell]
        return cell

    for each in sums:
        for part in each.parts:
            root[find(part)] = find(each.whole)
    members: dict[int, list[int]] = defaultdict(list)
    inside: dict[int, list[Sum]] = defaultdict(list)
    for cell in range(size):
        members[find(cell)].append(cell)
    for each in sums:
        inside[find(each.whole)].append(each)
    return [(members[first], inside[first]) for first in sorted(members)]


def _weight(cells: Cells, number: int, value: float, policy: Policy) -> float:
    """Return what withholding a cell costs: one, and more for totals, for large numbers, and where the policy says so."""
    quantity, place = quantity_of(cells.keys[number]), cells.keys[number][1]
    if not cells.published[number]:
        return FREE
    totals = sum(1 for name, code in zip(cells.dimensions, place, strict=True) if code == TOTAL and name in _MARGINS)
    weight = 1 + 0.02 * math.log1p(max(value, 0.0)) + 0.05 * totals
    weight *= 2.0 if quantity == "denominator" else 0.05 if quantity in {"complement", *REMAINDERS} else 1.0
    for name, code in zip(cells.dimensions, place, strict=True):
        weight *= policy.weights.get(name, {}).get(code, 1.0)
    return weight


_MARGINS = ("service", "centre", "region")


def is_primary(cells: Cells, number: int, value: float, policy: Policy) -> bool:
    """Whether a number must not be shown for its own sake."""
    quantity = quantity_of(cells.keys[number])
    least = 0 if policy.zeros == "protect" else 1
    if quantity in PEOPLE:
        return least <= value < policy.threshold
    whole = cells.wholes.get(number)
    if quantity in EVENTS and whole is not None and cells.value[whole] >= policy.threshold:
        return least <= value < policy.event_threshold
    return False
