"""Contract monitoring: a centre sends its totals and its patients' lines, sees where they differ, and accepts the total."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from plenary.core.permissions import CentreDataManager, CentreLead, NationalCommissioner
from plenary.core.terms import NotFound, Who
from plenary.spend import actions, queries
from plenary.spend.permissions import may_record
from plenary.web.design.fields import FilterForm
from plenary.web.design.formats import moment, plural
from plenary.web.design.tables import Cell, Column, Link, Table, Tag, csv_download, table
from plenary.web.routes import Scope, only, who
from plenary.web.workspace.collection import place, place_of
from plenary.web.workspace.pages import Crumbs, EmptyForm, attempt, form_page, home, list_page, posted
from plenary.web.workspace.periods import Period
from plenary.web.workspace.spend import SECTION

LARGEST = 50 * 1024 * 1024
STATES = {
    "accepted": Tag("Accepted", "green"),
    "waiting": Tag("Waits to be accepted", "yellow"),
    "differs": Tag("Does not add up", "red"),
}
HEADS = ("File", "Row", "Field", "Rule", "What is wrong", "How to mend it")


def _scope(asking: Who, *, number: int) -> Scope:
    one = _one(asking, number)
    return Scope(one.centre.service.slug, one.centre.key)


OF_ITS_CENTRE = only(CentreDataManager, CentreLead, NationalCommissioner, scope=_scope, about="centre")


def _one(asking: Who, number: int) -> Any:
    found = queries.contract_returns(asking).filter(pk=number).first()
    if found is None:
        raise NotFound(f"There is no contract return {number}.")
    return found


def _state(one: Any) -> str:
    return "accepted" if one.accepted_as else "differs" if one.blocking else "waiting"


def _crumbs(one: Any = None) -> Crumbs:
    listed = [("Contract monitoring", reverse("contract_returns"))] if one else []
    return [*home(), (SECTION, reverse("expenditure")), *listed]


class ReturnFilter(FilterForm):
    """What narrows the list."""

    state = forms.ChoiceField(label="State", choices=[("", "All"), *((key, tag.text) for key, tag in STATES.items())])
    text = forms.CharField(label="Centre or service", max_length=200)

    def fits(self, one: Any) -> bool:
        chosen = self.chosen()
        words = f"{one.centre.name} {one.centre.ods} {one.centre.service.name}".casefold()
        return chosen.get("state", _state(one)) == _state(one) and chosen.get("text", "").casefold() in words


def all_returns(request: HttpRequest, *, as_file: bool = False) -> HttpResponse:
    """Show what contract monitoring was sent, and what became of it."""
    asking, form = who(request), ReturnFilter(request.GET)
    return list_page(
        request,
        title="Contract monitoring",
        section=SECTION,
        crumbs=_crumbs(),
        columns=("Return", "Service", "Period", "Sent", Column("Total (£)", numeric=True), "State"),
        rows=[_row(asking, one) for one in queries.contract_returns(asking) if form.fits(one)],
        intro=["Returns of centres by file. The lines of patients must add up to the totals before a return counts."],
        filter=form,
        file="contract-monitoring.csv",
        as_file=as_file,
        download=reverse("contract_returns_file"),
        empty=("No contract monitoring was sent yet.", "Send it from the list of expenditure", reverse("expenditure")),
    )


def _row(asking: Who, one: Any) -> tuple[Cell, ...]:
    name, told = f"{one.centre.name} ({one.centre.ods})", f"sent {moment(one.received_at)}, number {one.pk}"
    link: Cell = Link(name, reverse("contract_return", args=[one.pk]), hidden=told)
    period = Period(one.period_start, one.period_end).words
    shown = link if may_record(asking, one.centre.key) else name
    return shown, one.centre.service.name, period, moment(one.received_at), f"{one.total_gbp:,.2f}", STATES[_state(one)]


class FilesForm(forms.Form):
    """Two files."""

    totals = forms.FileField(
        label="File of totals",
        help_text="CSV or XLSX with the columns service, centre, month (2025-06), category and amount_gbp. "
        "Categories: drugs, devices, activity, other.",
        widget=forms.FileInput,
        error_messages={"required": "Choose the file of totals", "empty": "The file of totals is empty"},
    )
    lines = forms.FileField(
        label="File of patients' lines",
        help_text="The same columns and record; nhs_number and local_id become pseudonyms at once and are not kept.",
        widget=forms.FileInput,
        required=False,
        error_messages={"empty": "The file of lines is empty"},
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        for name, sent in given.items():
            if sent and sent.size > LARGEST:
                self.add_error(name, "The file is larger than 50 MB. Leave out columns that are not asked for")
        return given


def send(request: HttpRequest, service: str, ods: str, period: str) -> HttpResponse:
    """Receive a centre's contract monitoring of a period and hold it against itself."""
    asking, here = who(request), place(service, ods, period)
    form = FilesForm(posted(request), request.FILES if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        sent: dict[str, Any] = {name: (one.name, one.read()) if one else None for name, one in form.cleaned_data.items()}
        made = attempt(form, lambda: actions.receive_contract_return(**here.kept, **sent, by=asking))
        if made is not None:
            messages.success(request, "The files were read and are not kept. Nothing counts before you accept the total.")
            return redirect("contract_return", made.pk)
    return form_page(
        request,
        form,
        title="Send contract monitoring",
        section=SECTION,
        crumbs=_crumbs(),
        intro=[f"{here.centre.service.name}, {here.words}. Drugs and devices must add up patient by patient, month by month."],
        submit="Send and check",
        upload=True,
    )


def contract_return(request: HttpRequest, number: int) -> HttpResponse:
    """Show one return: its balances and each finding, and accept its total. No line of a patient is shown."""
    one, form = _one(who(request), number), EmptyForm(posted(request))
    if request.method == "POST" and form.is_valid() and _accepted(form, one, who(request)):
        messages.success(request, f"£{one.total_gbp:,.2f} is what {one.centre.name} was paid in this period.")
        return redirect(f"{reverse('expenditure')}?service={one.centre.service.slug}&period={place_of(one).period.key}")
    stops = (
        [f"{plural(one.blocking, 'finding has', 'findings have')} to be mended. Send both files again."] if one.blocking else []
    )
    if one.accepted_as:
        stops = ["It was accepted: its total counts as the expenditure of the period."]
    again = reverse("send_contract_return", args=place_of(one).arguments)
    return form_page(
        request,
        form,
        title=f"Contract monitoring of {one.centre.name}",
        section=SECTION,
        crumbs=_crumbs(one),
        intro=[f"{one.centre.service.name}, {Period(one.period_start, one.period_end).words}. Sent {moment(one.received_at)}."],
        facts=[("State", STATES[_state(one)]), ("Files", ", ".join(one.filenames)), ("Total", f"£{one.total_gbp:,.2f}")],
        stops=stops,
        stops_title="Accepted" if one.accepted_as else "",
        stop_links=[("Send the files again", again)] if one.blocking else [],
        submit="Accept the total",
        template="workspace/contract_return.jinja",
        balances=_balances(one),
        findings=table("Findings", HEADS, _findings(one)),
        download=reverse("contract_findings_file", args=[one.pk]),
    )


def _accepted(form: forms.Form, one: Any, by: Who) -> bool:
    return attempt(form, lambda: actions.accept_contract_return(return_id=one.pk, by=by)) is not None


def findings_file(request: HttpRequest, number: int) -> HttpResponse:
    """Answer with the findings of one return."""
    one = _one(who(request), number)
    return csv_download(f"findings-{one.pk}.csv", HEADS, _findings(one))


def _findings(one: Any) -> list[list[str]]:
    names = ("file", "row", "field", "rule", "message", "remedy")
    return [[str(row[name] or "") for name in names] for row in one.findings]


def _balances(one: Any) -> Table:
    figures = (Column(name, numeric=True) for name in ("Total (£)", "Lines (£)", "Patients", "Difference (£)"))
    columns: list[str | Column] = ["Category", "Month", *figures]
    return table("Totals and lines", columns, [_balance(each) for each in one.balances])


def _balance(each: dict[str, Any]) -> tuple[Cell, ...]:
    total, lines = Decimal(each["total"]), Decimal(each["lines"])
    shown = (
        (f"{lines:,.2f}", str(each["patients"]), f"{lines - total:,.2f}") if each["patient_level"] else ("Not asked for", "", "")
    )
    return each["category"].capitalize(), each["month"], f"{total:,.2f}", *shown
