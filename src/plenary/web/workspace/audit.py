"""What happened: the append-only chain of events, and whether it is whole. And ticking off what one was asked to do."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from plenary.core import actions, queries
from plenary.core.terms import NotFound
from plenary.web.design.fields import FilterForm, SplitDateField
from plenary.web.design.formats import moment, number, plural
from plenary.web.design.tables import Cell, Column
from plenary.web.routes import who
from plenary.web.workspace.pages import home, list_page

SECTION = "What happened"
MOST = 5000
"""How many events are listed or downloaded at once, the newest first: narrow the filter for older ones."""


class EventFilter(FilterForm):
    """What narrows the events."""

    who_name = forms.CharField(label="Who", max_length=200)
    verb = forms.ChoiceField(label="What")
    subject = forms.CharField(label="About", max_length=300)
    from_day = SplitDateField(label="From")

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        verbs = queries.events().order_by("verb").values_list("verb", flat=True).distinct()
        self.fields["verb"].choices = [("", "All"), *((verb, verb) for verb in verbs)]  # type: ignore[attr-defined]

    def keep(self, found: Any) -> Any:
        """Return the events that the filter leaves."""
        names = {
            "who_name": "who_name__icontains",
            "verb": "verb",
            "subject": "subject__icontains",
            "from_day": "occurred_at__date__gte",
        }
        return found.filter(**{names[name]: value for name, value in self.chosen().items()})


def audit(request: HttpRequest, *, as_file: bool = False) -> HttpResponse:
    """Show the events, newest first."""
    form = EventFilter(request.GET)
    found = form.keep(queries.events()).order_by("-sequence")[:MOST]
    return list_page(
        request,
        title=SECTION,
        section=SECTION,
        crumbs=[*home(), ("People", reverse("people"))],
        columns=(Column("Number", numeric=True), "When", "Who", "What", "About", "Detail"),
        rows=[_event_row(one) for one in found],
        intro=[f"Each event holds the hash of the one before it. The newest {number(MOST)} that fit the filter are listed."],
        filter=form,
        file="events.csv",
        as_file=as_file,
        download=reverse("audit_file"),
        template="workspace/audit.jinja",
        empty=("Nothing happened yet.", None, None),
    )


def _event_row(one: Any) -> tuple[Cell, ...]:
    return (
        str(one.sequence),
        moment(one.occurred_at),
        one.who_name,
        one.verb,
        one.subject,
        one.detail if one.detail != "{}" else "",
    )


@require_POST
def verify(request: HttpRequest) -> HttpResponse:
    """Recompute the whole chain and say whether it is whole."""
    report = queries.verify_chain()
    if report.whole:
        messages.success(request, f"The chain is whole: {plural(report.events, 'event')}. It ends with {report.head}.")
    else:
        messages.error(request, f"The chain is broken at event {report.broken_at}: {report.reason}.")
    return redirect("audit")


@require_POST
def done(request: HttpRequest, number: int) -> HttpResponse:
    """Tick off something that one was asked to do."""
    asking = who(request)
    todo = queries.inbox(asking).filter(pk=number).first()
    if todo is None:
        raise NotFound("This is not asked of you, or it is done already.")
    actions.complete_action(todo=todo, by=asking)
    messages.success(request, f"Done: {todo.what}")
    return redirect("workspace")
