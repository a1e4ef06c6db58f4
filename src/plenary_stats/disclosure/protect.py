"""Protect tables: withhold small numbers and what would give them away, prove it by the attack, and only then let them go."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from plenary_stats import tables as shared
from plenary_stats.disclosure.attacker.audit import ADDED, PUBLIC, Audit, Editions, audit, flat
from plenary_stats.disclosure.policy import Policy
from plenary_stats.disclosure.suppressor.cells import EVENTS, PEOPLE, REMAINDERS, as_patients, quantity_of
from plenary_stats.disclosure.suppressor.links import SHARES, by_row, dimensions_of, gather, link
from plenary_stats.disclosure.suppressor.movements import Suppressor, is_primary
from plenary_stats.disclosure.suppressor.needs import add_public, start
from plenary_stats.errors import InputError
from plenary_stats.solver import Box, Floats, Programme
from plenary_stats.tables import NOT_APPLICABLE, NOT_COLLECTED, SHOWN, TOTAL, WITHHELD, Column, ProtectedTable, ResultTable

ROUNDS = 12
PATIENTS = frozenset({"denominator", *REMAINDERS})
"""The columns of a row that may stay, or go, apart from its figures."""


@dataclass(frozen=True)
class Protected:
    """The tables that may leave, in the order given, and the audit that says so."""

    tables: tuple[ProtectedTable, ...]
    audit: Audit


def protect(tables: Sequence[ResultTable], policy: Policy, previous: Editions = ()) -> Protected:
    """Withhold every number below the threshold and whatever would let a reader work it out.

    All tables are linked with one another and with the published tables of earlier editions (``previous``: flat or edition by
    edition). The result is attacked from what is published alone before it is returned. Raises ``InputError`` where no
    suppression of these tables can protect a number, because earlier publications already give it away.
    """
    started = time.perf_counter()
    work = _Work(tables, policy, previous)
    suppressor = work.suppressor()
    suppressor.run()
    hopeless: set[tuple[str, ...]] | None = None
    for attempt in range(ROUNDS):
        made = work.write(suppressor.withheld)
        found = audit(made, policy, previous)
        bad = work.bad(found)
        if bad and hopeless is None:
            hopeless = work.given_away_before()
        bad -= hopeless or set()
        if not bad:
            return Protected(made, work.totals(found, suppressor, started))
        work.widen(suppressor, bad, far=attempt >= ROUNDS - 3)
    raise InputError(
        f"{len(bad)} numbers of {work.services(bad)} cannot be protected whatever is withheld, because figures that are public "
        f"already give them away; for example {work.describe(min(bad))}. Either leave that service out of this edition, or "
        "publish it together with the next year; or, if readers know them anyway, enter them in the policy's already_public."
    )


class _Work:
    """The true tables as cells, and the way back from cells to tables."""

    def __init__(self, tables: Sequence[ResultTable], policy: Policy, previous: Editions) -> None:
        self.tables, self.policy, self.previous = tuple(tables), policy, previous
        everything = [*tables, *flat(previous)]
        self.cells, facts = gather(everything, dimensions_of(everything, policy), len(tables))
        self.facts = [fact for fact in facts if fact.table < len(tables)]
        self.frozen = {
            self.cells.number[fact.key] for fact in facts if fact.table >= len(tables) and not math.isnan(fact.value)
        } | add_public(self.cells, policy)
        link(self.cells, policy)
        self.frozen |= self.cells.absent
        self.unknown = {number for number in range(len(self.cells.keys)) if not self.cells.known(number)}
        self.tied = self._ties()

    def primary(self) -> set[int]:
        """Return the cells that are too small in themselves."""
        own = {self.cells.number[fact.key] for fact in self.facts}
        small = {
            number
            for number in own
            if number not in self.unknown and is_primary(self.cells, number, self.cells.value[number], self.policy)
        }
        return small | self._dominated(own)

    def _dominated(self, own: set[int]) -> set[int]:
        """Amounts: a single centre's own, and sums of which one part makes up more than the policy's share."""
        if self.policy.dominance is None:
            return set()
        amounts = {number for number in own if quantity_of(self.cells.keys[number]) == "amount"}
        wholes = {each.whole: each for each in self.cells.sums if each.whole in amounts}
        found = {number for number in amounts if number not in wholes}
        for number, each in wholes.items():
            largest = max(self.cells.value[part] for part in each.parts)
            if largest > self.policy.dominance * self.cells.value[number]:
                found.add(number)
        return found

    def _ties(self) -> dict[int, set[int]]:
        """Return, for each cell, those that go with it: figures with their denominator, complement with numerator."""
        tied: dict[int, set[int]] = defaultdict(set)
        for row in by_row(self.cells, self.facts).values():
            for role, number in row.items():
                if role != "denominator" and "denominator" in row:
                    tied[row["denominator"]].add(number)
                if role in EVENTS and quantity_of(self.cells.keys[number]) != "not_known":  # the one gives the other away
                    tied[number].update(row[other] for other in EVENTS if other in row and other != role)
        for each in self.cells.sums:
            people = [part for part in each.parts if quantity_of(self.cells.keys[part]) in PEOPLE]
            rest = set(each.parts).difference(people)
            told = self.cells.published[each.whole]
            if told and len(people) == 1 and rest and all(self.cells.value[part] == 0 for part in rest):
                tied[people[0]].add(each.whole)  # one number under two names
                tied[each.whole].add(people[0])
        for number, (quantity, place) in enumerate(self.cells.keys):
            patients = self.cells.number.get(("patients", as_patients(place, self.cells.dimensions)))
            if quantity == "received" and patients is not None:  # mostly one number, as the reader will guess
                tied[number].add(patients)
                tied[patients].add(number)
        return tied

    def close(self, numbers: Iterable[int]) -> set[int]:
        """Return the cells with all that must go with them."""
        found = set(numbers)
        waiting = list(found)
        while waiting:
            for other in self.tied.get(waiting.pop(), ()):
                if other not in found and other not in self.frozen:
                    found.add(other)
                    waiting.append(other)
        return found

    def suppressor(self) -> Suppressor:
        """Return the suppressor with the primary cells in it."""
        primary = self.primary() | self.unknown
        return Suppressor(self.cells, self._values(), primary=primary, frozen=self.frozen, close=self.close, policy=self.policy)

    def _values(self) -> Floats:
        """Return the true values; what even we do not know (withheld in earlier editions) as one possible value."""
        values = np.array(self.cells.value)
        if not self.unknown:
            return values
        ranges = start(self.cells, self.policy)
        rows = [[(part, 1.0) for part in each.parts] + [(each.whole, -1.0)] for each in self.cells.sums]
        low = np.array([-math.inf if each.open else 0.0 for each in self.cells.sums])
        spread = np.where(np.isnan(values), 1.0, 0.0)
        point = Programme(rows, Box(low, np.zeros(len(rows))), Box(ranges.low, ranges.high), spread).minimise()
        guess = ranges.low if point is None else np.round(point)
        return np.where(np.isnan(values), guess, values)

    def given_away_before(self) -> set[tuple[str, ...]]:
        """Return the numbers that earlier editions give away by themselves: nothing that is withheld now can mend that."""
        own = {(quantity_of(fact.key), *fact.key[1]) for fact in self.facts}
        return self.bad(audit((), self.policy, self.previous)) - own if self.previous else set()

    def bad(self, found: Audit) -> set[tuple[str, ...]]:
        """Return quantity and place of each number that is not safe."""
        names = [name for name in found.cells if name not in ADDED]
        columns = [found.cells[name].tolist() for name in ("quantity", *names)]
        verdicts = found.cells["verdict"].tolist()
        return {tuple(row) for *row, verdict in zip(*columns, verdicts, strict=True) if verdict not in {"safe", PUBLIC}}

    def widen(self, suppressor: Suppressor, bad: set[tuple[str, ...]], *, far: bool) -> None:
        """Withhold more: what the suppressor finds; where that is nothing, all of the same sums; ``far``: all that is tied."""
        numbers = {number for number, key in enumerate(self.cells.keys) if (quantity_of(key), *key[1]) in bad}
        before = len(suppressor.withheld)
        suppressor.protect_more(numbers)
        while len(suppressor.withheld) == before or far:
            around = {
                cell for each in self.cells.sums if numbers & {each.whole, *each.parts} for cell in (each.whole, *each.parts)
            }
            if around <= numbers:
                return
            numbers = around
            suppressor.withhold(each for each in around if self.policy.zeros == "protect" or self.cells.value[each] != 0)

    def describe(self, bad: tuple[str, ...]) -> str:
        """Name a number for a message: what it counts, and where."""
        quantity, *place = bad
        codes = zip(self.cells.dimensions, place, strict=True)
        return ", ".join([quantity, *(f"{name} {code}" for name, code in codes if code not in {"", TOTAL})])

    def services(self, bad: set[tuple[str, ...]]) -> str:
        """Name the services that some numbers are of."""
        if "service" not in self.cells.dimensions:
            return "these tables"
        place = 1 + self.cells.dimensions.index("service")
        return ", ".join(sorted({each[place] for each in bad}))

    def write(self, withheld: set[int]) -> tuple[ProtectedTable, ...]:
        """Return the tables with the withheld numbers taken out."""
        gone = withheld | (self.frozen & self._primary_numbers)
        hidden: list[dict[int, set[str]]] = [defaultdict(set) for _ in self.tables]
        for fact in self.facts:
            if self.cells.number[fact.key] in gone:
                hidden[fact.table][fact.row].add(fact.role)
        return tuple(self._written(table, rows) for table, rows in zip(self.tables, hidden, strict=True))

    @property
    def _primary_numbers(self) -> set[int]:
        if not hasattr(self, "_primary_kept"):
            self._primary_kept = self.primary()
        return self._primary_kept

    def _written(self, table: ResultTable, hidden: Mapping[int, set[str]]) -> ProtectedTable:
        gone: dict[str, Column] = defaultdict(lambda: np.zeros(len(table), dtype=np.bool_))
        for row, roles in hidden.items():
            figures = roles - REMAINDERS
            whole = figures and (table.kind not in {*SHARES, "exposure"} or "denominator" in roles)
            for name in {*roles, *({"figures"} if figures else ()), *(PATIENTS if whole else ())}:
                gone[name][row] = True
        columns = {name: self._column(name, column, gone) for name, column in table.columns.items()}
        columns["status"] = _status(table, gone["figures"])
        return ProtectedTable(
            MappingProxyType(columns),
            name=table.name,
            kind=table.kind,
            dimensions=table.dimensions,
            token=shared._TOKEN,  # noqa: SLF001 - this is the one maker
        )

    def _column(self, name: str, column: Column, gone: Mapping[str, Column]) -> Column:
        """Take the figures out of withheld rows; what counts patients rather than events only if it is withheld itself."""
        if name == "note":
            return np.where(gone["figures"], "", column)
        if column.dtype.kind not in "fiu":  # whole numbers are withheld like any others
            return column
        out = np.where(gone[name if name in PATIENTS else "figures"], math.nan, column)
        if self.policy.precision is not None and name in {"value", "lower", "upper"}:
            out = np.round(out, self.policy.precision)
        return out

    def totals(self, found: Audit, suppressor: Suppressor, started: float) -> Audit:
        """Add to the audit what only the reviewer knows: how many were too small, and how many went with them."""
        own = {self.cells.number[fact.key] for fact in self.facts if quantity_of(fact.key) not in {"complement", *REMAINDERS}}
        first = self._primary_numbers & own
        totals = {
            "cells": len(own),
            "primary": len(first),
            "secondary": len((suppressor.withheld & own) - first),
            "exact": found.totals["exact"],
            "narrow": found.totals["narrow"],
            "seconds": round(time.perf_counter() - started, 3),
        }
        return Audit(found.cells, MappingProxyType(totals))


def _status(table: ResultTable, withheld: Column) -> Column:
    """Return the status column: ``c`` where withheld, else as given, else ``x`` or ``z`` where there is no value."""
    given = table.columns.get("status", np.full(len(table), SHOWN))
    status = np.array(given, dtype="<U3")
    if "value" in table.columns:
        empty = np.isnan(table["value"].astype(np.float64)) & (status == SHOWN)
        nobody = table["denominator"] == 0 if "denominator" in table.columns else np.zeros(len(table), dtype=np.bool_)
        status[empty & nobody] = NOT_APPLICABLE
        status[empty & ~nobody] = NOT_COLLECTED
    status[withheld] = WITHHELD
    return status
