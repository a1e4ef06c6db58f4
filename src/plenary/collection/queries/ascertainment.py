"""How many cases were expected of each centre and what became of them: numbers for the network, no case."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import replace
from typing import Any

from django.db.models import Count, QuerySet

from plenary.collection import queries
from plenary.collection.models import Ascertainment, CaseVersion
from plenary.collection.terms import HOSPITAL_DATA, Ascertained
from plenary.core.terms import Who
from plenary.registry.models import Centre, Service
from plenary_episodes.answers import estimate
from plenary_episodes.capture import CAUTION

__all__ = ["CAUTION", "answer_of", "answers", "ascertained"]

STATUSES = ("received", "explained", "review", "missing")


def answers(who: Who) -> QuerySet[Ascertainment]:
    """Return what was loaded for the services that ``who`` leads or commissions, the newest first."""
    return Ascertainment.objects.filter(service__in=_followed(who)).select_related("service")


def _followed(who: Who) -> QuerySet[Centre, Any]:
    return Centre.objects.filter(queries.of_followed(who)).values("service")


def answer_of(service: Service, period_start: dt.date, period_end: dt.date) -> Ascertainment | None:
    """Return the answer of hospital data that stands for a service and period. It names no case."""
    return Ascertainment.objects.filter(service=service, period_start=period_start, period_end=period_end).first()


def ascertained(who: Who, service: Service, period_start: dt.date, period_end: dt.date) -> list[Ascertained]:
    """Return the account of each centre that ``who`` may see; for whoever follows the service that of all of them first."""
    seen = Centre.objects.filter(queries.of_own_centres(who) | queries.of_followed(who), service=service).order_by("name", "ods")
    tally: dict[str, Counter[str]] = {}
    for (ods, _), status in queries.status_by_case(service, period_start, period_end).items():
        tally.setdefault(ods, Counter())[status] += 1
    sides = _two_sources(service, period_start, period_end)
    found = [_of(one.ods, one.name, tally.get(one.ods, Counter()), sides.get(one.ods) if sides else None) for one in seen]
    if not Centre.objects.filter(queries.of_followed(who), service=service).exists():
        return found
    everything, both = sum(tally.values(), Counter()), sum(sides.values(), Counter()) if sides else None
    return [_of("", "All centres", everything, both), *found]


def _of(ods: str, name: str, tally: Counter[str], sides: Counter[str] | None) -> Ascertained:
    counts = (tally[status] for status in STATUSES)
    received, explained, review, missing = counts
    made = Ascertained(ods, name, tally.total(), received, explained, review, missing)
    if sides is None:
        return made
    matched, review, missing, alone = (sides[name] for name in ("received", "review", "missing", "series"))
    one = estimate(matched=matched, review=review, missing=missing, series_only=alone)
    found: dict[str, Any] = {"estimate": one.estimate, "lower": one.lower, "upper": one.upper, "why_not": one.why_not}
    return replace(made, series_only=alone, **found)


def _two_sources(service: Service, period_start: dt.date, period_end: dt.date) -> dict[str, Counter[str]] | None:
    """Return what hospital data and the series hold, together and alone, by centre; None before hospital data were loaded.

    An expected case that is explained is no case (or not of this period), so that it counts in neither source. A case of the
    series that hospital data know of at another centre is in both.
    """
    if answer_of(service, period_start, period_end) is None:
        return None
    told = queries.expected_in(period_start, period_end).filter(
        centre__service=service, source=HOSPITAL_DATA, answer__isnull=False
    )
    sides: dict[str, Counter[str]] = {}
    for row in queries.with_received(told).select_related("centre"):
        sides.setdefault(row.centre.ods, Counter())[queries.status_of(row)] += 1
    known = told.filter(queries.SAME).values("linked")
    alone = CaseVersion.objects.filter(
        current=True, case__centre__service=service, case__index_on__gte=period_start, case__index_on__lt=period_end
    ).exclude(case__in=known)
    for ods, number in alone.order_by().values_list("case__centre__ods").annotate(number=Count("pk")):
        sides.setdefault(ods, Counter())["series"] += number
    return sides
