"""Proposals: what is asked to leave, the two blind reviews, and what left, frozen by its hash."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from plenary.collection import queries as collection
from plenary.collection.queries import period_label
from plenary.collection.terms import Unfinished
from plenary.core.permissions import NationalCommissioner, NetworkLead, Refused, holds
from plenary.core.queries import today
from plenary.core.terms import Damaged, NotFound, Who
from plenary.releases import actions, permissions
from plenary.releases.queries import gathered, proposals
from plenary.releases.queries.reviewed import reviewed, totals
from plenary.releases.terms import REVIEWERS, UNPREPARED, Decision, ProposalState, Reviewed
from plenary.web.design.fields import FilterForm
from plenary.web.design.formats import day, moment, number, plural
from plenary.web.design.tables import Cell, Column, Link, Several, Tag, table
from plenary.web.routes import who
from plenary.web.workspace.collection import followed_services
from plenary.web.workspace.grids import service_picture
from plenary.web.workspace.pages import (
    LOOK_AGAIN,
    NOT_POSSIBLE,
    REFUSALS,
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
from plenary.web.workspace.periods import Period, offer_periods
from plenary.web.workspace.proposed import MARKS, SECTION, TABLES, figures, one_proposal, range_words, service_names
from plenary.web.workspace.texts import texts_link

LABEL = 80
"""The longest label of a proposal."""

STATES = {
    ProposalState.PREPARING: Tag("Being protected", "blue"),
    ProposalState.FAILED: Tag("Could not be prepared", "red"),
    ProposalState.PROPOSED: Tag("Waits for review", "yellow"),
    ProposalState.UNDER_REVIEW: Tag("One review is in", "yellow"),
    ProposalState.APPROVED: Tag("Approved", "green"),
    ProposalState.RETURNED: Tag("Returned", "red"),
    ProposalState.WITHDRAWN: Tag("Withdrawn", "grey"),
    ProposalState.FROZEN: Tag("Released", "blue"),
}


def _crumbs() -> Crumbs:
    return [*home(), (SECTION, reverse("releases"))]


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
        links=[*([("Propose an edition", reverse("propose"))] if may_propose else []), ("Disclosure rules", reverse("rules"))],
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
    """Which period, what reviewers should know, and, where some centres are not ready, that it is proposed without them."""

    period = forms.ChoiceField(label="Period", error_messages={"invalid_choice": "Choose one of the periods"})
    note = forms.CharField(label="Note for the reviewers", max_length=2000, required=False, widget=forms.Textarea)
    without = forms.BooleanField(
        label="Propose without these centres",
        help_text="Their cases are not counted.",
        error_messages={"required": "Tick the box to propose without the centres that are not ready, or wait for them"},
    )
    warned = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, data: Any, services: Iterable[Any], asked: str) -> None:
        super().__init__(data)
        self.chosen = offer_periods(self.fields["period"], services, self.data.get("period", ""), asked)

    def ask_about(self, late: Sequence[Unfinished]) -> None:
        """Ask for the tick where some centre is not ready. A tick counts for the period whose centres were shown beside it."""
        if not late:
            del self.fields["without"], self.fields["warned"]
            return
        self.fields["warned"].initial = self.chosen.key
        if self.is_bound and self.data.get("warned") != self.chosen.key:
            kept = {name: value for name, value in self.data.items() if name != "without"}
            self.data = kept | {"warned": self.chosen.key}


def propose(request: HttpRequest) -> HttpResponse:
    """Ask for the latest results to leave. Which centres would be missing is said before the button; the queue protects."""
    asking = who(request)
    form = ProposeForm(posted(request), followed_services(asking), request.GET.get("period", ""))
    period = form.chosen
    services = [one for one in gathered.services_with_results((period.start, period.end)) if _may_propose(asking, one)]
    late = collection.unfinished(asking, [one.slug for one in services], period.start, period.end)
    form.ask_about(late)
    if request.method == "POST" and form.is_valid():
        made = attempt(form, lambda: _order(asking, period, services, form.cleaned_data["note"]), also=(*REFUSALS, NotFound))
        if made is not None:
            messages.success(request, f"{made} is being protected. This page says when it is ready for review.")
            return redirect("proposal", made.pk)
    return form_page(
        request,
        form,
        title="Propose an edition",
        section=SECTION,
        crumbs=_crumbs(),
        intro=[
            "The latest results of every service that is yours to propose, its expenditure and its narrative are taken.",
            "Small numbers, and whatever would give them away together with earlier editions, are withheld. This takes a while.",
        ],
        facts=[(f"Services with results of {period.words}", ", ".join(one.name for one in services) or "None")],
        warning_title=f"Not ready for {period.words}",
        warnings=list(_late_words(late)),
        submit="Protect and propose",
    )


def _may_propose(asking: Who, service: Any) -> bool:
    return permissions.may_propose(asking, [service.slug])


def _order(asking: Who, period: Period, services: Sequence[Any], note: str) -> Any:
    """Order the proposal: of the nation by its year, of a lead's own services by year and service."""
    label = period_label(period.start, period.end)
    if not holds(asking, NationalCommissioner):
        label = " ".join([label, *(one.slug for one in services)])[:LABEL]
    return actions.order_edition(
        label=label, period_start=period.start, period_end=period.end, on=today(), note=note, by=asking
    )  # fmt: skip


def _late_words(late: Sequence[Unfinished]) -> Iterator[str]:
    """Yield one sentence a service and kind: who sent nothing, whose series is not signed off."""
    groups: dict[tuple[str, bool], list[str]] = {}
    for one in late:
        groups.setdefault((one.service_name, one.sent), []).append(f"{one.centre_name} ({one.ods})")
    for (service, sent), centres in groups.items():
        yield f"{service}: {'not signed off by' if sent else 'nothing was sent by'} {', '.join(centres)}."


# -- one proposal


class RowFilter(FilterForm):
    """What narrows the rows of a proposal."""

    table = forms.ChoiceField(label="Table")
    service = forms.ChoiceField(label="Service")
    centre = forms.CharField(label="Centre (code)", max_length=20)
    status = forms.ChoiceField(label="Status", choices=[("", "All"), ("c", "Withheld"), ("shown", "Shown")])

    def __init__(self, data: Any, rows: Sequence[Reviewed], names: Mapping[str, str]) -> None:
        super().__init__(data)
        tables = dict.fromkeys(row.table for row in rows)
        services = sorted({(names.get(slug, slug), slug) for slug in (row.place["service"] for row in rows)})
        self.fields["table"].choices = [("", "All"), *((name, TABLES.get(name, name)) for name in tables)]  # type: ignore[attr-defined]
        self.fields["service"].choices = [("", "All"), *((slug, name) for name, slug in services)]  # type: ignore[attr-defined]

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


REVIEWED = ("What", Column("Would be published", numeric=True), "Why withheld", "What a reader could work out", "Before")
"""The headings of a proposal's rows."""


def proposal(request: HttpRequest, number: int, *, as_file: bool = False) -> HttpResponse:
    """Show every row as it would leave, why it is withheld, and what a reader could work out of it."""
    asking = who(request)
    one = one_proposal(asking, number)
    rows = reviewed(asking, one)
    names = service_names(one)
    form = RowFilter(request.GET, rows, names)
    why = proposals.why_failed(one)
    running = one.state == ProposalState.PREPARING and not why
    answer = list_page(
        request,
        title=f"{one.label}, proposal {one.pk}",
        section=SECTION,
        crumbs=_crumbs(),
        columns=REVIEWED,
        rows=[_row(row, names) for row in form.keep(rows)],
        filter=form,
        file=f"proposal-{one.pk}.csv",
        as_file=as_file,
        download=reverse("proposal_file", args=[one.pk]),
        template="workspace/proposal.jinja",
        proposal=one,
        facts=[*_facts(one), ("Texts", "" if as_file else texts_link(asking, one) or "")],
        votes=_votes(asking, one),
        may=_may(asking, one),
        why=why,
        picture=service_picture(rows, names) if not as_file else "",
        running=running or bool(why),
        waiting=running,
        seconds=LOOK_AGAIN,
        empty=("There is nothing to review in this proposal.", None, None),
    )
    if running and not as_file:
        look_again(request, answer)
    return answer


@require_POST
def prepare(request: HttpRequest, number: int) -> HttpResponse:
    """Protect now, in case the queue is slow. What stands in the way is then said on the proposal itself."""
    asking = who(request)
    one = one_proposal(asking, number)
    with suppress(*NOT_POSSIBLE, NotFound, Damaged):
        actions.prepare(proposal_id=one.pk, on=today(), by=asking)
    return redirect("proposal", number)


@require_POST
def again(request: HttpRequest, number: int) -> HttpResponse:
    """Put a proposal that could not be prepared into the queue once more."""
    asking = who(request)
    one = one_proposal(asking, number)
    try:
        actions.order_again(proposal_id=one.pk, on=today(), by=asking)
    except NOT_POSSIBLE as problem:
        messages.error(request, str(problem))
    return redirect("proposal", one.pk)


def _facts(one: Any) -> list[tuple[str, Cell]]:
    return [
        ("State", STATES[ProposalState(one.state)]),
        ("Period", Period(one.period_start, one.period_end).words),
        ("Services", ", ".join(sorted(service.name for service in one.services.all()))),
        ("Proposed", moment(one.proposed_at)),
        ("Note", one.note),
        *(_protection_facts(one) if one.content_hash else ()),
        ("Released", moment(one.frozen_at)),
    ]


def _protection_facts(one: Any) -> list[tuple[str, Cell]]:
    found = totals(one)
    withheld = f"{number(found['primary'])} small, {number(found['secondary'])} to protect others, of {number(found['cells'])}"
    return [
        ("Policy", f"Version {one.policy_version}"),
        ("Numbers withheld", withheld),
        ("Information lost", _loss_words(found)),
        ("The attack", Several(_verdict(found))),
        ("Worked out exactly by an attack", number(found["exact"])),
        ("Worked out too narrowly", number(found["narrow"])),
        ("Content hash", one.content_hash),
    ]


def _verdict(found: Mapping[str, Any]) -> tuple[Cell, ...]:
    """Return what came of the attack in words."""
    if found["exact"] or found["narrow"]:
        many = plural(int(found["exact"] + found["narrow"]), "withheld number")
        return Tag("Do not approve", "red"), f"From what would be published, a reader can work out {many}."
    return (
        Tag("Withstood", "green"),
        (
            "From everything that would be published and everything that was, no withheld number could be worked out, "
            "nor to within the width that the policy asks for."
        ),
    )


def _loss_words(found: Mapping[str, Any]) -> str:
    """Return the information lost beside the least that is proved possible, where the audit measures both; else nothing."""
    if found.get("loss") is None:
        return ""
    words = f"{found['loss']:,.1f} by the policy's weights"
    if found.get("bound") is None:
        return words
    above = f", {100 * found['gap']:.1f}% above it" if found.get("gap") is not None else ""
    return f"{words}; at least {found['bound']:,.1f} is proved to be lost whatever is withheld{above}"


def audit_file(request: HttpRequest, number: int) -> HttpResponse:
    """Answer with the audit: of every withheld number what a reader can work out."""
    one = one_proposal(who(request), number)
    if not one.audit_sha256:
        raise NotFound("This proposal is not prepared yet, so there is no audit.")
    answer = HttpResponse(proposals.canonical(proposals.document(one.audit_sha256)), content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="proposal-{one.pk}-audit.json"'
    return answer


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
        "prepare": one.state in UNPREPARED and permissions.may_prepare(asking, one),
        "withdraw": open_ and permissions.may_withdraw(asking, one),
    }


def _row(row: Reviewed, names: Mapping[str, str]) -> tuple[Cell, ...]:
    said = {**row.place, "service": names.get(row.place["service"], row.place["service"])}
    place = [said[name] for name in ("service", "centre", "area", "sex", "age_band") if said[name] not in {"", "Total"}]
    name = f"{TABLES.get(row.table, row.table)}: {row.place['measure']}, {row.place['period']}"
    what = Several((name, ", ".join(place) if len(place) > 1 else f"{place[0]}, all"))
    shown: Cell = Tag("[c]", "orange") if row.status == "c" else MARKS.get(row.status) or figures(row, row.after)
    deduced = Several(tuple(f"{one.quantity}: {range_words(one)}" for one in row.deduced)) if row.deduced else ""
    return what, shown, row.why, deduced, figures(row, row.before) if row.why else ""


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
    one = one_proposal(asking, number)
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
        facts=[("Content hash", one.content_hash), ("Texts", texts_link(asking, one) or "")],
        submit="Send your review",
    )


def freeze(request: HttpRequest, number: int) -> HttpResponse:
    """Release what two people approved."""
    asking = who(request)
    one, form = one_proposal(asking, number), EmptyForm(posted(request))
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
    one, form = one_proposal(asking, number), ReasonForm(posted(request))
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
