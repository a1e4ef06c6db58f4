"""Follow-up, data of its own: who was last seen when, what is due, and what results of a period may use of it.

A report never changes a row and never a case: the last one that nobody corrected stands. What a signed-off series holds stays.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import django.db.models as db

from plenary.collection import queries
from plenary.collection.models import Case, CaseVersion, FollowUp
from plenary.collection.terms import Followed, FollowState, Plan, Problem, Report, Source, VitalStatus, months_after
from plenary.core.queries import people, policy
from plenary.core.terms import NotFound, NotPossible, Who
from plenary.registry.models import Centre, Service
from plenary_stats import ingest
from plenary_stats.ingest.values import read_column
from plenary_stats.spec import Field

POLICY = "follow-up"
COLUMNS = ("case_id", "seen_on", "status", "source", "died_on")
"""The columns of a file of follow-ups, to send and to download."""

ENDINGS = (VitalStatus.DEAD, VitalStatus.LOST, VitalStatus.TRANSFERRED)
"""After these nothing is due here, until a later report says otherwise."""


def plan(service: Service, on: dt.date) -> Plan:
    """Return the rules that hold for a service on a day; raise ``NotPossible`` where none is in force."""
    try:
        found = policy(POLICY, on)
    except NotFound as problem:
        raise NotPossible("No rules of follow-up are in force. Ask the administrator to load the definitions.") from problem
    own = found.body | found.body.get("services", {}).get(service.slug, {})
    values = {name: own[name] for name in Plan.__dataclass_fields__ if name in own}
    return Plan(version=found.version, **values | {"due_months": tuple(own["due_months"])})


# -- what stands


def standing_rows() -> db.QuerySet[FollowUp]:
    """Return the reports that nobody corrected, the last of each case last."""
    return FollowUp.objects.filter(corrected_by__isnull=True).exclude(status=VitalStatus.IN_ERROR).order_by("seen_on", "id")


@dataclass(frozen=True)
class _Known:
    """What a case itself and its follow-ups say together: the later of the two, and a death for good."""

    seen_on: dt.date | None = None
    status: str = ""
    source: str = ""
    died_on: dt.date | None = None

    @classmethod
    def of_payload(cls, payload: Mapping[str, Any], rules: Plan) -> _Known:
        text = payload.get(rules.seen_field)
        seen = dt.date.fromisoformat(text) if text else None
        if payload.get(rules.status_field) == rules.dead:
            return cls(seen, VitalStatus.DEAD, "case", seen)
        return cls(seen, VitalStatus.ALIVE if seen else "", "case" if seen else "")

    def and_then(self, row: FollowUp | None) -> _Known:
        if row is None or self.status == VitalStatus.DEAD:
            return self
        if row.status != VitalStatus.DEAD and self.seen_on is not None and row.seen_on < self.seen_on:
            return self
        return _Known(row.seen_on, row.status, row.source, row.died_on)


def _latest(cases: db.QuerySet[Case]) -> dict[int, FollowUp]:
    return {row.case_id: row for row in standing_rows().filter(case__in=cases)}


def known_of(case: Case, payload: Mapping[str, Any], rules: Plan) -> tuple[dt.date | None, str, dt.date | None]:
    """Return when a patient was last seen, how, and the date of death."""
    found = _Known.of_payload(payload, rules).and_then(standing_rows().filter(case=case).last())
    return found.seen_on, found.status, found.died_on


def followed(centres: Iterable[Centre], on: dt.date) -> list[Followed]:
    """Return every case that stands at some centres of one service, what is known of it and what is due.

    For the pages and actions of this room, which ask who may: it shows cases.
    """
    places = list(centres)
    if not places:
        return []
    rules = plan(places[0].service, on)
    versions = CaseVersion.objects.filter(current=True, case__centre__in=places, case__erased=False, case__counted_only=False)
    rows = versions.select_related("case__centre").order_by("case__centre__ods", "case__index_on", "case__case_id")
    latest = _latest(Case.objects.filter(centre__in=places))
    found = []
    for one in rows:
        known = _Known.of_payload(one.payload, rules).and_then(latest.get(one.case.pk))
        found.append(_followed(one.case, known, rules, on))
    return found


def _followed(case: Case, known: _Known, rules: Plan, on: dt.date) -> Followed:
    due_on = None if known.status in ENDINGS else next_due(case.index_on, known.seen_on, rules)
    if due_on is None:
        state = FollowState.ENDED
    elif on > due_on + dt.timedelta(days=rules.grace_days):
        state = FollowState.OVERDUE
    else:
        state = FollowState.DUE if on >= due_on - dt.timedelta(days=rules.early_days) else FollowState.LATER
    return Followed(
        case.centre.ods, case.pk, case.case_id, case.index_on, known.seen_on, known.status, known.source, known.died_on, due_on,
        state,
    )  # fmt: skip


def next_due(index_on: dt.date, seen_on: dt.date | None, rules: Plan) -> dt.date | None:
    """Return the first date of the schedule for which the patient was not seen; None after the last."""
    reached = index_on if seen_on is None else seen_on + dt.timedelta(days=rules.early_days)
    return next((day for day in (months_after(index_on, months) for months in rules.due_months) if day > reached), None)


def counts(who: Who, service: Service, on: dt.date) -> list[tuple[Centre, dict[FollowState, int]]]:
    """Return, by centre that ``who`` belongs to or follows, how many cases stand how. Numbers, no case."""
    seen = queries.of_own_centres(who) | queries.of_followed(who)
    centres = list(Centre.objects.filter(seen, service=service).select_related("service").order_by("name", "ods"))
    by_ods = {centre.ods: dict.fromkeys(FollowState, 0) for centre in centres}
    for one in followed(centres, on):
        by_ods[one.ods][one.state] += 1
    return [(centre, by_ods[centre.ods]) for centre in centres]


def reports(who: Who, case: Case) -> list[tuple[FollowUp, str, bool]]:
    """Return all that was ever reported of an own case, the last first, with who did and whether it still stands."""
    if not queries.visible_to(who).filter(pk=case.pk).exists():
        return []
    rows = list(FollowUp.objects.filter(case=case).order_by("-id"))
    names = dict(people().filter(pk__in={row.reported_by for row in rows}).values_list("pk", "name"))
    corrected = {row.corrects_id for row in rows}
    return [
        (row, names.get(row.reported_by, "") if row.reported_by else "", row.pk not in corrected and row.status != "in_error")
        for row in rows
    ]


# -- what results use


def cut_off(service: Service, period_end: dt.date) -> dt.date | None:
    """Return the day until which results of a period know of patients; None where no rules hold."""
    try:
        rules = plan(service, period_end - dt.timedelta(days=1))
    except NotPossible:
        return None
    return months_after(period_end, rules.cut_off_months)


def brought_forward(service: Service, start: dt.date, end: dt.date) -> dict[tuple[str, str], dict[str, str]]:
    """Return, by centre and case of a span of dates, the fields that follow-up until the cut-off brings forward.

    For the rooms that compute results: it asks nobody's permission. The cases themselves are not touched; where a case knows
    more, or says that the patient died, the case stands.
    """
    until = cut_off(service, end)
    if until is None:
        return {}
    rules = plan(service, end - dt.timedelta(days=1))
    rows = standing_rows().filter(
        db.Q(status=VitalStatus.DEAD, died_on__lte=until) | (~db.Q(status=VitalStatus.DEAD) & db.Q(seen_on__lte=until)),
        case__centre__service=service,
        case__index_on__gte=start,
        case__index_on__lt=end,
        case__erased=False,
    )
    latest = {row.case_id: row for row in rows}
    reported = FollowUp.objects.filter(case=db.OuterRef("case"))
    versions = CaseVersion.objects.filter(
        db.Exists(reported), current=True, case__centre__service=service, case__index_on__gte=start, case__index_on__lt=end
    ).select_related("case__centre")
    found: dict[tuple[str, str], dict[str, str]] = {}
    for one in versions.order_by("case__centre__ods", "case__case_id"):
        before = _Known.of_payload(one.payload, rules)
        known = before.and_then(latest.get(one.case.pk))
        last = known.died_on or known.seen_on
        if known is not before and last is not None:
            status = rules.dead if known.status == VitalStatus.DEAD else rules.alive
            key = one.case.centre.ods, one.case.case_id
            found[key] = {rules.seen_field: last.isoformat(), rules.status_field: status}
    return found


# -- a file of follow-ups

_DATE = Field("date", "The date", validation="date_dmy")
STATUSES = {
    VitalStatus.ALIVE: "Alive",
    VitalStatus.DEAD: "Dead",
    VitalStatus.LOST: "Lost to follow-up",
    VitalStatus.TRANSFERRED: "Followed elsewhere",
}
SOURCES = {
    Source.CENTRE: "Seen in the centre",
    Source.LOCAL: "Local hospital",
    Source.GP: "General practice",
    Source.REGISTER: "Register of deaths",
    Source.FAMILY: "Patient or family",
}


def read_reports(content: bytes, filename: str) -> tuple[list[Report], list[Problem]]:
    """Return the follow-ups of a file, and what cannot be read. A row that says nothing but the case is left out."""
    raw = ingest.read(content, filename)
    names = [heading.strip().casefold().replace(" ", "_") for heading in raw.headings]
    absent = [name for name in COLUMNS[:4] if name not in names]
    if absent:
        raise NotPossible(f"The file has no column {', '.join(absent)}. Download the list and fill it in.")
    texts = {name: [text.strip() for text in raw.columns[names.index(name)]] for name in COLUMNS if name in names}
    length = len(raw.row_numbers)
    texts.setdefault("died_on", [""] * length)
    problems: list[Problem] = []
    numbers = raw.row_numbers.tolist()
    days = {name: _days(texts[name], name, numbers, texts["case_id"], problems) for name in ("seen_on", "died_on")}
    found = []
    for place, row in enumerate(numbers):
        said = {name: texts[name][place] for name in COLUMNS}
        if any(said[name] for name in COLUMNS[1:]):
            status, source = _meant(said["status"], STATUSES), _meant(said["source"], SOURCES)
            found.append(Report(said["case_id"], days["seen_on"][place], status, source, days["died_on"][place], row))
    return found, problems


def _days(texts: list[str], name: str, rows: list[int], case_ids: list[str], problems: list[Problem]) -> list[dt.date | None]:
    reading = read_column(_DATE, texts)
    for text, problem in reading.problems.items():
        problems += [
            Problem(rows[place], case_ids[place], f"{name}: {problem.message} {problem.remedy}")
            for place in reading.rows_of(text).tolist()
        ]
    found: list[dt.date | None] = reading.column.tolist()
    return found


def _meant(text: str, words: Mapping[Any, str]) -> str:
    """Return the code that a text means: itself, or the word that stands for it; the text where it means none."""
    for code, word in words.items():
        if text.casefold() in {code.casefold(), word.casefold()}:
            return str(code)
    return text
