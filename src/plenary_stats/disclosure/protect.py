"""Protect tables: withhold small numbers and what would give them away, prove it by the attack, and only then let them go."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from plenary_stats import tables as shared
from plenary_stats.disclosure.attacker.audit import PUBLIC, Audit, Editions, attacked, audit, flat
from plenary_stats.disclosure.policy import Policy
from plenary_stats.disclosure.rounding import rounded
from plenary_stats.disclosure.sight import in_sight
from plenary_stats.disclosure.suppressor.amounts import sensitive
from plenary_stats.disclosure.suppressor.cells import REMAINDERS, Sum, quantity_of
from plenary_stats.disclosure.suppressor.corrected import kept_back
from plenary_stats.disclosure.suppressor.engine import Suppressor
from plenary_stats.disclosure.suppressor.links import SHARES, by_row, dimensions_of, gather, link
from plenary_stats.disclosure.suppressor.measures import without_condition
from plenary_stats.disclosure.suppressor.needs import Needs, add_public, primary
from plenary_stats.disclosure.suppressor.ties import structural, ties
from plenary_stats.errors import InputError
from plenary_stats.solver import Box, Floats, Programme
from plenary_stats.tables import NOT_APPLICABLE, NOT_COLLECTED, SHOWN, TOTAL, WITHHELD, Column, ProtectedTable, ResultTable

ROUNDS = 12
_NAMED = 6
PATIENTS = frozenset({"denominator", *REMAINDERS})
"""The columns of a row that may stay, or go, apart from its figures."""


CASE_MIX = {"expected": 1, "ratio": 2, "ratio_lower": 2, "ratio_upper": 2}
"""Decimals of a case-mix comparison. With more, the shown centres' expected events give away the model, and a correction of the
model the covariates and outcomes of a centre that is withheld."""


@dataclass(frozen=True)
class Protected:
    """The tables that may leave, in the order given, and the audit that says so.

    ``notes`` are for whoever protects: totals that are less than their parts together, which therefore protect nothing.
    """

    tables: tuple[ProtectedTable, ...]
    audit: Audit
    notes: tuple[str, ...] = ()


def protect(tables: Sequence[ResultTable], policy: Policy, previous: Editions = ()) -> Protected:
    """Withhold every number below the threshold and whatever would let a reader work it out.

    All tables are linked with one another and with the published tables of earlier editions (``previous``: flat or edition by
    edition). The result is attacked from what is published alone, and looked at once more for small numbers, before it is
    returned. Raises ``InputError`` where no suppression of these tables can protect a number: because earlier publications
    already give it away, or because its sums do.
    """
    started = time.perf_counter()
    if policy.rounding is not None:
        return _rounded(tables, policy, previous, started)
    work = Work(tables, policy, previous)
    suppressor = work.suppressor()
    suppressor.run()
    hopeless: set[tuple[str, ...]] | None = None
    found: Audit | None = None
    for attempt in range(ROUNDS):
        made = work.write(suppressor.withheld)
        found = attacked(made, policy, previous, found)
        bad = work.bad(found)
        if bad and hopeless is None:
            hopeless = work.given_away_before()
        bad -= hopeless or set()
        if not bad:
            if seen := next(in_sight(made, policy), None):
                raise RuntimeError(
                    f"A number that is too small would be shown ({seen}): nothing leaves. This is a fault of Plenary."
                )
            full = audit(made, policy, previous) if hopeless else found
            return Protected(made, work.totals(full, suppressor, started), work.notes())
        work.widen(suppressor, bad, far=attempt >= ROUNDS - 3)
    raise InputError(work.refusal(bad))


def _rounded(tables: Sequence[ResultTable], policy: Policy, previous: Editions, started: float) -> Protected:
    """Round what counts patients; amounts are withheld or shown as without rounding. The attack has the last word here too."""
    amounts = [table for table in tables if table.kind == "magnitude"]
    counts = iter(rounded([table for table in tables if table.kind != "magnitude"], policy, flat(previous)))
    plain = iter(protect(amounts, replace(policy, rounding=None), previous).tables if amounts else ())
    made = tuple(next(plain) if table.kind == "magnitude" else next(counts) for table in tables)
    found = audit(made, policy, previous)
    if not found.clean:
        bad = next(row for row in found.rows() if row["verdict"] in {"exact", "narrow"})
        place = ", ".join(f"{name} {code}" for name, code in bad.items() if code not in {"", TOTAL})
        raise InputError(
            f"Rounded to multiples of {policy.rounding}, {found.totals['exact'] + found.totals['narrow']} numbers can still be "
            f"told too nearly; for example {place}. Give a larger base, leave out a breakdown, or withhold small numbers instead."
        )
    withheld = sum(int((table["status"] == WITHHELD).sum()) for table in made)
    totals = {"cells": found.totals["cells"], "primary": withheld, "secondary": 0, "exact": 0, "narrow": 0}
    return Protected(made, Audit(found.cells, MappingProxyType(totals | {"seconds": round(time.perf_counter() - started, 3)})))


class Work:
    """The true tables as cells, and the way back from cells to tables. It knows what must not leave."""

    def __init__(self, tables: Sequence[ResultTable], policy: Policy, previous: Editions) -> None:
        self.tables, self.policy, self.previous = tuple(tables), policy, previous
        everything = [*tables, *flat(previous)]
        dimensions = dimensions_of(everything, policy)
        self.cells, facts = gather(everything, dimensions, len(tables), policy.hierarchies.get("centre", ()))
        self.facts = [fact for fact in facts if fact.table < len(tables)]
        self.frozen = {
            self.cells.number[fact.key] for fact in facts if fact.table >= len(tables) and not math.isnan(fact.value)
        } | add_public(self.cells, policy)
        link(self.cells, policy)
        self.structural = structural(self.cells, policy) | without_condition(self.cells)
        self.frozen |= self.cells.absent | self.structural
        self.unknown = {number for number in range(len(self.cells.keys)) if not self.cells.known(number)}
        self.tied = ties(self.cells, by_row(self.cells, self.facts).values())
        earlier = [fact for fact in facts if fact.table >= len(tables)]
        self.small = self.primary()
        self.kept = kept_back(self.cells, earlier, self.small, policy) - self.structural if earlier else set[int]()

    def primary(self) -> set[int]:
        """Return the cells that are too small in themselves."""
        own = {self.cells.number[fact.key] for fact in self.facts}
        small = np.flatnonzero(primary(self.cells, np.array(self.cells.value), self.policy)).tolist()
        return (own.intersection(small) | sensitive(self.cells, own, self.policy)) - self.structural

    def suppressor(self) -> Suppressor:
        """Return the suppressor with the primary cells in it."""
        small = self._primary_numbers | self.unknown
        return Suppressor(self.cells, self._values(), primary=small, frozen=self.frozen, tied=self.tied, policy=self.policy)

    def _values(self) -> Floats:
        """Return the true values; what even we do not know (withheld in earlier editions) as one possible value."""
        values = np.array(self.cells.value)
        if not self.unknown:
            return values
        least = Needs.of(self.cells, values, self.policy).floor
        ends = Box(np.where(np.isnan(values), least, values), np.where(np.isnan(values), math.inf, values))
        rows = [[(part, 1.0) for part in each.parts] + [(each.whole, -1.0)] for each in self.cells.sums]
        low = np.array([-math.inf if each.open else 0.0 for each in self.cells.sums])
        spread = np.where(np.isnan(values), 1.0, 0.0)
        point = Programme(rows, Box(low, np.zeros(len(rows))), ends, spread).minimise()
        guess = ends.low if point is None else np.round(point)
        return np.where(np.isnan(values), guess, values)

    def given_away_before(self) -> set[tuple[str, ...]]:
        """Return the numbers that earlier editions give away by themselves: nothing that is withheld now can mend that.

        A year that stands in no table is a number only once this edition has pools with it: they are asked with it, all withheld.
        """
        if not self.previous:
            return set()
        own = {(quantity_of(fact.key), *fact.key[1]) for fact in self.facts}
        most = self.write({self.cells.number[fact.key] for fact in self.facts if fact.value != 0})
        return (self.bad(audit((), self.policy, self.previous)) | self.bad(audit(most, self.policy, self.previous))) - own

    def bad(self, found: Audit) -> set[tuple[str, ...]]:
        """Return quantity and place of each number that is not safe; a dimension that the audited tables lack is at its total."""
        verdicts = found.cells["verdict"].tolist()
        columns = [
            found.cells[name].tolist() if name in found.cells else ["" if name == "measure" else TOTAL] * len(verdicts)
            for name in ("quantity", *self.cells.dimensions)
        ]
        return {tuple(row) for *row, verdict in zip(*columns, verdicts, strict=True) if verdict not in {"safe", PUBLIC}}

    def widen(self, suppressor: Suppressor, bad: set[tuple[str, ...]], *, far: bool) -> None:
        """Withhold more: what the suppressor finds; where that is nothing, all of the same sums; ``far``: all that is tied."""
        numbers = {number for number, key in enumerate(self.cells.keys) if (quantity_of(key), *key[1]) in bad}
        before = suppressor.withheld
        suppressor.protect_more(numbers)
        while suppressor.withheld == before or far:
            around = {
                cell for each in self.cells.sums if numbers & {each.whole, *each.parts} for cell in (each.whole, *each.parts)
            }
            if around <= numbers:
                return
            numbers = around
            suppressor.withhold(each for each in around if self.policy.zeros == "protect" or self.cells.value[each] != 0)

    def refusal(self, bad: set[tuple[str, ...]]) -> str:
        """Say why nothing that is withheld can protect some numbers, and what to do. No figure is told: the words are kept."""
        said = (
            f"{len(bad)} numbers of {self.services(bad)} cannot be protected whatever is withheld, because {{}}; for example "
            f"{self.describe(min(bad))}. "
        )
        if flat(self.previous) or self.policy.already_public:
            return said.format("figures that are public already give them away") + (
                "Either leave that service out of this edition, or publish it together with the next year; or, if readers know "
                "them anyway, enter them in the policy's already_public."
            )
        exceeded = next(filter(None, map(self._exceeded, sorted(bad))), "")
        if exceeded:
            return said.format("these tables contradict themselves") + f"{exceeded} Correct the total or its parts."
        return said.format("the sums that they stand in leave no room") + (
            "Leave the breakdown out in which they stand, or put it together with another; or pool years."
        )

    def _exceeded(self, bad: tuple[str, ...]) -> str:
        """Name the total beside a number that is less than all its parts together; "" where there is none."""
        quantity, *place = bad
        for position, name in enumerate(self.cells.dimensions):
            whole = self.cells.number.get((quantity, (*place[:position], TOTAL, *place[position + 1 :])))
            above = {parent for _, parent in self.policy.hierarchies.get(name, ())}
            beside = [
                (key[1][position], self.cells.value[number])
                for key, number in self.cells.number.items()
                if key[0] == quantity
                and [*key[1][:position], *key[1][position + 1 :]] == [*place[:position], *place[position + 1 :]]
                and key[1][position] not in {TOTAL, "", *above}
            ]
            if whole is not None and sum(value for _, value in beside) > self.cells.value[whole]:
                key = self.cells.keys[whole]
                codes = sorted(code for code, _ in beside)
                return f"{self.describe((key[0], *key[1]))}, {name} {TOTAL}, is less than its parts {_listed(codes)} together."
        return ""

    def notes(self) -> tuple[str, ...]:
        """Name the totals of this edition that are less than their parts together, a dimension at a time; no figure is told."""
        found: dict[int, list[Sum]] = defaultdict(list)
        for each in self.cells.exceeded:
            whole, part = self.cells.keys[each.whole], self.cells.keys[each.parts[0]]
            differ = [place for place, codes in enumerate(zip(whole[1], part[1], strict=True)) if len(set(codes)) > 1]
            if whole[0] == part[0] and len(differ) == 1 and self.cells.own.issuperset((each.whole, *each.parts)):
                found[differ[0]].append(each)
        return tuple(self._note(position, sums) for position, sums in sorted(found.items()))

    def _note(self, position: int, sums: Sequence[Sum]) -> str:
        name, first = self.cells.dimensions[position], sums[0]
        key = self.cells.keys[first.whole]
        more = f" (and {len(sums) - 1:,} more such totals)" if len(sums) > 1 else ""
        parts = _listed(sorted(self.cells.keys[part][1][position] for part in first.parts))
        return (
            f"{self.describe((key[0], *key[1]))}, {name} {key[1][position]}, is less than its parts {parts} together{more}: no "
            f"sum of them is protected. If the codes of {name} overlap, say in the policy's hierarchies how they nest, or leave "
            "some out: a number may be told by those that do add up. If people count in more than one part, nothing is wrong."
        )

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
        return self.small | self.kept

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
        if name in CASE_MIX:
            return np.round(out, CASE_MIX[name])
        if self.policy.precision is not None and name in {"value", "lower", "upper"}:
            out = np.round(out, self.policy.precision)
        return out

    def totals(self, found: Audit, suppressor: Suppressor, started: float) -> Audit:
        """Add to the audit what only the reviewer knows: how many were too small, and how many went with them."""
        own = {self.cells.number[fact.key] for fact in self.facts if quantity_of(fact.key) not in {"complement", *REMAINDERS}}
        first = self.small & own
        loss, bound = round(suppressor.loss, 6), round(suppressor.bound(), 6)
        totals = {
            "cells": len(own),
            "primary": len(first),
            "secondary": len((suppressor.withheld & own) - first),
            "exact": found.totals["exact"],
            "narrow": found.totals["narrow"],
            "loss": loss,
            "bound": bound,
            "gap": round((loss - bound) / loss, 6) if loss else 0.0,
            "seconds": round(time.perf_counter() - started, 3),
        }
        return Audit(found.cells, MappingProxyType(totals))


def _listed(codes: Sequence[str]) -> str:
    return ", ".join(codes[:_NAMED]) + (f" and {len(codes) - _NAMED:,} more" if len(codes) > _NAMED else "")


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
