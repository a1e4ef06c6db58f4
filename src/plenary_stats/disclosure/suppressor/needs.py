"""What each cell needs and costs: which are too small in themselves, how wide a withheld one must stay, what it costs."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from plenary_stats.disclosure.policy import Policy
from plenary_stats.disclosure.suppressor import amounts
from plenary_stats.disclosure.suppressor.cells import EVENTS, PEOPLE, REMAINDERS, Cells, Key, quantity_of
from plenary_stats.solver import Floats
from plenary_stats.tables import TOTAL

Bools = npt.NDArray[np.bool_]

FREE = 1e-3
"""What it costs to withhold what stands in no table: almost nothing."""
_MARGINS = ("service", "centre", "region")


@dataclass(frozen=True)
class Needs:
    """Cell by cell: the least value that a withheld one may have, how wide its range must be, and what withholding it costs."""

    floor: Floats
    width: Floats
    cost: Floats
    amount: Bools

    @classmethod
    def of(cls, cells: Cells, values: Floats, policy: Policy) -> Needs:
        """Return what each cell needs and costs. ``values``: the true ones."""
        kinds = _Kinds(cells)
        return cls(_floor(kinds, policy), _width(kinds, values, policy), _cost(kinds, values, policy), kinds.of({"amount"}))


class _Kinds:
    """What each cell counts, as masks."""

    def __init__(self, cells: Cells) -> None:
        self.cells = cells
        self.quantities = [quantity_of(key) for key in cells.keys]
        self.people, self.events = self.of(PEOPLE), self.of(EVENTS)
        self.published = np.array(cells.published, dtype=np.bool_)
        self.implied = np.zeros(len(cells.keys), dtype=np.bool_)
        self.implied[list(cells.implied)] = True

    def of(self, names: Collection[str]) -> Bools:
        """Return which cells are of some quantities."""
        return np.array([name in names for name in self.quantities], dtype=np.bool_)

    def whole(self, wanted: Callable[[float], bool]) -> Bools:
        """Return which cells are events of a denominator that is as wanted."""
        found = np.zeros(len(self.quantities), dtype=np.bool_)
        found[[part for part, whole in self.cells.wholes.items() if wanted(self.cells.value[whole])]] = True
        return found & self.events


def primary(cells: Cells, values: Floats, policy: Policy) -> Bools:
    """Return which numbers of patients and events must not be shown for their own sake."""
    kinds = _Kinds(cells)
    least = 0 if policy.zeros == "protect" else 1
    few = (values >= least) & (values < policy.threshold) & kinds.people
    return few | ((values >= least) & (values < policy.event_threshold) & kinds.whole(lambda whole: whole >= policy.threshold))


def _floor(kinds: _Kinds, policy: Policy) -> Floats:
    """Where noughts are published, a withheld number is at least 1."""
    if policy.zeros == "protect":
        return np.zeros(len(kinds.quantities))
    told = kinds.people | kinds.whole(lambda whole: whole == whole)  # noqa: PLR0124 - known
    return np.where(told & kinds.published, 1.0, 0.0)


def wide_enough(key: Key, value: float, policy: Policy) -> float:
    """Return how wide the range of a withheld cell must be."""
    quantity = quantity_of(key)
    if quantity in REMAINDERS:
        return 0.0
    if quantity == "amount":
        return amounts.needed(value, policy)
    return policy.event_width if quantity in EVENTS else policy.minimum_width


def _width(kinds: _Kinds, values: Floats, policy: Policy) -> Floats:
    """Of what stands in no table only small numbers of a single year need a range."""
    wanted = np.where(kinds.events, float(policy.event_width), float(policy.minimum_width))
    wanted[kinds.of(REMAINDERS)] = 0.0
    money = np.flatnonzero(kinds.of({"amount"}))
    wanted[money] = [amounts.needed(value, policy) for value in values[money].tolist()]
    small = np.where(kinds.events, policy.event_threshold, policy.threshold)
    least = 0 if policy.zeros == "protect" else 1
    year = kinds.implied & (least <= values) & (values < small) & ~kinds.of({"amount"})
    return np.where(kinds.published | year, wanted, 0.0)


def _cost(kinds: _Kinds, values: Floats, policy: Policy) -> Floats:
    """One, and more for totals, for large numbers, and where the policy says so; next to nothing for what stands in no table."""
    cells, count = kinds.cells, len(kinds.quantities)
    totals, factor = np.zeros(count), np.ones(count)
    for position, name in enumerate(cells.dimensions):
        dear = policy.weights.get(name, {})
        if name in _MARGINS or dear:
            codes = [key[1][position] for key in cells.keys]
            if name in _MARGINS:
                totals += np.array([code == TOTAL for code in codes])
            factor *= np.array([dear.get(code, 1.0) for code in codes]) if dear else 1.0
    cost = (1 + 0.02 * np.log1p(np.maximum(values, 0.0)) + 0.05 * totals) * factor
    cost = np.where(kinds.of({"denominator"}), 2.0 * cost, np.where(kinds.of({"complement", *REMAINDERS}), 0.05 * cost, cost))
    return np.where(kinds.published, cost, FREE)


def add_public(cells: Cells, policy: Policy) -> set[int]:
    """Take in the register of figures that are public elsewhere; return their cells."""
    numbers = set()
    for entry in policy.already_public:
        place = tuple(str(entry.get(name, "patients" if name == "measure" else TOTAL)) for name in cells.dimensions)
        number = cells.add((str(entry.get("quantity", "patients")), place), float(entry["value"]), published=True)
        numbers.add(number)
    return numbers
