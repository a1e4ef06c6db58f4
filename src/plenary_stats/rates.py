"""Intervals of counts and rates; direct and indirect standardisation."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from scipy.special import chdtri

from plenary_stats.results import Interval, Numbers, counts, normal_quantile, numbers
from plenary_stats.results import interval as result

FEW_EVENTS = 10
"""Below this many events Byar's limits are not used, and a directly standardised rate is not given (Morris et al. 2018)."""

Method = Literal["national", "byar", "exact"]
Limits = tuple[Numbers, Numbers]


def interval(count: Any, exposure: Any, method: Literal["byar", "exact", "national"] = "byar", level: float = 0.95) -> Interval:
    """Return the rate ``count / exposure`` with its limits, in events per unit of exposure.

    Counts and exposures in (scalars or arrays that broadcast), an :class:`Interval` out. Where there is no exposure ``why_not``
    says so. Raises ``ValueError`` for a count that is negative or not whole, or a negative exposure.

    * ``byar``: Byar's approximation at every count (Breslow and Day 1987; *not* Rothman's variant with ``x + ½``)
    * ``exact``: from the chi-squared distribution (Garwood 1936)
    * ``national``: exact below ten events, Byar's from ten up, as England's public health bodies do
    """
    limits = {"byar": byar_limits, "exact": exact_limits, "national": national_limits}
    if method not in limits:
        raise ValueError(f"method: {method!r} is none of {', '.join(limits)}.")
    events, time = np.broadcast_arrays(counts(count, "count"), numbers(exposure, "exposure"))
    if (time < 0).any():
        raise ValueError("exposure: it cannot be negative.")
    nobody = time == 0
    per = np.where(nobody, np.nan, time)
    lower, upper = limits[method](events, level)
    why_not = np.where(nobody, "There is no exposure: nobody was at risk.", "")
    return result(events / per, lower / per, upper / per, method=method, level=level, why_not=why_not)


def directly_standardised(
    events: Any,
    population: Any,
    standard: Any,
    level: float = 0.95,
    *,
    frequency: Any = None,
    minimum: int = FEW_EVENTS,
    method: Literal["national", "exact"] = "national",
) -> Interval:
    """Return the directly standardised rate with Dobson's limits, in events per person of the standard population.

    ``events`` and ``population`` have the strata (age bands) on the last axis, areas on the axes before; ``standard`` holds the
    standard population of each stratum. With fewer than ``minimum`` events the limits do not hold: ``why_not`` says so, and the
    figures are NaN. The limits of the total count are exact below ten events and Byar's above, or always exact.

    Where one person can have several events, ``events`` holds *persons* with one more last axis, and ``frequency`` the number
    of events of each class of persons on that axis. The variance then counts each class times its frequency squared.

    Source: Dobson, Kuulasmaa, Eberle and Scherer, Statistics in Medicine 1991;10:457.
    """
    times = np.ones(1) if frequency is None else counts(frequency, "frequency")
    persons = counts(events, "events")
    persons = persons[..., None] if frequency is None else persons
    people, weight = numbers(population, "population"), numbers(standard, "standard")
    if (people <= 0).any() or (weight < 0).any() or weight.sum() <= 0:
        raise ValueError("population: every stratum needs people, and the standard at least one; merge empty age bands first.")
    share = weight / weight.sum()
    happened, squared = persons @ times, persons @ times**2  # events, and what they add to the variance
    rate = (share * happened / people).sum(axis=-1)
    variance = (share**2 * squared / people**2).sum(axis=-1)
    total = happened.sum(axis=-1)
    lower, upper = (exact_limits if method == "exact" else national_limits)(total, level)
    few = total < minimum
    scale = np.sqrt(variance / np.where(total == 0, np.nan, total))
    return result(
        np.where(few, np.nan, rate),
        np.where(few, np.nan, rate + scale * (lower - total)),
        np.where(few, np.nan, rate + scale * (upper - total)),
        method="Dobson",
        level=level,
        why_not=np.where(few, f"Fewer than {minimum} events: a directly standardised rate would mislead.", ""),
    )


def indirectly_standardised(
    observed: Any, expected: Any, method: Literal["byar", "exact"] = "byar", level: float = 0.95
) -> Interval:
    """Return the ratio of observed to expected events with its limits.

    ``observed`` counts and ``expected`` numbers (scalars or arrays that broadcast). ``byar`` follows the national rule: Byar's
    limits from ten observed events up, exact ones below. Where nothing is expected ``why_not`` says so.
    """
    if method not in {"byar", "exact"}:
        raise ValueError(f"method: {method!r} is none of byar, exact.")
    events, due = np.broadcast_arrays(counts(observed, "observed"), numbers(expected, "expected"))
    if (due < 0).any():
        raise ValueError("expected: it cannot be negative.")
    nothing = due == 0
    per = np.where(nothing, np.nan, due)
    lower, upper = (exact_limits if method == "exact" else national_limits)(events, level)
    why_not = np.where(nothing, "No events are expected: there is no ratio.", "")
    return result(events / per, lower / per, upper / per, method=method, level=level, why_not=why_not)


def byar_limits(count: Numbers, level: float) -> Limits:
    """Return Byar's limits of a Poisson count (Breslow and Day 1987, page 69)."""
    z = normal_quantile(level)
    some, more = np.maximum(count, 1), count + 1
    lower = some * (1 - 1 / (9 * some) - z / (3 * np.sqrt(some))) ** 3
    upper = more * (1 - 1 / (9 * more) + z / (3 * np.sqrt(more))) ** 3
    return np.where(count == 0, 0.0, np.maximum(lower, 0.0)), upper


def exact_limits(count: Numbers, level: float) -> Limits:
    """Return the exact limits of a Poisson count from the chi-squared distribution (Garwood 1936)."""
    normal_quantile(level)
    tail = (1 - level) / 2
    lower = chdtri(2 * np.maximum(count, 1), 1 - tail) / 2
    return np.where(count == 0, 0.0, lower), chdtri(2 * count + 2, tail) / 2


def national_limits(count: Numbers, level: float) -> Limits:
    """Return exact limits below ten events, Byar's from ten up."""
    exact, byar = exact_limits(count, level), byar_limits(count, level)
    few = count < FEW_EVENTS
    return np.where(few, exact[0], byar[0]), np.where(few, exact[1], byar[1])
