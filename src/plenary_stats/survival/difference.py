"""Do groups differ in survival? The log-rank test and its family, stratified where asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import chdtrc

from plenary_stats.results import Columns, Numbers, frozen
from plenary_stats.survival.patients import Indices, Patients, coded, patients, ranked

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


def _strata(layer: Indices, layers: int) -> Iterator[Indices]:
    if layers <= 1:
        yield np.arange(len(layer))
        return
    order = np.argsort(layer, kind="stable")
    yield from np.split(order, np.searchsorted(layer[order], np.arange(1, layers)))


def _stratum(rows: Patients, code: Indices, groups: int, rho: float) -> tuple[Numbers, Numbers, Numbers]:
    """Return each group's weighted events, those expected, and the covariance of the difference, in one stratum."""
    times, rank = ranked(rows.stop)
    died = np.bincount(rank[rows.died], minlength=len(times)).astype(np.float64)
    keep = np.flatnonzero(died)
    times, died = times[keep], died[keep]
    last = np.searchsorted(times, rows.stop, side="right")  # at risk at the event times first <= place < last
    first = np.zeros_like(last) if rows.start is None else np.searchsorted(times, rows.start, side="right")
    came, went = (np.bincount(place, minlength=len(times) + 1).astype(np.float64) for place in (first, last))
    at_risk = np.cumsum(came - went)[:-1]
    weight = _weights(died, at_risk, rho)
    hazard = np.append(0.0, np.cumsum(weight * died / at_risk))
    expected = _sums(code, hazard[last] - hazard[first], groups)
    place = last[rows.died] - 1
    observed = _sums(code[rows.died], weight[place], groups)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.where(at_risk > 1, weight**2 * died * (at_risk - died) / ((at_risk - 1.0) * at_risk), 0.0)
    variance: Numbers = np.zeros((groups, groups))
    for begin, table in _at_risk(first, last, code, len(times), groups):
        part = slice(begin, begin + len(table))
        variance += np.diag(spread[part] @ table) - table.T @ (table * (spread[part] / at_risk[part])[:, None])
    return observed, expected, variance


def _sums(code: Indices, values: Numbers, groups: int) -> Numbers:
    return np.asarray(np.bincount(code, values, minlength=groups), dtype=np.float64)


def _weights(died: Numbers, at_risk: Numbers, rho: float) -> Numbers:
    survival = np.cumprod(1 - died / at_risk)
    return np.append(1.0, survival)[: len(died)] ** rho


def _at_risk(first: Indices, last: Indices, code: Indices, times: int, groups: int) -> Iterator[tuple[int, Numbers]]:
    """Yield how many of each group are at risk at each event time, a part of the times after another."""
    size = max(1, _CELLS // max(1, groups))
    if times <= size:
        counted = [np.bincount(place * groups + code, minlength=(times + 1) * groups) for place in (first, last)]
        left = (counted[0] - counted[1]).reshape(times + 1, groups)[:-1]
        yield 0, np.cumsum(left, axis=0, dtype=np.float64)
        return
    came, went = np.argsort(first, kind="stable"), np.argsort(last, kind="stable")
    now = np.zeros(groups)
    for begin in range(0, times, size):
        rows = min(size, times - begin)
        change = np.zeros(rows * groups)
        for order, place, sign in ((came, first, 1.0), (went, last, -1.0)):
            low, high = np.searchsorted(place[order], [begin, begin + rows]).tolist()
            here = order[low:high]
            change += sign * np.bincount((place[here] - begin) * groups + code[here], minlength=rows * groups)
        table = np.cumsum(change.reshape(rows, groups), axis=0) + now
        now = table[-1]
        yield begin, table


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
