"""Who runs equity of access and sees it. Every answer is True or False."""

from __future__ import annotations

from plenary.core.permissions import NationalCommissioner, NetworkLead, holds
from plenary.core.terms import SYSTEM, Who


def may_run(who: Who, service: str) -> bool:
    return who == SYSTEM or holds(who, NetworkLead, NationalCommissioner, service=service)
