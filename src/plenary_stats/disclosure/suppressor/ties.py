"""What goes together whatever the sums say: figures with their denominator, one number under two names; and known noughts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from plenary_stats.disclosure.policy import Policy
from plenary_stats.disclosure.suppressor.cells import EVENTS, PEOPLE, Cells, as_patients, quantity_of
from plenary_stats.errors import InputError
from plenary_stats.tables import TOTAL


def ties(cells: Cells, rows: Iterable[Mapping[str, int]]) -> dict[int, set[int]]:
    """Return, for each cell, those that go with it. ``rows``: the cell in each column of each row of the tables."""
    tied: dict[int, set[int]] = defaultdict(set)
    quantities = [quantity_of(key) for key in cells.keys]
    for row in rows:
        for role, number in row.items() if len(row) > 1 else ():
            if role != "denominator" and "denominator" in row:
                tied[row["denominator"]].add(number)
            if role in EVENTS and quantities[number] != "not_known":  # the one gives the other away
                tied[number].update(row[other] for other in EVENTS if other in row and other != role)
    for one, other in _same(cells, quantities) if not PEOPLE.issuperset(quantities) or "received" in quantities else ():
        tied[one].add(other)
        tied[other].add(one)
    return tied


def _same(cells: Cells, quantities: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield pairs of cells that are one number under two names, surely or mostly."""
    for each in cells.sums:
        people = [part for part in each.parts if quantities[part] in PEOPLE]
        rest = set(each.parts).difference(people)
        told = cells.published[each.whole]
        if told and len(people) == 1 and rest and all(cells.value[part] == 0 for part in rest):
            yield people[0], each.whole
    for number, quantity in enumerate(quantities):
        if quantity == "received":  # mostly one number, as the reader will guess
            patients = cells.number.get(("patients", as_patients(cells.keys[number][1], cells.dimensions)))
            if patients is not None:
                yield number, patients


def structural(cells: Cells, policy: Policy) -> set[int]:
    """Return the cells that everybody knows to be nought, and note it. ``InputError`` where one is not."""
    wanted = [
        [(cells.dimensions.index(name), code) for name, code in entry.items() if name in cells.dimensions]
        for entry in policy.structural_zeros
    ]
    found = set()
    for number, (_, place) in enumerate(cells.keys) if any(wanted) else ():
        if not any(entry and all(place[position] == code for position, code in entry) for entry in wanted):
            continue
        if cells.known(number) and cells.value[number] != 0:
            where = ", ".join(code for code in place if code not in {"", TOTAL})
            raise InputError(
                f"{where}: {cells.value[number]:g} stands where the policy's structural_zeros says that there is nobody. "
                "Correct the figure, or take the entry out of the policy."
            )
        cells.value[number] = 0.0
        found.add(number)
    return found
