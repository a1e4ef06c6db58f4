"""How wide each number's range must be, and what is plain of it before any sum is used."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from plenary_stats.disclosure.policy import Policy
from plenary_stats.disclosure.suppressor.cells import EVENTS, PEOPLE, REMAINDERS, Cells, Key, quantity_of
from plenary_stats.solver import Floats
from plenary_stats.tables import TOTAL


@dataclass
class Ranges:
    """The lowest and highest value of every cell, by cell number; ``inf`` is unbounded. ``whole``: it is a whole number."""

    low: Floats
    high: Floats
    whole: npt.NDArray[np.bool_]


def need(key: Key, policy: Policy) -> float:
    """Return how wide a withheld number's range must be."""
    quantity = quantity_of(key)
    if quantity in REMAINDERS:
        return 0.0
    return policy.event_width if quantity in EVENTS else policy.minimum_width


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
        low[number], high[number] = floor(cells, number, policy), math.inf
    return Ranges(low, high, np.array([quantity_of(key) != "amount" for key in cells.keys], dtype=np.bool_))


def add_public(cells: Cells, policy: Policy) -> set[int]:
    """Take in the register of figures that are public elsewhere; return their cells."""
    numbers = set()
    for entry in policy.already_public:
        place = tuple(str(entry.get(name, "patients" if name == "measure" else TOTAL)) for name in cells.dimensions)
        number = cells.add((str(entry.get("quantity", "patients")), place), float(entry["value"]), published=True)
        numbers.add(number)
    return numbers
