"""Cases are read: reading them is an event."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from plenary.collection import permissions, queries
from plenary.collection.actions.intake import _subject
from plenary.collection.models import CaseVersion, Submission
from plenary.collection.terms import Difference
from plenary.core.actions import record_read
from plenary.core.permissions import require
from plenary.core.terms import Who
from plenary.registry.models import Centre


def open_cases(*, centre: Centre, period_start: dt.date, period_end: dt.date, why: str, by: Who) -> list[CaseVersion]:
    """Return the current cases of a centre and period with what was reported of them, and record that they were read."""
    require(permissions.may_see_cases(by, centre), f"Only people of {centre.key} see its cases.")
    with transaction.atomic():
        rows = queries.current_versions(by).filter(
            case__centre=centre, case__index_on__gte=period_start, case__index_on__lt=period_end
        )
        found = list(rows)
        record_read(by=by, subject=f"cases/{centre.key}", why=why, detail={"period_start": period_start, "cases": len(found)})
    return found


def open_differences(*, old: Submission, new: Submission, why: str, by: Who) -> list[Difference]:
    """Return what changed between two submissions of an own centre, and record that it was read."""
    for submission in (old, new):
        require(permissions.may_see_cases(by, submission.centre), f"Only people of {submission.centre.key} see its cases.")
    with transaction.atomic():
        found = queries.differences(by, old, new)
        record_read(by=by, subject=_subject(new), why=why, detail={"compared_with": old.pk, "differences": len(found)})
    return found
