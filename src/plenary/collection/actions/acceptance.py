"""The third step: a checked file becomes cases, or is set aside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import Max

from plenary.collection import permissions, queries
from plenary.collection.actions import across
from plenary.collection.actions.intake import _checked, _locked, _subject
from plenary.collection.models import Case, CaseSeries, CaseVersion, Submission
from plenary.collection.queries.confirmations import left_before_acceptance
from plenary.collection.terms import Route, SeriesState, SubmissionState, submission_move
from plenary.core.actions import record
from plenary.core.permissions import require
from plenary.core.terms import NotPossible, Who
from plenary.registry.models import Centre
from plenary_stats.tables import CaseTable

UPSERT_CASE = """
    INSERT INTO collection_case (centre_id, case_id, area, sex, age, index_on, erased) VALUES (%s, %s, %s, %s, %s, %s, FALSE)
    ON CONFLICT (centre_id, case_id)
    DO UPDATE SET area = excluded.area, sex = excluded.sex, age = excluded.age, index_on = excluded.index_on
"""

INSERT_VERSION = """
    INSERT INTO collection_caseversion (case_id, submission_id, number, payload, current) VALUES (%s, %s, %s, %s, TRUE)
"""

BATCH = 500
CASE_ID_LENGTH = 200
NAMED = 20


def accept(*, submission_id: int, by: Who) -> Submission:
    """Turn a checked file into cases and supersede the earlier file, all or nothing. Accepted twice is accepted once."""
    submission = queries.submission(submission_id)
    require(permissions.may_accept(by, submission), f"Only people of {submission.centre.key} accept its cases.")
    if submission.state == SubmissionState.ACCEPTED:
        return submission
    submission_move(submission.state, SubmissionState.ACCEPTED)
    _refuse_blocking(submission.blocking)
    cases, findings, marks = _checked(submission)
    _refuse_blocking(sum(found.severity == "blocking" for found in findings))
    if cases is None:
        raise NotPossible("The file cannot be read any more: send it again.")
    if left := left_before_acceptance(submission, findings):
        raise NotPossible(f"{left} warning{'s' if left > 1 else ''} must be mended or confirmed with a reason first.")
    with transaction.atomic():
        current = _locked(submission.pk)
        if current.state == SubmissionState.ACCEPTED:
            return current
        current.state = submission_move(current.state, SubmissionState.ACCEPTED)
        earlier = _supersede(current)
        current.save()
        _store_cases(current, cases)
        across.keep_marks(current, cases["case_id"].tolist(), marks, by=by)
        _refuse_change_to_signed(current.centre)
        detail = {"cases": len(cases), "supersedes": earlier}
        record(by=by, verb="accept", subject=_subject(current), detail=detail)
    return current


def refuse(*, submission_id: int, reason: str, by: Who) -> Submission:
    """Set a submission aside without taking any case from it."""
    with transaction.atomic():
        current = _locked(submission_id)
        require(permissions.may_submit(by, current.centre), f"Only people of {current.centre.key} refuse its submissions.")
        current.state = submission_move(current.state, SubmissionState.REFUSED)
        current.save(update_fields=["state"])
        record(by=by, verb="refuse", subject=_subject(current), detail={"reason": reason})
    return current


def _refuse_blocking(blocking: int) -> None:
    if blocking:
        raise NotPossible(f"{blocking} finding{'s' if blocking > 1 else ''} must be mended before the cases can be accepted.")


def _supersede(submission: Submission) -> list[int]:
    """Withdraw the earlier file of the same centre and period, and set aside what was left undecided before this one."""
    place = {"centre": submission.centre, "period_start": submission.period_start, "period_end": submission.period_end}
    others = Submission.objects.filter(**place, route=Route.FILE).exclude(pk=submission.pk)
    accepted = others.filter(state=SubmissionState.ACCEPTED)
    earlier = list(accepted.values_list("pk", flat=True))
    CaseVersion.objects.filter(submission__in=earlier, current=True).update(current=False)
    accepted.update(state=SubmissionState.SUPERSEDED, superseded_by=submission)
    undecided = (SubmissionState.RECEIVED, SubmissionState.CHECKED)
    others.filter(state__in=undecided, received_at__lte=submission.received_at).update(state=SubmissionState.REFUSED)
    return earlier


def _store_cases(submission: Submission, cases: CaseTable) -> None:
    """Write cases and their new versions as plain SQL: a hundred thousand rows as model objects take eight times as long."""
    centre, dataset = submission.centre, queries.data_set(submission.data_set)
    case_ids, place, sent = cases["case_id"].tolist(), centre.pk, submission.pk
    _refuse_unfit(centre, case_ids)
    keys = zip(
        *(queries.values_of(cases, name, otherwise) for name, otherwise in (("area", ""), ("sex", ""), ("age", None))),
        [on.isoformat() for on in queries.index_dates(cases, dataset, submission.period_start)],
        strict=True,
    )
    rows: Any = ((place, case_id, *key) for case_id, key in zip(case_ids, keys, strict=True))
    with connection.cursor() as cursor:
        cursor.executemany(UPSERT_CASE, rows)
        pks = dict(Case.objects.filter(centre=centre).values_list("case_id", "pk"))
        own = [pks[case_id] for case_id in case_ids]
        _withdraw_current(centre, set(own))
        versions: Any = CaseVersion.objects.filter(case__centre=centre).order_by()
        numbers = dict(versions.values_list("case").annotate(Max("number")))
        payloads = zip(own, queries.payloads(cases, dataset), strict=True)
        rows = ((pk, sent, numbers.get(pk, 0) + 1, payload) for pk, payload in payloads)
        cursor.executemany(INSERT_VERSION, rows)


def _withdraw_current(centre: Centre, case_pks: set[int]) -> None:
    """End what was current of these cases: keyed earlier, or sent with another period."""
    current: Any = CaseVersion.objects.filter(case__centre=centre, current=True).values_list("pk", "case")
    gone = [pk for pk, case_pk in current if case_pk in case_pks]
    for start in range(0, len(gone), BATCH):
        CaseVersion.objects.filter(pk__in=gone[start : start + BATCH]).update(current=False)


def _refuse_unfit(centre: Centre, case_ids: list[str]) -> None:
    erased = sorted(set(Case.objects.filter(centre=centre, erased=True).values_list("case_id", flat=True)).intersection(case_ids))
    if erased:
        raise NotPossible(f"These cases were erased and must not come back: {_named(erased)}. Remove them from the file.")
    objected = sorted(queries.counted_only_ids(centre).intersection(case_ids))
    if objected:
        raise NotPossible(f"The patient objected: {_named(objected)}. The case is counted by number; nothing of it is sent.")
    long = [case_id for case_id in case_ids if len(case_id) > CASE_ID_LENGTH]
    if long:
        raise NotPossible(f"The case identifier {long[0][:40]}… is longer than {CASE_ID_LENGTH} characters.")


def _refuse_change_to_signed(centre: Centre) -> None:
    """Refuse, at the end of every change of cases, where a frozen series no longer hashes to what was declared."""
    for series in CaseSeries.objects.filter(centre=centre, state=SeriesState.SIGNED_OFF):
        if queries.series_content(series) != (series.cases, series.content_hash):
            raise NotPossible(
                f"This would change the case series {series.period_start} to {series.period_end}, which is signed off. "
                "Ask the network lead to reopen it first."
            )


def _named(case_ids: Sequence[str]) -> str:
    more = f" and {len(case_ids) - NAMED} more" if len(case_ids) > NAMED else ""
    return ", ".join(case_ids[:NAMED]) + more
