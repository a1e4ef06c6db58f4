"""Before the meeting: a centre sees its own figures beside its peers', and says what it thinks of them; the lead reads it all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from plenary.core.permissions import CentreDataManager, CentreLead
from plenary.core.terms import NotFound, Who
from plenary.outcomes import actions, queries
from plenary.registry import queries as registry
from plenary.web.design.fields import FilterForm
from plenary.web.design.formats import moment
from plenary.web.design.pages import render_page
from plenary.web.design.tables import Table, table
from plenary.web.routes import Scope, only, who
from plenary.web.workspace.pages import Crumbs, attempt, form_page, home, list_page, posted
from plenary.web.workspace.periods import Period
from plenary.web.workspace.results import SECTION, by_centre, grouped, measure_of, run_of
from plenary_stats.tables import TOTAL

GENERAL = "all"
"""What stands in an address for the results as a whole."""


def _scope_of_centre(asking: Who, *, number: int, ods: str, **_: str) -> Scope:
    """Return the centre of a run that the person may see; for everybody else there is no such run."""
    service = run_of(asking, number).service.slug
    return Scope(service, f"{service}/{ods}")


OWN_CENTRE = only(CentreDataManager, CentreLead, scope=_scope_of_centre, about="centre")


def own_results(request: HttpRequest, number: int, ods: str) -> HttpResponse:
    """Show the figures of one centre: each outcome with all centres' and the funnel, and what was said of it so far."""
    asking = who(request)
    one, centre = _of(asking, number, ods)
    found, agreed = queries.results(asking, one), queries.agreed_with(one)
    names = {each.ods: each.name for each in registry.centres(one.service.slug)}
    rows = [row for each in found if each.name == "outcomes" for row in each.rows() if by_centre(row)]
    said = [pair for pair in queries.comments(asking, one) if pair[0].centre_id == centre.pk]
    measures = []
    for group in grouped(rows):
        outcome = group[0]["measure"].partition("@")[0]
        made = measure_of(group, agreed, names, None)
        mine = measure_of([row for row in group if row["centre"] in {ods, TOTAL}] or group, agreed, names, None)
        measures.append(made | {
            "table": replace(mine["table"], caption=f"{made['title']}: {centre.name} and all centres"),
            "remarks": _said(f"What was said of {made['title']}", [pair for pair in said if pair[0].outcome == outcome]),
            "comment": (f"Comment on {made['title']}", reverse("comment_results", args=[one.pk, ods, outcome])),
        })  # fmt: skip
    return render_page(
        request,
        "workspace/own_results.jinja",
        title=f"Figures of {centre.name}",
        section=f"{one.service.name}, {Period(one.period_start, one.period_end).words}",
        crumbs=_crumbs(one),
        preview=not one.signed_only,
        named=queries.names_shown(one.service),
        measures=measures,
        remarks=_said("What was said of the results as a whole", [pair for pair in said if not pair[0].outcome]),
        comment=("Comment on the results as a whole", reverse("comment_results", args=[one.pk, ods, GENERAL])),
    )


def _said(caption: str, pairs: list[Any]) -> Table:
    return table(caption, ("Comment", "Said", "By"), [(one.text, moment(one.said_at), name) for one, name in pairs])


def _of(asking: Who, number: int, ods: str) -> tuple[Any, Any]:
    one = run_of(asking, number)
    return one, registry.centre(one.service.slug, ods)


def _crumbs(one: Any) -> Crumbs:
    return [*home(), (SECTION, reverse("results")), (f"Results of {one.service.name}", reverse("run", args=[one.pk]))]


class CommentForm(forms.Form):
    """What a centre says."""

    text = forms.CharField(
        label="Comment",
        max_length=4000,
        help_text="The network's lead reads it before the meeting. Name no patient.",
        widget=forms.Textarea,
        error_messages={"required": "Write the comment"},
    )


def comment(request: HttpRequest, number: int, ods: str, outcome: str) -> HttpResponse:
    """Say something of one outcome of a centre, or of its results as a whole."""
    asking = who(request)
    one, centre = _of(asking, number, ods)
    labels = {GENERAL: "the results as a whole"} | queries.outcomes_of(one)
    if outcome not in labels:
        raise NotFound("These results have no such outcome.")
    form, back = CommentForm(posted(request)), reverse("own_results", args=[number, ods])
    if request.method == "POST" and form.is_valid():
        said = {"text": form.cleaned_data["text"], "outcome": "" if outcome == GENERAL else outcome}
        if attempt(form, lambda: actions.comment(run=one, centre=centre, **said, by=asking)) is not None:
            messages.success(request, "The comment was kept. The network's lead can read it now.")
            return redirect(back)
    return form_page(
        request,
        form,
        title=f"Comment on {labels[outcome]}",
        section=SECTION,
        crumbs=[*_crumbs(one), (f"Figures of {centre.name}", back)],
        intro=[
            f"{centre.name}, {Period(one.period_start, one.period_end).words}. A comment stays as it was written; add another."
        ],
        submit="Keep",
    )


class CommentFilter(FilterForm):
    """What narrows the comments."""

    outcome = forms.ChoiceField(label="Outcome")
    text = forms.CharField(label="Centre or words", max_length=200)

    def __init__(self, data: Any, labels: dict[str, str]) -> None:
        super().__init__(data)
        self.fields["outcome"].choices = [("", "All"), *labels.items()]  # type: ignore[attr-defined]

    def fits(self, one: Any) -> bool:
        chosen = self.chosen()
        words = f"{one.centre.name} {one.centre.ods} {one.text}".casefold()
        return bool(chosen.get("outcome", one.outcome) == one.outcome and chosen.get("text", "").casefold() in words)


def comments(request: HttpRequest, number: int, *, as_file: bool = False) -> HttpResponse:
    """Show what centres said of a run: all of it to whoever leads, to a centre what it said itself."""
    asking = who(request)
    one = run_of(asking, number)
    labels = queries.outcomes_of(one)
    form = CommentFilter(request.GET, labels)
    kept = [pair for pair in queries.comments(asking, one) if form.fits(pair[0])]
    return list_page(
        request,
        title="What centres said",
        section=f"{one.service.name}, {Period(one.period_start, one.period_end).words}",
        crumbs=_crumbs(one),
        columns=("Outcome", "Centre", "Comment", "Said", "By"),
        rows=[
            (labels.get(each.outcome, each.outcome) or "All", f"{each.centre.name} ({each.centre.ods})", each.text,
             moment(each.said_at), name)
            for each, name in kept
        ],
        intro=["Said of these results before the meeting, by outcome. Print this page, or take it along as a file."],
        filter=form,
        file=f"comments-{one.pk}.csv",
        as_file=as_file,
        download=reverse("result_comments_file", args=[one.pk]),
        empty=("Nothing was said of these results yet.", "Back to the results", reverse("run", args=[one.pk])),
    )  # fmt: skip


class NamesForm(forms.Form):
    """What the network agreed about names."""

    named = forms.ChoiceField(
        label="Beside its own results, a centre sees the others",
        choices=[("yes", "by their names"), ("no", "as Peer 1, Peer 2 and so on")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what the network agreed"},
    )
    why = forms.CharField(
        label="Where it was agreed",
        max_length=500,
        help_text="For example: annual meeting, 12 March 2026",
        error_messages={"required": "Say where the network agreed it"},
    )


def peer_names(request: HttpRequest, service: str) -> HttpResponse:
    """Note whether the centres of a network see one another's names."""
    asking, one = who(request), registry.service(service)
    form = NamesForm(posted(request), initial={"named": "yes" if queries.names_shown(one) else "no"})
    if request.method == "POST" and form.is_valid():
        named, why = form.cleaned_data["named"] == "yes", form.cleaned_data["why"]
        if attempt(form, lambda: actions.agree_names(service=one, named=named, why=why, by=asking)) is not None:
            messages.success(request, f"Centres of {one.name} see their peers {'by name' if named else 'without names'}.")
            return redirect("results")
    return form_page(
        request,
        form,
        title=f"Names of peers, {one.name}",
        section=SECTION,
        crumbs=[*home(), (SECTION, reverse("results"))],
        intro=["It holds for the results that centres look at before the meeting. Lead and commissioner always see the names."],
        submit="Keep",
    )
