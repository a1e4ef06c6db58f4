"""Pooled years, and the years that a reader works out of them by subtraction, whether they are published or not.

``2022 to 2024`` less ``2023 to 2024`` is 2022. So every pool is split into its years; years that no label tells apart stay
together as one stretch. Figures of such years and stretches are cells like any other: what an edition gives away about a year
that it does not name is given away for good.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from plenary_stats.disclosure.policy import Policy
from plenary_stats.disclosure.suppressor.cells import REMAINDERS, Cells, Key, Sum, as_patients, quantity_of
from plenary_stats.tables import TOTAL

Years = frozenset[int]
Group = tuple[str, ...]
"""Figures whose periods are compared: of one service and measure; those of a corrected edition by themselves."""

NAMES = ("period", "year")
LONGEST = 50
"""Two numbers further apart than this are not the first and the last of pooled years."""


def years_of(code: str) -> Years:
    """Return the years that a period is made of: ``2024``, ``2023/24``, ``2018-2019``, ``2023/24 to 2025/26``; else none."""
    match = re.fullmatch(r"(\d{4})(/\d{2})?(?:\s*(?:-|–|to)\s*(\d{4})(/\d{2})?)?", code)
    if not match:
        return frozenset()
    first, last = int(match[1]), int(match[3] or match[1])
    alike = not match[3] or bool(match[2]) == bool(match[4])
    return frozenset(range(first, last + 1)) if alike and first <= last < first + LONGEST else frozenset()


def stretches(labels: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return, for every label that is made of others, the stretches of years that make it up.

    A stretch that is a label itself has that name.
    """
    years = {label: years_of(label) for label in sorted(labels)}
    telling: dict[int, list[str]] = defaultdict(list)
    for label, own in years.items():
        for year in own:
            telling[year].append(label)
    together: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for year in sorted(telling):
        together[tuple(telling[year])].append(year)
    named = {own: label for label, own in reversed(years.items())}
    financial = any("/" in label for label in years)
    found: dict[str, list[str]] = defaultdict(list)
    for sharing, own_years in together.items():
        name = named.get(frozenset(own_years)) or _name(own_years, financial=financial)
        for label in sharing:
            found[label].append(name)
    return {label: tuple(parts) for label, parts in sorted(found.items()) if parts != [label]}


def _name(years: list[int], *, financial: bool) -> str:
    """Return a name for years that have none: ``2021``, ``2021/22 to 2022/23``, ``2021, 2023``."""
    each = [f"{year}/{(year + 1) % 100:02}" if financial else str(year) for year in years]
    if len(each) > 1 and all(after == before + 1 for before, after in pairwise(years)):
        return f"{each[0]} to {each[-1]}"
    return ", ".join(each)


def link_years(cells: Cells, policy: Policy) -> None:
    """Add the years and stretches of every pool, the sums that make the pools up, and the pools' own sums year by year.

    A policy that gives a hierarchy of periods has the last word. Without pooled years nothing is added.
    """
    position = next((order for order, name in enumerate(cells.dimensions) if name in NAMES), None)
    if position is None or policy.hierarchies.get(cells.dimensions[position]):
        return
    if all(len(years_of(code)) < 2 for code in {key[1][position] for key in cells.keys}):
        return
    same = [each for each in cells.sums if _agrees(cells, each)]
    unlisted = _Unlisted(cells, position)
    split = _split(cells, position, [key for key in cells.keys if quantity_of(key) != "patients"], unlisted)
    add_patients(cells)
    split |= _split(cells, position, [key for key in cells.keys if quantity_of(key) == "patients"], unlisted)
    for each in same:
        _repeat(cells, position, each, sorted({code for cell in (each.whole, *each.parts) for code in split.get(cell, ())}))


def _agrees(cells: Cells, each: Sum) -> bool:
    """Whether the shown figures of a sum do not contradict it."""
    gap = cells.value[each.whole] - sum(cells.value[part] for part in each.parts)
    return math.isnan(gap) or abs(gap) < 0.5


def add_patients(cells: Cells) -> None:
    """Tie patients = denominator + not eligible + not yet known, whether the patients stand in a table or not."""
    for number, (quantity, place) in enumerate(list(cells.keys)):
        rest = [cells.number.get((name, place)) for name in ("not_eligible", "not_known")]
        if quantity == "denominator" and None not in rest:
            patients = cells.add(("patients", as_patients(place, cells.dimensions)))
            cells.sums.append(Sum(patients, (number, *(each for each in rest if each is not None))))


class _Unlisted:
    """Which centres a period's list leaves out: a service's centres stand in it with or without patients, so they had none."""

    def __init__(self, cells: Cells, position: int) -> None:
        self.centre = cells.dimensions.index("centre") if "centre" in cells.dimensions else None
        self.cells, self.position = cells, position
        self.lists: dict[Group, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for key, number in cells.number.items():
            if self.centre is not None and cells.published[number] and key[1][self.centre] != TOTAL:
                self.lists[self._group(key)][key[1][position]].add(key[1][self.centre])

    def _group(self, key: Key) -> Group:
        return _group(self.cells, (quantity_of(key), key[1]))

    def holds(self, key: Key, code: str) -> bool:
        """Whether some list that covers the years of ``code`` leaves out the key's centre."""
        years = years_of(code)
        if self.centre is None or key[1][self.centre] == TOTAL or not years:
            return False
        lists = self.lists[self._group(key)]
        return any(years <= years_of(period) and key[1][self.centre] not in listed for period, listed in lists.items())


def _split(cells: Cells, position: int, keys: Sequence[Key], unlisted: _Unlisted) -> dict[int, tuple[str, ...]]:
    """Split every pool of some cells into the years and stretches that the labels of its group tell apart; return them."""
    labels: dict[Group, set[str]] = defaultdict(set)
    for key in keys:
        labels[_group(cells, key)].add(key[1][position])
    parts = {group: stretches(codes) for group, codes in labels.items()}
    found = {}
    for key in keys:
        codes = parts[_group(cells, key)].get(key[1][position], ())
        if codes:
            number = cells.number[key]
            found[number] = codes
            cells.sums.append(Sum(number, tuple(_year(cells, key, position, code, unlisted) for code in codes)))
    return found


def _year(cells: Cells, key: Key, position: int, code: str, unlisted: _Unlisted) -> int:
    before = len(cells.keys)
    number = cells.add(_at(key, position, code))
    if number == before and unlisted.holds(key, code):
        cells.value[number] = 0.0
        cells.absent.add(number)
    elif number == before and quantity_of(key) not in REMAINDERS:
        cells.implied.add(number)
    return number


def _at(key: Key, position: int, code: str) -> Key:
    return (key[0], (*key[1][:position], code, *key[1][position + 1 :]))


def _group(cells: Cells, key: Key) -> Group:
    place: Mapping[str, str] = dict(zip(cells.dimensions, key[1], strict=True))
    return ("/".join(key[0].split("/")[1:]), place.get("service", ""), place.get("measure", "").split("@")[0])


def _repeat(cells: Cells, position: int, each: Sum, codes: Sequence[str]) -> None:
    """Add to the years what adds up in their pool: centres to their service, met and not met to all."""
    for code in codes:
        keys = [_at(cells.keys[cell], position, code) for cell in (each.whole, *each.parts)]
        if all(key in cells.number for key in keys):
            whole, *parts = (cells.number[key] for key in keys)
            cells.sums.append(Sum(whole, tuple(parts)))
            cells.wholes |= {
                part: whole for part, before in zip(parts, each.parts, strict=True) if cells.wholes.get(before) == each.whole
            }
