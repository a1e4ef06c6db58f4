"""Cells: a quantity (patients, denominator, numerator, complement, not eligible, not known, amount) at a place, numbered.

A place is one code in every dimension. The sums tie cells to one another.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from plenary_stats.tables import ProtectedTable, ResultTable

AnyTable = ResultTable | ProtectedTable
Place = tuple[str, ...]
Key = tuple[str, Place]

EVENTS = frozenset({"numerator", "complement"})
REMAINDERS = frozenset({"not_eligible", "not_known", "missing", "complete", "incomplete"})
"""What tells of the data, not of patients' results: no secret in itself, but the attacker uses it."""
PEOPLE = frozenset({"patients", "denominator", "eligible", "expected", "received"})
UNKNOWN = math.nan


@dataclass(frozen=True)
class Sum:
    """``whole`` = the sum of ``parts``; or at least that, where ``open`` (some part is not listed)."""

    whole: int
    parts: tuple[int, ...]
    open: bool = False


@dataclass
class Cells:
    """Every cell, numbered. ``value`` NaN: not known to the reader. ``published``: it stands in a table, shown or withheld.

    ``aliases``: the cells of a table with totals of its own, under its own quantity, so that its sums are formed too. ``wholes``:
    for each numerator and complement its denominator. ``own``: the cells of this edition, as against earlier ones. ``implied``:
    years that stand in no table, but that pooled years are made of. ``absent``: those of them of a centre that the lists of the
    year do not name: everybody knows that it had no patients yet. ``within``: what a rounded number lies between.
    ``exceeded``: sums that hold for nobody, as the parts are more than the whole: they protect nothing.
    """

    dimensions: tuple[str, ...]
    keys: list[Key] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    published: list[bool] = field(default_factory=list)
    number: dict[Key, int] = field(default_factory=dict)
    aliases: dict[Key, int] = field(default_factory=dict)
    wholes: dict[int, int] = field(default_factory=dict)
    own: set[int] = field(default_factory=set)
    implied: set[int] = field(default_factory=set)
    absent: set[int] = field(default_factory=set)
    sums: list[Sum] = field(default_factory=list)
    exceeded: list[Sum] = field(default_factory=list)
    within: dict[int, tuple[float, float]] = field(default_factory=dict)

    def add(self, key: Key, value: float = UNKNOWN, *, published: bool = False) -> int:
        """Return the cell's number; a known value fills an unknown one."""
        number = self.number.setdefault(key, len(self.keys))
        if number == len(self.keys):
            self.keys.append(key)
            self.value.append(value)
            self.published.append(published)
            return number
        if math.isnan(self.value[number]):
            self.value[number] = value
        self.published[number] = self.published[number] or published
        return number

    def known(self, number: int) -> bool:
        """Whether the reader is told this cell."""
        return not math.isnan(self.value[number])


def as_patients(place: Place, dimensions: Sequence[str]) -> Place:
    """Return where the activity table counts the patients of a place."""
    measure = dimensions.index("measure") if "measure" in dimensions else None
    return place if measure is None else (*place[:measure], "patients", *place[measure + 1 :])


def quantity_of(key: Key) -> str:
    """Return the quantity without the mark of the table that it was kept apart for."""
    return key[0].split("/")[0]


def leaves_of(code: str, children: Mapping[str, Sequence[str]], path: tuple[str, ...] = ()) -> frozenset[str]:
    """Return the innermost codes that a code of a hierarchy is made of: itself, where it has no children."""
    if code in path or not children.get(code):
        return frozenset({code})
    return frozenset().union(*(leaves_of(child, children, (*path, code)) for child in children[code]))


def centres_of(codes: Iterable[str], children: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """Return the centres that a list of codes names; of a group of which it names none (regions by themselves), all."""
    own = frozenset(code for code in codes if not children.get(code))
    groups = (leaves_of(code, children) for code in codes if code not in own)
    return own.union(*(inside for inside in groups if inside.isdisjoint(own)))


def children_of(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return the children of each parent."""
    found: dict[str, list[str]] = {}
    for child, parent in dict.fromkeys(pairs):
        found.setdefault(parent, []).append(child)
    return found
