"""Small case tables for the tests of measures."""

import numpy as np

from plenary_stats.tables import CaseTable


def table(service="lam", **columns):
    """Cases of the period 2025 at centre A unless a column says otherwise; dates as ISO text ending in ``_on``."""
    length = len(next(iter(columns.values())))
    usual = {"centre": ["A"] * length, "case_id": [str(n) for n in range(length)], "period": ["2025"] * length}
    typed = {}
    for name, values in (usual | columns).items():
        if name.endswith("_on"):
            typed[name] = np.array([value or "NaT" for value in values], dtype="datetime64[D]")
        elif any(isinstance(value, int | float) for value in values):
            typed[name] = np.array([np.nan if value is None else value for value in values], dtype=float)
        else:
            typed[name] = np.array(values, dtype=str)
    return CaseTable(typed, service=service)


def found(result, **wanted):
    """The rows of a result that hold these cells."""
    return [row for row in result.rows() if all(row[name] == value for name, value in wanted.items())]


def one(result, **wanted):
    [row] = found(result, **wanted)
    return row
