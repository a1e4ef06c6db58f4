"""Agreed outcome measures of one service: proportion, survival and median, each with its interval and its four states.

Every case of the window is in exactly one state: met, not met, not eligible, not (yet) known. A rate is given of those whose
outcome is known.

**Pooling.** Where any centre has fewer than ``minimum`` patients in the year alone, the outcome is given for the years of its
window together (``window_years``, ending with the collection's period), for every centre alike: centres are compared over one
period or not at all. The nation is then given for the year too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.stats import binom

from plenary_stats import proportions, spec, survival
from plenary_stats.expressions import Expression
from plenary_stats.ingest import earlier_label
from plenary_stats.measures.sheets import Sheet, all_centres, chosen, groups, of_period
from plenary_stats.spec import DataSet, Field, Outcome, OutcomeSet
from plenary_stats.tables import CaseTable, Column, ResultTable

Flags = npt.NDArray[np.bool_]

STATES: Final = ("met", "not_met", "not_eligible", "not_known")
QUARTILES: Final = ("lower_quartile", "upper_quartile")
MONTH: Final = 365.25 / 12
DAY: Final = np.timedelta64(1, "D")

_SURVIVAL: Final = "Kaplan-Meier, log-log 95% interval"
_MEDIAN: Final = "median, 95% interval from order statistics"


def outcomes(
    outcome_set: OutcomeSet,
    cases: CaseTable,
    *,
    centres: Sequence[str],
    period_start: date,
    period_end: date,
    label: str,
    dataset: DataSet | None = None,
    minimum: int = 30,
) -> tuple[ResultTable, ...]:
    """Return the results of a service: a table of rates (proportion, survival) and one of medians, where there are any.

    Rows: all centres together and each centre; all together by sex and by age band where the outcome asks ``by`` them. Extra
    columns: ``met, not_met, not_eligible, not_known`` (of a rate), ``lower_quartile, upper_quartile`` (of a median). Of a
    survival figure ``denominator`` is everyone followed, ``numerator`` those to whom the event had not happened by then, and
    ``met`` those who were followed so long without it. Measures that are not computed yet give no row.
    """
    fitted = dataset or _implied(cases)
    span = _Span(period_start, period_end, label, centres, minimum)
    used = ("centre", *(name for name in ("sex", "age_band") if any(name in one.by for one in outcome_set.outcomes)))
    rated = Sheet(outcome_set.service, label, used=used, extra=STATES)
    medians = Sheet(outcome_set.service, label, used=used, extra=(*STATES[2:], *QUARTILES))
    for outcome in (one for one in outcome_set.outcomes if one.computed):
        sheet = medians if outcome.measure == "median" else rated
        for period, window, national_only in _windows(outcome, cases, span, fitted):
            names = [] if national_only else all_centres(window, centres)
            for cells, part in _parts(outcome, window, names, fitted, national_only=national_only):
                _COMPUTE[outcome.measure](sheet, outcome, part, fitted, {"period": period, **cells})
    tables = [rated.table("outcomes", "rate"), medians.table("outcomes", "summary")]
    return tuple(table for table in tables if len(table)) or (tables[0],)


def states(outcome: Outcome, cases: CaseTable, dataset: DataSet | None = None) -> tuple[Flags, Flags]:
    """Return ``(known, eligible)`` of every case: whether its outcome is known, and whether it is eligible."""
    fitted = dataset or _implied(cases)
    eligible, decided = _flags(spec.compile(outcome.eligible, fitted), cases)
    if outcome.measure == "proportion":
        known = _flags(spec.compile(outcome.met, fitted), cases)[1]
    elif outcome.measure == "median":
        known = np.isfinite(_amounts(outcome.value, cases, fitted))
    else:
        known = _followed(outcome, cases, fitted).usable
    # Whether a case with an unknown condition is eligible is not known: it counts as eligible with an unknown outcome.
    return known & eligible & decided, eligible | ~decided


def _flags(expression: Expression, cases: CaseTable) -> tuple[Flags, Flags]:
    true, known = expression.evaluate(cases.columns)
    return np.array(true), np.array(known)


def _implied(cases: CaseTable) -> DataSet:
    """Return a data set that says of every column only its type, for callers who have no dictionary."""
    kinds = {"f": "number", "M": "date_ymd"}
    fields = tuple(Field(name, validation=kinds.get(column.dtype.kind, "")) for name, column in cases.columns.items())
    return DataSet(cases.service, "", fields)


# -- periods and groups


@dataclass(frozen=True)
class _Span:
    """The collection's period and the service's centres; below ``minimum`` patients at any of them a year is too small."""

    start: date
    end: date
    label: str
    centres: Sequence[str]
    minimum: int


def _windows(outcome: Outcome, cases: CaseTable, span: _Span, dataset: DataSet) -> Iterator[tuple[str, CaseTable, bool]]:
    """Yield (label, cases, whether the nation alone is given) for the year, and for the window where a year is too small."""
    now = of_period(cases, span.label)
    years = max(1, round((span.end - span.start).days / 365.25))
    backs = range(1, max(1, outcome.window_years // years))
    labels = [span.label, *(earlier_label(span.label, span.start, back * years) for back in backs)]
    present = [name for name in labels if name in set(cases["period"].tolist())]
    known, eligible = states(outcome, now, dataset)
    counted = known & eligible
    small = any((counted & (now["centre"] == centre)).sum() < span.minimum for centre in all_centres(now, span.centres))
    pooled = bool(small and present and present[-1] != span.label)
    yield span.label, now, pooled
    if pooled:
        yield f"{present[-1]} to {span.label}", of_period(cases, *labels), False


def _parts(
    outcome: Outcome, window: CaseTable, centres: Sequence[str], dataset: DataSet, *, national_only: bool
) -> Iterator[tuple[dict[str, str], CaseTable]]:
    yield {}, window
    for centre in centres:
        yield {"centre": centre}, chosen(window, window["centre"] == centre)
    if national_only:
        return
    for dimension, (column, names) in groups(window, {}, dataset).items():
        if dimension in outcome.by:
            for name in names:
                yield {dimension: name}, chosen(window, column == name)


# -- proportion


def _proportion(sheet: Sheet, outcome: Outcome, cases: CaseTable, dataset: DataSet, cells: dict[str, str]) -> None:
    known, eligible = states(outcome, cases, dataset)
    met = int((_flags(spec.compile(outcome.met, dataset), cases)[0] & known).sum())
    of, candidates = int(known.sum()), int(eligible.sum())
    result = proportions.interval(met, of)
    sheet.add(
        outcome.id,
        **cells,
        value=_number(result.estimate),
        lower=_number(result.lower),
        upper=_number(result.upper),
        numerator=met,
        denominator=of,
        met=met,
        not_met=of - met,
        not_eligible=len(cases) - candidates,
        not_known=candidates - of,
        method="Wilson 95% interval",
        note=_note(outcome, cells, sheet, str(result.why_not)),
    )


def _number(value: object) -> float | None:
    number = float(value)  # type: ignore[arg-type]
    return None if np.isnan(number) else number


def _note(outcome: Outcome, cells: Mapping[str, str], sheet: Sheet, why_not: str = "") -> str:
    pooled = f"Years pooled: {cells['period']}." if cells["period"] != sheet.period else ""
    return " ".join(part for part in (why_not, pooled, "Not adjusted for case mix." if outcome.adjust else "") if part)


# -- survival


@dataclass(frozen=True)
class _Follow:
    """Days of follow-up, the event, and the day of entry; ``usable`` says of whom they are known."""

    time: Column
    event: Flags
    entry: Column | None
    usable: Flags


def _followed(outcome: Outcome, cases: CaseTable, dataset: DataSet) -> _Follow:
    """Return the follow-up of every case. A time before the start, or an unknown event, is not usable."""
    event, decided = _flags(spec.compile(outcome.event, dataset), cases)
    start = _moments(outcome.start, cases, dataset)
    time = _since(_moments(outcome.end, cases, dataset), start)
    usable = decided & np.isfinite(time) & (time >= 0)
    entry = None
    if outcome.entry:
        entry = _since(_moments(outcome.entry, cases, dataset), start)
        usable &= np.isfinite(entry) & (entry < time)
    return _Follow(time, event, entry, usable)


def _moments(text: str, cases: CaseTable, dataset: DataSet) -> Column:
    values, known = spec.compile_value(text, dataset).values(cases.columns)
    if values.dtype.kind == "M":
        return np.where(known, values, np.datetime64("NaT", "D"))
    return np.where(known, values.astype(np.float64), np.nan)


def _since(moment: Column, start: Column) -> Column:
    """Return the days from start to moment; a moment that is a number is in days already."""
    if moment.dtype.kind != "M":
        return moment
    if start.dtype.kind != "M":
        return np.full(len(moment), np.nan)
    days = (moment - start) / DAY
    return np.where(np.isnat(moment) | np.isnat(start), np.nan, days)


def _survival(sheet: Sheet, outcome: Outcome, cases: CaseTable, dataset: DataSet, cells: dict[str, str]) -> None:
    _, eligible = states(outcome, cases, dataset)
    follow = _known_follow_up(outcome, cases, dataset)
    time, event = follow.time, follow.event
    at = np.array(outcome.at_days, dtype=np.float64)
    figures = survival.kaplan_meier(time, event, at=at, entry=follow.entry).columns
    place = {float(moment): row for row, moment in enumerate(figures["time"].tolist())}
    for name, moment in zip(outcome.at, at.tolist(), strict=True):
        row = place[moment]
        why_not = str(figures["why_not"][row])
        given = not why_not.startswith(("Follow-up ended", "There is nobody"))
        happened = int((event & (time <= moment)).sum())
        sheet.add(
            f"{outcome.id}@{name}",
            **cells,
            value=_number(figures["estimate"][row]) if given else None,
            lower=_number(figures["lower"][row]) if given else None,
            upper=_number(figures["upper"][row]) if given else None,
            numerator=len(time) - happened,
            denominator=len(time),
            met=int((time >= moment).sum() - (event & (time == moment)).sum()),
            not_met=happened,
            not_eligible=len(cases) - int(eligible.sum()),
            not_known=int(eligible.sum()) - len(time),
            method=_SURVIVAL,
            note=_note(outcome, cells, sheet, why_not),
        )


# -- median


def _amounts(text: str, cases: CaseTable, dataset: DataSet) -> Column:
    return _moments(text, cases, dataset).astype(np.float64)


def _median(sheet: Sheet, outcome: Outcome, cases: CaseTable, dataset: DataSet, cells: dict[str, str]) -> None:
    known, eligible = states(outcome, cases, dataset)
    values = np.sort(_amounts(outcome.value, cases, dataset)[known])
    low, high = _order_statistics(len(values))
    few = "Too few patients for an interval." if low is None and len(values) else ""
    quartiles = np.quantile(values, (0.25, 0.5, 0.75)) if len(values) else np.full(3, np.nan)
    middle = (
        f"Half of the patients lie between {quartiles[0]:g} and {quartiles[2]:g}." if len(values) else "There is nobody to count."
    )
    sheet.add(
        outcome.id,
        **cells,
        value=_number(quartiles[1]),
        lower=None if low is None else float(values[low]),
        upper=None if high is None else float(values[high]),
        denominator=len(values),
        lower_quartile=_number(quartiles[0]),
        upper_quartile=_number(quartiles[2]),
        not_eligible=len(cases) - int(eligible.sum()),
        not_known=int(eligible.sum()) - len(values),
        method=_MEDIAN,
        note=_note(outcome, cells, sheet, " ".join(part for part in (few, middle) if part)),
    )


def _order_statistics(number: int, level: float = 0.95) -> tuple[int | None, int | None]:
    """Return the places (from nought) of the values that hold the median with at least the level; None where too few.

    The number of values below the median is binomial with one half (David and Nagaraja, Order Statistics, 7.1).
    """
    tail = (1 - level) / 2
    below = int(binom.ppf(tail, number, 0.5)) if number else 0
    while below >= 0 and binom.cdf(below, number, 0.5) > tail:
        below -= 1
    return (None, None) if below < 0 else (below, number - 1 - below)


_COMPUTE: Final = {"proportion": _proportion, "survival": _survival, "median": _median}


# -- curves


def curve(
    outcome_set: OutcomeSet,
    cases: CaseTable,
    *,
    centres: Sequence[str],
    period_start: date,
    period_end: date,
    label: str,
    dataset: DataSet | None = None,
    minimum: int = 30,
    event_threshold: int = 5,
) -> ResultTable:
    """Return points of the national survival curves, coarse enough that no step tells of fewer than ``event_threshold`` events.

    The window is the one of :func:`outcomes`. Points lie on whole months and at the times ``at`` of the outcome; between one
    point and the next there are no events or at least ``event_threshold``, and ``minimum`` patients are still followed at each.
    Measures are ``<id>@<time>``; ``numerator`` and ``denominator`` as in :func:`outcomes`: disclosure control treats them alike.
    """
    fitted = dataset or _implied(cases)
    span = _Span(period_start, period_end, label, centres, minimum)
    sheet = Sheet(outcome_set.service, label, used=("centre",))
    for outcome in (one for one in outcome_set.outcomes if one.measure == "survival"):
        *_, (period, window, _) = _windows(outcome, cases, span, fitted)
        _curve(sheet, outcome, _known_follow_up(outcome, window, fitted), _Coarse(event_threshold, minimum), period)
    return sheet.table("curves", "rate")


@dataclass(frozen=True)
class _Coarse:
    """The fewest events of a step, and the fewest patients at risk at its end."""

    events: int
    at_risk: int


def _known_follow_up(outcome: Outcome, cases: CaseTable, dataset: DataSet) -> _Follow:
    """Return the follow-up of the eligible patients whose outcome is known."""
    known, _ = states(outcome, cases, dataset)
    follow = _followed(outcome, cases, dataset)
    entry = None if follow.entry is None else follow.entry[known]
    return _Follow(follow.time[known], follow.event[known], entry, follow.usable[known])


def _curve(sheet: Sheet, outcome: Outcome, follow: _Follow, coarse: _Coarse, period: str) -> None:
    days = _points(follow, outcome.at_days, coarse)
    if not days:
        return
    names = dict(zip(outcome.at_days, outcome.at, strict=True))
    at = np.array(days, dtype=np.float64)
    figures = survival.kaplan_meier(follow.time, follow.event, at=at, entry=follow.entry).columns
    for row, day in enumerate(days):
        happened = int((follow.event & (follow.time <= day)).sum())
        sheet.add(
            f"{outcome.id}@{names.get(day, f'{day}d')}",
            period=period,
            value=_number(figures["estimate"][row]),
            lower=_number(figures["lower"][row]),
            upper=_number(figures["upper"][row]),
            numerator=len(follow.time) - happened,
            denominator=len(follow.time),
            method=_SURVIVAL,
            note=str(figures["why_not"][row]),
        )


def _points(follow: _Follow, at: Sequence[int], coarse: _Coarse) -> list[int]:
    """Return the days of the curve's points, ascending: the outcome's own times are placed first."""
    if not len(follow.time):
        return []
    months = [int(MONTH * month) for month in range(1, int(follow.time.max() / MONTH) + 1)]
    followed = [day for day in sorted({*months, *at}) if _at_risk(follow, day) >= coarse.at_risk]
    until = {day: int((follow.event & (follow.time <= day)).sum()) for day in followed}
    kept: list[int] = []
    for day in [*(day for day in followed if day in at), *(day for day in followed if day not in at)]:
        before = max((until[other] for other in kept if other < day), default=0)
        after = min((until[other] for other in kept if other > day), default=None)
        steps = [until[day] - before, *([] if after is None else [after - until[day]])]
        if all(events == 0 or events >= coarse.events for events in steps):
            kept.append(day)
    return sorted(kept)


def _at_risk(follow: _Follow, day: int) -> int:
    present = follow.time >= day
    return int((present if follow.entry is None else present & (follow.entry < day)).sum())
