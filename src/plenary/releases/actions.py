"""Everything that writes to the room: propose, review, freeze. Two people, blind first, neither the proposer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from plenary.collection.terms import require_period
from plenary.core.actions import record, store_bytes
from plenary.core.permissions import require
from plenary.core.queries import policy as policy_in_force
from plenary.core.terms import NotFound, NotPossible, Who
from plenary.registry.models import Service
from plenary.releases import permissions
from plenary.releases.models import Narrative, Proposal, Vote
from plenary.releases.queries import disclosure_policy, disclosure_policy_plain, gathered, proposals, protected
from plenary.releases.terms import LONGEST_TEXT, SECTIONS, Decision, ProposalState, after_votes, move
from plenary_stats import tables
from plenary_stats.tables import ProtectedTable, ResultTable

JSON = "application/json"
POLICY = "disclosure"


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
    if by.person_id is None:
        raise NotPossible("A proposal is made by a person, so that it is known who must not review it.")
    require_period(period_start, period_end)
    rules = policy_in_force(POLICY, on)
    policy = disclosure_policy(rules.body)
    before = list(proposals.frozen())
    done = protected(results, policy, _all_tables(before))
    with transaction.atomic():
        proposal = Proposal(
            label=label,
            period_start=period_start,
            period_end=period_end,
            note=note,
            results=[store_bytes(tables.dump(table), by=by, media_type=JSON) for table in results],
            protected=[store_bytes(tables.dump(table), by=by, media_type=JSON) for table in done.tables],
            policy_version=rules.version,
            policy_sha256=_keep(disclosure_policy_plain(policy), by),
            audit_sha256=_keep(done.audit.plain(seconds=False), by),
            narrative_sha256=_keep({slug: dict(texts) for slug, texts in narrative.items()}, by),
            sources=dict(sources) | {"seal": _seal(sources)},
            previous=[release.content_hash for release in before],
            proposed_by=by.person_id,
            proposed_at=timezone.now(),
        )
        proposal.content_hash = proposals.content_hash(proposal)
        proposal.save()
        proposal.services.set(services)
        record(by=by, verb="propose", subject=_subject(proposal), detail={"label": label, "content_hash": proposal.content_hash})
    return proposal


def propose_edition(*, label: str, period_start: dt.date, period_end: dt.date, on: dt.date, note: str = "", by: Who) -> Proposal:
    """Propose an edition: the latest results of every service, their expenditure and narrative.

    Refused where a result is older than the cases that it stands for, or where there is nothing to publish.
    """
    period = period_start, period_end
    results, sources = gathered.results(period, label)
    return propose(
        label=label,
        period_start=period_start,
        period_end=period_end,
        results=results,
        narrative=gathered.narrative(period),
        sources=sources,
        on=on,
        note=note,
        by=by,
    )


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
        proposal.state = move(proposal.state, ProposalState.WITHDRAWN)
        proposal.save(update_fields=["state"])
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


def _services(results: Sequence[ResultTable]) -> list[Service]:
    slugs = {str(slug) for table in results for slug in set(table["service"].tolist())} - {tables.TOTAL, ""}
    found = list(Service.objects.filter(slug__in=slugs).order_by("slug"))
    unknown = sorted(slugs - {service.slug for service in found})
    if unknown or not found:
        raise NotPossible(f"The results name services that are not registered: {', '.join(unknown) or 'none at all'}.")
    return found


def _all_tables(releases: Sequence[Proposal]) -> tuple[ProtectedTable, ...]:
    return tuple(table for release in releases for table in proposals.tables_of(release))


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
