"""Covariates as they are given, made a table of numbers: a text becomes an indicator of each level after the first."""

from __future__ import annotations

from typing import Any

import numpy as np

from plenary_stats.results import Numbers, numbers


def design(covariates: Any, length: int) -> tuple[list[str], Numbers]:
    """Return names and a table of rows by columns. Raise ``ValueError`` naming the covariate that cannot be used.

    ``covariates``: names to columns (a mapping, a data frame), or a table, whose columns are named x1, x2, …; ``length`` is the
    number of patients. A column of text is entered as one indicator a level, named ``column=level``; the first level in sort
    order is the reference.
    """
    if not hasattr(covariates, "items"):
        table = np.asarray(covariates)
        table = table[:, None] if table.ndim == 1 else table
        if table.ndim != 2 or len(table) != length:
            raise ValueError(f"covariates: a table of {length} rows, one a patient, and a column for each covariate.")
        covariates = {f"x{number}": column for number, column in enumerate(table.T, 1)}
        if table.dtype.kind in "biuf":  # checked by columns, and not copied: a table may be most of what there is in memory
            for name, column in covariates.items():
                numbers(column, f"covariates: {name}")
            return list(covariates), np.asarray(table, dtype=np.float64)
    named = [part for name, column in covariates.items() for part in _columns(str(name), column, length)]
    return [name for name, _ in named], np.column_stack([np.zeros((length, 0)), *(column for _, column in named)])


def _columns(name: str, column: Any, length: int) -> list[tuple[str, Numbers]]:
    given = np.asarray(column)
    if given.shape != (length,):
        raise ValueError(f"covariates: {name} must have one value a patient.")
    if given.dtype.kind in "biuf":
        return [(name, numbers(given, f"covariates: {name}"))]
    texts = given.astype(np.str_)
    return [(f"{name}={level}", (texts == level).astype(np.float64)) for level in np.unique(texts).tolist()[1:]]
