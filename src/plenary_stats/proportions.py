"""Intervals of a proportion."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from scipy.special import betaincinv

from plenary_stats.results import Interval, Numbers, counts, normal_quantile
from plenary_stats.results import interval as result

Method = Literal["wilson", "clopper-pearson", "jeffreys"]
Limits = tuple[Numbers, Numbers]


def interval(successes: Any, trials: Any, method: Method = "wilson", level: float = 0.95) -> Interval:
    """Return the proportion ``successes / trials`` with its limits, all between 0 and 1.

    Counts in (scalars or arrays that broadcast), an :class:`Interval` out. Where there are no trials ``why_not`` says so.
    Raises ``ValueError`` for counts that are negative, not whole, or more successes than trials.

    * ``wilson``: the score interval (Wilson 1927), the usual choice
    * ``clopper-pearson``: exact, never too narrow (Clopper and Pearson 1934)
    * ``jeffreys``: equal-tailed posterior limits with a Beta(½, ½) prior (Brown, Cai and DasGupta 2001)
    """
    if method not in _METHODS:
        raise ValueError(f"method: {method!r} is none of {', '.join(_METHODS)}.")
    met, of = np.broadcast_arrays(counts(successes, "successes"), counts(trials, "trials"))
    if (met > of).any():
        raise ValueError("successes: there are more successes than trials.")
    normal_quantile(level)
    nobody = of == 0
    shown = np.where(nobody, 1.0, of)
    lower, upper = _METHODS[method](np.where(nobody, 0.0, met), shown, level)
    return result(
        np.where(nobody, np.nan, met / shown),
        np.where(nobody, np.nan, lower),
        np.where(nobody, np.nan, upper),
        method=method,
        level=level,
        why_not=np.where(nobody, "There is nobody in the denominator.", ""),
    )


def _wilson(x: Numbers, n: Numbers, level: float) -> Limits:
    z = normal_quantile(level)
    middle, half, below = 2 * x + z**2, z * np.sqrt(z**2 + 4 * x * (1 - x / n)), 2 * (n + z**2)
    # Nought and all are limits in themselves: rounding must not leave 5e-17 there.
    return np.where(x == 0, 0.0, (middle - half) / below), np.where(x == n, 1.0, (middle + half) / below)


def _clopper_pearson(x: Numbers, n: Numbers, level: float) -> Limits:
    tail = (1 - level) / 2
    lower = np.where(x == 0, 0.0, betaincinv(np.maximum(x, 1), n - x + 1, tail))
    upper = np.where(x == n, 1.0, betaincinv(x + 1, np.maximum(n - x, 1), 1 - tail))
    return lower, upper


def _jeffreys(x: Numbers, n: Numbers, level: float) -> Limits:
    tail = (1 - level) / 2
    return betaincinv(x + 0.5, n - x + 0.5, tail), betaincinv(x + 0.5, n - x + 0.5, 1 - tail)


_METHODS = {"wilson": _wilson, "clopper-pearson": _clopper_pearson, "jeffreys": _jeffreys}
