"""Who records and who sees expenditure. Every answer is True or False."""

from __future__ import annotations

from plenary.core.permissions import CentreDataManager, CentreLead, NationalCommissioner, NetworkLead, holds
from plenary.core.terms import Who


def may_record(who: Who, centre: str) -> bool:
    """Whether ``who`` returns what a centre ("slug/ODS") was paid: its own people, or the commissioner."""
    return holds(who, NationalCommissioner, CentreLead, CentreDataManager, centre=centre)


def may_see(who: Who, service: str) -> bool:
    """Whether ``who`` sees what every centre of the service was paid."""
    return holds(who, NationalCommissioner, NetworkLead, service=service)
