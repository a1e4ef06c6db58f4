"""Who runs equity of access and sees it. Every answer is True or False."""

from __future__ import annotations

from plenary.core.permissions import CentreDataManager, CentreLead, NationalCommissioner, NetworkLead, holds
from plenary.core.terms import SYSTEM, Who

CENTRE_ROLES = {CentreDataManager.key, CentreLead.key}


def may_run(who: Who, service: str) -> bool:
    return who == SYSTEM or holds(who, NetworkLead, NationalCommissioner, service=service)


def may_see(who: Who, service: str) -> bool:
    """Whether ``who`` is of the network: the people of any of its centres, its lead, and the commissioner.

    Small numbers are not withheld there. What leaves the network goes through disclosure control.
    """
    if holds(who, NetworkLead, NationalCommissioner, service=service):
        return True
    return any(post.role in CENTRE_ROLES and post.scope.startswith(f"{service}/") for post in who.posts)


def may_plan(who: Who, service: str) -> bool:
    """Whether ``who`` keeps scenarios as evidence: the lead of the network and the commissioner."""
    return holds(who, NetworkLead, NationalCommissioner, service=service)
