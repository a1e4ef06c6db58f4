"""How a number follows from what is published, in plain words: the shortest reckoning that a linear programme's prices give.

A bound of a cell is a sum of shown figures, each so many times: the prices of the programme that finds the bound. Figures are
named by the codes in which they differ from one another: ``patients of Total (57) less A (31) less B (14)``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from plenary_stats.disclosure.attacker.component import cut_out
from plenary_stats.disclosure.attacker.figures import Floats, Ints
from plenary_stats.disclosure.attacker.programme import FAR, Questions
from plenary_stats.disclosure.attacker.system import Bounds, Rows, components
from plenary_stats.disclosure.attacker.view import View
from plenary_stats.solver import TOLERANCE

FIGURES = 6
"""More figures than this are counted, not named."""
MOST = 60
"""For more cells than this no programme is solved: the reckonings of the first will do."""
Terms = list[tuple[float, int]]
"""So many times the figure of a cell."""


@dataclass(frozen=True)
class Reckoning:
    """The shown figures that a bound is reckoned from; ``rounded``: and that numbers are whole."""

    terms: Terms
    rounded: bool = False


def explained(view: View, start: Bounds, bounds: Bounds, cells: Sequence[int]) -> dict[int, str]:
    """Return, for some cells, how a reader narrows them to their bounds; nothing where no short reckoning is found."""
    if not cells:
        return {}
    words = _Words(view, np.where(start.open(), math.nan, start.low))
    found = {cell: words.of(cell, [("", Reckoning(terms))]) for cell, terms in _single_sums(view, words.value, cells).items()}
    hard = [cell for cell in cells if cell not in found][:MOST]
    every = Rows.of(view.sums)
    is_open = start.open()
    told = np.bincount(every.row[is_open[every.column]], minlength=len(every)) > 0
    rows = every.settled(start)
    numbers = np.flatnonzero(told)
    home: dict[int, Ints] = {}
    for which, columns in components(rows, len(view)):
        home.update(dict.fromkeys(columns.tolist(), numbers[which]))
    asked: dict[int, _Prices] = {}
    for cell in hard:
        if cell not in home:
            continue
        own = home[cell]
        if own[0] not in asked:
            asked[int(own[0])] = _Prices(every, own, start)
        prices = asked[int(own[0])]
        ends = [
            (word, reckoning)
            for word, sign, bound in (("at least", 1.0, bounds.low[cell]), ("at most", -1.0, bounds.high[cell]))
            if math.isfinite(bound) and (reckoning := prices.of(cell, sign, float(bound))) is not None
        ]
        found[cell] = words.of(cell, _joined(ends, bounds, cell))
    return found


def _single_sums(view: View, value: Floats, cells: Sequence[int]) -> dict[int, Terms]:
    """Return the reckonings of cells that one sum gives, all others in it being shown."""
    sums, known = view.sums, ~np.isnan(value)
    hidden = sums.total((~known).astype(np.float64)) + ~known[sums.whole]
    ready = sums.chosen((hidden == 1) & ~sums.open)
    wanted, found = set(cells), dict[int, Terms]()
    for whole, parts in ready:
        unknown = next(cell for cell in (whole, *parts) if not known[cell])
        terms = [(1.0, part) for part in parts] if unknown == whole else [(1.0, whole), *((-1.0, part) for part in parts)]
        terms = [(factor, cell) for factor, cell in terms if cell != unknown]
        if unknown in wanted and (unknown not in found or len(terms) < len(found[unknown])):
            found[unknown] = terms
    return found


class _Prices:
    """The programme of one connected part of the sums, shown figures included: their prices are how often they count."""

    def __init__(self, every: Rows, which: Ints, start: Bounds) -> None:
        begin = every.start
        entries = np.concatenate([np.arange(begin[row], begin[row + 1]) for row in which])
        self.cells = np.unique(every.column[entries])
        self.place = {cell: order for order, cell in enumerate(self.cells.tolist())}
        self.fixed = ~start.open()[self.cells]
        box = Bounds(start.low[self.cells], start.high[self.cells], start.whole[self.cells])
        self.questions = Questions(cut_out(every, which, self.cells, len(start.low)), box)
        self.questions.start()

    def of(self, cell: int, sign: float, bound: float) -> Reckoning | None:
        """Return what the low (sign 1) or high bound of a cell is reckoned from."""
        costs = np.zeros(len(self.cells))
        costs[self.place[cell]] = sign
        self.questions.costs(costs)
        point = self.questions.minimise()
        if point is None or abs(point[self.place[cell]]) > FAR:
            return None
        prices: Floats = sign * self.questions.prices()
        used = np.flatnonzero(self.fixed & (np.abs(prices) > TOLERANCE))
        terms = [(float(prices[place]), int(self.cells[place])) for place in used]
        return Reckoning(terms, rounded=abs(point[self.place[cell]] - bound) > TOLERANCE)


def _joined(ends: Sequence[tuple[str, Reckoning]], bounds: Bounds, cell: int) -> list[tuple[str, Reckoning]]:
    """Return both bounds' reckonings, or one where they are the same."""
    if bounds.low[cell] == bounds.high[cell] and len(ends) > 1 and ends[0][1] == ends[1][1]:
        return [("", ends[0][1])]
    limit = {"at least": bounds.low[cell], "at most": bounds.high[cell]}
    return [(f"{word} {limit[word]:g}: ", reckoning) for word, reckoning in ends if reckoning.terms or reckoning.rounded]


@dataclass(frozen=True)
class _Words:
    """Reckonings in words. ``value``: what is known of each cell before any sum; else NaN."""

    view: View
    value: Floats

    def of(self, cell: int, ends: Sequence[tuple[str, Reckoning]]) -> str:
        """Return the reckonings of a cell's bounds in words."""
        view = self.view
        figures = [each for _, reckoning in ends for _, each in reckoning.terms]
        places = [view.codes(each) for each in (cell, *figures)]
        apart = [order for order in range(len(places[0])) if len({place[order] for place in places}) > 1]
        same = len({view.quantity(each) for each in (cell, *figures)}) == 1
        names = {each: self._name(each, apart, quantity=not same) for each in figures}
        told = [f"{word}{self._reckoning(reckoning, names)}" for word, reckoning in ends]
        if not told:
            return ""
        lead = f"{view.quantity(cell).replace('_', ' ')} of " if same and apart and not ends[0][0] else ""
        return lead + "; ".join(told)

    def _name(self, cell: int, apart: Sequence[int], *, quantity: bool) -> str:
        """Name a figure by the codes in which it differs from the others, with its number."""
        codes = self.view.codes(cell)
        words = [self.view.quantity(cell).replace("_", " ")] if quantity or not apart else []
        words += [codes[order] for order in apart if codes[order]]
        elsewhere = "" if self.view.own[cell] else ", earlier or elsewhere"
        return f"{' '.join(words)} ({self.value[cell]:.12g}{elsewhere})"

    def _reckoning(self, reckoning: Reckoning, names: Mapping[int, str]) -> str:
        shown = [term for term in reckoning.terms if self.value[term[1]] != 0]
        noughts = len(reckoning.terms) - len(shown)
        ordered = sorted(shown, key=lambda term: (term[0] < 0, -self.value[term[1]], term[1]))
        words = ""
        for factor, cell in ordered[:FIGURES]:
            times = "" if abs(abs(factor) - 1) < TOLERANCE else f"{abs(factor):.3g} × "
            words += (" less " if factor < 0 else " plus " if words else "") + times + names[cell]
        if not words:
            return "noughts alone" if noughts else "numbers being whole"
        words = words.strip()
        if len(ordered) > FIGURES:
            words += f" and {len(ordered) - FIGURES} more"
        if noughts:
            words += f", with {noughts} noughts" if noughts > 1 else ", with one nought"
        return words + (", numbers being whole" if reckoning.rounded else "")
