"""Summaries of measured values: median, mean, and the slope within each patient, with their intervals."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import bdtr, bdtrik, stdtrit

from plenary_stats.results import Interval, Numbers, normal_quantile, numbers
from plenary_stats.results import interval as result

_NOBODY = "There is nobody to count."
_FEW = "Too few patients for an interval."


def median(values: Any, level: float = 0.95) -> Interval:
    """Return the median of one list of values with limits that are two of them, in the values' own unit.

    The number of values below the median is binomial with one half, so the limits hold whatever the distribution (David and
    Nagaraja, Order Statistics, 7.1). ``why_not``: nobody, or too few for limits at this level (NaN then).
    """
    normal_quantile(level)
    given = np.sort(np.atleast_1d(numbers(values, "values")))
    if not len(given):
        return result(np.nan, np.nan, np.nan, method="median", level=level, why_not=_NOBODY)
    tail = (1 - level) / 2
    below = math.ceil(bdtrik(tail, len(given), 0.5))  # the first with a chance of the tail or more: seldom the one that is wanted
    while below >= 0 and bdtr(below, len(given), 0.5) > tail:
        below -= 1
    ends = (np.nan, np.nan) if below < 0 else (given[below], given[len(given) - 1 - below])
    return result(np.median(given), *ends, method="median", level=level, why_not=_FEW if below < 0 else "")


def mean(values: Any, level: float = 0.95) -> Interval:
    """Return the mean of one list of values with Student's limits, in the values' own unit.

    Of differences from each patient's own baseline this is the paired comparison. The limits rest on the mean being nearly
    normal: with few patients and long tails prefer the median. ``why_not``: nobody, or one value alone (NaN limits then).
    """
    normal_quantile(level)
    given = np.atleast_1d(numbers(values, "values"))
    if len(given) < 2:
        middle = given[0] if len(given) else np.nan
        return result(middle, np.nan, np.nan, method="mean", level=level, why_not=_FEW if len(given) else _NOBODY)
    middle = given.mean()
    half = stdtrit(len(given) - 1, 0.5 + level / 2) * given.std(ddof=1) / np.sqrt(len(given))
    return result(middle, middle - half, middle + half, method="mean", level=level)


def slope(time: Any, value: Any, level: float = 0.95) -> Interval:
    """Return the least-squares slope of value on time over all rows, with Student's limits, in units of value per time.

    It compares rows, not the same patient with itself: use :func:`slopes` where patients were measured again. ``why_not``:
    nobody, fewer than three rows, or one time for all. Raises ``ValueError`` for lists of unequal length or missing numbers.
    """
    normal_quantile(level)
    when, what = np.atleast_1d(numbers(time, "time")), np.atleast_1d(numbers(value, "value"))
    if len(when) != len(what):
        raise ValueError("time and value: one of each for every row.")
    if len(when) < 3 or when.min() == when.max():
        why_not = _FEW if len(when) else _NOBODY
        return result(np.nan, np.nan, np.nan, method="slope", level=level, why_not=why_not)
    away, beside = when - when.mean(), what - what.mean()
    spread = float(away @ away)
    found = float(away @ beside) / spread
    left = beside - found * away
    half = stdtrit(len(when) - 2, 0.5 + level / 2) * np.sqrt(float(left @ left) / (len(when) - 2) / spread)
    return result(found, found - half, found + half, method="slope", level=level)


def slopes(subject: Any, time: Any, value: Any) -> tuple[npt.NDArray[Any], Numbers]:
    """Return ``(subjects, slope)``: the least-squares slope of value on time within each subject, in units of value per time.

    One row a measurement. A subject without two different times is left out: nothing can be said of its slope. The mean of
    the slopes, each patient counting once, is the summary-measures method (Matthews, Altman, Campbell and Royston, BMJ
    1990;300:230). Raises ``ValueError`` for lists of unequal length or missing numbers.
    """
    when, what = np.atleast_1d(numbers(time, "time")), np.atleast_1d(numbers(value, "value"))
    who, code = np.unique(np.atleast_1d(np.asarray(subject)), return_inverse=True)
    if not len(code) == len(when) == len(what):
        raise ValueError("subject, time and value: one of each for every measurement.")
    number = np.bincount(code, minlength=len(who))
    from_mean = [part - (np.bincount(code, part, len(who)) / np.maximum(number, 1))[code] for part in (when, what)]
    spread = np.bincount(code, from_mean[0] ** 2, len(who))
    together = np.bincount(code, from_mean[0] * from_mean[1], len(who))
    several = _differ(code, when, len(who))
    return who[several], together[several] / spread[several]


def _differ(code: npt.NDArray[np.intp], when: Numbers, length: int) -> npt.NDArray[np.bool_]:
    """Return which subjects have two different times: exactly, not by a spread that rounding leaves."""
    low, high = np.full(length, np.inf), np.full(length, -np.inf)
    np.minimum.at(low, code, when)
    np.maximum.at(high, code, when)
    return high > low
