"""What the tables say together: one list of cells, and the sums that tie them.

A cell is a quantity (patients, denominator, numerator, complement, not eligible, not known, amount) at a place (one code in every
dimension). Tables that give the same cell are linked by it: a dimension that a table lacks stands at ``Total``.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np

from plenary_stats.disclosure.policy import Policy
from plenary_stats.disclosure.suppressor.cells import (
    EVENTS,
    REMAINDERS,
    UNKNOWN,
    AnyTable,
    Cells,
    Key,
    Place,
    Sum,
    as_patients,
    centres_of,
    children_of,
    leaves_of,
)
from plenary_stats.disclosure.suppressor.measures import link_measures
from plenary_stats.disclosure.suppressor.slices import Slices
from plenary_stats.disclosure.suppressor.years import NAMES, add_patients, link_years, overlapping
from plenary_stats.errors import InputError
from plenary_stats.tables import TOTAL, WITHHELD


class Fact(NamedTuple):
    """One number of one row. ``value`` is NaN where it is withheld. ``place`` is the row's own, ``role`` its column."""

    key: Key
    value: float
    table: int
    row: int
    place: Place
    role: str


def dimensions_of(tables: Iterable[AnyTable], policy: Policy) -> tuple[str, ...]:
    """Return all dimensions of the tables, in order of first sight."""
    named: dict[str, None] = {}
    for table in tables:
        for name in policy.dimensions or table.dimensions:
            if name in table.columns:
                named.setdefault(name)
    return tuple(named)


def places(table: AnyTable, dimensions: Sequence[str]) -> list[Place]:
    """Return each row's code in every dimension; one that is lacking or unused stands at ``Total``."""
    columns = []
    for name in dimensions:
        blank = "" if name == "measure" else TOTAL
        column = table.columns[name].tolist() if name in table.columns else [blank] * len(table)
        columns.append([str(code) or blank for code in column])
    return list(zip(*columns, strict=True)) if columns else [()] * len(table)


def _numbers(table: AnyTable, name: str) -> list[float]:
    if name not in table.columns:
        return [UNKNOWN] * len(table)
    return [float(value) for value in table.columns[name].tolist()]


def _without_time(place: Place, measure: int | None) -> Place:
    """``survival@1y`` and ``survival@5y`` are of the same patients."""
    if measure is None or "@" not in place[measure]:
        return place
    return (*place[:measure], place[measure].split("@")[0], *place[measure + 1 :])


def facts(table: AnyTable, order: int, dimensions: Sequence[str]) -> Iterator[Fact]:
    """Yield every number of patients or money that a table's rows hold or hide."""
    measure = list(dimensions).index("measure") if "measure" in dimensions else None
    area = list(dimensions).index("area") if "area" in dimensions else None
    status = table.columns["status"].tolist() if "status" in table.columns else [""] * len(table)
    figures = {name: _numbers(table, name) for name in _ROLES[table.kind] if name in table.columns}
    if table.kind in SHARES:
        pairs = zip(_numbers(table, "denominator"), _numbers(table, "numerator"), strict=True)
        figures["complement"] = [whole - part for whole, part in pairs]
    for row, place in enumerate(places(table, dimensions)):
        for role, column in figures.items():
            number = column[row]
            quantity = _quantity(table, role, place[measure] if measure is not None else "")
            if number < 0 or (quantity != "amount" and number % 1 > 0):
                rule = "amounts are not negative: enter a correction in the amount that it corrects"
                rule = rule if quantity == "amount" else "numbers of patients are whole and not negative"
                raise InputError(f"{quantity} of {number:g} for {' '.join(place)}: {rule}.")
            if status[row] != WITHHELD and math.isnan(number) and not _kept_back(role, figures, row):
                continue
            at = place if quantity in {"amount", *EVENTS} or table.kind == "count" else _without_time(place, measure)
            if quantity == "patients" and table.kind != "count":
                at = as_patients(place, dimensions)
            if table.kind == "exposure" and area is not None and place[area] == TOTAL:
                quantity = RESIDENTS  # people of the listed areas alone, where activity counts everybody
            yield Fact((quantity, at), number, order, row, place, role)


def _kept_back(role: str, figures: Mapping[str, Sequence[float]], row: int) -> bool:
    """Whether a row that shows its denominator leaves out those not eligible or not known: they are withheld for themselves."""
    return role in REMAINDERS and not math.isnan(figures["denominator"][row])


SHARES = frozenset({"rate", "levels"})
"""The kinds of table whose rows are so many of so many patients."""
RESIDENTS = "patients/residents"
_ROLES: dict[str, tuple[str, ...]] = {
    "count": ("value",),
    "magnitude": ("value",),
    "exposure": ("numerator",),
    "summary": ("denominator", "not_eligible", "not_known"),
    "rate": ("denominator", "numerator", "not_eligible", "not_known"),
    "levels": ("denominator", "numerator", "not_eligible", "not_known"),
}
_COMPLETENESS = {
    "ascertainment": {"denominator": "expected", "numerator": "received", "complement": "missing"},
    "complete-records": {"denominator": "patients", "numerator": "complete", "complement": "incomplete"},
}
_KNOWN_OUTCOME = {"denominator": "eligible", "numerator": "denominator", "complement": "not_known"}
"""Of an outcome, completeness is the share of the eligible whose outcome is known: the patients of the outcome's own rate."""


def _quantity(table: AnyTable, role: str, measure: str) -> str:
    """Return what a column of a row counts."""
    if table.kind in {"count", "exposure"}:
        return "patients"
    if table.kind == "magnitude":
        return "amount"
    if table.name == "completeness":
        return _COMPLETENESS.get(measure, _KNOWN_OUTCOME).get(role, role)
    return role


def gather(
    tables: Sequence[AnyTable], dimensions: tuple[str, ...], own: int, pairs: Iterable[tuple[str, str]] = ()
) -> tuple[Cells, list[Fact]]:
    """Give each cell of all tables its number. The first ``own`` tables are this edition's, the others earlier ones.

    ``pairs``: the policy's hierarchy of centres.

    Where a later table of an edition gives another figure for a cell, the cell is its own (a total that counts fewer areas, say).
    Where an earlier edition does, all its figures for that service are its own (they were corrected since), but for what
    stands as it was: a correction mends one centre's figures, and every reader will take the others' for what they still are.
    """
    found = _timed((fact for order, table in enumerate(tables) for fact in facts(table, order, dimensions)), dimensions)
    lists = _Lists(found, dimensions, _editions(tables, own), children_of(pairs))
    kept, labels = _set_apart(found, lists)
    cells = Cells(dimensions)
    for fact in sorted(kept, key=lambda each: each.key):  # so that the order of rows changes nothing
        number = cells.add(fact.key, fact.value, published=True)
        if fact.table < own:
            cells.own.add(number)
        names = [fact.key, _labelled(fact.key, labels[fact.table])] if fact.table in labels else [fact.key]
        if tables[fact.table].kind == "exposure" and not fact.key[0].startswith(RESIDENTS):
            names += [(RESIDENTS + key[0].removeprefix("patients"), key[1]) for key in names]
        cells.aliases |= {key: number for key in names if key != fact.key}
    for row in by_row(cells, kept).values():
        if "denominator" in row and EVENTS.issubset(row):
            cells.wholes |= {row[role]: row["denominator"] for role in EVENTS}
            cells.sums.append(Sum(row["denominator"], (row["numerator"], row["complement"])))
    cells.sums += _scales(cells, [fact for fact in kept if tables[fact.table].kind == "levels"], dimensions)
    return cells, kept


def _scales(cells: Cells, found: Iterable[Fact], dimensions: Sequence[str]) -> Iterator[Sum]:
    """Yield that the patients at the levels of an ordered scale are together those whose outcome is known."""
    measure = list(dimensions).index("measure") if "measure" in dimensions else None
    wholes: dict[tuple[int, Place], int] = {}
    parts: dict[tuple[int, Place], set[int]] = defaultdict(set)
    for fact in found:
        group = (fact.table, _without_time(fact.place, measure))
        if fact.role == "denominator":
            wholes[group] = cells.number[fact.key]
        elif fact.role == "numerator":
            parts[group].add(cells.number[fact.key])
    for group, numbers in parts.items():
        if group in wholes:
            yield Sum(wholes[group], tuple(sorted(numbers)))


def _editions(tables: Sequence[AnyTable], own: int) -> list[int]:
    """Return the edition of each table: nought for this one's; an earlier one ends where a table's name comes again."""
    editions, seen, edition = [0] * own, set[tuple[str, str]](), 1
    for table in tables[own:]:
        if (table.name, table.kind) in seen:
            edition, seen = edition + 1, set()
        seen.add((table.name, table.kind))
        editions.append(edition)
    return editions


def _set_apart(found: Sequence[Fact], lists: _Lists) -> tuple[list[Fact], dict[int, str]]:
    """Return the figures, with those that differ from what stands before under a key of their own, and such tables' labels."""
    dimensions, editions = lists.dimensions, lists.editions
    several = len(set(editions)) > 1
    first: dict[Key, Fact] = {}
    apart: set[tuple[int, Key]] = set()
    corrected: set[tuple[int, str]] = set()
    stands: dict[tuple[object, ...], bool] = {}
    for fact in found:
        if math.isnan(fact.value):
            continue
        before = first.setdefault(fact.key, fact)
        another = editions[before.table] != editions[fact.table]
        unit = _unit(fact, editions[fact.table], dimensions) if several else ()
        stands[unit] = stands.get(unit, True) and another and before.value == fact.value
        if before.value == fact.value:
            continue
        if before.table == fact.table:
            raise InputError(f"Two figures for one cell: {before.value:g} and {fact.value:g} for {' '.join(fact.place)}.")
        if not another:
            apart.add((fact.table, fact.key))
        elif not lists.regrouped(fact):
            corrected.add((editions[fact.table], _service(fact, dimensions)))
    if not (apart or corrected or lists.other):
        return list(found), {}
    kept, labels, mixed = list[Fact](), dict[int, str](), {table for table, _ in apart}
    for fact in found:
        edition = editions[fact.table]
        fallen = (edition, _service(fact, dimensions)) in corrected
        if fallen or (edition, _service(fact, dimensions)) in lists.other or fact.table in mixed:
            labels[fact.table] = f"e{edition}" if edition else str(fact.table)
        separate = (fact.table, fact.key) in apart or (fallen and not stands.get(_unit(fact, edition, dimensions), False))
        separate |= lists.regrouped(fact)
        kept.append(fact._replace(key=_labelled(fact.key, labels[fact.table])) if separate else fact)
    return kept, labels


class _Lists:
    """The centres that each edition lists, by service and by what is counted of which period.

    Where a centre came or went, the totals count others than before. That can be seen where the totals themselves are withheld,
    and it says nothing of the centres that stayed. ``other``: the editions, and the service, that list others than the first.
    """

    def __init__(
        self, found: Iterable[Fact], dimensions: Sequence[str], editions: Sequence[int], children: Mapping[str, Sequence[str]]
    ) -> None:
        self.dimensions, self.editions, self.children = dimensions, editions, children
        present: dict[tuple[str, tuple[str, ...]], dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
        for fact in found if len(set(editions)) > 1 else ():
            if not _whole(fact, dimensions):
                present[self._group(fact)][editions[fact.table]].add(self._centre(fact))
        self.lists = {
            group: {edition: centres_of(codes, children) for edition, codes in each.items()} for group, each in present.items()
        }
        self.other = {
            (edition, service)
            for (service, _), lists in self.lists.items()
            for edition, listed in lists.items()
            if listed != lists[min(lists)]
        }

    def _group(self, fact: Fact) -> tuple[str, tuple[str, ...]]:
        return _service(fact, self.dimensions), _group(fact.key, self.dimensions)

    def _centre(self, fact: Fact) -> str:
        return fact.place[list(self.dimensions).index("centre")]

    def regrouped(self, fact: Fact) -> bool:
        """Return whether a figure counts other centres than what stands first: a total or a region, or one that is not there."""
        edition = self.editions[fact.table]
        if (edition, _service(fact, self.dimensions)) not in self.other:
            return False
        lists = self.lists.get(self._group(fact), {})
        if not _whole(fact, self.dimensions):
            return not leaves_of(self._centre(fact), self.children).isdisjoint(lists[edition] ^ lists[min(lists)])
        return edition not in lists or lists[edition] != lists[min(lists)]


def by_row(cells: Cells, found: Iterable[Fact]) -> dict[tuple[int, int], dict[str, int]]:
    """Return, for each row of each table, the cell in each of its columns."""
    rows: dict[tuple[int, int], dict[str, int]] = defaultdict(dict)
    for fact in found:
        rows[fact.table, fact.row][fact.role] = cells.number[fact.key]
    return rows


def _timed(found: Iterable[Fact], dimensions: Sequence[str]) -> list[Fact]:
    """Put what ``@1y`` and ``@5y`` count alike at one place; where they differ (not yet known grows), at places of their own."""
    kept = list(found)
    seen: dict[tuple[int, Key], float] = {}
    differ = set()
    for fact in kept:
        if fact.key[1] == fact.place or math.isnan(fact.value):
            continue
        if seen.setdefault((fact.table, fact.key), fact.value) != fact.value:
            differ.add((fact.table, _group(fact.key, dimensions)))
    if not differ:
        return kept
    return [
        fact._replace(key=(fact.key[0], fact.place)) if (fact.table, _group(fact.key, dimensions)) in differ else fact
        for fact in kept
    ]


def _labelled(key: Key, label: str) -> Key:
    return (key[0] if key[0].endswith(f"/{label}") else f"{key[0]}/{label}", key[1])


def _unit(fact: Fact, edition: int, dimensions: Sequence[str]) -> tuple[object, ...]:
    """Return what a correction leaves as it was or changes: all figures of one centre; of totals, one row."""
    if _whole(fact, dimensions):
        return (fact.table, fact.row)
    return (edition, _service(fact, dimensions), fact.place[list(dimensions).index("centre")])


def _whole(fact: Fact, dimensions: Sequence[str]) -> bool:
    """Return whether a figure is of all centres together."""
    return "centre" not in dimensions or fact.place[list(dimensions).index("centre")] == TOTAL


def _service(fact: Fact, dimensions: Sequence[str]) -> str:
    """Return what a correction would change: the figures of one service."""
    return fact.key[1][list(dimensions).index("service")] if "service" in dimensions else ""


def _group(key: Key, dimensions: Sequence[str]) -> tuple[str, ...]:
    """Return what a correction would change together: the quantity of one service, period and measure."""
    return (key[0], *(code for name, code in zip(dimensions, key[1], strict=True) if name in {"service", "period", "measure"}))


def link(cells: Cells, policy: Policy) -> None:
    """Add every sum that a reader can form: margins, hierarchies, pooled periods, and the parts of a rate."""
    slices = Slices(cells)
    for position, name in enumerate(cells.dimensions):
        codes = {key[1][position] for key in cells.keys}
        if name != "measure":
            _link_dimension(cells, slices, position, _partitions(name, codes, policy))
    add_patients(cells)
    link_years(cells, policy)
    cells.sums += link_measures(cells)
    cells.sums = _useful(cells)


Partitions = dict[str, list[tuple[str, ...]]]


def _partitions(name: str, codes: set[str], policy: Policy) -> Partitions:
    """Return, for every parent code, the sets of children that make it up completely."""
    pairs = list(policy.hierarchies.get(name, ()))
    if not pairs and name in NAMES:  # a total of all periods counts the single years
        return {code: [] for code in overlapping(codes, policy.periods)}
    children = children_of(pairs)
    leaves = {parent: leaves_of(parent, children) for parent in list(children)}
    return {parent: _covers(leaves[parent], direct, leaves) for parent, direct in children.items() if direct}


def _covers(target: frozenset[str], direct: Sequence[str], leaves: Mapping[str, frozenset[str]]) -> list[tuple[str, ...]]:
    """Split a parent's children into complete alternatives (counties; sizes), each of which covers every leaf once."""
    sets = {child: leaves.get(child, frozenset({child})) for child in direct}
    found: list[tuple[str, ...]] = []

    def search(chosen: tuple[str, ...], rest: frozenset[str]) -> None:
        if len(found) >= 50:
            return
        if not rest:
            found.append(chosen)
            return
        first = min(rest)
        for child in direct:
            if first in sets[child] and sets[child] <= rest:
                search((*chosen, child), rest - sets[child])

    search((), target)
    return found


def _link_dimension(cells: Cells, slices: Slices, position: int, partitions: Partitions) -> None:
    members = {child for covers in partitions.values() for cover in covers for child in cover}
    pools = {parent for parent, covers in partitions.items() if not covers}
    for each in slices.along(position, 1 if partitions else 2):
        codes = each.codes
        for parent, covers in partitions.items():
            for cover in covers:
                if sum(code in codes for code in (parent, *cover)) < (1 if len(partitions) > 1 else 2):
                    continue
                whole, *parts = (
                    codes[code] if code in codes else cells.add((each.quantity, (*each.before, code, *each.after)))
                    for code in (parent, *cover)
                )
                cells.sums.append(Sum(whole, tuple(parts)))
        for known in (codes,) if each.own is None else (codes, each.own):  # an earlier edition may have had a centre more
            _link_margin(cells, known, members | pools, partitions)


def _link_margin(cells: Cells, known: Mapping[str, int], inner: set[str], partitions: Partitions) -> None:
    """Add that the total is the sum of all codes beside it, but for those that are made of others."""
    roots = tuple(number for code, number in known.items() if code != TOTAL and code not in inner)
    if TOTAL not in known or TOTAL in partitions or not roots:
        return
    if not any(code in partitions and _overlap(code, known, partitions) for code in known):
        cells.sums.append(Sum(known[TOTAL], roots))


def _overlap(code: str, codes: Mapping[str, int], partitions: Partitions) -> bool:
    """Whether a root shares a leaf with another root (rolling years do): roots then do not add up."""
    mine = {leaf for cover in partitions[code] for leaf in cover}
    return any(other != code and mine & {leaf for cover in partitions.get(other, []) for leaf in cover} for other in codes)


def _useful(cells: Cells) -> list[Sum]:
    """Drop sums that say nothing or that the shown figures contradict (then they are no sums, or a part is not listed)."""
    distinct = list({(each.whole, each.parts, each.open): each for each in cells.sums}.values())
    if not distinct:
        return []
    value = np.array(cells.value)
    parts = value[np.fromiter(chain.from_iterable(each.parts for each in distinct), dtype=np.int64)]
    lengths = [len(each.parts) for each in distinct]
    rows = np.repeat(np.arange(len(distinct)), lengths)
    whole = value[[each.whole for each in distinct]]
    shown = np.bincount(rows, np.where(np.isnan(parts), 0.0, parts), minlength=len(distinct))
    complete = np.bincount(rows, np.isnan(parts), minlength=len(distinct)) == 0
    room = complete & (whole > shown + 0.5)
    beyond = (whole < shown - 0.5).tolist()
    cells.exceeded = [each for each, gone in zip(distinct, beyond, strict=True) if gone]
    kept = [
        Sum(each.whole, each.parts, open=True) if opened or each.open else each
        for each, opened, gone in zip(distinct, room.tolist(), beyond, strict=True)
        if not gone
    ]
    return _informative(cells, kept)


def _informative(cells: Cells, sums: list[Sum]) -> list[Sum]:
    """Drop, again and again, a sum that an unpublished cell, standing nowhere else, could always satisfy."""
    if all(cells.published):
        return sums
    while True:
        uses = Counter(cell for each in sums for cell in (each.whole, *each.parts))
        loose = {cell for cell, times in uses.items() if times == 1 and not cells.published[cell]} - cells.implied - cells.absent
        kept = [each for each in sums if each.whole not in loose and not loose.issuperset(each.parts)]
        if len(kept) == len(sums):
            return kept
        sums = kept
