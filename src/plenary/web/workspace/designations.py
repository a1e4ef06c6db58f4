"""Which providers are centres of a service, between which days: for the national commissioner."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from plenary.core.queries import today
from plenary.registry import actions, queries
from plenary.web.design.fields import FilterForm, SplitDateField
from plenary.web.design.formats import day
from plenary.web.design.tables import Cell, Link, Tag
from plenary.web.routes import who
from plenary.web.workspace.pages import REFUSALS, Crumbs, attempt, form_page, home, list_page, posted

SECTION = "Designations"


def _crumbs() -> Crumbs:
    return [*home(), (SECTION, reverse("designations"))]


class DesignationFilter(FilterForm):
    """Which service, and whether ended ones show."""

    service = forms.ChoiceField(label="Service")
    standing = forms.ChoiceField(
        label="Standing", choices=[("", "All"), ("now", "Designated today"), ("not", "Not designated today")]
    )

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.fields["service"].choices = [("", "All"), *((one.slug, one.name) for one in queries.services())]  # type: ignore[attr-defined]


def designations(request: HttpRequest, *, as_file: bool = False) -> HttpResponse:
    """Show every designation with its days and its authority."""
    form = DesignationFilter(request.GET)
    chosen, now = form.chosen(), set(queries.designated(today()).values_list("pk", flat=True))
    found = queries.all_designations(chosen.get("service"))
    wanted = chosen.get("standing")
    rows = [_row(one, one.pk in now) for one in found if wanted is None or (one.pk in now) == (wanted == "now")]
    return list_page(
        request,
        title=SECTION,
        section=SECTION,
        crumbs=home(),
        columns=("Centre", "Service", "From", "Until", "Authority", "Standing", "To do"),
        rows=rows,
        intro=["A designation ends on the first day on which the centre is not designated any more. Its history stays."],
        links=[("Designate a centre", reverse("designate"))],
        filter=form,
        file="designations.csv",
        as_file=as_file,
        download=reverse("designations_file"),
        empty=("No centre is designated yet.", "Designate a centre", reverse("designate")),
    )


def _row(one: Any, standing: bool) -> tuple[Cell, ...]:
    centre = one.centre
    end = Link(
        "De-nominate",
        reverse("de_nominate", args=[centre.service.slug, centre.ods]),
        hidden=f"{centre.name}, {centre.service.name}",
    )
    return (
        f"{centre.name} ({centre.ods})",
        centre.service.name,
        day(one.valid_from) or "Not known",
        day(one.valid_to) or "Open",
        ", ended by ".join(part for part in (one.authority, one.ended_by) if part),
        Tag("Designated", "green") if standing else Tag("Not today", "grey"),
        end if one.valid_to is None else "",
    )


class DesignateForm(forms.Form):
    """A provider, a service, and from when on whose authority."""

    service = forms.ChoiceField(label="Service", error_messages={"required": "Choose a service"})
    ods = forms.CharField(
        label="Provider (ODS code)",
        max_length=20,
        help_text="For example: RJ1",
        error_messages={"required": "Give the provider's code"},
    )
    name = forms.CharField(
        label="Provider's name", max_length=200, required=False, help_text="Only where the register does not know it"
    )
    site = forms.CharField(label="Hospital", max_length=200, required=False)
    valid_from = SplitDateField(label="First day", error_messages={"required": "Give the first day of the designation"})
    valid_to = SplitDateField(label="First day on which it is over", required=False)
    authority = forms.CharField(
        label="Authority",
        max_length=300,
        help_text="Who decided, and where it is written",
        error_messages={"required": "Say who decided it"},
    )

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.fields["service"].choices = [("", "Choose a service"), *((one.slug, one.name) for one in queries.services())]  # type: ignore[attr-defined]


def designate(request: HttpRequest) -> HttpResponse:
    """Make a provider a centre of a service."""
    form = DesignateForm(posted(request))
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        made = attempt(form, lambda: actions.designate(**values, by=who(request)), also=REFUSALS)
        if made is not None:
            messages.success(request, f"{made.centre.name} is designated from {day(made.valid_from)}.")
            return redirect("designations")
    return form_page(request, form, title="Designate a centre", section=SECTION, crumbs=_crumbs(), submit="Designate")


class EndForm(forms.Form):
    """From when, on whose authority."""

    on = SplitDateField(
        label="First day on which it is not designated any more",
        error_messages={"required": "Give the day on which the designation ends"},
    )
    authority = forms.CharField(
        label="Authority",
        max_length=300,
        help_text="Who decided, and where it is written",
        error_messages={"required": "Say who decided it"},
    )


def de_nominate(request: HttpRequest, service: str, ods: str) -> HttpResponse:
    """End the designation in force."""
    centre, form = queries.centre(service, ods), EndForm(posted(request))
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        ended = attempt(form, lambda: actions.de_nominate(service=service, ods=ods, **values, by=who(request)), also=REFUSALS)
        if ended is not None:
            messages.success(request, f"{centre.name} is designated until {day(ended.valid_to)}.")
            return redirect("designations")
    return form_page(
        request, form, title=f"De-nominate {centre.name}", section=SECTION, crumbs=_crumbs(), submit="End the designation",
        intro=[f"{centre.service.name}. Its cases, results and editions stay as they are."], kind="warning",
    )  # fmt: skip
