"""A centre says of a warning that the value stands, and why."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from plenary.collection import permissions
from plenary.collection.models import Confirmation, Submission
from plenary.collection.queries import confirmations as queries
from plenary.core.actions import record
from plenary.core.permissions import require
from plenary.core.terms import NotFound, Who, free_text


def confirm_warning(*, submission: Submission, key: str, reason: str, by: Who) -> Confirmation:
    """Confirm a warning of a submission with a reason. It holds for the value, in whatever file of the period it comes again."""
    require(permissions.may_submit(by, submission.centre), f"Only people of {submission.centre.key} confirm its warnings.")
    why = free_text(reason, "Say why the value stands.")
    finding = next((one for one in queries.warnings(submission) if one.key == key), None)
    if finding is None:
        raise NotFound("The file has no such warning.")
    with transaction.atomic():
        place: dict[str, Any] = {
            "centre": submission.centre,
            "period_start": submission.period_start,
            "period_end": submission.period_end,
        }
        told = {"case_id": finding.case, "field": finding.field, "rule": finding.rule, "message": finding.message}
        said = {"reason": why, "confirmed_at": timezone.now(), "confirmed_by": by.person_id}
        made, _ = Confirmation.objects.update_or_create(**place, key=key, defaults=told | said)
        detail = {"rule": finding.rule, "field": finding.field, "submission": submission.pk}
        record(by=by, verb="confirm warning", subject=f"confirmation/{made.pk}", detail=detail)
    return made


def withdraw_confirmation(*, confirmation: Confirmation, by: Who) -> None:
    """Take a confirmation back: the warning stands again."""
    centre = confirmation.centre
    require(permissions.may_submit(by, centre), f"Only people of {centre.key} take its confirmations back.")
    with transaction.atomic():
        detail = {"rule": confirmation.rule, "field": confirmation.field, "centre": centre.key}
        record(by=by, verb="withdraw confirmation", subject=f"confirmation/{confirmation.pk}", detail=detail)
        confirmation.delete()
