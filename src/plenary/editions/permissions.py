"""Who builds and who publishes. Every answer is True or False."""

from __future__ import annotations

from plenary.core.permissions import NationalCommissioner, holds
from plenary.core.terms import NATION, SYSTEM, Who


def may_publish(who: Who) -> bool:
    """Whether ``who`` is the commissioner of the nation whose edition it is."""
    national = {("all", ""), ("nation", NATION)}
    return holds(who, NationalCommissioner) and any(
        post.role == NationalCommissioner.key and (post.scope_kind, post.scope) in national for post in who.posts
    )


def may_build(who: Who) -> bool:
    return who == SYSTEM or may_publish(who)
