"""What the measures of a service tell of one another, by what they mean and by what their numbers say.

Who had it within 30 days had it within a year; nobody is both better and worse; and two measures of which all that is shown is
the same count the same patients, as every reader will take it. A reader gives up what contradicts the rest.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, pairwise

import numpy as np

from plenary_stats.disclosure.attacker import figures as fig
from plenary_stats.disclosure.attacker.figures import AnyTable, Bools, Floats, Ints
from plenary_stats.disclosure.attacker.sums import Pair, Sums
from plenary_stats.disclosure.attacker.view import Key, View

AGREEING = 2
"""So many different shown shares, neither nought nor all, must agree before a reader takes two measures for one."""
ADDING = 3
"""At so many places two measures must be shown to add up to a third before a reader believes it."""
EXCLUSIVE = frozenset({"better", "worse", "unchanged"})
"""Of a change, nobody is in two of these shares."""
_UNITS = {"d": 1.0, "w": 7.0, "m": 365.25 / 12, "y": 365.25}
_LATER = {"Kaplan-Meier": -1, "Aalen-Johansen": 1}
"""By the method of its estimate: of survival the numerator falls as time goes by, of incidence it rises."""
Row = dict[str, int]
"""The cells of one share: its numerator and its complement."""
Rows = Mapping[Key, Row]


def directions(tables: Iterable[AnyTable]) -> dict[tuple[str, str], int]:
    """Return, by service and measure, whether numerators rise or fall with time, where the method says so."""
    found: dict[tuple[str, str], int] = {}
    for table in tables:
        if table.kind != "rate" or not {"method", "measure"} <= set(table.columns):
            continue
        services = table["service"].tolist() if "service" in table.columns else [""] * len(table)
        for service, measure, method in set(zip(services, table["measure"].tolist(), table["method"].tolist(), strict=True)):
            sign = _LATER.get(str(method).split(",")[0])
            if sign:
                found[str(service), str(measure).split("@")[0]] = sign
    return found


def beliefs(view: View, later: Mapping[tuple[str, str], int]) -> list[Sums]:
    """Return what a reader believes of the measures, in pieces that are given up one by one."""
    if view.figures.position("measure") is None or not any(name in fig.EVENTS for name in view.quantities()):
        return []
    rates = _Rates(view)
    lines = _Lines(view)
    found = [*rates.nested(later), *rates.exclusive(), *rates.without_condition(), *rates.alike()]
    found += [*lines.twice_told(), *lines.adding()]
    return [each for each in (one.believed(view.value) for one in found) if len(each)]


def days(name: str) -> float | None:
    """Return the days of a time such as ``30d`` or ``1y``; nothing of another name."""
    told = re.fullmatch(r"(\d+(?:\.\d+)?)([dwmy])", name)
    return float(told[1]) * _UNITS[told[2]] if told else None


class _Rates:
    """The shares of a view, measure by measure: at each place its numerator and complement."""

    def __init__(self, view: View) -> None:
        self.view = view
        measure = view.figures.position("measure")
        assert measure is not None
        self.column, self.names = measure + 1, view.figures.dimensions[measure].names
        self.denominators: dict[tuple[str, Key], int] = {}
        self.left_out: dict[tuple[str, str, str], set[int]] = defaultdict(set)
        self.measures: dict[tuple[str, int], dict[Key, Row]] = defaultdict(lambda: defaultdict(dict))
        for row, cell in zip(view.names.tolist(), view.named.tolist(), strict=True):
            quantity, _, label = view.figures.families[row[0]].partition("/")
            if quantity == "denominator":
                self.denominators[label, tuple(row[1:])] = cell
            elif quantity == "not_eligible":
                base = self.names[row[self.column]].split("@")[0]
                self.left_out[label, self._said("service", tuple(row[1:])), base].add(cell)
            elif quantity in fig.EVENTS:
                place = (*row[1 : self.column], -1, *row[self.column + 1 :])
                self.measures[label, row[self.column]][place][quantity] = cell

    def _parts(self) -> dict[tuple[str, str], dict[str, Rows]]:
        """Return, of each measure, what stands behind its name: the times, the shares."""
        found: dict[tuple[str, str], dict[str, Rows]] = defaultdict(dict)
        for (label, code), rows in self.measures.items():
            base, at, name = self.names[code].partition("@")
            if at:
                found[label, base][name] = rows
        return found

    def _of(self, label: str, name: str, place: Key) -> int | None:
        """Return the denominator of a measure that goes by exactly this name."""
        if name not in self.names:
            return None
        code = self.names.index(name)
        return self.denominators.get((label, (*place[: self.column - 1], code, *place[self.column :])))

    def _said(self, dimension: str, place: Key) -> str:
        order = self.view.figures.position(dimension)
        return "" if order is None else self.view.figures.dimensions[order].names[place[order]]

    def nested(self, later: Mapping[tuple[str, str], int]) -> Iterator[Sums]:
        """Yield that events until one time are among those until the next, of the same patients."""
        value = self.view.value
        for (label, base), shares in self._parts().items():
            timed: dict[Key, list[tuple[float, int]]] = defaultdict(list)
            for name, rows in shares.items():
                time = days(name)
                for place, row in rows.items() if time is not None else ():
                    if "numerator" in row and self._of(label, f"{base}@{name}", place) is None:
                        timed[place].append((time or 0.0, row["numerator"]))
            pairs: dict[str, list[tuple[int, int]]] = defaultdict(list)
            for place, each in timed.items():
                pairs[self._said("service", place)] += [(one, other) for (_, one), (_, other) in pairwise(sorted(each))]
            for service, cells in sorted(pairs.items()):
                signs = {np.sign(value[second] - value[first]) for first, second in cells} - {0.0}
                signs = {sign for sign in signs if not math.isnan(sign)} | {later.get((service, base), 0)} - {0}
                if len(signs) == 1:
                    ordered = sorted(cells) if -1 in signs else sorted((second, first) for first, second in cells)
                    yield Sums.of([(most, (least,)) for most, least in ordered], at_least=True)

    def exclusive(self) -> Iterator[Sums]:
        """Yield that those better and those worse are not more than all."""
        for (label, base), shares in self._parts().items():
            names = sorted(EXCLUSIVE.intersection(shares))
            found: list[Pair] = []
            for place in sorted(set().union(*(shares[name] for name in names))):
                whole = self._of(label, base, place)
                parts = tuple(shares[name][place]["numerator"] for name in names if "numerator" in shares[name].get(place, {}))
                if whole is not None and len(parts) > 1:
                    found.append((whole, parts))
            if found:
                yield Sums.of(found, at_least=True)

    def without_condition(self) -> Iterator[Sums]:
        """Yield that nobody is left out by an outcome that is shown to leave out nobody anywhere: it has no condition."""
        for _, group in sorted(self.left_out.items()):
            cells = np.array(sorted(group), dtype=np.int64)
            told = ~np.isnan(self.view.value[cells])
            if told.sum() >= AGREEING and not told.all() and not self.view.value[cells[told]].any():
                yield Sums.of([(cell, (int(cells[told][0]),)) for cell in cells[~told].tolist()])

    def alike(self) -> Iterator[Sums]:
        """Yield that two measures count the same patients, or one those whom the other does not, as all that is shown says."""
        groups: dict[tuple[str, str, str], dict[str, dict[Key, Row]]] = defaultdict(lambda: defaultdict(dict))
        for (label, code), rows in self.measures.items():
            for place, row in rows.items():
                if len(row) == len(fig.EVENTS):
                    groups[label, self._said("service", place), self._said("period", place)][self.names[code]][place] = row
        for _, measures in sorted(groups.items()):
            for one, other in combinations(sorted(measures), 2):
                if one.split("@")[0] != other.split("@")[0]:
                    yield from self._same(measures[one], measures[other])

    def _same(self, one: Rows, other: Rows) -> Iterator[Sums]:
        both = sorted(one.keys() & other.keys())
        mine = _cells(one, both, fig.SPLIT)
        for roles in (fig.SPLIT, fig.SPLIT[::-1]):
            its = _cells(other, both, roles)
            if agreeing(self.view.value[mine], self.view.value[its]):
                yield Sums.of([(int(a), (int(b),)) for a, b in zip(mine.ravel(), its.ravel(), strict=True) if a != b])
                return


class _Lines:
    """The numbers of a view as lines: one quantity of one measure (sex, age), centre by centre, and of all."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.kinds = [fig.quantity_of(name) for name in view.figures.families]
        at = {name: view.figures.position(name) for name in ("measure", "service", "period", "centre", "area")}
        self.groups: dict[tuple[str, int, int], dict[Key, dict[int, int]]] = defaultdict(lambda: defaultdict(dict))
        measure, centre, area = at["measure"], at["centre"], at["area"]
        if measure is None or centre is None:
            return
        self.bases = [name.split("@")[0] for name in view.figures.dimensions[measure].names]
        self.measure = measure
        everywhere = -1 if area is None else view.figures.dimensions[area].total
        for row, cell in zip(view.names.tolist(), view.named.tolist(), strict=True):
            quantity, _, label = view.figures.families[row[0]].partition("/")
            if quantity == "amount" or (area is not None and row[area + 1] != everywhere):
                continue
            service, period = (-1 if each is None else row[each + 1] for each in (at["service"], at["period"]))
            self.groups[label, service, period][*row[: centre + 1], -1, *row[centre + 2 :]][row[centre + 1]] = cell

    def twice_told(self) -> Iterator[Sums]:
        """Yield that two lines are one number: those whom an outcome leaves out are those who died, as all that is shown says."""
        value = np.append(self.view.value, math.nan)
        for _, lines in sorted(self.groups.items()):
            names = sorted(lines)
            centres = sorted(set().union(*lines.values()))
            cells = np.array([[lines[name].get(centre, -1) for centre in centres] for name in names], dtype=np.int64)
            for one, other in _candidates(value[cells]):
                if self._related(names[one], names[other]) or not self._telling(cells[one], cells[other]):
                    continue
                pairs = cells[[one, other]].T
                pairs = pairs[(pairs >= 0).all(axis=1) & np.isnan(value[pairs]).any(axis=1)]
                yield Sums.of_rows(pairs)

    def adding(self) -> Iterator[Sums]:
        """Yield that two measures are together a third of the same patients, as enough of what is shown says."""
        value = np.append(self.view.value, math.nan)
        for _, lines in sorted(self.groups.items()):
            for names, cells in self._of_alike(lines):
                told: set[frozenset[str]] = set()
                numbers = value[cells]
                pairs = combinations(range(len(names)), 2) if np.isnan(numbers).any() else ()
                for one, other in pairs:
                    both = numbers[one] + numbers[other]
                    some = (numbers[one] > 0) & (numbers[other] > 0)
                    for whole in _agreeing_with(both, some, numbers):
                        three = frozenset(self.bases[names[each][self.measure + 1]] for each in (one, other, whole))
                        if len(three) == ADDING and three not in told:
                            told.add(three)
                            rows = cells[[whole, one, other]].T
                            yield Sums.of_rows(rows[np.isnan(value[rows]).any(axis=1)])

    def _of_alike(self, lines: Mapping[Key, dict[int, int]]) -> Iterator[tuple[list[Key], Ints]]:
        """Yield the lines of the same patients with their cells: of the same places, and of shares the same denominators."""
        value = np.append(self.view.value, math.nan)
        groups: dict[tuple[object, ...], list[Key]] = defaultdict(list)
        for name in sorted(lines):
            kind = fig.quantity_of(self.view.figures.families[name[0]])
            codes = tuple(sorted(lines[name]))
            whole = self.view.whole[[lines[name][code] for code in codes]]
            of = value[whole if kind in fig.EVENTS else np.full(len(codes), -1)]  # completeness has denominators of the eligible
            if kind == "denominator" or (kind in fig.EVENTS and not np.isnan(of).all()):
                place = (*name[1 : self.measure + 1], *name[self.measure + 2 :])
                patients = tuple(-1.0 if math.isnan(each) else each for each in of.tolist())
                groups[kind in fig.EVENTS, place, codes, patients].append(name)
        for names in groups.values():
            yield names, np.array([[lines[name][code] for code in sorted(lines[name])] for name in names], dtype=np.int64)

    def _related(self, one: Key, other: Key) -> bool:
        """Whether they are of one measure, both of all cases, or both shares: other rules tell what there is to tell."""
        kinds = {fig.quantity_of(self.view.figures.families[key[0]]) for key in (one, other)}
        bases = {self.bases[key[self.measure + 1]] for key in (one, other)}
        return len(bases) == 1 or kinds <= {"patients", "expected", "received"} or kinds <= fig.EVENTS

    def _telling(self, one: Ints, other: Ints) -> bool:
        """Whether what agrees is enough: different numbers, none of them nought or of a share that is everybody."""
        value, shown = self.view.value, (one >= 0) & (other >= 0)
        mine, its = one[shown], other[shown]
        some: Bools = np.equal(value[mine], value[its]) & np.greater(value[mine], 0)
        for cells in (mine, its):
            whole = self.view.whole[cells]
            share = np.isin(self.view.family[cells], [order for order, name in enumerate(self.kinds) if name in fig.EVENTS])
            some &= ~share | (whole < 0) | (value[cells] < value[whole])
        return len(np.unique(value[mine][some])) >= AGREEING


def _agreeing_with(both: Floats, some: Bools, numbers: Floats) -> list[int]:
    """Return the lines that two others add up to wherever all three are shown, and at enough places where both have some."""
    shown = ~np.isnan(both + numbers)
    differ = (shown & (numbers != both)).any(axis=1)
    enough = (shown & some).sum(axis=1) >= ADDING
    return [int(each) for each in np.flatnonzero(~differ & enough)]


def _candidates(value: Floats) -> Iterator[tuple[int, int]]:
    """Yield the pairs of lines that differ nowhere where both are shown, and of which something is hidden."""
    hidden: Bools = np.any(np.isnan(value), axis=1)
    for one in range(len(value)):
        gap = value[one + 1 :] - value[one]
        shown = ~np.isnan(gap)
        alike = ~(shown & (gap != 0)).any(axis=1) & (shown.sum(axis=1) >= AGREEING) & (hidden[one] | hidden[one + 1 :])
        yield from ((one, one + 1 + int(each)) for each in np.flatnonzero(alike))


def _cells(rows: Rows, places: Sequence[Key], roles: Sequence[str]) -> np.typing.NDArray[np.int64]:
    return np.array([[rows[place][role] for role in roles] for place in places], dtype=np.int64).reshape(-1, len(roles))


def agreeing(mine: Floats, its: Floats) -> bool:
    """Whether all that is shown of both is the same, and is enough to tell. Rows of numerator and complement."""
    shown = ~np.isnan(mine + its).any(axis=1)
    if shown.sum() < AGREEING or (mine[shown] != its[shown]).any():
        return False
    between = shown & (mine > 0).all(axis=1)
    return len(np.unique(mine[between], axis=0)) >= AGREEING
