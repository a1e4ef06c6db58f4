"""A scene: tables, and what any reader must make of them, be it the attacker's or the suppressor's.

The two sides share no code, and each numbers its cells in its own way; so what they make of a scene is told in words. A cell is
its quantity and its codes (``patients A 2024``), a sum ``patients Total = patients A + patients B``; ``>`` in place of ``=``
where the total counts somebody else besides.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from plenary_stats.disclosure import Policy
from plenary_stats.tables import ResultTable, text


def said(whole: str, parts: Iterable[str], *, opened: bool = False) -> str:
    """A sum in words, its parts in the order of the alphabet."""
    return f"{whole} {'>' if opened else '='} {' + '.join(sorted(parts))}"


@dataclass(frozen=True)
class Reading:
    """What one side makes of a scene: its sums, and its cells by name with the value that a reader is told."""

    sums: frozenset[str]
    cells: dict[str, float]
    published: frozenset[str]
    absent: frozenset[str]
    implied: frozenset[str]


@dataclass(frozen=True)
class Scene:
    """Tables of this edition and of earlier ones. ``sums``: all there are; ``has`` and ``lacks``: some that there must (not) be.

    ``cells``: all there are; ``values`` and ``unknown``: what the reader is told, or not, of some; ``absent`` and ``implied``:
    what everybody knows to be nobody, and what stands in no table, in full; ``nobody`` and ``pieces``: some of them, and
    ``somebody`` and ``no_pieces`` some that are none; ``no_cells``: names that must not occur.
    """

    tables: tuple[ResultTable, ...]
    before: tuple[ResultTable, ...] = ()
    policy: Policy = field(default_factory=Policy)
    sums: frozenset[str] | None = None
    has: frozenset[str] = frozenset()
    lacks: frozenset[str] = frozenset()
    cells: frozenset[str] | None = None
    no_cells: frozenset[str] = frozenset()
    values: dict[str, float] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()
    absent: frozenset[str] | None = None
    implied: frozenset[str] | None = None
    nobody: frozenset[str] = frozenset()
    somebody: frozenset[str] = frozenset()
    pieces: frozenset[str] = frozenset()
    no_pieces: frozenset[str] = frozenset()

    def check(self, read: Reading) -> None:
        """Assert that a reader makes of the scene what he must."""
        if self.sums is not None:
            assert read.sums == self.sums
        assert self.has <= read.sums
        assert not self.lacks & read.sums
        if self.cells is not None:
            assert set(read.cells) == self.cells
        assert not self.no_cells & set(read.cells)
        assert {name: read.cells[name] for name in self.values} == self.values
        assert all(math.isnan(read.cells[name]) for name in self.unknown)
        assert self.unknown <= read.published
        if self.absent is not None:
            assert read.absent == self.absent
        assert self.nobody <= read.absent
        assert not self.somebody & read.absent
        assert all(read.cells[name] == 0 for name in read.absent)
        assert self.pieces <= read.implied
        assert not self.no_pieces & read.implied
        if self.implied is not None:
            assert read.implied == self.implied


def scene(*tables: ResultTable, before: Iterable[ResultTable] = (), policy: Policy | None = None, **expected) -> Scene:
    """A scene; what is expected may be given as any collection."""
    kept = {name: value if isinstance(value, dict) else frozenset(value) for name, value in expected.items()}
    return Scene(tables, tuple(before), policy or Policy(), **kept)


def access(areas: dict[str, float]) -> ResultTable:
    """Equity of access: people of some areas of their population."""
    columns = {"area": text(areas), "measure": text(["per million"] * len(areas)), "numerator": np.array(list(areas.values()))}
    columns |= {"denominator": np.full(len(areas), 2e6), "value": columns["numerator"] / 2}
    return ResultTable(columns, name="access", kind="exposure", dimensions=("area", "measure"))


def rate_of(
    period: str, *values: float | None, centre: str = "Total", name: str = "outcomes", measure: str = "alive"
) -> ResultTable:
    """Numerator, denominator, not eligible, not known of one period; None: withheld."""
    names = ("numerator", "denominator", "not_eligible", "not_known")
    columns = {"period": text([period]), "measure": text([measure]), "centre": text([centre])}
    columns |= {name: np.array([value], dtype=float) for name, value in zip(names, values, strict=True)}
    columns["status"] = text(["c" if None in values else ""])
    return ResultTable(columns, name=name, kind="rate", dimensions=("period", "measure", "centre"))


def without(table: ResultTable, column: str) -> ResultTable:
    """The table without a column."""
    kept = {name: values for name, values in table.columns.items() if name != column}
    return ResultTable(kept, table.name, table.kind, tuple(name for name in table.dimensions if name != column))


def marked(table: ResultTable, *marks: str) -> ResultTable:
    """The table with these marks: ``c`` where a row is withheld."""
    return ResultTable(dict(table.columns) | {"status": text(marks)}, table.name, table.kind, table.dimensions)
