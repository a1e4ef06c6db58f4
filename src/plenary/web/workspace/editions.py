"""Editions: make one of a release, look at it before it is published, publish it for good, correct it by a new number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from plenary.core.terms import Damaged, NotFound
from plenary.editions import actions, queries
from plenary.editions.permissions import may_publish
from plenary.editions.terms import EditionState
from plenary.releases.queries import proposals
from plenary.web.design.fields import FilterForm
from plenary.web.design.formats import moment
from plenary.web.design.tables import Cell, Link, Several, Tag
from plenary.web.public.editions import FRONT, TYPES
from plenary.web.routes import Permission, who
from plenary.web.workspace.pages import (
    LOOK_AGAIN,
    Crumbs,
    EmptyForm,
    ReasonForm,
    attempt,
    form_page,
    home,
    list_page,
    look_again,
    posted,
)
from plenary.web.workspace.periods import Period

SECTION = "Make editions"
STATES = {
    "released": Tag("Released, no edition yet", "grey"),
    EditionState.BUILDING: Tag("Being built", "blue"),
    EditionState.FAILED: Tag("Could not be built", "red"),
    EditionState.BUILT: Tag("Waits to be published", "yellow"),
    EditionState.SET_ASIDE: Tag("Set aside", "grey"),
    EditionState.PUBLISHED: Tag("Published", "green"),
}


PUBLISHERS = Permission("national commissioner of the edition's nation", lambda asking, scope: may_publish(asking))  # noqa: ARG005 - the shape of every answer


def _crumbs() -> Crumbs:
    return [*home(), (SECTION, reverse("manage_editions"))]


class EditionFilter(FilterForm):
    """What narrows the list."""

    state = forms.ChoiceField(label="State", choices=[("", "All"), *((str(key), tag.text) for key, tag in STATES.items())])


def all_editions(request: HttpRequest, *, as_file: bool = False) -> HttpResponse:
    """Show what is published, what waits, and the releases of which no edition was made."""
    form = EditionFilter(request.GET)
    wanted = form.chosen().get("state")
    made = [*queries.in_preparation(), *queries.published()]
    known = {one.release_hash for one in made}
    released = [one for one in proposals.frozen() if one.content_hash not in known]
    rows = [_released_row(one) for one in released if wanted in {None, "released"}]
    why = queries.why_not_built()
    rows += [_edition_row(one, why) for one in made if wanted in {None, _state(one, why)}]
    building = any(_state(one, why) == EditionState.BUILDING for one in made)
    answer = list_page(
        request,
        title=SECTION,
        section=SECTION,
        crumbs=home(),
        columns=("Edition", "Period", "State", "Since", "Note", "To do"),
        rows=rows,
        intro=["An edition is made from a release. Once published it never changes: a correction is a new number with a note."],
        filter=form,
        file="editions.csv",
        as_file=as_file,
        download=reverse("manage_editions_file"),
        template="workspace/editions.jinja",
        building=building,
        seconds=LOOK_AGAIN,
        empty=("Nothing is released yet.", "See what is proposed", reverse("releases")),
    )
    if building and not as_file:
        look_again(request, answer)
    return answer


def _released_row(one: Any) -> tuple[Cell, ...]:
    link = Link("Build the edition", reverse("build_edition", args=[one.pk]), hidden=f"of {one}")
    return str(one), Period(one.period_start, one.period_end).words, STATES["released"], moment(one.frozen_at), one.note, link


def _state(one: Any, why: Mapping[int, str]) -> EditionState:
    """Return the state as people see it: what nobody builds any more has failed."""
    return EditionState.FAILED if one.pk in why else EditionState(one.state)


def _edition_row(one: Any, why: Mapping[int, str]) -> tuple[Cell, ...]:
    state, because = STATES[_state(one, why)], why.get(one.pk) or one.wrong
    return (
        str(one),
        Period(one.period_start, one.period_end).words,
        Several((state, because)) if because else state,
        moment(one.published_at or one.set_aside_at or one.built_at),
        one.note,
        Several(tuple(_links(one, _state(one, why)))),
    )


def _links(one: Any, state: EditionState) -> list[Cell]:
    if state == EditionState.FAILED:
        return [Link("Try again", reverse("retry_edition", args=[one.pk]), hidden=f"to build {one}"), _aside(one)]
    if state == EditionState.SET_ASIDE:
        return [Link("Build again", reverse("build_edition", args=[one.proposal]), hidden=f"{one}")]
    if one.state == EditionState.PUBLISHED:
        files = (
            ("Read it", FRONT),
            ("PDF", "edition.pdf"),
            ("Open data", "data/datapackage.json"),
            ("Manifest", "manifest.json"),
        )
        return [Link(words, reverse("edition_file", args=[one.folder, name]), hidden=f"of {one}") for words, name in files]
    if one.state == EditionState.BUILDING:
        return [Link("Build it now", reverse("build_now", args=[one.pk]), hidden=f"{one}")]
    return [
        Link("Preview", reverse("preview", args=[one.pk, FRONT]), hidden=f"of {one}"),
        Link("Preview of the PDF", reverse("preview", args=[one.pk, "edition.pdf"]), hidden=f"of {one}"),
        Link("Publish", reverse("publish", args=[one.pk]), hidden=f"{one}"),
        _aside(one),
    ]


def _aside(one: Any) -> Link:
    return Link("Set aside", reverse("set_edition_aside", args=[one.pk]), hidden=f"{one}")


# -- building


class BuildForm(forms.Form):
    """What a correction corrects."""

    note = forms.CharField(
        label="What this version corrects",
        max_length=2000,
        required=False,
        widget=forms.Textarea,
        help_text="Printed in the edition for everybody to read.",
    )


def build(request: HttpRequest, number: int) -> HttpResponse:
    """Ask for the edition of a release. Of a label that was published it is a correction and says what it corrects."""
    asking, release = who(request), _release(number)
    is_correction = queries.published().filter(label=release.label).exists()
    form: forms.Form = BuildForm(posted(request)) if is_correction else EmptyForm(posted(request))
    if request.method == "POST" and form.is_valid():
        note = form.cleaned_data.get("note", "")
        made = attempt(
            form,
            lambda: actions.order(proposal_id=release.pk, note=note, by=asking),
            also=(Damaged,),
            field="note" if is_correction else None,
        )
        if made is not None:
            messages.success(request, f"{made} is being built. This page says when it is ready.")
            return redirect("manage_editions")
    return form_page(
        request,
        form,
        title=f"{'Correct' if is_correction else 'Build'} edition {release.label}",
        section=SECTION,
        crumbs=_crumbs(),
        intro=["Pages, PDF, slides and open data are made from one content document. Nothing is published by this."],
        facts=[("Release", str(release)), ("Content hash", release.content_hash)],
        submit="Build",
    )


def _release(number: int) -> Any:
    found = proposals.frozen().filter(pk=number).first()
    if found is None:
        raise NotFound("Nothing was released under this number.")
    return found


def build_now(request: HttpRequest, number: int) -> HttpResponse:
    """Build without waiting for the queue; what stands in the way is said here."""
    asking, one, form = who(request), _edition(number), EmptyForm(posted(request))
    if request.method == "POST" and form.is_valid():
        done = attempt(form, lambda: actions.build(proposal_id=one.proposal, note=one.note, by=asking), also=(Damaged,))
        if done is not None:
            messages.success(request, f"{one} is built and waits to be published.")
            return redirect("manage_editions")
    return form_page(
        request,
        form,
        title=f"Build {one} now",
        section=SECTION,
        crumbs=_crumbs(),
        intro=["It is in the queue already. Do this if it has waited for more than a few minutes; it takes up to a minute."],
        submit="Build now",
    )


def retry(request: HttpRequest, number: int) -> HttpResponse:
    """Say why an edition could not be built, and put it into the queue once more."""
    asking, one, form = who(request), _edition(number), EmptyForm(posted(request))
    why = queries.why_not_built().get(one.pk, "")
    if request.method == "POST" and form.is_valid():
        note = one.note
        done = attempt(form, lambda: actions.order(proposal_id=one.proposal, note=note, by=asking), also=(Damaged,))
        if done is not None:
            messages.success(request, f"{one} is being built. This page says when it is ready.")
            return redirect("manage_editions")
    return form_page(
        request,
        form,
        title=f"Try again to build {one}",
        section=SECTION,
        crumbs=_crumbs(),
        intro=["Nothing was published and nothing is lost: the release stands as it was approved."],
        facts=[("Why it could not be built", why), ("Release", one.release_hash)],
        stops=[] if why else [f"{one} has not failed. See the list of editions for what it waits for."],
        submit="Try again",
    )


def _edition(number: int) -> Any:
    found = queries.in_preparation().filter(pk=number).first()
    if found is None:
        raise NotFound("No edition of this number waits to be published.")
    return found


def preview(request: HttpRequest, number: int, name: str) -> HttpResponseBase:  # noqa: ARG001 - the shape of a view
    """Answer with a file of an edition that is not published yet, to those who may publish it."""
    path = queries.file_in_preparation(number, name)
    kind = TYPES.get(path.suffix)
    if kind is None:
        raise Http404("There is no such file in this edition.")
    return FileResponse(path.open("rb"), content_type=kind)


def set_aside(request: HttpRequest, number: int) -> HttpResponse:
    """Take back what was found wrong before it was published, with the reason."""
    asking, one, form = who(request), _edition(number), ReasonForm(posted(request))
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        if attempt(form, lambda: actions.set_aside(edition_id=one.pk, reason=reason, by=asking)) is not None:
            messages.success(request, f"{one} was set aside. Nothing of it was published.")
            return redirect("manage_editions")
    can = one.state in {EditionState.BUILT, EditionState.FAILED}
    return form_page(
        request,
        form,
        title=f"Set {one} aside",
        section=SECTION,
        crumbs=_crumbs(),
        intro=[
            "Its pages, PDF, slides and data are removed. The release stands as it was approved: it can be built again.",
            "Where the release itself is wrong, propose the results anew; their release takes the place of this one.",
        ],
        facts=[("State", STATES[EditionState(one.state)]), ("Release", one.release_hash), ("Digest of its files", one.digest)],
        stops=[] if can else [f"{one} is {one.state}: there is nothing to set aside."],
        submit="Set aside",
        kind="warning",
    )


# -- publishing


def publish(request: HttpRequest, number: int) -> HttpResponse:
    """Publish for good, after asking whether one is sure."""
    asking, one, form = who(request), _edition(number), EmptyForm(posted(request))
    if request.method == "POST" and form.is_valid():
        done = attempt(form, lambda: actions.publish(edition_id=one.pk, by=asking))
        if done is not None:
            messages.success(request, f"{done} is published.")
            return redirect("manage_editions")
    return form_page(
        request,
        form,
        title=f"Publish {one}",
        section=SECTION,
        crumbs=_crumbs(),
        intro=[
            "Everybody can read it from now on, and it can never be changed or taken back.",
            "Every file is checked once more first.",
        ],
        facts=[
            ("Period", Period(one.period_start, one.period_end).words),
            ("Corrects", one.note),
            ("Release", one.release_hash),
            ("Digest of its files", one.digest),
            ("Preview", Link("Look at it once more", reverse("preview", args=[one.pk, FRONT]))),
        ],
        stops=[] if one.state == EditionState.BUILT else ["It is not built yet."],
        submit="Publish for good",
        kind="warning",
    )
