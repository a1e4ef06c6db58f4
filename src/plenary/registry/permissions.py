"""Who may change the registry. Reading it is open to everybody."""

from __future__ import annotations

from plenary.core.permissions import commissions, may_administer
from plenary.core.terms import SYSTEM, Who


def may_load_definitions(who: Who) -> bool:
    """Return whether ``who`` may load the reviewed definitions into the registry."""
    return may_administer(who)


def may_designate(who: Who) -> bool:
    """Return whether ``who`` may add services, designate centres and end a designation: the commissioner, or the system."""
    return who == SYSTEM or commissions(who)
