"""Keying a case: what is typed is kept as a draft at once, and becomes a case when somebody finishes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from plenary.collection import queries
from plenary.collection.actions import entry as actions
from plenary.collection.queries import entry
from plenary.core.queries import today
from plenary.core.terms import NotFound
from plenary.web.design.fields import FilterForm
from plenary.web.design.formats import day, moment, plural
from plenary.web.design.tables import Button, Cell, Column, Link
from plenary.web.routes import who
from plenary.web.workspace.cases import opened
from plenary.web.workspace.collection import SECTION, Place, data_set_of, place
from plenary.web.workspace.entry_form import CaseForm
from plenary.web.workspace.pages import Crumbs, attempt, form_page, list_page, posted

WHY_CHANGE = "change one case"
AGAIN, NEXT, KEEP = "save", "next", "draft"
"""What the buttons say besides "finish": save and go on, finish and key the next; and what the script sends."""


@dataclass(frozen=True)
class Desk:
    """One person keying one case: where, by which data set, from which draft or case."""

    request: HttpRequest
    here: Place
    dataset: Any
    draft: Any = None
    known: Any = None

    @property
    def correcting(self) -> Any:
        """The case that is corrected, None while a new one is keyed."""
        if self.draft is not None:
            return self.draft.case
        return self.known.case if self.known is not None else None

    @property
    def kept(self) -> Mapping[str, str] | None:
        if self.draft is not None:
            typed: Mapping[str, str] = self.draft.typed
            return typed
        return entry.typed_of(self.known, self.dataset) if self.known is not None else None

    def form(self) -> CaseForm:
        data = posted(self.request)
        return CaseForm(self.dataset, data, kept=self.kept, on=today(), correcting=self.correcting is not None)

    def address(self, draft: Any) -> str:
        return self.here.url("draft", draft.pk)

    def notes(self, form: CaseForm, values: Mapping[str, str]) -> dict[str, str]:
        """Return, by question, what the check says of what was typed so far."""
        version = queries.data_set_for(self.here.centre.service, self.here.period.end)
        period = self.here.period.start, self.here.period.end
        found = entry.found_so_far(version, self.here.centre, period, values, today())
        return {form.question_of(one.field): f"{one.message} {one.remedy}".strip() for one in reversed(found)}


def key_case(request: HttpRequest, service: str, ods: str, period: str) -> HttpResponse:
    """Key one case, or change one (``?case=``). Nothing typed is lost: it is a draft from the first saving on."""
    here, asking = place(service, ods, period), who(request)
    dataset = data_set_of(here)
    known = opened(request, here, request.GET["case"], WHY_CHANGE) if request.GET.get("case") else None
    begun = entry.visible_to(asking).filter(**here.kept, case=known.case).first() if known is not None else None
    if begun is not None and request.method != "POST":
        messages.info(request, f"You began to change this case {moment(begun.begun_at)}: this is your draft.")
        return redirect(here.url("draft", begun.pk))
    return _desk(Desk(request, here, dataset, draft=begun, known=known))


def draft(request: HttpRequest, service: str, ods: str, period: str, number: int) -> HttpResponse:
    """Go on with a draft."""
    here = place(service, ods, period)
    found = actions.open_draft(draft_id=number, by=who(request))
    if found.centre != here.centre or (found.period_start, found.period_end) != (here.period.start, here.period.end):
        raise NotFound("This draft is of another centre or period.")
    return _desk(Desk(request, here, data_set_of(here), draft=found))


def _desk(desk: Desk) -> HttpResponse:
    form, request = desk.form(), desk.request
    if request.method == "POST":
        wanted = request.POST.get("do", "")
        values = form.typed
        saved = attempt(form, lambda: _saved(desk, values))
        if wanted == KEEP:
            return _kept(desk, form, values, saved)
        if saved is not None and wanted == AGAIN:
            messages.success(request, "What you typed is kept as a draft. It is no case yet.")
            return redirect(desk.address(saved))
        done = _finished(desk, form, saved) if saved is not None else None
        if done is not None:
            return redirect(desk.here.url("key_case") if wanted == NEXT else _after(desk, done))
        desk = Desk(request, desk.here, desk.dataset, draft=saved or desk.draft, known=desk.known)
    return _page(desk, form)


def _saved(desk: Desk, values: Mapping[str, str]) -> Any:
    number = desk.draft.pk if desk.draft is not None else None
    return actions.save_draft(**desk.here.kept, values=values, by=who(desk.request), draft_id=number, case=desk.correcting)


def _finished(desk: Desk, form: CaseForm, saved: Any) -> Any:
    """Make a case of the draft; None where something stands in the way, which the form then says."""
    for name, message in form.too_long().items():
        form.add_error(name, message)
    if form.errors:
        return None
    done = attempt(form, lambda: actions.finish_draft(draft_id=saved.pk, by=who(desk.request)), field="case_id")
    if done is None:
        return None
    if done.blocked:
        form.findings(done.findings)
        return None
    _tell(desk, done)
    return done


def _tell(desk: Desk, done: Any) -> None:
    """Say what was kept, with the warnings of the check, and where the case went if its date is of another period."""
    request, here = desk.request, desk.here
    if done.submission is None:
        messages.info(request, f"Nothing was changed in case {done.case_id}: it stands as before.")
        return
    messages.success(request, f"Case {done.case_id} was {'changed' if done.corrected else 'kept'}.")
    for finding in done.findings:
        messages.warning(request, f"{finding.field}: {finding.message} {finding.remedy}".strip())
    kept = queries.visible_to(who(request)).get(centre=here.centre, case_id=done.case_id)
    if not here.period.start <= kept.index_on < here.period.end:
        messages.warning(request, f"Its date is {day(kept.index_on)}, so it does not count for {here.period.words}.")


def _after(desk: Desk, done: Any) -> str:
    """Return where one goes from here: after a correction to what it changed, else to the list."""
    if done.corrected and done.submission is not None:
        case = queries.visible_to(who(desk.request)).get(centre=desk.here.centre, case_id=done.case_id)
        return desk.here.url("case_history", case.pk)
    return desk.here.url("cases")


def _page(desk: Desk, form: CaseForm) -> HttpResponse:
    here, request = desk.here, desk.request
    own = entry.drafts(who(request), **here.kept)
    others = [one for one in own if desk.draft is None or one.number != desk.draft.pk]
    case = desk.correcting
    return form_page(
        request,
        form,
        title=f"Change case {case.case_id}" if case is not None else "Key one case",
        section=SECTION,
        crumbs=_crumbs(here),
        intro=[f"{here.centre.service.name}, {here.words}. Data set {desk.dataset.version}."],
        parts=form.laid_out({} if form.errors else desk.notes(form, form.typed)),
        action=desk.address(desk.draft) if desk.draft is not None else request.get_full_path(),
        saved=moment(desk.draft.saved_at) if desk.draft is not None else "",
        drafts=(plural(len(others), "other case is", "other cases are"), here.url("drafts")) if others else None,
        drop=here.url("drop_draft", desk.draft.pk) if desk.draft is not None else "",
        leave="Leave this page",
        template="workspace/key_case.jinja",
    )


def _kept(desk: Desk, form: CaseForm, values: Mapping[str, str], saved: Any) -> JsonResponse:
    """Answer the script: what is asked now, what was worked out, what the check says so far, and when it was kept."""
    if saved is None:
        return JsonResponse({"problem": " ".join(map(str, form.non_field_errors()))}, status=409)
    standing = entry.standing(desk.dataset, values, today())
    visible = [one.name for one in form.questions.values() if one.name in standing.asked or form.has_value(one, values)]
    return JsonResponse(
        {
            "address": desk.address(saved),
            "saved": f"Kept as a draft at {timezone.localtime(saved.saved_at):%H:%M:%S}.",
            "shown": visible,
            "worked_out": dict(standing.worked_out),
            "notes": desk.notes(form, values),
        }
    )


def _crumbs(here: Place) -> Crumbs:
    return [*here.crumbs(), ("Cases", here.url("cases"))]


# -- drafts


def drafts(request: HttpRequest, service: str, ods: str, period: str, *, as_file: bool = False) -> HttpResponse:
    """Show the own drafts of a centre and period."""
    here, form = place(service, ods, period), DraftFilter(request.GET)
    wanted = form.chosen().get("case_id", "").casefold()
    found = [one for one in entry.drafts(who(request), **here.kept) if wanted in one.case_id.casefold()]
    now = timezone.now()
    return list_page(
        request,
        title="Unfinished cases",
        section=here.words,
        crumbs=_crumbs(here),
        columns=_DRAFT_COLUMNS,
        rows=[_draft_row(here, one, (now - one.saved_at).days, as_file=as_file) for one in found],
        intro=[
            "Cases that you began to key and have not finished. They count nowhere, and nobody else can open them.",
            "Old ones are deleted, for they hold what you typed of patients. You are told by e-mail before; saving one keeps it.",
        ],
        links=[("Key one case", here.url("key_case"))],
        filter=form,
        file=f"drafts-{service}-{ods}-{period}.csv",
        as_file=as_file,
        download=here.url("drafts_file"),
        empty=("You have no unfinished case here.", "Key one case", here.url("key_case")),
    )


_DRAFT_COLUMNS = (
    "Case", "Kind", Column("Values", numeric=True), "Begun", "Last saved", Column("Days ago", numeric=True),
    "Kept until", "To do",
)  # fmt: skip


class DraftFilter(FilterForm):
    """What narrows the drafts."""

    case_id = forms.CharField(label="Case identifier", max_length=200)


def _draft_row(here: Place, one: Any, days: int, *, as_file: bool) -> tuple[Cell, ...]:
    name = one.case_id or "Without an identifier"
    which = f"begun {moment(one.begun_at)}, number {one.number}"
    return (
        name if as_file else Link(name, here.url("draft", one.number), hidden=which),
        "Correction" if one.correcting else "New case",
        str(one.filled),
        moment(one.begun_at),
        moment(one.saved_at),
        str(days),
        day(one.kept_until) if one.kept_until else "You delete it",
        "" if as_file else Button("Delete", here.url("drop_draft", one.number), hidden=f"{name}, {which}"),
    )


@require_POST
def drop(request: HttpRequest, service: str, ods: str, period: str, number: int) -> HttpResponse:
    """Throw a draft away."""
    here = place(service, ods, period)
    actions.drop_draft(draft_id=number, by=who(request))
    messages.success(request, "The draft was deleted. What stands of the case is as before.")
    return redirect(here.url("drafts"))


# -- what each version changed


def history(request: HttpRequest, service: str, ods: str, period: str, number: int, *, as_file: bool = False) -> HttpResponse:
    """Show what each version of a case changed. That it was read is recorded."""
    here = place(service, ods, period)
    case, found = actions.open_history(centre=here.centre, case_pk=number, by=who(request))
    rows: Sequence[Any] = [
        (str(one.version), moment(one.at), "Screen" if one.route == "keyed" else "File", one.by, one.difference.field,
         one.difference.before, one.difference.after)
        for one in found
    ]  # fmt: skip
    return list_page(
        request,
        title=f"What changed in case {case.case_id}",
        section=here.words,
        crumbs=_crumbs(here),
        columns=(Column("Version", numeric=True), "When", "Came by", "Who", "Field", "Before", "Now"),
        rows=rows,
        links=[("Back to the cases", here.url("cases")), ("Key the next case", here.url("key_case"))],
        file=f"history-{case.pk}.csv",
        as_file=as_file,
        download=here.url("case_history_file", number),
        empty=("No value was changed since the case was first reported.", "Back to the cases", here.url("cases")),
    )
