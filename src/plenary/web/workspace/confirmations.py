"""Warnings that a centre looked at and confirmed with a reason."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from plenary.collection import queries as collection_queries
from plenary.collection.actions import confirmations as actions
from plenary.collection.queries import confirmations as queries
from plenary.core.terms import NotFound
from plenary.web.design.formats import moment
from plenary.web.design.tables import Cell
from plenary.web.routes import who
from plenary.web.workspace.collection import SECTION, ProgressFilter, followed_services, place_of
from plenary.web.workspace.pages import ReasonForm, attempt, collecting, form_page, list_page, posted
from plenary_stats.findings import RULES


class ConfirmationFilter(ProgressFilter):
    """Which service and period, and which rule."""

    text = forms.CharField(label="Rule, field or reason", max_length=100)

    def __init__(self, data: Any, services: Any) -> None:
        super().__init__(data, services)
        self.text_chosen = data.get("text", "")[:100]
        self.data = {**self.data, "text": self.text_chosen}

    @property
    def narrowed(self) -> bool:
        return bool(self.text_chosen)


def all_confirmations(request: HttpRequest, *, as_file: bool = False) -> HttpResponse:
    """Show what centres confirmed and why: one's own with the case, the network's without."""
    asking = who(request)
    form = ConfirmationFilter(request.GET, followed_services(asking))
    chosen, period = form.chosen_service, form.chosen_period
    found = queries.visible_to(asking, chosen, period.start, period.end) if chosen else []
    rows = [_row(one, own=own) for one, own in found]
    wanted = form.text_chosen.casefold()
    return list_page(
        request,
        title="Confirmed warnings",
        section=SECTION,
        crumbs=collecting(),
        columns=("Centre", "Case", "Field", "Rule", "Reason", "Confirmed"),
        rows=[row for row in rows if wanted in " ".join(map(str, row[2:5])).casefold()],
        intro=[
            f"{chosen.name}, {period.words}." if chosen else "",
            "A centre looked at the value and says why it stands. The network reads the reason, not the case.",
        ],
        filter=form,
        file="confirmed-warnings.csv",
        as_file=as_file,
        download=reverse("confirmations_file"),
        template="workspace/collection.jinja",
        empty=("No warning was confirmed for this period.", "Back to collection", reverse("collection")),
    )


def _row(one: Any, *, own: bool) -> tuple[Cell, ...]:
    rule = RULES.get(one.rule, one.rule)
    centre = f"{one.centre.name} ({one.centre.ods})"
    return centre, one.case_id if own else "", one.field, rule, one.reason, moment(one.confirmed_at)


def confirm(request: HttpRequest, number: int, key: str) -> HttpResponse:
    """Confirm one warning of a submission with a reason, or change the reason."""
    asking = who(request)
    one = collection_queries.submissions(asking).filter(pk=number).first()
    finding = next((each for each in queries.warnings(one) if each.key == key), None) if one else None
    if one is None or finding is None:
        raise NotFound("The file has no such warning.")
    known = queries.confirmed(one).get(key)
    form = ReasonForm(posted(request), initial={"reason": known.reason if known else ""})
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        if attempt(form, lambda: actions.confirm_warning(submission=one, key=key, reason=reason, by=asking)) is not None:
            messages.success(request, "The warning is confirmed. It stays so while the value is the same.")
            return redirect("submission", one.pk)
    return form_page(
        request,
        form,
        title="Confirm a warning",
        section=SECTION,
        crumbs=[*place_of(one).crumbs(), (one.filename, reverse("submission", args=[one.pk]))],
        intro=[
            "Confirm what is right as it stands. What is wrong is mended in the file.",
            "The network lead reads your reason, not the case: name no patient.",
        ],
        facts=[
            ("Case", finding.case),
            ("Field", finding.field),
            ("What was found", finding.message),
            ("How to mend it", finding.remedy),
        ],
        submit="Confirm",
    )
