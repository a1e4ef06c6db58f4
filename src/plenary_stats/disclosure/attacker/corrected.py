"""What a reader of a correction supposes: that as little was mended as can be, and all else stayed as it was.

Figures of a corrected edition are the newer one's where both show them alike; where one of them withholds, nothing says so. So
the reader tries: in a line (the centres, areas, sexes or ages of a service) every withheld figure stands as it stood, and what is
gone from the line has gone into what grew. Where the figures contradict that, one code of the line was mended, of which any
that they allow may be the one.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from plenary_stats.disclosure.attacker import figures as fig
from plenary_stats.disclosure.attacker.figures import Bools
from plenary_stats.disclosure.attacker.ranges import closer_where_small, solved
from plenary_stats.disclosure.attacker.sums import Pair, Sums
from plenary_stats.disclosure.attacker.system import Bounds, ContradictionError
from plenary_stats.disclosure.attacker.view import Key, View
from plenary_stats.disclosure.policy import Policy

_APART = "/e"
"""The mark of an earlier edition's figures that were corrected since."""
_FIXED = frozenset({"service", "period", "measure"})
"""A line does not run along these."""


@dataclass(frozen=True)
class _Twin:
    """A figure before the correction and after it; ``after`` is -1 where it is gone. ``line``: what it has beside it."""

    before: int
    after: int
    code: int
    line: Key


def supposed(view: View, bounds: Bounds, policy: Policy) -> Bounds:
    """Return the ranges, narrower where a supposition about a correction leaves less."""
    found = bounds
    for (service, _), twins in sorted(_twins(view).items()):
        sums = view.sums.chosen(_within(view, service))
        line = _Line(view, twins, policy.threshold)
        stayed = line.tried(bounds, sums, line.unchanged())
        for left in stayed:
            found = _worse(found, left)
        mended = [] if stayed else line.tried(bounds, sums, line.mended())
        if mended:
            low, high = np.min([left.low for left in mended], axis=0), np.max([left.high for left in mended], axis=0)
            found = _worse(found, Bounds(low, high, bounds.whole))
    made = closer_where_small(view, bounds, found, policy)
    view.supposed = np.flatnonzero(made.high - made.low < bounds.high - bounds.low).tolist()
    return made


def _worse(one: Bounds, other: Bounds) -> Bounds:
    """Return, cell by cell, the narrower range; of equally narrow ones that of the smaller number."""
    width, another = one.high - one.low, other.high - other.low
    first = (width < another) | ((width == another) & (one.low <= other.low))
    return Bounds(np.where(first, one.low, other.low), np.where(first, one.high, other.high), one.whole)


def _twins(view: View) -> dict[tuple[int, int], list[_Twin]]:
    """Return the figures that a correction may have changed, by service and by the dimension along which they vary."""
    figures = view.figures
    base = {
        order: figures.families.index(name.rpartition(_APART)[0])
        for order, name in enumerate(figures.families)
        if _APART in name and name.rpartition(_APART)[0] in figures.families and fig.quantity_of(name) not in fig.REMAINDERS
    }
    if not base:
        return {}
    names = view.names.tolist()
    number = {tuple(name): cell for name, cell in zip(names, view.named.tolist(), strict=True)}
    along = [order for order, codes in enumerate(figures.dimensions) if codes.name not in _FIXED]
    service = figures.position("service")
    found: dict[tuple[int, int], list[_Twin]] = defaultdict(list)
    others = _other_lists(view, set(base))
    for (family, *at), cell in zip(names, view.named.tolist(), strict=True):
        after = number.get((base[family], *at), -1) if family in base and view.published[cell] else cell
        of = -1 if service is None else at[service]
        if after == cell or (of in others and at[others[of]] == figures.dimensions[others[of]].total):
            continue
        for column in along:
            if at[column] != figures.dimensions[column].total:
                line = (family, *at[:column], -1, *at[column + 1 :])
                found[of, column].append(_Twin(cell, after, at[column], line))
    return found


def _other_lists(view: View, corrected: set[int]) -> dict[int, int]:
    """Return the services of which the versions list other centres, with the centres' column: their totals count others."""
    centre, service = view.figures.position("centre"), view.figures.position("service")
    if centre is None:
        return {}
    listed: dict[int, tuple[set[int], set[int]]] = defaultdict(lambda: (set(), set()))
    for row, cell in zip(view.names.tolist(), view.named.tolist(), strict=True):
        if view.published[cell] and (row[0] in corrected or view.own[cell]):
            listed[-1 if service is None else row[service + 1]][row[0] in corrected].add(row[centre + 1])
    return {of: centre for of, (now, before) in listed.items() if before and now != before}


def _within(view: View, service: int) -> Bools:
    """Return which sums are of one service alone."""
    column = view.figures.position("service")
    if column is None:
        return np.ones(len(view.sums), np.bool_)
    mine = view.place[:, column] == service
    inside: Bools = mine[view.sums.whole] & (view.sums.total((~mine).astype(np.float64)) == 0)
    return inside


class _Line:
    """The figures of a service that vary along one dimension, before a correction and after it."""

    def __init__(self, view: View, twins: list[_Twin], threshold: float) -> None:
        self.twins, self.threshold = twins, threshold
        self.hidden = np.isnan(view.value)
        people = [each for each in twins if view.quantity(each.before) in fig.PEOPLE]
        self.kept = [each for each in twins if each.after >= 0 and (self.hidden[each.before] or self.hidden[each.after])]
        self.fresh = {each.code for each in self.kept if not self.hidden[each.before]}
        was = [each.before for each in people if self.hidden[each.before]]
        now = [each.after for each in people if each.after >= 0 and self.hidden[each.after]]
        self.reasons = [cells for cells in (was, now if self.fresh else []) if cells]

    def unchanged(self) -> list[list[Pair]]:
        """Return that nothing changed that is withheld. Where a figure was shown and is withheld now, something did."""
        gone = [each for each in self.twins if each.after < 0 and self.hidden[each.before]]
        if self.fresh or not (self.kept or gone):
            return []
        same = self._same(-1)
        grown = {each.code for each in self.twins if each.after >= 0 and each not in self.kept} if gone else set[int]()
        return [same, *([*same, *self._inherited(gone, heir)] for heir in sorted(grown))]

    def mended(self) -> list[list[Pair]]:
        """Return that of one code alone something changed, code by code."""
        return [self._same(code) for code in sorted({each.code for each in self.kept})]

    def tried(self, bounds: Bounds, sums: Sums, suppositions: list[list[Pair]]) -> list[Bounds]:
        """Return the ranges that each supposition leaves which the figures, and the rule, allow."""
        found = []
        for each in suppositions:
            try:
                left = solved(bounds, Sums.joined([sums, Sums.of(each)]))
            except ContradictionError:
                continue
            if any(left.low[cells].min() >= self.threshold for cells in self.reasons):
                continue  # then nothing would have been withheld
            found.append(left)
        return found

    def _same(self, mended: int) -> list[Pair]:
        return [(each.before, (each.after,)) for each in self.kept if each.code != mended]

    def _inherited(self, gone: list[_Twin], heir: int) -> list[Pair]:
        """Return that one code's figures are what they were and what is gone together."""
        lost: dict[Key, list[int]] = defaultdict(list)
        for each in gone:
            lost[each.line].append(each.before)
        return [
            (each.after, (each.before, *lost[each.line]))
            for each in self.twins
            if each.code == heir and each.after >= 0 and each.line in lost
        ]
