"""The first two steps of the data path: a file is received and checked."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from django.db import transaction
from django.utils import timezone

from plenary.collection import permissions, queries
from plenary.collection.models import Submission
from plenary.collection.queries.headings import mapping_sha256
from plenary.collection.terms import Route, SubmissionState, require_period, submission_move
from plenary.core.actions import erase_bytes, record, store_bytes
from plenary.core.permissions import require
from plenary.core.queries import erased_on
from plenary.core.tasks import enqueue
from plenary.core.terms import NotFound, NotPossible, Who
from plenary.registry.models import Centre
from plenary_stats.ingest import Checked, Finding, Marks
from plenary_stats.spec import InputError
from plenary_stats.tables import CaseTable

ERASED = "erased"
HELD_ERASED = "it held a case that was erased"
SEVERITIES = ("blocking", "warning", "notice")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FINDINGS_KEPT = 10_000
"""A file that is wrong in every row needs one cause mended, not a million sentences; the counts are always complete."""


def receive(*, centre: Centre, period_start: dt.date, period_end: dt.date, filename: str, content: bytes, by: Who) -> Submission:
    """Keep what a centre sent and queue its check. The same bytes again, while they are undecided or in force, are the same."""
    require(permissions.may_send(by, centre), f"Only people and systems of {centre.key} send its cases.")
    require_period(period_start, period_end)
    if not content:
        raise NotPossible("The file is empty. Choose the file that holds the cases.")
    with transaction.atomic():
        version = queries.data_set_for(centre.service, period_end)
        if erased_on(hashlib.sha256(content).hexdigest()):
            raise NotPossible("This file was erased because it holds a case that must not come back. Send it without that case.")
        sha256 = store_bytes(content, by=by, media_type=_media_type(filename))
        place = {"centre": centre, "period_start": period_start, "period_end": period_end, "route": Route.FILE}
        mapping = mapping_sha256(centre)
        latest = Submission.objects.filter(**place).order_by("-received_at", "-id").first()
        same = latest is not None and (latest.sha256, latest.mapping_sha256) == (sha256, mapping)
        if latest is not None and same and latest.state != SubmissionState.REFUSED:
            return latest
        submission = Submission.objects.create(
            **place,
            filename=_safe_name(filename),
            sha256=sha256,
            mapping_sha256=mapping,
            data_set=version,
            received_at=timezone.now(),
            received_by=by.person_id,
        )
        record(
            by=by,
            verb="receive",
            subject=_subject(submission),
            detail={"centre": centre.key, "sha256": sha256} | ({"mapping": mapping} if mapping else {}),
        )
        enqueue("plenary.collection.tasks.check", submission.pk)
    return submission


CHECKABLE: Final = (SubmissionState.RECEIVED, SubmissionState.CHECKED)


def check(*, submission_id: int, by: Who) -> Submission:
    """Check a submission and keep its findings. It may be repeated, for instance after the process was killed.

    A file that holds a case that was erased is refused at once, and its bytes go with that: nothing else of it is kept.
    """
    submission = queries.submission(submission_id)
    require(permissions.may_check(by, submission), f"Only people of {submission.centre.key} check its cases.")
    if submission.state not in CHECKABLE:  # its file may be erased since
        return submission
    cases, findings, _ = _checked(submission)
    return _keep_findings(submission, cases, findings, by)


def _checked(submission: Submission) -> tuple[CaseTable | None, Sequence[Finding], Sequence[Marks]]:
    """Check; an unreadable file is a finding like any other, so that whoever sent it reads what to do.

    Where an erased case came back its rows alone are told: other findings could quote what it says of that patient.
    """
    try:
        if back := queries.erased_in(submission):
            objected = queries.counted_only_ids(submission.centre)
            told = [_come_back(submission.filename, row, case_id, case_id in objected) for row, case_id in back]
            return None, told, ()
        outcome: Checked = queries.checked(submission)
    except InputError as problem:
        return None, [_unreadable(submission.filename, problem)], ()
    return outcome.cases, outcome.findings, outcome.marks


def _unreadable(filename: str, problem: InputError) -> Finding:
    remedy = "Save the file again as CSV UTF-8 or XLSX and send it anew."
    return Finding(file=filename, row=0, field="", rule="unusable", severity="blocking", message=str(problem), remedy=remedy)


def _come_back(file: str, row: int, case_id: str, objected: bool) -> Finding:
    why = "The patient of case {} objected: it is counted already." if objected else "Case {} was erased and must not come back."
    message = why.format(case_id)
    remedy = "Delete this row and send the file anew: it is checked as a whole then. This file was not kept."
    return Finding(file=file, row=row, field="case_id", rule=ERASED, severity="blocking", message=message, remedy=remedy)


def _keep_findings(submission: Submission, cases: CaseTable | None, findings: Sequence[Finding], by: Who) -> Submission:
    counts = _counts(findings)
    with transaction.atomic():
        current = _locked(submission.pk)
        if current.state not in CHECKABLE:
            return current
        came_back = any(found.rule == ERASED for found in findings)
        current.state = submission_move(current.state, SubmissionState.REFUSED if came_back else SubmissionState.CHECKED)
        current.findings_sha256 = store_bytes(_findings_bytes(findings), by=by, media_type="application/json")
        current.cases = 0 if cases is None else len(cases)
        current.blocking, current.warnings, current.notices = counts["blocking"], counts["warning"], counts["notice"]
        current.save()
        record(by=by, verb="check", subject=_subject(current), detail={"cases": current.cases} | counts)
        if came_back:
            record(by=by, verb="refuse", subject=_subject(current), detail={"reason": HELD_ERASED})
            _erase_file(current, by)
    return current


def _erase_file(submission: Submission, by: Who) -> None:
    """Erase the bytes of a refused file, unless another centre sent the very same: to it, they are other patients."""
    if not Submission.objects.filter(sha256=submission.sha256).exclude(centre=submission.centre).exists():
        erase_bytes(sha256=submission.sha256, why=HELD_ERASED, by=by)


def _findings_bytes(findings: Sequence[Finding]) -> bytes:
    rows = [asdict(found) for found in sorted(findings, key=lambda found: SEVERITIES.index(found.severity))[:FINDINGS_KEPT]]
    return json.dumps(rows, ensure_ascii=False, sort_keys=True).encode()


def _locked(pk: int) -> Submission:
    rows = Submission.objects.select_for_update(of=("self",)).select_related("centre__service", "data_set__service")
    found = rows.filter(pk=pk).first()
    if found is None:
        raise NotFound(f"There is no submission {pk}.")
    return found


def _counts(findings: Sequence[Finding]) -> dict[str, int]:
    return {severity: sum(found.severity == severity for found in findings) for severity in SEVERITIES}


def _subject(submission: Submission) -> str:
    return f"submission/{submission.pk}"


def _safe_name(filename: str) -> str:
    """Return the last part of the name as it was sent: some browsers send a whole path."""
    return (filename.replace("\\", "/").rpartition("/")[2].strip() or "cases")[-255:]


def _media_type(filename: str) -> str:
    return XLSX if filename.lower().endswith(".xlsx") else "text/csv"
