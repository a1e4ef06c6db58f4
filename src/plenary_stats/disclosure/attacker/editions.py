"""What of several editions is the same figure, and what was corrected since.

The newest edition is believed. A figure that another table of the same edition states differently is one of its own (a total
that counts fewer areas). Where an earlier edition states another, its figures of that service are its own, but for what it says
of centres, or in rows of totals, exactly as the newer one does: a correction mends one centre's figures, and every reader takes
the others' for what they still are. Where an edition lists other centres, its totals count others, even where they are equal.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from plenary_stats.disclosure.attacker.figures import RESIDENTS, AnyTable, Figures, Ints, folded
from plenary_stats.errors import InputError

Group = tuple[int, ...]


@dataclass(frozen=True)
class Names:
    """Under which families each figure is known: first its own, then those in whose sums it takes part too."""

    family: Ints
    also: Ints
    also_figure: Ints


def edition_of(tables: Sequence[AnyTable], own: int) -> list[int]:
    """Return the edition of each table: nought for this one's; an earlier one ends where a table's name comes again."""
    found, seen, edition = [0] * own, set[tuple[str, str]](), 1
    for table in tables[own:]:
        if (table.name, table.kind) in seen:
            edition, seen = edition + 1, set()
        seen.add((table.name, table.kind))
        found.append(edition)
    return found


def told_apart(figures: Figures, tables: Sequence[AnyTable], editions: Sequence[int]) -> Names:
    """Return the families of the figures: what is no longer, or never was, the same number has one of its own."""
    key = folded([figures.family, *figures.at.T], len(figures.family))
    if max(editions, default=0) == 0 and not _conflicting(figures, key):
        family, labels = figures.family, dict[int, str]()
    else:
        family, labels = _Told(figures, key.tolist(), editions).names()
    areas = [order for order, table in enumerate(tables) if table.kind == "exposure"]
    return _also(figures, family, labels, areas)


def _conflicting(figures: Figures, key: Ints) -> bool:
    shown = np.flatnonzero(~np.isnan(figures.value))
    _, first, which = np.unique(key[shown], return_index=True, return_inverse=True)
    values = figures.value[shown]
    return bool((values != values[first][which.reshape(-1)]).any())


def _labelled(name: str, label: str) -> str:
    return name if name.endswith(f"/{label}") else f"{name}/{label}"


def _also(figures: Figures, family: Ints, labels: dict[int, str], areas: Sequence[int]) -> Names:
    """Return the further families: a table with figures of its own forms all its sums; access counts residents."""
    names, rows = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    original = figures.families.copy()
    for table in sorted({*labels, *areas}):
        own = np.flatnonzero(figures.table == table)
        for before in np.unique(figures.family[own]).tolist():
            mine = own[figures.family[own] == before]
            found = [original[before]]
            if table in labels:
                found.append(_labelled(original[before], labels[table]))
            if table in areas and not original[before].startswith(RESIDENTS):
                found += [RESIDENTS + name.removeprefix("patients") for name in found]
            for name in found[1:]:
                number = figures.family_of(name)
                new = mine[family[mine] != number]
                names.append(np.full(len(new), number, dtype=np.int64))
                rows.append(new)
    return Names(family, np.concatenate(names), np.concatenate(rows))


class _Told:
    """The figures one by one, in the order of the tables."""

    def __init__(self, figures: Figures, key: list[int], editions: Sequence[int]) -> None:
        self.figures, self.key = figures, key
        self.table = figures.table.tolist()
        self.edition = [editions[table] for table in self.table]
        self.value = figures.value.tolist()
        centre, service = figures.position("centre"), figures.position("service")
        size = len(key)
        self.centre = [-1] * size if centre is None else figures.place[:, centre].tolist()
        self.codes = None if centre is None else figures.dimensions[centre]
        self.total = -1 if self.codes is None else self.codes.total
        self.service = [0] * size if service is None else figures.at[:, service].tolist()
        of = [order for order, codes in enumerate(figures.dimensions) if codes.name in {"service", "period", "measure"}]
        self.group = folded([figures.family, *(figures.at[:, order] for order in of)], size).tolist()
        self.lists: dict[int, dict[int, int]] = {}
        self._read_lists()

    def _read_lists(self) -> None:
        """Note which centres each edition lists, by what is counted of which service and period; of regions, their centres."""
        several = len(set(self.edition)) > 1
        present: dict[int, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
        for figure in range(len(self.key)) if several else ():
            if self.centre[figure] != self.total:
                present[self.group[figure]][self.edition[figure]].add(self.centre[figure])
        if self.codes is not None:
            self.lists = {
                group: {edition: self.codes.listed(codes) for edition, codes in each.items()} for group, each in present.items()
            }
        service = dict(zip(self.group, self.service, strict=True))
        self.other = {
            (edition, service[group])
            for group, lists in self.lists.items()
            for edition, listed in lists.items()
            if listed != lists[min(lists)]
        }

    def _regrouped(self, figure: int) -> bool:
        """Whether a figure counts other centres than the newest does: a total or a region, or a centre that is not there."""
        edition = self.edition[figure]
        if (edition, self.service[figure]) not in self.other:
            return False
        lists = self.lists.get(self.group[figure], {})
        if self.codes is not None and self.centre[figure] != self.total:
            return bool(self.codes.mask(self.centre[figure]) & (lists[edition] ^ lists[min(lists)]))
        return edition not in lists or lists[edition] != lists[min(lists)]

    def _unit(self, figure: int) -> Group:
        """Return what a correction leaves as it was or changes: all figures of one centre; of totals, one row."""
        if self.centre[figure] == self.total:
            return (0, self.table[figure], int(self.figures.row[figure]), 0)
        return (1, self.edition[figure], self.service[figure], self.centre[figure])

    def names(self) -> tuple[Ints, dict[int, str]]:
        """Return each figure's family, and the label of each table that has some of its own."""
        apart, corrected, stands = self._compare()
        mixed = {table for table, _ in apart}
        labels: dict[int, str] = {}
        family = self.figures.family.copy()
        original = self.figures.families.copy()
        for figure, key in enumerate(self.key):
            edition, table = self.edition[figure], self.table[figure]
            unit = (edition, self.service[figure])
            fallen = unit in corrected
            if fallen or unit in self.other or table in mixed:
                labels[table] = f"e{edition}" if edition else str(table)
            kept = stands.get(self._unit(figure), False)
            if (table, key) in apart or (fallen and not kept) or self._regrouped(figure):
                family[figure] = self.figures.family_of(_labelled(original[family[figure]], labels[table]))
        return family, labels

    def _compare(self) -> tuple[set[tuple[int, int]], set[tuple[int, int]], dict[Group, bool]]:
        """Return the figures that differ within an edition, the corrected editions by service, and what stands as it was."""
        first: dict[int, int] = {}
        apart: set[tuple[int, int]] = set()
        corrected: set[tuple[int, int]] = set()
        stands: dict[Group, bool] = {}
        for figure, value in enumerate(self.value):
            if math.isnan(value):
                continue
            before = first.setdefault(self.key[figure], figure)
            another = self.edition[before] != self.edition[figure]
            same, unit = self.value[before] == value, self._unit(figure)
            stands[unit] = stands.get(unit, True) and another and same
            if same:
                continue
            if self.table[before] == self.table[figure]:
                told = f"{self.value[before]:g} and {value:g}"
                raise InputError(f"Two figures for one cell: {told} for {self.figures.words(figure)}.")
            if not another:
                apart.add((self.table[figure], self.key[figure]))
            elif not self._regrouped(figure):
                corrected.add((self.edition[figure], self.service[figure]))
        return apart, corrected, stands
