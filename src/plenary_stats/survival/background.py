"""Survival beside that of people of the same age, sex and year: what the illness takes, without knowing who died of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from plenary_stats.results import Columns, Numbers, frozen, normal_quantile, numbers
from plenary_stats.survival.patients import SAME_TIME, Flags, Indices, patients

Method = Literal["pohar-perme", "ederer2", "ederer1", "hakulinen"]

YEAR = 365.241
"""Days of a year of age, as in R's population tables."""

_METHODS = ("pohar-perme", "ederer2", "ederer1", "hakulinen")
_DAY = 1.0
_ROUNDING = 1e-6  # a birthday that falls on the day of diagnosis is that day, whatever the division by the year left
_ENDED = "Follow-up ended before this time."
_NO_EVENT = "No event so far: the limits cannot be estimated."
_NOBODY = "There is nobody in this group."


@dataclass(frozen=True)
class RelativeSurvival:
    """Survival relative to the population's.

    ``columns``: time, n_risk, n_event, estimate, std_err, lower, upper, why_not. The estimate can be above 1, where patients die
    less than people do. Where ``why_not`` is not empty the limits, or after the end of follow-up the estimate, must not be shown.
    """

    columns: Columns
    method: str
    level: float


def relative(  # noqa: PLR0917 -- the agreed order of arguments
    time: Any,
    event: Any,
    age: Any,
    sex: Any,
    year: Any,
    life_table: Any,
    at: Any = None,
    *,
    method: Method = "pohar-perme",
    level: float = 0.95,
) -> RelativeSurvival:
    """Return survival relative to that of people of the same age, sex and calendar year, with limits on the log scale.

    One row a patient: ``time`` in days, ``event`` (1 died, of anything), ``age`` in years of 365.241 days and ``year`` at the
    start: a date (of a moment with a time zone, the day as it is written), or a number such as 2019.5. ``life_table`` has the
    columns ``age``, ``year``, ``sex`` and ``hazard_per_day``, one row for each combination: an age holds until the next that is
    listed, a year from 1 January until the next; the last ones hold for ever. Rows come at the times ``at``, else at every time
    when somebody leaves.

    * ``pohar-perme``: net survival, of a world where the illness alone can kill; unbiased (Pohar Perme, Stare and Esteve 2012)
    * ``ederer2``: patients beside the population of those still followed; biased where background mortality differs much
    * ``ederer1``, ``hakulinen``: the ratio of observed to expected survival, the second over the follow-up that was possible

    Hazards are read at the start of each day. As in R's relsurv, ``pohar-perme`` takes the mean population hazard over the part
    of an interval between two leavings that has passed, and the other methods change only at times when somebody leaves.

    Raises ``ValueError`` for a table with gaps, a sex that it lacks, a date before it begins, and as :func:`kaplan_meier`.
    """
    if method not in _METHODS:
        raise ValueError(f"method: {method!r} is none of {', '.join(_METHODS)}.")
    z = normal_quantile(level)
    rows = patients(time, event)
    moments = None if at is None else np.unique(numbers(at, "at"))
    if moments is not None and (moments < 0).any():
        raise ValueError("at: a time cannot be negative.")
    table = _Table.of(life_table)
    people = _People.of(table, rows.stop, rows.died, age=age, sex=sex, year=year)
    times, hazard, variance = _excess(people, method, moments)
    return RelativeSurvival(frozen(_columns(people, moments, times, (np.cumsum(hazard), np.cumsum(variance)), z)), method, level)


@dataclass(frozen=True)
class _Table:
    """Hazards a day by sex, year and age; the days (since 1970) and ages (in days) from which each holds."""

    hazard: Numbers
    days: Numbers
    ages: Numbers
    sexes: npt.NDArray[Any]

    @staticmethod
    def of(given: Any) -> _Table:
        try:
            age, year, sex, rate = (np.asarray(given[name]) for name in ("age", "year", "sex", "hazard_per_day"))
        except (KeyError, IndexError, TypeError) as missing:
            raise ValueError("life_table: it needs the columns age, year, sex and hazard_per_day.") from missing
        age, year, rate = (
            numbers(age, "life_table: age"),
            numbers(year, "life_table: year"),
            numbers(rate, "life_table: hazard_per_day"),
        )
        if (rate < 0).any():
            raise ValueError("life_table: a hazard cannot be negative.")
        (ages, by_age), (years, by_year), (sexes, by_sex) = (np.unique(part, return_inverse=True) for part in (age, year, sex))
        hazard = np.full((len(sexes), len(years), len(ages)), np.nan)
        hazard[by_sex, by_year, by_age] = rate
        if len(rate) != hazard.size or np.isnan(hazard).any() or (years != np.floor(years)).any():
            raise ValueError("life_table: every sex, year and age needs exactly one row, and years are whole numbers.")
        return _Table(hazard, _days(years), ages * YEAR, sexes)


def _days(year: Any) -> Numbers:
    """Return days since 1970 of dates, or of years with a fraction."""
    given = np.atleast_1d(np.asarray(year))
    if given.dtype.kind not in "iuf":
        try:
            dates = np.array([_day(one) for one in given.tolist()] if given.dtype.kind != "M" else given, dtype="datetime64[D]")
        except (ValueError, TypeError) as wrong:
            raise ValueError("year: give dates such as 2019-06-30, or numbers such as 2019.5.") from wrong
        if np.isnat(dates).any():
            raise ValueError("year: every patient needs a date; leave the missing out, and say how many.")
        return dates.astype(np.float64)
    whole = np.floor(numbers(given, "year"))
    first, following = ((whole + step - 1970).astype("datetime64[Y]").astype("datetime64[D]").astype(float) for step in (0, 1))
    days: Numbers = first + (given - whole) * (following - first)
    return days


def _day(moment: Any) -> Any:
    """Return a moment without its time zone: the day that was written, not that of Greenwich at the time."""
    if isinstance(moment, str):
        return moment[:10] if moment[10:11] in {"", "T", " "} else moment
    return moment.replace(tzinfo=None) if getattr(moment, "tzinfo", None) else moment


@dataclass(frozen=True)
class _People:
    """Patients in order of time, the longest followed first: those at risk are always the first rows."""

    table: _Table
    stop: Numbers
    died: Flags
    age: Numbers  # in days, at the start
    sex: Indices
    start: Numbers  # days since 1970

    @staticmethod
    def of(table: _Table, stop: Numbers, died: Flags, *, age: Any, sex: Any, year: Any) -> _People:
        ages, sexes, starts = np.atleast_1d(numbers(age, "age")), np.atleast_1d(np.asarray(sex)), _days(year)
        if not stop.shape == ages.shape == sexes.shape == starts.shape:
            raise ValueError("age, sex and year: one value a patient.")
        if len(ages) and (ages * YEAR < table.ages[0] - _ROUNDING).any():
            raise ValueError("age: a patient is younger than the life table begins (ages are in years).")
        if len(starts) and (starts < table.days[0]).any():
            raise ValueError("year: a patient starts before the life table does; add its earlier years.")
        if not np.isin(sexes, table.sexes).all():
            raise ValueError(f"sex: the life table knows only {', '.join(map(str, table.sexes.tolist()))}.")
        order = np.argsort(-stop, kind="stable")
        place = np.searchsorted(table.sexes, sexes)
        return _People(table, stop[order], died[order], ages[order] * YEAR, place[order], starts[order])

    def hazard(self, rows: Any, when: float, width: float, *, birthdays: bool) -> Numbers:
        """Return the hazards of some rows from a time on: read then, or averaged over the birthdays within the width."""
        table, age = self.table, self.age[rows] + when
        year = np.searchsorted(table.days, self.start[rows] + when, side="right") - 1
        now = np.searchsorted(table.ages, age + _ROUNDING, side="right") - 1
        read: Numbers = table.hazard[self.sex[rows], year, now]
        if not birthdays:
            return read
        after = np.minimum(now + 1, len(table.ages) - 1)
        share = np.where(after > now, np.clip((age + width - table.ages[after]) / width, 0, 1), 0.0)
        mixed: Numbers = (1 - share) * read + share * table.hazard[self.sex[rows], year, after]
        return mixed

    def leaving(self, when: float) -> tuple[int, Indices]:
        """Return how many are at risk at a time, and the rows of those who die then."""
        at_risk = int(np.searchsorted(-self.stop, -when, side="right"))
        first = int(np.searchsorted(-self.stop, -when, side="left"))
        return at_risk, first + np.flatnonzero(self.died[first:at_risk])


def _excess(people: _People, method: Method, moments: Numbers | None) -> tuple[Numbers, Numbers, Numbers]:
    """Return the times, and at each what is added to the cumulative excess hazard and to its variance."""
    times = np.unique(people.stop)
    latest = float(moments.max(initial=0.0)) if moments is not None else np.inf
    if method == "pohar-perme":
        if moments is not None and len(times):
            times = np.union1d(times, moments[moments <= times[-1]])
        parts = _net(people, times[times <= latest], weighted=True)
    elif method == "ederer2":
        parts = _net(people, times[times <= latest], weighted=False)
    else:
        possible = np.full(len(people.stop), np.inf)
        if method == "hakulinen" and len(times):
            last = float((people.start + people.stop).max())
            possible = np.where(people.died, last - people.start, people.stop)
            times = np.unique(np.minimum(times[-1], np.concatenate([times, possible])))
        parts = _ratio(people, times[times <= latest], possible)
    found = np.array(list(parts)).reshape(-1, 2)
    return times[times <= latest], found[:, 0], found[:, 1]


def _steps(begin: float, end: float) -> Iterator[tuple[float, float]]:
    """Yield the days between two times, the last one shorter: when each starts, and how long it is."""
    count = max(1, int(np.ceil((end - begin) / _DAY - SAME_TIME)))
    for number in range(count):
        when = begin + number * _DAY
        yield when, min(_DAY, end - when)


def _net(people: _People, times: Numbers, *, weighted: bool) -> Iterator[tuple[float, float]]:
    """Yield excess hazard and variance of those at risk, each weighed by one over the chance to have lived so long."""
    weight, begin = np.ones(len(people.stop)), 0.0
    for end in times.tolist():
        at_risk, died = people.leaving(end)
        own, expected, passed = weight[:at_risk], 0.0, np.zeros(4)
        for when, width in _steps(begin, end) if end > begin else ():
            hazard = people.hazard(slice(at_risk), when, width, birthdays=False)
            later = own * np.exp(width * hazard) if weighted else own
            passed += (hazard @ own, own.sum(), hazard @ later, later.sum())
            now = hazard @ own / own.sum() if not weighted else (passed[0] / passed[1] + passed[2] / passed[3]) / 2
            expected += float(now) * width
            own[:] = later
        total = own.sum()
        yield float(weight[died].sum() / total) - expected, float((weight[died] ** 2).sum() / total**2)
        begin = end


def _ratio(people: _People, times: Numbers, possible: Numbers) -> Iterator[tuple[float, float]]:
    """Yield observed less expected hazard: expected of all who could still have been followed, by their chance to be alive."""
    alive, begin = np.ones(len(people.stop)), 0.0
    for end in times.tolist():
        at_risk, died = people.leaving(end)
        follow = np.flatnonzero(possible >= end)
        cumulative = np.zeros(len(follow))
        for when, width in _steps(begin, end) if end > begin else ():
            cumulative += width * people.hazard(follow, when, width, birthdays=True)
        before = alive[follow]
        alive[follow] = before * np.exp(-cumulative)
        if np.isinf(possible).all():
            expected = float(np.log(before.sum() / alive[follow].sum()))
        else:
            expected = float(alive[follow] @ cumulative / alive[follow].sum())
        share = len(died) / at_risk if at_risk else 0.0
        yield share - expected, share / at_risk if at_risk else 0.0
        begin = end


def _columns(people: _People, moments: Numbers | None, times: Numbers, sums: tuple[Numbers, Numbers], z: float) -> dict[str, Any]:
    hazard, variance = sums
    when = times if moments is None else moments
    place = np.searchsorted(times, when + SAME_TIME, side="right")
    estimate, spread = np.exp(-np.append(0.0, hazard)[place]), np.sqrt(np.append(0.0, variance)[place])
    ascending = np.sort(people.stop)
    n_risk = len(ascending) - np.searchsorted(ascending, when - SAME_TIME, side="left")
    deaths = np.sort(people.stop[people.died])
    n_event = np.diff(np.searchsorted(deaths, when + SAME_TIME, side="right"), prepend=0)
    ended = when > people.stop.max(initial=0.0) + SAME_TIME
    why_not = np.select([np.full(len(when), not len(people.stop)), ended, spread == 0], [_NOBODY, _ENDED, _NO_EVENT], "")
    shown = np.where(why_not == _NO_EVENT, np.nan, spread)
    columns = {"time": when, "n_risk": n_risk, "n_event": n_event, "estimate": estimate, "std_err": estimate * spread}
    limits = {"lower": estimate * np.exp(-z * shown), "upper": estimate * np.exp(z * shown)}
    return columns | limits | {"why_not": why_not}
