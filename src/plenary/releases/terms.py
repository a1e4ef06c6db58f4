"""Words of the room: how what is asked to leave becomes what left."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from plenary.core.terms import NotPossible
from plenary_stats.tables import ProtectedTable


class ProposalState(StrEnum):
    PREPARING = "preparing"
    FAILED = "failed"
    PROPOSED = "proposed"
    UNDER_REVIEW = "under_review"
    APPROVED = "approved"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"
    FROZEN = "frozen"


class Decision(StrEnum):
    APPROVE = "approve"
    RETURN = "return"


REVIEWERS: Final = 2
"""Two people look at everything that leaves, and neither of them proposed it."""

SECTIONS: Final = ("Description", "Innovation", "Improvement", "Patient feedback")
"""The sections of a service's pages that people write."""

PATIENTS_SECTION: Final = "Patient feedback"
LONGEST_TEXT: Final = 20_000

MOVES: Final[Mapping[ProposalState, frozenset[ProposalState]]] = {
    ProposalState.PREPARING: frozenset(
        {ProposalState.PREPARING, ProposalState.FAILED, ProposalState.PROPOSED, ProposalState.WITHDRAWN}
    ),
    ProposalState.FAILED: frozenset({ProposalState.PREPARING, ProposalState.WITHDRAWN}),
    ProposalState.PROPOSED: frozenset({ProposalState.UNDER_REVIEW, ProposalState.WITHDRAWN}),
    ProposalState.UNDER_REVIEW: frozenset({ProposalState.APPROVED, ProposalState.RETURNED, ProposalState.WITHDRAWN}),
    ProposalState.APPROVED: frozenset({ProposalState.FROZEN, ProposalState.WITHDRAWN}),
    ProposalState.RETURNED: frozenset(),
    ProposalState.WITHDRAWN: frozenset(),
    ProposalState.FROZEN: frozenset(),
}
"""The only table of permitted moves. What was returned or withdrawn is proposed anew, with a history of its own."""

UNPREPARED: Final = frozenset({ProposalState.PREPARING, ProposalState.FAILED})
"""Ordered, and not protected yet: it has no content, and nobody can review it."""

OPEN_TO_REVIEW: Final = frozenset({ProposalState.PROPOSED, ProposalState.UNDER_REVIEW})


def move(present: str, wanted: ProposalState) -> ProposalState:
    """Return ``wanted``, or raise :class:`NotPossible` where the table does not permit it."""
    if wanted not in MOVES[ProposalState(present)]:
        raise NotPossible(f"This proposal is {present.replace('_', ' ')}: it cannot become {wanted.replace('_', ' ')}.")
    return wanted


def after_votes(decisions: list[str]) -> ProposalState:
    """Return the state that the votes give: under review until both are in; one objection returns the proposal."""
    if len(decisions) < REVIEWERS:
        return ProposalState.UNDER_REVIEW
    agreed = all(decision == Decision.APPROVE for decision in decisions)
    return ProposalState.APPROVED if agreed else ProposalState.RETURNED


@dataclass(frozen=True)
class VoteSeen:
    """One vote as somebody may see it now."""

    reviewer: int
    reviewer_name: str
    decision: str
    comment: str
    voted_at: dt.datetime


@dataclass(frozen=True)
class Release:
    """What left: the protected tables, the policy and audit that they carry, and where they came from."""

    label: str
    period_start: dt.date
    period_end: dt.date
    content_hash: str
    tables: tuple[ProtectedTable, ...]
    policy: Mapping[str, Any]
    audit: Mapping[str, Any]
    narrative: Mapping[str, Mapping[str, str]]
    sources: Mapping[str, str]
    reviewers: tuple[str, ...]
    services: tuple[str, ...] = ()
    whole: bool = True
    """Whether it is of the whole nation; else it is of ``services`` alone."""


class Rule(StrEnum):
    """Why a row is withheld. For reviewers alone: a reader who could tell the last from the others could work out more."""

    PATIENTS = "patients"
    EVENTS = "events"
    AMOUNT = "amount"
    ANOTHER = "another"


@dataclass(frozen=True)
class Deduced:
    """What a reader who combines everything that is published can work out of one withheld number.

    ``measure`` is the one under which the number is counted: survival at two times is of the same patients.
    """

    quantity: str
    low: float
    high: float | None
    """None where there is no upper end."""
    verdict: str
    how: str = ""
    """How it leaks, where it does and the audit says so."""
    measure: str = ""


@dataclass(frozen=True)
class Reviewed:
    """One row of a proposal: as it would leave, as it was computed, and why it is withheld."""

    table: str
    kind: str
    place: Mapping[str, str]
    before: Mapping[str, float]
    after: Mapping[str, float]
    status: str
    why: str
    deduced: tuple[Deduced, ...]
    rule: Rule | None = None
    """The kind of reason that ``why`` says in words; None where the row is shown."""
    protects: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Quantity and place of each number that a reader could narrow too far if this row were shown."""

    @property
    def withheld(self) -> bool:
        return self.rule is not None


@dataclass(frozen=True)
class Term:
    """One number of a sum as a reader has it: ``figure`` is None where it is withheld or stands nowhere."""

    code: str
    figure: float | None
    row: Reviewed | None = None


@dataclass(frozen=True)
class SumSeen:
    """A sum that a withheld number stands in: ``whole`` is all of ``parts`` together."""

    quantity: str
    dimension: str
    whole: Term
    parts: tuple[Term, ...]

    @property
    def left(self) -> float | None:
        """What the withheld parts are together; None where the whole is withheld itself."""
        shown = sum(part.figure for part in self.parts if part.figure is not None)
        return None if self.whole.figure is None else self.whole.figure - shown


class TrialKind(StrEnum):
    SHOW = "show"
    """What showing one withheld number would cost."""
    POLICY = "policy"
    """What another policy would withhold."""
    PLAN = "plan"
    """Which coarser tables would show more."""


class TrialState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    ADOPTED = "adopted"
    """A policy that was tried, and is adopted as it was tried."""


@dataclass(frozen=True)
class Cost:
    """What it would cost to show one more number: how many others would have to be withheld in its place.

    ``gives_away`` are the numbers that a reader could then work out, with the range that is left of each: those that it protects
    today, by quantity, place, low and high. ``loss`` is the information lost, by the weights of the policy, where the audit
    measures it. ``newly_withheld`` and ``newly_shown`` are numbers by quantity and place.
    """

    possible: bool
    why: str = ""
    secondary_before: int = 0
    secondary_after: int = 0
    loss_before: float | None = None
    loss_after: float | None = None
    newly_withheld: tuple[tuple[str, tuple[str, ...]], ...] = ()
    newly_shown: tuple[tuple[str, tuple[str, ...]], ...] = ()
    gives_away: tuple[tuple[str, tuple[str, ...], float, float | None], ...] = ()


POLICY: Final = "disclosure"
"""The name of the policy that says what may be shown."""
NATIONAL_THRESHOLD: Final = 30
"""Patient numbers below it are left out of the national reports. A policy goes below it only where somebody decided that."""


@dataclass(frozen=True)
class Draft:
    """A version of the disclosure policy before it is adopted: the document, from when it holds, and who answers for it why.

    ``authority`` says who decided what the version protects less than the one before, and where that is written.
    """

    version: str
    valid_from: dt.date
    body: Mapping[str, Any]
    source: str
    reason: str
    owner: str
    review_on: dt.date
    authority: str = ""

    def plain(self) -> dict[str, Any]:
        """Return the draft as plain values: what is tried, hashed and adopted."""
        dates = {"valid_from": self.valid_from.isoformat(), "review_on": self.review_on.isoformat()}
        return vars(self) | dates | {"body": dict(self.body)}

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Draft:
        """Return the draft that plain values describe."""
        kept: dict[str, Any] = {name: plain[name] for name in ("version", "body", "source", "reason", "owner", "authority")}
        kept |= {name: dt.date.fromisoformat(plain[name]) for name in ("valid_from", "review_on")}
        return cls(**kept)


@dataclass(frozen=True)
class Changed:
    """One entry of a policy that two versions say differently."""

    name: str
    before: str
    after: str
