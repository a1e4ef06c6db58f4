"""Survival with incomplete follow-up: the Kaplan-Meier estimator for many groups at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from plenary_stats.results import Columns, Numbers, frozen, normal_quantile, numbers
from plenary_stats.survival.patients import SAME_TIME, Flags, Indices, Labels, Patients, coded, patients, ranked, worded

Style = Literal["log-log", "log", "plain"]
Table = dict[str, Labels]

_NO_EVENT = "No event so far: the limits of 100% cannot be estimated."
_NOBODY_LEFT = "Nobody is left at risk: the limits cannot be estimated."
_ENDED = "Follow-up ended before this time."
_NO_GROUP = "There is nobody in this group."
_NOT_REACHED = "More than {} were alive when follow-up ended: the {} is not reached."


@dataclass(frozen=True)
class KaplanMeier:
    """Estimated survival of each group.

    ``columns``: group, time, n_risk, n_event, n_censor, estimate, std_err, lower, upper, why_not. At chosen times ``n_event``
    and ``n_censor`` are those since the time before. ``median``: group, estimate, lower, upper, why_not; ``quantiles`` the
    same with ``share``, for the shares asked for, to whom the event has happened by then. ``restricted_mean``, where ``tau``
    was given: group, tau, estimate, std_err, lower, upper, why_not. Where ``why_not`` is not empty the limits
    (or, after the end of follow-up, the estimate) should not be shown, and the text says why.
    """

    columns: Columns
    median: Columns
    quantiles: Columns
    restricted_mean: Columns | None
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
    quantiles: Any = (),
    tau: float | None = None,
) -> KaplanMeier:
    """Return the Kaplan-Meier estimate by group, with Greenwood's standard error.

    ``time`` (any unit) and ``event`` (true or 1 where the event happened then, false or 0 where follow-up ended) are one row a
    patient; ``group`` holds any labels; ``entry`` the time from which a patient was at risk (left truncation: at risk when
    ``entry < t <= time``). Rows come for each group at the times ``at``, in ascending order, or at every event time (with
    ``censored``, at the times when follow-up ended too). Limits are undefined at 0, and with ``log-log`` at 1; before the
    first time of a group they are 1, as in R.

    The median is the first time at which survival is at most one half; where it equals one half over a stretch, the middle
    of that stretch. Its limits are read off the limits of the curve (Brookmeyer and Crowley 1982); likewise for the other
    ``quantiles``. With ``tau``, in the unit of ``time``, the mean time lived up to it is given too, with normal limits; where
    follow-up ended sooner the curve is carried on level, as in R, and ``why_not`` says so.

    Raises ``ValueError`` for missing or negative times, events other than 0 and 1, or an entry not before its time.
    """
    if interval not in _LIMITS:
        raise ValueError(f"interval: {interval!r} is none of {', '.join(_LIMITS)}.")
    z, shares, until = normal_quantile(level), _shares(quantiles), None if tau is None else _horizon(tau)
    rows = patients(time, event, entry)
    labels, code = coded(group, len(rows))
    moments = None if at is None else np.unique(numbers(at, "at"))
    if len(rows):
        curve = _Curve.of(rows, code, len(labels), interval, z)
        columns = curve.every(censored=censored) if moments is None else curve.at(moments)
        columns = {"group": labels[columns.pop("code")], **columns}
        middle, reached = curve.reached(labels, np.array([0.5])), curve.reached(labels, shares)
        means = None if until is None else curve.means(labels, until, z)
    else:
        columns, middle, reached, means = _empty(moments, shares, until)
    middle.pop("share")
    lived = None if means is None else frozen(means)
    return KaplanMeier(frozen(columns), frozen(middle), frozen(reached), lived, interval=interval, level=level)


def _shares(quantiles: Any) -> Numbers:
    shares = np.atleast_1d(numbers(quantiles, "quantiles"))
    if ((shares <= 0) | (shares >= 1)).any():
        raise ValueError("quantiles: every share must be between 0 and 1; write .5 for the median.")
    return shares


def _horizon(tau: float) -> float:
    if not 0 < tau < np.inf:
        raise ValueError(f"tau: {tau} is not a time after 0.")
    return float(tau)


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
    known: Numbers  # the distinct times of all groups
    key: Indices  # group and time as one ascending number: group * len(known) + place of the time

    @staticmethod
    def of(rows: Patients, code_of: Indices, groups: int, style: str, z: float) -> _Curve:
        known, rank = ranked(rows.stop)
        key, n_event, n_leave = _counted(code_of, rank, rows.died, groups, len(known))
        code, time = key // len(known), known[key % len(known)]
        first = np.searchsorted(code, np.arange(groups + 1))
        left = np.append(0.0, np.cumsum(n_leave))
        n_risk = left[first[1:]][code] - left[:-1]
        if rows.start is not None:
            n_risk -= _not_yet(rows.start, code_of, time, code)
        survival, spread = _product(n_event, n_risk, first)
        with np.errstate(divide="ignore", invalid="ignore"):
            lower, upper = _LIMITS[style](np.where(survival > 0, survival, np.nan), spread, z)
        return _Curve(code, time, n_risk, n_event, n_leave - n_event, survival, spread, lower, upper, first, known, key)

    def every(self, *, censored: bool) -> Table:
        keep = np.flatnonzero((self.n_event > 0) | censored)
        rows = {"code": self.code, "time": self.time, "n_risk": self.n_risk, "n_event": self.n_event, "n_censor": self.n_censor}
        return {name: column[keep] for name, column in rows.items()} | self._figures(keep)

    def at(self, times: Numbers) -> Table:
        groups = len(self.first) - 1
        code, when = np.repeat(np.arange(groups), len(times)), np.tile(times, groups)
        begin, end = self.first[code], self.first[code + 1]
        passed, coming = (
            self._places(code, when, side="right"),
            self._places(code, when, side="left"),
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

    def _places(self, of: Indices, when: Numbers, side: Literal["left", "right"]) -> Indices:
        """Return where each (group, time) would stand among the sorted ones: a search by two keys, made one by ranks."""
        nudge = SAME_TIME if side == "right" else -SAME_TIME
        rank = np.searchsorted(self.known, when + nudge, side=side)
        return np.searchsorted(self.key, of * len(self.known) + rank, side="left")

    @staticmethod
    def _since(happened: Numbers, passed: Indices, begin: Indices, times: int) -> Numbers:
        """Return how many happened since the chosen time before, group by group."""
        total = np.append(0.0, np.cumsum(happened))
        until = (total[passed] - total[begin]).reshape(-1, times)
        since: Numbers = np.diff(until, axis=1, prepend=0.0).ravel()
        return since

    def _figures(self, place: Indices) -> Table:
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
            "why_not": worded((survival == 0) + 2 * (survival == 1), _NOBODY_LEFT, _NO_EVENT),
        }

    def reached(self, labels: Labels, shares: Numbers) -> Table:
        """Return when each share has met the event, group by group, with limits."""
        curves = (self.survival, self.lower, self.upper)
        crossed = [[self._crosses(curve, 1 - share) for share in shares.tolist()] for curve in curves]
        middle, lower, upper = np.reshape(crossed, (3, len(shares), len(labels))).transpose(0, 2, 1).reshape(3, -1)
        share = np.tile(shares, len(labels))
        never = np.array([_never(one) for one in shares.tolist()], dtype=np.str_)
        why_not = np.where(np.isnan(middle), np.tile(never, len(labels)), "")
        figures = {"estimate": middle, "lower": lower, "upper": upper, "why_not": why_not}
        return {"group": np.repeat(labels, len(shares)), "share": share, **figures}

    def _crosses(self, curve: Numbers, level: float) -> Numbers:
        """Return when each falling curve crosses the level: the middle of the stretch where it equals it.

        A limit can rise again where few are left; then R's rule holds: the highest point at or under the level.
        """
        begin, end = self.first[:-1], self.first[1:]
        reached = self._highest(curve, curve <= level + SAME_TIME)
        there = np.minimum(reached, end - 1)
        crossed = self.time[there]
        flat = np.abs(curve[there] - level) <= SAME_TIME
        if flat.any():
            below = np.minimum(self._highest(curve, curve < level - SAME_TIME), end - 1)
            crossed = np.where(flat, (crossed + self.time[below]) / 2, crossed)
        return np.where((reached < end) & (reached >= begin), crossed, np.nan)

    def _highest(self, curve: Numbers, allowed: Flags) -> Indices:
        """Return the place of the highest allowed point of each group, else a place beyond the last group."""
        value = np.where(allowed, curve, -np.inf)
        peak = np.maximum.reduceat(value, self.first[:-1])
        places = np.where(allowed & (value == peak[self.code]), np.arange(len(curve)), len(curve))
        return np.minimum.reduceat(places, self.first[:-1])

    def means(self, labels: Labels, tau: float, z: float) -> Table:
        """Return the mean time lived up to ``tau``: the area under each curve."""
        begin, last = self.first[:-1], self.first[1:] - 1
        following = np.append(self.time[1:], tau)
        following[last] = np.inf
        lasts = np.clip(np.minimum(following, tau) - self.time, 0, None)
        area = self.survival * lasts  # from this time to the next
        passed = _running(area, self.first)
        total = passed[last]
        to_come = total[self.code] - passed + area
        with np.errstate(divide="ignore", invalid="ignore"):
            left = self.n_risk - self.n_event
            term = np.where((self.n_event > 0) & (left > 0), self.n_event / (self.n_risk * left), 0.0)
        mean = np.minimum(self.time[begin], tau) + total
        spread = np.sqrt(np.add.reduceat(to_come**2 * term, begin))
        ended = (self.time[last] + SAME_TIME < tau) & (self.survival[last] > 0)
        columns = {"group": labels, "tau": np.full(len(labels), tau), "estimate": mean, "std_err": spread}
        limits = {"lower": np.maximum(mean - z * spread, 0), "upper": np.minimum(mean + z * spread, tau)}
        return columns | limits | {"why_not": np.where(ended, _ENDED, np.where(spread > 0, "", _NO_EVENT))}


def _never(share: float) -> str:
    return _NOT_REACHED.format(*{0.5: ("half", "median")}.get(share, (f"{1 - share:.4g} of them", "quantile")))


def _counted(code: Indices, rank: Indices, died: Flags, groups: int, times: int) -> tuple[Indices, Numbers, Numbers]:
    """Return each (group, time) when somebody left, as one ascending number, the events then, and how many left."""
    small = groups * times < 2**30
    key: Indices = code.astype(np.int32 if small else np.int64)
    key = key * times + rank
    if groups * times <= 4 * len(key) + 1000:  # a table of all is small: counting is quicker than sorting
        leave = np.bincount(key, minlength=groups * times)
        found = np.flatnonzero(leave)
        return found, np.bincount(key[died], minlength=groups * times)[found].astype(np.float64), leave[found].astype(np.float64)
    key *= 2
    key += died  # the event in the last digit: sorted at once
    key.sort()
    begins = np.flatnonzero(np.append(True, key[1:] >> 1 != key[:-1] >> 1))
    n_event = np.add.reduceat(key & 1, begins).astype(np.float64)
    return key[begins].astype(np.int64) >> 1, n_event, np.diff(np.append(begins, len(key))).astype(np.float64)


def _not_yet(start: Numbers, code: Indices, time: Numbers, of: Indices) -> Numbers:
    """Return how many of the group enter at or after each (group, time)."""
    order = np.lexsort((start, code))
    known = np.unique(start)
    width = len(known) + 1
    keys = code[order] * width + np.searchsorted(known, start[order])
    entered = np.searchsorted(keys, of * width + np.searchsorted(known, time, side="left"), side="left")
    return (np.searchsorted(keys, (of + 1) * width, side="left") - entered).astype(np.float64)


def _running(values: Numbers, first: Indices) -> Numbers:
    """Return the running total within each group."""
    total = np.empty_like(values)
    for begin, end in zip(first[:-1].tolist(), first[1:].tolist(), strict=True):
        np.add.accumulate(values[begin:end], out=total[begin:end])
    return total


def _product(n_event: Numbers, n_risk: Numbers, first: Indices) -> tuple[Numbers, Numbers]:
    """Return survival and the root of Greenwood's sum, group by group."""
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.where(n_risk > 0, 1 - n_event / n_risk, 1.0)
        term = np.where(n_event > 0, n_event / (n_risk * (n_risk - n_event)), 0.0)
    survival = np.empty_like(factor)
    for begin, end in zip(first[:-1].tolist(), first[1:].tolist(), strict=True):
        np.multiply.accumulate(factor[begin:end], out=survival[begin:end])
    return survival, np.sqrt(_running(term, first))


def _empty(moments: Numbers | None, shares: Numbers, tau: float | None) -> tuple[Table, Table, Table, Table | None]:
    """Return the rows, median, quantiles and mean of nobody: every figure is missing, and says why."""
    when = np.zeros(0) if moments is None else moments
    none = np.zeros(len(when))
    rows = {"group": np.full(len(when), ""), "time": when, "n_risk": none, "n_event": none, "n_censor": none}
    rows |= _missing(len(when), "estimate", "std_err", "lower", "upper")
    median, quantiles = (
        {"group": np.full(len(share), ""), "share": share, **_missing(len(share), "estimate", "lower", "upper")}
        for share in (np.array([0.5]), shares)
    )
    mean = {"group": np.array([""]), "tau": np.array([tau]), **_missing(1, "estimate", "std_err", "lower", "upper")}
    return rows, median, quantiles, None if tau is None else mean


def _missing(length: int, *names: str) -> Table:
    return {name: np.full(length, np.nan) for name in names} | {"why_not": np.full(length, _NO_GROUP)}
