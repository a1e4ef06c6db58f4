"""How far my centres have come, one centre and period, and sending a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from plenary.collection import actions, queries
from plenary.collection.permissions import may_sign_off
from plenary.collection.queries import clarifications, consent, deadlines, shared
from plenary.collection.queries import headings as memory
from plenary.collection.terms import Progress, SeriesState
from plenary.core.permissions import CentreDataManager, CentreLead, NationalCommissioner, NetworkLead, holds
from plenary.core.queries import holders
from plenary.core.terms import NotFound, NotPossible, Who
from plenary.registry import queries as registry
from plenary.web.design.fields import FilterForm
from plenary.web.design.formats import day, moment, number, plural
from plenary.web.design.pages import render_page
from plenary.web.design.tables import Cell, Column, Link, Several, Tag, csv_download, table
from plenary.web.routes import who
from plenary.web.uploads import too_large
from plenary.web.workspace.pages import Crumbs, attempt, collecting, form_page, home, list_page, posted
from plenary.web.workspace.periods import Period, offer_periods, read_period

SECTION = "Collection"
AT_ONCE = 1_000_000
"""A file of at most this many bytes is checked before the page answers: that takes well under two seconds."""

STATES: dict[str, Tag] = {
    "": Tag("Nothing sent", "grey"),
    "received": Tag("Being checked", "blue"),
    "checked": Tag("Checked", "yellow"),
    "accepted": Tag("Accepted", "green"),
    "refused": Tag("Set aside", "grey"),
    "superseded": Tag("Superseded", "grey"),
}


@dataclass(frozen=True)
class Place:
    """One centre and period, as an address names them."""

    centre: Any
    period: Period

    @property
    def arguments(self) -> tuple[str, str, str]:
        return self.centre.service.slug, self.centre.ods, self.period.key

    @property
    def words(self) -> str:
        return f"{self.centre.name}, {self.period.words}"

    @property
    def kept(self) -> dict[str, Any]:
        """The arguments by which actions name it."""
        return {"centre": self.centre, "period_start": self.period.start, "period_end": self.period.end}

    def url(self, name: str, *more: object) -> str:
        return reverse(name, args=[*self.arguments, *more])

    def crumbs(self) -> Crumbs:
        return [*collecting(), (self.words, self.url("series"))]


def place(service: str, ods: str, period: str) -> Place:
    """Return the centre and period of an address; raise ``NotFound``."""
    return Place(registry.centre(service, ods), read_period(period))


def place_of(submission: Any) -> Place:
    return Place(submission.centre, Period(submission.period_start, submission.period_end))


# -- progress


class ProgressFilter(FilterForm):
    """Which service and period: always one of each, so that the page asks the same few questions however large a network is."""

    service = forms.ChoiceField(label="Service")
    period = forms.ChoiceField(label="Period")

    def __init__(self, data: Any, services: Sequence[Any]) -> None:
        super().__init__({})
        by_slug = {one.slug: one for one in services}
        self.chosen_service = by_slug.get(data.get("service", ""), services[0] if services else None)
        self.chosen_period = offer_periods(self.fields["period"], services, data.get("period", ""))
        self.data = {"service": getattr(self.chosen_service, "slug", ""), "period": self.chosen_period.key}
        self.fields["service"].choices = [(slug, one.name) for slug, one in by_slug.items()]  # type: ignore[attr-defined]

    @property
    def narrowed(self) -> bool:
        return False


BESIDE = (
    ("Deadlines", "deadlines"), ("Queries", "data_queries"), ("Ascertainment", "ascertainment"), ("Follow-up", "follow_up"),
    ("Patients of two centres", "shared_patients"), ("Confirmed warnings", "confirmations"),
)  # fmt: skip
"""What belongs to collecting and is for everybody who follows it."""


def my_centres(request: HttpRequest, *, as_file: bool = False) -> HttpResponse:
    """Show how far each centre has come: the own ones, or all of the network for whoever follows it."""
    asking = who(request)
    services = followed_services(asking)
    form = ProgressFilter(request.GET, services)
    chosen, period = form.chosen_service, form.chosen_period
    found = queries.progress(asking, chosen, period.start, period.end) if chosen else []
    return list_page(
        request,
        title="Collection",
        section=SECTION,
        crumbs=home(),
        columns=(
            "Centre", "File", Column("Cases", numeric=True), Column("Expected", numeric=True),
            Column("Not explained", numeric=True), "Case series", "Next",
        ),
        rows=[_progress_row(asking, one, period) for one in found],
        intro=[f"{chosen.name}, {period.words}." if chosen else "Cases of your centres, from the file to the sign-off."],
        filter=form,
        file="collection.csv",
        as_file=as_file,
        download=reverse("collection_file"),
        template="workspace/collection.jinja",
        beside=[(text, reverse(name)) for text, name in BESIDE],
        empty=("No centre of this service is yours to see.", "Ask the administrator to appoint you.", None),
    )  # fmt: skip


def followed_services(asking: Who) -> list[Any]:
    """Return the services whose collection a person follows: those of the own posts, all of them for the commissioner."""
    if holds(asking, NationalCommissioner):
        return list(registry.services())
    posts = {post.scope.partition("/")[0] for post in asking.posts if post.scope_kind in {"service", "centre"}}
    return list(registry.services().filter(slug__in=posts))


def _progress_row(asking: Who, one: Progress, period: Period) -> tuple[Cell, ...]:
    slug, _, ods = one.centre.partition("/")
    own = holds(asking, CentreDataManager, CentreLead, centre=one.centre)
    address = reverse("series", args=[slug, ods, period.key])
    text, _ = next_step(one)
    next_cell: Cell = text
    if not own and one.series == SeriesState.SIGNED_OFF and holds(asking, NetworkLead, centre=one.centre):
        next_cell = Link("Open again", reverse("reopen_series", args=[slug, ods, period.key]), hidden=f"the series of {ods}")
    return (
        Link(f"{one.centre_name} ({ods})", address) if own else f"{one.centre_name} ({ods})",
        file_tag(one),
        number(one.cases),
        number(one.expected),
        number(one.missing),
        Tag("Signed off", "green") if one.series == SeriesState.SIGNED_OFF else Tag("Open", "grey"),
        next_cell,
    )


def file_tag(one: Progress) -> Cell:
    tag = STATES[one.submission]
    if one.submission == "checked" and one.blocking:
        return Several((tag, f"{plural(one.blocking, 'finding')} to mend"))
    return tag


def next_step(one: Progress) -> tuple[str, str]:
    """Return what comes next for a centre and period, and the route where it is done ("" for the latest submission)."""
    if one.series == SeriesState.SIGNED_OFF:
        return "Nothing: signed off", "series"
    if one.submission == "received":
        return "Wait for the check", ""
    if one.submission == "checked":
        return (f"Mend {plural(one.blocking, 'finding')}", "") if one.blocking else ("Accept the file", "")
    if not one.cases and one.submission != "accepted":
        return "Send the cases", "upload"
    if one.missing:
        return f"Explain {plural(one.missing, 'missing case')}", "expected"
    return "Sign off", "sign_off"


# -- one centre and period


def series(request: HttpRequest, service: str, ods: str, period: str) -> HttpResponse:
    """Show one centre and period: what came, what is missing, what to do next."""
    asking, here = who(request), place(service, ods, period)
    stands = _stands(asking, here)
    sent = queries.submissions(asking).filter(**here.kept)
    text, address = _next(asking, here, stands, sent)
    declared = queries.series_of(**here.kept)
    return render_page(
        request,
        "workspace/series.jinja",
        title=here.words,
        section=SECTION,
        crumbs=here.crumbs()[:-1],
        place=here,
        service_name=here.centre.service.name,
        next=(text, address),
        facts=[
            ("File", file_tag(stands)),
            ("Cases", Link(plural(stands.cases, "case"), here.url("cases")) if stands.cases else "None"),
            ("Counted by number only", _counted_words(here)),
            ("Expected cases", Link(_expected_words(stands), here.url("expected"))),
            ("Case series", f"Signed off {moment(declared.declared_at)}" if declared.declared_at else "Open"),
            ("Content hash", declared.content_hash),
            *_asked(here),
        ],
        submissions=table("What was sent", ("File", "Received", "State", "Findings"), [_submission_row(one) for one in sent]),
        open=stands.series == SeriesState.OPEN,
        may_sign=may_sign_off(asking, here.centre),
    )


def _asked(here: Place) -> list[tuple[str, Cell]]:
    """Return what the network waits for: the deadline, queries, patients whom another centre reports too."""
    service, start, end = here.centre.service, here.period.start, here.period.end
    due = deadlines.due_on(service, start, end)
    asked, both = clarifications.unanswered(**here.kept).count(), shared.unsettled(**here.kept).count()
    return [
        ("Deadline", day(due)),
        ("Queries", Link(f"{number(asked)} not answered", reverse("data_queries")) if asked else ""),
        ("Patients of two centres", Link(f"{number(both)} not agreed", reverse("shared_patients")) if both else ""),
    ]


def _stands(asking: Who, here: Place) -> Progress:
    found = queries.progress(asking, here.centre.service, here.period.start, here.period.end)
    return next(one for one in found if one.centre == here.centre.key)


def _next(asking: Who, here: Place, stands: Progress, sent: Any) -> tuple[str, str]:
    text, name = next_step(stands)
    if name == "sign_off" and not may_sign_off(asking, here.centre):
        leads = " or ".join(f"{one.name} ({one.email})" for one in holders(CentreLead.key, here.centre.key))
        return f"Ask the centre's lead to sign off: {leads or 'there is none yet, so ask the administrator to appoint one'}", ""
    if not name:
        latest = sent.filter(route="file").first()
        return text, reverse("submission", args=[latest.pk])
    return (text, here.url(name)) if name != "series" else (text, "")


def _counted_words(here: Place) -> str:
    """Say how many of the cases are counted and no more; nothing where there is none."""
    count = consent.counted_only(here.centre, here.period.start, here.period.end)
    return f"{plural(count, 'case')}, because the patient objected" if count else ""


def _expected_words(stands: Progress) -> str:
    if not stands.expected:
        return "None reported"
    left = f"of which {number(stands.missing)} not explained" if stands.missing else "all accounted for"
    return f"{number(stands.expected)}, {left}"


def _submission_row(one: Any) -> tuple[Cell, ...]:
    said = [plural(one.blocking, "blocking finding")] if one.blocking else []
    said += [plural(one.warnings, "warning")] if one.warnings else []
    said += [plural(one.notices, "notice")] if one.notices else []
    name = "One case keyed on screen" if one.route == "keyed" else one.filename
    link = Link(name, reverse("submission", args=[one.pk]), hidden=f"received {moment(one.received_at)}, number {one.pk}")
    return link, moment(one.received_at), STATES[one.state], ", ".join(said) or "None"


# -- sending


class UploadForm(forms.Form):
    """One file."""

    file = forms.FileField(
        label="File of cases",
        help_text="CSV, XLSX, a REDCap export or a FHIR bundle; one row for each case. At most 50 MB.",
        widget=forms.FileInput,
        error_messages={
            "required": "Choose the file that holds the cases",
            "empty": "The file is empty. Choose the file that holds the cases",
        },
    )

    def clean_file(self) -> Any:
        sent = self.cleaned_data["file"]
        if not sent.name.lower().endswith((".csv", ".xlsx", ".txt", ".tsv", ".json")):
            raise forms.ValidationError(
                f"{sent.name} is neither CSV, XLSX nor a FHIR bundle (JSON). Save the table in one of these forms"
            )
        return sent


def _refuse_large(request: HttpRequest, form: forms.Form) -> None:
    """Say, in place of "choose a file", that the file was stopped on its way because it is too large."""
    if request.method == "POST" and (name := too_large(request)):
        form.errors.pop("file", None)
        form.add_error("file", f"{name} is larger than 50 MB. Leave out columns that the data set does not ask for")


def upload(request: HttpRequest, service: str, ods: str, period: str) -> HttpResponse:
    """Receive a file, and check it at once unless it is large."""
    asking, here = who(request), place(service, ods, period)
    form = UploadForm(posted(request), request.FILES if request.method == "POST" else None)
    _refuse_large(request, form)
    if request.method == "POST" and form.is_valid():
        sent = form.cleaned_data["file"]
        content = sent.read()
        kept = attempt(
            form, lambda: actions.receive(**here.kept, filename=sent.name, content=content, by=asking), field="file"
        )  # fmt: skip
        if kept is not None:
            if len(content) <= AT_ONCE:
                actions.check(submission_id=kept.pk, by=asking)
            messages.success(request, f"{kept.filename} was received.")
            return redirect("submission", kept.pk)
    known = memory.remembered(asking, here.centre)
    return form_page(
        request,
        form,
        title="Send a file of cases",
        section=SECTION,
        crumbs=here.crumbs(),
        intro=[
            f"{here.centre.service.name}, {here.words}.",
            "The file is checked first. Nothing counts until you have read the findings and accepted it.",
            "A file replaces the one accepted before for the same period.",
        ],
        submit="Send and check",
        upload=True,
        template="workspace/upload.jinja",
        headings=here.url("headings"),
        guide=_guide(here),
        remembered=f"Your headings, matched {moment(known.saved_at)}, are applied." if known else "",
        remembered_headings=here.url("remembered_headings"),
    )


def _guide(here: Place) -> str:
    """Return where the fields of the data set are explained; where none is agreed yet, where one will be."""
    try:
        version = queries.data_set_for(here.centre.service, here.period.end)
    except NotPossible:
        return reverse("agreed_sets")
    return reverse("agreed_set", args=["data-set", version.pk])


def headings(request: HttpRequest, service: str, ods: str, period: str) -> HttpResponse:  # noqa: ARG001 - the shape of a view
    """Answer with an empty file that has the headings of the agreed data set."""
    here = place(service, ods, period)
    return csv_download(f"{service}-{here.period.key}.csv", list(data_set_of(here).by_name), [])


def data_set_of(here: Place) -> Any:
    """Return the data set in force for a centre and period; raise ``NotFound`` where the network has agreed none yet."""
    try:
        return queries.data_set(queries.data_set_for(here.centre.service, here.period.end))
    except NotPossible as problem:
        raise NotFound(str(problem)) from problem
