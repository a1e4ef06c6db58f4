"""Intervals of counts and rates; direct and indirect standardisation."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from scipy.special import chdtri, gammainc, gammaincc, gammaincinv, gammaln, xlogy

from plenary_stats.results import Interval, Numbers, counts, normal_quantile, numbers
from plenary_stats.results import interval as result

_MOST_HALVINGS = 64  # no count that a computer tells from its neighbour needs more
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
    method: Literal["national", "exact", "gamma"] = "national",
) -> Interval:
    """Return the directly standardised rate with its limits, in events per person of the standard population.

    ``events`` and ``population`` have the strata (age bands) on the last axis, areas on the axes before; ``standard`` holds the
    standard population of each stratum. With fewer than ``minimum`` events the limits do not hold: ``why_not`` says so, and the
    figures are NaN. ``national`` and ``exact`` are Dobson's limits, with those of the total count exact below ten events and
    Byar's above, or always exact. ``gamma`` are the more careful limits of Fay and Feuer, which never fall short.

    Where one person can have several events, ``events`` holds *persons* with one more last axis, and ``frequency`` the number
    of events of each class of persons on that axis. The variance then counts each class times its frequency squared.

    Sources: Dobson, Kuulasmaa, Eberle and Scherer, Statistics in Medicine 1991;10:457; Fay and Feuer, the same, 1997;16:791.
    """
    if method not in {"national", "exact", "gamma"}:
        raise ValueError(f"method: {method!r} is none of national, exact, gamma.")
    times = None if frequency is None else counts(frequency, "frequency")
    persons = counts(events, "events")
    people, weight = numbers(population, "population"), numbers(standard, "standard")
    if (people <= 0).any() or (weight < 0).any() or weight.sum() <= 0:
        raise ValueError("population: every stratum needs people, and the standard at least one; merge empty age bands first.")
    share = weight / weight.sum()
    happened, squared = (persons, persons) if times is None else (persons @ times, persons @ times**2)  # for the variance
    rate = np.vecdot(happened / people, share)
    variance = np.vecdot(squared / people**2, share**2)
    total = happened.sum(axis=-1)
    if method == "gamma":
        lower, upper = _gamma_limits(rate, variance, (share / people).max(axis=-1), level)
    else:
        lower, upper = _dobson_limits(rate, variance, total, level, exact=method == "exact")
    few = total < minimum
    return result(
        np.where(few, np.nan, rate),
        np.where(few, np.nan, lower),
        np.where(few, np.nan, upper),
        method="Fay-Feuer" if method == "gamma" else "Dobson",
        level=level,
        why_not=np.where(few, f"Fewer than {minimum} events: a directly standardised rate would mislead.", ""),
    )


def _dobson_limits(rate: Numbers, variance: Numbers, total: Numbers, level: float, *, exact: bool) -> Limits:
    lower, upper = (exact_limits if exact else national_limits)(total, level)
    scale = np.sqrt(variance / np.where(total == 0, np.nan, total))
    return rate + scale * (lower - total), rate + scale * (upper - total)


def _gamma_limits(rate: Numbers, variance: Numbers, heaviest: Numbers, level: float) -> Limits:
    """Return the gamma limits: below from the rate as it is, above as if one more event fell in the heaviest stratum."""
    normal_quantile(level)
    tail = (1 - level) / 2
    some = np.where(rate > 0, variance / np.where(rate > 0, rate, 1.0), 1.0)
    lower = np.where(rate > 0, gammaincinv(np.where(rate > 0, rate / some, 1.0), tail) * some, 0.0)
    scale = (variance + heaviest**2) / (rate + heaviest)
    return lower, gammaincinv((rate + heaviest) / scale, 1 - tail) * scale


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


def expected_events(population: Any, reference_events: Any, reference_population: Any) -> Numbers:
    """Return the events expected if each stratum had the rate of the reference: the denominator of indirect standardisation.

    The strata (age bands) are on the last axis of all three; areas on the axes before. Raises ``ValueError`` where the reference
    has nobody in a stratum.
    """
    people, events = numbers(population, "population"), counts(reference_events, "reference_events")
    reference = numbers(reference_population, "reference_population")
    if (reference <= 0).any():
        raise ValueError("reference_population: every stratum needs people; merge empty age bands first.")
    if (people < 0).any():
        raise ValueError("population: it cannot be negative.")
    total: Numbers = np.vecdot(people, events / reference)
    return total


def chance(observed: Any, expected: Any, method: Literal["exact", "mid-p"] = "exact") -> Numbers:
    """Return the two-sided chance of a count as far from what was expected as this one, if nothing but chance were at work.

    ``exact`` adds up every count that is no likelier than the observed one; ``mid-p`` is twice the smaller tail, with half of the
    observed count in it. Where nothing is expected the answer is 1 for no events, 0 for any. Raises ``ValueError`` for counts
    or expected numbers that cannot be.
    """
    if method not in {"exact", "mid-p"}:
        raise ValueError(f"method: {method!r} is none of exact, mid-p.")
    events, due = np.broadcast_arrays(counts(observed, "observed"), numbers(expected, "expected"))
    if (due < 0).any():
        raise ValueError("expected: it cannot be negative.")
    if method == "mid-p":
        low = (_at_most(events, due) + _at_most(events - 1, due)) / 2
        high = (_at_least(events, due) + _at_least(events + 1, due)) / 2
        both: Numbers = np.minimum(2 * np.minimum(low, high), 1.0)
        return both
    other = _as_unlikely(events, due)
    below, above = np.minimum(events, other), np.maximum(events, other)
    return np.where(above - below < 1, 1.0, np.minimum(_at_most(below, due) + _at_least(above, due), 1.0))


def _at_most(count: Numbers, due: Numbers) -> Numbers:
    return np.where(count < 0, 0.0, gammaincc(np.maximum(count, 0) + 1, due))


def _at_least(count: Numbers, due: Numbers) -> Numbers:
    return np.where(count < 1, 1.0, gammainc(np.maximum(count, 1), due))


def _as_unlikely(events: Numbers, due: Numbers) -> Numbers:
    """Return the count nearest to what was expected, on its other side, that is no likelier; -1 where there is none below."""
    above = events > due
    near = np.where(above, -1.0, np.ceil(due) - 1)
    far = np.where(above, np.floor(due) + 1, np.ceil(2 * due) + 10)  # whole numbers, or halving never ends
    likely = _log_chance(events, due) + 1e-7  # as much room for rounding as R's poisson.test allows
    while (~above & (_log_chance(far, due) > likely)).any():
        far = np.where(~above & (_log_chance(far, due) > likely), 2 * far, far)
    for _ in range(_MOST_HALVINGS):
        if not (np.abs(far - near) > 1).any():
            break
        middle = np.floor((near + far) / 2)
        unlikely = (middle < 0) | (_log_chance(middle, due) <= likely)
        near = np.where(unlikely == above, middle, near)
        far = np.where(unlikely == above, far, middle)
    return np.where(above, near, far)


def _log_chance(count: Numbers, due: Numbers) -> Numbers:
    some = np.maximum(count, 0.0)
    logarithm: Numbers = xlogy(some, due) - due - gammaln(some + 1)
    return logarithm


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
    table, byar = exact_limits(np.arange(float(FEW_EVENTS)), level), byar_limits(count, level)
    few, place = count < FEW_EVENTS, np.minimum(count, FEW_EVENTS - 1).astype(np.intp)
    return np.where(few, table[0][place], byar[0]), np.where(few, table[1][place], byar[1])
