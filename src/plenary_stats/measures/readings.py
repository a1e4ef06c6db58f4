"""What an agreed outcome says of each case: whether it is eligible, whether its outcome is known, and what it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from plenary_stats import spec
from plenary_stats.expressions import Expression
from plenary_stats.spec import DataSet, Field, Outcome
from plenary_stats.tables import CaseTable, Column

Flags = npt.NDArray[np.bool_]

DAY: Final = np.timedelta64(1, "D")
YEAR: Final = 365.25


def states(outcome: Outcome, cases: CaseTable, dataset: DataSet | None = None) -> tuple[Flags, Flags]:
    """Return ``(known, eligible)`` of every case: whether its outcome is known, and whether it is eligible."""
    fitted = dataset or implied(cases)
    eligible, decided = flags(outcome.eligible, cases, fitted)
    known = _KNOWN[outcome.measure](outcome, cases, fitted)
    # Whether a case with an unknown condition is eligible is not known: it counts as eligible with an unknown outcome.
    return known & eligible & decided, eligible | ~decided


def flags(text: str, cases: CaseTable, dataset: DataSet) -> tuple[Flags, Flags]:
    """Return ``(true, known)`` of a condition."""
    expression: Expression = spec.compile(text, dataset)
    true, known = expression.evaluate(cases.columns)
    return np.array(true), np.array(known)


def amounts(text: str, cases: CaseTable, dataset: DataSet) -> Column:
    """Return the numbers of an expression, NaN where not known; a condition counts as one where it is true."""
    expression = spec.compile_value(text, dataset)
    values, known = expression.values(cases.columns)
    return np.where(known, values.astype(np.float64), np.nan)


def moments(text: str, cases: CaseTable, dataset: DataSet) -> Column:
    """Return dates, NaT where not known; or numbers where the expression is one."""
    values, known = spec.compile_value(text, dataset).values(cases.columns)
    if values.dtype.kind == "M":
        return np.where(known, values, np.datetime64("NaT", "D"))
    return np.where(known, values.astype(np.float64), np.nan)


def levels(outcome: Outcome, cases: CaseTable, dataset: DataSet) -> tuple[Column, dict[str, str]]:
    """Return the level of every case as a code, and the label of every level, worst and best in the order of the data set.

    The order is that of ``levels`` in the outcome set, else of the field's choices, else of the codes.
    """
    values = cases[outcome.value].astype(str) if outcome.value in cases.columns else np.full(len(cases), "")
    field = dataset.columns.get(outcome.value)
    choices = dict(field.choices) if field and field.choices else {code: code for code in sorted(set(values.tolist()) - {""})}
    codes = {label.casefold(): code for code, label in choices.items()}
    order = [codes.get(name.casefold(), name) for name in outcome.levels] or list(choices)
    return values, {code: choices.get(code, code) for code in order}


@dataclass(frozen=True)
class Follow:
    """Days of follow-up, the event, and the day of entry; ``usable`` says of whom they are known.

    ``event`` is the event of interest; ``competing`` what happened instead, where the outcome names such an event.
    """

    time: Column
    event: Flags
    competing: Flags
    entry: Column | None
    usable: Flags

    def of(self, rows: Column) -> Follow:
        """Return the follow-up of some cases."""
        entry = None if self.entry is None else self.entry[rows]
        return Follow(self.time[rows], self.event[rows], self.competing[rows], entry, self.usable[rows])


def followed(outcome: Outcome, cases: CaseTable, dataset: DataSet) -> Follow:
    """Return the follow-up of every case. A time before the start, or an unknown event, is not usable."""
    event, decided = flags(outcome.event, cases, dataset)
    start = moments(outcome.start, cases, dataset)
    time = _since(moments(outcome.end, cases, dataset), start)
    usable = decided & np.isfinite(time) & (time >= 0)
    competing = np.zeros(len(cases), dtype=np.bool_)
    if outcome.competing:
        competing, told = flags(outcome.competing, cases, dataset)
        competing, usable = competing & ~event, usable & (told | event)
    entry = None
    if outcome.entry:
        entry = _since(moments(outcome.entry, cases, dataset), start)
        usable &= np.isfinite(entry) & (entry < time)
    return Follow(time, event, competing, entry, usable)


def known_follow_up(outcome: Outcome, cases: CaseTable, dataset: DataSet) -> Follow:
    """Return the follow-up of the eligible patients whose outcome is known."""
    known, _ = states(outcome, cases, dataset)
    return followed(outcome, cases, dataset).of(known)


def years(text: str, cases: CaseTable, dataset: DataSet) -> Column:
    """Return times in years: dates as years of 365.25 days since 1970, numbers as they are."""
    found = moments(text, cases, dataset)
    if found.dtype.kind != "M":
        return found
    return np.where(np.isnat(found), np.nan, (found - np.datetime64("1970-01-01", "D")) / DAY / YEAR)


def implied(cases: CaseTable) -> DataSet:
    """Return a data set that says of every column only its type, for callers who have no dictionary."""
    kinds = {"f": "number", "M": "date_ymd"}
    fields = tuple(Field(name, validation=kinds.get(column.dtype.kind, "")) for name, column in cases.columns.items())
    return DataSet(cases.service, "", fields)


def _since(moment: Column, start: Column) -> Column:
    """Return the days from start to moment; a moment that is a number is in days already."""
    if moment.dtype.kind != "M":
        return moment
    if start.dtype.kind != "M":
        return np.full(len(moment), np.nan)
    days = (moment - start) / DAY
    return np.where(np.isnat(moment) | np.isnat(start), np.nan, days)


# -- of whom the outcome is known, by kind of measure


def _of_condition(outcome: Outcome, cases: CaseTable, dataset: DataSet) -> Flags:
    if not outcome.units:
        return flags(outcome.met, cases, dataset)[1]
    units, met = (amounts(text, cases, dataset) for text in (outcome.units, outcome.units_met))
    return np.asarray((units >= 1) & (met >= 0) & (met <= units))


def _of_follow_up(outcome: Outcome, cases: CaseTable, dataset: DataSet) -> Flags:
    return followed(outcome, cases, dataset).usable


def _of_rate(outcome: Outcome, cases: CaseTable, dataset: DataSet) -> Flags:
    events, time = amounts(outcome.events, cases, dataset), amounts(outcome.person_time, cases, dataset)
    return np.asarray((events >= 0) & (time > 0))


def _of_amounts(outcome: Outcome, cases: CaseTable, dataset: DataSet) -> Flags:
    texts = [text for text in (outcome.value, outcome.baseline) if text]
    return np.asarray(np.logical_and.reduce([np.isfinite(amounts(text, cases, dataset)) for text in texts]), dtype=np.bool_)


def _of_slope(outcome: Outcome, cases: CaseTable, dataset: DataSet) -> Flags:
    return _of_amounts(outcome, cases, dataset) & np.isfinite(years(outcome.time, cases, dataset))


def _of_levels(outcome: Outcome, cases: CaseTable, dataset: DataSet) -> Flags:
    values, names = levels(outcome, cases, dataset)
    return np.isin(values, list(names))


_KNOWN: Final = {
    "proportion": _of_condition,
    "count": _of_condition,
    "survival": _of_follow_up,
    "cumulative_incidence": _of_follow_up,
    "rate": _of_rate,
    "median": _of_amounts,
    "change": _of_amounts,
    "slope": _of_slope,
    "ordinal": _of_levels,
}
