"""A linear programme that is asked many questions: HiGHS, kept warm between them.

scipy ships HiGHS, but its public functions start cold at every call; the attack asks thousands of questions of one system.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize._highspy import _core as highs
from scipy.sparse import csr_array

Floats = npt.NDArray[np.float64]
TOLERANCE = 1e-6
DUAL, PRIMAL = 1, 4
"""HiGHS's names of its simplex methods: from one vertex on, the dual follows changed bounds and the primal changed costs."""


@dataclass(frozen=True)
class Box:
    """A low and a high bound for each of several numbers."""

    low: Floats
    high: Floats


class Programme:
    """``right.low <= A x <= right.high`` and ``columns.low <= x <= columns.high``; costs and bounds may change."""

    def __init__(
        self, rows: Sequence[Sequence[tuple[int, float]]] | csr_array, right: Box, columns: Box, costs: Floats | None = None
    ) -> None:
        """Without ``costs``, costs will change from question to question and bounds stay; with them, the reverse."""
        self.size = len(columns.low)
        sparse = rows if isinstance(rows, csr_array) else matrix(rows, self.size)
        model = highs.HighsLp()
        model.num_col_, model.num_row_ = self.size, sparse.shape[0]
        model.col_cost_ = np.zeros(self.size) if costs is None else costs
        model.col_lower_, model.col_upper_ = columns.low, columns.high
        model.row_lower_, model.row_upper_ = right.low, right.high
        model.a_matrix_.format_ = highs.MatrixFormat.kRowwise
        model.a_matrix_.num_col_, model.a_matrix_.num_row_ = self.size, sparse.shape[0]
        model.a_matrix_.start_ = sparse.indptr.astype(np.int32)
        model.a_matrix_.index_ = sparse.indices.astype(np.int32)
        model.a_matrix_.value_ = sparse.data.astype(np.float64)
        self._highs = highs._Highs()  # noqa: SLF001 - scipy names its binding so
        self._highs.setOptionValue("output_flag", False)
        self._highs.setOptionValue("threads", 1)
        self._highs.setOptionValue("simplex_strategy", DUAL if costs is not None else PRIMAL)
        self._highs.passModel(model)
        self._all = np.arange(self.size, dtype=np.int32)

    def bound(self, column: int, low: float, high: float) -> None:
        """Change one column's bounds."""
        self._highs.changeColBounds(column, low, high)

    def cost(self, columns: Sequence[int], costs: Sequence[float]) -> None:
        """Change the costs of some columns."""
        self._highs.changeColsCost(len(columns), np.array(columns, dtype=np.int32), np.array(costs, dtype=np.float64))

    def costs(self, costs: Floats) -> None:
        """Change all costs."""
        self._highs.changeColsCost(self.size, self._all, costs)

    def minimise(self) -> Floats | None:
        """Return a vertex of least cost, or None where nothing satisfies the rows."""
        self._highs.run()
        if self._highs.getModelStatus() != highs.HighsModelStatus.kOptimal:
            return None
        return np.array(self._highs.getSolution().col_value)

    def duals(self) -> Floats:
        """Return what each row adds to the cost that :meth:`minimise` found: the proof that there is no less."""
        return np.array(self._highs.getSolution().row_dual)


def matrix(rows: Sequence[Sequence[tuple[int, float]]], width: int) -> csr_array:
    """Return the rows as a sparse matrix."""
    lengths = np.array([len(row) for row in rows], dtype=np.int64)
    starts = np.concatenate(([0], np.cumsum(lengths)))
    indices = np.array([column for row in rows for column, _ in row], dtype=np.int64)
    factors = np.array([factor for row in rows for _, factor in row], dtype=np.float64)
    return csr_array((factors, indices, starts), shape=(len(rows), width))
