"""Expected cases, what became of them, and the sign-off of a case series."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from plenary.collection import actions, queries
from plenary.collection.actions import ascertainment
from plenary.collection.queries import entry, finishing
from plenary.collection.terms import Explanation, Reply, SeriesState
from plenary.core.terms import NotFound, Who
from plenary.web.design.fields import FilterForm
from plenary.web.design.formats import day, moment, plural
from plenary.web.design.tables import Cell, Link, Several, Tag
from plenary.web.routes import who
from plenary.web.workspace.collection import SECTION, Place, place
from plenary.web.workspace.pages import Crumbs, ReasonForm, attempt, collecting, form_page, list_page, posted

STATUSES = {
    "missing": Tag("Missing", "red"),
    "review": Tag("In question", "orange"),
    "explained": Tag("Explained", "blue"),
    "received": Tag("Received", "green"),
}


class ExpectedFilter(FilterForm):
    """What narrows the expected cases."""

    status = forms.ChoiceField(label="Status", choices=[("", "All"), *((key, tag.text) for key, tag in STATUSES.items())])
    source = forms.ChoiceField(label="Known from")
    text = forms.CharField(label="Case identifier or particulars", max_length=200)

    def __init__(self, data: Any, sources: Iterable[str]) -> None:
        super().__init__(data)
        self.fields["source"].choices = [("", "All"), *((one, one) for one in sorted(set(sources)))]  # type: ignore[attr-defined]

    def fits(self, one: Any) -> bool:
        chosen = self.chosen()
        words = f"{one.case_id} {one.source} {one.case} {one.particulars}".casefold()
        kind = chosen.get("status", one.status) == one.status and chosen.get("source", one.source) == one.source
        return bool(kind and chosen.get("text", "").casefold() in words)


def expected(request: HttpRequest, service: str, ods: str, period: str, *, as_file: bool = False) -> HttpResponse:
    """Show every expected case and what became of it."""
    here = place(service, ods, period)
    found = queries.expected_and_missing(who(request), here.centre, here.period.start, here.period.end)
    form = ExpectedFilter(request.GET, (one.source for one in found))
    missing, asked = (sum(one.status == status for one in found) for status in ("missing", "review"))
    return list_page(
        request,
        title="Expected cases",
        section=here.words,
        crumbs=here.crumbs(),
        columns=("Case", "Known from", "Event", "Particulars", "Status", "Case of the series", "Reason", "To do"),
        rows=[_expected_row(here, one, as_file=as_file) for one in sorted(found, key=_to_do_first) if form.fits(one)],
        intro=[
            "Cases that another source knows of: a referral, an MDT, hospital episodes. Send each, or explain why not.",
            f"{plural(missing, 'case is', 'cases are')} neither sent nor explained." if found else "",
            f"Of {plural(asked, 'case', 'cases')} it is asked whether it is one of yours." if asked else "",
        ],
        links=[("Add an expected case", here.url("expect"))],
        filter=form,
        file=f"expected-{service}-{ods}-{period}.csv",
        as_file=as_file,
        download=here.url("expected_file"),
        empty=("No case is expected from another source.", "Add an expected case", here.url("expect")),
    )


def _to_do_first(one: Any) -> int:
    return list(STATUSES).index(one.status)


def _expected_row(here: Place, one: Any, *, as_file: bool) -> tuple[Cell, ...]:
    told = f"{one.case_id}, {one.source}"
    words = {"missing": "Explain", "review": "Explain", "explained": "Change the reason"}.get(one.status, "")
    links: list[Cell] = [Link(words, here.url("explain", one.expected_id), hidden=told)] if words else []
    if one.status in {"missing", "review"}:
        say = "Answer" if one.status == "review" else "Name the case"
        links.insert(0, Link(say, here.url("reply_expected", one.expected_id), hidden=told))
    why = one.reason if one.explained_as in {"", "another reason"} else _explained_words(one)
    to_do: Cell = "" if as_file or not links else Several(tuple(links))
    return one.case_id, one.source, day(one.event_on), one.particulars, STATUSES[one.status], _which(one), why, to_do


def _which(one: Any) -> str:
    named = one.case or (f"a case that {one.elsewhere} sent" if one.elsewhere else "")
    return f"perhaps {named}" if named and one.status != "received" else named


def _explained_words(one: Any) -> str:
    kind = str(one.explained_as).capitalize()
    return kind if one.reason == kind else f"{kind}: {one.reason}"


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


class ExplainForm(forms.Form):
    """Why an expected case is rightly not in the series."""

    kind = forms.ChoiceField(
        label="Why it is not in the series",
        choices=[(one.value, one.value.capitalize()) for one in Explanation],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose why the case is not in the series"},
    )
    reason = forms.CharField(label="More about it", max_length=2000, widget=forms.Textarea, required=False)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("kind") == Explanation.OTHER and not given.get("reason", "").strip():
            self.add_error("reason", "Say what the other reason is")
        return given


def explain(request: HttpRequest, service: str, ods: str, period: str, number: int) -> HttpResponse:
    """Say why an expected case is rightly not in the series."""
    here, asking = place(service, ods, period), who(request)
    one = _one(here, asking, number)
    known = {"reason": one.reason, "kind": one.explained_as or (Explanation.OTHER if one.reason else "")}
    form = ExplainForm(posted(request), initial=known)
    if request.method == "POST" and form.is_valid():
        given = {"kind": Explanation(form.cleaned_data["kind"]), "reason": form.cleaned_data["reason"]}
        if attempt(form, lambda: actions.explain_missing(expected_id=number, **given, by=asking)) is not None:
            messages.success(request, f"The absence of case {one.case_id} is explained.")
            return redirect(here.url("expected"))
    return form_page(
        request,
        form,
        title=f"Explain case {one.case_id}",
        section=SECTION,
        crumbs=_below(here),
        intro=[f"Known from: {one.source}. Why is it rightly not among the cases? If it should be, send it instead."],
        facts=_told(one),
        submit="Keep the reason",
    )


class ReplyForm(forms.Form):
    """Which case of the series an expected case is."""

    reply = forms.ChoiceField(label="Answer", widget=forms.RadioSelect, error_messages={"required": "Choose an answer"})
    case_id = forms.CharField(label="Which case it is", help_text="Its identifier in your series", max_length=200, required=False)

    def __init__(self, data: Any, one: Any) -> None:
        super().__init__(data, initial={"reply": Reply.OTHER if one.status == "missing" else ""})
        suggested = [(Reply.YES.value, "Yes, it is"), (Reply.NO.value, "No, it is not")] if one.status == "review" else []
        self.fields["reply"].choices = [*suggested, (Reply.OTHER.value, "It is another case of our series")]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("reply") == Reply.OTHER and not given.get("case_id", "").strip():
            self.add_error("case_id", "Give the identifier of the case that it is")
        return given


def reply(request: HttpRequest, service: str, ods: str, period: str, number: int) -> HttpResponse:
    """Answer whether an expected case is a case of the series: the suggested one, not that one, or another."""
    here, asking = place(service, ods, period), who(request)
    one = _one(here, asking, number)
    form = ReplyForm(posted(request), one)
    if request.method == "POST" and form.is_valid():
        given = {"reply": Reply(form.cleaned_data["reply"]), "case_id": form.cleaned_data["case_id"]}
        if attempt(form, lambda: ascertainment.reply_to_question(expected_id=number, **given, by=asking)) is not None:
            messages.success(request, f"Your answer on {one.case_id} was kept.")
            return redirect(here.url("expected"))
    asked = f"Is it {one.case or f'the case that {one.elsewhere} sent'}?" if one.status == "review" else "Which case is it?"
    return form_page(
        request,
        form,
        title=f"{asked} Expected case {one.case_id}",
        section=SECTION,
        crumbs=_below(here),
        intro=["Look it up in your own records by the day and the record number. If it is no case of yours, explain it instead."],
        facts=_told(one),
        submit="Keep the answer",
    )


def _one(here: Place, asking: Who, number: int) -> Any:
    found = queries.expected_and_missing(asking, here.centre, here.period.start, here.period.end)
    one = next((row for row in found if row.expected_id == number), None)
    if one is None:
        raise NotFound("This case is not expected here.")
    return one


def _told(one: Any) -> list[tuple[str, Cell]]:
    facts = [("Known from", one.source), ("Event", day(one.event_on)), ("Particulars", one.particulars)]
    return [(label, text) for label, text in [*facts, ("Case of the series", _which(one))] if text]


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
    asked = {row.case_id for row in found if row.status == "review"}
    if asked:
        stops.append(
            f"Of {plural(len(asked), 'expected case', 'expected cases')} it is asked whether it is a case of the series."
        )
        links.append(("Answer the questions", f"{here.url('expected')}?status=review"))
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
        crumbs=collecting(),
        intro=[f"{here.centre.service.name}, {here.words}. The centre can then change its cases and must sign off again."],
        submit="Open again",
        kind="warning",
    )
