"""Small case tables for the tests of measures."""

from datetime import date

import numpy as np

from plenary_stats.measures import outcomes
from plenary_stats.spec import read_outcome_set
from plenary_stats.tables import CaseTable

YEAR = {"period_start": date(2025, 1, 1), "period_end": date(2026, 1, 1), "label": "2025"}


def agreed(measure, **keys):
    """An outcome set with one outcome, ``it``."""
    lines = [
        f"{key} = {value!r}".replace("'", '"') if isinstance(value, list) else f"{key} = {_toml(value)}"
        for key, value in keys.items()
    ]
    head = f'service = "lam"\nversion = "1"\n[[outcome]]\nid = "it"\nmeasure = "{measure}"\n'
    return read_outcome_set(head + "\n".join(lines))


def _toml(value):
    return str(value) if isinstance(value, int | float) else f'"{value}"'


def results(measure, cases, centres=("A",), minimum=30, dataset=None, **keys):
    """The first table of that outcome's results."""
    return outcomes(agreed(measure, **keys), cases, centres=centres, minimum=minimum, dataset=dataset, **YEAR)[0]


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
