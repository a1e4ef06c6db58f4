"""Warnings that a centre confirmed, and those that wait for it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable

from django.db.models import QuerySet

from plenary.collection.models import Confirmation, Submission
from plenary.collection.queries.policies import ACCEPTANCE, collection_rules
from plenary.collection.terms import Route, SubmissionState
from plenary.core.permissions import CentreDataManager, CentreLead, NationalCommissioner, NetworkLead, holds
from plenary.core.queries import erased_on, stored_bytes, today
from plenary.core.terms import Who
from plenary.registry.models import Centre, Service
from plenary_stats.ingest import Finding


def warnings(submission: Submission) -> list[Finding]:
    """Return the warnings of a submission that can be confirmed. It asks nobody's permission: actions do."""
    if not submission.findings_sha256 or erased_on(submission.findings_sha256):
        return []
    found = [Finding(**row) for row in json.loads(stored_bytes(submission.findings_sha256))]
    return [one for one in found if one.severity == "warning" and one.key]


def confirmed(submission: Submission) -> dict[str, Confirmation]:
    """Return what the centre confirmed for the period of a submission, by the warning's key."""
    rows = Confirmation.objects.filter(
        centre=submission.centre, period_start=submission.period_start, period_end=submission.period_end
    )
    return {one.key: one for one in rows}


def left_before_acceptance(submission: Submission, findings: Iterable[Finding]) -> int:
    """Return how many warnings of a file must still be confirmed before it is accepted: none where the policy demands none."""
    if collection_rules(today()).confirming(submission.centre.service.slug) != ACCEPTANCE:
        return 0
    known = confirmed(submission)
    return sum(one.severity == "warning" and bool(one.key) and one.key not in known for one in findings)


def unconfirmed(centre: Centre, period_start: dt.date, period_end: dt.date) -> int:
    """Return how many warnings of what is accepted for a centre and period are not confirmed."""
    place = {"centre": centre, "period_start": period_start, "period_end": period_end}
    known = set(Confirmation.objects.filter(**place).values_list("key", flat=True))
    accepted = Submission.objects.filter(**place, state=SubmissionState.ACCEPTED, warnings__gt=0)
    return len({one.key for sent in _standing(accepted) for one in warnings(sent)} - known)


def _standing(accepted: Iterable[Submission]) -> list[Submission]:
    """Leave out keyed cases of which nothing stands any more: sent again, in a file or on screen."""
    return [one for one in accepted if one.route == Route.FILE or one.versions.filter(current=True).exists()]


def confirmations(service: Service, period_start: dt.date, period_end: dt.date) -> QuerySet[Confirmation]:
    """Return what the centres of a service confirmed for a period, with their reasons."""
    rows = Confirmation.objects.filter(centre__service=service, period_start=period_start, period_end=period_end)
    return rows.select_related("centre__service").order_by("centre__name", "centre__ods", "rule", "field", "id")


def visible_to(who: Who, service: Service, period_start: dt.date, period_end: dt.date) -> list[tuple[Confirmation, bool]]:
    """Return the confirmations that ``who`` may read, each with whether its case may be shown: to its own centre alone."""
    follows = holds(who, NetworkLead, NationalCommissioner, service=service.slug)
    found = []
    for one in confirmations(service, period_start, period_end):
        own = holds(who, CentreDataManager, CentreLead, centre=one.centre.key)
        if own or follows:
            found.append((one, own))
    return found
