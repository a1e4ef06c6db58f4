"""Words of the core: who acts, with which posts, and the records that leave this room."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from plenary_stats.errors import InputError
from plenary_stats.ingest.values import nhs_valid, ten_digits_in

NATION = "England"
"""Whose network an object belongs to unless the caller says otherwise."""

NATIONS = ("England", "Scotland", "Wales", "Northern Ireland")

SCOPE_KINDS = ("all", "nation", "service", "centre")


def scope_kind(scope: str) -> str:
    """Return the kind of object that a scope names by its form: "" is all, "slug/ODS" a centre, else nation or service."""
    if not scope:
        return "all"
    if "/" in scope:
        return "centre"
    return "nation" if scope in NATIONS else "service"


@dataclass(frozen=True)
class Post:
    """A role held over an object: ``scope`` is "" for all, a nation, a service's slug, or "slug/ODS" for a centre."""

    role: str
    scope_kind: str
    scope: str = ""


@dataclass(frozen=True)
class Who:
    """The one who acts, with the posts in force on the day of asking."""

    person_id: int | None
    name: str
    posts: tuple[Post, ...] = ()


SYSTEM = Who(None, "Plenary", (Post("administrator", "all"),))
"""Jobs and commands: an administrator, so it has no access to identifiable cases of its own."""

NOBODY = Who(None, "", ())
"""A reader who is not signed in."""


@dataclass(frozen=True)
class Policy:
    """One version of a rule, in force on ``[valid_from, valid_to)``."""

    name: str
    version: str
    valid_from: date
    valid_to: date | None
    body: dict[str, Any]
    source: str


@dataclass(frozen=True)
class ChainReport:
    """The audit chain recomputed: ``broken_at`` is the first sequence that does not fit, None when whole."""

    events: int
    head: str
    broken_at: int | None
    reason: str

    @property
    def whole(self) -> bool:
        return self.broken_at is None


@dataclass(frozen=True)
class Event:
    """What an audit event's hash covers, besides the hash before it."""

    sequence: int
    occurred_at: datetime
    who: int | None
    who_name: str
    verb: str
    subject: str
    detail: str


DEMONSTRATION = "load the invented world"
"""The verb of the audit event that marks a database as a demonstration; a live installation refuses to serve it."""

ATTEMPTS = 3
"""How often a job is begun before it counts as failed."""


class Refused(Exception):  # noqa: N818 - the agreed name: it reads as what happened
    """A permission said no. The message is the reason, fit to show to the person."""


class NotPossible(Exception):  # noqa: N818 - as above
    """What was asked cannot be done in the present state. The message says why and what to do instead."""


class NotFound(Exception):  # noqa: N818 - as above
    """What was asked for is not there."""


def free_text(text: str, empty: str = "") -> str:
    """Return a text as it is kept: stripped, and without an NHS number, for not everybody who reads it may see a case.

    ``empty``: what is said where the text must not be empty. Raises ``NotPossible``.
    """
    if empty and not text.strip():
        raise NotPossible(empty)
    if nhs_valid(ten_digits_in(text)).any():
        raise NotPossible("The text seems to hold an NHS number. Take it out: people read this who may not see a case.")
    return text.strip()


class Damaged(Exception):  # noqa: N818 - as above
    """Kept bytes no longer have the hash under which they were kept."""


def why_failed(problem: BaseException) -> str:
    """Say in plain words why a piece of work in the background failed, and what to do. No path and no code is shown."""
    if isinstance(problem, Refused | NotPossible | NotFound | Damaged | InputError):
        return str(problem)
    if isinstance(problem, OSError):
        refused = problem.strerror or type(problem).__name__
        return f"The disk refused ({refused}). See that there is room and that the folders can be written to, then try again."
    fault = type(problem).__name__
    return f"Plenary met a fault of its own ({fault}). Tell whoever runs the installation; its log says where. Then try again."


ENDED_WITHOUT_A_WORD = (
    "The work was begun and ended without a word: its process was stopped, perhaps for want of memory. "
    "Try again; if it ends so again, tell whoever runs the installation."
)
"""Why something is not ready whose job ended and left no reason behind."""
