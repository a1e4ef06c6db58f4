"""The fourth step: cases are expected, explained, and the series is signed off or opened again."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from plenary.collection import permissions, queries
from plenary.collection.actions.acceptance import _named
from plenary.collection.models import CaseSeries, ExpectedCase
from plenary.collection.queries import finishing
from plenary.collection.terms import Explanation, SeriesState, require_period, series_move
from plenary.core.actions import record
from plenary.core.permissions import require
from plenary.core.terms import NotFound, NotPossible, Who, free_text
from plenary.registry.models import Centre


def expect_case(
    *, centre: Centre, period_start: dt.date, period_end: dt.date, case_id: str, source: str, by: Who
) -> ExpectedCase:
    """Note that a case exists according to another source. Told twice by the same source, it is known once."""
    require(permissions.may_expect(by, centre), f"You may not report expected cases of {centre.key}.")
    require_period(period_start, period_end)
    empty = "Say which case is expected, and which source knows of it."
    named, source = free_text(case_id, empty), free_text(source, empty)
    with transaction.atomic():
        expected, is_new = ExpectedCase.objects.get_or_create(
            centre=centre,
            period_start=period_start,
            period_end=period_end,
            case_id=named,
            source=source,
        )
        if is_new:
            _refuse_signed(centre, period_start, period_end)
            record(
                by=by, verb="expect case", subject=f"expected-case/{expected.pk}", detail={"centre": centre.key, "source": source}
            )
    return expected


def explain_missing(*, expected_id: int, by: Who, reason: str = "", kind: Explanation = Explanation.OTHER) -> ExpectedCase:
    """Say why an expected case is rightly not in the series: by one of the fixed explanations, with words for any other."""
    with transaction.atomic():
        rows = ExpectedCase.objects.select_for_update(of=("self",)).select_related("centre__service")
        expected = rows.filter(pk=expected_id).first()
        if expected is None:
            raise NotFound(f"There is no expected case {expected_id}.")
        require(permissions.may_explain(by, expected.centre), f"Only people of {expected.centre.key} explain its missing cases.")
        why = free_text(reason, "Give the reason why the case is not in the series." if kind == Explanation.OTHER else "")
        _refuse_signed(expected.centre, expected.period_start, expected.period_end)
        expected.explained, expected.explained_as = why or kind.value.capitalize(), kind
        expected.save(update_fields=["explained", "explained_as"])
        detail = {"kind": kind.value, "reason": expected.explained}
        record(by=by, verb="explain missing", subject=f"expected-case/{expected.pk}", detail=detail)
    return expected


def sign_off_series(*, centre: Centre, period_start: dt.date, period_end: dt.date, by: Who) -> CaseSeries:
    """Declare that the series holds every case of the period, and freeze it. Refused while an expected case is unexplained."""
    require(permissions.may_sign_off(by, centre), f"Only the lead of {centre.key} signs its case series off.")
    require_period(period_start, period_end)
    with transaction.atomic():
        series, _ = CaseSeries.objects.select_for_update().get_or_create(
            centre=centre, period_start=period_start, period_end=period_end
        )
        if series.state == SeriesState.SIGNED_OFF:
            return series
        _refuse_unfinished(series)
        series.state = series_move(series.state, SeriesState.SIGNED_OFF)
        series.cases, series.content_hash = queries.series_content(series)
        series.declared_by, series.declared_at = by.person_id, timezone.now()
        series.save()
        detail = {"cases": series.cases, "content_hash": series.content_hash}
        record(by=by, verb="sign off series", subject=_series_subject(series), detail=detail)
    return series


def _refuse_unfinished(series: CaseSeries) -> None:
    if queries.overlaps_signed(series):
        raise NotPossible("A signed-off series of this centre covers part of the same period. Reopen it first.")
    waiting = queries.pending(series.centre, series.period_start, series.period_end)
    if waiting is not None:
        raise NotPossible(f"The file {waiting.filename} is {waiting.state} and waits for a decision: accept or refuse it first.")
    accounts = queries.accounts(series.centre, series.period_start, series.period_end)
    missing = {row.case_id for row in accounts if row.status == "missing"}
    if missing:
        raise NotPossible(f"Expected cases are neither received nor explained: {_named(sorted(missing))}.")
    asked = {row.case_id for row in accounts if row.status == "review"}
    if asked:
        raise NotPossible(f"Say of these expected cases whether they are cases of the series: {_named(sorted(asked))}.")
    if stops := finishing.stops(series.centre, series.period_start, series.period_end):
        raise NotPossible(" ".join(stops))


def reopen_series(*, centre: Centre, period_start: dt.date, period_end: dt.date, reason: str, by: Who) -> CaseSeries:
    """Open a signed-off series again, for a stated reason. Editions made from it stand."""
    require(permissions.may_reopen(by, centre), "Only the network lead of the service reopens a case series.")
    reason = free_text(reason, "Give the reason for reopening the series.")
    with transaction.atomic():
        series = CaseSeries.objects.select_for_update().filter(
            centre=centre, period_start=period_start, period_end=period_end
        ).first()  # fmt: skip
        if series is None:
            raise NotPossible(f"{centre.key} has not declared a series {period_start} to {period_end}.")
        was = series.content_hash
        series.state = series_move(series.state, SeriesState.OPEN)
        series.cases, series.content_hash, series.declared_by, series.declared_at = 0, "", None, None
        series.save()
        record(by=by, verb="reopen series", subject=_series_subject(series), detail={"reason": reason, "was": was})
    return series


def _refuse_signed(centre: Centre, period_start: dt.date, period_end: dt.date) -> None:
    """Refuse where a declared series covers the period: a shorter one inside it is declared with it."""
    around = CaseSeries.objects.filter(centre=centre, period_start__lte=period_start, period_end__gte=period_end)
    if around.filter(state=SeriesState.SIGNED_OFF).exists():
        raise NotPossible("The case series of this period is signed off. Ask the network lead to reopen it first.")


def _series_subject(series: CaseSeries) -> str:
    return f"case-series/{series.centre.key}/{series.period_start}"
