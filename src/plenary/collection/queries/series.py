"""Case series: what they hold, how far the centres are, and what stands in the way of signing off."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable

from django.db.models import Count, Exists, OuterRef

from plenary.collection.models import CaseSeries, CaseVersion, Submission
from plenary.collection.queries.case_tables import line_of
from plenary.collection.queries.expected import expected_counts
from plenary.collection.queries.visibility import of_followed, of_own_centres
from plenary.collection.terms import Progress, Route, SeriesState, SubmissionState, Unfinished
from plenary.core.terms import Who
from plenary.registry import queries as registry
from plenary.registry.models import Centre, Service


def series_of(centre: Centre, period_start: dt.date, period_end: dt.date) -> CaseSeries:
    """Return the series of a centre and period; an unsaved open one where nothing was declared yet."""
    found = CaseSeries.objects.filter(centre=centre, period_start=period_start, period_end=period_end).first()
    return found or CaseSeries(centre=centre, period_start=period_start, period_end=period_end)


def series_content(series: CaseSeries) -> tuple[int, str]:
    """Return the number of cases and the hash over what the series holds now."""
    rows = CaseVersion.objects.filter(
        current=True,
        case__centre=series.centre,
        case__index_on__gte=series.period_start,
        case__index_on__lt=series.period_end,
    )
    digest, count = hashlib.sha256(), 0
    for case_id, payload in rows.order_by("case__case_id").values_list("case__case_id", "payload").iterator(chunk_size=5000):
        count += 1
        digest.update(line_of(case_id, payload))
    return count, digest.hexdigest()


def progress(who: Who, service: Service, period_start: dt.date, period_end: dt.date) -> list[Progress]:
    """Return how far each centre has come: all centres for whoever follows the service, else the own ones. No case is shown."""
    seen = Centre.objects.filter(of_own_centres(who) | of_followed(who), service=service)
    in_period = {"period_start": period_start, "period_end": period_end}
    latest: dict[int, Submission] = {}
    for submission in Submission.objects.filter(centre__in=seen, route=Route.FILE, **in_period).order_by("received_at", "id"):
        latest[submission.centre_id] = submission
    counted = CaseVersion.objects.filter(
        current=True, case__centre__in=seen, case__index_on__gte=period_start, case__index_on__lt=period_end
    )
    cases = dict(counted.order_by().values_list("case__centre").annotate(number=Count("pk")))
    series = dict(CaseSeries.objects.filter(centre__in=seen, **in_period).values_list("centre", "state"))
    expected = expected_counts(service, period_start, period_end)
    return [
        _progress(centre, latest.get(centre.pk), cases.get(centre.pk, 0), expected.get(centre.ods, (0, 0)), series.get(centre.pk))
        for centre in seen.select_related("service").order_by("ods")
    ]


def _progress(centre: Centre, latest: Submission | None, cases: int, expected: tuple[int, int], state: str | None) -> Progress:
    return Progress(
        centre=centre.key,
        centre_name=centre.name,
        service=centre.service.slug,
        submission=latest.state if latest else "",
        blocking=latest.blocking if latest else 0,
        cases=cases,
        expected=expected[0],
        missing=expected[0] - expected[1],
        series=SeriesState(state or SeriesState.OPEN),
    )


def unfinished(who: Who, services: Iterable[str], period_start: dt.date, period_end: dt.date) -> list[Unfinished]:
    """Return the centres designated in a period that have not signed it off, of the services that ``who`` follows. No case."""
    standing = registry.designated_during(period_start, period_end).values("centre")
    seen = Centre.objects.filter(of_followed(who), service__slug__in=list(services), pk__in=standing)
    signed = CaseSeries.objects.filter(
        state=SeriesState.SIGNED_OFF, period_start__lte=period_start, period_end__gte=period_end
    ).values("centre")
    within = {"period_start": period_start, "period_end": period_end}
    files = Submission.objects.filter(centre=OuterRef("pk"), **within).exclude(state=SubmissionState.REFUSED)
    cases = CaseVersion.objects.filter(
        current=True, case__centre=OuterRef("pk"), case__index_on__gte=period_start, case__index_on__lt=period_end
    )
    late = seen.exclude(pk__in=signed).annotate(sent=Exists(files) | Exists(cases)).select_related("service")
    return [
        Unfinished(one.service.slug, one.service.name, one.name, one.ods, one.sent)
        for one in late.order_by("service__name", "name", "ods")
    ]


def overlaps_signed(series: CaseSeries) -> bool:
    """Whether another signed-off series of the centre shares a day with this one."""
    others = CaseSeries.objects.filter(centre=series.centre, state=SeriesState.SIGNED_OFF).exclude(pk=series.pk)
    return others.filter(period_start__lt=series.period_end, period_end__gt=series.period_start).exists()


def pending(centre: Centre, period_start: dt.date, period_end: dt.date) -> Submission | None:
    """Return a file that came after the accepted one and has not been decided."""
    rows = Submission.objects.filter(centre=centre, route=Route.FILE, period_start=period_start, period_end=period_end)
    latest = rows.order_by("-received_at", "-id").first()
    waiting = {SubmissionState.RECEIVED, SubmissionState.CHECKED}
    return latest if latest is not None and latest.state in waiting else None
