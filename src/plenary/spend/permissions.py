"""Who records and who sees expenditure. Every answer is True or False."""

from __future__ import annotations

from plenary.core.permissions import NationalCommissioner, NetworkLead, holds
from plenary.core.terms import Who


def may_record(who: Who, service: str) -> bool:
    return holds(who, NationalCommissioner, service=service)


def may_see(who: Who, service: str) -> bool:
    """Whether ``who`` sees what every centre of the service was paid."""
    return holds(who, NationalCommissioner, NetworkLead, service=service)
