"""What of a centre's cases may leave for research: which fields, and whose cases not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from plenary.collection import queries
from plenary.collection.models import CaseMark, CaseVersion
from plenary.collection.queries import across, consent
from plenary.core.terms import Who
from plenary.registry.models import Centre
from plenary_stats.spec import DataSet, Field

NEVER = frozenset({"centre", "case_id", "period"})
"""Columns that name the case or its place."""


@dataclass(frozen=True)
class Extract:
    """What leaves: a table without an identifier, and how many cases are not in it because of what their patients said."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    left_out: int


def offered(dataset: DataSet) -> list[Field]:
    """Return the fields that an extract may hold: no identifier, no free text, and of dates no day (``columns_of``)."""
    return [known for name, known in dataset.collected.items() if name not in NEVER and _is_offered(known, dataset)]


def _is_offered(known: Field, dataset: DataSet) -> bool:
    if known.kind == "text":
        return known.element is not None or known.name in {"area", "sex"}
    return known.kind != "none" and (known.kind != "date" or dataset.index_date is not None)


def standing(who: Who, centre: Centre, period_start: dt.date, period_end: dt.date) -> list[CaseVersion]:
    """Return what stands of the own centre's cases of a period; empty for anybody else's."""
    rows = queries.current_versions(who).filter(
        case__centre=centre, case__index_on__gte=period_start, case__index_on__lt=period_end
    )
    return list(rows)


def barred(versions: Iterable[CaseVersion]) -> set[int]:
    """Return which cases (by number) may not leave: the patient said so, here or of a case of the same person elsewhere."""
    cases = {one.case_id: one.case for one in versions}
    said = consent.not_for_research(cases.values())
    counted = {pk for pk, one in cases.items() if one.counted_only}
    return said | counted | _same_person(cases.keys())


def _same_person(cases: Iterable[int]) -> set[int]:
    """Return which cases are of a person who may not be in an extract because of a case that is none of these.

    The pseudonym of the NHS number says who is the same person, across centres and services. Where an objection erased
    the case elsewhere, its pseudonym went with it: nothing is left there to know the person by.
    """
    key = across.key_id()
    rows = CaseMark.objects.filter(case__in=list(cases), key_id=key).exclude(nhs="")
    own = {one.case_id: one.nhs for one in rows}
    if not own:
        return set()
    marks = CaseMark.objects.filter(nhs__in=set(own.values()), key_id=key).select_related("case")
    barred_cases = consent.not_for_research([one.case for one in marks])
    persons = {one.nhs for one in marks if one.case_id in barred_cases}
    return {case for case, nhs in own.items() if nhs in persons}


def extract_of(dataset: DataSet, versions: Sequence[CaseVersion], wanted: Sequence[str]) -> Extract:
    """Return the chosen fields of the cases that may leave, in no order that tells which case is which."""
    out = barred(versions)
    chosen = [known for known in offered(dataset) if known.name in set(wanted)]
    kept = [one for one in versions if one.case_id not in out]
    rows = [tuple(_value(one, known, dataset) for known in chosen) for one in kept]
    return Extract(
        columns=tuple(column_of(known, dataset) for known in chosen),
        rows=tuple(sorted(rows, key=lambda row: [str(value) for value in row])),
        left_out=len(versions) - len(kept),
    )


def column_of(known: Field, dataset: DataSet) -> str:
    """Return the heading of a field. Of the date that places a case its year leaves, of any other the days since it."""
    if known.kind != "date":
        return known.name
    return f"{known.name}_year" if known.name == dataset.index_date else f"{known.name}_days"


def _value(one: CaseVersion, known: Field, dataset: DataSet) -> Any:
    value = one.payload.get(known.name)
    if value is None or known.kind != "date":
        return "" if value is None else value
    if known.name == dataset.index_date:
        return one.case.index_on.year
    start = one.payload.get(str(dataset.index_date))
    return (dt.date.fromisoformat(value) - dt.date.fromisoformat(start)).days if start else ""
