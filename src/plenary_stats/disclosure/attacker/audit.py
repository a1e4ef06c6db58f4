"""The audit: attack the published tables with nothing but what is published, and report every withheld number's range."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from plenary_stats.disclosure.attacker.corrected import supposed
from plenary_stats.disclosure.attacker.figures import EVENTS, PEOPLE, REMAINDERS, AnyTable
from plenary_stats.disclosure.attacker.how import explained
from plenary_stats.disclosure.attacker.insiders import seen
from plenary_stats.disclosure.attacker.linking import link
from plenary_stats.disclosure.attacker.measures import beliefs, directions
from plenary_stats.disclosure.attacker.opened import open_rounded
from plenary_stats.disclosure.attacker.ranges import attack, before
from plenary_stats.disclosure.attacker.shares import Share, shares_of, words_of
from plenary_stats.disclosure.attacker.system import Bounds
from plenary_stats.disclosure.attacker.view import View, view_of
from plenary_stats.disclosure.policy import Policy
from plenary_stats.disclosure.rounded import REACHES
from plenary_stats.errors import InputError
from plenary_stats.tables import Column, text

Editions = Sequence[AnyTable | Sequence[AnyTable]]
"""Earlier tables: flat, or edition by edition; the latest first, for of a corrected edition the last version is believed."""

ADDED = frozenset({"quantity", "low", "high", "verdict", "how", "reader"})
"""The columns of a report besides the dimensions."""
GENERAL = "all published sums together leave no other numbers"
CORRECTED = "both versions together leave no other numbers, if the correction changed one of these figures alone"
"""What is said of a cell that is not safe where no shorter reckoning is found."""
RULE = "nothing that is withheld with it can be too small but this"
"""What is said of a cell that the rule itself tells too nearly."""
PUBLIC = "public"
"""The verdict on a withheld number that an earlier edition or the register of public figures states anyway."""


@dataclass(frozen=True)
class Audit:
    """What a reader can deduce.

    ``cells``: one row per withheld number; columns: the dimensions, ``quantity``, ``low``, ``high`` (``inf``: unbounded) and
    ``verdict``: ``exact`` (low equals high), ``narrow`` (a number below the threshold within less than the minimum width),
    ``safe``, or ``public``; ``how`` says of what is not safe from which figures it follows. ``totals``: cells, withheld, exact,
    narrow, below (numbers of people that are certainly smaller than the threshold), seconds.
    """

    cells: Mapping[str, Column]
    totals: Mapping[str, Any]

    @property
    def columns(self) -> Mapping[str, Column]:
        """The columns of ``cells``."""
        return self.cells

    @property
    def clean(self) -> bool:
        """Whether nothing that is withheld can be worked out."""
        return not self.totals["exact"] and not self.totals["narrow"]

    @property
    def how(self) -> Mapping[tuple[str, ...], str]:
        """How what is not safe follows from what is published, by quantity and place."""
        names = [name for name in self.cells if name not in ADDED]
        columns = [self.cells[name].tolist() for name in ("quantity", *names)]
        told = self.cells["how"].tolist() if "how" in self.cells else []
        return {tuple(where): words for *where, words in zip(*columns, told, strict=True) if words} if told else {}

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


def need(quantity: str, policy: Policy) -> float:
    """Return how wide a withheld number's range must be."""
    if quantity in REMAINDERS:
        return 0.0
    return policy.event_width if quantity in EVENTS else policy.minimum_width


def verdict(quantity: str, low: float, high: float, policy: Policy) -> str:
    """Return what the range amounts to."""
    wanted = need(quantity, policy)
    if quantity == "amount":
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
    return _with_reasons(_attacked(published, policy, previous), policy)


def attacked(published: Sequence[AnyTable], policy: Policy, previous: Editions = (), before: Audit | None = None) -> Audit:
    """Return the audit with nothing said of how, for whoever will withhold more and ask again.

    ``before``: the last answer, when all that is published now was published then. Less tells no more: what was wide then is
    wide now, and is not proved once more where that takes long. Not so with earlier editions, of which the reader may believe
    less when this one tells less.
    """
    known = frozenset() if before is None or flat(previous) else _wide(before, policy)
    found = _attacked(published, policy, previous, known).found
    return Audit({**found.cells, "how": text([""] * len(found.cells["verdict"]))}, found.totals)


def _wide(found: Audit, policy: Policy) -> frozenset[tuple[str, ...]]:
    """Return quantity and place of what had a range as wide as small numbers must have, however small they can be.

    An amount is not among them: how wide its range must be rises with it.
    """
    names = ["quantity", *(name for name in found.cells if name not in ADDED)]
    mine = (found.cells["verdict"] == "safe") & (found.cells["low"] < policy.threshold) & (found.cells["quantity"] != "amount")
    return frozenset(zip(*(found.cells[name][mine].tolist() for name in names), strict=True))


@dataclass(frozen=True)
class _Attack:
    """What was found, and all that it was found from."""

    found: Audit
    view: View
    cells: Sequence[int]
    bounds: Bounds
    shares: Sequence[Share]


def _attacked(
    published: Sequence[AnyTable], policy: Policy, previous: Editions, known: frozenset[tuple[str, ...]] = frozenset()
) -> _Attack:
    started = time.perf_counter()
    tables = [*published, *flat(previous)]
    for reach in REACHES if policy.rounding else (1,):  # as near as can be believed
        view = view_of(published, policy, flat(previous))
        withheld = _withheld(view)
        link(view)
        view.beliefs = beliefs(view, directions(tables))
        if policy.rounding:
            withheld += open_rounded(view, tables, policy.rounding, reach)
        shares = shares_of(view, tables, policy)
        taken = known if not view.beliefs else frozenset()  # less that is shown may make a reader believe more
        view.wide = [cell for cell in withheld if taken and (view.quantity(cell), *view.codes(cell)) in taken]
        try:
            bounds = supposed(view, attack(view, policy, shares), policy)
        except InputError:
            if reach == REACHES[-1] or not policy.rounding:
                raise
            continue
        break
    cells = [*withheld, *_others(view, withheld, bounds, policy), *_given_away(view, bounds, policy)]
    return _Attack(_report(view, cells, bounds, policy, started), view, cells, bounds, shares)


def _withheld(view: View) -> list[int]:
    """Return the cells that some table withholds (another may state them all the same), in the order of their names."""
    hidden = np.unique(view.cell_of[np.isnan(view.figures.value)])
    return [cell for cell in _sorted(view, hidden.tolist()) if view.quantity(cell) != "complement"]


def _sorted(view: View, cells: Iterable[int]) -> list[int]:
    families = view.figures.families
    return sorted(cells, key=lambda cell: (families[int(view.family[cell])], view.codes(cell)))


def _others(view: View, withheld: Sequence[int], bounds: Bounds, policy: Policy) -> list[int]:
    """Return the few to whom it did not happen, where they are told too nearly and those to whom it did are many."""
    safe = {
        view.codes(cell): verdict("numerator", bounds.low[cell], bounds.high[cell], policy) == "safe"
        for cell in withheld
        if view.quantity(cell) == "numerator" and np.isnan(view.value[cell])
    }
    hidden = [cell for cell in np.unique(view.cell_of[np.isnan(view.figures.value)]).tolist() if np.isnan(view.value[cell])]
    return _sorted(
        view,
        (
            cell
            for cell in hidden
            if view.quantity(cell) == "complement"
            and safe.get(view.codes(cell), True)
            and (bounds.high[cell] > 0 or policy.zeros == "protect")
            and verdict("complement", bounds.low[cell], bounds.high[cell], policy) != "safe"
        ),
    )


def _given_away(view: View, bounds: Bounds, policy: Policy) -> list[int]:
    """Return the small numbers that stand in no table but follow from pooled years."""
    found = []
    for cell in np.flatnonzero(view.implied).tolist():
        quantity, low, high = view.quantity(cell), bounds.low[cell], bounds.high[cell]
        small = policy.event_threshold if quantity in EVENTS else policy.threshold
        if quantity in {"complement", "amount"} or low >= small or (high == 0 and policy.zeros == "publish"):
            continue
        if verdict(quantity, low, high, policy) != "safe":
            found.append(cell)
    return _sorted(view, found)


def _report(view: View, cells: Sequence[int], bounds: Bounds, policy: Policy, started: float) -> Audit:
    """Put the ranges of the withheld cells into an audit."""
    near = seen(view, bounds, policy.insiders, cells) if policy.insiders else {}
    low = np.array([near[cell].low if cell in near else bounds.low[cell] for cell in cells], dtype=np.float64)
    high = np.array([near[cell].high if cell in near else bounds.high[cell] for cell in cells], dtype=np.float64)
    quantities = [view.quantity(cell) for cell in cells]
    known = (~np.isnan(view.value[list(cells)])).tolist()
    verdicts = [
        PUBLIC
        if told
        else "safe"
        if cell in view.within and least >= policy.threshold  # rounded for the sums, not for itself
        else verdict(quantity, least, most, policy)
        for cell, told, quantity, least, most in zip(cells, known, quantities, low.tolist(), high.tolist(), strict=True)
    ]
    places = [view.codes(cell) for cell in cells]
    columns: dict[str, Column] = {name: text([place[order] for place in places]) for order, name in enumerate(view.dimensions)}
    columns |= {"quantity": text(quantities), "low": low, "high": high, "verdict": text(verdicts)}
    if policy.insiders:
        columns["reader"] = text([near[cell].reader if cell in near else "" for cell in cells])
    people = np.array([quantity in PEOPLE for quantity in quantities], dtype=np.bool_)
    totals = {
        "cells": int(view.published.sum()),
        "withheld": len(cells),
        "exact": verdicts.count("exact"),
        "narrow": verdicts.count("narrow"),
        "below": int((people & (high < policy.threshold)).sum()),
        **({"joint": f"not tried for {view.untried} components"} if view.untried else {}),
        "seconds": round(time.perf_counter() - started, 3),
    }
    return Audit(MappingProxyType(columns), MappingProxyType(totals))


def _with_reasons(attack: _Attack, policy: Policy) -> Audit:
    """Add to an audit how each cell that is not safe follows from what is published."""
    found, view, cells, bounds, shares = attack.found, attack.view, attack.cells, attack.bounds, attack.shares
    verdicts = found.cells["verdict"].tolist()
    bad = [cell for cell, said in zip(cells, verdicts, strict=True) if said in {"exact", "narrow"}]
    plain = sorted(set(bad) - set(view.supposed))
    how = explained(view, before(view, policy, shares), bounds, plain) if plain else {}
    for cell in set(view.small).intersection(bad):
        how[cell] = "; ".join(filter(None, (how.get(cell, ""), RULE)))
    readers = found.cells["reader"].tolist() if "reader" in found.cells else [""] * len(cells)
    how |= {cell: f"{who} subtracts its own figures" for cell, who in zip(cells, readers, strict=True) if who and cell in bad}
    for cell, words in words_of(shares).items():
        if cell in bad:
            how[cell] = "; ".join(filter(None, (how.get(cell, ""), words)))
    how |= {cell: CORRECTED for cell in view.supposed if cell in bad}
    how |= {cell: GENERAL for cell in bad if not how.get(cell)}
    columns = {**found.cells, "how": text([how.get(cell, "") for cell in cells])}
    return Audit(MappingProxyType(columns), found.totals)
