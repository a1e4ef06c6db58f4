"""One figure of an outcome for one group of patients: a function a measure, each adding its row or rows to the sheets.

Of every row ``numerator`` and ``denominator`` count patients, whatever the figure itself is (events a year, eyes, points of a
score): these are the numbers that identify people, and disclosure control goes by them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from plenary_stats import proportions, rates, summaries, survival
from plenary_stats.measures.casemix import CaseMix
from plenary_stats.measures.readings import Flags, Follow, amounts, flags, known_follow_up, levels, states, years
from plenary_stats.measures.sheets import Sheet
from plenary_stats.results import Columns, Interval, interval
from plenary_stats.spec import DataSet, Outcome
from plenary_stats.tables import CaseTable, Column

STATES: Final = ("met", "not_met", "not_eligible", "not_known")
WILSON: Final = "Wilson 95% interval"

FOLLOWED: Final = "followed "
"""How the label of a period begins when patients are followed through its years, each counted once."""
QUARTILES: Final = ("lower_quartile", "upper_quartile")

Counts = Mapping[str, float]
"""Numbers of a row besides the figure itself, by column: mostly of patients."""


@dataclass(frozen=True)
class Sheets:
    """The three tables of a service's outcomes: shares of patients, summaries of values, and shares of an ordered scale."""

    rates: Sheet
    summaries: Sheet
    levels: Sheet


@dataclass(frozen=True)
class Part:
    """An outcome over one group of cases; ``cells`` are the dimensions of its rows."""

    outcome: Outcome
    cases: CaseTable
    dataset: DataSet
    cells: Mapping[str, str]
    known: Flags
    eligible: Flags
    mix: Mapping[str, CaseMix] = field(default_factory=dict)

    @classmethod
    def of(cls, outcome: Outcome, cases: CaseTable, dataset: DataSet, cells: Mapping[str, str]) -> Part:
        return cls(outcome, cases, dataset, cells, *states(outcome, cases, dataset))

    def amounts(self, text: str) -> Column:
        """Return the numbers of an expression for the patients whose outcome is known."""
        return amounts(text, self.cases, self.dataset)[self.known]

    def true(self, text: str) -> Flags:
        """Return whether a condition is true for the patients whose outcome is known."""
        return flags(text, self.cases, self.dataset)[0][self.known]

    def add(self, sheet: Sheet, figures: Interval, counts: Counts, *, method: str, measure: str = "", note: str = "") -> None:
        """Add a row: the figure, its interval, the patients not eligible and not known, and a word to the reader."""
        of = counts.get("denominator", float(self.known.sum()))
        rest = {"not_eligible": len(self.cases) - int(self.eligible.sum()), "not_known": int(self.eligible.sum()) - of}
        row: dict[str, float | None] = {"denominator": of, **rest, **counts}
        if "numerator" in counts and "met" not in counts:
            row |= {"met": counts["numerator"], "not_met": of - counts["numerator"]}
        row |= {"value": number(figures.estimate), "lower": number(figures.lower), "upper": number(figures.upper)}
        mix = self.mix.get(measure.partition("@")[2], CaseMix())
        row |= {name: number(figure) for name, figure in mix.centres.get(self.cells.get("centre", ""), {}).items()}
        words = self._note(sheet, mix, str(figures.why_not), note)
        sheet.add(measure or self.outcome.id, **self.cells, **row, method=method, note=words)

    def _note(self, sheet: Sheet, mix: CaseMix, *words: str) -> str:
        """Return what a reader should know about a figure."""
        period = self.cells["period"]
        pooled = "" if period == sheet.period or period.startswith(FOLLOWED) else f"Years pooled: {period}."
        adjusted = mix.note if self.outcome.adjust else ""
        return " ".join(part for part in (*words, pooled, adjusted) if part)


def number(value: object) -> float | None:
    """Return a number for a sheet: None where there is none."""
    found = float(value)  # type: ignore[arg-type]
    return None if np.isnan(found) else found


# -- shares of patients


def proportion(part: Part, sheets: Sheets) -> None:
    """Add the share of patients who met the outcome; or of their organs, where the outcome counts ``units``."""
    if part.outcome.units:
        _organs(part, sheets)
        return
    met, of = int(part.true(part.outcome.met).sum()), int(part.known.sum())
    part.add(sheets.rates, proportions.interval(met, of), {"numerator": met}, method=WILSON)


def _organs(part: Part, sheets: Sheets) -> None:
    """Add a share of organs. Patients met are those of whom all organs did: two eyes of one child are not independent."""
    units, met = part.amounts(part.outcome.units), part.amounts(part.outcome.units_met)
    note = f"{met.sum():g} of {units.sum():g} {part.outcome.unit or 'units'}." if len(units) else ""
    method = "Wilson 95% interval for clustered data"
    counts = {"numerator": int((met == units).sum())}
    part.add(sheets.rates, proportions.clustered(met, units), counts, method=method, note=note)


def count(part: Part, sheets: Sheets) -> None:
    """Add how often something happened that should not: patients counted, with the exact limits of a count."""
    met = int(part.true(part.outcome.met).sum())
    figures = rates.interval(met, 1, "exact")
    part.add(sheets.rates, figures, {"numerator": met}, method="count of patients, exact Poisson 95% interval")


def rate(part: Part, sheets: Sheets) -> None:
    """Add events per unit of observed time; patients met are those with an event at all."""
    events, time = part.amounts(part.outcome.events), part.amounts(part.outcome.person_time)
    note = f"{events.sum():g} events in {time.sum():g} patient-years." if len(time) else ""
    figures = rates.interval(events.sum(), time.sum(), "byar")
    counts = {"numerator": int((events > 0).sum())}
    part.add(sheets.rates, figures, counts, method="events a patient-year, Byar's 95% interval", note=note)


def over_time(outcome: Outcome, follow: Follow, at: Column) -> tuple[Columns, str]:
    """Return the curve at the times, and the method: survival, or incidence where something else may happen first."""
    if outcome.measure == "survival":
        figures = survival.kaplan_meier(follow.time, follow.event, at=at, entry=follow.entry).columns
        return figures, "Kaplan-Meier, log-log 95% interval"
    cause = np.where(follow.event, 1, np.where(follow.competing, 2, 0))
    found = survival.cumulative_incidence(follow.time, cause, at=at).columns
    own = found["cause"] == 1
    return {name: column[own] for name, column in found.items()}, "Aalen-Johansen, 95% interval"


def at_times(part: Part, sheets: Sheets) -> None:
    """Add a row a time of ``at``. ``numerator``: of survival those to whom it had not happened, of incidence those it had."""
    outcome, follow = part.outcome, known_follow_up(part.outcome, part.cases, part.dataset)
    at = np.array(outcome.at_days, dtype=np.float64)
    figures, method = over_time(outcome, follow, at)
    place = {float(moment): row for row, moment in enumerate(figures["time"].tolist())}
    for name, moment in zip(outcome.at, at.tolist(), strict=True):
        row = place[moment]
        why_not = str(figures["why_not"][row])
        given = not why_not.startswith(("Follow-up ended", "There is nobody"))
        ends = [figures[column][row] if given else np.nan for column in ("estimate", "lower", "upper")]
        happened = int((follow.event & (follow.time <= moment)).sum())
        free = int((follow.time >= moment).sum() - (follow.event & (follow.time == moment)).sum())
        counts = {"numerator": len(follow.time) - happened, "met": free, "not_met": happened}
        if outcome.measure != "survival":
            counts = {"numerator": happened, "met": happened, "not_met": free}
        given_at = interval(*ends, method=method, level=0.95, why_not=why_not)
        of = {"denominator": len(follow.time)}
        part.add(sheets.rates, given_at, counts | of, method=method, measure=f"{outcome.id}@{name}")


def ordinal(part: Part, sheets: Sheets) -> None:
    """Add a row a level of an ordered scale: the share of patients at it. The levels together are everyone known."""
    values, names = levels(part.outcome, part.cases, part.dataset)
    found = values[part.known]
    for code, label in names.items():
        met = int((found == code).sum())
        figures = proportions.interval(met, len(found))
        part.add(sheets.levels, figures, {"numerator": met}, method=WILSON, measure=f"{part.outcome.id}@{_slug(label)}")


def _slug(label: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-") or "level"


# -- summaries of values


def median(part: Part, sheets: Sheets) -> None:
    """Add the median, the quartiles beside it."""
    values = part.amounts(part.outcome.value)
    figures = summaries.median(values)
    part.add(
        sheets.summaries, figures, _quartiles(values), method="median, 95% interval from order statistics", note=_middle(values)
    )


def change(part: Part, sheets: Sheets) -> None:
    """Add the mean change from each patient's own baseline; and who changed by the minimal important difference or more."""
    outcome = part.outcome
    values = part.amounts(outcome.value) - part.amounts(outcome.baseline)
    method = "mean of each patient's change, Student's 95% interval"
    part.add(sheets.summaries, summaries.mean(values), _quartiles(values), method=method, note=_middle(values))
    if outcome.important is None:
        return
    better = values if outcome.direction == "higher" else -values
    for name, hit in (("better", better >= outcome.important), ("worse", -better >= outcome.important)):
        figures = proportions.interval(int(hit.sum()), len(hit))
        part.add(sheets.rates, figures, {"numerator": int(hit.sum())}, method=WILSON, measure=f"{outcome.id}@{name}")


def slope(part: Part, sheets: Sheets) -> None:
    """Add the mean of the patients' own slopes a year; over all cases together where no ``subject`` names the patient.

    A patient is known with measurements at two different times.
    """
    outcome = part.outcome
    time, values = years(outcome.time, part.cases, part.dataset)[part.known], part.amounts(outcome.value)
    if not outcome.subject:
        method = "slope a year over all cases, not within patients, Student's 95% interval"
        part.add(sheets.summaries, summaries.slope(time, values), {}, method=method)
        return
    subject = part.cases[outcome.subject]
    who, own = summaries.slopes(subject[part.known], time, values)
    candidates = len(set(subject[part.eligible].tolist()))
    counts: dict[str, float] = {"denominator": len(who), "not_known": candidates - len(who)}
    counts["not_eligible"] = len(set(subject.tolist())) - candidates
    method = "mean of each patient's slope a year, Student's 95% interval"
    part.add(sheets.summaries, summaries.mean(own), counts | _quartiles(own), method=method, note=_middle(own))


def _quartiles(values: Column) -> dict[str, float]:
    return dict(zip(QUARTILES, np.quantile(values, (0.25, 0.75)).tolist(), strict=True)) if len(values) else {}


def _middle(values: Column) -> str:
    low, high = _quartiles(values).values() if len(values) else (0.0, 0.0)
    return f"Half of the patients lie between {low:g} and {high:g}." if len(values) else ""


COMPUTE: Final = {
    "proportion": proportion,
    "count": count,
    "rate": rate,
    "survival": at_times,
    "cumulative_incidence": at_times,
    "ordinal": ordinal,
    "median": median,
    "change": change,
    "slope": slope,
}
