"""Which rows show a percentage or a rate and not the numbers behind it, and in what words and units."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from plenary_stats.proportions import Method
from plenary_stats.tables import ProtectedTable, ResultTable

METHODS: dict[str, Method | None] = {
    "wilson": "wilson",
    "clopper": "clopper-pearson",
    "exact": "clopper-pearson",
    "jeffreys": "jeffreys",
    "share": None,
    "": None,
}
"""What a method's words begin with, and its interval. Other rows' values are no shares of patients (survival, medians)."""
MILLION = 1e6


def shown_alone(table: ProtectedTable | ResultTable) -> npt.NDArray[np.bool_]:
    """Return the rows of a table that show a share and not the numbers behind it."""
    none = np.zeros(len(table), np.bool_)
    if table.kind not in {"rate", "levels", "exposure"} or not {"value", "numerator", "denominator"} <= set(table.columns):
        return none
    value, met, of = (np.asarray(table.columns[name], dtype=np.float64) for name in ("value", "numerator", "denominator"))
    missing = np.isnan(met) | np.isnan(of) if table.kind != "exposure" else np.isnan(met) & ~np.isnan(of)
    if table.kind == "exposure":
        return np.asarray(~np.isnan(value) & missing)
    known = np.array([method_of(word) is not False for word in words_of_method(table)], dtype=np.bool_)
    return np.asarray(~np.isnan(value) & missing & known & (value >= 0) & (value <= scale_of(table)))


def words_of_method(table: ProtectedTable | ResultTable) -> list[str]:
    return table.columns["method"].tolist() if "method" in table.columns else [""] * len(table)


def method_of(words: str) -> Method | bool | None:
    """Return the interval that a method's words tell; False where the value is no share."""
    lead = words.lower()
    if "cluster" in lead:
        return False
    return next((found for start, found in METHODS.items() if lead.startswith(start) and (start or not lead)), False)


def scale_of(table: ProtectedTable | ResultTable) -> float:
    """Return what a share of everybody is in a table: 1, or 100 where it gives percentages; of a rate, per how many people.

    Rows that show their numbers tell it. Without any, a share or a limit of its interval that is more than 1 is a percentage.
    """
    mine = np.array([table.kind == "exposure" or method_of(word) is not False for word in words_of_method(table)], dtype=np.bool_)
    value, met, of = (np.asarray(table.columns[name], dtype=np.float64)[mine] for name in ("value", "numerator", "denominator"))
    with np.errstate(invalid="ignore", divide="ignore"):
        told = value * of / met
    told = told[np.isfinite(told) & (told > 0)]
    if len(told):
        return float(10.0 ** np.round(np.log10(np.median(told))))
    if table.kind == "exposure":
        return MILLION
    shown = [np.asarray(table.columns[name], dtype=np.float64)[mine] for name in ("value", "upper") if name in table.columns]
    return 100.0 if np.nanmax(np.concatenate(shown), initial=0.0) > 1 else 1.0
