"""The typed records of an edition: everything that its content document is made from.

Filled either from a collection folder or from the database; the renderings do not know which.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from plenary.core.terms import NotPossible
from plenary_stats.spec import Outcome, OutcomeSet
from plenary_stats.tables import ProtectedTable, ResultTable

SECTIONS: Final = (
    "Description",
    "Expert centres",
    "Expenditure",
    "Activity",
    "Outcomes",
    "Equity of access",
    "Innovation",
    "Improvement",
    "Patient feedback",
    "What is withheld",
)
"""The sections of a service, in the order in which they are printed."""

NARRATIVE: Final = ("Description", "Innovation", "Improvement", "Patient feedback")
"""The sections that people write."""

TABLES: Final = ("activity", "outcomes", "access", "spend", "completeness", "curves")
"""The data tables of an edition, by the name of their protected table and of their file."""


@dataclass(frozen=True)
class ServiceEntry:
    """One highly specialised service. ``confidence`` is empty for a verified fact."""

    slug: str
    name: str
    category: str = ""
    description: str = ""
    confidence: str = ""
    invented: bool = False


@dataclass(frozen=True)
class CentreEntry:
    """One centre of one service; the dates are as written in the source, ``""`` where unknown or still open."""

    service: str
    ods: str
    name: str
    designated_from: str = ""
    designated_to: str = ""
    confidence: str = ""


@dataclass(frozen=True)
class OutcomeEntry:
    """The definition of one agreed outcome measure as it is printed beside its results."""

    service: str
    id: str
    label: str
    definition: str = ""
    measure: str = "proportion"
    direction: str = "neutral"
    benchmark: float | None = None
    benchmark_source: str = ""
    sources: tuple[str, ...] = ()
    proposed: bool = False
    unit: str = ""
    important: float | None = None
    units: bool = False

    @classmethod
    def of(cls, agreed: OutcomeSet, one: Outcome) -> OutcomeEntry:
        """Return how one outcome of an agreed set is printed."""
        return cls(
            service=agreed.service,
            id=one.id,
            label=one.label,
            definition=str(one.extra.get("definition", one.extra.get("description", ""))),
            measure=one.measure,
            direction=one.direction,
            benchmark=one.benchmark.value if one.benchmark else None,
            benchmark_source=one.benchmark.source if one.benchmark else "",
            sources=agreed.sources,
            proposed=one.proposed or agreed.proposed,
            unit=one.unit,
            important=one.important,
            units=bool(one.units),
        )


@dataclass(frozen=True)
class PreviousEdition:
    """An edition that came before: ``digest`` is the SHA-256 of its manifest, ``href`` where it can be read, if known.

    ``period_end`` is an ISO date: editions stand in the order of their periods, not in that in which they were published.
    ``definitions`` are the versions of the documents that its results rest on.
    """

    label: str
    number: int
    digest: str = ""
    href: str = ""
    correction_note: str = ""
    period_end: str = ""
    definitions: Mapping[str, str] = field(default_factory=dict)


def standing(known: Sequence[PreviousEdition], label: str, period_end: str) -> list[bool]:
    """Return which editions an edition may draw on: of earlier periods, of another label, replaced by no correction."""
    latest = {one.label: one.number for one in sorted(known, key=lambda one: one.number)}
    return [one.label != label and one.number == latest[one.label] and one.period_end <= period_end for one in known]


@dataclass(frozen=True)
class EditionInputs:
    """Everything that one edition is made from.

    ``period_start`` and ``period_end`` are ISO dates and half-open. ``tables`` are the protected tables named in ``TABLES``
    (there may be several of one name; an absent one is not collected). ``areas`` names the areas of the tables. ``policy`` is a
    plain document (a dict of JSON values). ``previous`` are the editions published so far, the oldest first, and ``earlier`` the
    tables of each, the newest first: a reader links them with these. ``inputs`` maps an input's name to its digest and
    ``input_digests`` to the kind of it: ``sha256``, ``sealed`` or ``withheld``.
    """

    label: str
    period_start: str
    period_end: str
    nation: str
    threshold: int
    services: tuple[ServiceEntry, ...]
    centres: tuple[CentreEntry, ...]
    tables: tuple[ProtectedTable, ...]
    number: int = 1
    correction_note: str = ""
    draft: bool = True
    invented: bool = False
    reviewers: tuple[str, ...] = ()
    outcomes: tuple[OutcomeEntry, ...] = ()
    areas: Mapping[str, str] = field(default_factory=dict)
    narrative: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    policy: Mapping[str, Any] = field(default_factory=dict)
    earlier: tuple[tuple[ResultTable, ...], ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)
    input_digests: Mapping[str, str] = field(default_factory=dict)
    definitions: Mapping[str, str] = field(default_factory=dict)
    code_version: str = ""
    previous: tuple[PreviousEdition, ...] = ()
    attribution: tuple[str, ...] = ()
    wording: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


class EditionState(StrEnum):
    BUILDING = "building"
    BUILT = "built"
    FAILED = "failed"
    SET_ASIDE = "set aside"
    PUBLISHED = "published"


MOVES: Final[Mapping[EditionState, frozenset[EditionState]]] = {
    EditionState.BUILDING: frozenset({EditionState.BUILDING, EditionState.BUILT, EditionState.FAILED}),
    EditionState.FAILED: frozenset({EditionState.BUILDING, EditionState.BUILT, EditionState.SET_ASIDE}),
    EditionState.BUILT: frozenset({EditionState.BUILDING, EditionState.SET_ASIDE, EditionState.PUBLISHED}),
    EditionState.SET_ASIDE: frozenset({EditionState.BUILDING}),
    EditionState.PUBLISHED: frozenset(),
}
"""The only table of permitted moves. Until it is published an edition may be built again; after, it never changes.

What failed in one process may be finished by another that makes the same bytes.
"""


def move(present: str, wanted: EditionState) -> EditionState:
    """Return ``wanted``, or raise :class:`NotPossible` where the table does not permit it."""
    if wanted not in MOVES[EditionState(present)]:
        raise NotPossible(f"This edition is {present}: it cannot become {wanted}.")
    return wanted
