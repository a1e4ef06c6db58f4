"""Survival with incomplete follow-up: the Kaplan-Meier estimator for many groups at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from plenary_stats.results import Columns, Numbers, frozen, normal_quantile, numbers

SAME_TIME = float(np.sqrt(np.finfo(np.float64).eps))
"""Times closer than this (about 1e-8, absolutely or of their mean) are one time, as in R's survival package."""

Style = Literal["log-log", "log", "plain"]
Indices = npt.NDArray[np.intp]

_NO_EVENT = "No event so far: the limits of 100% cannot be estimated."
_NOBODY_LEFT = "Nobody is left at risk: the limits cannot be estimated."
_ENDED = "Follow-up ended before this time."
_NO_GROUP = "There is nobody in this group."


@dataclass(frozen=True)
class KaplanMeier:
    """Estimated survival of each group.

    ``columns``: group, time, n_risk, n_event, n_censor, estimate, std_err, lower, upper, why_not. At chosen times ``n_event``
    and ``n_censor`` are those since the time before. ``median``: group, estimate, lower, upper, why_not. Where ``why_not`` is
    not empty the limits (or, after the end of follow-up, the estimate) should not be shown, and the text says why.
    """

    columns: Columns
    median: Columns
    interval: str
    level: float
    method: str = "Kaplan-Meier"


def kaplan_meier(  # noqa: PLR0917 -- the agreed order of arguments
    time: Any,
    event: Any,
    group: Any = None,
    at: Any = None,
    entry: Any = None,
    interval: Style = "log-log",
    level: float = 0.95,
    *,
    censored: bool = False,
) -> KaplanMeier:
    """Return the Kaplan-Meier estimate by group, with Greenwood's standard error.

    ``time`` (any unit) and ``event`` (true or 1 where the event happened then, false or 0 where follow-up ended) are one row a
    patient; ``group`` holds any labels; ``entry`` the time from which a patient was at risk (left truncation: at risk when
    ``entry < t <= time``). Rows come for each group at the times ``at``, in ascending order, or at every event time (with
    ``censored``, at the times when follow-up ended too). Limits are undefined at 0, and with ``log-log`` at 1; before the
    first time of a group they are 1, as in R.

    The median is the first time at which survival is at most one half; where it equals one half over a stretch, the middle
    of that stretch. Its limits are read off the limits of the curve (Brookmeyer and Crowley 1982).

    Raises ``ValueError`` for missing or negative times, events other than 0 and 1, or an entry not before its time.
    """
    if interval not in _LIMITS:
        raise ValueError(f"interval: {interval!r} is none of {', '.join(_LIMITS)}.")
    z = normal_quantile(level)
    patients, labels = _checked(time, event, entry, group)
    if not len(patients.stop):
        rows, median = _empty(at)
        return KaplanMeier(frozen(rows), frozen(median), interval=interval, level=level)
    curve = _Curve.of(patients, len(labels), interval, z)
    rows = curve.every(censored=censored) if at is None else curve.at(np.unique(numbers(at, "at")))
    rows = {"group": labels[rows.pop("code")], **rows}
    return KaplanMeier(frozen(rows), frozen(curve.median(labels)), interval=interval, level=level)


@dataclass(frozen=True)
class _Rows:
    """One row a patient, checked: ``code`` numbers the groups from nought."""

    stop: Numbers
    died: npt.NDArray[np.bool_]
    start: Numbers | None
    code: Indices


def _checked(time: Any, event: Any, entry: Any, group: Any) -> tuple[_Rows, npt.NDArray[Any]]:
    stop, happened = np.atleast_1d(numbers(time, "time")), np.atleast_1d(numbers(event, "event"))
    if stop.ndim != 1 or stop.shape != happened.shape:
        raise ValueError("time and event: one value a patient, of the same length.")
    if (stop < 0).any():
        raise ValueError("time: it cannot be negative.")
    if not np.isin(happened, (0.0, 1.0)).all():
        raise ValueError("event: every value must be true or false (1 or 0).")
    labels, code = _coded(group, len(stop))
    if entry is None:
        return _Rows(_merged(stop)[0], happened == 1, None, code), labels
    start = np.atleast_1d(numbers(entry, "entry"))
    if start.shape != stop.shape or (start >= stop).any():
        raise ValueError("entry: every patient must enter before the time of event or of last follow-up.")
    stop, start = _merged(stop, start)
    return _Rows(stop, happened == 1, start, code), labels


def _merged(*times: Numbers) -> tuple[Numbers, ...]:
    """Return the times with those that differ only by rounding made equal."""
    values = np.unique(np.concatenate(times))
    gap = np.diff(values)
    if not len(gap) or not (tied := gap <= SAME_TIME * max(1.0, np.abs(values).mean())).any():
        return times
    kept = values[np.concatenate(([True], ~tied))]
    return tuple(kept[np.searchsorted(kept, part, side="right") - 1] for part in times)


def _coded(group: Any, length: int) -> tuple[npt.NDArray[Any], Indices]:
    if group is None:
        return np.array([""]), np.zeros(length, dtype=np.intp)
    given = np.atleast_1d(np.asarray(group))
    if given.shape != (length,):
        raise ValueError("group: one label a patient.")
    labels, code = np.unique(given, return_inverse=True)
    return labels, code.astype(np.intp)


def _plain(survival: Numbers, spread: Numbers, z: float) -> tuple[Numbers, Numbers]:
    half = z * survival * spread
    return np.maximum(survival - half, 0), np.minimum(survival + half, 1)


def _log(survival: Numbers, spread: Numbers, z: float) -> tuple[Numbers, Numbers]:
    return survival * np.exp(-z * spread), np.minimum(survival * np.exp(z * spread), 1)


def _log_log(survival: Numbers, spread: Numbers, z: float) -> tuple[Numbers, Numbers]:
    logarithm = np.where(survival < 1, np.log(survival), np.nan)
    power = np.exp(z * spread / -logarithm)
    return logarithm * 0 + survival**power, logarithm * 0 + survival ** (1 / power)


_LIMITS: dict[str, Callable[[Numbers, Numbers, float], tuple[Numbers, Numbers]]] = {
    "log-log": _log_log,
    "log": _log,
    "plain": _plain,
}


@dataclass(frozen=True)
class _Curve:
    """Every distinct time of every group, sorted by group, then time. ``first`` marks where each group begins, and its end."""

    code: Indices
    time: Numbers
    n_risk: Numbers
    n_event: Numbers
    n_censor: Numbers
    survival: Numbers
    spread: Numbers  # the square root of Greenwood's sum
    lower: Numbers
    upper: Numbers
    first: Indices

    @staticmethod
    def of(rows: _Rows, groups: int, style: str, z: float) -> _Curve:
        order = np.lexsort((rows.stop, rows.code))
        codes, times = rows.code[order], rows.stop[order]
        new = np.ones(len(order), dtype=np.bool_)
        new[1:] = (codes[1:] != codes[:-1]) | (times[1:] != times[:-1])
        begins = np.flatnonzero(new)
        code, time = codes[begins], times[begins]
        n_event = np.add.reduceat(rows.died[order].astype(np.float64), begins)
        n_leave = np.diff(np.append(begins, len(order))).astype(np.float64)
        ends = np.searchsorted(codes, np.arange(groups), side="right")
        n_risk = (ends[code] - begins).astype(np.float64)
        if rows.start is not None:
            n_risk -= _not_yet(rows.start, rows.code, time, code)
        first = np.searchsorted(code, np.arange(groups + 1))
        survival, spread = _product(n_event, n_risk, first)
        with np.errstate(divide="ignore", invalid="ignore"):
            lower, upper = _LIMITS[style](np.where(survival > 0, survival, np.nan), spread, z)
        return _Curve(code, time, n_risk, n_event, n_leave - n_event, survival, spread, lower, upper, first)

    def every(self, *, censored: bool) -> dict[str, npt.NDArray[Any]]:
        keep = np.flatnonzero((self.n_event > 0) | censored)
        rows = {"code": self.code, "time": self.time, "n_risk": self.n_risk, "n_event": self.n_event, "n_censor": self.n_censor}
        return {name: column[keep] for name, column in rows.items()} | self._figures(keep)

    def at(self, times: Numbers) -> dict[str, npt.NDArray[Any]]:
        groups = len(self.first) - 1
        code, when = np.repeat(np.arange(groups), len(times)), np.tile(times, groups)
        begin, end = self.first[code], self.first[code + 1]
        passed, coming = (
            _places(self.code, self.time, code, when, side="right"),
            _places(self.code, self.time, code, when, side="left"),
        )
        rows = {
            "code": code,
            "time": when,
            "n_risk": np.where(coming < end, np.append(self.n_risk, 0.0)[coming], 0.0),
            "n_event": self._since(self.n_event, passed, begin, len(times)),
            "n_censor": self._since(self.n_censor, passed, begin, len(times)),
        }
        rows |= self._figures(np.where(passed > begin, passed - 1, -1))
        late = (when > self.time[end - 1] + SAME_TIME) & (rows["estimate"] > 0)
        return rows | {"why_not": np.where(late, _ENDED, rows["why_not"])}

    @staticmethod
    def _since(happened: Numbers, passed: Indices, begin: Indices, times: int) -> Numbers:
        """Return how many happened since the chosen time before, group by group."""
        total = np.append(0.0, np.cumsum(happened))
        until = (total[passed] - total[begin]).reshape(-1, times)
        since: Numbers = np.diff(until, axis=1, prepend=0.0).ravel()
        return since

    def _figures(self, place: Indices) -> dict[str, npt.NDArray[Any]]:
        """Return the figures at a place on the curve; place -1 is before the group's first time, where all are alive."""
        before = place < 0
        survival, spread = np.where(before, 1.0, self.survival[place]), np.where(before, 0.0, self.spread[place])
        with np.errstate(invalid="ignore"):
            std_err = np.where(survival > 0, survival * spread, np.nan)
        return {
            "estimate": survival,
            "std_err": std_err,
            "lower": np.where(before, 1.0, self.lower[place]),
            "upper": np.where(before, 1.0, self.upper[place]),
            "why_not": np.select([survival == 0, survival == 1], [_NOBODY_LEFT, _NO_EVENT], ""),
        }

    def median(self, labels: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
        middle, lower, upper = (self._half(curve) for curve in (self.survival, self.lower, self.upper))
        why_not = np.where(np.isnan(middle), "More than half were alive when follow-up ended: the median is not reached.", "")
        return {"group": labels, "estimate": middle, "lower": lower, "upper": upper, "why_not": why_not}

    def _half(self, curve: Numbers) -> Numbers:
        """Return when each falling curve crosses one half: the middle of the stretch where it equals it."""
        begin, end = self.first[:-1], self.first[1:]
        reached = self._earliest(curve <= 0.5 + SAME_TIME)
        below = np.minimum(self._earliest(curve < 0.5 - SAME_TIME), end - 1)
        there = np.minimum(reached, end - 1)
        level = np.abs(curve[there] - 0.5) <= SAME_TIME
        crossed = np.where(level, (self.time[there] + self.time[below]) / 2, self.time[there])
        return np.where((reached < end) & (reached >= begin), crossed, np.nan)

    def _earliest(self, holds: npt.NDArray[np.bool_]) -> Indices:
        """Return the first place in each group where it holds, else a place beyond the last group."""
        places = np.where(holds, np.arange(len(holds)), len(holds))
        return np.minimum.reduceat(places, self.first[:-1])


def _places(code: Indices, time: Numbers, of: Indices, when: Numbers, side: Literal["left", "right"]) -> Indices:
    """Return where each (group, time) would stand among the sorted ones: a search by two keys, made one by ranks."""
    known = np.unique(time)
    nudge = SAME_TIME if side == "right" else -SAME_TIME
    rank = np.searchsorted(known, when + nudge, side=side)
    keys = code * (len(known) + 1) + np.searchsorted(known, time)
    return np.searchsorted(keys, of * (len(known) + 1) + rank, side="left")


def _not_yet(start: Numbers, code: Indices, time: Numbers, of: Indices) -> Numbers:
    """Return how many of the group enter at or after each (group, time)."""
    order = np.lexsort((start, code))
    known = np.unique(start)
    width = len(known) + 1
    keys = code[order] * width + np.searchsorted(known, start[order])
    entered = np.searchsorted(keys, of * width + np.searchsorted(known, time, side="left"), side="left")
    return (np.searchsorted(keys, (of + 1) * width, side="left") - entered).astype(np.float64)


def _product(n_event: Numbers, n_risk: Numbers, first: Indices) -> tuple[Numbers, Numbers]:
    """Return survival and the root of Greenwood's sum, group by group."""
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.where(n_risk > 0, 1 - n_event / n_risk, 1.0)
        term = np.where(n_event > 0, n_event / (n_risk * (n_risk - n_event)), 0.0)
    survival, total = np.empty_like(factor), np.empty_like(term)
    for begin, end in zip(first[:-1].tolist(), first[1:].tolist(), strict=True):
        np.multiply.accumulate(factor[begin:end], out=survival[begin:end])
        np.add.accumulate(term[begin:end], out=total[begin:end])
    return survival, np.sqrt(total)


def _empty(at: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the rows and the median of nobody: every figure is missing, and says why."""
    times = np.zeros(0) if at is None else np.unique(numbers(at, "at"))
    none, missing = np.zeros(len(times)), np.full(len(times), np.nan)
    rows = {"group": np.full(len(times), ""), "time": times, "n_risk": none, "n_event": none, "n_censor": none}
    rows |= dict.fromkeys(("estimate", "std_err", "lower", "upper"), missing) | {"why_not": np.full(len(times), _NO_GROUP)}
    median = {"group": [""], "estimate": [np.nan], "lower": [np.nan], "upper": [np.nan], "why_not": [_NO_GROUP]}
    return rows, median
