"""Agreed outcome measures of one service, each with its interval and its four states.

Every case of the window is in exactly one state: met, not met, not eligible, not (yet) known. A rate is given of those whose
outcome is known.

**Pooling.** Where any centre has fewer than ``minimum`` patients in the year alone, the outcome is given for the years of its
window together (``window_years``, ending with the collection's period), for every centre alike: centres are compared over one
period or not at all. The nation is then given for the year too. A slope always takes its whole window: it needs several visits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from plenary_stats.ingest import earlier_label
from plenary_stats.measures.casemix import RATIO, case_mix
from plenary_stats.measures.estimates import COMPUTE, FOLLOWED, QUARTILES, STATES, Part, Sheets
from plenary_stats.measures.readings import implied, states
from plenary_stats.measures.sheets import Sheet, all_centres, chosen, groups, of_period
from plenary_stats.spec import DataSet, Outcome, OutcomeSet
from plenary_stats.tables import CaseTable, ResultTable


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
    """Return the results of a service: tables of rates, of summaries (median, mean), and of levels, where there are any.

    Rows: all centres together and each centre; all together by sex and by age band where the outcome asks ``by`` them. Extra
    columns: ``met, not_met, not_eligible, not_known`` (of a rate), ``lower_quartile, upper_quartile`` (of a summary), and of
    a centre's adjusted proportion or survival ``observed, expected, ratio, ratio_lower, ratio_upper``. Of a survival figure
    ``denominator`` is everyone followed, ``numerator`` those to whom the event had not happened by then, and ``met`` those who
    were followed so long without it.
    """
    fitted = dataset or implied(cases)
    span = Span(period_start, period_end, label, centres, minimum)
    used = ("centre", *(name for name in ("sex", "age_band") if any(name in one.by for one in outcome_set.outcomes)))
    sheets = Sheets(
        rates=Sheet(outcome_set.service, label, used=used, extra=(*STATES, *RATIO)),
        summaries=Sheet(outcome_set.service, label, used=used, extra=(*STATES[2:], *QUARTILES)),
        levels=Sheet(outcome_set.service, label, used=used, extra=STATES),
    )
    for outcome in (one for one in outcome_set.outcomes if one.computed):
        for period, window, national_only in windows(outcome, cases, span, fitted):
            names = [] if national_only else all_centres(window, centres)
            mix = case_mix(outcome, window, fitted) if names and outcome.adjusted else {}
            for cells, own in _parts(outcome, window, names, fitted, national_only=national_only):
                part = Part.of(outcome, own, fitted, {"period": period, **cells})
                COMPUTE[outcome.measure](replace(part, mix=mix), sheets)
    made = (sheets.rates.table("outcomes", "rate"), sheets.summaries.table("outcomes", "summary"))
    tables = (*made, sheets.levels.table("outcomes", "levels"))
    return tuple(table for table in tables if len(table)) or (tables[0],)


@dataclass(frozen=True)
class Span:
    """The collection's period and the service's centres; below ``minimum`` patients at any of them a year is too small."""

    start: date
    end: date
    label: str
    centres: Sequence[str]
    minimum: int


_TO: Final = " to "


def pooled(period: str) -> bool:
    """Is this the label of several years taken together, as :func:`windows` makes it?"""
    return _TO in period


def windows(outcome: Outcome, cases: CaseTable, span: Span, dataset: DataSet) -> Iterator[tuple[str, CaseTable, bool]]:
    """Yield (label, cases, whether the nation alone is given) for the year, and for the window where a year is too small."""
    now = of_period(cases, span.label)
    years = max(1, round((span.end - span.start).days / 365.25))
    backs = range(1, max(1, outcome.window_years // years))
    labels = [span.label, *(earlier_label(span.label, span.start, back * years) for back in backs)]
    present = [name for name in labels if name in set(cases["period"].tolist())]
    known, eligible = states(outcome, now, dataset)
    counted = known & eligible
    longitudinal = bool(outcome.subject)
    small = any((counted & (now["centre"] == centre)).sum() < span.minimum for centre in all_centres(now, span.centres))
    together = bool((small or longitudinal) and present and present[-1] != span.label)
    if not (together and longitudinal):
        yield span.label, now, together
    if together:
        # Patients followed over years are counted once: not the sum of the years' patients, and the label must not say so.
        yield f"{FOLLOWED if longitudinal else ''}{present[-1]}{_TO}{span.label}", of_period(cases, *labels), False


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
