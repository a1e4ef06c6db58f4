"""One submission: its check, its findings, what it changes, and accepting it or setting it aside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from plenary.collection import actions, queries
from plenary.collection.queries import confirmations
from plenary.collection.terms import Difference
from plenary.core.permissions import CentreDataManager, CentreLead
from plenary.core.queries import erased_on
from plenary.core.terms import NotFound, Who
from plenary.web.design.fields import FilterForm
from plenary.web.design.formats import day, moment, number, plural
from plenary.web.design.tables import Cell, Column, Link, Several, Tag
from plenary.web.routes import Permission, Scope, only, who
from plenary.web.workspace.collection import SECTION, STATES, Place, place_of
from plenary.web.workspace.pages import (
    LOOK_AGAIN,
    NOT_POSSIBLE,
    Crumbs,
    ReasonForm,
    attempt,
    form_page,
    list_page,
    look_again,
    posted,
)

SEVERITIES = (("blocking", "Blocking"), ("warning", "Warning"), ("notice", "Notice"))
COLOURS = {"blocking": "red", "warning": "orange", "notice": "grey"}
OTHER_HEADINGS = frozenset({"unknown-column", "missing-column", "no-heading"})
"""Findings that the columns may have other headings than the data set's."""

KINDS = {"added": "New case", "removed": "No longer sent", "changed": "Changed"}


def scope_of(asking: Who, *, number: int, key: str = "") -> Scope:  # noqa: ARG001 - the shape of every scope
    """Return the centre of a submission."""
    centre = queries.submission(number).centre
    return Scope(centre.service.slug, centre.key)


OF_ITS_CENTRE: Permission = only(CentreDataManager, CentreLead, scope=scope_of, about="centre")


def own_submission(request: HttpRequest, number: int) -> tuple[Any, Place]:
    """Return a submission of an own centre and its place; raise ``NotFound``."""
    found = queries.submissions(who(request)).filter(pk=number).first()
    if found is None:
        raise NotFound(f"There is no submission {number}.")
    return found, place_of(found)


def _name(one: Any) -> str:
    return "One case keyed on screen" if one.route == "keyed" else str(one.filename)


def submission_crumbs(one: Any, here: Place) -> Crumbs:
    """Return the crumbs of the pages under a submission."""
    return [*here.crumbs(), (_name(one), reverse("submission", args=[one.pk]))]


# -- findings


class FindingFilter(FilterForm):
    """What narrows the findings."""

    severity = forms.ChoiceField(label="Severity", choices=[("", "All"), *SEVERITIES])
    field = forms.ChoiceField(label="Field")
    confirmed = forms.ChoiceField(
        label="Confirmed", choices=[("", "All"), ("no", "Not confirmed"), ("yes", "Confirmed with a reason")]
    )
    text = forms.CharField(label="Search", max_length=100)

    def __init__(self, data: Any, found: Iterable[Any], known: Mapping[str, Any]) -> None:
        super().__init__(data)
        self.known = known
        names = sorted({one.field for one in found})
        self.fields["field"].choices = [("", "All"), *((name or "-", name or "The whole file") for name in names)]  # type: ignore[attr-defined]

    def keep(self, found: Iterable[Any]) -> list[Any]:
        """Return the findings that the filter leaves, those that block first and what is confirmed last."""
        chosen, order = self.chosen(), [severity for severity, _ in SEVERITIES]
        kept = [
            one
            for one in found
            if chosen.get("severity", one.severity) == one.severity
            and chosen.get("field", one.field or "-") == (one.field or "-")
            and chosen.get("confirmed", "") in {"", "yes" if one.key in self.known else "no"}
            and chosen.get("text", "").casefold() in f"{one.message} {one.remedy} {one.rule}".casefold()
        ]
        return sorted(kept, key=lambda one: (one.key in self.known, order.index(one.severity), one.row, one.field))


def submission(request: HttpRequest, number: int, *, as_file: bool = False) -> HttpResponse:
    """Show a submission and its findings. While the check runs, the page asks for itself again."""
    asking = who(request)
    one, here = own_submission(request, number)
    found = queries.open_findings(asking, one)
    known = confirmations.confirmed(one)
    form = FindingFilter(request.GET, found, known)
    answer = list_page(
        request,
        title=_name(one),
        section="Findings",
        crumbs=here.crumbs(),
        columns=(Column("Row", numeric=True), "Field", "Severity", "What was found", "How to mend it", "Confirmed"),
        rows=[_finding_row(one, finding, known, as_file=as_file) for finding in form.keep(found)],
        filter=form,
        file=f"findings-{one.pk}.csv",
        as_file=as_file,
        download=reverse("findings_file", args=[one.pk]),
        template="workspace/submission.jinja",
        place=here,
        submission=one,
        facts=[*_facts(one), ("Confirmed", _confirmed(found, known))],
        running=one.state == "received",
        decide=one.state == "checked",
        matchable=one.state in {"received", "checked"} and one.route == "file",
        other_headings=any(finding.rule in OTHER_HEADINGS for finding in found),
        earlier=queries.before(asking, one),
        seconds=LOOK_AGAIN,
        empty=("Nothing was found: the file fits the data set.", None, None),
    )
    if one.state == "received" and not as_file:
        look_again(request, answer)
    return answer


def _finding_row(one: Any, finding: Any, known: Mapping[str, Any], *, as_file: bool) -> tuple[Cell, ...]:
    row = str(finding.row) if finding.row else "File"
    tag = Tag(dict(SEVERITIES)[finding.severity], COLOURS[finding.severity])  # type: ignore[arg-type]
    said = known.get(finding.key)
    done: list[Cell] = [Tag("Confirmed", "blue"), said.reason] if said else []
    if finding.severity == "warning" and finding.key and not as_file and one.state in {"checked", "accepted"}:
        hidden = f"the warning {finding.rule} of {finding.case or 'the file'} {finding.field} {finding.key[:6]}"
        done.append(
            Link("Change the reason" if said else "Confirm", reverse("confirm_warning", args=[one.pk, finding.key]), hidden)
        )
    return row, finding.field, tag, finding.message, finding.remedy, Several(tuple(done)) if done else ""


def _confirmed(found: Iterable[Any], known: Mapping[str, Any]) -> str:
    warnings = [one for one in found if one.severity == "warning" and one.key]
    count = sum(one.key in known for one in warnings)
    return f"{count} of {plural(len(warnings), 'warning')}" if warnings else ""


def _facts(one: Any) -> list[tuple[str, Cell]]:
    counts = [(one.blocking, "blocking finding"), (one.warnings, "warning"), (one.notices, "notice")]
    said = [plural(count, word) for count, word in counts if count]
    return [
        ("State", STATES[one.state]),
        ("Received", moment(one.received_at)),
        ("Data set", one.data_set.version),
        ("File", f"Erased on {day(erased)} with a case that it held" if (erased := erased_on(one.sha256)) else ""),
        ("Columns", "Read as the centre matched them" if one.mapping_sha256 else ""),
        ("Cases", number(one.cases) if one.findings_sha256 and not one.blocking else ""),
        ("Findings", ", ".join(said) or ("None" if one.findings_sha256 else "")),
    ]


# -- deciding


@require_POST
def check(request: HttpRequest, number: int) -> HttpResponse:
    """Check now, in case the queue is slow."""
    actions.check(submission_id=number, by=who(request))
    return redirect("submission", number)


@require_POST
def accept(request: HttpRequest, number: int) -> HttpResponse:
    """Turn the file into cases."""
    one, here = own_submission(request, number)
    try:
        accepted = actions.accept(submission_id=one.pk, by=who(request))
    except NOT_POSSIBLE as problem:
        messages.error(request, str(problem))
        return redirect("submission", one.pk)
    messages.success(request, f"{_name(one)} was accepted: {plural(accepted.cases, 'case')}.")
    return redirect(here.url("series"))


def refuse(request: HttpRequest, number: int) -> HttpResponse:
    """Set a submission aside, with a reason."""
    one, here = own_submission(request, number)
    form = ReasonForm(posted(request))
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        if attempt(form, lambda: actions.refuse(submission_id=one.pk, reason=reason, by=who(request))) is not None:
            messages.success(request, f"{_name(one)} was set aside. No case was taken from it.")
            return redirect(here.url("series"))
    return form_page(
        request,
        form,
        title="Set this file aside",
        section=SECTION,
        crumbs=submission_crumbs(one, here),
        intro=[f"{_name(one)}: no case is taken from it. The file and its findings are kept."],
        submit="Set aside",
        kind="warning",
    )


# -- what it changes


class ChangeFilter(FilterForm):
    """What narrows the differences."""

    kind = forms.ChoiceField(label="Kind", choices=[("", "All"), *KINDS.items()])
    case_id = forms.CharField(label="Case identifier", max_length=200)

    def keep(self, found: Iterable[Difference]) -> list[Difference]:
        """Return the differences that the filter leaves."""
        chosen = self.chosen()
        return [
            one
            for one in found
            if chosen.get("kind", one.kind) == one.kind and chosen.get("case_id", "").casefold() in one.name.casefold()
        ]


def changes(request: HttpRequest, number: int, *, as_file: bool = False) -> HttpResponse:
    """Show, case by case, what differs from the file that this one supersedes. That it was read is recorded."""
    asking = who(request)
    one, here = own_submission(request, number)
    earlier = queries.before(asking, one)
    if earlier is None:
        raise NotFound("This is the first file of its centre and period: there is nothing to compare it with.")
    form = ChangeFilter(request.GET)
    found = actions.open_differences(old=earlier, new=one, why="compare a file with the one before it", by=asking)
    return list_page(
        request,
        title="What changes",
        section=_name(one),
        crumbs=submission_crumbs(one, here),
        columns=("Case", "Change", "Field", "Before", "Now"),
        rows=[(row.name, KINDS[row.kind], row.field, row.before, row.after) for row in form.keep(found)],
        intro=[f"Compared with {_name(earlier)}, received {moment(earlier.received_at)}."],
        filter=form,
        file=f"changes-{one.pk}.csv",
        as_file=as_file,
        download=reverse("changes_file", args=[one.pk]),
        empty=("Both files hold the same cases with the same values.", None, None),
    )
