"""Who may propose, review and freeze. Every answer is True or False."""

from __future__ import annotations

from collections.abc import Iterable

from plenary.core.permissions import NationalCommissioner, NetworkLead, PatientRepresentative, Reviewer, commissions, holds
from plenary.core.terms import SYSTEM, Who
from plenary.releases.models import Proposal
from plenary.releases.queries.proposals import visible_to
from plenary.releases.terms import OPEN_TO_REVIEW, PATIENTS_SECTION


def may_propose(who: Who, services: Iterable[str]) -> bool:
    """Whether every service is the own one: of a network lead, or, all of them, of the commissioner."""
    slugs = list(services)
    return bool(slugs) and all(holds(who, NationalCommissioner, NetworkLead, service=slug) for slug in slugs)


def may_prepare(who: Who, proposal: Proposal) -> bool:
    """Whether ``who`` protects what was ordered: the queue does, and whoever may propose these services."""
    return who == SYSTEM or may_propose(who, [service.slug for service in proposal.services.all()])


def may_write(who: Who, service: str, section: str) -> bool:
    """Whether ``who`` writes a section: the service's network lead and the commissioner, and of feedback the patients."""
    if holds(who, NationalCommissioner, NetworkLead, service=service):
        return True
    return section == PATIENTS_SECTION and holds(who, PatientRepresentative, service=service)


def may_review(who: Who, proposal: Proposal) -> bool:
    """Whether ``who`` reviews every service concerned, did not propose it and has not voted, and it is open to review."""
    slugs = [service.slug for service in proposal.services.all()]
    return (
        proposal.state in OPEN_TO_REVIEW
        and who.person_id is not None
        and who.person_id != proposal.proposed_by
        and bool(slugs)
        and all(holds(who, Reviewer, service=slug) for slug in slugs)
        and not proposal.votes.filter(reviewer=who.person_id).exists()
    )


def may_withdraw(who: Who, proposal: Proposal) -> bool:
    return who.person_id is not None and (who.person_id == proposal.proposed_by or commissions(who))


def may_freeze(who: Who, proposal: Proposal) -> bool:
    return may_propose(who, [service.slug for service in proposal.services.all()])


def may_ask(who: Who, proposal: Proposal) -> bool:
    """Whether ``who`` may ask what showing a number would cost: whoever sees the proposal, for they see the number."""
    return who.person_id is not None and visible_to(who).filter(pk=proposal.pk).exists()


def may_answer(who: Who, proposal: Proposal) -> bool:
    """Whether ``who`` has a question worked out: the queue does, and whoever may ask it."""
    return who == SYSTEM or may_ask(who, proposal)
