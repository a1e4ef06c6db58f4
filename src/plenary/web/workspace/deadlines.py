"""The way to a deadline: which centre has sent, accepted, explained and signed, what is asked of it, and how long there is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST
from markupsafe import Markup

from plenary.collection import permissions
from plenary.collection.actions import reminders as actions
from plenary.collection.queries import deadlines as queries
from plenary.core.permissions import CentreDataManager, CentreLead, holds
from plenary.core.queries import people, today
from plenary.core.terms import Who
from plenary.registry import queries as registry
from plenary.web.design.fields import SplitDateField
from plenary.web.design.formats import day, moment, number, plural
from plenary.web.design.tables import Cell, Column, Link, Several, Tag
from plenary.web.routes import who
from plenary.web.workspace.collection import ProgressFilter, followed_services
from plenary.web.workspace.pages import REFUSALS, Crumbs, attempt, collecting, form_page, list_page, posted
from plenary.web.workspace.periods import Period, read_period
from plenary_stats import charts

SECTION = "Deadlines"
DONE, NOT = Tag("Yes", "green"), Tag("No", "grey")


class DeadlineFilter(ProgressFilter):
    """Which service and period, and how far the centres have come."""

    stage = forms.ChoiceField(
        label="Stage", choices=[("", "All"), *((str(place), words) for place, words in enumerate(queries.STAGES))]
    )

    def __init__(self, data: Any, services: Sequence[Any]) -> None:
        super().__init__(data, services)
        self.stage_chosen = data.get("stage", "") if data.get("stage", "") in set("01234") else ""
        self.data = {**self.data, "stage": self.stage_chosen}

    @property
    def narrowed(self) -> bool:
        return bool(self.stage_chosen)


def all_deadlines(request: HttpRequest, *, as_file: bool = False) -> HttpResponse:
    """Show how far each centre has come, and how many days are left."""
    asking, on = who(request), today()
    form = DeadlineFilter(request.GET, followed_services(asking))
    chosen, period = form.chosen_service, form.chosen_period
    found = queries.standings(asking, chosen, period.start, period.end, on) if chosen else []
    due = queries.due_on(chosen, period.start, period.end) if chosen else None
    return list_page(
        request,
        title="Deadlines",
        section=SECTION,
        crumbs=collecting(),
        columns=(
            "Centre", "Sent", "Checked", "Accepted", "Explained", "Signed off", Column("Queries", numeric=True),
            Column("Patients of two centres", numeric=True), Column("Days left", numeric=True),
        ),
        rows=[_row(asking, one, period, due, on) for one in found if form.stage_chosen in {"", str(one.stage)}],
        intro=[_intro(chosen, period, due, on)],
        links=_links(asking, chosen, period),
        filter=form,
        file="deadlines.csv",
        as_file=as_file,
        download=reverse("deadlines_file"),
        template="workspace/deadlines.jinja",
        chart=drawn(found, chosen, period) if found else Markup(),
        empty=("No centre of this service is yours to see.", "Ask the administrator to appoint you.", None),
    )  # fmt: skip


def _intro(service: Any, period: Period, due: Any, on: Any) -> str:
    if service is None:
        return "How far the centres of your networks have come."
    if due is None:
        return f"{service.name}, {period.words}: no deadline is set."
    left = (due - on).days
    said = "today" if not left else f"in {plural(left, 'day')}" if left > 0 else f"{plural(-left, 'day')} ago"
    return f"{service.name}, {period.words}: to be signed off by {day(due)}, {said}."


def _links(asking: Who, service: Any, period: Period) -> list[tuple[str, str]]:
    links = [
        ("Queries", reverse("data_queries")),
        ("Patients of two centres", reverse("shared_patients")),
        ("Confirmed warnings", reverse("confirmations")),
        ("Reminders that were sent", reverse("reminders")),
    ]
    if service is not None and permissions.may_set_deadline(asking, service):
        return [("Set the deadline", reverse("set_deadline", args=[service.slug, period.key])), *links]
    return links


def _row(asking: Who, one: queries.Standing, period: Period, due: Any, on: Any) -> tuple[Cell, ...]:
    stands, (slug, _, ods) = one.progress, one.progress.centre.partition("/")
    name = f"{stands.centre_name} ({ods})"
    own = holds(asking, CentreDataManager, CentreLead, centre=stands.centre)
    checked: Cell = DONE if one.stage >= 2 or (stands.submission == "checked" and not stands.blocking) else NOT
    if stands.submission == "checked" and stands.blocking:
        checked = Tag(f"{plural(stands.blocking, 'finding')} to mend", "red")
    explained: Cell = (
        Tag(f"{plural(stands.missing, 'case')} missing", "red") if stands.missing else DONE if one.stage >= 3 else NOT
    )
    asked: Cell = Several((number(one.queries), Tag(f"{one.late} late", "red"))) if one.late else number(one.queries)
    return (
        Link(name, reverse("series", args=[slug, ods, period.key])) if own else name,
        DONE if one.stage >= 1 else NOT,
        checked,
        DONE if one.stage >= 2 else NOT,
        explained,
        DONE if one.stage == 4 else NOT,
        asked,
        number(one.shared),
        _left(one, due, on),
    )


def _left(one: queries.Standing, due: Any, on: Any) -> Cell:
    if one.stage == 4 or due is None:
        return ""
    left = (due - on).days
    return Tag(f"{plural(-left, 'day')} late", "red") if left < 0 else number(left)


def drawn(found: Sequence[queries.Standing], service: Any, period: Period) -> Markup:
    """Draw how many centres have come how far, as one bar; what it shows is said in words beside it."""
    counts = Counter(one.stage for one in found)
    told = [f"{words.lower()}: {counts[place]}" for place, words in enumerate(queries.STAGES)]
    headline = f"{counts[4]} of {plural(len(found), 'centre')} signed off"
    svg = charts.stacked(
        [charts.Stack("Centres", [counts[place] / len(found) for place in range(len(queries.STAGES))], float(len(found)))],
        levels=queries.STAGES,
        prefix="deadline",
        headline=headline,
        description=f"{service.name}, {period.words}. {headline}. Centres by stage: {'; '.join(told)}.",
    )
    return Markup(svg)  # noqa: S704 - our own SVG: its texts are escaped where it is drawn


class DeadlineForm(forms.Form):
    """The last day."""

    due_on = SplitDateField(label="To be signed off by", error_messages={"required": "Give the last day"})


def _crumbs() -> Crumbs:
    return [*collecting(), (SECTION, reverse("deadlines"))]


def set_deadline(request: HttpRequest, service: str, period: str) -> HttpResponse:
    """Set by when the centres of a service sign a period off."""
    found, within = registry.service(service), read_period(period)
    known = queries.due_on(found, within.start, within.end)
    form = DeadlineForm(posted(request), initial={"due_on": known})
    if request.method == "POST" and form.is_valid():
        place: dict[str, Any] = {"service": found, "period_start": within.start, "period_end": within.end}
        due = form.cleaned_data["due_on"]
        if attempt(form, lambda: actions.set_deadline(**place, due_on=due, by=who(request)), also=REFUSALS) is not None:
            messages.success(request, f"The deadline is {day(due)}. Reminders go out before it.")
            return redirect(f"{reverse('deadlines')}?service={service}&period={period}")
    return form_page(
        request, form, title="Set the deadline", section=SECTION, crumbs=_crumbs(),
        intro=[f"{found.name}, {within.words}. The people of each centre that has not signed off are reminded by e-mail."],
        submit="Set it",
    )  # fmt: skip


def reminders(request: HttpRequest, *, as_file: bool = False) -> HttpResponse:
    """Show which reminders went out: of one's networks, and to oneself."""
    asking = who(request)
    found = list(queries.reminders(asking))
    names = dict(people().filter(pk__in={one.person for one in found}).values_list("pk", "name"))
    declined = asking.person_id in queries.wants_no_early([asking.person_id or 0])
    return list_page(
        request,
        title="Reminders that were sent",
        section=SECTION,
        crumbs=_crumbs(),
        columns=("Sent", "To", "Centre", "Service", "Period", "Deadline", "Stage"),
        rows=[_reminder_row(one, names) for one in found],
        intro=["You asked for no early reminders." if declined else "You get early reminders, and those of the last days."],
        file="reminders.csv",
        as_file=as_file,
        download=reverse("reminders_file"),
        template="workspace/reminders.jinja",
        declined=declined,
        empty=("No reminder has gone out.", "Set a deadline, and they begin", reverse("deadlines")),
    )


def _reminder_row(one: Any, names: dict[int, str]) -> tuple[Cell, ...]:
    period = Period(one.period_start, one.period_end).words
    when = one.stage.removeprefix("lead-")
    count = int(when.partition("-")[2])
    stage = f"{plural(count, 'day')} {when.partition('-')[0]}" if count else "On the day"
    centre = f"{one.centre.name} ({one.centre.ods})"
    return moment(one.sent_at), names.get(one.person, ""), centre, one.centre.service.name, period, day(one.due_on), stage


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Ask for early reminders, or for none."""
    early = request.POST.get("early") == "yes"
    actions.choose_reminders(early=early, by=who(request))
    messages.success(request, "You get early reminders." if early else "You get reminders of the last days only.")
    return redirect("reminders")
