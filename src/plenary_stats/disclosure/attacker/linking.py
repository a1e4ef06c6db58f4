"""Which sums a reader can form of the cells: margins, groups, overlapping periods, and who is counted in a rate.

Latent pieces take part: what adds up in a pool of years adds up in each of its years, whether or not they stand in a table.
Sums that the shown figures contradict are dropped, and so are those that a piece standing nowhere else could always satisfy.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from plenary_stats.disclosure.attacker import figures as fig
from plenary_stats.disclosure.attacker.codes import Codes
from plenary_stats.disclosure.attacker.figures import Ints, folded
from plenary_stats.disclosure.attacker.sums import Pair, Sums, margins
from plenary_stats.disclosure.attacker.view import Key, View

Group = tuple[int, ...]


def link(view: View) -> None:
    """Find all sums of a view."""
    found = [view.account]
    structured = [order for order, codes in enumerate(view.figures.dimensions) if codes.structured]
    for column, codes in enumerate(view.figures.dimensions):
        if codes.name != "measure" and not codes.structured:
            found.append(margins(view.names, view.named, column + 1, codes.total))
            found += _own_margins(view, column, codes)
    first = len(view.named)
    for column in sorted(structured, key=lambda each: view.figures.dimensions[each].timed):
        if view.figures.dimensions[column].timed:
            first = len(view.named)
        found.append(_Dimension(view, column).link(Sums.joined(found)))
    if len(view.named) > first:
        found += [_Dimension(view, column).beside(first) for column in structured if not view.figures.dimensions[column].timed]
    found.append(_patients(view))
    sums = Sums.joined(found).distinct()
    _mended(view, sums)
    sums = sums.believed(view.value)
    view.sums = sums.telling(~view.published & ~view.implied & ~view.absent & np.isnan(view.value))


def _mended(view: View, sums: Sums) -> None:
    """Take back that a centre had nobody where the figures say otherwise: a list may have left it out all the same.

    Two shown years that fall short of their shown pool, say: the rest is that year's, whatever its list.
    """
    while True:
        gap = view.value[sums.whole] - sums.total(view.value)
        with np.errstate(invalid="ignore"):
            more, less = sums.chosen(gap > 0.5), sums.chosen(gap < -0.5)
        doubtful = np.union1d(more.parts, less.whole)
        doubtful = doubtful[view.absent[doubtful]]
        if not len(doubtful):
            return
        view.value[doubtful], view.absent[doubtful] = np.nan, False
        view.implied[doubtful] = [view.quantity(cell) not in fig.REMAINDERS for cell in doubtful.tolist()]


def _own_margins(view: View, column: int, codes: Codes) -> list[Sums]:
    """Return the margins of this edition's figures alone: an earlier edition may have had a centre more."""
    if view.own.all():
        return []
    corrected = np.array(["/e" in name for name in view.figures.families], dtype=np.bool_)
    mine = view.own[view.named] & ~corrected[view.names[:, 0]]
    return [margins(view.names[mine], view.named[mine], column + 1, codes.total)]


def _patients(view: View) -> Sums:
    """Return that patients are those of a rate, those not eligible and those not yet known, wherever they stand."""
    families, measure = view.figures.families, view.figures.position("measure")
    number = _numbers(view)
    found: list[Pair] = []
    fresh: dict[Key, int] = {}
    kinds = {name: order for order, name in enumerate(families)}
    for (family, *codes), cell in list(number.items()):
        quantity, slash, label = families[family].partition("/")
        if quantity != "denominator":
            continue
        rest = [number.get((kinds.get(f"{name}{slash}{label}", -1), *codes)) for name in ("not_eligible", "not_known")]
        if None in rest:
            continue
        at = list(codes)
        if measure is not None:
            at[measure] = view.figures.dimensions[measure].number["patients"]
        key = (view.figures.family_of(f"patients{slash}{label}"), *at)
        whole = number.get(key)
        if whole is None:
            whole = fresh.setdefault(key, len(view) + len(fresh))
        found.append((whole, (cell, *(each for each in rest if each is not None))))
    view.grow(list(fresh))
    return Sums.of(found)


def _numbers(view: View) -> dict[Key, int]:
    return dict(zip(map(tuple, view.names.tolist()), view.named.tolist(), strict=True))


class _Dimension:
    """A dimension whose codes are made of one another."""

    def __init__(self, view: View, column: int) -> None:
        self.view, self.column, self.codes, self.begin = view, column, view.figures.dimensions[column], len(view)
        self.centre, self.service = view.figures.position("centre"), view.figures.position("service")
        self.number = _numbers(view)
        self.fresh: dict[Key, int] = {}
        self.pieces: dict[int, set[int]] = defaultdict(set)
        self.latent: set[int] = set()
        self._labels: dict[str, int] = defaultdict(lambda: len(self._labels))

    def link(self, before: Sums) -> Sums:
        """Return the sums along the dimension, and those ``before`` again for its pieces."""
        view = self.view
        people = np.array([fig.quantity_of(name) == "patients" for name in view.figures.families], dtype=np.bool_)
        found = self._cut(view.names, view.named, people)
        if self.codes.timed:  # the years of a rate are years of the patients too
            first, accounts = len(view), _patients(view)
            self._imply(first, accounts)
            before = Sums.joined([before, accounts])
            self.number = _numbers(view)
            found += self._cut(view.names, view.named, ~people)
        sums = Sums.of(found)
        return Sums.joined([sums, *([before] if self.codes.timed else []), self._repeated(before)])

    def beside(self, first: int) -> Sums:
        """Return the sums of lines on which pieces of time stand: the names from ``first`` on.

        The centres of a year, and the regions of which only a pool of years was published: a region's year is its centres'.
        """
        names, named = self.view.names, self.view.named
        key = folded([column for order, column in enumerate(names.T) if order != self.column + 1], len(names))
        kept = np.isin(key, key[np.arange(len(names)) >= first])
        if not self.codes.mask(self.codes.total):  # a total of what else stands on the line is one of published lines alone
            kept &= names[:, self.column + 1] != self.codes.total
        return Sums.of(self._cut(names[kept], named[kept], np.zeros(0, np.bool_)))

    def _cut(self, names: Ints, named: Ints, skip: np.typing.NDArray[np.bool_]) -> list[Pair]:
        """Cut the figures of every line along the dimension into one another and into pieces."""
        if self.codes.timed:
            keep = ~np.append(skip, np.zeros(len(self.view.figures.families) - len(skip), np.bool_))[names[:, 0]]
            names, named = names[keep], named[keep]
        lines: dict[Key, dict[int, int]] = defaultdict(dict)
        column = self.column + 1
        for row, cell in zip(names.tolist(), named.tolist(), strict=True):
            lines[(*row[:column], -1, *row[column + 1 :])][row[column]] = cell
        wanted = self._wanted(lines)
        found: list[Pair] = []
        for line, cells in lines.items():
            cut = self.codes.cut(tuple(sorted(cells)), self._among(line), wanted.get(self._group(line), ()))
            for whole, parts in cut:
                numbers = tuple(cells[part] if part in cells else self._piece(line, part) for part in parts)
                self.pieces[cells[whole]].update(parts)
                found.append((cells[whole], numbers))
        self._settle()
        if self.codes.timed:
            self._told_apart(found)
        return found

    def _told_apart(self, found: Sequence[Pair]) -> None:
        """Note of pieces of time that the hierarchies had formed already that they stand in no table either."""
        view = self.view
        for cell in {part for _, parts in found for part in parts if part < self.begin}:
            if not view.published[cell] and np.isnan(view.value[cell]) and view.quantity(cell) not in fig.REMAINDERS:
                view.implied[cell] = True

    def _piece(self, line: Key, code: int) -> int:
        """Return the cell of a piece; a new one stands in no table."""
        key = (*line[: self.column + 1], code, *line[self.column + 2 :])
        if key in self.number:
            return self.number[key]
        return self.fresh.setdefault(key, len(self.view) + len(self.fresh))

    def _settle(self) -> None:
        """Take the new pieces into the view."""
        view, first = self.view, len(self.view)
        lists = self._lists() if self.codes.timed else {}
        keys = list(self.fresh)
        view.grow(keys)
        self.number |= self.fresh
        self.latent |= {key[self.column + 1] for key in keys}
        for cell, key in enumerate(keys, first):
            if not self.codes.timed:
                continue
            if self._unlisted(key, lists):
                view.absent[cell], view.value[cell] = True, 0.0
            elif view.quantity(cell) not in fig.REMAINDERS:
                view.implied[cell] = True
        self.fresh = {}

    def _imply(self, first: int, accounts: Sums) -> None:
        """Note of the patients that only the pieces of a rate give, from a cell on, that they stand in no table either."""
        view = self.view
        for cell, parts in accounts:
            if cell < first or int(view.place[cell, self.column]) not in self.latent:
                continue
            if view.absent[list(parts)].all():
                view.absent[cell], view.value[cell] = True, 0.0
            else:
                view.implied[cell] = True

    def _among(self, line: Key) -> int:
        """Return the leaves that there are on a line: a service's centres stand in its tables with or without patients."""
        if self.codes.name != "centre" or self.service is None or line[self.service + 1] == self._service_total:
            return -1
        return self._centres[line[self.service + 1]] or -1

    @property
    def _service_total(self) -> int:
        assert self.service is not None
        return self.view.figures.dimensions[self.service].total

    @property
    def _centres(self) -> dict[int, int]:
        """The leaves that each service's tables list."""
        if not hasattr(self, "_own_centres"):
            assert self.service is not None
            present: dict[int, set[int]] = defaultdict(set)
            for row in self.view.names.tolist():
                present[row[self.service + 1]].add(row[self.column + 1])
            self._own_centres = {service: self.codes.listed(codes) for service, codes in present.items()}
        return self._own_centres

    def _group(self, line: Key) -> Group:
        """Return what periods are compared within: a service's measure, of a corrected edition by itself."""
        figures = self.view.figures
        label = figures.families[line[0]].partition("/")[2]
        measure, service = figures.position("measure"), self.service
        code = -1
        if measure is not None:
            names = figures.dimensions[measure]
            code = names.number.get(names.names[line[measure + 1]].split("@")[0], line[measure + 1])
        return (self._labels[label], -1 if service is None else line[service + 1], code)

    def _wanted(self, lines: dict[Key, dict[int, int]]) -> dict[Group, tuple[int, ...]]:
        """Return, for each group, all periods that its figures tell apart."""
        if not self.codes.timed:
            return {}
        found: dict[Group, set[int]] = defaultdict(set)
        for line, cells in lines.items():
            found[self._group(line)].update(self.codes.masks[code] for code in cells)
        return {group: tuple(sorted(masks - {0})) for group, masks in found.items()}

    def _lists(self) -> dict[Group, dict[int, int]]:
        """Return which centres each period's tables list, as leaves."""
        present: dict[Group, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
        if self.centre is None:
            return {}
        for row, cell in zip(self.view.names.tolist(), self.view.named.tolist(), strict=True):
            if self.view.published[cell]:
                present[self._group(tuple(row))][row[self.column + 1]].add(row[self.centre + 1])
        codes = self.view.figures.dimensions[self.centre]
        lists = {group: {period: codes.listed(centres) for period, centres in each.items()} for group, each in present.items()}
        return {group: {period: listed for period, listed in each.items() if listed} for group, each in lists.items()}

    def _unlisted(self, key: Key, lists: dict[Group, dict[int, int]]) -> bool:
        """Whether some list that covers a piece's time leaves out its centre, or all of its centres, which then had nobody."""
        if self.centre is None:
            return False
        codes, mask = self.view.figures.dimensions[self.centre], self.codes.masks[key[self.column + 1]]
        centre = key[self.centre + 1]
        if centre == codes.total:
            return False
        told = lists.get(self._group(key), {})
        return any(not mask & ~self.codes.masks[period] and not codes.mask(centre) & listed for period, listed in told.items())

    def _repeated(self, before: Sums) -> Sums:
        """Return, for the pieces, what adds up in the figures that they are pieces of: centres to their service."""
        view = self.view
        if not self.latent:
            return Sums.none()
        gap = view.value[before.whole] - before.total(view.value)
        with np.errstate(invalid="ignore"):
            agrees = np.isnan(gap) | (np.abs(gap) < 0.5)
        split = np.zeros(len(view), np.float64)
        split[[*self.pieces]] = 1.0
        touched = before.chosen(agrees & ((before.total(split) + split[before.whole]) > 0))
        found: list[Pair] = []
        families, places = view.family.tolist(), view.place.tolist()
        for whole, parts in touched:
            cells = (whole, *parts)
            for code in sorted(self.latent.intersection(*[set().union(*(self.pieces.get(cell, ()) for cell in cells))])):
                numbers = [self.number.get(self._at(families[cell], places[cell], code)) for cell in cells]
                if None not in numbers:
                    known = [each for each in numbers if each is not None]
                    found.append((known[0], tuple(known[1:])))
        return Sums.of(found)

    def _at(self, family: int, place: Sequence[int], code: int) -> Key:
        return (family, *place[: self.column], code, *place[self.column + 1 :])
