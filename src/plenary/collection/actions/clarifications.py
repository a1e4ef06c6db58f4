"""The network asks a centre about its cases, and the centre answers: a thread with a date, seen by the two alone."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from plenary.collection import permissions
from plenary.collection.models import DataQuery, QueryMessage
from plenary.collection.terms import QueryState, require_period
from plenary.core.actions import record
from plenary.core.permissions import require
from plenary.core.queries import today
from plenary.core.terms import NotFound, NotPossible, Who, free_text
from plenary.registry.models import Centre


def ask_query(
    *,
    centre: Centre,
    period_start: dt.date,
    period_end: dt.date,
    text: str,
    due_on: dt.date,
    by: Who,
    case_id: str = "",
    field: str = "",
) -> DataQuery:
    """Ask a centre about its cases of a period, or about one of them. Who asks need not see any, and sees none by asking."""
    require(permissions.may_ask(by, centre), "Only the network lead of the service and the commissioner ask its centres.")
    require_period(period_start, period_end)
    if due_on < today():
        raise NotPossible("Give the centre time: the date to answer by lies in the past.")
    with transaction.atomic():
        made = DataQuery.objects.create(
            centre=centre,
            period_start=period_start,
            period_end=period_end,
            case_id=case_id.strip(),
            field=field.strip(),
            due_on=due_on,
            asked_at=timezone.now(),
            asked_by=by.person_id,
        )
        _say(made, free_text(text, "Say what you want to know."), by, of_centre=False)
        record(by=by, verb="ask query", subject=_subject(made), detail={"centre": centre.key, "due_on": due_on})
    return made


def say_in_query(*, query: DataQuery, text: str, by: Who) -> QueryMessage:
    """Answer a query as its centre, or ask again as the network: it waits for the other side then."""
    of_centre = permissions.may_submit(by, query.centre)
    require(of_centre or permissions.may_ask(by, query.centre), "Only the centre that was asked and the network speak here.")
    with transaction.atomic():
        current = _locked(query)
        if current.state == QueryState.CLOSED:
            raise NotPossible("This query is closed. Ask a new one.")
        said = free_text(text, "The message is empty.")
        current.state = QueryState.ANSWERED if of_centre else QueryState.OPEN
        current.save(update_fields=["state"])
        made = _say(current, said, by, of_centre=of_centre)
        verb = "answer query" if of_centre else "ask again"
        record(by=by, verb=verb, subject=_subject(current), detail={"message": made.pk})
    return made


def close_query(*, query: DataQuery, by: Who) -> DataQuery:
    """Say that a query is dealt with, answered or not. Closed twice is closed once."""
    require(permissions.may_ask(by, query.centre), "Only the network lead of the service and the commissioner close a query.")
    with transaction.atomic():
        current = _locked(query)
        if current.state != QueryState.CLOSED:
            was, current.state = current.state, QueryState.CLOSED
            current.save(update_fields=["state"])
            record(by=by, verb="close query", subject=_subject(current), detail={"was": was})
    return current


def _say(query: DataQuery, text: str, by: Who, *, of_centre: bool) -> QueryMessage:
    return QueryMessage.objects.create(query=query, of_centre=of_centre, text=text, said_at=timezone.now(), said_by=by.person_id)


def _locked(query: DataQuery) -> DataQuery:
    found = DataQuery.objects.select_for_update(of=("self",)).select_related("centre__service").filter(pk=query.pk).first()
    if found is None:
        raise NotFound("There is no such query.")
    return found


def _subject(query: DataQuery) -> str:
    return f"query/{query.pk}"
