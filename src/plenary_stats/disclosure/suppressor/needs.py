"""What each cell needs and costs: which are too small in themselves, how wide a withheld one must stay, what it costs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from plenary_stats.disclosure.policy import Policy
from plenary_stats.disclosure.suppressor import amounts
from plenary_stats.disclosure.suppressor.cells import EVENTS, PEOPLE, REMAINDERS, Cells, Key, quantity_of
from plenary_stats.solver import Floats
from plenary_stats.tables import TOTAL

FREE = 1e-3
"""What it costs to withhold what stands in no table: almost nothing."""
_MARGINS = ("service", "centre", "region")


@dataclass
class Ranges:
    """The lowest and highest value of every cell, by cell number; ``inf`` is unbounded. ``whole``: it is a whole number."""

    low: Floats
    high: Floats
    whole: npt.NDArray[np.bool_]


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


def floor(cells: Cells, number: int, policy: Policy) -> float:
    """Return the least value that a withheld cell may have: where noughts are published, a withheld one is at least 1."""
    quantity = quantity_of(cells.keys[number])
    if policy.zeros == "protect" or not cells.published[number]:
        return 0.0
    whole = cells.wholes.get(number)
    if quantity in EVENTS:
        return 1.0 if whole is not None and cells.known(whole) else 0.0
    return 1.0 if quantity in PEOPLE else 0.0


def wide_enough(key: Key, value: float, policy: Policy) -> float:
    """Return how wide the range of a withheld cell must be."""
    quantity = quantity_of(key)
    if quantity in REMAINDERS:
        return 0.0
    if quantity == "amount":
        return amounts.needed(value, policy)
    return policy.event_width if quantity in EVENTS else policy.minimum_width


def needed(cells: Cells, number: int, value: float, policy: Policy) -> float:
    """Return how wide a cell's range must be. Of what stands in no table only small numbers of a single year need one."""
    wanted, quantity = wide_enough(cells.keys[number], value, policy), quantity_of(cells.keys[number])
    if cells.published[number]:
        return wanted
    if quantity == "amount":
        return 0.0
    small = policy.event_threshold if quantity in EVENTS else policy.threshold
    least = 0 if policy.zeros == "protect" else 1
    return wanted if number in cells.implied and least <= value < small else 0.0


def weight(cells: Cells, number: int, value: float, policy: Policy) -> float:
    """Return what withholding a cell costs: one, and more for totals, for large numbers, and where the policy says so."""
    quantity, place = quantity_of(cells.keys[number]), cells.keys[number][1]
    if not cells.published[number]:
        return FREE
    totals = sum(1 for name, code in zip(cells.dimensions, place, strict=True) if code == TOTAL and name in _MARGINS)
    cost = 1 + 0.02 * math.log1p(max(value, 0.0)) + 0.05 * totals
    cost *= 2.0 if quantity == "denominator" else 0.05 if quantity in {"complement", *REMAINDERS} else 1.0
    for name, code in zip(cells.dimensions, place, strict=True):
        cost *= policy.weights.get(name, {}).get(code, 1.0)
    return cost


def start(cells: Cells, policy: Policy) -> Ranges:
    """Return what is plain before any sum is used."""
    low = np.array(cells.value, dtype=np.float64)
    high = low.copy()
    for number in np.flatnonzero(np.isnan(low)).tolist():
        low[number], high[number] = cells.within.get(number, (floor(cells, number, policy), math.inf))
    return Ranges(low, high, np.array([quantity_of(key) != "amount" for key in cells.keys], dtype=np.bool_))


def add_public(cells: Cells, policy: Policy) -> set[int]:
    """Take in the register of figures that are public elsewhere; return their cells."""
    numbers = set()
    for entry in policy.already_public:
        place = tuple(str(entry.get(name, "patients" if name == "measure" else TOTAL)) for name in cells.dimensions)
        number = cells.add((str(entry.get("quantity", "patients")), place), float(entry["value"]), published=True)
        numbers.add(number)
    return numbers
