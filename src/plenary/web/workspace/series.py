"""Expected cases, what became of them, and the sign-off of a case series."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from plenary.collection import actions, queries
from plenary.collection.queries import entry, finishing
from plenary.collection.terms import SeriesState
from plenary.core.terms import NotFound
from plenary.web.design.fields import FilterForm
from plenary.web.design.formats import moment, plural
from plenary.web.design.tables import Cell, Link, Tag
from plenary.web.routes import who
from plenary.web.workspace.collection import SECTION, Place, place
from plenary.web.workspace.pages import Crumbs, ReasonForm, attempt, form_page, home, list_page, posted

STATUSES = {"missing": Tag("Missing", "red"), "explained": Tag("Explained", "blue"), "received": Tag("Received", "green")}


class ExpectedFilter(FilterForm):
    """What narrows the expected cases."""

    status = forms.ChoiceField(label="Status", choices=[("", "All"), *((key, tag.text) for key, tag in STATUSES.items())])
    text = forms.CharField(label="Case identifier or source", max_length=200)


def expected(request: HttpRequest, service: str, ods: str, period: str, *, as_file: bool = False) -> HttpResponse:
    """Show every expected case and what became of it."""
    here, form = place(service, ods, period), ExpectedFilter(request.GET)
    found = queries.expected_and_missing(who(request), here.centre, here.period.start, here.period.end)
    chosen = form.chosen()
    kept = [
        one
        for one in found
        if chosen.get("status", one.status) == one.status
        and chosen.get("text", "").casefold() in f"{one.case_id} {one.source}".casefold()
    ]
    missing = sum(one.status == "missing" for one in found)
    return list_page(
        request,
        title="Expected cases",
        section=here.words,
        crumbs=here.crumbs(),
        columns=("Case", "Known from", "Status", "Reason", "To do"),
        rows=[_expected_row(here, one, as_file=as_file) for one in kept],
        intro=[
            "Cases that another source knows of: a referral, an MDT, hospital episodes. Send each, or explain why not.",
            f"{plural(missing, 'case is', 'cases are')} neither sent nor explained." if found else "",
        ],
        links=[("Add an expected case", here.url("expect"))],
        filter=form,
        file=f"expected-{service}-{ods}-{period}.csv",
        as_file=as_file,
        download=here.url("expected_file"),
        empty=("No case is expected from another source.", "Add an expected case", here.url("expect")),
    )


def _expected_row(here: Place, one: Any, *, as_file: bool) -> tuple[Cell, ...]:
    words = {"missing": "Explain", "explained": "Change the reason"}.get(one.status, "")
    link = Link(words, here.url("explain", one.expected_id), hidden=f"{one.case_id}, {one.source}")
    return one.case_id, one.source, STATUSES[one.status], one.reason, "" if as_file or not words else link


class ExpectForm(forms.Form):
    """One case that is known from elsewhere."""

    case_id = forms.CharField(label="Case identifier", max_length=200, error_messages={"required": "Give the case identifier"})
    source = forms.CharField(
        label="Known from",
        help_text="For example: referral, MDT list, hospital episodes",
        max_length=120,
        error_messages={"required": "Say which source knows of the case"},
    )


def expect(request: HttpRequest, service: str, ods: str, period: str) -> HttpResponse:
    """Add an expected case by hand."""
    here, form = place(service, ods, period), ExpectForm(posted(request))
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        if attempt(form, lambda: actions.expect_case(**here.kept, **values, by=who(request))) is not None:
            messages.success(request, f"Case {values['case_id']} is expected.")
            return redirect(here.url("expected"))
    return form_page(
        request,
        form,
        title="Add an expected case",
        section=SECTION,
        crumbs=_below(here),
        intro=[f"{here.words}. The case must then be sent, or its absence explained, before the series is signed off."],
        submit="Add",
    )


def explain(request: HttpRequest, service: str, ods: str, period: str, number: int) -> HttpResponse:
    """Say why an expected case is rightly not in the series."""
    here, asking = place(service, ods, period), who(request)
    found = queries.expected_and_missing(asking, here.centre, here.period.start, here.period.end)
    one = next((row for row in found if row.expected_id == number), None)
    if one is None:
        raise NotFound("This case is not expected here.")
    form = ReasonForm(posted(request), initial={"reason": one.reason})
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        if attempt(form, lambda: actions.explain_missing(expected_id=number, reason=reason, by=asking)) is not None:
            messages.success(request, f"The absence of case {one.case_id} is explained.")
            return redirect(here.url("expected"))
    return form_page(
        request,
        form,
        title=f"Explain case {one.case_id}",
        section=SECTION,
        crumbs=_below(here),
        intro=[f"Known from: {one.source}. Why is it rightly not among the cases? If it should be, send it instead."],
        submit="Keep the reason",
    )


def _below(here: Place) -> Crumbs:
    return [*here.crumbs(), ("Expected cases", here.url("expected"))]


# -- sign-off


class SignOffForm(forms.Form):
    """The declaration."""

    complete = forms.BooleanField(
        label="I declare that this case series is complete: it holds 100% of the cases of the period",
        error_messages={"required": "Tick the box to declare that the series is complete"},
    )


def sign_off(request: HttpRequest, service: str, ods: str, period: str) -> HttpResponse:
    """Declare a case series complete. What stands in the way is named before anybody tries."""
    here, asking = place(service, ods, period), who(request)
    form = SignOffForm(posted(request))
    if request.method == "POST" and form.is_valid():
        signed = attempt(form, lambda: actions.sign_off_series(**here.kept, by=asking))
        if signed is not None:
            messages.success(request, f"{here.words} is signed off with {plural(signed.cases, 'case')}.")
            return redirect(here.url("series"))
    stops, links = _stops(here, queries.expected_and_missing(asking, here.centre, here.period.start, here.period.end))
    stands = queries.series_of(**here.kept)
    count, _ = queries.series_content(stands)
    if stands.state == SeriesState.SIGNED_OFF:
        stops, links = [f"It was signed off {moment(stands.declared_at)}. The network lead can open it again."], []
    return form_page(
        request,
        form,
        title="Sign off",
        section=SECTION,
        crumbs=here.crumbs(),
        intro=[
            f"{here.centre.service.name}, {here.words}: {plural(count, 'case')}.",
            "After the sign-off the cases are frozen and results are computed from them. Your name and the time are kept.",
        ],
        warnings=[*_unfinished(here), *finishing.warnings(**here.kept)],
        warning_title="Still open",
        stops=stops,
        stop_links=links,
        submit="Sign off",
    )


def _unfinished(here: Place) -> list[str]:
    """Say who has cases begun and not finished: only their owner can tell whether they belong to the series."""
    found = entry.unfinished_by_person(**here.kept)
    said = [f"{name}: {plural(count, 'case')} begun and not finished." for name, count in found]
    return [*said, "They are not in the series. Ask whether they belong to it before you sign off."] if said else []


LEFT = [
    ("Queries", "/workspace/queries/"),
    ("Patients of two centres", "/workspace/shared-patients/"),
]
"""Where what the network's rules ask for is done; warnings are confirmed where the file is."""


def _stops(here: Place, found: list[Any]) -> tuple[list[str], list[tuple[str, str]]]:
    stops, links = [], []
    waiting = queries.pending(**here.kept)
    if waiting is not None:
        stops.append(f"The file {waiting.filename} waits for a decision: accept it or set it aside.")
        links.append((f"Open {waiting.filename}", reverse("submission", args=[waiting.pk])))
    missing = sorted({row.case_id for row in found if row.status == "missing"})
    if missing:
        stops.append(
            f"{plural(len(missing), 'expected case is', 'expected cases are')} neither sent nor explained: {', '.join(missing)}."
        )
        links.append(("Explain the missing cases", f"{here.url('expected')}?status=missing"))
    if left := finishing.stops(**here.kept):
        stops += left
        links += LEFT
    return stops, links


def reopen(request: HttpRequest, service: str, ods: str, period: str) -> HttpResponse:
    """Open a signed-off series again, as the network lead, with a reason."""
    here, form = place(service, ods, period), ReasonForm(posted(request))
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        if attempt(form, lambda: actions.reopen_series(**here.kept, reason=reason, by=who(request))) is not None:
            messages.success(request, f"{here.words} is open again. Editions made from it stand.")
            return redirect("collection")
    return form_page(
        request,
        form,
        title="Open a signed-off series again",
        section=SECTION,
        crumbs=[*home(), ("Collection", reverse("collection"))],
        intro=[f"{here.centre.service.name}, {here.words}. The centre can then change its cases and must sign off again."],
        submit="Open again",
        kind="warning",
    )
