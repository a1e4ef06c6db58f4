"""Reads the reference answers that other software gave, and compares ours with them.

The folder is named by ``PLENARY_ORACLE``; without it, it is ``oracle`` among the reference answers beside the project. Each method
has a folder there: ``cases.csv`` with the parameters, and each case's inputs and expected answers.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.shared import SHARED

ORACLE = Path(os.environ.get("PLENARY_ORACLE") or SHARED / "oracle")

Agree = Callable[..., None]
"""The fixture ``agree``: ``agree(quantity, found, expected, tolerance=1e-9)``; it notes the figures for the table of agreement."""


def cases(method: str) -> list[Any]:
    """Return the parameters of a parametrised test: one a reference case, or one that is skipped and says why."""
    listed = ORACLE / method / "cases.csv"
    if not listed.exists():
        return [pytest.param("", {}, marks=pytest.mark.skip(reason=f"reference answers are not here: oracle/{method}"))]
    table = pd.read_csv(listed)
    return [pytest.param(row.case, json.loads(row.params), id=row.case) for row in table.itertuples()]


def read(method: str, case: str, part: str = "expected") -> pd.DataFrame:
    """Return a table of a case: its ``input``, or one of the ``expected`` answers. Labels stay text."""
    return pd.read_csv(ORACLE / method / f"{case}.{part}.csv")


def has(method: str, case: str, part: str) -> bool:
    """Say whether a case has a table of this name: not every case has all."""
    return (ORACLE / method / f"{case}.{part}.csv").exists()


def same(found: Any, expected: Any, tolerance: float = 1e-9) -> float:
    """Compare, and return the largest difference, relative to a thousandth more than the size of the reference's value.

    So a value near nought is compared absolutely. What is missing in one must be missing in the other.
    """
    ours, theirs = np.atleast_1d(np.asarray(found, float)), np.atleast_1d(np.asarray(expected, float))
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance * 1e-3)
    both = np.isfinite(ours) & np.isfinite(theirs)
    return float(np.max(np.abs(ours[both] - theirs[both]) / (1e-3 + np.abs(theirs[both])), initial=0.0))
