"""Is every case there? Each centre's account of the expected cases; loading hospital data; sending a list of a network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from plenary.collection.actions import ascertainment as actions
from plenary.collection.queries import ascertainment as queries
from plenary.collection.terms import LISTS, Ascertained
from plenary.core.permissions import CentreDataManager, CentreLead, NationalCommissioner, NetworkLead, Refused, holds
from plenary.core.terms import Who
from plenary.registry import queries as registry
from plenary.web.design.formats import moment, number, plural
from plenary.web.design.tables import Cell, Column, Link
from plenary.web.routes import who
from plenary.web.workspace.collection import ProgressFilter, followed_services
from plenary.web.workspace.pages import attempt, collecting, form_page, list_page, posted
from plenary.web.workspace.periods import Period, offer_periods, read_period

SECTION = "Ascertainment"
LARGEST = 50 * 1024 * 1024
COLUMNS = (
    "Centre", Column("Expected", numeric=True), Column("In the series", numeric=True), Column("Explained", numeric=True),
    Column("In question", numeric=True), Column("Missing", numeric=True), Column("In the series alone", numeric=True),
    Column("Estimated true number", numeric=True), Column("95% interval", numeric=True),
)  # fmt: skip


def ascertainment(request: HttpRequest, *, as_file: bool = False) -> HttpResponse:
    """Show of each centre how many cases were expected and what became of them. No case is shown."""
    asking = who(request)
    form = ProgressFilter(request.GET, followed_services(asking))
    chosen, period = form.chosen_service, form.chosen_period
    found = queries.ascertained(asking, chosen, period.start, period.end) if chosen else []
    return list_page(
        request,
        title=SECTION,
        section=SECTION,
        crumbs=collecting(),
        columns=COLUMNS,
        rows=[_row(asking, one, form.data["service"], period) for one in found],
        intro=_intro(chosen, period, found),
        links=_links(asking),
        filter=form,
        file="ascertainment.csv",
        as_file=as_file,
        download=reverse("ascertainment_file"),
        template="workspace/collection.jinja",
        empty=("No centre of this service is yours to see.", "Choose another service or period.", None),
    )


def _row(asking: Who, one: Ascertained, service: str, period: Period) -> tuple[Cell, ...]:
    name = f"{one.name} ({one.ods})" if one.ods else one.name
    own = bool(one.ods) and holds(asking, CentreDataManager, CentreLead, centre=f"{service}/{one.ods}")
    counts = (one.expected, one.received, one.explained, one.review, one.missing)
    known = one.estimate is not None
    return (
        Link(name, reverse("expected", args=[service, one.ods, period.key])) if own else name,
        *(number(count) for count in counts),
        number(one.series_only),
        number(one.estimate) if known else "",
        f"{number(one.lower)} to {number(one.upper)}" if known else "",
    )


def _intro(chosen: Any, period: Period, found: Sequence[Ascertained]) -> list[str]:
    if chosen is None:
        return ["Which expected cases of your centres are there, and which are not."]
    said = [f"{chosen.name}, {period.words}. Expected is always what is in the series, explained, in question and missing."]
    answer = queries.answer_of(chosen, period.start, period.end)
    if answer is None:
        return [*said, "No national hospital data are loaded for this period, so there is no estimate of the true number."]
    said.append(f"National hospital data were loaded {moment(answer.loaded_at)}. {queries.CAUTION}")
    beside = answer.counts["elsewhere"]
    if beside and any(not one.ods for one in found):
        where = ", ".join(f"{code} ({count})" for code, count in answer.elsewhere.items())
        said.append(f"{plural(beside, 'more case was', 'more cases were')} treated where there is no centre: {where}.")
    if any(one.why_not for one in found):
        said.append("Where no case is in both sources, how many are in neither cannot be estimated.")
    return said


def _links(asking: Who) -> list[tuple[str, str]]:
    links = [("Load hospital data", reverse("load_hospital_data"))] if holds(asking, NationalCommissioner) else []
    return links + ([("Send a list of expected cases", reverse("expect_list"))] if holds(asking, NetworkLead) else [])


class LoadForm(forms.Form):
    """An answer and its period."""

    period = forms.ChoiceField(label="Period", error_messages={"invalid_choice": "Choose one of the periods"})
    file = forms.FileField(
        label="Answer of hospital data",
        help_text="The JSON or CSV file that 'plenary cases ascertain' wrote. It holds no NHS number. At most 50 MB.",
        widget=forms.FileInput,
        error_messages={
            "required": "Choose the file with the answer",
            "empty": "The file is empty. Choose the file with the answer",
        },
    )

    def __init__(self, data: Any, files: Any, services: Sequence[Any]) -> None:
        super().__init__(data, files)
        offer_periods(self.fields["period"], services)

    def clean_file(self) -> Any:
        sent = self.cleaned_data["file"]
        if sent.size > LARGEST:
            raise forms.ValidationError("The file is larger than 50 MB. Load one service at a time")
        return sent


def load(request: HttpRequest) -> HttpResponse:
    """Load an answer of national hospital data: its missing cases become expected cases of their centres."""
    asking = who(request)
    form = LoadForm(posted(request), request.FILES if request.method == "POST" else None, list(registry.services()))
    if request.method == "POST" and form.is_valid():
        period, sent = read_period(form.cleaned_data["period"]), form.cleaned_data["file"]
        named = {"content": sent.read(), "filename": sent.name, "period_start": period.start, "period_end": period.end}
        made = attempt(form, lambda: actions.load_answer(**named, by=asking), also=(Refused,), field="file")
        if made is not None:
            for one in made:
                messages.success(request, f"{one.service.name}: {_loaded(one.counts)}")
            return redirect(f"{reverse('ascertainment')}?service={made[0].service.slug}&period={period.key}")
    return form_page(
        request,
        form,
        title="Load hospital data",
        section=SECTION,
        crumbs=[*collecting(), (SECTION, reverse("ascertainment"))],
        intro=[
            "Missing cases become expected cases of their centres. Pairs to be looked at become questions to them.",
            "No case series can be signed off before each is answered. What centres have said of an earlier answer stands.",
            "The file is read and not kept; a file that holds an NHS number is refused.",
        ],
        submit="Load",
        upload=True,
    )


def _loaded(counts: dict[str, int]) -> str:
    kept = {"expected": "expected", "matched": "matched", "review": "in question", "missing": "missing"}
    said = [f"{number(counts[key])} {words}" for key, words in kept.items()]
    beside = {
        "elsewhere": "at no centre of the service", "outside": "of other periods",
        "not_here": "matched with a case that does not stand here, and so counted as missing",
    }  # fmt: skip
    return ", ".join(said + [f"{number(counts[key])} {words}" for key, words in beside.items() if counts[key]]) + "."


class ListForm(LoadForm):
    """A list of expected cases, its service, its period and where it comes from."""

    service = forms.ChoiceField(label="Service", error_messages={"invalid_choice": "Choose one of the services that you lead"})
    source = forms.ChoiceField(
        label="Where the list comes from",
        choices=[(one, one) for one in LISTS],
        error_messages={"required": "Say which list it is"},
    )
    field_order = ("service", "period", "source", "file")

    def __init__(self, data: Any, files: Any, services: Sequence[Any]) -> None:
        super().__init__(data, files, services)
        self.fields["service"].choices = [(one.slug, one.name) for one in services]  # type: ignore[attr-defined]
        self.fields["file"].label = "File of expected cases"
        self.fields["file"].help_text = "CSV or XLSX with the columns centre (ODS code) and case_id, one row for each case."


def send_list(request: HttpRequest) -> HttpResponse:
    """Send a list of the cases that a network's centres are expected to have."""
    asking = who(request)
    services = [one for one in registry.services() if holds(asking, NetworkLead, service=one.slug)]
    form = ListForm(posted(request), request.FILES if request.method == "POST" else None, services)
    if request.method == "POST" and form.is_valid():
        chosen, period = form.cleaned_data, read_period(form.cleaned_data["period"])
        named = {
            "service": registry.service(chosen["service"]), "source": chosen["source"], "filename": chosen["file"].name,
            "content": chosen["file"].read(), "period_start": period.start, "period_end": period.end,
        }  # fmt: skip
        done = attempt(form, lambda: actions.expect_list(**named, by=asking), field="file")
        if done is not None:
            messages.success(request, f"{plural(done[0], 'case is', 'cases are')} newly expected; {done[1]:,} known already.")
            return redirect(f"{reverse('ascertainment')}?service={chosen['service']}&period={period.key}")
    return form_page(
        request,
        form,
        title="Send a list of expected cases",
        section=SECTION,
        crumbs=[*collecting(), (SECTION, reverse("ascertainment"))],
        intro=[
            "Each case must then be sent by its centre under the same identifier, or explained, before the series is signed off."
        ],
        submit="Send",
        upload=True,
    )
