"""Queries of the network to its centres: who may read them, which wait for whom, which are late."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db.models import Count, Q, QuerySet

from plenary.collection.models import DataQuery, QueryMessage
from plenary.collection.queries import of_followed, of_own_centres
from plenary.collection.terms import QueryState
from plenary.core.queries import people
from plenary.core.terms import Who
from plenary.registry.models import Centre, Service


def visible_to(who: Who) -> QuerySet[DataQuery]:
    """Return the queries to the own centres and those of the networks that ``who`` leads or commissions, by due date."""
    mine = of_own_centres(who, "centre__") | of_followed(who, "centre__")
    return DataQuery.objects.filter(mine).select_related("centre__service").order_by("due_on", "id")


def unanswered(centre: Centre, period_start: dt.date, period_end: dt.date) -> QuerySet[DataQuery]:
    """Return the queries to a centre about a period that wait for its answer."""
    return DataQuery.objects.filter(centre=centre, period_start=period_start, period_end=period_end, state=QueryState.OPEN)


def counts(service: Service, period_start: dt.date, period_end: dt.date, on: dt.date) -> dict[int, tuple[int, int]]:
    """Return (unanswered, of these late) for each centre (key) of a service and period that was asked anything."""
    rows = DataQuery.objects.filter(
        centre__service=service, period_start=period_start, period_end=period_end, state=QueryState.OPEN
    )
    told = rows.order_by().values("centre").annotate(number=Count("pk"), late=Count("pk", filter=Q(due_on__lt=on)))
    return {row["centre"]: (row["number"], row["late"]) for row in told}


def waiting(who: Who) -> QuerySet[DataQuery]:
    """Return what waits for ``who``: unanswered queries to own centres, answers to be closed of the networks one leads."""
    mine = of_own_centres(who, "centre__") & Q(state=QueryState.OPEN)
    followed = of_followed(who, "centre__") & Q(state=QueryState.ANSWERED)
    return DataQuery.objects.filter(mine | followed).select_related("centre__service").order_by("due_on", "id")


def thread(query: DataQuery) -> list[tuple[QueryMessage, str]]:
    """Return what was said, the question first, each with the name of who said it."""
    said = list(query.messages.all())
    known = names(one.said_by for one in said)
    return [(one, known.get(one.said_by or 0, "")) for one in said]


def first_words(queries: Iterable[DataQuery]) -> dict[int, str]:
    """Return the question of each query."""
    rows = QueryMessage.objects.filter(query__in=[one.pk for one in queries]).order_by("-said_at", "-id")
    return dict(rows.values_list("query", "text"))


def names(ids: Iterable[int | None]) -> dict[int, str]:
    """Return people's names by their keys."""
    return dict(people().filter(pk__in={one for one in ids if one is not None}).values_list("pk", "name"))
