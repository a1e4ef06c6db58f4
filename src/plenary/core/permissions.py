"""Who may: the roles, readable, and the one question every room asks.

Answers are strictly True or False. Nobody has standing access by being important: the administrator and the
commissioner see no identifiable case; to look at one, somebody must appoint them, for a week at most, with a reason.
"""

from __future__ import annotations

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db.models import Model

from plenary.core.terms import NATION, Post, Refused, Who

__all__ = [
    "ROLES",
    "Refused",
    "commissions",
    "holds",
    "may_administer",
    "may_adopt_policy",
    "needs_second_factor",
    "require",
    "require_fit",
    "role_of",
    "sees_cases",
]


class Role:
    """A role: its key, what it is called, what it does, over which objects it is held."""

    key: ClassVar[str]
    label: ClassVar[str]
    does: ClassVar[str]
    scope_kinds: ClassVar[tuple[str, ...]]
    sees_cases: ClassVar[bool] = False
    second_factor: ClassVar[bool] = True


class CentreDataManager(Role):
    key = "centre-data-manager"
    label = "Centre data manager"
    does = "Sends and keys the centre's cases, mends findings, explains missing cases."
    scope_kinds = ("centre",)
    sees_cases = True


class CentreLead(Role):
    key = "centre-lead"
    label = "Centre lead"
    does = "Answers for the centre: signs off its case series and sees its cases."
    scope_kinds = ("centre",)
    sees_cases = True


class NetworkLead(Role):
    key = "network-lead"
    label = "Network lead"
    does = "Leads the service's network: outcome sets, runs, proposals, narrative. Sees results, not cases."
    scope_kinds = ("service",)


class NationalCommissioner(Role):
    key = "national-commissioner"
    label = "National commissioner"
    does = "Commissions services: designations, spend, releases and editions. Sees results, not cases."
    scope_kinds = ("nation", "all")


class Reviewer(Role):
    key = "reviewer"
    label = "Reviewer"
    does = "Reviews what is proposed to leave, blind and as one of two."
    scope_kinds = ("service", "nation", "all")


class PatientRepresentative(Role):
    key = "patient-representative"
    label = "Patient representative"
    does = "Speaks for patients of the service: reads what the network publishes, contributes patient feedback."
    scope_kinds = ("service", "nation")
    second_factor = False


class Administrator(Role):
    key = "administrator"
    label = "Administrator"
    does = "Runs the installation: people, posts, policies, definitions. Has no access to cases."
    scope_kinds = ("all",)


class CentreSystem(Role):
    """Not among ``ROLES``: no person can be appointed to it. A centre's own system holds it for as long as a call takes."""

    key = "centre-system"
    label = "Centre's system"
    does = "Sends the centre's files. Sees no case, accepts nothing, signs nothing off."
    scope_kinds = ("centre",)


ROLES: tuple[type[Role], ...] = (
    CentreDataManager,
    CentreLead,
    NetworkLead,
    NationalCommissioner,
    Reviewer,
    PatientRepresentative,
    Administrator,
)
COMMISSIONERS_POLICIES = frozenset({"disclosure"})
"""The policies that the national commissioner owns."""
_BY_KEY = {role.key: role for role in ROLES}


def role_of(key: str) -> type[Role]:
    """Return the role of this key; raise ``Refused`` for a word that is no role."""
    if key not in _BY_KEY:
        raise Refused(f"{key!r} is not a role. The roles are: {', '.join(_BY_KEY)}.")
    return _BY_KEY[key]


def holds(who: Who, *roles: type[Role], service: str | None = None, centre: str | None = None, nation: str = NATION) -> bool:
    """Return whether ``who`` holds one of the roles over the object.

    ``service`` is a slug, ``centre`` is "slug/ODS"; with neither, the question is whether the role is held anywhere.
    A post over a service covers its centres; a post over a centre never covers the service.
    """
    if centre is not None and "/" not in centre:
        raise ValueError(f"A centre is named 'service/ODS', not {centre!r}.")
    if centre is not None and service is not None and not centre.startswith(f"{service}/"):
        return False
    keys = {role.key for role in roles}
    return any(post.role in keys and _covers(post, service, centre, nation) for post in who.posts)


def sees_cases(who: Who, *, service: str, centre: str) -> bool:
    """Return whether ``who`` may read identifiable cases of this centre."""
    return holds(who, *(role for role in ROLES if role.sees_cases), service=service, centre=centre)


def commissions(who: Who, nation: str = NATION) -> bool:
    """Return whether ``who`` is the commissioner of a nation, or of all. That of one nation decides nothing of another's."""
    national = {("all", ""), ("nation", nation)}
    return any(post.role == NationalCommissioner.key and (post.scope_kind, post.scope) in national for post in who.posts)


def may_administer(who: Who) -> bool:
    """Return whether ``who`` may manage people, posts, policies and definitions."""
    return holds(who, Administrator)


def may_adopt_policy(who: Who, name: str) -> bool:
    """Return whether ``who`` may put a version of a policy in force: an administrator, and the owner of this one."""
    return may_administer(who) or (name in COMMISSIONERS_POLICIES and commissions(who))


def needs_second_factor(who: Who) -> bool:
    """Return whether ``who`` holds any post that asks for a one-time code at sign-in."""
    return any(role_of(post.role).second_factor for post in who.posts)


def require(allowed: bool, reason: str) -> None:
    """Raise ``Refused`` with the reason unless allowed."""
    if allowed is not True:
        raise Refused(reason)


def require_fit(row: Model) -> None:
    """Refuse what the table cannot hold, whichever database stands behind it: SQLite alone would keep it."""
    try:
        row.clean_fields()
    except ValidationError as problem:
        found = (f"{name.replace('_', ' ')}: {' '.join(words)}" for name, words in problem.message_dict.items())
        raise Refused("; ".join(found)) from None


def _covers(post: Post, service: str | None, centre: str | None, nation: str) -> bool:
    if service is None and centre is None:
        return True
    if post.scope_kind == "all":
        return True
    if post.scope_kind == "nation":
        return post.scope == nation
    if post.scope_kind == "service":
        return post.scope == (service if centre is None else centre.split("/", 1)[0])
    return centre is not None and post.scope_kind == "centre" and post.scope == centre
