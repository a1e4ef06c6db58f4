"""What patients said of the use of their records, at one centre, and recording it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from plenary.collection.actions import consent as actions
from plenary.collection.queries import consent
from plenary.collection.terms import Effect
from plenary.core.queries import today
from plenary.core.terms import NotFound, NotPossible
from plenary.web.design.fields import FilterForm, SplitDateField
from plenary.web.design.formats import day, moment
from plenary.web.design.tables import Cell
from plenary.web.routes import who
from plenary.web.workspace.collection import SECTION, place
from plenary.web.workspace.pages import attempt, form_page, list_page, posted

WISHES = [(str(key), word) for key, word in consent.WISHES.items()]
ANSWERS = [(str(key), word) for key, word in consent.ANSWERS.items()]


def _effect(key: str) -> str:
    return consent.EFFECTS[Effect(key)]


class ConsentFilter(FilterForm):
    """What narrows the list."""

    wish = forms.ChoiceField(label="About", choices=[("", "All"), *WISHES])
    case_id = forms.CharField(label="Case identifier", max_length=200)


def consents(request: HttpRequest, service: str, ods: str, period: str, *, as_file: bool = False) -> HttpResponse:
    """Show what was recorded at a centre, the last first."""
    here, form = place(service, ods, period), ConsentFilter(request.GET)
    chosen = form.chosen()
    found = consent.visible_to(who(request)).filter(centre=here.centre)
    kept = [
        one
        for one in found
        if chosen.get("wish", one.wish) == one.wish and chosen.get("case_id", "").casefold() in one.case_id.casefold()
    ]
    return list_page(
        request,
        title="Consent and objections",
        section=here.words,
        crumbs=here.crumbs(),
        columns=("Case", "About", "Answer", "Said on", "What it does", "Settings", "Recorded"),
        rows=[_row(one) for one in kept],
        intro=["What patients said is added and never changed. The last answer to each question stands."],
        links=[("Record what a patient said", here.url("record_consent"))],
        filter=form,
        file=f"consent-{service}-{ods}.csv",
        as_file=as_file,
        download=here.url("consents_file"),
        empty=("Nothing was recorded at this centre.", "Record what a patient said", here.url("record_consent")),
    )


def _row(one: Any) -> tuple[Cell, ...]:
    return (
        one.case_id,
        dict(WISHES)[one.wish],
        dict(ANSWERS)[one.answer],
        day(one.said_on),
        _effect(one.effect),
        one.settings_version,
        moment(one.recorded_at),
    )


class ConsentForm(forms.Form):
    """What one patient said."""

    case_id = forms.CharField(label="Case identifier", max_length=200, error_messages={"required": "Give the case identifier"})
    wish = forms.ChoiceField(
        label="About", choices=WISHES, widget=forms.RadioSelect, error_messages={"required": "Say what it is about"}
    )
    answer = forms.ChoiceField(
        label="Answer", choices=ANSWERS, widget=forms.RadioSelect, error_messages={"required": "Say what the answer was"}
    )
    said_on = SplitDateField(label="Said on", error_messages={"required": "Give the day on which the patient said it"})


def record(request: HttpRequest, service: str, ods: str, period: str) -> HttpResponse:
    """Record what a patient said. What each answer does is told before, from the settings in force."""
    here, form = place(service, ods, period), ConsentForm(posted(request))
    try:
        settings = consent.settings_on(today())
    except NotPossible as problem:
        raise NotFound(str(problem)) from problem
    if request.method == "POST" and form.is_valid():
        made = attempt(form, lambda: actions.record_consent(**here.kept, **form.cleaned_data, by=who(request)))
        if made is not None:
            messages.success(request, f"Recorded for case {made.case_id}. {_effect(made.effect)}.")
            return redirect(here.url("consents"))
    return form_page(
        request,
        form,
        title="Record what a patient said",
        section=SECTION,
        crumbs=[*here.crumbs(), ("Consent and objections", here.url("consents"))],
        intro=[
            f"{here.centre.service.name}, {here.words}. A case that was never sent is counted in this period.",
            "Counted by number only: every value, draft, follow-up and file of the case is erased for good. It still counts.",
        ],
        warnings=_meanings(settings),
        warning_title=f"{'Proposed settings' if settings.body.get('proposed') else 'Settings'}, version {settings.version}",
        submit="Record",
    )


def _meanings(settings: Any) -> list[str]:
    words = []
    for wish, label in consent.WISHES.items():
        said = settings.body.get(wish, {})
        each = [f"{consent.ANSWERS[key].lower()}: {_effect(said[key]).lower()}" for key in consent.ANSWERS if key in said]
        words.append(f"{label}. {'; '.join(each).capitalize()}.")
    return words
