"""The figures that stand in published tables: of what, at which place, how many, or withheld.

A figure is a quantity (patients, denominator, numerator, complement, not eligible, not known, amount) at one code in every
dimension. A dimension that a table lacks or leaves empty stands at ``Total``. Everything is an array over the figures; codes
are numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from plenary_stats.disclosure.attacker.codes import Codes
from plenary_stats.disclosure.attacker.printed import shown_alone
from plenary_stats.disclosure.policy import Policy
from plenary_stats.errors import InputError
from plenary_stats.tables import TOTAL, WITHHELD, ProtectedTable, ResultTable

AnyTable = ResultTable | ProtectedTable
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

SPLIT = ("numerator", "complement")
EVENTS = frozenset(SPLIT)
REMAINDERS = frozenset({"not_eligible", "not_known", "missing", "complete", "incomplete"})
"""What tells of the data, not of patients' results: no secret in itself, but a reader uses it."""
PEOPLE = frozenset({"patients", "denominator", "eligible", "expected", "received"})
SHARES = frozenset({"rate", "levels"})
"""The kinds of table whose rows are so many of so many patients."""
RESIDENTS = "patients/residents"
"""People of the listed areas alone, where activity counts everybody: the total of a table of access."""

_REST = ("not_eligible", "not_known")
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "count": ("value",),
    "magnitude": ("value",),
    "exposure": ("numerator",),
    "summary": ("denominator", *_REST),
    "rate": ("denominator", "numerator", *_REST, "complement"),
    "levels": ("denominator", "numerator", *_REST, "complement"),
}
_COMPLETENESS: Mapping[str, Mapping[str, str]] = {
    "ascertainment": {"denominator": "expected", "numerator": "received", "complement": "missing"},
    "complete-records": {"denominator": "patients", "numerator": "complete", "complement": "incomplete"},
}
_OUTCOME_KNOWN = {"denominator": "eligible", "numerator": "denominator", "complement": "not_known"}
"""Of an outcome, completeness is the share of the eligible whose outcome is known: the patients of the outcome's own rate."""


@dataclass
class Figures:
    """All figures. ``place``: the row's own codes; ``at``: those of the number that it is (the patients of a rate: no time)."""

    dimensions: list[Codes]
    families: list[str]
    family: Ints
    at: Ints
    place: Ints
    value: Floats
    table: Ints
    row: Ints
    role: Ints
    roles: list[str]

    def position(self, name: str) -> int | None:
        """Return where a dimension stands."""
        return next((order for order, codes in enumerate(self.dimensions) if codes.name == name), None)

    def family_of(self, name: str) -> int:
        """Return a family's number; a new one is added."""
        if name not in self.families:
            self.families.append(name)
        return self.families.index(name)

    def words(self, figure: int) -> str:
        """Return a figure's row for a message."""
        codes = self.place[figure].tolist()
        return " ".join(dimension.names[code] for dimension, code in zip(self.dimensions, codes, strict=True))


def quantity_of(family: str) -> str:
    """Return what a family of figures counts, without the mark of the tables that it was kept apart for."""
    return family.split("/", 1)[0]


def folded(columns: Iterable[Ints], size: int) -> Ints:
    """Return one number for each row of several columns: equal rows have the same, and the order is that of the rows."""
    key = np.zeros(size, dtype=np.int64)
    span = 1
    for column in columns:
        most = int(column.max(initial=0)) + 1
        if span * most >= 2**62:
            key = np.unique(key, return_inverse=True)[1].astype(np.int64).reshape(-1)
            span = int(key.max(initial=0)) + 1
        key = key * most + column
        span *= most
    return key


def read(tables: Sequence[AnyTable], policy: Policy) -> Figures:
    """Return every figure of the tables that counts patients or money, shown or withheld."""
    names = list(
        dict.fromkeys(name for table in tables for name in policy.dimensions or table.dimensions if name in table.columns)
    )
    texts = [[_codes(table, name) for table in tables] for name in names]
    dimensions = [Codes.of(name, _said(name, columns, policy), policy) for name, columns in zip(names, texts, strict=True)]
    coded = [
        [np.fromiter(map(codes.number.__getitem__, column), np.int64, len(column)) for column in columns]
        for codes, columns in zip(dimensions, texts, strict=True)
    ]
    parts = [
        _Table(
            table, dimensions, np.column_stack([own[order] for own in coded]) if names else np.zeros((len(table), 0), np.int64)
        )
        for order, table in enumerate(tables)
    ]
    families = sorted({family for part in parts for family in part.families})
    roles = sorted({role for part in parts for role in part.columns})
    pieces = [piece for order, part in enumerate(parts) for piece in part.pieces(order, families, roles)]
    joined = [np.concatenate(each) for each in zip(*pieces, strict=True)] if pieces else None
    if joined is None:
        none, wide = np.zeros(0, np.int64), np.zeros((0, len(names)), np.int64)
        return Figures(dimensions, families, none, wide, wide, np.zeros(0), none, none, none, roles)
    family, at, place, value, table, row, role = joined
    found = Figures(dimensions, families, family, at, place, value, table, row, role, roles)
    _timed(found)
    return found


def _codes(table: AnyTable, name: str) -> list[str]:
    blank = "" if name == "measure" else TOTAL
    column = table.columns[name].tolist() if name in table.columns else [blank] * len(table)
    return [str(code) or blank for code in column]


def _said(name: str, columns: Iterable[Sequence[str]], policy: Policy) -> set[str]:
    """Return every code of a dimension that tables or policy name."""
    codes = {code for column in columns for code in set(column)}
    codes |= {str(entry[name]) for entry in (*policy.already_public, *policy.structural_zeros) if name in entry}
    if name == "measure":
        codes |= {code.split("@")[0] for code in codes} | {"patients", ""}
    return codes


class _Table:
    """One table's figures, column by column."""

    def __init__(self, table: AnyTable, dimensions: Sequence[Codes], place: Ints) -> None:
        self.table, self.dimensions, self.place = table, dimensions, place
        self.measure = next((order for order, codes in enumerate(dimensions) if codes.name == "measure"), None)
        self.columns = {name: self._numbers(name) for name in _COLUMNS[table.kind] if name in table.columns}
        if table.kind in SHARES:
            self.columns["complement"] = self._numbers("denominator") - self._numbers("numerator")
        status = table.columns.get("status")
        self.withheld = np.zeros(len(table), np.bool_) if status is None else np.asarray(status) == WITHHELD
        self.alone = shown_alone(table)
        self.counted = {role: self._families(role) for role in self.columns}

    def _numbers(self, name: str) -> Floats:
        if name not in self.table.columns:
            return np.full(len(self.table), math.nan)
        return np.asarray(self.table.columns[name], dtype=np.float64)

    @property
    def families(self) -> set[str]:
        return {family for names, _ in self.counted.values() for family in names}

    def _families(self, role: str) -> tuple[list[str], Ints]:
        """Return what a column counts, row by row: names, and which of them."""
        kind, nothing = self.table.kind, np.zeros(len(self.table), np.int64)
        if kind == "count":
            return ["patients"], nothing
        if kind == "magnitude":
            return ["amount"], nothing
        if kind == "exposure":
            area = next((order for order, codes in enumerate(self.dimensions) if codes.name == "area"), None)
            whole = nothing if area is None else (self.place[:, area] == self.dimensions[area].total).astype(np.int64)
            return ["patients", RESIDENTS], whole
        if self.table.name != "completeness" or self.measure is None:
            return [_OUTCOME_KNOWN.get(role, role) if self.table.name == "completeness" else role], nothing
        names = self.dimensions[self.measure].names
        meant = [_COMPLETENESS.get(name, _OUTCOME_KNOWN).get(role, role) for name in names]
        kinds = sorted(set(meant))
        return kinds, np.array([kinds.index(each) for each in meant], dtype=np.int64)[self.place[:, self.measure]]

    def pieces(self, order: int, families: Sequence[str], roles: Sequence[str]) -> list[tuple[npt.NDArray[Any], ...]]:
        """Return the figures of each column as arrays."""
        made: list[tuple[npt.NDArray[Any], ...]] = []
        for role, numbers in self.columns.items():
            names, which = self.counted[role]
            self._refuse(numbers, names, which)
            there = self.withheld | ~np.isnan(numbers)
            if role not in REMAINDERS:
                there |= self.alone
            if role in REMAINDERS:  # a row that shows its denominator may keep these back for themselves
                there |= ~np.isnan(self._numbers("denominator"))
            rows = np.flatnonzero(there)
            family = np.array([families.index(name) for name in names], dtype=np.int64)[which[rows]]
            own, whole = self.place[rows], np.full(len(rows), order, dtype=np.int64)
            at = self._at(own, [quantity_of(name) for name in names], which[rows])
            made.append((family, at, own, numbers[rows], whole, rows, np.full(len(rows), roles.index(role), dtype=np.int64)))
        return made

    def _at(self, own: Ints, names: Sequence[str], which: Ints) -> Ints:
        """Return where the numbers are: patients of a rate at no time of it; people where the activity table counts them."""
        if self.measure is None or self.table.kind in {"count", "magnitude"}:
            return own
        codes = self.dimensions[self.measure]
        timeless = np.array([codes.number[name.split("@")[0]] for name in codes.names], dtype=np.int64)
        kept = np.array([name in EVENTS for name in names], dtype=np.bool_)[which]
        people = np.array([name == "patients" for name in names], dtype=np.bool_)[which]
        measure = np.where(kept, own[:, self.measure], timeless[own[:, self.measure]])
        at = own.copy()
        at[:, self.measure] = np.where(people, codes.number["patients"], measure)
        return at

    def _refuse(self, numbers: Floats, names: Sequence[str], which: Ints) -> None:
        """Refuse what is no number of patients."""
        money = np.array([name == "amount" for name in names], dtype=np.bool_)[which]
        with np.errstate(invalid="ignore"):
            wrong = np.flatnonzero((numbers < 0) | (~money & (numbers % 1 > 0)))
        if len(wrong):
            row = int(wrong[0])
            codes = zip(self.dimensions, self.place[row].tolist(), strict=True)
            where = " ".join(dimension.names[code] for dimension, code in codes)
            what = quantity_of(names[int(which[row])])
            raise InputError(f"{what} of {numbers[row]:g} for {where}: numbers of patients are whole and not negative.")


def _timed(figures: Figures) -> None:
    """Keep apart what ``@1y`` and ``@5y`` count differently (those not yet known grow); else it is the same patients."""
    moved = np.flatnonzero((figures.at != figures.place).any(axis=1) & ~np.isnan(figures.value))
    if not len(moved):
        return
    names = [order for order, codes in enumerate(figures.dimensions) if codes.name in {"service", "period", "measure"}]
    columns = [figures.table, figures.family, *figures.at.T]
    key = folded([column[moved] for column in columns], len(moved))
    _, first, which = np.unique(key, return_index=True, return_inverse=True)
    differ = figures.value[moved] != figures.value[moved][first][which.reshape(-1)]
    if not differ.any():
        return
    groups = folded([figures.table, figures.family, *(figures.at[:, order] for order in names)], len(figures.family))
    apart = np.isin(groups, groups[moved[differ]])
    figures.at[apart] = figures.place[apart]
