"""Survival with incomplete follow-up: the Kaplan-Meier estimator for many groups at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np

from plenary_stats.results import Columns, Numbers, frozen, normal_quantile, numbers
from plenary_stats.survival.patients import SAME_TIME, Flags, Indices, Labels, Patients, coded, patients, placed, worded

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
        curve = _Curve.of(rows, code, len(labels), partial(_LIMITS[interval], z=z), censored=censored)
        middle, reached = curve.reached(labels, np.array([0.5])), curve.reached(labels, shares)
        columns = curve.every(labels) if moments is None else curve.at(labels, moments)
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
    logarithm = np.log(survival)
    power = -z * spread
    power /= logarithm  # in place: a million rows are read from memory once less; 0/0 where there was no event: no limit
    np.exp(power, out=power)
    return np.exp(logarithm * power), np.exp(np.divide(logarithm, power, out=power), out=power)


Limits = Callable[[Numbers, Numbers], tuple[Numbers, Numbers]]
_LIMITS: dict[str, Callable[..., tuple[Numbers, Numbers]]] = {"log-log": _log_log, "log": _log, "plain": _plain}


@dataclass(frozen=True)
class _Curve:
    """A row for every time when somebody of a group died (``censored``: or left), in order of group, then time.

    A key is group and time as one ascending number: ``group * len(known) + place of the time``.
    """

    known: Numbers  # ascending times
    left: Indices  # the key of each patient's leaving, ascending
    came: Indices | None  # the key of the first time after each patient's entry, ascending
    ends: Indices  # where each group ends among the patients
    key: Indices
    first: Indices  # where each group begins among the rows, and the end
    time: Numbers
    n_risk: Numbers
    n_event: Numbers
    n_censor: Numbers
    estimate: Numbers
    std_err: Numbers
    lower: Numbers
    upper: Numbers
    start: tuple[float, ...]  # the last four where somebody has left and nobody has died

    @staticmethod
    def of(rows: Patients, code: Indices, groups: int, limits: Limits, *, censored: bool) -> _Curve:
        known, place = placed(rows.stop)
        short = groups * len(known) < 2**30  # room for one digit more: short numbers sort the quicker
        edges: Indices = (np.arange(groups + 1) * len(known)).astype(np.int32 if short else np.int64)
        left, begin, n_event, n_censor = _counted(_keys(code, place, edges), rows.died, censored=censored)
        came = None if rows.start is None else np.sort(_keys(code, np.searchsorted(known, rows.start, side="right"), edges))
        key, ends = left[begin], np.searchsorted(left, edges[1:])
        first = np.searchsorted(key, edges)
        entered = np.repeat(ends, np.diff(first)) if came is None else np.searchsorted(came, key, side="right")
        n_risk = (entered - begin).astype(np.float64)
        del place, begin, entered  # what follows takes as much memory again
        figures = _figures(*_product(n_event, n_risk, first), limits)
        start = tuple(float(one[0]) for one in _figures(np.ones(1), np.zeros(1), limits))
        return _Curve(known, left, came, ends, key, first, known[key % len(known)], n_risk, n_event, n_censor, *figures, start)

    def every(self, labels: Labels) -> Table:
        rows = {"group": np.repeat(labels, np.diff(self.first)), "time": self.time}
        rows |= {"n_risk": self.n_risk, "n_event": self.n_event, "n_censor": self.n_censor}
        rows |= {"estimate": self.estimate, "std_err": self.std_err, "lower": self.lower, "upper": self.upper}
        return rows | {"why_not": _reasons(self.estimate)}

    def at(self, labels: Labels, times: Numbers) -> Table:
        code, when = np.repeat(np.arange(len(labels)), len(times)), np.tile(times, len(labels))
        begin, end, first = np.append(0, self.ends)[code], self.ends[code], self.first[code]
        passed = self._keys_at(code, when, side="right")
        gone, row = np.searchsorted(self.left, passed), np.searchsorted(self.key, passed)
        coming = np.searchsorted(self.left, self._keys_at(code, when, side="left"))
        entered = end if self.came is None else np.searchsorted(self.came, np.append(self.left, 0)[coming], side="right")
        died = np.zeros(len(self.key) + 1)
        np.cumsum(self.n_event, out=died[1:])
        n_event = _since(died[row] - died[first], len(times))
        rows = {"group": labels[code], "time": when, "n_risk": np.where(coming < end, entered - coming, 0.0)}
        rows |= {"n_event": n_event, "n_censor": _since(gone - begin, len(times)) - n_event}
        for name, start in zip(("estimate", "std_err", "lower", "upper"), self.start, strict=True):
            rows[name] = np.where(gone > begin, start, 0.0 if name == "std_err" else 1.0)
            rows[name][row > first] = getattr(self, name)[row[row > first] - 1]
        late = (when > self.ended()[code] + SAME_TIME) & (rows["estimate"] > 0)
        return rows | {"why_not": np.where(late, _ENDED, _reasons(rows["estimate"]))}

    def _keys_at(self, code: Indices, when: Numbers, side: Literal["left", "right"]) -> Indices:
        """Return the key of the first known time after each time, or (``left``) of that time itself, where it is known."""
        nudge = SAME_TIME if side == "right" else -SAME_TIME
        keys: Indices = code * len(self.known) + np.searchsorted(self.known, when + nudge, side=side)
        return keys.astype(self.key.dtype)

    def ended(self) -> Numbers:
        """Return when the last of each group left."""
        return self.known[self.left[self.ends - 1] % len(self.known)]

    def reached(self, labels: Labels, shares: Numbers) -> Table:
        """Return when each share has met the event, group by group, with limits."""
        curves = (self.estimate, self.lower, self.upper)
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
        there = self._highest(curve, level + SAME_TIME)
        if (there < 0).all():
            return np.full(len(there), np.nan)
        crossed, flat = np.where(there < 0, np.nan, self.time[there]), (there >= 0) & (np.abs(curve[there] - level) <= SAME_TIME)
        if not flat.any():
            return crossed
        below = self._highest(curve, np.nextafter(level - SAME_TIME, 0))
        return np.where(flat, (crossed + np.where(below < 0, self.ended(), self.time[below])) / 2, crossed)

    def _highest(self, curve: Numbers, most: float) -> Indices:
        """Return the place of each group's highest point that is no higher than ``most``, the first of equals; -1 for none."""
        places = np.flatnonzero(curve <= most)
        edges = np.searchsorted(places, self.first)
        some = np.flatnonzero(np.diff(edges))
        value = curve[places]
        peaks = np.repeat(np.maximum.reduceat(value, edges[some]), np.diff(edges)[some])
        tops = places[value == peaks]
        found = np.full(len(self.ends), -1)
        found[some] = tops[np.searchsorted(tops, self.first[some])]
        return found

    def means(self, labels: Labels, tau: float, z: float) -> Table:
        """Return the mean time lived up to ``tau``: the area under each curve."""
        groups, some = len(labels), np.flatnonzero(np.diff(self.first))
        code, last = np.repeat(np.arange(groups), np.diff(self.first)), self.first[some + 1] - 1
        following = np.append(self.time[1:], tau)
        following[last] = np.inf
        area = self.estimate * np.clip(np.minimum(following, tau) - self.time, 0, None)  # from this time to the next
        total = np.bincount(code, area, minlength=groups)
        to_come = total[code] - _running(area.copy(), self.first) + area
        with np.errstate(divide="ignore", invalid="ignore"):
            left = self.n_risk - self.n_event
            term = np.where((self.n_event > 0) & (left > 0), self.n_event / (self.n_risk * left), 0.0)
        opening, alive = np.full(groups, tau), np.ones(groups)
        opening[some], alive[some] = np.minimum(self.time[self.first[some]], tau), self.estimate[last]
        mean, spread = opening + total, np.sqrt(np.bincount(code, to_come**2 * term, minlength=groups))
        ended = (self.ended() + SAME_TIME < tau) & (alive > 0)
        columns = {"group": labels, "tau": np.full(groups, tau), "estimate": mean, "std_err": spread}
        limits = {"lower": np.maximum(mean - z * spread, 0), "upper": np.minimum(mean + z * spread, tau)}
        return columns | limits | {"why_not": np.where(ended, _ENDED, np.where(spread > 0, "", _NO_EVENT))}


def _figures(survival: Numbers, spread: Numbers, limits: Limits) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """Return survival, its standard error and its limits; these three are undefined once nobody is left."""
    with np.errstate(divide="ignore", invalid="ignore"):
        lower, upper = limits(survival, spread)
        spread *= survival
    none = np.flatnonzero(survival == 0)
    spread[none] = lower[none] = upper[none] = np.nan
    return survival, spread, lower, upper


def _reasons(survival: Numbers) -> Labels:
    return worded(len(survival), (survival == 0, _NOBODY_LEFT), (survival == 1, _NO_EVENT))


def _since(total: Numbers, times: int) -> Numbers:
    """Return how many were added since the chosen time before, group by group."""
    since: Numbers = np.diff(total.reshape(-1, times), axis=1, prepend=0).ravel()
    return since


def _never(share: float) -> str:
    return _NOT_REACHED.format(*{0.5: ("half", "median")}.get(share, (f"{1 - share:.4g} of them", "quantile")))


def _keys(code: Indices, place: Indices, edges: Indices) -> Indices:
    """Return group and time as one number."""
    key: Indices = np.multiply(code, edges[1], dtype=edges.dtype)
    key += place
    return key


def _counted(key: Indices, died: Flags, *, censored: bool) -> tuple[Indices, Indices, Numbers, Numbers]:
    """Return the keys in order and, for those with an event (or all), where each begins, the events then, and the censored."""
    key <<= 1
    key += died  # the event in the last digit: sorted at once
    key.sort()
    happened = key & 1
    key >>= 1
    begin = np.flatnonzero(np.append(True, key[1:] != key[:-1]))
    np.cumsum(happened, out=happened)
    n_event = np.diff(happened[np.append(begin[1:], len(key)) - 1], prepend=0)
    keep = slice(None) if censored else np.flatnonzero(n_event)
    n_leave, n_event = np.diff(begin, append=len(key))[keep], n_event[keep].astype(np.float64)
    return key, begin[keep], n_event, n_leave - n_event


def _running(values: Numbers, first: Indices, add: np.ufunc = np.add) -> Numbers:
    """Turn the values into their running total (or product) within each group."""
    for begin, end in zip(first[:-1].tolist(), first[1:].tolist(), strict=True):
        add.accumulate(values[begin:end], out=values[begin:end])
    return values


def _product(n_event: Numbers, n_risk: Numbers, first: Indices) -> tuple[Numbers, Numbers]:
    """Return survival and the root of Greenwood's sum, group by group."""
    factor = 1 - n_event / n_risk
    with np.errstate(divide="ignore"):
        term = n_event / (n_risk * (n_risk - n_event))
    return _running(factor, first, np.multiply), np.sqrt(_running(term, first), out=term)


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
