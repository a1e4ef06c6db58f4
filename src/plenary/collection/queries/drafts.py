"""How long unfinished cases are kept, and which of them are to be told of or cleared on a day. It opens none of them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from django.db.models import QuerySet
from django.utils import timezone

from plenary.collection.models import CaseDraft
from plenary.core.queries import policy
from plenary.core.terms import NotFound

POLICY: Final = "drafts"


@dataclass(frozen=True)
class DraftRules:
    """One version of the policy ``drafts``, read."""

    version: str
    keep_days: int
    warn_days: int


def draft_rules(on: dt.date) -> DraftRules | None:
    """Return the rules in force on a day; None where there are none: nothing is cleared then."""
    try:
        found = policy(POLICY, on)
    except NotFound:
        return None
    return DraftRules(found.version, int(found.body["keep_days"]), int(found.body["warn_days"]))


def kept_until(saved_at: dt.datetime, told_at: dt.datetime | None, rules: DraftRules) -> dt.date:
    """Return the first day on which a draft may be cleared: never before its owner had the time that the rules give."""
    last = timezone.localdate(saved_at) + dt.timedelta(days=rules.keep_days)
    if told_at is None:
        return last
    return max(last, timezone.localdate(told_at) + dt.timedelta(days=rules.warn_days))


def to_tell(on: dt.date, rules: DraftRules) -> QuerySet[CaseDraft]:
    """Return the drafts whose owners are to be told on a day, and were not told since they were last saved."""
    saved = on - dt.timedelta(days=max(0, rules.keep_days - rules.warn_days))
    rows = CaseDraft.objects.filter(told_at=None, saved_at__date__lte=saved).select_related("centre__service")
    return rows.order_by("owner", "centre", "period_start", "id")


def to_clear(on: dt.date, rules: DraftRules) -> QuerySet[CaseDraft]:
    """Return the drafts that are old enough, and whose owners were told long enough ago."""
    saved, told = on - dt.timedelta(days=rules.keep_days), on - dt.timedelta(days=rules.warn_days)
    return CaseDraft.objects.filter(told_at__date__lte=told, saved_at__date__lte=saved).order_by("id")
