"""The audit: attack the published tables with nothing but what is published, and report every withheld number's range."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from plenary_stats.disclosure.attacker.ranges import attack
from plenary_stats.disclosure.attacker.system import Ranges
from plenary_stats.disclosure.policy import Policy
from plenary_stats.disclosure.rounded import REACHES, is_rounded, within
from plenary_stats.disclosure.suppressor.cells import EVENTS, REMAINDERS, AnyTable, Cells, Key, quantity_of
from plenary_stats.disclosure.suppressor.links import dimensions_of, gather, link
from plenary_stats.errors import InputError
from plenary_stats.tables import TOTAL, Column, text

Editions = Sequence[AnyTable | Sequence[AnyTable]]
"""Earlier tables: flat, or edition by edition; the latest first, for of a corrected edition the last version is believed."""

PUBLIC = "public"
"""The verdict on a withheld number that an earlier edition or the register of public figures states anyway."""


@dataclass(frozen=True)
class Audit:
    """What a reader can deduce.

    ``cells``: one row per withheld number; columns: the dimensions, ``quantity``, ``low``, ``high`` (``inf``: unbounded) and
    ``verdict``: ``exact`` (low equals high), ``narrow`` (a number below the threshold within less than the minimum width),
    ``safe``, or ``public``. ``totals``: cells, primary, secondary, exact, narrow, seconds.
    """

    cells: Mapping[str, Column]
    totals: Mapping[str, float]

    @property
    def columns(self) -> Mapping[str, Column]:
        """The columns of ``cells``."""
        return self.cells

    @property
    def clean(self) -> bool:
        """Whether nothing that is withheld can be worked out."""
        return not self.totals["exact"] and not self.totals["narrow"]

    def rows(self) -> list[dict[str, Any]]:
        """Return the cells as plain dicts; an unbounded ``high`` is None."""
        plain = []
        for values in zip(*(column.tolist() for column in self.cells.values()), strict=True):
            row = dict(zip(self.cells, values, strict=True))
            row["low"], row["high"] = _plain(row["low"]), _plain(row["high"])
            plain.append(row)
        return plain

    def plain(self, *, seconds: bool = True) -> dict[str, Any]:
        """Return the audit for JSON. Without ``seconds`` the same tables give the same bytes."""
        totals = {name: number for name, number in self.totals.items() if seconds or name != "seconds"}
        return {"cells": self.rows(), "totals": totals}


def _plain(number: float) -> float | int | None:
    if math.isinf(number):
        return None
    return int(number) if number == int(number) else number


def flat(previous: Editions) -> list[AnyTable]:
    """Return all tables of all earlier editions."""
    tables: list[AnyTable] = []
    for each in previous:
        tables.extend([each] if hasattr(each, "kind") else each)  # type: ignore[list-item]
    return tables


def reader_view(
    published: Sequence[AnyTable], policy: Policy, previous: Editions = (), reach: int = 1
) -> tuple[Cells, list[Key]]:
    """Return all that a reader has, and the withheld cells among it (an earlier edition may state some all the same)."""
    earlier = flat(previous)
    tables = [*published, *earlier]
    dimensions = dimensions_of(tables, policy)
    cells, facts = gather(tables, dimensions, len(published))
    add_public(cells, policy)
    link(cells, policy)
    hidden = list(dict.fromkeys(fact.key for fact in sorted(facts, key=lambda each: each.key) if math.isnan(fact.value)))
    if policy.rounding is not None:
        exact = {fact.key for fact in facts if not is_rounded(tables[fact.table], policy.rounding)}
        hidden += _opened(cells, exact, policy.rounding, reach)
        add_public(cells, policy)
    return cells, hidden


def _opened(cells: Cells, exact: set[Key], base: int, reach: int) -> list[Key]:
    """Take rounded numbers for what they are: unknown, within so many of what is printed. Return their cells.

    Tables that are not rounded (of an edition before the policy) tell their numbers as ever.
    """
    found = []
    for number, key in enumerate(cells.keys):
        if cells.published[number] and cells.known(number) and quantity_of(key) != "amount" and key not in exact:
            cells.within[number] = within(cells.value[number], base, reach)
            cells.value[number] = math.nan
            found.append(key)
    for key in sorted(
        exact
    ):  # what was printed exactly before, and may still be so: it stands apart, as if it had been corrected
        number, value = cells.number.get((quantity_of(key), key[1]), -1), cells.value[cells.number[key]]
        low, high = cells.within.get(number, (math.inf, -math.inf))
        if low <= value <= high:
            cells.value[number] = value
    return found


def add_public(cells: Cells, policy: Policy) -> set[int]:
    """Tell the reader the register of figures that are public elsewhere; return their cells."""
    numbers = set()
    for entry in policy.already_public:
        place = tuple(str(entry.get(name, "patients" if name == "measure" else TOTAL)) for name in cells.dimensions)
        number = cells.add((str(entry.get("quantity", "patients")), place), float(entry["value"]), published=True)
        numbers.add(number)
    return numbers


def need(key: Key, policy: Policy) -> float:
    """Return how wide a withheld number's range must be."""
    quantity = quantity_of(key)
    if quantity in REMAINDERS:
        return 0.0
    return policy.event_width if quantity in EVENTS else policy.minimum_width


def verdict(key: Key, low: float, high: float, policy: Policy) -> str:
    """Return what the range amounts to."""
    wanted = need(key, policy)
    if quantity_of(key) == "amount":
        return "exact" if high - low < 0.005 else "narrow" if high - low < policy.amount_width * high - 0.005 else "safe"
    if not wanted:
        return "safe"
    if low == high:
        return "exact"
    return "narrow" if low < policy.threshold and high - low < wanted else "safe"


def audit(published: Sequence[AnyTable], policy: Policy, previous: Editions = ()) -> Audit:
    """Attack published tables together with earlier editions; return the exact whole-number range of every withheld cell.

    A withheld figure has status ``c``. Raises ``InputError`` where the published figures contradict one another.
    """
    started = time.perf_counter()
    for reach in REACHES if policy.rounding else (1,):  # as near as can be believed
        cells, hidden = reader_view(published, policy, previous, reach)
        try:
            ranges = attack(cells, policy)
        except InputError:
            if reach == REACHES[-1] or not policy.rounding:
                raise
            continue
        break
    return _report(cells, [*hidden, *_given_away(cells, ranges, policy)], ranges, policy, started)


def _given_away(cells: Cells, ranges: Ranges, policy: Policy) -> list[Key]:
    """Return the small numbers that stand in no table but follow from pooled years."""
    found = []
    for number in sorted(cells.implied):
        key = cells.keys[number]
        if quantity_of(key) == "amount":  # amounts are not small numbers of patients
            continue
        low, high = ranges.low[number], ranges.high[number]
        small = policy.event_threshold if quantity_of(key) in EVENTS else policy.threshold
        if low >= small or verdict(key, low, high, policy) == "safe" or (high == 0 and policy.zeros == "publish"):
            continue
        found.append(key)
    return sorted(found)


def _report(cells: Cells, hidden: Iterable[Key], ranges: Ranges, policy: Policy, started: float) -> Audit:
    """Put the ranges of the withheld cells into an audit."""
    keys = [key for key in hidden if quantity_of(key) != "complement"]
    numbers = [cells.number[key] for key in keys]
    low, high = ranges.low[numbers] if keys else np.zeros(0), ranges.high[numbers] if keys else np.zeros(0)
    verdicts = [
        PUBLIC
        if cells.known(cells.number[key])
        else "safe"
        if cells.number[key] in cells.within and low[order] >= policy.threshold  # rounded for the sums, not for itself
        else verdict(key, low[order], high[order], policy)
        for order, key in enumerate(keys)
    ]
    columns: dict[str, Column] = {
        name: text([key[1][position] for key in keys]) for position, name in enumerate(cells.dimensions)
    }
    columns |= {"quantity": text([quantity_of(key) for key in keys]), "low": low, "high": high, "verdict": text(verdicts)}
    totals = {
        "cells": sum(cells.published),
        "withheld": len(keys),
        "exact": verdicts.count("exact"),
        "narrow": verdicts.count("narrow"),
        "seconds": round(time.perf_counter() - started, 3),
    }
    return Audit(MappingProxyType(columns), MappingProxyType(totals))
