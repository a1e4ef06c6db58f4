"""What is asked to leave and what left: everything that reads the tables of the room."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Q, QuerySet

from plenary.core.permissions import NationalCommissioner, NetworkLead, Reviewer
from plenary.core.queries import given_up, stored_bytes
from plenary.core.terms import ENDED_WITHOUT_A_WORD, NATION, Damaged, NotFound, Who
from plenary.registry.models import Service
from plenary.releases.models import Proposal, Vote
from plenary.releases.terms import REVIEWERS, ProposalState, Release, VoteSeen
from plenary_stats.disclosure.stored import restore
from plenary_stats.tables import ProtectedTable, ResultTable, load

# -- who sees what


def visible_to(who: Who) -> QuerySet[Proposal]:
    """Return the proposals that ``who`` made, may review, or follows as lead or commissioner."""
    everything, slugs = False, set[str]()
    for post in who.posts:
        national = post.scope_kind == "all" or (post.scope_kind == "nation" and post.scope == NATION)
        if post.role in (NationalCommissioner.key, Reviewer.key) and national:
            everything = True
        if post.role in (NetworkLead.key, Reviewer.key) and post.scope_kind == "service":
            slugs.add(post.scope)
    if everything:
        return Proposal.objects.all()
    others = Service.objects.exclude(slug__in=slugs)
    within = ~Q(services__in=others) if slugs else Q(pk__in=())
    own = Q(proposed_by=who.person_id) if who.person_id is not None else Q(pk__in=())
    return Proposal.objects.filter(within | own).distinct()


def proposal(proposal_id: int) -> Proposal:
    """Return one proposal or raise ``NotFound``. It asks nobody's permission: actions do."""
    found = Proposal.objects.filter(pk=proposal_id).first()
    if found is None:
        raise NotFound(f"There is no proposal {proposal_id}.")
    return found


def votes(who: Who, proposal: Proposal) -> list[VoteSeen]:
    """Return the votes that ``who`` may see now: the own one alone until both are in, so that neither leads the other."""
    if not visible_to(who).filter(pk=proposal.pk).exists():
        return []
    found = list(Vote.objects.filter(proposal=proposal))
    if len(found) < REVIEWERS:  # whatever the state: who withdraws a proposal must not learn the only vote by it
        found = [vote for vote in found if vote.reviewer == who.person_id]
    return [VoteSeen(vote.reviewer, vote.reviewer_name, vote.decision, vote.comment, vote.voted_at) for vote in found]


# -- what is proposed


def results_of(who: Who, proposal: Proposal) -> tuple[ResultTable, ...]:
    """Return the unprotected tables, for those who review what was withheld; empty for everybody else."""
    if not visible_to(who).filter(pk=proposal.pk).exists():
        return ()
    return unprotected(proposal)


def unprotected(proposal: Proposal) -> tuple[ResultTable, ...]:
    """Return the unprotected tables, for what is worked out of them. It asks nobody's permission: actions do."""
    return tuple(load(stored_bytes(sha256)) for sha256 in proposal.results)


def tables_of(proposal: Proposal) -> tuple[ProtectedTable, ...]:
    """Return the protected tables as they were reviewed; each is read back only if its bytes still have their hash."""
    return tuple(restore(stored_bytes(sha256), sha256) for sha256 in proposal.protected)


def narrative_of(who: Who, proposal: Proposal) -> dict[str, dict[str, str]]:
    """Return the texts that leave with it as they are written, by service and section; empty for those who do not see it."""
    if not proposal.narrative_sha256 or not visible_to(who).filter(pk=proposal.pk).exists():
        return {}
    return document(proposal.narrative_sha256)


def why_failed(proposal: Proposal) -> str:
    """Return why an ordered proposal could not be prepared, or that its job ended without a word; "" where neither is so."""
    if proposal.state == ProposalState.PREPARING and proposal.pk in given_up("plenary.releases.tasks.prepare"):
        return ENDED_WITHOUT_A_WORD
    return proposal.failure


def content_hash(proposal: Proposal) -> str:
    """Return the hash over everything that the reviewers looked at and that may leave."""
    content: dict[str, Any] = {
        "label": proposal.label,
        "period": [proposal.period_start.isoformat(), proposal.period_end.isoformat()],
        "protected": proposal.protected,
        "policy": proposal.policy_sha256,
        "audit": proposal.audit_sha256,
        "narrative": proposal.narrative_sha256,
        "sources": proposal.sources,
        "previous": proposal.previous,
    }
    if not proposal.whole:
        content["whole"] = False
    return hashlib.sha256(canonical(content)).hexdigest()


def canonical(document: Mapping[str, Any]) -> bytes:
    """Return a plain document as bytes: equal documents, equal bytes."""
    return json.dumps(document, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def frozen() -> QuerySet[Proposal]:
    """Return what left, oldest first."""
    return Proposal.objects.filter(state=ProposalState.FROZEN).order_by("frozen_at", "id")


def release(proposal: Proposal) -> Release:
    """Return a frozen proposal as what left; ``Damaged`` where it no longer hashes to what was approved."""
    if proposal.state != ProposalState.FROZEN:
        raise Damaged(f"The proposal {proposal.pk} has not been frozen: nothing of it may leave.")
    if content_hash(proposal) != proposal.content_hash:
        raise Damaged(f"The proposal {proposal.pk} differs from what was approved. Restore it from a backup.")
    return Release(
        label=proposal.label,
        period_start=proposal.period_start,
        period_end=proposal.period_end,
        content_hash=proposal.content_hash,
        tables=tables_of(proposal),
        policy=document(proposal.policy_sha256),
        audit=document(proposal.audit_sha256),
        narrative=document(proposal.narrative_sha256),
        sources=proposal.sources,
        reviewers=_told_apart(proposal.votes.values_list("reviewer_name", flat=True)),
        services=tuple(sorted(proposal.services.values_list("slug", flat=True))),
        whole=proposal.whole,
    )


def _told_apart(names: Iterable[str]) -> tuple[str, ...]:
    """Return names in order; of two people of one name the second has a number, so that they are seen to be two."""
    met: Counter[str] = Counter()
    found = []
    for name in sorted(names):
        met[name] += 1
        found.append(f"{name} ({met[name]})" if met[name] > 1 else name)
    return tuple(found)


def document(sha256: str) -> dict[str, Any]:
    """Return a kept JSON document."""
    found: dict[str, Any] = json.loads(stored_bytes(sha256))
    return found
