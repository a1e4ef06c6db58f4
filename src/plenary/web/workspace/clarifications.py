"""Queries between the network and its centres: a list with what is late, asking, the thread, closing."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from plenary.collection import permissions
from plenary.collection.actions import clarifications as actions
from plenary.collection.queries import clarifications as queries
from plenary.collection.terms import QueryState
from plenary.core.permissions import CentreDataManager, CentreLead, NationalCommissioner, NetworkLead
from plenary.core.queries import today
from plenary.core.terms import NotFound, Who
from plenary.registry import queries as registry
from plenary.web.design.fields import FilterForm, SplitDateField
from plenary.web.design.formats import day, moment, plural
from plenary.web.design.tables import Cell, Link, Several, Tag, table
from plenary.web.routes import Permission, Scope, only, who
from plenary.web.workspace.collection import followed_services
from plenary.web.workspace.pages import REFUSALS, Crumbs, attempt, collecting, form_page, list_page, posted
from plenary.web.workspace.periods import Period, offer_periods, read_period

SECTION = "Queries"
STATES = {
    QueryState.OPEN: Tag("Not answered", "yellow"),
    QueryState.ANSWERED: Tag("Answered", "blue"),
    QueryState.CLOSED: Tag("Closed", "grey"),
}
SHORT = 80


class QueryFilter(FilterForm):
    """What narrows the queries."""

    state = forms.ChoiceField(
        label="State",
        choices=[("", "All"), ("late", "Late"), *((key.value, tag.text) for key, tag in STATES.items())],
    )
    service = forms.ChoiceField(label="Service")
    text = forms.CharField(label="Centre or words", max_length=100)

    def __init__(self, data: Any, services: Any) -> None:
        super().__init__(data)
        self.fields["service"].choices = [("", "All"), *((one.slug, one.name) for one in services)]  # type: ignore[attr-defined]

    def keep(self, found: list[Any], words: dict[int, str]) -> list[Any]:
        """Return the queries that the filter leaves."""
        chosen, on = self.chosen(), today()
        wanted, state = chosen.get("text", "").casefold(), chosen.get("state", "")
        return [
            one
            for one in found
            if (state in {"", one.state} or (state == "late" and is_late(one, on)))
            and chosen.get("service", one.centre.service.slug) == one.centre.service.slug
            and wanted in f"{one.centre.name} {one.centre.ods} {words.get(one.pk, '')}".casefold()
        ]


def is_late(one: Any, on: Any) -> bool:
    """Whether the centre's answer is due and has not come."""
    return bool(one.state == QueryState.OPEN and one.due_on < on)


def all_queries(request: HttpRequest, *, as_file: bool = False) -> HttpResponse:
    """Show the queries to one's centres, or of one's networks, those due first at the top."""
    asking = who(request)
    found = list(queries.visible_to(asking))
    words = queries.first_words(found)
    form = QueryFilter(request.GET, followed_services(asking))
    asks = bool(_asked(asking))
    return list_page(
        request,
        title="Queries",
        section=SECTION,
        crumbs=collecting(),
        columns=("Query", "Centre", "Service", "Period", "Answer by", "State"),
        rows=[_row(one, words.get(one.pk, ""), whole=as_file) for one in form.keep(found, words)],
        intro=["Questions of the network to a centre about its cases. The network sees no case by asking."],
        links=[("Ask a centre", reverse("ask_query"))] if asks else [],
        filter=form,
        file="queries.csv",
        as_file=as_file,
        download=reverse("data_queries_file"),
        empty=("Nothing was asked.", "Ask a centre", reverse("ask_query"))
        if asks
        else ("Nothing is asked of your centres.", None, None),
    )


def _row(one: Any, text: str, *, whole: bool) -> tuple[Cell, ...]:
    shown = text if whole or len(text) <= SHORT else f"{text[:SHORT].rstrip()} …"
    link = Link(shown or "Query", reverse("data_query", args=[one.pk]), hidden=f"number {one.pk}")
    period = Period(one.period_start, one.period_end).words
    return link, f"{one.centre.name} ({one.centre.ods})", one.centre.service.name, period, day(one.due_on), state_of(one)


def state_of(one: Any) -> Cell:
    """Return how a query stands, and whether its answer is late."""
    tag = STATES[QueryState(one.state)]
    return Several((tag, Tag("Late", "red"))) if is_late(one, today()) else tag


# -- asking


def _asked(asking: Who) -> list[Any]:
    """Return the services whose centres a person may ask."""
    return [one for one in followed_services(asking) if permissions.may_set_deadline(asking, one)]


class AskForm(forms.Form):
    """A question to a centre of the service that was chosen."""

    centre = forms.ChoiceField(label="Centre", error_messages={"required": "Choose a centre"})
    period = forms.ChoiceField(label="Period")
    text = forms.CharField(
        label="What do you want to know?", max_length=4000, widget=forms.Textarea,
        help_text="Name no patient. The centre's people read it, with your name.",
        error_messages={"required": "Say what you want to know"},
    )  # fmt: skip
    field = forms.CharField(label="About which field of the data set?", max_length=100, required=False)
    case_id = forms.CharField(
        label="About which case?",
        max_length=200,
        required=False,
        help_text="The centre's own case identifier, if it gave you one",
    )
    due_on = SplitDateField(label="Answer by", error_messages={"required": "Give the date to answer by"})

    def __init__(self, data: Any, services: Any, asked: dict[str, str]) -> None:
        super().__init__(data, initial={"centre": asked.get("centre", "")})
        self.centres = {one.key: one for service in services for one in registry.centres(service.slug)}
        offered = [(key, f"{one.service.name}: {one.name} ({one.ods})") for key, one in self.centres.items()]
        self.fields["centre"].choices = [("", "Choose a centre"), *offered]  # type: ignore[attr-defined]
        offer_periods(self.fields["period"], services, asked.get("period", ""))


def ask(request: HttpRequest) -> HttpResponse:
    """Ask a centre of one's network."""
    asking = who(request)
    form = AskForm(posted(request), _asked(asking), {key: str(value) for key, value in request.GET.items()})
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        period = read_period(values.pop("period"))
        centre = form.centres[values.pop("centre")]
        said = values | {"centre": centre, "period_start": period.start, "period_end": period.end}
        made = attempt(form, lambda: actions.ask_query(**said, by=asking), also=REFUSALS)
        if made is not None:
            messages.success(request, f"{centre.name} is asked. The answer is due by {day(made.due_on)}.")
            return redirect("data_query", made.pk)
    return form_page(
        request, form, title="Ask a centre", section=SECTION, crumbs=_crumbs(), submit="Ask",
        intro=["You see no case by asking. The centre answers in the same thread."],
    )  # fmt: skip


def _crumbs() -> Crumbs:
    return [*collecting(), (SECTION, reverse("data_queries"))]


# -- one query


def _one(asking: Who, number: int) -> Any:
    found = queries.visible_to(asking).filter(pk=number).first()
    if found is None:
        raise NotFound("There is no such query.")
    return found


def scope_of(asking: Who, *, number: int) -> Scope:
    """Return the centre of a query that the person may read; for everybody else there is none."""
    centre = _one(asking, number).centre
    return Scope(centre.service.slug, centre.key)


PARTIES: Permission = only(CentreDataManager, CentreLead, NetworkLead, NationalCommissioner, scope=scope_of, about="centre")
ASKERS: Permission = only(NetworkLead, NationalCommissioner, scope=scope_of, about="centre")


class MessageForm(forms.Form):
    """The next thing said."""

    text = forms.CharField(
        label="Your message", max_length=4000, widget=forms.Textarea, help_text="Name no patient.",
        error_messages={"required": "Write your message"},
    )  # fmt: skip


def query(request: HttpRequest, number: int) -> HttpResponse:
    """Show what was asked and said, and take the next message."""
    asking = who(request)
    one, form = _one(asking, number), MessageForm(posted(request))
    if request.method == "POST" and form.is_valid():
        text = form.cleaned_data["text"]
        if attempt(form, lambda: actions.say_in_query(query=one, text=text, by=asking), also=REFUSALS) is not None:
            messages.success(request, "It is kept in the thread.")
            return redirect("data_query", one.pk)
    said = queries.thread(one)
    own = permissions.may_submit(asking, one.centre)
    period = Period(one.period_start, one.period_end)
    return form_page(
        request,
        form,
        title=f"Query {one.pk} to {one.centre.name}",
        section=SECTION,
        crumbs=_crumbs(),
        template="workspace/data_query.jinja",
        query=one,
        is_open=one.state != QueryState.CLOSED,
        may_close=one.state != QueryState.CLOSED and permissions.may_ask(asking, one.centre),
        submit="Answer" if own else "Ask again",
        facts=[
            ("Service", one.centre.service.name),
            ("Period", period.words),
            ("Case", one.case_id),
            ("Field", one.field),
            ("Answer by", day(one.due_on)),
            ("State", state_of(one)),
        ],
        thread=table(
            plural(len(said), "message"),
            ("Said", "By", "Message"),
            [(moment(each.said_at), _by(one, each, name), each.text)
             for each, name in said],
        ),
    )  # fmt: skip


def _by(one: Any, said: Any, name: str) -> str:
    """Return who said something, and for which side."""
    side = str(one.centre.name) if said.of_centre else "the network"
    return f"{name}, {side}" if name else side[:1].upper() + side[1:]


@require_POST
def close(request: HttpRequest, number: int) -> HttpResponse:
    """Say that a query is dealt with."""
    one = _one(who(request), number)
    actions.close_query(query=one, by=who(request))
    messages.success(request, "The query is closed.")
    return redirect("data_query", one.pk)
