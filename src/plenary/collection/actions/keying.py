"""One case keyed on screen: the same rules, the same table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from plenary.collection import permissions, queries
from plenary.collection.actions import across
from plenary.collection.actions.acceptance import _refuse_change_to_signed, _refuse_unfit, _store_cases
from plenary.collection.actions.intake import _counts, _findings_bytes, _subject
from plenary.collection.models import CaseVersion, DataSetVersion, Submission
from plenary.collection.queries.entry import carried_over
from plenary.collection.terms import Route, SubmissionState, require_period
from plenary.core.actions import record, store_bytes
from plenary.core.permissions import require
from plenary.core.terms import Who
from plenary.registry.models import Centre
from plenary_stats.ingest import Checked, Finding

Period = tuple[dt.date, dt.date]

KEYED_NAME = "keyed.csv"


def key_case(
    *,
    centre: Centre,
    period_start: dt.date,
    period_end: dt.date,
    values: Mapping[str, str],
    by: Who,
    known: CaseVersion | None = None,
) -> tuple[Submission | None, Sequence[Finding]]:
    """Take one case keyed on screen through the same check as a file. With a blocking finding nothing is stored.

    ``known`` is the version that it corrects: who the patient is need not be said again, and what the identifiers told then,
    such as the age, stays where they are left out. Of the row itself what tells who the patient is is not kept either.
    """
    require(permissions.may_submit(by, centre), f"Only people of {centre.key} key its cases.")
    require_period(period_start, period_end)
    period, version = (period_start, period_end), queries.data_set_for(centre.service, period_end)
    checked, content = _checked_row(centre, period, version, values, known)
    if _counts(checked.findings)["blocking"]:
        return None, checked.findings
    _refuse_unfit(centre, [values.get("case_id", "").strip()])  # before its bytes are kept
    with transaction.atomic():
        place = {"centre": centre, "period_start": period_start, "period_end": period_end, "data_set": version}
        submission = Submission.objects.create(**place, **_accepted_row(content, checked.findings, by))
        _store_cases(submission, checked.cases)
        if known is None or any(one.nhs or one.like for one in checked.marks):  # or who it is stays as it was said first
            across.keep_marks(submission, checked.cases["case_id"].tolist(), checked.marks, by=by)
        _refuse_change_to_signed(centre)
        record(by=by, verb="key case", subject=_subject(submission), detail={"centre": centre.key})
    return submission, checked.findings


def _checked_row(
    centre: Centre, period: Period, version: DataSetVersion, values: Mapping[str, str], known: CaseVersion | None
) -> tuple[Checked, bytes]:
    """Return what the check finds, and the row to keep: without what tells who the patient is."""
    dataset = queries.data_set(version)
    row = {"centre": centre.ods} | {name: value for name, value in values.items() if name != "centre"}
    if known is not None:
        row = carried_over(known, dataset, row) | row
    checked = queries.check_bytes(
        queries.one_row(row),
        KEYED_NAME,
        version=version,
        centre=centre,
        period=period,
        on=timezone.localdate(),
        without_identifiers=known is not None,
        whole=False,
    )
    kept = {name for name, field in dataset.columns.items() if not field.identifier}
    return checked, queries.one_row({name: value for name, value in row.items() if name in kept})


def _accepted_row(content: bytes, findings: Sequence[Finding], by: Who) -> dict[str, Any]:
    """Keep a row and what was found in it, and return the submission that it is: accepted at once."""
    counts = _counts(findings)
    return {
        "route": Route.KEYED,
        "filename": KEYED_NAME,
        "sha256": store_bytes(content, by=by, media_type="text/csv"),
        "state": SubmissionState.ACCEPTED,
        "received_at": timezone.now(),
        "received_by": by.person_id,
        "findings_sha256": store_bytes(_findings_bytes(findings), by=by, media_type="application/json"),
        "cases": 1,
        "warnings": counts["warning"],
        "notices": counts["notice"],
    }
