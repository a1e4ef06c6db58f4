"""For the reviewer: why each cell is withheld, and whom a further one protects.

None of this may leave: which cells were too small in themselves is what one mark for all hides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from plenary_stats.disclosure.attacker.audit import Editions
from plenary_stats.disclosure.policy import Policy
from plenary_stats.disclosure.protect import Protected, Work
from plenary_stats.disclosure.suppressor.cells import PEOPLE, Key, quantity_of
from plenary_stats.tables import ProtectedTable, ResultTable

Place = tuple[str, ...]
PATIENTS, EVENTS, COMPLEMENT, AMOUNT = "patients", "events", "complement", "amount"
EARLIER, TIED, SECONDARY = "earlier", "tied", "secondary"
"""The rules: too few patients, events or others; one contributor shows through; withheld before; goes with a figure; protects."""


@dataclass(frozen=True)
class Reason:
    """Why a cell is withheld. ``protects``: quantity and place of each cell that would be too narrow without this one.

    ``rows``: where it stands, by the order of its table and of its row in that. ``dimensions``: what the codes of places are of.
    """

    quantity: str
    place: Place
    rule: str
    protects: tuple[tuple[str, Place], ...]
    rows: tuple[tuple[int, int], ...]
    dimensions: tuple[str, ...]


def reasons(tables: Sequence[ResultTable], protected: Protected, policy: Policy, previous: Editions = ()) -> tuple[Reason, ...]:
    """Return, for every withheld cell of the protected tables, why it is withheld."""
    work = Work(tables, policy, previous)
    engine = work.suppressor()
    gone: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for fact in work.facts:
        if _emptied(protected.tables[fact.table], fact.row, fact.role):
            gone[work.cells.number[fact.key]].append((fact.table, fact.row))
    engine.hidden[sorted(gone)] = engine.free[sorted(gone)]
    found = []
    for number in sorted(gone, key=lambda each: work.cells.keys[each]):
        key, saved = work.cells.keys[number], list[Key]()
        if number in work.small:
            rule = _primary_rule(key)
        elif number in work.unknown | work.kept:
            rule = EARLIER
        elif number in engine.primary:
            rule = TIED
        else:
            rule, saved = SECONDARY, [work.cells.keys[each] for each in engine.narrow_without(number)]
        protects = tuple((quantity_of(each), each[1]) for each in saved)
        found.append(Reason(quantity_of(key), key[1], rule, protects, tuple(gone[number]), work.cells.dimensions))
    return tuple(found)


def _emptied(table: ProtectedTable, row: int, role: str) -> bool:
    """Whether a number cannot be read from a row: those without an outcome are read from those with it."""
    return bool(np.isnan(table["numerator" if role == "complement" else role][row]))


def _primary_rule(key: Key) -> str:
    quantity = quantity_of(key)
    return PATIENTS if quantity in PEOPLE else {"numerator": EVENTS, "complement": COMPLEMENT}.get(quantity, AMOUNT)
