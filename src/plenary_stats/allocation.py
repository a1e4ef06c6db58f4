"""Sharing what is short: whole units, floors first, then whoever has least of what they need."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from plenary_stats.results import Numbers, numbers


@dataclass(frozen=True)
class Leximin:
    """``allocation`` in the unit of need (a whole number of units each), ``units`` their number, ``fill`` the share of need met.

    ``fill`` is at most 1; nobody gets a unit once the need is met. ``left`` is what remains of the supply when all needs are met,
    with the part of it that makes no whole unit.
    """

    allocation: Numbers
    units: Numbers
    fill: Numbers
    left: float
    method: str = "leximin"


def leximin(need: Any, floor: Any, supply: float, unit: float = 1) -> Leximin:
    """Return the fairest whole-unit shares: the least fill is as high as can be, then the next least, and so on.

    ``need`` and ``floor`` hold one number a patient or centre (dose, vials), ``supply`` is what there is, ``unit`` the size of
    one unit (a vial), all in one measure. Everyone has their floor first, rounded up to whole units. Ties go to the larger gap
    between need and share, then to the earlier row; put the rows in the order that was published (earliest due first).

    Each further unit goes to the least filled; among equals to the one whose fill it raises most. That is leximin-optimal: all
    units below the best attainable least fill are forced, and of those at it the greatest rises dominate any other choice.

    Raises ``ValueError`` where the floors need more than there is (whose floor is lowered is for people to decide), where a floor
    is above its need, or for negative numbers. Nobody should be dosed by this alone: it proposes, a panel decides.
    """
    needed, least = np.atleast_1d(numbers(need, "need")), numbers(floor, "floor")
    if needed.ndim != 1 or (least.ndim and least.shape != needed.shape):
        raise ValueError("need and floor: one number each, of the same length.")
    least = np.broadcast_to(least, needed.shape)
    if (needed < 0).any() or (least < 0).any() or not supply >= 0:
        raise ValueError("need, floor and supply: they cannot be negative.")
    if (least > needed).any():
        raise ValueError("floor: a floor is above its need.")
    if not 0 < unit < np.inf:
        raise ValueError(f"unit: {unit} is not above 0.")
    shares = _Shares.of(needed, least, float(supply), float(unit))
    fill = [float(min(shares.fill(row, units), Fraction(1))) for row, units in enumerate(shares.units)]
    units = np.array(shares.units, dtype=np.float64)
    return Leximin(units * unit, units, np.array(fill), float(Fraction(supply) - shares.size * sum(shares.units)))


@dataclass
class _Shares:
    """Exact arithmetic: a fill that is equal on paper must be equal here, or ties are broken by rounding."""

    need: list[Fraction]
    size: Fraction
    units: list[int]

    @staticmethod
    def of(needed: Numbers, least: Numbers, supply: float, unit: float) -> _Shares:
        size, need = Fraction(unit), [Fraction(float(value)) for value in needed]
        floors = [_up(Fraction(float(value)), size) for value in least]
        there = int(Fraction(supply) // size)
        if sum(floors) > there:
            raise ValueError(
                f"floor: the floors need {sum(floors)} units and there are {there}. Decide whose floor is lowered, and say so."
            )
        shares = _Shares(need, size, floors)
        shares._rise(there)
        shares._one_by_one(there - sum(shares.units))
        return shares

    def fill(self, row: int, units: int) -> Fraction:
        return units * self.size / self.need[row] if self.need[row] else Fraction(1)

    def _rise(self, there: int) -> None:
        """Give at once what is forced: the units that bring all to a level just below the best attainable least fill."""
        floors = np.array(self.units, dtype=np.float64)
        per_fill = np.array([float(need / self.size) for need in self.need])
        low, high = 0.0, 1.0
        for _ in range(50):
            level = (low + high) / 2
            wanted = np.maximum(np.ceil(level * (1 - 1e-9) * per_fill), floors)
            low, high = (level, high) if wanted.sum() <= there else (low, level)
        self.units = np.maximum(np.ceil(low * (1 - 1e-9) * per_fill), floors).astype(int).tolist()

    def _one_by_one(self, left: int) -> None:
        waiting = [self._turn(row) for row in range(len(self.need)) if self.units[row] * self.size < self.need[row]]
        heapq.heapify(waiting)
        while left and waiting:
            row = heapq.heappop(waiting)[-1]
            self.units[row] += 1
            left -= 1
            if self.units[row] * self.size < self.need[row]:
                heapq.heappush(waiting, self._turn(row))

    def _turn(self, row: int) -> tuple[Fraction, Fraction, Fraction, int]:
        """Return the key by which the next unit is given: least filled, raised most, larger gap, earlier row."""
        raised = min(self.fill(row, self.units[row] + 1), Fraction(1))
        gap = self.need[row] - self.units[row] * self.size
        return self.fill(row, self.units[row]), -raised, -gap, row


def _up(amount: Fraction, size: Fraction) -> int:
    return int(-(-amount // size))
