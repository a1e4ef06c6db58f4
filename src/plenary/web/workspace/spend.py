"""What each centre was paid for its service in a year, and entering it."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from plenary.core.terms import Who
from plenary.spend import actions, queries
from plenary.spend.permissions import may_record
from plenary.web.design.formats import moment
from plenary.web.design.tables import Cell, Column, Link, Several, Tag
from plenary.web.routes import who
from plenary.web.workspace.collection import ProgressFilter, followed_services, place
from plenary.web.workspace.pages import attempt, form_page, home, list_page, posted
from plenary.web.workspace.periods import Period

SECTION = "Expenditure"


def expenditure(request: HttpRequest, *, as_file: bool = False) -> HttpResponse:
    """Show what each centre returned for a period, and which have not."""
    asking = who(request)
    form = ProgressFilter(request.GET, followed_services(asking))
    chosen, period = form.chosen_service, form.chosen_period
    found = queries.by_centre(asking, chosen, period.start, period.end) if chosen else []
    return list_page(
        request,
        title=SECTION,
        section=SECTION,
        crumbs=home(),
        columns=("Centre", Column("Amount (£)", numeric=True), "Basis", "Returned", "To do"),
        rows=[_row(asking, centre, kept, period, as_file=as_file) for centre, kept in found],
        intro=[
            f"{chosen.name}, {period.words}." if chosen else "What your centres were paid.",
            "What single centres were paid is for the network; the edition protects it.",
        ],
        links=[("Contract monitoring", reverse("contract_returns"))],
        filter=form,
        file="expenditure.csv",
        as_file=as_file,
        download=reverse("expenditure_file"),
        template="workspace/collection.jinja",
        empty=("No centre of this service that you may see stood in this period.", "Choose another service or period.", None),
    )


def _row(asking: Who, centre: Any, kept: Any, period: Period, *, as_file: bool) -> tuple[Cell, ...]:
    address = reverse("enter_expenditure", args=[centre.service.slug, centre.ods, period.key])
    link = Link("Correct" if kept else "Enter", address, hidden=f"the expenditure of {centre.name} ({centre.ods})")
    file = Link(
        "Send by file",
        reverse("send_contract_return", args=[centre.service.slug, centre.ods, period.key]),
        hidden=f"for {centre.name} ({centre.ods})",
    )
    to_do: Cell = Several((link, file)) if not as_file and may_record(asking, centre.key) else ""
    name = f"{centre.name} ({centre.ods})"
    if kept is None:
        return name, "", "", Tag("Nothing returned", "yellow"), to_do
    return name, f"{kept.amount_gbp:,.2f}", kept.basis, moment(kept.recorded_at), to_do


class ReturnForm(forms.Form):
    """An amount and what it is."""

    amount = forms.CharField(
        label="Amount in pounds",
        max_length=30,
        help_text="For example: 1,250,000.00",
        error_messages={"required": "Give the amount in pounds"},
    )
    basis = forms.CharField(
        label="Basis",
        max_length=200,
        help_text="What the amount is, for example: contract value, or actual expenditure",
        error_messages={"required": "Say what the amount is, for example contract value"},
    )

    def clean_amount(self) -> Decimal:
        written = self.cleaned_data["amount"].replace(",", "").replace(" ", "").removeprefix("£")
        try:
            amount = Decimal(written)
        except InvalidOperation:
            raise forms.ValidationError("Give the amount in figures, for example 1,250,000.00") from None
        if not amount.is_finite() or not 0 <= amount < 10**12:
            raise forms.ValidationError("Give an amount of pounds, nought or more")
        return amount


def enter(request: HttpRequest, service: str, ods: str, period: str) -> HttpResponse:
    """Enter, or correct, what a centre was paid in a period. What was returned before is kept."""
    asking, here = who(request), place(service, ods, period)
    known = queries.visible_to(asking).filter(**here.kept, current=True).first()
    form = ReturnForm(posted(request), initial={"amount": f"{known.amount_gbp:,.2f}", "basis": known.basis} if known else {})
    if request.method == "POST" and form.is_valid():
        amount, basis = form.cleaned_data["amount"], form.cleaned_data["basis"]
        if attempt(form, lambda: actions.record_return(**here.kept, amount_gbp=amount, basis=basis, by=asking)) is not None:
            messages.success(request, f"The expenditure of {here.words} was kept.")
            return redirect(f"{reverse('expenditure')}?service={service}&period={here.period.key}")
    return form_page(
        request,
        form,
        title=f"Expenditure of {here.words}",
        section=SECTION,
        crumbs=[*home(), (SECTION, f"{reverse('expenditure')}?service={service}&period={here.period.key}")],
        intro=[
            f"What {here.centre.name} was paid for {here.centre.service.name} in this period.",
            "A correction replaces what was returned before; the earlier amount is kept with its date.",
        ],
        submit="Keep",
    )
