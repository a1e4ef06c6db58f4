"""Several events that exclude one another: cumulative incidence, and whether it differs between groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import chdtrc

from plenary_stats.results import Columns, Numbers, frozen, normal_quantile, numbers
from plenary_stats.survival.patients import SAME_TIME, Indices, Labels, coded, ranked, times

_NO_EVENT = "No event of this cause so far: the limits of 0% cannot be estimated."
_ENDED = "Follow-up ended before this time."
_NO_GROUP = "There is nobody in this group."


@dataclass(frozen=True)
class CumulativeIncidence:
    """Share of each group to whom each cause has happened by a time.

    ``columns``: group, cause, time, n_risk, n_event (of this cause, at this time; at chosen times since the time before),
    estimate, std_err, lower, upper, why_not. Where ``why_not`` is not empty the limits, or after the end of follow-up the
    estimate, should not be shown, and the text says why.
    """

    columns: Columns
    level: float
    method: str = "Aalen-Johansen, log limits"


@dataclass(frozen=True)
class Gray:
    """Gray's test that the groups share one cumulative incidence. ``columns``: cause, statistic, df, p_value, why_not."""

    columns: Columns
    method: str = "Gray"


def cumulative_incidence(
    time: Any, cause: Any, group: Any = None, at: Any = None, level: float = 0.95, *, entry: Any = None
) -> CumulativeIncidence:
    """Return the Aalen-Johansen estimate by group and cause.

    ``time`` (any unit) and ``cause`` are one row a patient: 0 where follow-up ended without an event, else the number of what
    happened first. Rows come by group, cause and time: at the times ``at``, else at every time when any of the causes
    happened in the group. The standard error is of Greenwood's type (the same as the infinitesimal jackknife of R's
    ``survfit``), the limits are on the log scale and at most 1. ``entry``: at risk when ``entry < t <= time``.

    Raises ``ValueError`` for missing or negative times, causes that are not whole numbers from 0 up, or a late entry.
    """
    z = normal_quantile(level)
    stop, start, which, causes = _given(time, cause, entry)
    labels, code = coded(group, len(stop))
    moments = None if at is None else np.unique(numbers(at, "at"))
    parts = []
    for number, label in enumerate(labels if len(stop) else []):
        own = code == number
        steps = _Steps.of(stop[own], None if start is None else start[own], which[own], len(causes))
        for place, name in enumerate(causes.tolist()):
            rows = steps.rows(place, moments, z)
            parts.append({"group": np.full(len(rows["time"]), label), "cause": np.full(len(rows["time"]), name), **rows})
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]} if parts else _nobody(moments)
    return CumulativeIncidence(frozen(columns), level)


def _given(time: Any, cause: Any, entry: Any) -> tuple[Numbers, Numbers | None, Indices, Indices]:
    """Return times, entries, each row's place among the causes (0: none) and the causes."""
    stop, start = times(time, entry)
    happened = np.atleast_1d(numbers(cause, "cause"))
    if happened.shape != stop.shape:
        raise ValueError("time and cause: one value a patient, of the same length.")
    if (happened < 0).any() or (happened != np.floor(happened)).any():
        raise ValueError("cause: every value must be a whole number, 0 where follow-up ended without an event.")
    causes = np.unique(happened[happened > 0]).astype(np.intp)
    return stop, start, np.searchsorted(causes, happened, side="right"), causes


@dataclass(frozen=True)
class _Steps:
    """One group: its distinct times, and at each the number at risk, the events of each cause, and who is free of all."""

    time: Numbers
    n_risk: Numbers
    events: Numbers  # times by causes
    free: Numbers  # survival just before

    @staticmethod
    def of(stop: Numbers, start: Numbers | None, which: Indices, causes: int) -> _Steps:
        time, rank = ranked(stop)
        events = np.bincount(rank * (causes + 1) + which, minlength=len(time) * (causes + 1)).reshape(len(time), -1)[:, 1:]
        leave = np.bincount(rank, minlength=len(time))
        n_risk = (len(stop) - np.cumsum(leave) + leave).astype(np.float64)
        if start is not None:
            n_risk -= len(start) - np.searchsorted(np.sort(start), time, side="left")
        free = np.cumprod(1 - events.sum(axis=1) / n_risk)
        return _Steps(time, n_risk, events.astype(np.float64), np.append(1.0, free)[:-1])

    def rows(self, place: int, moments: Numbers | None, z: float) -> dict[str, Labels]:
        own, all_causes = self.events[:, place], self.events.sum(axis=1)
        estimate = np.cumsum(self.free * own / self.n_risk)
        std_err = np.sqrt(np.clip(self._variance(own, all_causes, estimate), 0, None))
        if moments is None:
            keep = np.flatnonzero(all_causes)
            figures = {"time": self.time, "n_risk": self.n_risk, "n_event": own, "estimate": estimate, "std_err": std_err}
            rows: dict[str, Labels] = {name: column[keep] for name, column in figures.items()}
            ended = sooner = np.zeros(len(keep), dtype=np.bool_)
        else:
            passed = np.searchsorted(self.time, moments + SAME_TIME, side="right")
            coming = np.searchsorted(self.time, moments - SAME_TIME, side="left")
            before = {"estimate": np.append(0.0, estimate)[passed], "std_err": np.append(0.0, std_err)[passed]}
            since = np.diff(np.append(0.0, np.cumsum(own))[passed], prepend=0.0)
            rows = {"time": moments, "n_risk": np.append(self.n_risk, 0.0)[coming], "n_event": since, **before}
            left = self.free[-1] * (1 - all_causes[-1] / self.n_risk[-1])
            ended, sooner = (moments > self.time[-1] + SAME_TIME) & (left > 0), passed == 0
        with np.errstate(divide="ignore", invalid="ignore"):
            half = np.exp(z * rows["std_err"] / rows["estimate"])
            # Before the first time nobody can have had an event: the limits are nought as well, as Kaplan and Meier's are one.
            rows["lower"] = np.where(sooner, 0.0, rows["estimate"] / half)
            rows["upper"] = np.where(sooner, 0.0, np.minimum(rows["estimate"] * half, 1))
        return rows | {"why_not": np.select([ended, rows["estimate"] == 0], [_ENDED, _NO_EVENT], "")}

    def _variance(self, own: Numbers, all_causes: Numbers, estimate: Numbers) -> Numbers:
        """Return the sum over times u up to t of what each adds, a square in F(t) - F(u): opened, so that sums run once."""
        left = self.n_risk - all_causes
        with np.errstate(divide="ignore", invalid="ignore"):
            square = np.where(left > 0, all_causes / (self.n_risk * left), 0.0)
        cross = self.free * own / self.n_risk**2
        level = self.free**2 * own * (self.n_risk - own) / self.n_risk**3
        constant = np.cumsum(level + 2 * estimate * cross + estimate**2 * square)
        variance: Numbers = constant - 2 * estimate * np.cumsum(cross + estimate * square) + estimate**2 * np.cumsum(square)
        return variance


def _nobody(moments: Numbers | None) -> dict[str, Labels]:
    when = np.zeros(0) if moments is None else moments
    none, missing = np.zeros(len(when)), np.full(len(when), np.nan)
    columns = {"group": np.full(len(when), ""), "cause": np.zeros(len(when), dtype=np.intp), "time": when, "n_risk": none}
    columns |= {"n_event": none} | dict.fromkeys(("estimate", "std_err", "lower", "upper"), missing)
    return columns | {"why_not": np.full(len(when), _NO_GROUP)}


def gray(time: Any, cause: Any, group: Any) -> Gray:
    """Return Gray's test (1988) of each cause: do the groups have one cumulative incidence?

    Rows as for :func:`cumulative_incidence`, without late entry. Raises ``ValueError`` as that does.
    """
    stop, _, which, causes = _given(time, cause, None)
    labels, code = coded(group, len(stop))
    tests = [
        _gray(stop, np.where(which == 0, 0, np.where(which == place + 1, 1, 2)), code, len(labels))
        for place in range(len(causes))
    ]
    statistic, df = np.array([one[0] for one in tests]), np.array([one[1] for one in tests], dtype=np.intp)
    why_not = np.array([one[2] for one in tests], dtype=np.str_)
    with np.errstate(invalid="ignore"):
        p_value = np.where(why_not == "", chdtrc(np.maximum(df, 1), statistic), np.nan)
    return Gray(frozen({"cause": causes, "statistic": statistic, "df": df, "p_value": p_value, "why_not": why_not}))


def _gray(stop: Numbers, kind: Indices, code: Indices, groups: int) -> tuple[float, int, str]:
    """Return statistic, degrees of freedom and why not, for events of kind 1 beside those of kind 2 (0: neither)."""
    if groups < 2:
        return float("nan"), 0, "There is only one group: nothing to compare."
    score, variance = _gray_parts(stop, kind, code, groups)
    own = variance[:-1, :-1]
    size = np.sqrt(np.abs(np.diag(own)))
    if not (size > 0).all() or np.linalg.matrix_rank(own / np.outer(size, size), hermitian=True) < groups - 1:
        return float("nan"), groups - 1, "The groups were hardly ever at risk together: nothing to compare."
    return float(score[:-1] @ np.linalg.solve(own, score[:-1])), groups - 1, ""


def _gray_parts(stop: Numbers, kind: Indices, code: Indices, groups: int) -> tuple[Numbers, Numbers]:
    """Return the score of each group and its covariance, as in the appendix of Gray (1988) and his program.

    Arrays are times by groups. ``share`` is n/S just before, the weight of a group in the pooled sub-distribution hazard.
    """
    time, rank = ranked(stop)
    shape = (len(time), groups)

    def count(rows: Any) -> Numbers:
        return np.bincount(rank[rows] * groups + code[rows], minlength=len(time) * groups).reshape(shape).astype(np.float64)

    wanted, other, leave = count(kind == 1), count(kind == 2), count(slice(None))
    n = leave[::-1].cumsum(axis=0)[::-1]
    risk = np.maximum(n, 1.0)
    after = np.cumprod(1 - (wanted + other) / risk, axis=0)  # S, free of both
    free = np.vstack([np.ones(groups), after[:-1]])
    gain = free * wanted / risk
    incidence = np.cumsum(gain, axis=0) - gain
    here, safe = n > 0, np.where(free > 0, free, 1.0)
    share = np.where(here, n / safe, 0.0)
    total, free_of_it = share.sum(axis=1), (share * (1 - incidence)).sum(axis=1)
    events = wanted.sum(axis=1)
    pooled = np.cumsum(events / total)
    pooled_before = pooled - events / total
    expected = (events / np.where(free_of_it > 0, free_of_it, 1.0))[:, None] * share * (1 - incidence)
    score = np.where(here, wanted - expected, 0.0).sum(axis=0)
    left_share = np.where(after > 0, (1 - pooled)[:, None] / np.where(after > 0, after, 1.0), 0.0)
    tie = np.where(events[:, None] > 1, 1 - (events[:, None] - 1) / np.maximum(total[:, None] * free - 1, 1e-300), 1.0)
    first = np.where(here & (events > 0)[:, None], tie * free * events[:, None] / (total[:, None] * risk), 0.0)
    own_tie = np.where(other > 1, 1 - (other - 1) / np.maximum(n - 1, 1.0), 1.0)
    second = np.where((after > 0) & (other > 0), own_tie * free**2 * other / risk**2, 0.0)
    rate = events / (total * (1 - pooled_before))
    variance = np.zeros((groups, groups))
    for k in range(groups):  # what the events in group k add
        spread = share * ((np.arange(groups) == k) - share[:, [k]] / total[:, None])
        compensator = np.cumsum(spread * rate[:, None], axis=0)
        own, last = 1 - left_share[:, [k]], compensator[-1]
        direct = spread - own * compensator + own * last
        indirect = left_share[:, [k]] * (compensator - last)
        variance += direct.T @ (direct * first[:, [k]]) + indirect.T @ (indirect * second[:, [k]])
    return score, variance
