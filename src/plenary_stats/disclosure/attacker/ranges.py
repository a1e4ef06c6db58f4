"""The attacker: what a reader can deduce about every withheld number, from what is published and nothing else.

Whole-number interval propagation to a fixed point, then, per connected component, a linear programme for each bound that is
still open; where its vertex is not whole, an integer programme settles it. The ranges are exact,
but for wide ones in parts of very many cells.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from plenary_stats import cores
from plenary_stats.disclosure.attacker import figures as fig
from plenary_stats.disclosure.attacker.component import LARGE, Component, cut_out
from plenary_stats.disclosure.attacker.figures import Bools, Floats, Ints
from plenary_stats.disclosure.attacker.joint import narrowed
from plenary_stats.disclosure.attacker.rule import small_ones
from plenary_stats.disclosure.attacker.shares import Share, narrow
from plenary_stats.disclosure.attacker.sums import Sums
from plenary_stats.disclosure.attacker.system import Bounds, ContradictionError, Merged, Rows, components, merge, tighten
from plenary_stats.disclosure.attacker.view import View
from plenary_stats.disclosure.policy import Policy
from plenary_stats.errors import InputError
from plenary_stats.solver import TOLERANCE, Box, Programme

ROUNDS = 5
"""So often what the rule tells is asked again after it told something."""


def attack(view: View, policy: Policy, shares: Sequence[Share] = ()) -> Bounds:
    """Return the exact range of every cell. Raises ``InputError`` where the published figures contradict one another.

    What the rule itself tells is added where it tells too much.
    """
    plain_ranges = found = _attack(view, policy, shares)
    view.small = []
    for _ in range(ROUNDS):
        if not (small := small_ones(view, found, policy)):
            break
        closer = found.copy()
        closer.high[small] = policy.threshold - 1
        try:
            found = solved(closer, view.sums, wide_enough(view, policy))
        except ContradictionError:  # the reason was another
            break
        view.small += small
    return closer_where_small(view, plain_ranges, found, policy)


def closer_where_small(view: View, proved: Bounds, concluded: Bounds, policy: Policy) -> Bounds:
    """Return what is proved, and what is only concluded where it is narrower and of a number that may be small.

    A wrong conclusion must not make a number look large that is proved to be small.
    """
    events = np.array([name in fig.EVENTS for name in view.quantities()], dtype=np.bool_)
    small = concluded.low < np.where(events, policy.event_threshold, policy.threshold)
    taken = small & (concluded.high - concluded.low < proved.high - proved.low)
    return Bounds(np.where(taken, concluded.low, proved.low), np.where(taken, concluded.high, proved.high), proved.whole)


def _attack(view: View, policy: Policy, shares: Sequence[Share]) -> Bounds:
    """Return the range of every cell that the published figures leave.

    Earlier editions may tell of what has been corrected since. Then the reader gives up as few of their sums as make the rest
    possible, or trusts this edition alone: of both the narrower range counts. This edition's own sums are never given up.
    """
    sums, enough, view.untried = view.sums, wide_enough(view, policy), 0
    if view.beliefs:
        view.sums = Sums.joined([sums, *view.beliefs])
        start = before(view, policy, shares)
        try:
            return _taken_together(view, start, view.sums, enough, shares)
        except ContradictionError:
            view.sums = sums
            view.sums = Sums.joined([sums, *_believed(start, sums.chosen(_own(view)), view.beliefs)])
    start = before(view, policy, shares)
    try:
        return _taken_together(view, start, view.sums, enough, shares)
    except ContradictionError as problem:
        own = _own(view)
        try:
            alone = _taken_together(view, start, view.sums.chosen(own), enough, shares)
        except ContradictionError as worse:
            cell = worse.args[0]
            where = " ".join(view.codes(cell)) if cell >= 0 else "no whole numbers satisfy every sum"
            raise InputError(f"The published figures contradict one another: {where}") from problem
    try:
        believed = _taken_together(view, start, _believable(start, view.sums, own), enough, shares)
    except ContradictionError:  # no whole numbers agree with what is left of the earlier editions
        return alone
    return _narrower(believed, alone)


def _taken_together(view: View, start: Bounds, sums: Sums, enough: Widths, shares: Sequence[Share]) -> Bounds:
    """Return the ranges that sums, the joint tables behind them and percentages leave together.

    An end that no percentage allows is given up, and the sums are asked again. Where they have no answer then, the percentage
    is of other patients, and its own numbers alone are believed to be narrower.
    """
    found, view.untried = narrowed(view, solved(start, sums, enough), sums)
    while narrow(shares, found):
        with suppress(ContradictionError):
            found, view.untried = narrowed(view, solved(found, sums, enough), sums)
    return found


def _believed(start: Bounds, sums: Sums, beliefs: Sequence[Sums]) -> list[Sums]:
    """Return the beliefs that are possible together with some sums, the first rather than the others."""
    if not beliefs:
        return []
    try:
        solved(start, Sums.joined([sums, *beliefs]))
    except ContradictionError:
        if len(beliefs) == 1:
            return []
        half = len(beliefs) // 2
        first = _believed(start, sums, beliefs[:half])
        return first + _believed(start, Sums.joined([sums, *first]), beliefs[half:])
    return list(beliefs)


def plain(view: View, policy: Policy) -> Bounds:
    """Return what is plain before any sum is used: where noughts are published, a withheld number is at least 1."""
    quantities = view.quantities()
    low = view.value.copy()
    high = low.copy()
    hidden = np.isnan(low)
    low[hidden], high[hidden] = 0.0, math.inf
    if policy.zeros == "publish":
        people = np.array([name in fig.PEOPLE for name in quantities], dtype=np.bool_)
        events = np.array([name in fig.EVENTS for name in quantities], dtype=np.bool_)
        told = (view.whole >= 0) & ~np.isnan(view.value[view.whole])
        low[hidden & view.published & (people | (events & told))] = 1.0
    for cell, (least, most) in view.within.items():
        if hidden[cell]:
            low[cell], high[cell] = least, most
    return Bounds(low, high, np.array([name != "amount" for name in quantities], dtype=np.bool_))


def before(view: View, policy: Policy, shares: Sequence[Share]) -> Bounds:
    """Return what is plain before the sums are solved, with what percentages tell: they and the sums narrow one another."""
    start = plain(view, policy)
    rows = Rows.of(view.sums) if shares else None
    while rows is not None:
        bounds = start.copy()
        try:
            tighten(rows.settled(bounds), bounds)
        except ContradictionError:
            break
        if not narrow(shares, bounds):
            break
        for cell in {cell for share in shares for cell in (share.numerator, share.denominator, share.complement) if cell >= 0}:
            start.low[cell], start.high[cell] = bounds.low[cell], bounds.high[cell]
    return start


def _own(view: View) -> Bools:
    """Return which sums are of this edition's figures alone."""
    sums = view.sums
    mine: Bools = view.own[sums.whole] & (sums.total((~view.own).astype(np.float64)) == 0)
    return mine


def _narrower(one: Bounds, other: Bounds) -> Bounds:
    """Return, cell by cell, the narrower of two ranges."""
    first = one.high - one.low <= other.high - other.low
    return Bounds(np.where(first, one.low, other.low), np.where(first, one.high, other.high), one.whole)


def _believable(start: Bounds, sums: Sums, own: Bools) -> Sums:
    """Return the sums without those of earlier editions that must be wrong: the least that can be, by linear programming."""
    rows, size, doubtful = Rows.of(sums), len(start.low), np.flatnonzero(~own)
    each = [
        list(zip(rows.column[first:last].tolist(), rows.factor[first:last].tolist(), strict=True))
        for first, last in zip(rows.start[:-1].tolist(), rows.start[1:].tolist(), strict=True)
    ]
    for order, row in enumerate(doubtful.tolist()):
        each[row] += [(size + order, 1.0), (size + len(doubtful) + order, -1.0)]
    slack = np.zeros(2 * len(doubtful))
    columns = Box(np.concatenate((start.low, slack)), np.concatenate((start.high, slack + math.inf)))
    point = Programme(each, Box(rows.low, rows.high), columns, np.concatenate((np.zeros(size), slack + 1.0))).minimise()
    if point is None:
        return sums.chosen(own)
    wrong = point[size : size + len(doubtful)] + point[size + len(doubtful) :] > TOLERANCE
    kept = np.ones(len(sums), np.bool_)
    kept[doubtful[wrong]] = False
    return sums.chosen(kept)


def wide_enough(view: View, policy: Policy) -> Widths:
    """Return, by cell, the width from which on a range gives nothing away, below the threshold and above it.

    Of amounts every end is found; those not eligible or not known are no secret in themselves.
    """
    below, above = np.full(len(view), math.inf), np.full(len(view), math.inf)
    for names, few, many in (
        (fig.PEOPLE, policy.minimum_width, 1),
        (fig.EVENTS, policy.event_width, policy.event_width),
        (fig.REMAINDERS, 0, 0),
    ):
        mine = np.array([name in names for name in view.quantities()], dtype=np.bool_)
        below[mine], above[mine] = few, many
    below[view.wide], above[view.wide] = 0, 0
    return Widths(below, above, float(policy.threshold))


@dataclass(frozen=True)
class Widths:
    """The widths that are enough of each cell: of one that may be below the threshold, and of one that cannot."""

    below: Floats
    above: Floats
    threshold: float

    def of(self, bounds: Bounds, merged: Merged) -> Floats:
        """Return the width that is enough of each column, for all cells that it stands for."""
        ends = np.minimum(
            merged.sign * bounds.low[merged.root] + merged.shift, merged.sign * bounds.high[merged.root] + merged.shift
        )
        each = np.where(ends < self.threshold, self.below, self.above)
        found = np.zeros(len(each))
        np.maximum.at(found, merged.root, each)
        return found


def solved(start: Bounds, sums: Sums, widths: Widths | None = None) -> Bounds:
    """Return the ranges that some sums leave. Raises ``ContradictionError`` where they leave none.

    They are exact; only of ``widths`` that are enough, in parts of very many cells, they are what the sums prove.
    """
    bounds = start.copy()
    every = Rows.of(sums)
    rows = every.settled(bounds)
    tighten(rows, bounds)
    rows, merged = merge(rows.settled(bounds), bounds)
    tighten(rows, bounds)
    rows = rows.settled(bounds)
    enough = None if widths is None else widths.of(bounds, merged)
    parts = components(rows, len(bounds.low))
    tasks = [_part(rows, bounds, *part, enough) for part in parts]
    for (_, columns), (low, high) in zip(parts, cores.each(Component.ranges, tasks), strict=True):
        bounds.low[columns], bounds.high[columns] = low, high
    merged.spread(bounds)
    return bounds


def _part(rows: Rows, bounds: Bounds, which: Ints, columns: Ints, enough: Floats | None = None) -> Component:
    """Return one connected part of the rows by itself."""
    own = cut_out(rows, which, columns, len(bounds.low))
    wide = enough[columns] if enough is not None and len(columns) > LARGE else None
    return Component(own, Bounds(bounds.low[columns], bounds.high[columns], bounds.whole[columns]), wide)
