"""Who builds and who publishes. Every answer is True or False."""

from __future__ import annotations

from plenary.core.permissions import commissions
from plenary.core.terms import SYSTEM, Who


def may_publish(who: Who) -> bool:
    """Whether ``who`` is the commissioner of the nation whose edition it is."""
    return commissions(who)


def may_build(who: Who) -> bool:
    return who == SYSTEM or may_publish(who)
