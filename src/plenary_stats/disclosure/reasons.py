"""For the reviewer: why each cell is withheld, whom a further one protects, and what it would cost to show one after all.

None of this may leave: which cells were too small in themselves is what one mark for all hides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from plenary_stats.disclosure.attacker.audit import Editions
from plenary_stats.disclosure.policy import Policy
from plenary_stats.disclosure.protect import Protected, Work
from plenary_stats.disclosure.suppressor.cells import PEOPLE, Key, quantity_of
from plenary_stats.disclosure.suppressor.engine import Suppressor
from plenary_stats.errors import InputError
from plenary_stats.tables import TOTAL, WITHHELD, ResultTable

Place = tuple[str, ...]
PATIENTS, EVENTS, COMPLEMENT, AMOUNT = "patients", "events", "complement", "amount"
EARLIER, TIED, SECONDARY = "earlier", "tied", "secondary"
"""The rules: too few patients, events or others; one contributor shows through; withheld before; goes with a figure; protects."""


@dataclass(frozen=True)
class Reason:
    """Why a cell is withheld. ``protects``: quantity and place of each cell that would be too narrow without this one."""

    quantity: str
    place: Place
    rule: str
    protects: tuple[tuple[str, Place], ...] = ()


@dataclass(frozen=True)
class Cost:
    """What it would cost to show a withheld cell: other cells in its place (``newly_withheld``), or ``why`` it is impossible.

    ``secondary`` counts the cells that go for others' sake, ``loss`` weighs them as the policy does.
    """

    possible: bool
    secondary_before: int
    secondary_after: int
    loss_before: float
    loss_after: float
    newly_withheld: tuple[tuple[str, Place], ...]
    why: str


def reasons(tables: Sequence[ResultTable], protected: Protected, policy: Policy, previous: Editions = ()) -> tuple[Reason, ...]:
    """Return, for every withheld cell of the protected tables, why it is withheld."""
    work = Work(tables, policy, previous)
    engine = work.suppressor()
    gone = {
        work.cells.number[fact.key]
        for fact in work.facts
        if protected.tables[fact.table]["status"][fact.row] == WITHHELD or _emptied(protected, fact.table, fact.row, fact.role)
    }
    engine.hidden[sorted(gone)] = engine.free[sorted(gone)]
    small = work.primary()
    found = []
    for number in sorted(gone, key=lambda each: work.cells.keys[each]):
        key = work.cells.keys[number]
        if number in small:
            found.append(_reason(key, _primary_rule(key)))
        elif number in work.unknown:
            found.append(_reason(key, EARLIER))
        elif number in engine.primary:
            found.append(_reason(key, TIED))
        else:
            found.append(_reason(key, SECONDARY, [work.cells.keys[each] for each in engine.narrow_without(number)]))
    return tuple(found)


def _emptied(protected: Protected, table: int, row: int, role: str) -> bool:
    """Whether a column of its own (patients, not known) is empty in a row that is shown."""
    columns = protected.tables[table].columns
    return role in columns and bool(np.isnan(columns[role][row]))


def _reason(key: Key, rule: str, protects: Sequence[Key] = ()) -> Reason:
    return Reason(quantity_of(key), key[1], rule, tuple((quantity_of(each), each[1]) for each in protects))


def _primary_rule(key: Key) -> str:
    quantity = quantity_of(key)
    return PATIENTS if quantity in PEOPLE else {"numerator": EVENTS, "complement": COMPLEMENT}.get(quantity, AMOUNT)


def cost_of_showing(tables: Sequence[ResultTable], policy: Policy, previous: Editions, quantity: str, place: Place) -> Cost:
    """Return what would have to be withheld in place of one cell. ``InputError`` where there is no such cell.

    The answer is the suppressor's: nothing leaves by it, for what is released is attacked anew.
    """
    work = Work(tables, policy, previous)
    number = work.cells.number.get((quantity, tuple(place)))
    if number is None:
        raise InputError(f"There is no {quantity} at {', '.join(code for code in place if code not in {'', TOTAL})}.")
    before = work.suppressor()
    before.run()
    asked = np.flatnonzero(before.group == before.group[number]).tolist()
    if number not in before.withheld:
        return _cost(work, before, before, "It is shown as it is.", possible=True)
    if number in work.primary():
        return _cost(work, before, before, "It is too small in itself.", possible=False)
    if number in before.primary or not before.primary.isdisjoint(asked):
        return _cost(work, before, before, "It goes with a figure that is too small, or is the same number.", possible=False)
    after = work.suppressor(keep=asked)
    after.careful = {int(before.blocks.of[number])}
    after.run()
    lost = sorted(after.hopeless - before.hopeless)
    if lost:
        named = work.describe((quantity_of(work.cells.keys[lost[0]]), *work.cells.keys[lost[0]][1]))
        return _cost(work, before, after, f"Nothing else can protect {named}.", possible=False)
    return _cost(work, before, after, "Other cells can go in its place.", possible=True)


def _cost(work: Work, before: Suppressor, after: Suppressor, why: str, *, possible: bool) -> Cost:
    new = sorted(work.cells.keys[each] for each in after.withheld - before.withheld) if possible else []
    own = {work.cells.number[fact.key] for fact in work.facts}
    first, second = (len((each.withheld & own) - each.primary) for each in (before, after))
    losses = round(before.loss, 6), round(after.loss, 6)
    return Cost(possible, first, second, *losses, tuple((quantity_of(key), key[1]) for key in new), why)
