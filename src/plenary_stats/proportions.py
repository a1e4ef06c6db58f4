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


def clustered(successes: Any, trials: Any, level: float = 0.95) -> Interval:
    """Return the share of units (eyes, say) that succeeded, with limits that know that units of one patient are alike.

    One row a patient: units that succeeded, and units, at least one. The variance is that of a ratio of totals over patients;
    it gives the number of independent units that would be as sure, and Wilson's limits are taken at that number, never more
    than the units there are (Korn and Graubard, Survey Methodology 1998;24:193, with Wilson's limits for theirs). Where all or
    none succeeded that variance is nought: each patient then counts once. ``why_not``: nobody to count.
    """
    met, of = np.broadcast_arrays(np.atleast_1d(counts(successes, "successes")), np.atleast_1d(counts(trials, "trials")))
    if (met > of).any() or (of < 1).any():
        raise ValueError("trials: every patient has at least one unit, and no more successes than units.")
    method, patients, units = "wilson-clustered", len(of), float(of.sum())
    if not patients:
        return result(np.nan, np.nan, np.nan, method=method, level=level, why_not="There is nobody in the denominator.")
    share = float(met.sum()) / units
    variance = patients / max(patients - 1, 1) * float(((met - share * of) ** 2).sum()) / units**2
    effective = min(share * (1 - share) / variance, units) if variance > 0 else float(patients)
    lower, upper = _wilson(np.asarray(share * effective), np.asarray(effective), level)
    ends = (0.0 if share == 0 else float(lower), 1.0 if share == 1 else float(upper))
    return result(share, *ends, method=method, level=level)


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
