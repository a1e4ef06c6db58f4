"""Patients whom two centres report: each says what its case is, and the network counts each patient as they agree."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from plenary.collection.actions import across as actions
from plenary.collection.queries import shared as queries
from plenary.collection.terms import SharedAnswer, SharedState
from plenary.core.permissions import CentreDataManager, CentreLead
from plenary.core.terms import NotFound, Who
from plenary.web.design.fields import FilterForm, SplitDateField
from plenary.web.design.formats import day
from plenary.web.design.formats import number as written
from plenary.web.design.tables import Cell, Link, Tag
from plenary.web.routes import Permission, Scope, only, who
from plenary.web.workspace.collection import SECTION, ProgressFilter, followed_services
from plenary.web.workspace.pages import REFUSALS, Crumbs, attempt, collecting, form_page, list_page, posted

TITLE = "Patients of two centres"
STATES = {
    SharedState.OPEN: Tag("Not answered", "red"),
    SharedState.PROPOSED: Tag("One centre answered", "yellow"),
    SharedState.AGREED: Tag("Agreed", "green"),
}


class SharedFilter(ProgressFilter):
    """Which service and period the account is of, and which of the patients."""

    state = forms.ChoiceField(label="State", choices=[("", "All"), *((key.value, tag.text) for key, tag in STATES.items())])

    def __init__(self, data: Any, services: Any) -> None:
        super().__init__(data, services)
        self.state_chosen = data.get("state", "") if data.get("state", "") in {state.value for state in SharedState} else ""
        self.data = {**self.data, "state": self.state_chosen}

    @property
    def narrowed(self) -> bool:
        return bool(self.state_chosen)


def _crumbs() -> Crumbs:
    return collecting()


def all_shared(request: HttpRequest, *, as_file: bool = False) -> HttpResponse:
    """Show the patients whom another centre reports too: the own ones with their case, the network's as numbers and states."""
    asking = who(request)
    form = SharedFilter(request.GET, followed_services(asking))
    chosen, period = form.chosen_service, form.chosen_period
    found = queries.visible_to(asking, chosen) if chosen else []
    kept = [one for one in found if form.state_chosen in {"", one.pair.state}]
    return list_page(
        request,
        title=TITLE,
        section=SECTION,
        crumbs=_crumbs(),
        columns=("Centre", "Case", "Other centre", "Told by", "State", "Answer", "To do"),
        rows=[_row(one, as_file=as_file) for one in kept],
        intro=[
            "Found by keyed pseudonyms: no centre sees another's case. Until both agree, the case accepted first counts.",
            _account(chosen, period),
        ],
        filter=form,
        file="patients-of-two-centres.csv",
        as_file=as_file,
        download=reverse("shared_patients_file"),
        template="workspace/collection.jinja",
        empty=("No patient of this service is reported by two centres.", "Back to collection", reverse("collection")),
    )


def _account(service: Any, period: Any) -> str:
    if service is None:
        return ""
    found = queries.account(service, period.start, period.end)
    return (
        f"{service.name}, {period.words}: {written(found.cases)} cases came in. {written(found.counted)} count; of the others, "
        f"{written(found.transferred)} count elsewhere after a transfer, {written(found.duplicates)} are duplicates, and "
        f"{written(found.waiting)} wait for an agreement."
    )


def _row(one: queries.Side, *, as_file: bool) -> tuple[Cell, ...]:
    link = Link("Answer" if one.pair.state != SharedState.AGREED else "Open", reverse("shared_patient", args=[one.pair.pk]),
                hidden=f"patient {one.pair.pk} of {one.centre.ods}")  # fmt: skip
    told = "NHS number" if one.pair.sure else "Birth date, sex and area"
    todo: Cell = link if one.case_id and not as_file else ""
    state = STATES[SharedState(one.pair.state)]
    return f"{one.centre.name} ({one.centre.ods})", one.case_id, one.other.name, told, state, words(one.pair), todo


def words(pair: Any) -> str:
    """Return what was answered of a shared patient, in words."""
    if pair.answer == SharedAnswer.EPISODES:
        return "Two episodes: both count"
    if pair.answer == SharedAnswer.DUPLICATE:
        return f"One case sent twice: counts at {pair.counts_at.name}, the other is withdrawn"
    if pair.answer == SharedAnswer.TRANSFER:
        return f"Transferred from {pair.moved_from.name} on {day(pair.moved_on)}: counts at {pair.counts_at.name}"
    return ""


def scope_of(asking: Who, *, number: int) -> Scope:
    """Return the own centre of a shared patient; for everybody else there is none."""
    found = queries.side(asking, number)
    if found is None:
        raise NotFound("There is no such patient.")
    return Scope(found.centre.service.slug, found.centre.key)


OF_EITHER: Permission = only(CentreDataManager, CentreLead, scope=scope_of, about="centre")


class AnswerForm(FilterForm):
    """What the two cases are. Only what the answer needs is asked for."""

    answer = forms.ChoiceField(
        label="What are the two cases?", widget=forms.RadioSelect, error_messages={"required": "Choose what the two cases are"}
    )
    counts_at = forms.ChoiceField(label="Which centre counts the case?")
    moved_from = forms.ChoiceField(label="After a transfer: which centre handed the patient over?")
    moved_on = SplitDateField(label="After a transfer: on which day?")

    def __init__(self, data: Any, side: queries.Side) -> None:
        super().__init__(data)
        self.fields["answer"].required = True
        self.fields["answer"].choices = [  # type: ignore[attr-defined]
            ("transfer", "The patient was transferred: one case for the network, kept by both"),
            ("two_episodes", "Two episodes of care of their own: both count"),
            ("duplicate", "One case that was sent twice: one of the two is withdrawn"),
        ]
        both = [(one.ods, one.name) for one in (side.centre, side.other)]
        for name in ("counts_at", "moved_from"):
            self.fields[name].choices = [("", "Choose a centre"), *both]  # type: ignore[attr-defined]


def answer(request: HttpRequest, number: int) -> HttpResponse:
    """Say for the own centre what its case and the other's are."""
    asking = who(request)
    side = queries.side(asking, number)
    if side is None:
        raise NotFound("There is no such patient.")
    form, centres = AnswerForm(posted(request), side), {one.ods: one for one in (side.centre, side.other)}
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        said = {
            "answer": SharedAnswer(values["answer"]),
            "counts_at": centres.get(values["counts_at"]),
            "moved_from": centres.get(values["moved_from"]),
            "moved_on": values["moved_on"],
        }
        made = attempt(
            form, lambda: actions.answer_shared(shared=side.pair, centre=side.centre, **said, by=asking), also=REFUSALS
        )  # fmt: skip
        if made is not None:
            agreed = made.state == SharedState.AGREED
            messages.success(request, "Both centres agree." if agreed else f"Kept. {side.other.name} is asked to say the same.")
            return redirect("shared_patients")
    return form_page(
        request,
        form,
        title="A patient of two centres",
        section=SECTION,
        crumbs=[*_crumbs(), (TITLE, reverse("shared_patients"))],
        intro=[f"{side.centre.service.name}. {side.other.name} reports the same patient. Speak with the team there first."],
        facts=[
            ("Your case", side.case_id),
            ("Told by", "NHS number" if side.pair.sure else "Birth date, sex and area"),
            ("State", STATES[SharedState(side.pair.state)]),
            ("Answer so far", words(side.pair)),
            ("Given by", side.pair.proposed_by.name if side.pair.proposed_by else ""),
        ],
        submit="Answer",
    )
