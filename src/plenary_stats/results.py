"""What the estimators share: the frozen results they return, and the checks on what they are given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

Numbers = npt.NDArray[np.float64]
Texts = npt.NDArray[np.str_]
Columns = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Interval:
    """Estimates with their limits: arrays of one shape, or scalars where scalars were given.

    ``why_not`` has the same shape. Where it is not empty the figure must not be shown, and the text says why.
    """

    estimate: Numbers
    lower: Numbers
    upper: Numbers
    method: str
    level: float
    why_not: Texts


def interval(estimate: Any, lower: Any, upper: Any, *, method: str, level: float, why_not: Any = "") -> Interval:
    """Return an :class:`Interval` of equal shapes; scalars stay scalars."""
    parts = np.broadcast_arrays(estimate, lower, upper, np.asarray(why_not, dtype=np.str_))
    return Interval(parts[0][()], parts[1][()], parts[2][()], method=method, level=level, why_not=parts[3][()])


def frozen(columns: Mapping[str, Any]) -> Columns:
    """Return the columns read-only; the arrays too."""
    arrays = {name: np.asarray(column) for name, column in columns.items()}
    for array in arrays.values():
        array.flags.writeable = False
    return MappingProxyType(arrays)


def numbers(values: Any, name: str) -> Numbers:
    """Return finite float64 numbers. Raise ``ValueError`` naming the argument otherwise."""
    array = np.asarray(values, dtype=np.float64)
    if not np.isfinite(array).all():
        raise ValueError(f"{name}: every value must be a finite number; leave the missing out, and say how many.")
    return array


def counts(values: Any, name: str) -> Numbers:
    """Return whole numbers from nought up, as float64."""
    array = numbers(values, name)
    if array.min(initial=0) < 0 or (array != np.floor(array)).any():
        raise ValueError(f"{name}: every value must be a whole number from 0 up.")
    return array


def normal_quantile(level: float) -> float:
    """Return z for a two-sided level: 1.96 for .95."""
    if not 0 < level < 1:
        raise ValueError(f"level: {level} is not between 0 and 1; write .95 for 95%.")
    return float(ndtri(0.5 + level / 2))
