"""What a rounded number tells: bounds. The attack needs no more of controlled rounding than this."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from plenary_stats.tables import ProtectedTable, ResultTable

REACHES = (1, 2, 3)
"""How many multiples away a number may be rounded to: the neighbours, or where those do not add up the next."""

COUNTED: Mapping[str, tuple[str, ...]] = {
    "count": ("value",),
    "rate": ("numerator", "denominator", "not_eligible", "not_known"),
    "levels": ("numerator", "denominator", "not_eligible", "not_known"),
    "exposure": ("numerator",),
    "summary": ("denominator", "not_eligible", "not_known"),
    "magnitude": (),
}
"""The columns of a table that count patients, by its kind."""


def within(value: float, base: int, reach: int = 1) -> tuple[float, float]:
    """Return the least and the greatest number that may stand behind a rounded one."""
    far = reach * base - 1
    return max(value - far, 0.0), value + far


def is_rounded(table: ResultTable | ProtectedTable, base: int) -> bool:
    """Whether all numbers of patients in a table are multiples of the base, as those of a rounded edition are."""
    columns = [table[name] for name in COUNTED[table.kind] if name in table.columns]
    return all((column[~np.isnan(column)] % base == 0).all() for column in columns)
