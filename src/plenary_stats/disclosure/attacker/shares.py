"""Percentages and rates that are shown where the numbers behind them are not: what they leave of numerator and denominator.

A share to so many places has few numerators for each small denominator, and an interval beside it fewer. An unrounded share of
a known denominator is the numerator. How a share was rounded is the policy's ``precision``, or the longest that its column
prints.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from plenary_stats.disclosure.attacker.figures import AnyTable, Floats
from plenary_stats.disclosure.attacker.printed import method_of, scale_of, shown_alone, words_of_method
from plenary_stats.disclosure.attacker.system import Bounds
from plenary_stats.disclosure.attacker.view import View
from plenary_stats.disclosure.policy import Policy
from plenary_stats.proportions import Method, interval

LONGEST = 9
"""With so many places a figure is not rounded."""
MOST = 3000
"""Larger denominators are not tried one by one: a share says nothing of them."""


@dataclass(frozen=True)
class Share:
    """A shown value, how far from it the truth may lie, its interval, and the cells behind it (-1: none).

    ``population``: of a rate of residents the public denominator, by which numerators are divided; else NaN.
    """

    value: float
    half: float
    lower: float
    upper: float
    half_limits: float
    method: Method | None
    numerator: int
    denominator: int
    complement: int
    population: float = math.nan


def _half(column: Floats, policy: Policy, scale: float) -> float:
    """Return by how much a figure of a column may have been rounded, as a share."""
    places = policy.precision
    if places is None:
        places = max((_places(each) for each in column[~np.isnan(column)].tolist()), default=LONGEST)
    return (1e-9 if places >= LONGEST else 0.5 * 10.0**-places + 1e-12) / scale


def _places(value: float) -> int:
    words = repr(value)
    return LONGEST if "e" in words else len(words.partition(".")[2].rstrip("0"))


def shares_of(view: View, tables: Sequence[AnyTable], policy: Policy) -> list[Share]:
    """Return every share that tells of numbers that are not shown."""
    figures = view.figures
    found: list[Share] = []
    for order, table in enumerate(tables):
        rows = np.flatnonzero(shown_alone(table))
        if not len(rows):
            continue
        mine = figures.table == order
        cells = {
            role: dict(zip(figures.row[own].tolist(), view.cell_of[own].tolist(), strict=True))
            for number, role in enumerate(figures.roles)
            if (own := mine & (figures.role == number)).any()
        }
        found += _of_table(table, rows.tolist(), cells, policy)
    return [share for share in found if share.numerator >= 0]


def _of_table(table: AnyTable, rows: Sequence[int], cells: dict[str, dict[int, int]], policy: Policy) -> Iterator[Share]:
    scale = scale_of(table)
    columns = {
        name: np.asarray(table.columns[name], dtype=np.float64) if name in table.columns else np.full(len(table), math.nan)
        for name in ("value", "lower", "upper", "denominator")
    }
    half, limits = _half(columns["value"], policy, scale), _half(np.append(columns["lower"], columns["upper"]), policy, scale)
    words = words_of_method(table)
    for row in rows:
        value, lower, upper = (float(columns[name][row]) / scale for name in ("value", "lower", "upper"))
        numbers = [cells.get(role, {}).get(row, -1) for role in ("numerator", "denominator", "complement")]
        if table.kind == "exposure":
            yield Share(value, half, lower, upper, limits, None, numbers[0], -1, -1, float(columns["denominator"][row]))
            continue
        method = method_of(words[row])
        known: Method | None = None if isinstance(method, bool) else method
        yield Share(value, half, lower, upper, limits, known, numbers[0], numbers[1], numbers[2])


def narrow(shares: Sequence[Share], bounds: Bounds) -> bool:
    """Narrow the bounds of the cells behind shares to what some pair of numbers allows; return whether any moved."""
    moved = False
    for share in shares:
        for cell, least, most in _left(share, bounds):
            low, high = max(bounds.low[cell], least), min(bounds.high[cell], most)
            if low > high or (low <= bounds.low[cell] and high >= bounds.high[cell]):
                continue
            bounds.low[cell], bounds.high[cell], moved = low, high, True
    return moved


def _left(share: Share, bounds: Bounds) -> list[tuple[int, float, float]]:
    """Return the cells behind a share with the least and the most that is left of each."""
    if not math.isnan(share.population):
        least, most = (share.value + sign * share.half for sign in (-1, 1))
        ends = math.ceil(least * share.population - 1e-6), math.floor(most * share.population + 1e-6)
        return [(share.numerator, float(ends[0]), float(ends[1]))] if share.numerator >= 0 and ends[0] <= ends[1] else []
    if min(share.numerator, share.denominator) < 0:
        return []
    met, of = _pairs(share, bounds)
    if not len(of):
        return []
    endless = bounds.high[share.denominator] > MOST and of.max() > 0.9 * MOST  # larger ones would do too
    found = [(share.denominator, of), (share.numerator, met), (share.complement, of - met)]
    return [(cell, float(each.min()), math.inf if endless else float(each.max())) for cell, each in found if cell >= 0]


def _pairs(share: Share, bounds: Bounds) -> tuple[Floats, Floats]:
    """Return every numerator with its denominator that agree with a share, its interval and the bounds."""
    low, high = bounds.low[share.denominator], min(bounds.high[share.denominator], float(MOST))
    of = np.arange(max(low, 1), high + 1)
    first = np.ceil(of * (share.value - share.half) - 1e-9)
    last = np.floor(of * (share.value + share.half) + 1e-9)
    many = np.maximum(last - first + 1, 0).astype(np.int64)
    whole = np.repeat(of, many)
    met = np.repeat(first, many) + np.arange(len(whole)) - np.repeat(np.cumsum(many) - many, many)
    kept = (met >= max(bounds.low[share.numerator], 0)) & (met <= bounds.high[share.numerator]) & (met <= whole)
    if share.complement >= 0:
        kept &= (whole - met >= bounds.low[share.complement]) & (whole - met <= bounds.high[share.complement])
    met, whole = met[kept], whole[kept]
    if share.method is None or math.isnan(share.lower) or not len(met):
        return met, whole
    made = interval(met, whole, share.method)
    kept = np.abs(made.lower - share.lower) <= share.half_limits + 1e-9
    kept &= np.abs(made.upper - share.upper) <= share.half_limits + 1e-9
    return met[kept], whole[kept]


def words_of(shares: Sequence[Share]) -> dict[int, str]:
    """Return, for each cell behind a share, the words that tell of it."""
    found: dict[int, str] = {}
    for share in shares:
        limits = "" if math.isnan(share.lower) else f" and its interval {share.lower:.9g} to {share.upper:.9g}"
        words = f"the share {share.value:.9g}{limits} shown beside it"
        found |= dict.fromkeys((cell for cell in (share.numerator, share.denominator, share.complement) if cell >= 0), words)
    return found
