"""Patients, access by region, completeness and expenditure of one service."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Protocol

import numpy as np

from plenary_stats import rates, spec
from plenary_stats.errors import InputError
from plenary_stats.expressions import known_values
from plenary_stats.measures.readings import states
from plenary_stats.measures.sheets import Sheet, all_centres, groups, of_period, regions_of
from plenary_stats.spec import DataSet, OutcomeSet
from plenary_stats.tables import TOTAL, CaseTable, Column, ResultTable

PER: Final = 1_000_000
"""Access is a rate per million residents."""


class ExpectedCase(Protocol):
    """A case known from another source: one by its identifier, or a number of them."""

    @property
    def centre(self) -> str: ...
    @property
    def case_id(self) -> str: ...
    @property
    def count(self) -> int | None: ...


class Amount(Protocol):
    """What one centre was paid for one service."""

    @property
    def service(self) -> str: ...
    @property
    def centre(self) -> str: ...
    @property
    def amount_gbp(self) -> float: ...
    @property
    def basis(self) -> str: ...


def activity(
    cases: CaseTable,
    *,
    service: str,
    centres: Sequence[str],
    period: str,
    regions: Mapping[str, str | None],
    dataset: DataSet | None = None,
) -> ResultTable:
    """Return the patients of a period: every centre and all, each by region of residence, by sex and by age band (one way).

    Noughts are rows too. ``regions`` maps an area to its region (None: unknown); with it empty there are no rows by region.
    """
    now = of_period(cases, period)
    sheet = Sheet(service, period, used=("centre", "area", "sex", "age_band"))
    found = groups(now, regions, dataset)
    for centre in (TOTAL, *all_centres(now, centres)):
        here = np.ones(len(now), dtype=bool) if centre == TOTAL else now["centre"] == centre
        sheet.add("patients", centre=centre, value=int(here.sum()))
        for dimension, (column, names) in found.items():
            for name in names:
                sheet.add("patients", centre=centre, value=int((here & (column == name)).sum()), **{dimension: name})
    return sheet.table("activity", "count")


def access(
    cases: CaseTable,
    *,
    service: str,
    period: str,
    regions: Mapping[str, str | None],
    populations: Mapping[str, float],
) -> ResultTable:
    """Return patients per million residents, by region of residence: Byar's interval, exact below ten patients.

    ``populations`` maps a region to its residents; "Total" is their sum where it is absent. Patients who live elsewhere, or
    whose residence is not known, are in no rate.
    """
    sheet = Sheet(service, period, used=("area",))
    if "area" in cases.columns and populations:
        now = of_period(cases, period)
        column = regions_of(now, regions)
        names = sorted(name for name in populations if name != TOTAL)
        counted = np.isin(column, names)
        whole = populations.get(TOTAL, sum(populations[name] for name in names))
        patients = [int(counted.sum()), *(int((column == name).sum()) for name in names)]
        people = [float(whole), *(float(populations[name]) for name in names)]
        rate = rates.interval(np.array(patients), np.array(people), "national")
        for place, name in enumerate((TOTAL, *names)):
            figures = (rate.estimate[place], rate.lower[place], rate.upper[place])
            value, lower, upper = (None if np.isnan(figure) else float(figure) * PER for figure in figures)
            sheet.add(
                "patients",
                area=name,
                value=value,
                lower=lower,
                upper=upper,
                numerator=patients[place],
                denominator=people[place],
                method="Rate per million residents, Byar's 95% interval, exact below ten patients",
                note=str(rate.why_not[place]),
            )
    return sheet.table("access", "exposure")


def completeness(
    cases: CaseTable,
    *,
    service: str,
    centres: Sequence[str],
    period: str,
    expected: Iterable[ExpectedCase] = (),
    dataset: DataSet | None = None,
    outcome_set: OutcomeSet | None = None,
) -> ResultTable:
    """Return how complete the period's data are, for every centre and all.

    * ``ascertainment``: expected cases that were received, of all expected. A case expected by number counts as received where
      the centre sent as many beyond those expected by identifier.
    * ``complete-records``: patients for whom every field that the results rest on is filled, of all patients
    * the id of each outcome: eligible patients whose outcome is known, of all eligible
    """
    now = of_period(cases, period)
    names = all_centres(now, centres)
    sheet = Sheet(service, period, used=("centre",))
    known = list(expected)
    if known:
        tally = {name: _received(now, name, [case for case in known if case.centre == name]) for name in names}
        _shares(sheet, "ascertainment", tally)
    filled = _filled(now, dataset, outcome_set)
    if filled is not None:
        _shares(sheet, "complete-records", {name: _tally(now, name, filled, np.ones(len(now), dtype=bool)) for name in names})
    for outcome in outcome_set.outcomes if outcome_set else ():
        if outcome.computed:
            decided, eligible = states(outcome, now, dataset)
            _shares(sheet, outcome.id, {name: _tally(now, name, decided, eligible) for name in names})
    return sheet.table("completeness", "rate")


def _tally(cases: CaseTable, centre: str, good: Column, of: Column) -> tuple[int, int]:
    here = cases["centre"] == centre
    return int((good & of & here).sum()), int((of & here).sum())


def _received(cases: CaseTable, centre: str, expected: Sequence[ExpectedCase]) -> tuple[int, int]:
    sent = set(cases["case_id"][cases["centre"] == centre].tolist())
    named = {case.case_id for case in expected if case.case_id}
    number = sum(case.count or 0 for case in expected if not case.case_id)
    return len(named & sent) + min(number, len(sent - named)), len(named) + number


def _shares(sheet: Sheet, measure: str, tally: Mapping[str, tuple[int, int]]) -> None:
    whole = (sum(good for good, _ in tally.values()), sum(of for _, of in tally.values()))
    for centre, (good, of) in {TOTAL: whole, **tally}.items():
        note = "" if of else "There was nobody to count."
        sheet.add(
            measure, centre=centre, value=good / of if of else None, numerator=good, denominator=of, method="share", note=note
        )


def _filled(cases: CaseTable, dataset: DataSet | None, outcome_set: OutcomeSet | None) -> Column | None:
    """Return which cases have every field that the results rest on: those asked of them, and residence, sex and age."""
    fields = [name for name in ("area", "sex", "age") if name in cases.columns]
    if dataset is not None and outcome_set is not None:
        fields += [name for name in _used_fields(outcome_set, dataset) if name not in fields and name in cases.columns]
    if not fields:
        return None
    filled = np.ones(len(cases), dtype=bool)
    for name in fields:
        known = known_values(cases[name])
        condition = dataset.columns[name].condition if dataset is not None and name in dataset.columns else None
        if condition is not None and set(condition.fields) <= set(cases.columns):
            asked, _ = condition.evaluate(cases.columns)
            known = known | ~asked
        filled &= known
    return filled


def _used_fields(outcome_set: OutcomeSet, dataset: DataSet) -> list[str]:
    found: set[str] = set()
    for outcome in outcome_set.outcomes:
        for part in outcome.expressions.values() if outcome.computed else ():
            try:
                found |= set(spec.compile_value(part, dataset).fields)
            except InputError:
                continue
    return sorted(found)


def spend(amounts: Iterable[Amount], *, service: str, period: str) -> ResultTable:
    """Return the expenditure in pounds: every centre that reported, and their sum; the basis is the note."""
    sheet = Sheet(service, period, used=("centre",))
    given = sorted((row for row in amounts if row.service == service), key=lambda row: row.centre)
    if given:
        bases = {row.basis for row in given}
        sheet.add(
            "expenditure",
            value=sum(row.amount_gbp for row in given),
            method="reported",
            note=bases.pop() if len(bases) == 1 else "",
        )
    for row in given:
        sheet.add("expenditure", centre=row.centre, value=row.amount_gbp, method="reported", note=row.basis)
    return sheet.table("spend", "magnitude")
