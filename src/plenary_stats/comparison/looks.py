"""Many comparisons at once: how many fall outside by chance alone, and chances that allow for their number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from plenary_stats.comparison.funnels import Funnel, Funnels, tail_reach
from plenary_stats.results import Numbers

Correction = Literal["bonferroni", "holm", "fdr", "fdr-dependent"]


@dataclass(frozen=True)
class Multiplicity:
    """Chances that allow for the number of comparisons.

    ``adjusted`` has the shape given; NaN where there was no comparison. ``comparisons`` are how many there were, ``outside`` how
    many have a chance below ``threshold`` before, ``remaining`` after it, ``by_chance`` how many would by chance alone.
    """

    adjusted: Numbers
    comparisons: int
    outside: int
    remaining: int
    by_chance: float
    threshold: float
    method: str

    @property
    def statement(self) -> str:
        """Return the finding in plain words."""
        found = f"{self.outside} of {self.comparisons} comparisons fall outside"
        return (
            f"{found}; {_words(self.by_chance, self.comparisons)}. Allowing for the number of comparisons, {self.remaining} do."
        )


@dataclass(frozen=True)
class ByChance:
    """How many centres of one or more funnels are flagged, and how many would be if all of them had the target."""

    comparisons: int
    outside: int
    by_chance: float
    level: float
    method: str = "exact tail probabilities"

    @property
    def statement(self) -> str:
        """Return the finding in plain words."""
        found = f"{self.outside} of {self.comparisons} comparisons fall outside the {self.level:.1%} limits".replace(".0%", "%")
        return f"{found}; {_words(self.by_chance, self.comparisons)}."


def multiplicity(p: Any, method: Correction = "fdr", *, threshold: float = 0.05) -> Multiplicity:
    """Return chances adjusted for their number, any shape in and the same shape out. NaN stands for no comparison.

    * ``bonferroni``: each times the number; the chance of even one false alarm stays below the threshold
    * ``holm``: the same promise, never less powerful (Holm 1979)
    * ``fdr``: of those flagged, at most the threshold's share are false alarms (Benjamini and Hochberg 1995)
    * ``fdr-dependent``: the same promise whatever hangs together (Benjamini and Yekutieli 2001)

    Raises ``ValueError`` for chances outside 0 to 1.
    """
    if method not in {"bonferroni", "holm", "fdr", "fdr-dependent"}:
        raise ValueError(f"method: {method!r} is none of bonferroni, holm, fdr, fdr-dependent.")
    chances = np.asarray(p, dtype=np.float64)
    known = ~np.isnan(chances)
    if (chances[known] < 0).any() or (chances[known] > 1).any():
        raise ValueError("p: every chance must lie between 0 and 1; NaN stands for no comparison.")
    if not 0 < threshold < 1:
        raise ValueError(f"threshold: {threshold} is not between 0 and 1.")
    adjusted = np.full(chances.shape, np.nan)
    adjusted[known] = _adjust(chances[known], method)
    number = int(known.sum())
    outside, remaining = (int((values[known] < threshold).sum()) for values in (chances, adjusted))
    return Multiplicity(adjusted, number, outside, remaining, threshold * number, threshold, method)


def by_chance(*funnels: Funnel | Funnels, level: float = 0.95) -> ByChance:
    """Return how many centres are beyond the limits of a level, and how many would be by chance alone.

    As flags come from exact chances and counts are whole, fewer are flagged by chance than the level promises: the number is the
    sum over centres of the exact chance of a flag, each centre having the target. ``level`` is one of the funnels' limits.
    """
    tail = 0.5 - level / 2
    low, high = (np.concatenate([found.columns[name] for found in funnels] or [np.empty(0)]) for name in ("p_low", "p_high"))
    known = ~np.isnan(low)
    expected = sum(float(tail_reach(found, tail).sum()) for found in funnels)
    return ByChance(int(known.sum()), int(((low[known] < tail) | (high[known] < tail)).sum()), expected, level)


def _adjust(p: Numbers, method: Correction) -> Numbers:
    number = len(p)
    if method == "bonferroni":
        return np.minimum(p * number, 1.0)
    order, rank = np.argsort(p, kind="stable"), np.arange(1, number + 1)
    if method == "holm":
        stepped = np.maximum.accumulate(p[order] * (number - rank + 1))
    else:
        more = (1 / rank).sum() if method == "fdr-dependent" else 1.0
        stepped = np.minimum.accumulate((p[order] * number / rank * more)[::-1])[::-1]
    adjusted = np.empty(number)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def _words(number: float, of: int) -> str:
    if number <= 0.5:  # which would be rounded to none
        return f"fewer than one of {of} would by chance alone"
    return f"{number:.0f} of {of} would by chance alone"
