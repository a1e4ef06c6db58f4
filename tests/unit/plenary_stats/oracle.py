"""Reads the reference answers that other software gave, where they are beside the project."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.shared import SHARED


def cases(method: str) -> list[Any]:
    """Return the parameters of a parametrised test: one a reference case, or one that is skipped and says why."""
    listed = SHARED / "oracle" / method / "cases.csv"
    if not listed.exists():
        return [pytest.param("", {}, marks=pytest.mark.skip(reason=f"reference answers are not here: oracle/{method}"))]
    table = pd.read_csv(listed)
    return [pytest.param(row.case, json.loads(row.params), id=row.case) for row in table.itertuples()]


def read(method: str, case: str, part: str) -> pd.DataFrame:
    """Return a table of a case: its input, or one of the expected answers. Labels stay text."""
    return pd.read_csv(SHARED / "oracle" / method / f"{case}.{part}.csv")


def same(found: Any, expected: Any, tolerance: float = 1e-9) -> None:
    """Compare to a relative tolerance; what is missing in one must be missing in the other."""
    np.testing.assert_allclose(np.asarray(found, float), np.asarray(expected, float), rtol=tolerance, atol=tolerance * 1e-3)
