"""Words of the room: states and their permitted moves, and the records that its queries return."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from plenary.core.terms import NotPossible


def choices(enum: type[StrEnum]) -> list[tuple[str, str]]:
    """Return the members of an enum as a column offers them: the value, and the same in words."""
    return [(member.value, member.value.replace("_", " ")) for member in enum]


class SubmissionState(StrEnum):
    RECEIVED = "received"
    CHECKED = "checked"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    SUPERSEDED = "superseded"


class SeriesState(StrEnum):
    OPEN = "open"
    SIGNED_OFF = "signed_off"


class Route(StrEnum):
    """How cases came: a whole file for the period, or one case keyed on screen."""

    FILE = "file"
    KEYED = "keyed"


class ProposalState(StrEnum):
    """How a proposed version of a data set stands: the network talks about it, has adopted it, or has let it be."""

    OPEN = "open"
    ADOPTED = "adopted"
    WITHDRAWN = "withdrawn"


class Stance(StrEnum):
    """What a centre says of a proposal: a comment, or its answer."""

    COMMENT = "comment"
    AGREES = "agrees"
    OBJECTS = "objects"


class VitalStatus(StrEnum):
    """What a follow-up says of the patient. The last: what an earlier one said was a mistake, and nothing stands in its place."""

    ALIVE = "alive"
    DEAD = "dead"
    LOST = "lost"
    TRANSFERRED = "transferred"
    IN_ERROR = "in_error"


class Source(StrEnum):
    """Where a follow-up comes from."""

    CENTRE = "centre"
    LOCAL = "local"
    GP = "gp"
    REGISTER = "register"
    FAMILY = "family"


class Wish(StrEnum):
    """What a patient was asked, or has said of the own accord."""

    REGISTRY = "registry"
    OPT_OUT = "opt_out"
    OBJECTION = "objection"


class Answer(StrEnum):
    """What the patient answered. ``not_asked`` takes an answer that was recorded by mistake back."""

    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    NOT_ASKED = "not_asked"


class Effect(StrEnum):
    """What an answer does to the case: nothing; it leaves no more for research; it is counted by number and no more is kept."""

    KEPT = "kept"
    NOT_FOR_RESEARCH = "not_for_research"
    COUNTED_ONLY = "counted_only"


class SharedState(StrEnum):
    """How far two centres have come with a patient whom both report."""

    OPEN = "open"
    PROPOSED = "proposed"
    AGREED = "agreed"


class SharedAnswer(StrEnum):
    """What two cases of one patient at two centres are."""

    TRANSFER = "transfer"
    EPISODES = "two_episodes"
    DUPLICATE = "duplicate"


class QueryState(StrEnum):
    """How a query of the network to a centre stands."""

    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"


class Explanation(StrEnum):
    """Why an expected case is rightly not in the series. The words are shown as they stand."""

    NOT_OURS = "not our patient"
    OTHER_PERIOD = "belongs to another period"
    NOT_ELIGIBLE = "does not meet the definition of a case"
    TRANSFERRED = "treated at another centre"
    CODING = "coding error in the source"
    TWICE = "twice in the source"
    ERASED = "erased, or the patient objected"
    OTHER = "another reason"


class Found(StrEnum):
    """What a source that was linked to the series says of an expected case. Empty for a source that names cases itself."""

    NAMED = ""
    MATCHED = "matched"
    REVIEW = "review"
    MISSING = "missing"
    WITHDRAWN = "withdrawn"
    """A later answer of the same source does not expect it any more: it is kept and counts nowhere."""


class Reply(StrEnum):
    """What the centre answered to "is it this case?". Empty: nothing yet."""

    NONE = ""
    YES = "yes"
    NO = "no"
    OTHER = "other"
    """It is another case of the centre's series, which it named."""


HOSPITAL_DATA: Final = "National hospital data"
LISTS: Final = ("MDT list", "Referral list", "Last year's follow-up", "Second source")
"""The sources of expected cases that come as a list."""


SUBMISSION_MOVES: Final[Mapping[SubmissionState, frozenset[SubmissionState]]] = {
    SubmissionState.RECEIVED: frozenset({SubmissionState.CHECKED, SubmissionState.REFUSED}),
    SubmissionState.CHECKED: frozenset({SubmissionState.CHECKED, SubmissionState.ACCEPTED, SubmissionState.REFUSED}),
    SubmissionState.ACCEPTED: frozenset({SubmissionState.SUPERSEDED}),
    SubmissionState.REFUSED: frozenset(),
    SubmissionState.SUPERSEDED: frozenset(),
}
"""The only table of permitted moves. A check may be repeated; a later file supersedes an accepted one."""

SERIES_MOVES: Final[Mapping[SeriesState, frozenset[SeriesState]]] = {
    SeriesState.OPEN: frozenset({SeriesState.SIGNED_OFF}),
    SeriesState.SIGNED_OFF: frozenset({SeriesState.OPEN}),
}


def submission_move(present: str, wanted: SubmissionState) -> SubmissionState:
    """Return ``wanted``, or raise :class:`NotPossible` where the table does not permit it."""
    if wanted not in SUBMISSION_MOVES[SubmissionState(present)]:
        raise NotPossible(f"This submission is {present}: it cannot become {wanted}.")
    return wanted


def series_move(present: str, wanted: SeriesState) -> SeriesState:
    """Return ``wanted``, or raise :class:`NotPossible` where the table does not permit it."""
    if wanted not in SERIES_MOVES[SeriesState(present)]:
        raise NotPossible(f"This case series is {present.replace('_', ' ')} already.")
    return wanted


YEARS: Final = (1900, 2199)
"""The first and last year in which a period may lie: years around it are asked about too, and a calendar has an end."""


def require_period(start: dt.date, end: dt.date) -> None:
    """Periods are half-open: ``start`` belongs to one, ``end`` does not."""
    if end <= start:
        raise NotPossible(f"A period ends after it starts: {start} to {end} does not.")
    if not (YEARS[0] <= start.year and end.year <= YEARS[1]):
        raise NotPossible(f"A period lies between {YEARS[0]} and {YEARS[1]}: {start} to {end} does not.")


def require_version(version: str) -> None:
    """Refuse what cannot name a version of an agreed document."""
    if not re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z._-]{0,39}", version):
        raise NotPossible(f"'{version[:40]}' names no version: use at most 40 letters, digits, points and hyphens, like 2026-1.")


class Standing(StrEnum):
    """How a version of an agreed document stands on a day."""

    IN_FORCE = "in force"
    EARLIER = "earlier"
    LATER = "later"


@dataclass(frozen=True)
class Difference:
    """One value that differs: of a case between two submissions, of a field or outcome between two versions of what is agreed.

    ``name`` is the case, field or outcome; ``field`` is empty where the whole of it came or went.
    """

    name: str
    kind: str
    """``added``, ``removed`` or ``changed``; of a field also ``renamed``, and ``order`` of all fields."""
    field: str = ""
    before: str = ""
    after: str = ""
    effect: str = ""
    """What it does to files of the earlier version of a data set."""


@dataclass(frozen=True)
class Answered:
    """One designated centre and its last answer to a proposed data set; ``stance`` is empty where it has given none."""

    centre: str
    centre_name: str
    stance: str = ""
    text: str = ""
    said_at: dt.datetime | None = None
    said_by: str = ""


@dataclass(frozen=True)
class Accounted:
    """One expected case and what became of it: ``received``, ``explained``, ``review`` (a question is open) or ``missing``."""

    case_id: str
    source: str
    status: str
    reason: str = ""
    expected_id: int = 0
    """By which ``explain_missing`` names it."""
    explained_as: str = ""
    case: str = ""
    """The case of the series that it is, or may be; empty where that is another centre's: then ``elsewhere`` names the centre."""
    elsewhere: str = ""
    event_on: dt.date | None = None
    particulars: str = ""


@dataclass(frozen=True)
class Ascertained:
    """How many cases of a centre (or of all: ``ods`` is empty) were expected, and what became of them.

    ``expected`` = ``received`` + ``explained`` + ``review`` + ``missing``, always.
    The estimate is of hospital data and the series.
    """

    ods: str
    name: str
    expected: int
    received: int
    explained: int
    review: int
    missing: int
    series_only: int | None = None
    estimate: float | None = None
    lower: int | None = None
    upper: int | None = None
    why_not: str = ""


@dataclass(frozen=True)
class Unfinished:
    """One designated centre whose cases of a period are not signed off. ``sent`` is False where nothing came at all."""

    service: str
    service_name: str
    centre_name: str
    ods: str
    sent: bool


@dataclass(frozen=True)
class Progress:
    """How far one centre has come in one period."""

    centre: str
    centre_name: str
    service: str
    submission: str
    """State of the latest submission, empty where none came."""
    blocking: int
    cases: int
    expected: int
    missing: int
    series: SeriesState


@dataclass(frozen=True)
class Draft:
    """One case that somebody has begun to key and not finished."""

    number: int
    case_id: str
    correcting: bool
    filled: int
    begun_at: dt.datetime
    saved_at: dt.datetime
    kept_until: dt.date | None = None
    """From this day on it may be cleared; None where no rules say so."""


@dataclass(frozen=True)
class Change:
    """One value that a version of a case changed, and how that version came."""

    version: int
    at: dt.datetime
    route: str
    by: str
    difference: Difference


class FollowState(StrEnum):
    """How the follow-up of a case stands on a day."""

    OVERDUE = "overdue"
    DUE = "due"
    LATER = "later"
    ENDED = "ended"


@dataclass(frozen=True)
class Plan:
    """The rules of follow-up that hold on a day, for one service."""

    version: str
    due_months: tuple[int, ...]
    early_days: int
    grace_days: int
    cut_off_months: int
    seen_field: str
    status_field: str
    alive: str
    dead: str
    proposed: bool = False


@dataclass(frozen=True)
class Followed:
    """One case and what is known of the patient: last seen when, how, from where; what is due next and since when."""

    ods: str
    number: int
    case_id: str
    index_on: dt.date
    seen_on: dt.date | None
    status: str
    source: str
    died_on: dt.date | None
    due_on: dt.date | None
    state: FollowState


@dataclass(frozen=True)
class Report:
    """One follow-up as somebody reports it. ``row`` is where it stood in a file or on a page."""

    case_id: str
    seen_on: dt.date | None
    status: str
    source: str
    died_on: dt.date | None = None
    row: int = 0


@dataclass(frozen=True)
class Problem:
    """Why a row was not taken, and what to do."""

    row: int
    case_id: str
    message: str


@dataclass(frozen=True)
class Taken:
    """What became of reported follow-ups: how many are new, how many were known already. With a problem none is kept."""

    new: int = 0
    known: int = 0
    problems: tuple[Problem, ...] = ()


def months_after(day: dt.date, months: int) -> dt.date:
    """Return the same day so many months later; the last of the month where it has no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    following = dt.date(day.year + years + (month == 11), (month + 1) % 12 + 1, 1)
    last = (following - dt.timedelta(days=1)).day
    return dt.date(day.year + years, month + 1, min(day.day, last))
