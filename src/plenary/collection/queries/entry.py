"""Cases that are keyed on screen: what a half-filled one looks like, the drafts of a person, and what each version changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db.models import Count, QuerySet
from django.utils import timezone

from plenary.collection import queries
from plenary.collection.models import Case, CaseDraft, CaseVersion, DataSetVersion
from plenary.collection.queries.drafts import draft_rules, kept_until
from plenary.collection.terms import Change, Draft
from plenary.core.queries import people
from plenary.core.terms import Who
from plenary.registry.models import Centre
from plenary_stats.ingest import Finding, entry
from plenary_stats.ingest.entry import Part, Standing
from plenary_stats.spec import DataSet

Values = Mapping[str, str]
"""What was typed: text by the name of the field, dates as the data set writes them."""

UNTIL_FINISHED = frozenset({"required", "missing-column", "no-heading"})
"""Rules that say only that something is not there yet: they are silent until somebody finishes."""


def visible_to(who: Who) -> QuerySet[CaseDraft]:
    """Return the own drafts, as long as the post lasts: an unfinished case is shown to nobody else."""
    if who.person_id is None:
        return CaseDraft.objects.none()
    mine = CaseDraft.objects.filter(queries.of_own_centres(who, "centre__"), owner=who.person_id)
    return mine.select_related("centre__service", "case")


def drafts(who: Who, centre: Centre, period_start: dt.date, period_end: dt.date) -> list[Draft]:
    """Return the own drafts of a centre and period, the one saved last first."""
    found = visible_to(who).filter(centre=centre, period_start=period_start, period_end=period_end)
    rules = draft_rules(timezone.localdate())
    return [
        Draft(
            one.pk,
            one.typed.get("case_id", ""),
            one.case_id is not None,
            sum(1 for text in one.typed.values() if text),
            one.begun_at,
            one.saved_at,
            kept_until(one.saved_at, one.told_at, rules) if rules else None,
        )
        for one in found
    ]


def unfinished_by_person(centre: Centre, period_start: dt.date, period_end: dt.date) -> list[tuple[str, int]]:
    """Return who has how many drafts of a centre and period: numbers for whoever signs off, nothing of a case."""
    rows = CaseDraft.objects.filter(centre=centre, period_start=period_start, period_end=period_end)
    counts = dict(rows.order_by().values_list("owner").annotate(number=Count("pk")))
    names = dict(people().filter(pk__in=counts).values_list("pk", "name"))
    return sorted((names.get(owner, "somebody"), number) for owner, number in counts.items())


def parts(dataset: DataSet, on: dt.date) -> tuple[Part, ...]:
    """Return the questions of a data set under their headings."""
    return entry.parts(dataset, on)


def standing(dataset: DataSet, values: Values, on: dt.date) -> Standing:
    """Return which questions are asked now, and what can be worked out so far."""
    return entry.standing(dataset, values, on)


def found_so_far(
    version: DataSetVersion, centre: Centre, period: tuple[dt.date, dt.date], values: Values, on: dt.date
) -> list[Finding]:
    """Return what the check finds in what was typed so far. What is only missing yet is not told."""
    typed = {name: text for name, text in values.items() if text and name != "centre"}
    if not typed:
        return []
    content = queries.one_row({"centre": centre.ods} | typed)
    checked = queries.check_bytes(content, "keyed.csv", version=version, centre=centre, period=period, on=on, whole=False)
    return [one for one in checked.findings if one.field in typed and one.rule not in UNTIL_FINISHED]


def carried_over(known: CaseVersion, dataset: DataSet, typed: Values) -> dict[str, str]:
    """Return what a correction keeps because no question asks for it: the age, unless the date of birth is given again."""
    listed = {known.name for known in dataset.fields} | ({"age"} if typed.get("birth_date") else set())
    return {name: text_of(value) for name, value in known.payload.items() if name not in listed}


def typed_of(known: CaseVersion, dataset: DataSet) -> dict[str, str]:
    """Return the values of a case as somebody would have typed them: what a correction starts from."""
    values = {"case_id": known.case.case_id}
    for name, value in known.payload.items():
        field = dataset.by_name.get(name)
        if field is not None and field.kind == "date" and value:
            day = dt.date.fromisoformat(value)
            order = {"mdy": "%m/%d/%Y", "ymd": "%Y-%m-%d"}.get(field.date_order, "%d/%m/%Y")
            values[name] = day.strftime(order)
        elif field is not None:
            values[name] = text_of(value)
    return values


def text_of(value: Any) -> str:
    """Return a kept value as it is typed."""
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def changes(who: Who, case: Case) -> list[Change]:
    """Return what each version of an own case changed, the last version first. Empty for other people's cases."""
    if not queries.visible_to(who).filter(pk=case.pk).exists():
        return []
    versions = list(CaseVersion.objects.filter(case=case).select_related("submission").order_by("number"))
    names = dict(people().filter(pk__in={one.submission.received_by for one in versions}).values_list("pk", "name"))
    found: list[Change] = []
    before: dict[str, Any] = {}
    for one in versions:
        sent = one.submission
        by = names.get(sent.received_by, "") if sent.received_by else ""
        differences = queries.compare({case.case_id: before}, {case.case_id: one.payload}) if before else []
        found += [Change(one.number, sent.received_at, sent.route, by, each) for each in differences]
        before = one.payload
    return found[::-1]
