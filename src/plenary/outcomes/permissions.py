"""Who adopts outcome sets, runs results and sees them. Every answer is True or False."""

from __future__ import annotations

from plenary.core.permissions import CentreDataManager, CentreLead, NationalCommissioner, NetworkLead, holds, may_administer
from plenary.core.terms import SYSTEM, Who


def may_adopt(who: Who, service: str) -> bool:
    """Whether ``who`` puts an outcome set in force: the network does, and whoever loads the shipped definitions."""
    return holds(who, NetworkLead, NationalCommissioner, service=service) or may_administer(who)


def may_run(who: Who, service: str) -> bool:
    return who == SYSTEM or holds(who, NetworkLead, NationalCommissioner, service=service)


def may_see(who: Who, service: str) -> bool:
    """Whether ``who`` is of the network: the people of any of its centres, its lead, and the commissioner."""
    if holds(who, NetworkLead, NationalCommissioner, service=service):
        return True
    centre_roles = {CentreDataManager.key, CentreLead.key}
    return any(post.role in centre_roles and post.scope.startswith(f"{service}/") for post in who.posts)


def may_comment(who: Who, centre: str) -> bool:
    """Whether ``who`` speaks for a centre ("slug/ODS") about its figures: its own people do."""
    return holds(who, CentreDataManager, CentreLead, centre=centre)


def may_name_peers(who: Who, service: str) -> bool:
    """Whether ``who`` notes what a network agreed about the names of its centres: its lead does."""
    return holds(who, NetworkLead, service=service)
