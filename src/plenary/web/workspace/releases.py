"""Proposals: what is asked to leave, the two blind reviews, and what left, frozen by its hash."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from plenary.collection.queries import period_label, periods
from plenary.core.permissions import NationalCommissioner, NetworkLead, Refused, holds
from plenary.core.queries import today
from plenary.core.terms import NotFound, Who
from plenary.releases import actions, permissions
from plenary.releases.queries import proposals
from plenary.releases.queries.reviewed import reviewed, totals
from plenary.releases.terms import REVIEWERS, Decision, ProposalState, Reviewed
from plenary.web.design.fields import FilterForm
from plenary.web.design.formats import day, moment, number
from plenary.web.design.tables import Cell, Column, Link, Several, Tag, table
from plenary.web.routes import who
from plenary.web.workspace.collection import followed_services
from plenary.web.workspace.pages import REFUSALS, Crumbs, EmptyForm, ReasonForm, attempt, form_page, home, list_page, posted
from plenary.web.workspace.periods import Period, offered, read_period, usual

SECTION = "Releases"
STATES = {
    ProposalState.PROPOSED: Tag("Waits for review", "yellow"),
    ProposalState.UNDER_REVIEW: Tag("One review is in", "yellow"),
    ProposalState.APPROVED: Tag("Approved", "green"),
    ProposalState.RETURNED: Tag("Returned", "red"),
    ProposalState.WITHDRAWN: Tag("Withdrawn", "grey"),
    ProposalState.FROZEN: Tag("Released", "blue"),
}
TABLES = {
    "activity": "Activity",
    "outcomes": "Outcomes",
    "access": "Access",
    "spend": "Expenditure",
    "completeness": "Completeness",
}
MARKS = {"c": "[c]", "x": "[x]", "z": "[z]", "low": "[low]"}


def _crumbs() -> Crumbs:
    return [*home(), (SECTION, reverse("releases"))]


def _one(asking: Who, number: int) -> Any:
    found = proposals.visible_to(asking).prefetch_related("services").filter(pk=number).first()
    if found is None:
        raise NotFound(f"There is no proposal {number}.")
    return found


# -- the list


class ProposalFilter(FilterForm):
    """What narrows the list."""

    state = forms.ChoiceField(label="State", choices=[("", "All"), *((key.value, tag.text) for key, tag in STATES.items())])


def all_proposals(request: HttpRequest, *, as_file: bool = False) -> HttpResponse:
    """Show the proposals that a person made, reviews or follows."""
    asking, form = who(request), ProposalFilter(request.GET)
    found = proposals.visible_to(asking).prefetch_related("services", "votes")
    if state := form.chosen().get("state"):
        found = found.filter(state=state)
    may_propose = holds(asking, NetworkLead, NationalCommissioner)
    do = ("Propose an edition", reverse("propose")) if may_propose else ("What waits for your review will appear here.", None)
    return list_page(
        request,
        title=SECTION,
        section=SECTION,
        crumbs=home(),
        columns=("Proposal", "Services", "State", "Proposed", "Content hash"),
        rows=[_proposal_row(one) for one in found],
        intro=["Nothing leaves before two people, neither of whom proposed it, have looked at it without knowing of each other."],
        links=[("Propose an edition", reverse("propose"))] if may_propose else [],
        filter=form,
        file="proposals.csv",
        as_file=as_file,
        download=reverse("releases_file"),
        empty=("There is no proposal.", *do),
    )


def _proposal_row(one: Any) -> tuple[Cell, ...]:
    slugs = sorted(service.name for service in one.services.all())
    named = slugs[0] if len(slugs) == 1 else f"{len(slugs)} services"
    link = Link(f"{one.label}, proposal {one.pk}", reverse("proposal", args=[one.pk]))
    return link, named, STATES[ProposalState(one.state)], moment(one.proposed_at), one.content_hash[:12]


# -- proposing


class ProposeForm(forms.Form):
    """Which period, and what reviewers should know."""

    period = forms.ChoiceField(label="Period", error_messages={"invalid_choice": "Choose one of the periods"})
    note = forms.CharField(label="Note for the reviewers", max_length=2000, required=False, widget=forms.Textarea)

    def __init__(self, data: Any, services: Iterable[Any]) -> None:
        super().__init__(data)
        known = periods(one.slug for one in services)
        self.fields["period"].choices = [(one.key, one.words) for one in offered(known)]  # type: ignore[attr-defined]
        self.fields["period"].initial = usual(known).key


def propose(request: HttpRequest) -> HttpResponse:
    """Protect the latest results of all services and ask for them to leave."""
    asking = who(request)
    form = ProposeForm(posted(request), followed_services(asking))
    if request.method == "POST" and form.is_valid():
        period = read_period(form.cleaned_data["period"])
        made = attempt(
            form,
            lambda: actions.propose_edition(
                label=period_label(period.start, period.end),
                period_start=period.start,
                period_end=period.end,
                on=today(),
                note=form.cleaned_data["note"],
                by=asking,
            ),
            also=(*REFUSALS, NotFound),
        )
        if made is not None:
            messages.success(request, f"{made} waits for two reviewers.")
            return redirect("proposal", made.pk)
    return form_page(
        request,
        form,
        title="Propose an edition",
        section=SECTION,
        crumbs=_crumbs(),
        intro=[
            "The latest results of every service, its expenditure and its narrative are taken.",
            "Small numbers, and whatever would give them away together with earlier editions, are withheld. This takes a while.",
        ],
        submit="Protect and propose",
    )


# -- one proposal


class RowFilter(FilterForm):
    """What narrows the rows of a proposal."""

    table = forms.ChoiceField(label="Table")
    service = forms.ChoiceField(label="Service")
    centre = forms.CharField(label="Centre (code)", max_length=20)
    status = forms.ChoiceField(label="Status", choices=[("", "All"), ("c", "Withheld"), ("shown", "Shown")])

    def __init__(self, data: Any, rows: Sequence[Reviewed]) -> None:
        super().__init__(data)
        tables = dict.fromkeys(row.table for row in rows)
        services = sorted({row.place["service"] for row in rows})
        self.fields["table"].choices = [("", "All"), *((name, TABLES.get(name, name)) for name in tables)]  # type: ignore[attr-defined]
        self.fields["service"].choices = [("", "All"), *((slug, slug) for slug in services)]  # type: ignore[attr-defined]

    def keep(self, rows: Iterable[Reviewed]) -> list[Reviewed]:
        """Return the rows that the filter leaves."""
        chosen = self.chosen()
        return [
            row
            for row in rows
            if chosen.get("table", row.table) == row.table
            and chosen.get("service", row.place["service"]) == row.place["service"]
            and chosen.get("centre", row.place["centre"]).casefold() == row.place["centre"].casefold()
            and chosen.get("status", "c" if row.status == "c" else "shown") == ("c" if row.status == "c" else "shown")
        ]


def proposal(request: HttpRequest, number: int, *, as_file: bool = False) -> HttpResponse:
    """Show every row as it would leave, why it is withheld, and what a reader could work out of it."""
    asking = who(request)
    one = _one(asking, number)
    rows = reviewed(asking, one)
    form = RowFilter(request.GET, rows)
    return list_page(
        request,
        title=f"{one.label}, proposal {one.pk}",
        section=SECTION,
        crumbs=_crumbs(),
        columns=(
            "What",
            Column("Would be published", numeric=True),
            "Why withheld",
            "What a reader could work out",
            "Before",
        ),
        rows=[_row(row) for row in form.keep(rows)],
        filter=form,
        file=f"proposal-{one.pk}.csv",
        as_file=as_file,
        download=reverse("proposal_file", args=[one.pk]),
        template="workspace/proposal.jinja",
        proposal=one,
        facts=_facts(one),
        votes=_votes(asking, one),
        may=_may(asking, one),
        empty=("There is no row in this proposal.", None, None),
    )


def _facts(one: Any) -> list[tuple[str, Cell]]:
    found = totals(one)
    withheld = f"{number(found['primary'])} small, {number(found['secondary'])} to protect others, of {number(found['cells'])}"
    return [
        ("State", STATES[ProposalState(one.state)]),
        ("Period", Period(one.period_start, one.period_end).words),
        ("Services", ", ".join(sorted(service.name for service in one.services.all()))),
        ("Proposed", moment(one.proposed_at)),
        ("Note", one.note),
        ("Policy", f"Version {one.policy_version}"),
        ("Numbers withheld", withheld),
        ("Worked out exactly by an attack", number(found["exact"])),
        ("Worked out too narrowly", number(found["narrow"])),
        ("Content hash", one.content_hash),
        ("Released", moment(one.frozen_at)),
    ]


def _votes(asking: Who, one: Any) -> Any:
    """Return the votes that the person may see: the own one alone until both are in."""
    words = {Decision.APPROVE: Tag("Approve", "green"), Decision.RETURN: Tag("Return", "red")}
    rows = [
        (vote.reviewer_name, words[Decision(vote.decision)], vote.comment, moment(vote.voted_at))
        for vote in proposals.votes(asking, one)
    ]
    return table("Reviews", ("Reviewer", "Decision", "Comment", "When"), rows)


def _may(asking: Who, one: Any) -> dict[str, bool]:
    open_ = one.state not in {ProposalState.RETURNED, ProposalState.WITHDRAWN, ProposalState.FROZEN}
    return {
        "review": permissions.may_review(asking, one),
        "freeze": one.state == ProposalState.APPROVED and permissions.may_freeze(asking, one),
        "withdraw": open_ and permissions.may_withdraw(asking, one),
    }


def _row(row: Reviewed) -> tuple[Cell, ...]:
    place = [row.place[name] for name in ("service", "centre", "area", "sex", "age_band") if row.place[name] not in {"", "Total"}]
    name = f"{TABLES.get(row.table, row.table)}: {row.place['measure']}, {row.place['period']}"
    what = Several((name, ", ".join(place) if len(place) > 1 else f"{place[0]}, all"))
    shown: Cell = Tag("[c]", "orange") if row.status == "c" else MARKS.get(row.status) or _figures(row.kind, row.after)
    deduced = Several(tuple(f"{one.quantity}: {_range(one)}" for one in row.deduced)) if row.deduced else ""
    return what, shown, row.why, deduced, _figures(row.kind, row.before) if row.why else ""


def _range(one: Any) -> str:
    if one.high is None:
        return f"{number(one.low)} or more"
    return f"exactly {number(one.low)}" if one.low == one.high else f"{number(one.low)} to {number(one.high)}"


def _figures(kind: str, row: Any) -> str:
    """Return the figures of a row as the reviewer compares them."""
    value, of = row.get("value"), row.get("denominator")
    if kind == "rate" and of is not None:
        share = "" if value is None else f" ({100 * value:.1f}%)"
        return f"{number(row.get('numerator'))} of {number(of)}{share}"
    if kind == "exposure":
        return f"{number(row.get('numerator'))} of {number(of)} people"
    if kind == "summary":
        return f"{'' if value is None else f'{value:,.1f} '}of {number(of)}"
    return number(value)


# -- deciding


class ReviewForm(forms.Form):
    """One vote."""

    decision = forms.ChoiceField(
        label="What do you decide?",
        choices=[
            (Decision.APPROVE.value, "Approve: it may leave as it is"),
            (Decision.RETURN.value, "Return: something must change"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose whether to approve or to return it"},
    )
    comment = forms.CharField(label="Comment", max_length=4000, required=False, widget=forms.Textarea)


def review(request: HttpRequest, number: int) -> HttpResponse:
    """Vote on a proposal, without seeing the other vote."""
    asking = who(request)
    one = _one(asking, number)
    if not permissions.may_review(asking, one):
        raise Refused("You have reviewed this proposal, or made it, or it is not open to review.")
    form = ReviewForm(posted(request))
    if request.method == "POST" and form.is_valid():
        decision, comment = Decision(form.cleaned_data["decision"]), form.cleaned_data["comment"]
        done = attempt(
            form, lambda: actions.review(proposal_id=one.pk, decision=decision, comment=comment, by=asking), field="comment"
        )
        if done is not None:
            messages.success(request, "Your review is kept. Both reviews show when the second is in.")
            return redirect("proposal", one.pk)
    return form_page(
        request,
        form,
        title=f"Review {one.label}, proposal {one.pk}",
        section=SECTION,
        crumbs=[*_crumbs(), (str(one), reverse("proposal", args=[one.pk]))],
        intro=[
            f"You are one of {REVIEWERS} reviewers. Nobody sees your review before both are in. You vote on exactly this content:"
        ],
        facts=[("Content hash", one.content_hash)],
        submit="Send your review",
    )


def freeze(request: HttpRequest, number: int) -> HttpResponse:
    """Release what two people approved."""
    asking = who(request)
    one, form = _one(asking, number), EmptyForm(posted(request))
    if request.method == "POST" and form.is_valid():
        done = attempt(form, lambda: actions.freeze(proposal_id=one.pk, by=asking))
        if done is not None:
            messages.success(request, f"{one} is released and frozen.")
            return redirect("proposal", one.pk)
    return form_page(
        request,
        form,
        title=f"Release {one.label}, proposal {one.pk}",
        section=SECTION,
        crumbs=[*_crumbs(), (str(one), reverse("proposal", args=[one.pk]))],
        intro=["What is released is known for good: later releases are protected against everything that left before."],
        facts=[("Content hash", one.content_hash), ("Proposed", day(one.proposed_at))],
        stops=[] if one.state in {ProposalState.APPROVED, ProposalState.FROZEN} else ["Two reviewers must approve it first."],
        submit="Release",
    )


def withdraw(request: HttpRequest, number: int) -> HttpResponse:
    """Take a proposal back."""
    asking = who(request)
    one, form = _one(asking, number), ReasonForm(posted(request))
    if not permissions.may_withdraw(asking, one):
        raise Refused("Only the proposer or the commissioner withdraws a proposal.")
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        if attempt(form, lambda: actions.withdraw(proposal_id=one.pk, reason=reason, by=asking)) is not None:
            messages.success(request, f"{one} was withdrawn.")
            return redirect("proposal", one.pk)
    return form_page(
        request,
        form,
        title=f"Withdraw {one.label}, proposal {one.pk}",
        section=SECTION,
        crumbs=[*_crumbs(), (str(one), reverse("proposal", args=[one.pk]))],
        submit="Withdraw",
        kind="warning",
    )
