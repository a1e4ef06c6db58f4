"""A plain suppressor, as one writes it first: sum by sum, withhold the smallest further cell until the sum tells too little.

A sum tells too much where one member alone is withheld, or where the withheld parts of a shown whole have less room than the
width. It looks at one sum at a time and never at what several say together: that is what it is here to show.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from plenary_stats.tables import TOTAL, ResultTable, text

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Sum:
    whole: int
    parts: tuple[int, ...]


def sums_of(table: ResultTable, hierarchies: Mapping[str, Pairs]) -> list[Sum]:
    """Return which rows add up to which: along every dimension, the codes below a total, or below their parent."""
    places = list(zip(*(table[name].tolist() for name in table.dimensions), strict=True))
    number = {place: order for order, place in enumerate(places)}
    found = []
    for position, name in enumerate(table.dimensions):
        parent = dict(hierarchies.get(name, ()))
        below: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for place, order in number.items():
            if place[position] != TOTAL:
                above = parent.get(place[position], TOTAL)
                below[*place[:position], above, *place[position + 1 :]].append(order)
        found += [Sum(number[place], tuple(parts)) for place, parts in below.items() if place in number]
    return found


def withheld(table: ResultTable, hierarchies: Mapping[str, Pairs], primary: np.ndarray, *, zeros: str, width: int) -> np.ndarray:
    """Return which rows the plain suppressor withholds."""
    value, gone = table["value"], primary.copy()
    floor = 1 if zeros == "publish" else 0
    order = np.argsort(value, kind="stable").tolist()
    rank = {row: place for place, row in enumerate(order)}
    sums = sums_of(table, hierarchies)
    while True:
        before = int(gone.sum())
        for each in sums:
            _close(each, value, gone, rank, floor=floor, width=width)
        if int(gone.sum()) == before:
            return gone


def _close(each: Sum, value: np.ndarray, gone: np.ndarray, rank: Mapping[int, int], *, floor: int, width: int) -> None:
    """Withhold members of one sum until it tells no more than it may."""
    members = (each.whole, *each.parts)
    while True:
        hidden = [row for row in members if gone[row]]
        left = [row for row in members if not gone[row] and (floor == 0 or value[row] > 0)]
        room = sum(value[row] - floor for row in hidden if row != each.whole)
        narrow = len(hidden) == 1 or (not gone[each.whole] and room < width)
        if not hidden or not narrow or not left:
            return
        gone[min(left, key=rank.__getitem__)] = True


def masked(table: ResultTable, gone: np.ndarray) -> ResultTable:
    """Return the table as it would be published."""
    columns = dict(table.columns)
    columns["value"] = np.where(gone, np.nan, table["value"])
    columns["status"] = text(["c" if each else "" for each in gone.tolist()])
    return ResultTable(columns, name=table.name, kind=table.kind, dimensions=table.dimensions)
