"""Everything that writes to the room: propose, review, freeze. Two people, blind first, neither the proposer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from plenary.collection.queries import period_label
from plenary.collection.terms import require_period
from plenary.core import actions as core
from plenary.core.actions import record, store_bytes
from plenary.core.permissions import NationalCommissioner, NetworkLead, holds, may_adopt_policy, require, require_fit
from plenary.core.queries import policy as policy_in_force
from plenary.core.tasks import enqueue
from plenary.core.terms import NotFound, NotPossible, Policy, Who, why_failed
from plenary.registry.models import Service
from plenary.releases import permissions
from plenary.releases.models import Narrative, Proposal, Trial, Vote
from plenary.releases.queries import Policy as DisclosurePolicy
from plenary.releases.queries import (
    Protected,
    disclosure_policy,
    disclosure_policy_plain,
    drafts,
    gathered,
    planned,
    previews,
    proposals,
    protected,
    showing,
    trials,
    why_withheld,
    with_days,
)
from plenary.releases.queries.reviewed import reasons_of_rows, reviewed, reviewed_rows
from plenary.releases.terms import (
    LONGEST_TEXT,
    POLICY,
    SECTIONS,
    Decision,
    Draft,
    ProposalState,
    TrialKind,
    TrialState,
    after_votes,
    move,
)
from plenary_stats import tables
from plenary_stats.tables import ProtectedTable, ResultTable

JSON = "application/json"


def propose(
    *,
    label: str,
    period_start: dt.date,
    period_end: dt.date,
    results: Sequence[ResultTable],
    narrative: Mapping[str, Mapping[str, str]],
    sources: Mapping[str, str],
    on: dt.date,
    note: str = "",
    by: Who,
) -> Proposal:
    """Protect the results under the disclosure policy in force ``on`` a day, and ask for them to leave.

    What left before is taken as known to every reader. The services concerned are those that the results name.
    """
    services = _services(results)
    require(permissions.may_propose(by, [service.slug for service in services]), "You may not propose results of these services.")
    require_period(period_start, period_end)
    asked = {"note": note, "proposed_by": _person(by), "proposed_at": timezone.now()}
    proposal = Proposal(label=label, period_start=period_start, period_end=period_end, **asked)
    require_fit(proposal)
    left = _protected(results, (period_start, period_end), on)
    with transaction.atomic():
        _fill(proposal, left, narrative, sources, by)
        proposal.save()
        proposal.services.set(services)
        _record_proposed(proposal, by)
    return proposal


def order_edition(*, label: str, period_start: dt.date, period_end: dt.date, on: dt.date, note: str = "", by: Who) -> Proposal:
    """Note who asks for the latest results to leave, and queue their protection. What forbids it is said now, not by the job.

    The commissioner proposes every service that has results, a network lead the own ones, whatever others have.
    """
    require(holds(by, NetworkLead, NationalCommissioner), "Only network leads and the national commissioner propose results.")
    require_period(period_start, period_end)
    period = period_start, period_end
    computed = [one for one in gathered.services_with_results(period) if permissions.may_propose(by, [one.slug])]
    described = [one for one in gathered.services_described(period) if permissions.may_propose(by, [one.slug])]
    if not computed:
        raise NotPossible("None of your services has results or expenditure of this period. Run the results first.")
    policy_in_force(POLICY, on)
    with transaction.atomic():
        proposal = Proposal.objects.create(
            label=label,
            period_start=period_start,
            period_end=period_end,
            whole=holds(by, NationalCommissioner, service=computed[0].slug),
            note=note,
            state=ProposalState.PREPARING,
            proposed_by=_person(by),
            proposed_at=timezone.now(),
        )
        proposal.services.set({*computed, *described})
        record(by=by, verb="order proposal", subject=_subject(proposal), detail={"label": label})
        enqueue("plenary.releases.tasks.prepare", proposal.pk, on.isoformat())
    return proposal


def order_again(*, proposal_id: int, on: dt.date, by: Who) -> Proposal:
    """Queue once more the protection of a proposal that could not be prepared."""
    with transaction.atomic():
        proposal = _locked(proposal_id)
        require(permissions.may_prepare(by, proposal), "Only those who may propose these services prepare them.")
        proposal.state, proposal.failure = move(proposal.state, ProposalState.PREPARING), ""
        proposal.save(update_fields=["state", "failure"])
        record(by=by, verb="order proposal", subject=_subject(proposal), detail={"label": proposal.label, "again": True})
        enqueue("plenary.releases.tasks.prepare", proposal.pk, on.isoformat())
    return proposal


def prepare(*, proposal_id: int, on: dt.date, by: Who) -> Proposal:
    """Gather and protect what was ordered, under the policy in force ``on`` a day; all of it is kept at once, or nothing.

    Repeated, also after a kill, it is prepared once. Where it fails, the proposal says why, and may be ordered again. Results
    older than the cases that they stand for are refused.
    """
    proposal = proposals.proposal(proposal_id)
    require(permissions.may_prepare(by, proposal), "Only those who may propose these services prepare them.")
    try:
        return _prepare(proposal, on, by)
    except Exception as problem:
        _note_failure(proposal_id, problem, by)
        raise


def _prepare(proposal: Proposal, on: dt.date, by: Who) -> Proposal:
    if proposal.state != ProposalState.PREPARING:
        return proposal
    period, services = (proposal.period_start, proposal.period_end), list(proposal.services.all())
    results, sources = gathered.results(period, period_label(*period), services)
    _services(results)  # refuses where there is nothing at all
    left = _protected(results, period, on)
    with transaction.atomic():
        current = _locked(proposal.pk)
        if current.state != ProposalState.PREPARING:  # withdrawn meanwhile, or prepared by another process
            return current
        current.state = move(current.state, ProposalState.PROPOSED)
        _fill(current, left, gathered.narrative(period, services), sources, by)
        current.save()
        _record_proposed(current, by)
    return current


def _note_failure(proposal_id: int, problem: Exception, by: Who) -> None:
    """Say on the proposal why it could not be prepared, unless it is prepared or withdrawn meanwhile."""
    with transaction.atomic():
        current = _locked(proposal_id)
        if current.state != ProposalState.PREPARING:
            return
        current.state, current.failure = move(current.state, ProposalState.FAILED), why_failed(problem)
        current.save(update_fields=["state", "failure"])
        record(by=by, verb="propose failed", subject=_subject(current), detail={"label": current.label, "why": current.failure})


@dataclass(frozen=True)
class _Left:
    """Results before and after disclosure control, with the policy that was used and the releases that were taken as known.

    ``reasons`` say of each withheld row why it is withheld.
    """

    results: Sequence[ResultTable]
    protected: Protected
    reasons: Mapping[str, Any]
    rules: Policy
    policy: DisclosurePolicy
    before: Sequence[Proposal]


def _protected(results: Sequence[ResultTable], period: tuple[dt.date, dt.date], on: dt.date) -> _Left:
    """Protect results of a period under the policy in force on a day, against everything that left before."""
    rules = policy_in_force(POLICY, on)
    before = list(proposals.frozen())
    periods = [period, *((one.period_start, one.period_end) for one in before)]
    policy = with_days(disclosure_policy(rules.body), ((period_label(*one), *one) for one in periods))
    earlier = _all_tables(before)
    left = protected(results, policy, earlier)
    why = reasons_of_rows(why_withheld(results, left, policy, earlier))
    return _Left(results, left, why, rules, policy, before)


def _fill(
    proposal: Proposal, left: _Left, narrative: Mapping[str, Mapping[str, str]], sources: Mapping[str, str], by: Who
) -> None:
    """Keep the content and name it in the proposal by its hashes."""
    proposal.results = [store_bytes(tables.dump(table), by=by, media_type=JSON) for table in left.results]
    proposal.protected = [store_bytes(tables.dump(table), by=by, media_type=JSON) for table in left.protected.tables]
    proposal.policy_version = left.rules.version
    proposal.policy_sha256 = _keep(disclosure_policy_plain(left.policy), by)
    proposal.audit_sha256 = _keep(left.protected.audit.plain(seconds=False), by)
    proposal.reasons_sha256 = _keep(left.reasons, by)
    proposal.narrative_sha256 = _keep({slug: dict(texts) for slug, texts in narrative.items()}, by)
    proposal.sources = dict(sources) | {"seal": _seal(sources)}
    proposal.previous = [release.content_hash for release in left.before]
    proposal.content_hash = proposals.content_hash(proposal)


def _record_proposed(proposal: Proposal, by: Who) -> None:
    detail = {"label": proposal.label, "content_hash": proposal.content_hash}
    record(by=by, verb="propose", subject=_subject(proposal), detail=detail)


def _person(by: Who) -> int:
    if by.person_id is None:
        raise NotPossible("A proposal is made by a person, so that it is known who must not review it.")
    return by.person_id


def write_narrative(
    *, service: Service, period_start: dt.date, period_end: dt.date, section: str, text: str, by: Who
) -> Narrative:
    """Write a section of a service's pages (Markdown). An earlier text is replaced; the event keeps its hash."""
    require(permissions.may_write(by, service.slug, section), f"You may not write the section {section} of {service.name}.")
    if section not in SECTIONS:
        raise NotPossible(f"There is no section {section!r}. The sections are: {', '.join(SECTIONS)}.")
    require_period(period_start, period_end)
    if len(text) > LONGEST_TEXT:
        raise NotPossible(f"The text is longer than {LONGEST_TEXT} characters.")
    with transaction.atomic():
        written, _ = Narrative.objects.update_or_create(
            service=service,
            period_start=period_start,
            period_end=period_end,
            section=section,
            defaults={"text": text.strip(), "written_by": by.person_id, "written_at": timezone.now()},
        )
        sha256 = store_bytes(written.text.encode(), by=by, media_type="text/markdown")
        record(by=by, verb="write narrative", subject=f"narrative/{written.pk}", detail={"section": section, "sha256": sha256})
    return written


def review(*, proposal_id: int, decision: Decision, comment: str, by: Who) -> Proposal:
    """Vote on a proposal, once. The second vote decides: two approvals approve, one objection returns."""
    with transaction.atomic():
        proposal = _locked(proposal_id)
        require(
            by.person_id is not None and permissions.may_review(by, proposal),
            "A proposal is reviewed once by each of two reviewers of all its services, neither of whom proposed it.",
        )
        if decision == Decision.RETURN and not comment.strip():
            raise NotPossible("Say what must be changed before the proposal can be approved.")
        if proposals.content_hash(proposal) != proposal.content_hash:
            raise NotPossible("The proposal is not what was proposed any more: withdraw it and propose anew.")
        Vote.objects.create(
            proposal=proposal,
            reviewer=by.person_id or 0,
            reviewer_name=by.name,
            decision=decision,
            comment=comment.strip(),
            voted_at=timezone.now(),
        )
        reached = after_votes(list(proposal.votes.values_list("decision", flat=True)))
        if reached != proposal.state:
            # Both votes may fall on a proposal that the first one has just opened for review.
            proposal.state = move(proposal.state, reached)
            proposal.save(update_fields=["state"])
        record(by=by, verb="review", subject=_subject(proposal), detail={"decision": str(decision), "state": str(proposal.state)})
    return proposal


def withdraw(*, proposal_id: int, reason: str, by: Who) -> Proposal:
    """Take a proposal back before it is frozen."""
    with transaction.atomic():
        proposal = _locked(proposal_id)
        require(permissions.may_withdraw(by, proposal), "Only the proposer or the commissioner withdraws a proposal.")
        proposal.state, proposal.failure = move(proposal.state, ProposalState.WITHDRAWN), ""
        proposal.save(update_fields=["state", "failure"])
        record(by=by, verb="withdraw", subject=_subject(proposal), detail={"reason": reason})
    return proposal


def freeze(*, proposal_id: int, by: Who) -> Proposal:
    """Release what two people approved, exactly as they saw it. Frozen twice is frozen once."""
    with transaction.atomic():
        proposal = _locked(proposal_id)
        require(permissions.may_freeze(by, proposal), "Only those who may propose these services release them.")
        if proposal.state == ProposalState.FROZEN:
            return proposal
        proposal.state = move(proposal.state, ProposalState.FROZEN)
        proposal.frozen_at = timezone.now()
        _refuse_later_release(proposal)
        proposals.release(proposal)  # reads every table back and compares the hashes
        proposal.save(update_fields=["state", "frozen_at"])
        record(by=by, verb="freeze", subject=_subject(proposal), detail={"content_hash": proposal.content_hash})
    return proposal


def _refuse_later_release(proposal: Proposal) -> None:
    """Refuse where more has left since: together the two might tell what each withholds."""
    now = [release.content_hash for release in proposals.frozen()]
    if now != proposal.previous:
        raise NotPossible("Something was released since this was proposed. Propose it anew, so that both are protected together.")


def ask_cost(*, proposal_id: int, table: str, place: Mapping[str, str], by: Who) -> Trial:
    """Queue the question what showing one withheld row would cost. Asked twice of the same content, it is asked once."""
    proposal = proposals.proposal(proposal_id)
    require(permissions.may_ask(by, proposal), "Only those who see the proposal ask what a number of it would cost.")
    row = showing.row_at(reviewed(by, proposal), table, place)
    if not row.withheld:
        raise NotPossible("This row is shown already.")
    return _ask(TrialKind.SHOW, proposal, trials.about_row(row), by)


def _ask(kind: TrialKind, proposal: Proposal, asked: dict[str, Any], by: Who) -> Trial:
    with transaction.atomic():
        proposal = _locked(proposal.pk)  # two who ask at once would each find that nobody had
        known = trials.latest(by, proposal, kind, asked)
        if known is not None and not trials.why_failed(known):
            return known
        trial = Trial.objects.create(
            kind=kind,
            proposal=proposal,
            content_hash=proposal.content_hash,
            asked=asked,
            asked_sha256=trials.asked_sha256(asked),
            asked_by=_person(by),
            asked_at=timezone.now(),
        )
        detail = {"kind": str(kind), "asked_sha256": trial.asked_sha256, "content_hash": trial.content_hash}
        record(by=by, verb="ask disclosure control", subject=_subject(proposal), detail=detail | {"trial": trial.pk})
        enqueue(trials.TASK, trial.pk)
    return trial


def answer(*, trial_id: int, by: Who) -> Trial:
    """Work out what was asked, and keep the answer. Nothing of the proposal changes. Repeated, it is answered once."""
    trial = trials.trial(trial_id)
    require(permissions.may_answer(by, trial.proposal), "Only those who see the proposal have this worked out.")
    if trial.state != TrialState.RUNNING:
        return trial
    try:
        found = _ANSWERS[TrialKind(trial.kind)](trial)
    except Exception as problem:
        _end_trial(trial, TrialState.FAILED, by, failure=why_failed(problem))
        raise
    return _end_trial(trial, TrialState.DONE, by, answer_sha256=_keep(found, by))


def _end_trial(trial: Trial, state: TrialState, by: Who, **found: str) -> Trial:
    with transaction.atomic():
        current = Trial.objects.select_for_update().get(pk=trial.pk)
        if current.state == TrialState.RUNNING:
            current.state = state
            for name, value in found.items():
                setattr(current, name, value)
            current.save(update_fields=["state", *found])
            record(by=by, verb="answer trial", subject=_subject(trial.proposal), detail={"trial": trial.pk, "state": str(state)})
    return current


def _cost(trial: Trial) -> dict[str, Any]:
    row = showing.row_at(reviewed_rows(trial.proposal), trial.asked["table"], trial.asked["place"])
    return asdict(showing.cost_of_showing(trial.proposal, row))


def _preview(trial: Trial) -> dict[str, Any]:
    draft = Draft.of(trial.asked)
    return previews.preview(trial.proposal, policy_in_force(POLICY, draft.valid_from).body, draft.body)


def _plan(trial: Trial) -> dict[str, Any]:
    policy = disclosure_policy(proposals.document(trial.proposal.policy_sha256))
    return planned(proposals.unprotected(trial.proposal), policy, showing.previous_of(trial.proposal)).plain()


_ANSWERS: Mapping[TrialKind, Callable[[Trial], dict[str, Any]]] = {
    TrialKind.SHOW: _cost,
    TrialKind.POLICY: _preview,
    TrialKind.PLAN: _plan,
}


def ask_plan(*, proposal_id: int, by: Who) -> Trial:
    """Queue the question which coarser tables would show more than withholding in the proposal's does."""
    proposal = proposals.proposal(proposal_id)
    require(permissions.may_ask(by, proposal), "Only those who see the proposal ask what coarser tables would show.")
    if not proposal.content_hash:
        raise NotPossible("This proposal is not prepared yet.")
    return _ask(TrialKind.PLAN, proposal, {}, by)


def try_policy(*, draft: Draft, on: dt.date, by: Who) -> Trial:
    """Queue the question what a draft of the disclosure policy would withhold of the latest results. It is not in force by that.

    What forbids the draft is said now. The last prepared proposal of the nation holds the latest results.
    """
    require(may_adopt_policy(by, POLICY), "Only the national commissioner drafts the disclosure policy.")
    before = drafts.checked(draft, on)
    proposal = trials.latest_results(by)
    if proposal is None:
        raise NotPossible("There are no results to try it on. Propose an edition of the nation first.")
    return _ask(TrialKind.POLICY, proposal, draft.plain() | {"against": before.version}, by)


def adopt_tried(*, trial_id: int, sha256: str, on: dt.date, by: Who) -> Policy:
    """Put a policy in force exactly as it was tried: ``sha256`` names the draft that the person saw the preview of."""
    require(may_adopt_policy(by, POLICY), "Only the national commissioner adopts the disclosure policy.")
    with transaction.atomic():
        trial = Trial.objects.select_for_update().filter(pk=trial_id, kind=TrialKind.POLICY).first()
        if trial is None:
            raise NotFound(f"There is no trial {trial_id} of a policy.")
        if trial.asked_sha256 != sha256 or trials.asked_sha256(trial.asked) != sha256:
            raise NotPossible("This is not the draft whose preview you saw. Look at the preview again.")
        draft = Draft.of(trial.asked)
        _require_tried(trial, drafts.checked(draft, on))
        core.adopt_policy(
            name=POLICY,
            version=draft.version,
            valid_from=draft.valid_from,
            body=dict(draft.body),
            source=draft.source,
            by=by,
        )
        trial.state = TrialState.ADOPTED
        trial.save(update_fields=["state"])
        about = {name: trial.asked[name] for name in ("reason", "owner", "authority", "review_on")}
        detail = about | {"trial": trial.pk, "asked_sha256": sha256, "answer_sha256": trial.answer_sha256}
        record(by=by, verb="adopt tried policy", subject=f"policy/{POLICY}/{draft.version}", detail=detail)
    return policy_in_force(POLICY, draft.valid_from)


def _require_tried(trial: Trial, before: Policy) -> None:
    """Refuse what has no preview, a preview that failed, or one against a version that will not be in force then."""
    if trial.state != TrialState.DONE:
        raise NotPossible("A policy is adopted after its preview was worked out, and once.")
    if not (trials.answer(trial) or {}).get("possible"):
        raise NotPossible("The latest results cannot be protected under this policy. The preview says why.")
    if trial.asked["against"] != before.version:
        raise NotPossible(
            f"It was tried against version {trial.asked['against']}; by then {before.version} is in force. Try it again."
        )


def _services(results: Sequence[ResultTable]) -> list[Service]:
    slugs = {str(slug) for table in results for slug in set(table["service"].tolist())} - {tables.TOTAL, ""}
    found = list(Service.objects.filter(slug__in=slugs).order_by("slug"))
    unknown = sorted(slugs - {service.slug for service in found})
    if unknown or not found:
        raise NotPossible(f"The results name services that are not registered: {', '.join(unknown) or 'none at all'}.")
    return found


def _all_tables(releases: Sequence[Proposal]) -> tuple[ProtectedTable, ...]:
    return tuple(table for release in reversed(releases) for table in proposals.tables_of(release))


def _keep(document: Mapping[str, object], by: Who) -> str:
    return store_bytes(proposals.canonical(document), by=by, media_type=JSON)


def _seal(sources: Mapping[str, str]) -> str:
    """Return what nobody outside can guess: an edition prints the hash of its release."""
    return salted_hmac("plenary.releases.seal", proposals.canonical(sources), algorithm="sha256").hexdigest()


def _locked(proposal_id: int) -> Proposal:
    found = Proposal.objects.select_for_update().filter(pk=proposal_id).first()
    if found is None:
        raise NotFound(f"There is no proposal {proposal_id}.")
    return found


def _subject(proposal: Proposal) -> str:
    return f"proposal/{proposal.pk}"
