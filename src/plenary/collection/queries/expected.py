"""The cases that other sources know of, and what became of each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from plenary.collection.models import CaseVersion, ExpectedCase
from plenary.collection.terms import Accounted, Found, Reply
from plenary.core.permissions import sees_cases
from plenary.core.terms import Who
from plenary.registry.models import Centre, Service


def expected_and_missing(who: Who, centre: Centre, period_start: dt.date, period_end: dt.date) -> list[Accounted]:
    """Return every expected case of an own centre and what became of it; empty for other people's centres."""
    return accounts(centre, period_start, period_end) if sees_cases(who, service=centre.service.slug, centre=centre.key) else []


def accounts(centre: Centre, period_start: dt.date, period_end: dt.date) -> list[Accounted]:
    """Return the same, asking nobody's permission: for the sign-off itself."""
    rows = with_received(expected_in(period_start, period_end).filter(centre=centre))
    return [_accounted(row) for row in rows.select_related("linked__centre")]


def expected_in(period_start: dt.date, period_end: dt.date) -> QuerySet[ExpectedCase]:
    """Return the expected cases of a period; those that their source has withdrawn count nowhere."""
    within = ExpectedCase.objects.filter(period_start__gte=period_start, period_end__lte=period_end)
    return within.exclude(found=Found.WITHDRAWN)


def _accounted(row: Any) -> Accounted:
    ours = row.linked is not None and row.linked.centre_id == row.centre_id
    return Accounted(
        row.case_id,
        row.source,
        status_of(row),
        row.explained,
        row.pk,
        row.explained_as,
        row.linked.case_id if ours else "",
        row.linked.centre.name if row.linked is not None and not ours else "",
        row.event_on,
        row.particulars,
    )


SAME = (Q(found=Found.MATCHED) & ~Q(reply=Reply.NO)) | Q(reply__in=(Reply.YES, Reply.OTHER))
"""An expected case that is the case that it is linked with: hospital data say so, or the centre."""


def with_received(expected: QuerySet[ExpectedCase]) -> QuerySet[Any]:
    """Mark what stands in a series now: a match counts only as long as the case that it is has not been withdrawn."""
    sent = CaseVersion.objects.filter(case__centre=OuterRef("centre"), case__case_id=OuterRef("case_id"), current=True)
    stands = CaseVersion.objects.filter(case=OuterRef("linked"), current=True)
    return expected.annotate(received=Q(Exists(sent)) | (SAME & Q(Exists(stands))))


def status_of(row: Any) -> str:
    """Return what became of an expected case that was marked by ``with_received``: exactly one of four."""
    if row.received:
        return "received"
    if row.explained:
        return "explained"
    return "review" if row.found == Found.REVIEW and row.reply == Reply.NONE else "missing"


def expected_cases(service: Service, period_start: dt.date, period_end: dt.date) -> list[tuple[str, str]]:
    """Return (ODS, case identifier) of every case that should be in the series: known to a source and not explained away."""
    rows = expected_in(period_start, period_end).filter(centre__service=service, explained="")
    return sorted({(ods, case_id) for ods, case_id, _ in _called(rows)})


def _called(rows: QuerySet[ExpectedCase]) -> Iterator[tuple[str, str, Any]]:
    """Yield each expected case by the name under which it is counted, so that two sources that know of it count it once."""
    for row in rows.annotate(same=SAME).select_related("centre", "linked__centre"):
        one = row.linked if row.same and row.linked is not None else row
        yield one.centre.ods, one.case_id, row


def status_by_case(service: Service, period_start: dt.date, period_end: dt.date) -> dict[tuple[str, str], str]:
    """Return what became of every expected case by the centre (ODS) that expects it and the case's name.

    A case that two sources know of is one case; while either asks for it, it is not accounted for.
    """
    found: dict[tuple[str, str], str] = {}
    worst = ("received", "explained", "review", "missing")
    for _, case_id, row in _called(with_received(expected_in(period_start, period_end).filter(centre__service=service))):
        key = row.centre.ods, case_id
        found[key] = max(found.get(key, worst[0]), status_of(row), key=worst.index)
    return found


def expected_counts(service: Service, period_start: dt.date, period_end: dt.date) -> dict[str, tuple[int, int]]:
    """Return, by centre (ODS), the cases expected and those accounted for: numbers for the completeness table."""
    counts: dict[str, tuple[int, int]] = {}
    for (ods, _), status in status_by_case(service, period_start, period_end).items():
        expected, accounted = counts.get(ods, (0, 0))
        counts[ods] = expected + 1, accounted + (status in {"received", "explained"})
    return counts
