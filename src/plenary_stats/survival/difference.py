"""Do groups differ in survival? The log-rank test and its family, stratified where asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import chdtrc

from plenary_stats.results import Columns, Numbers, frozen
from plenary_stats.survival.patients import Indices, Patients, coded, patients, placed

_CELLS = 2**18
"""The table of those at risk (times by groups) is made in parts of this size: it would not fit for a million times."""


@dataclass(frozen=True)
class LogRank:
    """The test that all groups share one curve. ``columns``: group, n, observed, expected, variance (of observed - expected).

    With ``rho`` the observed and the expected are weighted. Where ``why_not`` is not empty there is nothing to compare.
    """

    statistic: float
    df: int
    p_value: float
    columns: Columns
    rho: float
    why_not: str
    method: str


def logrank(  # noqa: PLR0917 -- the agreed order of arguments
    time: Any, event: Any, group: Any, strata: Any = None, rho: float = 0.0, entry: Any = None
) -> LogRank:
    """Return the log-rank test of the groups, with the hypergeometric variance.

    One row a patient: ``time`` in any unit, ``event`` (1 or 0), labels of ``group`` and, to compare within them only,
    ``strata``. ``rho`` weights each time by survival just before it to that power (Harrington and Fleming 1982): 0 is the
    log-rank test, 1 that of Peto and Peto, which minds early differences more. ``entry``: late entry, as in
    :func:`kaplan_meier`.

    Raises ``ValueError`` as :func:`kaplan_meier` does, and for labels that are not one a patient.
    """
    if not np.isfinite(rho):
        raise ValueError(f"rho: {rho} is not a number; 0 is the log-rank test.")
    rows = patients(time, event, entry)
    labels, code = coded(group, len(rows))
    layers, layer = coded(strata, len(rows), "strata")
    score, expected, variance = np.zeros(len(labels)), np.zeros(len(labels)), np.zeros((len(labels), len(labels)))
    for part in _strata(layer, len(layers)):
        start = None if rows.start is None else rows.start[part]
        own = _stratum(Patients(rows.stop[part], rows.died[part], start), code[part], len(labels), rho)
        score, expected, variance = score + own[0], expected + own[1], variance + own[2]
    columns = {"group": labels, "n": np.bincount(code, minlength=len(labels)), "observed": score, "expected": expected}
    columns |= {"variance": np.diag(variance).copy()}
    statistic, df, why_not = _quadratic(score - expected, variance, expected > 0)
    p_value = float(chdtrc(df, statistic)) if df else float("nan")
    method = ("log-rank" if rho == 0 else f"Harrington-Fleming, rho {rho:g}") + (", stratified" if strata is not None else "")
    return LogRank(statistic, df, p_value, frozen(columns), float(rho), why_not, method)


def _strata(layer: Indices, layers: int) -> Iterator[Indices | slice]:
    if layers <= 1:
        yield slice(None)
        return
    order = np.argsort(layer, kind="stable")
    yield from np.split(order, np.searchsorted(layer[order], np.arange(1, layers)))


def _stratum(rows: Patients, code: Indices, groups: int, rho: float) -> tuple[Numbers, Numbers, Numbers]:
    """Return each group's weighted events, those expected, and the covariance of the difference, in one stratum."""
    observed, expected, variance, alive = np.zeros(groups), np.zeros(groups), np.zeros((groups, groups)), 1.0
    for died, at_risk in _tables(rows, code, groups):
        deaths, total = died @ np.ones(groups), at_risk @ np.ones(groups)  # a product is quicker than sums of short rows
        survival = np.append(alive, alive * np.cumprod(1 - deaths / total))
        weight, alive = survival[:-1] ** rho, survival[-1]
        with np.errstate(divide="ignore", invalid="ignore"):
            spread = np.where(total > 1, weight**2 * deaths * (total - deaths) / ((total - 1.0) * total), 0.0)
        observed += weight @ died
        expected += (weight * deaths / total) @ at_risk
        variance += np.diag(spread @ at_risk) - at_risk.T @ (at_risk * (spread / total)[:, None])
    return observed, expected, variance


def _tables(rows: Patients, code: Indices, groups: int) -> Iterator[tuple[Numbers, Numbers]]:
    """Yield how many of each group die, and are at risk, at each time when somebody dies: a part of the times after another."""
    times, place = placed(rows.stop)
    size = max(1, _CELLS // max(1, groups))
    begins, fate = range(0, len(times), size), rows.died
    first = None if rows.start is None else np.searchsorted(times, rows.start, side="right")  # at risk from this time to its own
    came = None if first is None else np.sort(first * groups + code)
    now = np.bincount(code, minlength=groups) if first is None else np.zeros(groups)
    if len(begins) > 1:
        order = np.argsort(place, kind="stable")
        place, code, fate = place[order], code[order], fate[order]
    edges = [*np.searchsorted(place, begins).tolist(), len(place)]
    for begin, low, high in zip(begins, edges[:-1], edges[1:], strict=True):
        shape = (min(size, len(times) - begin), groups)
        key = (place[low:high] - begin) * groups + code[low:high]
        went = np.bincount(key, minlength=shape[0] * groups).reshape(shape)
        died = np.asarray(np.bincount(key, fate[low:high], minlength=shape[0] * groups), dtype=np.float64).reshape(shape)
        left = now - np.cumsum(went, axis=0)
        if came is not None:
            own = slice(*np.searchsorted(came, (begin * groups, (begin + shape[0]) * groups)))
            left = left + np.bincount(came[own] - begin * groups, minlength=shape[0] * groups).reshape(shape).cumsum(axis=0)
        now, some = left[-1], np.flatnonzero(died @ np.ones(groups))
        yield died[some], (left + went)[some].astype(np.float64)


def _quadratic(score: Numbers, variance: Numbers, used: Any) -> tuple[float, int, str]:
    """Return the statistic and its degrees of freedom: one group is told by the others."""
    places = np.flatnonzero(used)[1:]
    if not len(places):
        return float("nan"), 0, "There is only one group with patients at risk when an event happened: nothing to compare."
    own = variance[np.ix_(places, places)]
    size = np.sqrt(np.diag(own))
    if not (size > 0).all() or np.linalg.matrix_rank(own / np.outer(size, size), hermitian=True) < len(places):
        return float("nan"), len(places), "The groups were hardly ever at risk together: nothing to compare."
    return float(score[places] @ np.linalg.solve(own, score[places])), len(places), ""
