"""Measures that bound or equal one another: earlier and later events, shares that exclude one another, one count told twice.

Read from the true numbers: what is so in all of them is what a reader of some of them may find out, or knows anyway.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

from plenary_stats.disclosure.suppressor.cells import EVENTS, Cells, Place, Sum
from plenary_stats.tables import TOTAL

_TIME = re.compile(r"([0-9.]+)([dwmy])")
_DAYS = {"d": 1, "w": 7, "m": 30.4375, "y": 365.25}
_APART = ("better", "unchanged", "worse")
_DISTINCT = 2
"""Measures that are equal in fewer different shares than this, other than of nobody or of all, are not taken for one."""
_ADDING = 3
"""So many different places must show that two measures add up to a third: of small numbers some do by chance."""
_CASES = frozenset({"patients", "expected", "received"})
"""All cases, of the whole or of a sex or age: what adds up among them is said elsewhere."""
Line = tuple[str, Place]
"""A quantity at a place whose centre is left out: a row of numbers, one for each centre and for all."""
Shares = dict[Place, tuple[int, int]]
"""At each place, the measure's own left out: numerator and complement."""


def link_measures(cells: Cells) -> Iterator[Sum]:
    """Yield what the shares of one measure, and those of several, tell of one another."""
    if "measure" not in cells.dimensions:
        return
    position = cells.dimensions.index("measure")
    found = _shares(cells, position)
    yield from _of_one(cells, position, found)
    yield from _of_two(cells, found)
    yield from _of_lines(cells, position)
    yield from _of_three(cells, position)


def without_condition(cells: Cells) -> set[int]:
    """Return those not eligible of outcomes that leave out nobody anywhere, and note that they are nobody: they are no shield."""
    if "measure" not in cells.dimensions:
        return set()
    position = cells.dimensions.index("measure")
    groups: dict[tuple[str, str, str], set[int]] = defaultdict(set)
    for (quantity, place), number in cells.number.items():
        kind, _, label = quantity.partition("/")
        if kind == "not_eligible":
            service = place[cells.dimensions.index("service")] if "service" in cells.dimensions else ""
            groups[label, service, place[position].split("@")[0]].add(number)
    found: set[int] = set()
    for group in groups.values():
        known = [cells.value[number] for number in group if cells.known(number)]
        if len(known) >= _DISTINCT and not any(known):
            found |= group
    for number in found:
        cells.value[number] = 0.0
    return found


def _shares(cells: Cells, position: int) -> dict[tuple[str, str], Shares]:
    """Return the shares of each measure; of tables that are kept apart by themselves."""
    found: dict[tuple[str, str], Shares] = defaultdict(dict)
    for (quantity, place), number in cells.number.items() | cells.aliases.items():
        kind, slash, label = quantity.partition("/")
        other = cells.number.get((f"complement{slash}{label}", place), cells.aliases.get((f"complement{slash}{label}", place)))
        if kind == "numerator" and other is not None:
            found[label, place[position]][*place[:position], "", *place[position + 1 :]] = (number, other)
    return {key: dict(sorted(found[key].items())) for key in sorted(found)}


def _of_one(cells: Cells, position: int, found: dict[tuple[str, str], Shares]) -> Iterator[Sum]:
    """Yield what one measure's shares at several times, or of several outcomes, tell of one another."""
    parts: dict[tuple[str, str], dict[str, Shares]] = defaultdict(dict)
    for (label, name), shares in found.items():
        base, at, rest = name.partition("@")
        if at:
            parts[label, base][rest] = shares
    for (label, base), each in parts.items():
        of = f"denominator/{label}" if label else "denominator"
        timed: dict[Place, list[tuple[float, int]]] = defaultdict(list)
        for rest, shares in each.items():
            told = _TIME.fullmatch(rest)
            for place, (number, _) in shares.items() if told else ():
                if told and (of, _named(place, position, f"{base}@{rest}")) not in cells.number:
                    timed[place].append((float(told[1]) * _DAYS[told[2]], number))
        pairs = [(place, (one, two)) for place, every in sorted(timed.items()) for (_, one), (_, two) in pairwise(sorted(every))]
        yield from _ordered(cells, pairs)
        apart = [each[rest] for rest in _APART if rest in each]
        for place in sorted(set().union(*apart)):
            whole = cells.number.get((of, _named(place, position, base)))
            parts_here = tuple(one[place][0] for one in apart if place in one)
            if whole is not None and len(parts_here) > 1:
                yield Sum(whole, parts_here, open=True)


def _named(place: Place, position: int, measure: str) -> Place:
    return (*place[:position], measure, *place[position + 1 :])


def _ordered(cells: Cells, pairs: Sequence[tuple[Place, tuple[int, int]]]) -> Iterator[Sum]:
    """Yield which of two numbers is the smaller, service by service; where they never differ, that they are equal."""
    services: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for place, pair in pairs:
        services[place[cells.dimensions.index("service")] if "service" in cells.dimensions else ""].append(pair)
    for each in services.values():
        steps = [cells.value[second] - cells.value[first] for first, second in each]
        rises, falls = any(step > 0 for step in steps), any(step < 0 for step in steps)
        if rises and falls:
            continue
        for first, second in each:
            yield Sum(second, (first,), open=rises) if rises else Sum(first, (second,), open=falls)


def _of_two(cells: Cells, found: dict[tuple[str, str], Shares]) -> Iterator[Sum]:
    """Yield that two measures of a service and period are one count under two names, or each what the other leaves."""
    at = [cells.dimensions.index(name) for name in ("service", "period") if name in cells.dimensions]
    groups: dict[tuple[str, ...], dict[str, Shares]] = defaultdict(lambda: defaultdict(dict))
    for (label, name), shares in found.items():
        for place, pair in shares.items():
            groups[label, *(place[each] for each in at)][name][place] = pair
    for _, measures in sorted(groups.items()):
        for one, two in combinations(sorted(measures), 2):
            if one.split("@")[0] == two.split("@")[0]:
                continue
            mine, its = measures[one], measures[two]
            both = sorted(mine.keys() & its.keys())
            straight = [(mine[place], its[place]) for place in both]
            for pairs in (straight, [(left, (right[1], right[0])) for left, right in straight]):
                if _equal(cells, pairs):
                    yield from (Sum(a, (b,)) for left, right in pairs for a, b in zip(left, right, strict=True) if a != b)
                    break


def _equal(cells: Cells, pairs: Sequence[tuple[tuple[int, int], tuple[int, int]]]) -> bool:
    """Whether all numbers that are known of both are equal, and enough of them tell."""
    telling = set()
    for left, right in pairs:
        mine, its = (tuple(cells.value[each] for each in share) for share in (left, right))
        if any(map(math.isnan, (*mine, *its))):
            continue
        if mine != its:
            return False
        if all(mine):
            telling.add(mine)
    return len(telling) >= _DISTINCT


def _of_lines(cells: Cells, position: int) -> Iterator[Sum]:
    """Yield that one number is told in two places: those not eligible are the deaths, those eligible are the women.

    Whom an outcome leaves out is mostly whom another tells of. Numbers of a service and period that are truly equal at every
    centre, and in all, are protected together.
    """
    if "centre" not in cells.dimensions:
        return
    for _, lines in sorted(_lines(cells).items()):
        for one, other in combinations(sorted(lines), 2):
            if _related(one, other, position) or not _one_number(cells, lines[one], lines[other]):
                continue
            yield from (Sum(lines[one][code], (lines[other][code],)) for code in sorted(lines[one].keys() & lines[other].keys()))


def _lines(cells: Cells) -> dict[tuple[str, ...], dict[Line, dict[str, int]]]:
    """Return the numbers of each service and period, line by line; of events, no line where it happened to all or to nobody."""
    centre = cells.dimensions.index("centre")
    area = cells.dimensions.index("area") if "area" in cells.dimensions else None
    at = [cells.dimensions.index(name) for name in ("service", "period") if name in cells.dimensions]
    found: dict[tuple[str, ...], dict[Line, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    telling: set[tuple[tuple[str, ...], Line]] = set()
    for (quantity, place), number in (cells.number | cells.aliases).items():
        kind, _, label = quantity.partition("/")
        if kind == "amount" or (area is not None and place[area] != TOTAL):
            continue
        group, line = (label, *(place[each] for each in at)), (kind, (*place[:centre], "", *place[centre + 1 :]))
        found[group][line][place[centre]] = number
        of = cells.value[cells.wholes[number]] if kind in EVENTS and number in cells.wholes else math.inf
        if 0 < cells.value[number] < of:
            telling.add((group, line))
    return {group: {line: each for line, each in lines.items() if (group, line) in telling} for group, lines in found.items()}


def _related(one: Line, other: Line, position: int) -> bool:
    """Whether two lines are of one measure, both of all cases, or both of events: the sums of rows, or of shares, say that."""
    kinds = {one[0], other[0]}
    return one[1][position].split("@")[0] == other[1][position].split("@")[0] or kinds <= _CASES or kinds <= EVENTS


def _one_number(cells: Cells, mine: dict[str, int], its: dict[str, int]) -> bool:
    """Whether two lines are the same number wherever both are known, at two places at least, and not nought throughout."""
    if TOTAL in mine and TOTAL in its and abs(cells.value[mine[TOTAL]] - cells.value[its[TOTAL]]) > 0:
        return False
    pairs = [(cells.value[mine[code]], cells.value[its[code]]) for code in mine.keys() & its.keys()]
    known = [(left, right) for left, right in pairs if left == left and right == right]  # noqa: PLR0124 - known
    return len(known) >= _DISTINCT and all(left == right for left, right in known) and any(left for left, _ in known)


def _of_three(cells: Cells, position: int) -> Iterator[Sum]:
    """Yield that two measures truly add up to a third: all deaths are those of the heart and all others.

    Shares of the same patients, or the denominators: everywhere, and at enough places to be no chance.
    """
    if "centre" not in cells.dimensions:
        return
    for _, lines in sorted(_lines(cells).items()):
        alike: dict[tuple[object, ...], list[Line]] = defaultdict(list)
        for line in sorted(lines):
            if line[0] in EVENTS or line[0] == "denominator":
                alike[_patients_of(cells, line, lines[line], position)].append(line)
        for each in alike.values():
            for whole, parts in _adding(cells, each, lines, position):
                yield from (Sum(lines[whole][code], tuple(lines[part][code] for part in parts)) for code in lines[whole])


def _patients_of(cells: Cells, line: Line, numbers: dict[str, int], position: int) -> tuple[object, ...]:
    """Return of whom the numbers of a line are: where, and of events how many patients at each centre."""
    place, codes = (*line[1][:position], *line[1][position + 1 :]), tuple(sorted(numbers))
    if line[0] not in EVENTS:
        return (place, codes)
    return (
        place,
        codes,
        *(cells.value[cells.wholes[numbers[code]]] if numbers[code] in cells.wholes else -1.0 for code in codes),
    )


def _adding(
    cells: Cells, names: Sequence[Line], lines: dict[Line, dict[str, int]], position: int
) -> Iterator[tuple[Line, tuple[Line, Line]]]:
    """Yield the lines of the same patients that are everywhere the sum of two others, once of any three measures."""
    value = {name: tuple(cells.value[lines[name][code]] for code in sorted(lines[name])) for name in names}
    measure = {name: name[1][position] for name in names}
    wholes: dict[tuple[float, ...], list[Line]] = defaultdict(list)
    for name in names:
        wholes[value[name]].append(name)
    told: set[frozenset[str]] = set()
    for one, other in combinations(names, 2):
        both = tuple(left + right for left, right in zip(value[one], value[other], strict=True))
        telling = {pair for pair in zip(value[one], value[other], strict=True) if all(pair)}
        for whole in wholes.get(both, ()) if len(telling) >= _ADDING else ():
            three = frozenset(measure[name] for name in (one, other, whole))
            if len({each.split("@")[0] for each in three}) == _ADDING and three not in told:
                told.add(three)
                yield whole, (one, other)
