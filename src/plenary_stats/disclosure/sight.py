"""The last look at tables before they leave: is a number shown that is too small to be?

The attack asks what follows from the shown numbers; it takes for granted that these may be shown. Whether they may is asked here,
of the finished tables alone, by code that shares nothing with what chose which numbers to withhold.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from plenary_stats.disclosure.policy import Policy
from plenary_stats.tables import TOTAL, ProtectedTable

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

PEOPLE = {"count": "value", "exposure": "numerator", "summary": "denominator", "rate": "denominator", "levels": "denominator"}
"""Of each kind of table, the column that counts patients."""
RECORDS = "complete-records"
"""What this measure of completeness counts of each denominator is records, which tell of the data alone."""


def in_sight(tables: Sequence[ProtectedTable], policy: Policy) -> Iterator[str]:
    """Yield in words each shown number that is too small: where it stands and what it counts, not how many."""
    known = {name for table in tables for name in policy.dimensions or table.dimensions}
    for table in tables:
        if table.kind not in PEOPLE:
            continue
        for column, numbers, few in _few(table, policy):
            for row in np.flatnonzero(few & ~((numbers == 0) & _nobody(table, policy, known))).tolist():
                place = ", ".join(
                    f"{name} {table[name][row]}" for name in table.dimensions if table[name][row] not in {"", TOTAL}
                )
                yield f"{table.name}: {column} of {place or 'all'}"


def _few(table: ProtectedTable, policy: Policy) -> Iterator[tuple[str, Floats, Bools]]:
    """Yield what a column shows, and in which rows that is too few: of patients, and of events among enough of them."""
    people = np.asarray(table[PEOPLE[table.kind]], dtype=np.float64)
    least = 0 if policy.zeros == "protect" else 1
    yield PEOPLE[table.kind], people, (people >= least) & (people < policy.threshold)
    if table.kind not in {"rate", "levels"}:
        return
    met = np.asarray(table["numerator"], dtype=np.float64)
    if table.name == "completeness":
        yield "numerator", met, (met >= least) & (met < policy.threshold) & (table["measure"] != RECORDS)
        return
    for name, part in (("numerator", met), ("complement", people - met)):
        yield name, part, (part >= least) & (part < policy.event_threshold) & (people >= policy.threshold)


def _nobody(table: ProtectedTable, policy: Policy, known: Collection[str]) -> Bools:
    """Return in which rows everybody knows that there is nobody, as the policy's ``structural_zeros`` say."""
    found = np.zeros(len(table), dtype=np.bool_)
    for entry in policy.structural_zeros:
        wanted = {name: code for name, code in entry.items() if name in known}
        if wanted and all(name in table.columns for name in wanted):
            found |= np.logical_and.reduce([table[name] == code for name, code in wanted.items()])
    return found
