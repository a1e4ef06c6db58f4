"""Small numbers: pooling years until there are enough patients to say anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from plenary_stats.results import Columns, counts, frozen


@dataclass(frozen=True)
class Pooled:
    """The shortest run of years that ends with each year and holds enough patients.

    ``columns``: first, last (the years of the window), width (how many), total (patients), why_not (not empty: even the longest
    window allowed is too small, and its figures should not be shown).
    """

    columns: Columns
    minimum: int
    method: str = "pooled years"


def pool(years: Mapping[int, int] | Any, minimum: int = 30, *, most: int = 5) -> Pooled:
    """Return, for each year, the shortest window ending with it that reaches ``minimum`` patients.

    ``years`` maps each year to its patients, or holds the patients of consecutive years, oldest first (numbered from 0). A year
    that is absent between others had nobody. No window is longer than ``most`` years: older patients had other care.
    Raises ``ValueError`` for counts that are negative or not whole, or a window of less than a year.
    """
    if most < 1:
        raise ValueError("most: a window is at least one year long.")
    given = years if isinstance(years, Mapping) else dict(enumerate(np.atleast_1d(np.asarray(years)).tolist()))
    if not given:
        return Pooled(frozen({"first": [], "last": [], "width": [], "total": [], "why_not": []}), minimum)
    last = np.arange(min(given), max(given) + 1)
    patients = counts([given.get(int(year), 0) for year in last], "years")
    before = np.append(0.0, np.cumsum(patients))
    width = np.ones(len(last), dtype=np.int64)
    place = np.arange(1, len(last) + 1)
    longest = np.minimum(place, most)
    for _ in range(most - 1):
        width += (before[place] - before[place - width] < minimum) & (width < longest)
    total = before[place] - before[place - width]
    why_not = [_reason(int(years_used), int(found), minimum) for years_used, found in zip(width, total, strict=True)]
    windows = {"first": last - width + 1, "last": last, "width": width, "total": total.astype(np.int64), "why_not": why_not}
    return Pooled(frozen(windows), minimum)


def _reason(width: int, total: int, minimum: int) -> str:
    if total >= minimum:
        return ""
    span = "1 year" if width == 1 else f"{width} years together"
    return f"Fewer than {minimum} patients in {span}."
