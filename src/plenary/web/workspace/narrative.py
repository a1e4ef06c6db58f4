"""What people write for the edition: the sections of each service, and the patients' own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from plenary.core.permissions import NationalCommissioner, NetworkLead, PatientRepresentative, Refused, holds
from plenary.core.terms import NotFound, Who
from plenary.outcomes import queries as results
from plenary.registry import queries as registry
from plenary.releases import actions
from plenary.releases.permissions import may_write
from plenary.releases.queries import gathered
from plenary.releases.terms import LONGEST_TEXT, SECTIONS
from plenary.web.design.fields import FilterForm
from plenary.web.design.formats import moment, number, plural
from plenary.web.design.tables import Cell, Column, Link, Table, Tag, table
from plenary.web.routes import who
from plenary.web.workspace.pages import attempt, form_page, home, list_page, posted
from plenary.web.workspace.periods import Period, offer_periods, read_period
from plenary.web.workspace.texts import small_numbers

SECTION = "Narrative"
KEYS = {section.lower().replace(" ", "-"): section for section in SECTIONS}


class NarrativeFilter(FilterForm):
    """Which period."""

    period = forms.ChoiceField(label="Period")

    def __init__(self, data: Any, services: Iterable[Any]) -> None:
        super().__init__({})
        self.chosen_period = offer_periods(self.fields["period"], services, data.get("period", ""))
        self.data = {"period": self.chosen_period.key}

    @property
    def narrowed(self) -> bool:
        return False


def _services(asking: Who) -> list[Any]:
    writers = (NetworkLead, NationalCommissioner, PatientRepresentative)
    return [one for one in registry.services() if holds(asking, *writers, service=one.slug)]


def narrative(request: HttpRequest, *, as_file: bool = False) -> HttpResponse:
    """Show which sections of the own services are written."""
    asking = who(request)
    services = _services(asking)
    form = NarrativeFilter(request.GET, services)
    period = form.chosen_period
    written = gathered.narrative((period.start, period.end))
    rows = [_row(asking, one, section, period, written) for one in services for section in SECTIONS]
    return list_page(
        request,
        title=SECTION,
        section=SECTION,
        crumbs=home(),
        columns=("Section", "Service", "State", Column("Characters", numeric=True)),
        rows=rows,
        intro=[f"What people write for the edition of {period.words}. It leaves with the results, after the same review."],
        filter=form,
        file=f"narrative-{period.key}.csv",
        as_file=as_file,
        download=reverse("narrative_file"),
        empty=("No service is yours to write for.", "Ask the administrator to appoint you to one.", None),
    )


def _row(asking: Who, one: Any, section: str, period: Period, written: dict[str, dict[str, str]]) -> tuple[Cell, ...]:
    text = written.get(one.slug, {}).get(section, "")
    key = next(key for key, name in KEYS.items() if name == section)
    link = Link(section, reverse("write_narrative", args=[one.slug, period.key, key]), hidden=f"of {one.name}")
    return (
        link if may_write(asking, one.slug, section) else section,
        one.name,
        Tag("Written", "green") if text else Tag("Empty", "grey"),
        number(len(text)),
    )


class TextForm(forms.Form):
    """One section."""

    text = forms.CharField(
        label="Text",
        required=False,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea,
        help_text="Paragraphs, lists and emphasis may be written in Markdown. Name no patient.",
    )


def write(request: HttpRequest, service: str, period: str, section: str) -> HttpResponse:
    """Write one section of a service."""
    asking, one, when = who(request), registry.service(service), read_period(period)
    if section not in KEYS:
        raise NotFound("There is no such section.")
    name = KEYS[section]
    if not may_write(asking, service, name):
        raise Refused(f"You may not write the section {name} of {one.name}.")
    now = gathered.narrative((when.start, when.end)).get(service, {}).get(name, "")
    form = TextForm(posted(request), initial={"text": now})
    if request.method == "POST" and form.is_valid():
        text = form.cleaned_data["text"]
        options: dict[str, Any] = {"service": one, "period_start": when.start, "period_end": when.end, "section": name}
        if attempt(form, lambda: actions.write_narrative(**options, text=text, by=asking)) is not None:
            messages.success(request, f"{name} of {one.name} was kept.")
            _warn_of_small_numbers(request, text)
            return redirect(f"{reverse('narrative')}?period={when.key}")
    return form_page(
        request,
        form,
        title=f"{name}, {one.name}",
        section=SECTION,
        crumbs=[*home(), (SECTION, reverse("narrative"))],
        intro=[f"For the edition of {when.words}."],
        submit="Keep",
        template="workspace/narrative_form.jinja",
        remarks=_remarks(asking, one, when),
    )


def _warn_of_small_numbers(request: HttpRequest, text: str) -> None:
    """Say which sentences name few people: a table would withhold such a number, a text is printed as it is."""
    if found := small_numbers(text):
        more = (
            f" So do {plural(len(found) - 1, 'other sentence')}."
            if len(found) > 2
            else " So does another sentence."
            if found[1:]
            else ""
        )
        messages.warning(
            request,
            f"It names a small number of people: “{found[0]}”{more} Everybody could read it. "
            "Leave the number out unless it may be known; reviewers see it too.",
        )


def _remarks(asking: Who, service: Any, when: Period) -> Table:
    """Return what centres said of the results of the period, for the lead who writes about them."""
    told = results.comments_of_period(asking, service, when.start, when.end)
    rows = [(one.outcome or "All", f"{one.centre.name} ({one.centre.ods})", one.text, moment(one.said_at)) for one, _ in told]
    return table("What centres said of the results", ("Outcome", "Centre", "Comment", "Said"), rows)
