"""Margins that go round in a circle: by centre and sex, by centre and age, by sex and age, and never all three together.

Then there is a table of all three that nobody publishes, of whole numbers that are not negative, and that there must be one
narrows more than the margins' own sums do. Where the margins can be taken off one after the other there is always one, and
nothing is added: a margin that hangs on the others by one of its edges never matters.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from plenary_stats.disclosure.attacker.component import Component, cut_out
from plenary_stats.disclosure.attacker.figures import Bools, Ints
from plenary_stats.disclosure.attacker.sums import Pair, Sums
from plenary_stats.disclosure.attacker.system import Bounds, ContradictionError, Rows
from plenary_stats.disclosure.attacker.view import View

Edge = frozenset[int]
LARGEST = 400
"""Joint tables of more cells than this are not tried."""
WIDEST = 1200
"""Nor are they where more cells than this hang together with them."""


@dataclass(frozen=True)
class Joint:
    """A joint table that must exist: so many new numbers, and the cells that are sums of them."""

    size: int
    cells: Ints
    sums: tuple[Pair, ...]


def core(edges: Sequence[Edge]) -> tuple[Edge, ...]:
    """Return what is left when dimensions of one margin alone, and margins within others, are taken off again and again.

    Nothing is left of margins that are no circle (Graham 1979; Yu and Özsoyoğlu 1979).
    """
    left = set(edges)
    while True:
        single = {each for edge in left for each in edge if sum(each in other for other in left) == 1}
        after = {edge - single for edge in left}
        after = {edge for edge in after if edge and not any(edge < other for other in after)}
        if after == left:
            return tuple(sorted(left, key=sorted))
        left = after


def joints(view: View, is_open: Bools) -> Iterator[Joint | None]:
    """Yield the joint tables that the margins of some withheld cells go round; None for one that is not tried.

    That is one that is too large, and one that a dimension with a hierarchy takes part in.
    """
    margin = view.place == np.array([codes.total for codes in view.figures.dimensions], dtype=np.int64)
    every = [order for order, codes in enumerate(view.figures.dimensions) if codes.name != "measure"]
    structured = {order for order in every if view.figures.dimensions[order].structured}
    for varying, cells in _groups(view, is_open, [order for order in every if order not in structured], margin):
        yield from _of_group(view, cells, varying, margin)
    for varying, cells in _groups(view, is_open, every, margin) if structured else ():
        edges = core(sorted(set(_patterns(cells, varying, margin)), key=sorted))
        if any(not structured.isdisjoint(edge) for edge in edges):
            yield None


def _groups(view: View, is_open: Bools, columns: Sequence[int], margin: Bools) -> Iterator[tuple[list[int], Ints]]:
    """Yield the published cells that differ in three or more of some dimensions alone, and in which; not all of them shown."""
    for family in np.unique(view.family[view.published]).tolist():
        mine = np.flatnonzero((view.family == family) & view.published)
        varying = [order for order in columns if margin[mine, order].any() and not margin[mine, order].all()]
        if len(varying) < 3:
            continue
        fixed = [order for order in range(margin.shape[1]) if order not in varying]
        groups: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for cell, place in zip(mine.tolist(), view.place[mine][:, fixed].tolist(), strict=True):
            groups[tuple(place)].append(cell)
        for _, cells in sorted(groups.items()):
            if is_open[cells].any():
                yield varying, np.array(cells)


def _patterns(cells: Ints, varying: Sequence[int], margin: Bools) -> list[Edge]:
    """Return, for each cell, in which dimensions it stands at no total."""
    totals = margin[cells][:, list(varying)].tolist()
    return [frozenset(order for order, whole in zip(varying, row, strict=True) if not whole) for row in totals]


def _of_group(view: View, cells: Ints, varying: Sequence[int], margin: Bools) -> Iterator[Joint | None]:
    """Yield the joint table of one group's margins, if they go round in a circle."""
    patterns = _patterns(cells, varying, margin)
    edges = core(sorted(set(patterns), key=sorted))
    if not edges:
        return
    tables: dict[Edge, dict[tuple[int, ...], int]] = {edge: {} for edge in edges}
    for cell, pattern in zip(cells.tolist(), patterns, strict=True):
        if pattern in tables:
            tables[pattern][tuple(view.place[cell, sorted(pattern)].tolist())] = cell
    if any(not table for table in tables.values()):  # a margin of the circle is published only within a larger one
        yield None
        return
    yield _table(tables)


def _table(tables: dict[Edge, dict[tuple[int, ...], int]]) -> Joint | None:
    """Return the joint table of some margins: every combination of codes that all of them list."""
    rows: list[dict[int, int]] = [{}]
    for edge, table in tables.items():
        order = sorted(edge)
        listed = [dict(zip(order, codes, strict=True)) for codes in table]
        rows = [
            {**row, **more} for row in rows for more in listed if all(row.get(each, code) == code for each, code in more.items())
        ]
        if len(rows) > LARGEST:
            return None
    parts: dict[int, list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        for edge, table in tables.items():
            parts[table[tuple(row[each] for each in sorted(edge))]].append(number)
    cells = sorted(cell for table in tables.values() for cell in table.values())
    return Joint(len(rows), np.array(cells), tuple((cell, tuple(parts.get(cell, ()))) for cell in cells))


def narrowed(view: View, bounds: Bounds, sums: Sums) -> tuple[Bounds, int]:
    """Return the ranges with every joint table that was tried taken in, and how many were not tried.

    Margins of other patients, or such as have been corrected since, have none: that tells nothing, and counts as not tried.
    """
    skipped = 0
    found = bounds.copy()
    for joint in joints(view, bounds.open()):
        try:
            if joint is None or (found.open()[joint.cells].any() and not _solve(found, sums, joint)):
                skipped += 1
        except ContradictionError:
            skipped += 1
    return found, skipped


def _solve(bounds: Bounds, sums: Sums, joint: Joint) -> bool:
    """Narrow the cells that hang together with a joint table; return False where they are too many."""
    width = len(bounds.low)
    every = Rows.of(sums)
    is_open = bounds.open()
    reached = np.zeros(width, np.bool_)
    reached[joint.cells] = True
    while True:  # whatever is tied to them by open cells
        told = np.bincount(every.row, weights=(reached & is_open)[every.column], minlength=len(every)) > 0
        more = reached.copy()
        more[every.column[told[every.row]]] = True
        if (more == reached).all():
            break
        reached = more
    cells = np.flatnonzero(reached)
    if len(cells) + joint.size > WIDEST:
        return False
    both = Sums.joined(
        [sums.chosen(told), Sums.of([(cell, tuple(width + part for part in parts)) for cell, parts in joint.sums])]
    )
    columns = np.concatenate((cells, width + np.arange(joint.size)))
    grown = [np.concatenate((ends, np.full(joint.size, end))) for ends, end in ((bounds.low, 0.0), (bounds.high, np.inf))]
    whole = np.concatenate((bounds.whole, np.ones(joint.size, np.bool_)))
    rows = cut_out(Rows.of(both), np.arange(len(both)), columns, width + joint.size)
    part = Component(rows, Bounds(grown[0][columns], grown[1][columns], whole[columns]))
    part.finish(len(cells))
    bounds.low[cells], bounds.high[cells] = part.low[: len(cells)], part.high[: len(cells)]
    return True
