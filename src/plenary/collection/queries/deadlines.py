"""Deadlines of collection: by when a period is signed off, how far each centre has come, and what reminders are due."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.db.models import Q, QuerySet

from plenary.collection.models import CaseSeries, Deadline, NoReminders, ReminderSent
from plenary.collection.queries import clarifications, of_followed, periods, progress
from plenary.collection.queries.across import standing_pairs
from plenary.collection.queries.policies import CollectionRules, collection_rules
from plenary.collection.terms import Progress, SeriesState, SharedState
from plenary.core.terms import Who
from plenary.registry import queries as registry
from plenary.registry.models import Centre, Service

STAGES: Final = ("Nothing sent", "Sent", "Accepted", "All explained", "Signed off")
"""How far a centre has come, in order."""


@dataclass(frozen=True)
class Standing:
    """One centre on the way to a deadline: numbers and states, no case."""

    progress: Progress
    stage: int
    queries: int
    late: int
    shared: int

    @property
    def words(self) -> str:
        return STAGES[self.stage]


def due_on(service: Service, period_start: dt.date, period_end: dt.date) -> dt.date | None:
    """Return by when a period is to be signed off: as the network lead set it, else as the policy says, else None."""
    found = Deadline.objects.filter(service=service, period_start=period_start, period_end=period_end).first()
    if found is not None:
        return found.due_on
    days = collection_rules(period_end).deadline_days
    return period_end + dt.timedelta(days=days) if days else None


def standings(who: Who, service: Service, period_start: dt.date, period_end: dt.date, on: dt.date) -> list[Standing]:
    """Return how far each centre that ``who`` follows has come on a day."""
    asked = clarifications.counts(service, period_start, period_end, on)
    shared = _unsettled(service, period_start, period_end)
    keys = {f"{service.slug}/{ods}": pk for pk, ods in Centre.objects.filter(service=service).values_list("pk", "ods")}
    return [
        Standing(one, stage_of(one), *asked.get(keys[one.centre], (0, 0)), shared[keys[one.centre]])
        for one in progress(who, service, period_start, period_end)
    ]


def stage_of(one: Progress) -> int:
    """Return how far a centre has come, as a place in ``STAGES``."""
    if one.series == SeriesState.SIGNED_OFF:
        return 4
    accepted = one.submission in {"accepted", "superseded"} or (one.cases > 0 and one.submission not in {"received", "checked"})
    if accepted:
        return 2 if one.missing else 3
    return 1 if one.submission in {"received", "checked"} or one.cases else 0


def _unsettled(service: Service, start: dt.date, end: dt.date) -> Counter[int]:
    rows = standing_pairs().filter(first__centre__service=service).exclude(state=SharedState.AGREED)
    found: Counter[int] = Counter()
    for first, first_on, second, second_on in rows.values_list(
        "first__centre", "first__index_on", "second__centre", "second__index_on"
    ):
        found.update(place for place, on in ((first, first_on), (second, second_on)) if start <= on < end)
    return found


# -- reminders


def stage_on(due: dt.date, on: dt.date, rules: CollectionRules) -> str:
    """Return the stage that is due on a day: ``before-7``, ``after-1``; an empty text where none is yet, or the policy has none.

    A day on which nothing was sent is made good on the next: the stage stands until the one that follows it.
    """
    left = (due - on).days
    if left >= 0:
        reached = [days for days in rules.before if days >= left]
        return f"before-{min(reached)}" if reached else ""
    reached = [days for days in rules.after if days <= -left]
    return f"after-{max(reached)}" if reached else ""


def is_mandatory(stage: str, rules: CollectionRules) -> bool:
    """Whether a reminder of a stage goes to those too who asked for no early ones."""
    when, _, days = stage.partition("-")
    return when != "before" or int(days) <= rules.mandatory_before


def running(service: Service) -> list[tuple[dt.date, dt.date]]:
    """Return the periods of a service that reminders are about: those on which it works."""
    return sorted(periods([service.slug]))


def unfinished(service: Service, period_start: dt.date, period_end: dt.date) -> list[Centre]:
    """Return the centres designated in a period that have not signed it off. It asks nobody's permission: the reminders do."""
    standing = registry.designated_during(period_start, period_end).values("centre")
    signed = CaseSeries.objects.filter(
        state=SeriesState.SIGNED_OFF, period_start__lte=period_start, period_end__gte=period_end
    ).values("centre")
    found = Centre.objects.filter(service=service, pk__in=standing).exclude(pk__in=signed)
    return list(found.select_related("service").order_by("name", "ods"))


def wants_no_early(people: Iterable[int]) -> set[int]:
    """Return those of some people (keys) who asked for no early reminders."""
    return set(NoReminders.objects.filter(person__in=list(people)).values_list("person", flat=True))


def reminders(who: Who) -> QuerySet[ReminderSent]:
    """Return what was sent about the centres of the networks that ``who`` leads or commissions, and to ``who``; newest first."""
    mine = Q(person=who.person_id) if who.person_id is not None else Q(pk__in=())
    rows = ReminderSent.objects.filter(of_followed(who, "centre__") | mine)
    return rows.select_related("centre__service").order_by("-sent_at", "-id")
