"""Pooled and overlapping periods, and the stretches that a reader works out of them by subtraction, published or not.

``2022 to 2024`` less ``2023 to 2024`` is 2022; ``2019`` and ``2019/20`` share nine months. So every period is cut into the
stretches of time that the labels tell apart. Figures of such stretches are cells like any other: what an edition gives away about
a year or a quarter that it does not name is given away for good.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from types import MappingProxyType

from plenary_stats.disclosure.policy import Policy, Spans
from plenary_stats.disclosure.suppressor.cells import (
    REMAINDERS,
    Cells,
    Key,
    Sum,
    as_patients,
    centres_of,
    children_of,
    leaves_of,
    quantity_of,
)
from plenary_stats.tables import TOTAL

Span = tuple[int, int]
"""The first day of a period and the first day after it, as ordinals."""
Group = tuple[str, ...]
"""Figures whose periods are compared: of one service and measure; those of a corrected edition by themselves."""

NAMES = ("period", "year")
LONGEST = 50
"""Two numbers further apart than this are not the first and the last of pooled years."""
JANUARY, APRIL = 1, 4
_FINANCIAL = re.compile(r"(\d{4})[-–](\d{2})(?!\d)")
_YEARS = re.compile(r"(\d{4})(/\d{2})?(?:\s*(?:-|–|to)\s*(\d{4})(/\d{2})?)?")
_PART = re.compile(r"(\d{4})(/\d{2})?[ -]?(?:Q([1-4])|H([12]))|(\d{4})-(\d{2})")


def span_of(code: str, periods: Spans = MappingProxyType({})) -> Span | None:
    """Return the days of a period, or None where the code names none.

    Read are ``2024``, ``2023/24`` or ``2023-24`` (a financial year from April), ``2018-2019``, ``2023/24 to 2025/26``,
    ``2024-Q1``, ``2024 H2`` and ``2024-07``. What the policy's ``periods`` say of a code comes first.
    """
    if code in periods:
        days = periods[code]
        return days[0].toordinal(), days[1].toordinal()
    first, to, last = code.partition(" to ")
    if to and (first in periods or last in periods):
        begin, end = span_of(first, periods), span_of(last, periods)
        return (begin[0], end[1]) if begin and end and begin[0] < end[1] else None
    code = _FINANCIAL.sub(_financial, code)
    if match := _YEARS.fullmatch(code):
        return _years(match)
    if match := _PART.fullmatch(code):
        return _part(match)
    return None


def _part(match: re.Match[str]) -> Span | None:
    """Return a quarter, a half or a month; those of a financial year count from April."""
    if match[5]:
        year, month, many = int(match[5]), int(match[6]) - 1, 1
    else:
        many = 3 if match[3] else 6
        year, month = int(match[1]), many * (int(match[3] or match[4]) - 1) + (3 if match[2] else 0)
    return (_month(year, month), _month(year, month + many)) if year and (match[2] or 0 <= month < 12) else None


def _financial(found: re.Match[str]) -> str:
    """Write ``2019-20`` as ``2019/20``; ``2019-07`` is a month."""
    return f"{found[1]}/{found[2]}" if (int(found[1]) + 1) % 100 == int(found[2]) else found[0]


def _years(match: re.Match[str]) -> Span | None:
    first, last = int(match[1]), int(match[3] or match[1])
    alike = not match[3] or bool(match[2]) == bool(match[4])
    if not (alike and 0 < first <= last < first + LONGEST):
        return None
    month = (APRIL if match[2] else JANUARY) - 1
    return _month(first, month), _month(last + 1, month)


def _month(year: int, month: int) -> int:
    """Return the first day of a month, counted from nought; twelve is the January after."""
    return dt.date(year + month // 12, month % 12 + 1, 1).toordinal()


def with_periods(policy: Policy, days: Spans) -> Policy:
    """Return the policy with the days of those labels that do not tell them by themselves."""
    unclear = {label: span for label, span in days.items() if span_of(label) != tuple(day.toordinal() for day in span)}
    return replace(policy, periods={**unclear, **policy.periods})


def overlapping(codes: Iterable[str], periods: Spans) -> set[str]:
    """Return the codes that a total of all periods does not count by itself: pooled years, and what overlaps another."""
    spans = {code: span for code in codes if (span := span_of(code, periods)) is not None}
    found = {code for code, (start, end) in spans.items() if end - start > 366}
    single = sorted((span, code) for code, span in spans.items() if code not in found)
    for order, ((start, end), code) in enumerate(single):
        for (other_start, other_end), other in single[order + 1 :]:
            if other_start >= end:
                break
            inside = (start, end) != (other_start, other_end) and start <= other_start and other_end <= end
            found |= {other} if inside else {code} if start == other_start and end < other_end else {code, other}
    return found


def stretches(labels: Iterable[str], periods: Spans = MappingProxyType({})) -> dict[str, tuple[str, ...]]:
    """Return, for every label that is made of others, the stretches of time that make it up.

    A stretch that is a label itself has that name.
    """
    spans = {label: span for label in sorted(labels) if (span := span_of(label, periods)) is not None}
    cuts = sorted({end for span in spans.values() for end in span})
    together: dict[tuple[str, ...], list[Span]] = defaultdict(list)
    for start, end in pairwise(cuts):
        telling = tuple(label for label, (first, after) in spans.items() if first <= start and end <= after)
        if telling:
            together[telling].append((start, end))
    named: dict[tuple[Span, ...], str] = {(own,): label for label, own in reversed(spans.items())}
    found: dict[str, list[str]] = defaultdict(list)
    for sharing, pieces in together.items():
        name = named.get(tuple(pieces)) or ", ".join(_name(*piece) for piece in pieces)
        for label in sharing:
            found[label].append(name)
    return {label: tuple(parts) for label, parts in sorted(found.items()) if parts != [label]}


def _name(start: int, after: int) -> str:
    """Return a name for a stretch that has none: ``2021``, ``2021/22 to 2022/23``, ``2019-01 to 2019-03``, else its days."""
    first, end, last = dt.date.fromordinal(start), dt.date.fromordinal(after), dt.date.fromordinal(after - 1)
    if first.day != 1 or end.day != 1:
        return f"{first.isoformat()} to {last.isoformat()}"
    if first.month == end.month and first.month in {JANUARY, APRIL}:
        years = [f"{year}/{(year + 1) % 100:02}" if first.month == APRIL else f"{year}" for year in (first.year, end.year - 1)]
    else:
        years = [f"{day.year}-{day.month:02}" for day in (first, last)]
    return years[0] if years[0] == years[1] else f"{years[0]} to {years[1]}"


def link_years(cells: Cells, policy: Policy) -> None:
    """Add the years and stretches of every pool, the sums that make the pools up, and the pools' own sums year by year.

    A policy that gives a hierarchy of periods has the last word. Without pooled years nothing is added.
    """
    position = next((order for order, name in enumerate(cells.dimensions) if name in NAMES), None)
    if position is None or policy.hierarchies.get(cells.dimensions[position]):
        return
    if not overlapping({key[1][position] for key in cells.keys}, policy.periods):
        return
    same = [each for each in cells.sums if _agrees(cells, each)]
    unlisted = _Unlisted(cells, position, policy)
    split = _split(cells, position, [key for key in cells.keys if quantity_of(key) != "patients"], unlisted)
    add_patients(cells)
    split |= _split(cells, position, [key for key in cells.keys if quantity_of(key) == "patients"], unlisted)
    for each in same:
        _repeat(cells, position, each, sorted({code for cell in (each.whole, *each.parts) for code in split.get(cell, ())}))
    _mend(cells)


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
    """Which centres a period's list leaves out: a service's centres stand in it with or without patients, so they had none.

    A list of regions names, of each, all its centres; a region had nobody where none of its centres is listed.
    """

    def __init__(self, cells: Cells, position: int, policy: Policy) -> None:
        self.centre = cells.dimensions.index("centre") if "centre" in cells.dimensions else None
        self.cells, self.position, self.periods = cells, position, policy.periods
        self.children = children_of(policy.hierarchies.get("centre", ()))
        present: dict[Group, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for key, number in cells.number.items():
            if self.centre is not None and cells.published[number] and key[1][self.centre] != TOTAL:
                present[self._group(key)][key[1][position]].add(key[1][self.centre])
        self.lists = {
            group: {period: centres_of(codes, self.children) for period, codes in each.items()} for group, each in present.items()
        }

    def _group(self, key: Key) -> Group:
        return _group(self.cells, (quantity_of(key), key[1]))

    def holds(self, key: Key, code: str) -> bool:
        """Whether some list that covers the days of ``code`` leaves out the key's centre."""
        days = span_of(code, self.periods)
        if self.centre is None or key[1][self.centre] == TOTAL or days is None:
            return False
        inside = leaves_of(key[1][self.centre], self.children)
        for period, listed in self.lists.get(self._group(key), {}).items():
            span = span_of(period, self.periods)
            if span is not None and span[0] <= days[0] and days[1] <= span[1] and inside.isdisjoint(listed):
                return True
        return False


def _mend(cells: Cells) -> None:
    """Take back that a centre had nobody where the figures say otherwise: two shown years fall short of their shown pool, say."""
    while cells.absent:
        doubtful = set[int]()
        for each in cells.sums:
            gap = cells.value[each.whole] - sum(cells.value[part] for part in each.parts)
            doubtful |= cells.absent.intersection(each.parts if gap > 0.5 else (each.whole,) if gap < -0.5 else ())
        if not doubtful:
            return
        cells.absent -= doubtful
        for cell in doubtful:
            cells.value[cell] = math.nan
        cells.implied |= {cell for cell in doubtful if quantity_of(cells.keys[cell]) not in REMAINDERS}


def _split(cells: Cells, position: int, keys: Sequence[Key], unlisted: _Unlisted) -> dict[int, tuple[str, ...]]:
    """Split every pool of some cells into the years and stretches that the labels of its group tell apart; return them."""
    labels: dict[Group, set[str]] = defaultdict(set)
    for key in keys:
        labels[_group(cells, key)].add(key[1][position])
    parts = {group: stretches(codes, unlisted.periods) for group, codes in labels.items()}
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
