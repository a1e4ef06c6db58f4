"""The sums of one connected part as a linear programme that is asked many questions, one after the other."""

from __future__ import annotations

import numpy as np
from scipy.optimize._highspy import _core as highs

from plenary_stats.disclosure.attacker.figures import Floats
from plenary_stats.disclosure.attacker.system import Bounds, Rows
from plenary_stats.solver import DUAL, PRIMAL, Programme

FAR = 1e6
"""A bound beyond this many patients is no bound."""


class Questions(Programme):
    """Rows and bounds as arrays; costs, bounds and the limits of rows may change."""

    def __init__(self, rows: Rows, bounds: Bounds, *, dual: bool = False) -> None:
        """``dual``: limits of rows will change from question to question, and costs seldom."""
        self.size = len(bounds.low)
        self.capped = np.minimum(bounds.high, FAR * 10)
        model = highs.HighsLp()
        model.num_col_, model.num_row_ = self.size, len(rows)
        model.col_cost_ = np.zeros(self.size)
        model.col_lower_, model.col_upper_ = bounds.low, self.capped
        model.row_lower_, model.row_upper_ = rows.low, rows.high
        model.a_matrix_.format_ = highs.MatrixFormat.kRowwise
        model.a_matrix_.num_col_, model.a_matrix_.num_row_ = self.size, len(rows)
        model.a_matrix_.start_ = rows.start.astype(np.int32)
        model.a_matrix_.index_ = rows.column.astype(np.int32)
        model.a_matrix_.value_ = rows.factor
        self._highs = highs._Highs()  # noqa: SLF001 - scipy names its binding so
        self._highs.setOptionValue("output_flag", False)
        self._highs.setOptionValue("threads", 1)
        self._highs.setOptionValue("presolve", "off")
        self._highs.setOptionValue("simplex_strategy", DUAL if dual else PRIMAL)
        self._highs.passModel(model)
        self._all = np.arange(self.size, dtype=np.int32)

    def start(self) -> Floats | None:
        """Return any vertex, found by the dual method: of many rows the primal one is slow to find its first."""
        self._highs.setOptionValue("simplex_strategy", DUAL)
        found = self.minimise()
        self._highs.setOptionValue("simplex_strategy", PRIMAL)
        return found

    def limits(self, rows: list[int], low: list[float], high: list[float]) -> None:
        """Change the limits of some rows."""
        for row, least, most in zip(rows, low, high, strict=True):
            self._highs.changeRowBounds(row, least, most)

    def prices(self) -> Floats:
        """Return how much each column's bounds bear on the last answer."""
        return np.array(self._highs.getSolution().col_dual)
