"""National curves over time of an outcome, coarse enough to be published: survival, and cumulative incidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from plenary_stats import spec
from plenary_stats.measures.estimates import number, over_time
from plenary_stats.measures.outcomes import Span, windows
from plenary_stats.measures.readings import Follow, implied, known_follow_up
from plenary_stats.measures.sheets import Sheet
from plenary_stats.spec import DataSet, Outcome, OutcomeSet
from plenary_stats.tables import CaseTable, ResultTable

MONTH: Final = 365.25 / 12


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
    """Return points of the national curves, coarse enough that no step tells of fewer than ``event_threshold`` events.

    The window is the one of :func:`outcomes`. Points lie on whole months and at the times ``at`` of the outcome; between one
    point and the next there are no events or at least ``event_threshold``, and ``minimum`` patients are still followed at each.
    Measures are ``<id>@<time>``; ``numerator`` and ``denominator`` as in :func:`outcomes`: disclosure control treats them alike.
    """
    fitted = dataset or implied(cases)
    span = Span(period_start, period_end, label, centres, minimum)
    sheet = Sheet(outcome_set.service, label, used=("centre",))
    for outcome in (one for one in outcome_set.outcomes if one.measure in spec.OVER_TIME):
        *_, (period, window, _) = windows(outcome, cases, span, fitted)
        _curve(sheet, outcome, known_follow_up(outcome, window, fitted), _Coarse(event_threshold, minimum), period)
    return sheet.table("curves", "rate")


@dataclass(frozen=True)
class _Coarse:
    """The fewest events of a step, and the fewest patients at risk at its end."""

    events: int
    at_risk: int


def _curve(sheet: Sheet, outcome: Outcome, follow: Follow, coarse: _Coarse, period: str) -> None:
    days = _points(follow, outcome.at_days, coarse)
    if not days:
        return
    names = dict(zip(outcome.at_days, outcome.at, strict=True))
    figures, method = over_time(outcome, follow, np.array(days, dtype=np.float64))
    for row, day in enumerate(days):
        happened = int((follow.event & (follow.time <= day)).sum())
        sheet.add(
            f"{outcome.id}@{names.get(day, f'{day}d')}",
            period=period,
            value=number(figures["estimate"][row]),
            lower=number(figures["lower"][row]),
            upper=number(figures["upper"][row]),
            numerator=happened if outcome.competing else len(follow.time) - happened,
            denominator=len(follow.time),
            method=method,
            note=str(figures["why_not"][row]),
        )


def _points(follow: Follow, at: Sequence[int], coarse: _Coarse) -> list[int]:
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


def _at_risk(follow: Follow, day: int) -> int:
    present = follow.time >= day
    return int((present if follow.entry is None else present & (follow.entry < day)).sum())
