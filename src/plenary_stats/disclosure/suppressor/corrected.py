"""What a correction would tell of what its earlier version withheld.

Whoever holds both versions takes for unchanged what need not have changed, and may know what was mended. A number that was
withheld and is shown now would give its old partner away (and whether it changed, nobody can say who was not told it); so would
the growth of a shown one, where a centre or an area that was withheld has gone into it; and what a total lost gives away what
became small in it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator

from plenary_stats.disclosure.policy import Policy
from plenary_stats.disclosure.suppressor.cells import REMAINDERS, Cells, Key, Place, quantity_of
from plenary_stats.disclosure.suppressor.links import RESIDENTS, Fact
from plenary_stats.tables import TOTAL

_Line = tuple[str, int, Place]
_APART = "/e"
"""The mark of an earlier edition's figures that were corrected since."""


def kept_back(cells: Cells, earlier: Iterable[Fact], small: Collection[int], policy: Policy) -> set[int]:
    """Return this edition's cells that stay withheld: what an earlier version withheld, and what took in what is gone since.

    ``earlier``: the facts of earlier editions, under the keys that ``cells`` knows them by. ``small``: what must not be shown.
    """
    before = {fact.key: fact.value for fact in earlier if not _told_anyway(fact.key)}
    least = 0 if policy.zeros == "protect" else 1
    now = {key: _own(cells, key) for key in before}
    changed: dict[_Line, set[int]] = defaultdict(set)
    for key, number in now.items():
        if number >= 0 and not math.isnan(before[key]) and cells.value[number] != before[key]:
            for line in _lines(key):
                changed[line].add(number)
    found: set[int] = set()
    for key, number in now.items():
        if not math.isnan(before[key]):
            if number in small:
                found.update(each for line in _lines(key) for each in changed.get(line, ()) if _total(cells, each, line))
        elif number >= 0 and cells.value[number] >= least:
            found.add(number)
        else:
            found.update(*(changed.get(line, ()) for line in _lines(key) if key[1][line[1]] not in {"", TOTAL}))
    return {number for number in found if cells.value[number] >= least}


def _told_anyway(key: Key) -> bool:
    """Whether a number is no secret in itself: residents of the listed areas are all patients, less those of areas not known."""
    return quantity_of(key) in REMAINDERS or key[0].startswith(RESIDENTS)


def _total(cells: Cells, number: int, line: _Line) -> bool:
    return cells.keys[number][1][line[1]] == TOTAL


def _own(cells: Cells, key: Key) -> int:
    """Return the cell of this edition that stands where an earlier one stood; -1 where there is none."""
    number = cells.number.get((key[0].partition(_APART)[0], key[1]), -1)
    return number if number in cells.own else -1


def _lines(key: Key) -> Iterator[_Line]:
    """Yield the lines that a cell stands on, its totals' among them: a line varies along one dimension."""
    for position, _ in enumerate(key[1]):
        yield key[0], position, (*key[1][:position], *key[1][position + 1 :])
