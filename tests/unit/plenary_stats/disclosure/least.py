"""The least that must be withheld of a small system, proved: a covering problem whose rows come from a reader's integer programmes.

Withholding more never narrows a range. So if a cell is told in a pattern, one of the cells that the pattern shows has to go as well
(or the cell has to stay in sight, if it may). Each pattern that fails is first widened as far as it still fails; then the row is
short. The first covering that does not fail is the least there is. Shares nothing with disclosure control.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from tests.unit.plenary_stats.disclosure.systems import Place, System, solved, unsafe


@dataclass
class _Cover:
    """Which cells are withheld, at least cost: those that have to be, and one of each row where the row's own cell is."""

    price: np.ndarray
    forced: np.ndarray
    rows: list[np.ndarray] = field(default_factory=list)

    def least(self) -> np.ndarray:
        size = len(self.price)
        rules = [LinearConstraint(np.array(self.rows), 0, np.inf)] if self.rows else []
        box = Bounds(self.forced.astype(float), np.ones(size))
        answer = milp(self.price, integrality=np.ones(size), bounds=box, constraints=rules, options={"mip_rel_gap": 0})
        return np.round(answer.x).astype(bool)

    def forbid(self, cell: int, shown: np.ndarray) -> None:
        """Say that where ``cell`` is withheld, one of the ``shown`` cells is too."""
        row = shown.astype(float)
        row[cell] = -1.0
        self.rows.append(row)


def least(system: System, price: Mapping[Place, float] | None = None) -> frozenset[Place]:
    """Return a pattern of least price that tells nothing too small, the price of a cell being 1 unless it is given.

    The cells that are too small in themselves are part of it and cost nothing.
    """
    cells = system.cells
    primary = np.array([too_small(system, place) for place in cells])
    may_go = np.array([system.policy.zeros == "protect" or system.value(place) > 0 for place in cells])
    cost = np.array([(price or {}).get(place, 1.0) for place in cells])
    cover = _Cover(np.where(primary, 0.0, cost), primary)
    while True:
        pattern = cover.least() & may_go
        hidden = frozenset(place for place, gone in zip(cells, pattern, strict=True) if gone)
        failing = sorted(failures(replace(system, hidden=hidden)))
        if not failing:
            return hidden
        for place in failing:
            wide = _widened(system, cells, place, pattern, may_go, cost)
            cover.forbid(cells.index(place), ~wide & may_go)


def _widened(system: System, cells: list[Place], place: Place, pattern: np.ndarray, may_go: np.ndarray, cost: np.ndarray):
    """Withhold more and more, dearest last, as long as the place is still told."""
    wide = pattern.copy()
    for order in np.argsort(cost, kind="stable"):
        if wide[order] or not may_go[order]:
            continue
        wide[order] = True
        hidden = frozenset(each for each, gone in zip(cells, wide, strict=True) if gone)
        if place not in failures(replace(system, hidden=hidden), only=place):
            wide[order] = False
    return wide


def too_small(system: System, place: Place) -> bool:
    """Whether a number may not be shown for its own sake."""
    return system.floor() <= system.value(place) < system.policy.threshold


def failures(system: System, only: Place | None = None) -> set[Place]:
    """Return the withheld cells that a reader works out, or narrows more than the policy allows."""
    return unsafe(system, solved(system, only=only))


def given_away(system: System, ranges: Mapping[Place, tuple[int, float]]) -> dict[Place, tuple[int, int, float]]:
    """The numbers below the threshold that a reader narrows more than the policy allows, and all that he works out."""
    policy = system.policy
    return {
        place: (low, system.value(place), high)
        for place, (low, high) in ranges.items()
        if low == high or (system.value(place) < policy.threshold and high - low < policy.minimum_width)
    }


def in_sight(system: System) -> set[Place]:
    """The numbers that are too small and shown all the same."""
    return {place for place in system.cells if too_small(system, place) and place not in system.hidden}


def tells_nothing(system: System, ranges: Callable[[System], Mapping[Place, tuple[int, float]]]) -> None:
    """Assert that no small number is in sight, and that those withheld are no narrower by ``ranges`` than they may be."""
    assert in_sight(system) == set()
    assert given_away(system, ranges(system)) == {}
