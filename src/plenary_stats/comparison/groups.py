"""Two groups of patients: differences and ratios with their limits, in strata and over all; and a trend over groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import chdtrc

from plenary_stats.proportions import interval
from plenary_stats.results import Columns, Numbers, counts, frozen, normal_quantile, numbers

Pair = tuple[Numbers, Numbers]


@dataclass(frozen=True)
class Groups:
    """Two groups compared in each stratum.

    ``columns``: risk_difference, difference_lower, difference_upper (Newcombe); risk_ratio, ratio_lower, ratio_upper (logs);
    odds_ratio, odds_lower, odds_upper (conditional, exact), fisher_p; chi_squared, chi_squared_p, yates, yates_p; rate_ratio,
    rate_lower, rate_upper, rate_p (exact, the denominators taken for person-time); why_not.
    """

    columns: Columns
    level: float
    method: str = "Newcombe, log risk ratio, conditional odds ratio, exact rate ratio"


@dataclass(frozen=True)
class Stratified:
    """The common odds ratio over strata (Mantel and Haenszel), its limits, and the test that it is one."""

    odds_ratio: float
    lower: float
    upper: float
    statistic: float
    p_value: float
    level: float
    method: str = "Mantel-Haenszel"
    why_not: str = ""


@dataclass(frozen=True)
class Trend:
    """The test of a trend of proportions over ordered groups (Cochran and Armitage)."""

    statistic: float
    p_value: float
    slope: float
    df: int = 1
    method: str = "Cochran-Armitage"
    why_not: str = ""


def two_groups(events: Any, patients: Any, other_events: Any, other_patients: Any, level: float = 0.95) -> Groups:
    """Return one group compared with the other in each stratum; numbers a stratum in, a row a stratum out.

    Where a group has nobody, or nobody (everybody) in both had the event, ``why_not`` says which figures do not exist.
    Raises ``ValueError`` for impossible counts.
    """
    a, n, b, m = _tables(events, patients, other_events, other_patients)
    z, empty = normal_quantile(level), (n == 0) | (m == 0)
    one, two = interval(a, n, level=level), interval(b, m, level=level)
    p, q = one.estimate, two.estimate
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = z * np.sqrt(1 / a - 1 / n + 1 / b - 1 / m)
        ratio = p / q
        limits = np.where((a > 0) & (b > 0), [ratio * np.exp(-spread), ratio * np.exp(spread)], np.nan)
    odds, fisher = _odds(a, n, b, m, level)
    rate, rate_lower, rate_upper, rate_p = _rates(a, n, b, m, level)
    plain, corrected = _chi_squared(a, n, b, m)
    none, every = (a + b == 0) & ~empty, (a == n) & (b == m) & ~empty
    why_not = np.where(empty, "There is nobody in one of the groups.", "")
    why_not = np.where(none, "Nobody in either group had the event: only the difference can be given.", why_not)
    why_not = np.where(every, "Everybody in both groups had the event: there is no odds ratio.", why_not)
    columns = {
        "risk_difference": p - q,
        "difference_lower": p - q - np.sqrt((p - one.lower) ** 2 + (two.upper - q) ** 2),
        "difference_upper": p - q + np.sqrt((one.upper - p) ** 2 + (q - two.lower) ** 2),
        "risk_ratio": ratio,
        "ratio_lower": limits[0],
        "ratio_upper": limits[1],
        **dict(zip(("odds_ratio", "odds_lower", "odds_upper"), odds.T, strict=True)),
        "fisher_p": fisher,
        "chi_squared": plain,
        "chi_squared_p": chdtrc(1, plain),
        "yates": corrected,
        "yates_p": chdtrc(1, corrected),
        "rate_ratio": rate,
        "rate_lower": rate_lower,
        "rate_upper": rate_upper,
        "rate_p": rate_p,
        "why_not": why_not,
    }
    return Groups(frozen(columns), level)


def mantel_haenszel(events: Any, patients: Any, other_events: Any, other_patients: Any, level: float = 0.95) -> Stratified:
    """Return the common odds ratio of one group against the other over all strata, and the test that it is one.

    Limits by Robins, Breslow and Greenland (Biometrics 1986;42:311). Strata of fewer than two patients are left out.
    """
    a, n, b, m = _tables(events, patients, other_events, other_patients)
    z, use = normal_quantile(level), n + m > 1
    a, n, b, m = a[use], n[use], b[use], m[use]
    c, d, total = n - a, m - b, n + m
    variance = (n * m * (a + b) * (c + d) / (total**2 * (total - 1))).sum() if len(a) else 0.0
    r, s = a * d / total, b * c / total
    if variance == 0:
        reason = "Within each stratum all had the same outcome, or are in the same group: there is nothing to compare."
        return Stratified(np.nan, np.nan, np.nan, np.nan, np.nan, level, why_not=reason)
    statistic = (a - n * (a + b) / total).sum() ** 2 / variance
    p_value = float(chdtrc(1, statistic))
    if r.sum() == 0 or s.sum() == 0:
        common, reason = (0.0, "had no event") if r.sum() == 0 else (np.inf, "had every event")
        reason = f"In every stratum one group {reason}: the ratio has no limits."
        return Stratified(common, np.nan, np.nan, float(statistic), p_value, level, why_not=reason)
    common = float(r.sum() / s.sum())
    p, q = (a + d) / total, (b + c) / total
    parts = (p * r).sum() / r.sum() ** 2, (p * s + q * r).sum() / (r.sum() * s.sum()), (q * s).sum() / s.sum() ** 2
    half = z * np.sqrt(sum(parts) / 2)
    return Stratified(common, float(common * np.exp(-half)), float(common * np.exp(half)), float(statistic), p_value, level)


def trend(events: Any, patients: Any, score: Any = None) -> Trend:
    """Return the test of a trend of proportions over ordered groups; ``score`` places them (1, 2, 3 … where left out)."""
    met, of = np.broadcast_arrays(np.atleast_1d(counts(events, "events")), counts(patients, "patients"))
    place = np.arange(1.0, len(met) + 1) if score is None else numbers(score, "score")
    if (met > of).any() or place.shape != met.shape:
        raise ValueError("events: no more than patients, with one score a group.")
    use = of > 0
    met, of, place = met[use], of[use], place[use]
    rate = float(met.sum() / max(of.sum(), 1.0))
    away = place - (of * place).sum() / max(of.sum(), 1.0)
    room = float((of * away**2).sum())
    if room == 0 or rate in {0.0, 1.0}:
        return Trend(np.nan, np.nan, np.nan, why_not="All had the same outcome, or are in one group: there is no trend.")
    slope = float((met * away).sum() / room)
    statistic = slope**2 * room / (rate * (1 - rate))
    return Trend(statistic, float(chdtrc(1, statistic)), slope)


def _tables(*given: Any) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    names = ("events", "patients", "other_events", "other_patients")
    a, n, b, m = np.broadcast_arrays(*(np.atleast_1d(counts(part, name)) for part, name in zip(given, names, strict=True)))
    if (a > n).any() or (b > m).any():
        raise ValueError("events: a group has more events than patients.")
    return a, n, b, m


def _chi_squared(a: Numbers, n: Numbers, b: Numbers, m: Numbers) -> Pair:
    """Return Pearson's statistic, and with Yates's correction, which never takes more than the whole difference."""
    total, met = n + m, a + b
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = np.abs(a - n * met / total)
        scale = total**3 / (n * m * met * (total - met))
        return apart**2 * scale, (apart - np.minimum(apart, 0.5)) ** 2 * scale


def _odds(a: Numbers, n: Numbers, b: Numbers, m: Numbers, level: float) -> tuple[Numbers, Numbers]:
    """Return the conditional odds ratio with its exact limits, and Fisher's exact chance, for each table."""
    from scipy.stats import fisher_exact  # noqa: PLC0415 - slow to load, and no edition needs it
    from scipy.stats.contingency import odds_ratio  # noqa: PLC0415 - likewise

    found, chance = np.full((len(a), 3), np.nan), np.full(len(a), np.nan)
    for row, table in enumerate(np.column_stack([a, n - a, b, m - b]).astype(int)):
        if n[row] == 0 or m[row] == 0:
            continue
        square = table.reshape(2, 2)
        chance[row] = fisher_exact(square).pvalue
        if (square.sum(axis=0) > 0).all():
            answer = odds_ratio(square, kind="conditional")
            found[row] = (answer.statistic, *answer.confidence_interval(level))
    return found, chance


def _rates(a: Numbers, n: Numbers, b: Numbers, m: Numbers, level: float) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """Return the ratio of two rates, its exact limits and chance: given all events, those of one group are binomial."""
    from scipy.stats import binomtest  # noqa: PLC0415 - likewise

    share = interval(a, a + b, "clopper-pearson", level)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio, lower, upper = ((p / (1 - p)) * (m / n) for p in (a / (a + b), share.lower, share.upper))
    chance = np.full(len(a), np.nan)
    for row in np.flatnonzero((a + b > 0) & (n > 0) & (m > 0)):
        chance[row] = binomtest(int(a[row]), int(a[row] + b[row]), float(n[row] / (n[row] + m[row]))).pvalue
    return ratio, lower, upper, chance
