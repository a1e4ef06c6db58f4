"""Proof that nobody is missing: what other sources expect comes in, and each centre says what became of it.

Whatever a source expects is counted once and stays counted: as received, as explained, as a question, or as missing. What belongs
to no centre of the service, or to other days, is counted beside it. Nothing is dropped in silence.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone

from plenary.collection import permissions, queries
from plenary.collection.actions.acceptance import CASE_ID_LENGTH
from plenary.collection.actions.series import _refuse_signed, expect_case
from plenary.collection.models import Ascertainment, Case, ExpectedCase
from plenary.collection.terms import HOSPITAL_DATA, LISTS, Explanation, Found, Reply, require_period
from plenary.core.actions import record
from plenary.core.permissions import require
from plenary.core.terms import NotFound, NotPossible, Who
from plenary.registry import queries as registry
from plenary.registry.models import Centre, Service
from plenary_episodes.answers import Told, read_answer
from plenary_stats import ingest
from plenary_stats.spec import InputError

NAMED = 5
_TOLD = {"matched": Found.MATCHED, "review": Found.REVIEW, "missing": Found.MISSING}
_COMPARED = ("found", "linked_id", "reply", "event_on", "particulars", "answer_id")


# -- national hospital data


def load_answer(*, content: bytes, filename: str, period_start: dt.date, period_end: dt.date, by: Who) -> list[Ascertainment]:
    """Take in an answer of hospital data: each of its registered services gets its expected cases of the period.

    A later answer for the same period takes the place of the earlier one. What the centres have said stands: an explanation
    always, a reply to a question as long as the question is the same. A series that is signed off stays so: what came to light
    after is shown, and the network lead may open it again.
    """
    require_period(period_start, period_end)
    told = read_answer(content, filename)
    named = {one.service for one in told}
    services = [one for one in registry.services() if one.slug in named]
    if not services:
        raise NotPossible(
            f"{filename} speaks of no service that is registered here: {', '.join(sorted(named)[:NAMED]) or 'none'}."
        )
    for service in services:
        require(permissions.may_load_hospital_data(by, service), "Only the national commissioner loads hospital data.")
    with transaction.atomic():
        return [
            _load(
                service, [one for one in told if one.service == service.slug], content, filename, (period_start, period_end), by
            )
            for service in services
        ]


def _load(  # noqa: PLR0917 - one service of what was loaded
    service: Service, told: Sequence[Told], content: bytes, filename: str, period: tuple[dt.date, dt.date], by: Who
) -> Ascertainment:
    start, end = period
    placed = _placed(service, [one for one in told if one.status != "series-only"], start, end)
    made = Ascertainment.objects.create(
        service=service,
        period_start=start,
        period_end=end,
        filename=filename[-255:],
        sha256=hashlib.sha256(content).hexdigest(),
        counts=placed.counts(),
        elsewhere=dict(sorted(placed.elsewhere.items())),
        loaded_at=timezone.now(),
        loaded_by=by.person_id,
    )
    withdrawn = _keep(service, placed, made)
    detail = {"service": service.slug, "sha256": made.sha256, "withdrawn": withdrawn} | made.counts
    record(by=by, verb="load hospital data", subject=f"ascertainment/{made.pk}", detail=detail)
    return made


@dataclass
class _Placed:
    """The expected cases of a service as an answer has them, each with its centre and the case that it is or may be."""

    rows: list[tuple[Centre, Told, Found, int | None]] = field(default_factory=list)
    elsewhere: Counter[str] = field(default_factory=Counter)
    outside: int = 0
    not_here: int = 0
    """Said to be a case that does not stand in the register: counted as missing."""

    def counts(self) -> dict[str, int]:
        statuses = Counter(found for _, _, found, _ in self.rows)
        kept = {one.value: statuses[one] for one in (Found.MATCHED, Found.REVIEW, Found.MISSING)}
        total = len(self.rows) + self.elsewhere.total() + self.outside
        more = {"elsewhere": self.elsewhere.total(), "outside": self.outside, "not_here": self.not_here}
        return {"expected": total} | kept | more


def _placed(service: Service, told: Sequence[Told], start: dt.date, end: dt.date) -> _Placed:
    """Place each expected case: with the centre of its provider, else with the centre that has sent it."""
    codes = {code for one in told for code in (one.centre, one.case_centre) if code}
    of_provider = registry.centres_of_providers(service.slug, codes, end - dt.timedelta(days=1))
    centres = {one.ods: one for one in registry.centres(service.slug)}
    standing = Case.objects.filter(centre__service=service, versions__current=True, erased=False)
    by_name = {(ods, case_id): pk for ods, case_id, pk in standing.values_list("centre__ods", "case_id", "pk")}
    made = _Placed()
    for one in told:
        if not start <= one.event_on < end:
            made.outside += 1
            continue
        sender = of_provider.get(one.case_centre, "")
        linked = by_name.get((sender, one.case))
        found = _TOLD[one.status] if linked or one.status == "missing" else Found.MISSING
        made.not_here += found != _TOLD[one.status]
        ods = of_provider.get(one.centre) or (sender if linked else "")
        if ods:
            made.rows.append((centres[ods], one, found, linked))
        else:
            made.elsewhere[one.centre] += 1
    return made


def _keep(service: Service, placed: _Placed, made: Ascertainment) -> int:
    """Bring the expected cases of the period up to the answer, and return how many it does not expect any more."""
    within = {"period_start": made.period_start, "period_end": made.period_end}
    ours = ExpectedCase.objects.select_for_update(of=("self",)).filter(
        centre__service=service, source=HOSPITAL_DATA, answer__isnull=False, **within
    )
    known = {(one.centre_id, one.case_id): one for one in ours}
    new: list[ExpectedCase] = []
    same: list[ExpectedCase] = []
    for centre, told, found, linked in placed.rows:
        one = known.pop((centre.pk, told.reference), None)
        (new if one is None else same).append(
            _told(one or ExpectedCase(centre=centre, case_id=told.reference, source=HOSPITAL_DATA, **within), told, found, linked)
        )
    for one in known.values():
        one.found = Found.WITHDRAWN
    for one in (*new, *same, *known.values()):
        one.answer = made
    ExpectedCase.objects.bulk_create(new, batch_size=500)
    ExpectedCase.objects.bulk_update([*same, *known.values()], _COMPARED, batch_size=100)
    return len(known)


def _told(one: ExpectedCase, told: Told, found: Found, linked: int | None) -> ExpectedCase:
    """Note what the answer says of an expected case. A reply of the centre stands while the question is the same."""
    replied = one.reply != Reply.NONE and one.found != Found.WITHDRAWN
    if replied and one.reply == Reply.NO and one.linked_id != linked:
        one.reply = Reply.NONE
    if not (replied and one.reply in (Reply.YES, Reply.OTHER) and found != Found.MATCHED):
        one.reply = Reply.NONE if found == Found.MATCHED and one.reply != Reply.NO else one.reply
        one.linked_id = linked
    one.found = found
    if one.explained_as != Explanation.ERASED:
        one.event_on, one.particulars = told.event_on, _particulars(told)
    return one


def _particulars(told: Told) -> str:
    said = [f"Provider {told.centre}", f"rule {told.rules}" if told.rules else "", f"record {told.records}"]
    said += [f"also treated at {told.other_providers}"] if told.other_providers else []
    return "; ".join(filter(None, said))[:2000]


def reply_to_question(*, expected_id: int, reply: Reply, by: Who, case_id: str = "") -> ExpectedCase:
    """Say whether an expected case is the case that it may be: yes, no, or another case of the series, which is then named.

    A case of the series stands for one expected case of a source: named twice, it would hide a missing one.
    """
    with transaction.atomic():
        rows = ExpectedCase.objects.select_for_update(of=("self",)).select_related("centre__service", "linked__centre")
        one = rows.filter(pk=expected_id).first()
        if one is None:
            raise NotFound(f"There is no expected case {expected_id}.")
        require(
            permissions.may_explain(by, one.centre), f"Only people of {one.centre.key} say what became of its expected cases."
        )
        _refuse_signed(one.centre, one.period_start, one.period_end)
        if reply in (Reply.YES, Reply.NO) and (one.found != Found.REVIEW or one.linked is None):
            raise NotPossible("No case is suggested for this one. Name the case that it is, or explain why there is none.")
        case = _named_case(one.centre, case_id) if reply == Reply.OTHER else one.linked
        if reply in (Reply.YES, Reply.OTHER):
            _refuse_taken(one, case)
        one.linked, one.reply = case, reply
        one.save(update_fields=["linked", "reply"])
        detail = {"reply": reply.value, "case": case.pk if case else None}
        record(by=by, verb="reply on expected case", subject=f"expected-case/{one.pk}", detail=detail)
    return one


def _named_case(centre: Centre, case_id: str) -> Case:
    standing = Case.objects.filter(centre=centre, case_id=case_id.strip(), versions__current=True, erased=False).first()
    if standing is None:
        raise NotPossible(f"There is no case {case_id.strip()[:CASE_ID_LENGTH] or 'of that name'} in the series. Send it first.")
    return standing


def _refuse_taken(one: ExpectedCase, case: Case | None) -> None:
    others = ExpectedCase.objects.filter(queries.SAME, linked=case, source=one.source).exclude(pk=one.pk)
    taken = others.exclude(found=Found.WITHDRAWN).first()
    if taken is not None:
        words = f"If both are one, explain this one as '{Explanation.TWICE}'."
        raise NotPossible(f"This case stands for {taken.case_id} of the same source already. {words}")


# -- lists: MDT, referrals, last year's follow-up, a second source


def expect_list(
    *, service: Service, period_start: dt.date, period_end: dt.date, source: str, filename: str, content: bytes, by: Who
) -> tuple[int, int]:
    """Take in a list of expected cases (columns ``centre`` and ``case_id``) and return how many were new, and how many known.

    All of it or nothing: each row that cannot be used is named.
    """
    require(permissions.may_expect_list(by, service), f"Only the lead of the network of {service.name} sends its list of cases.")
    if source not in LISTS:
        raise NotPossible(f"Say which list it is: {', '.join(LISTS)}.")
    centres = {one.ods: one for one in registry.centres(service.slug)}
    rows = _listed(content, filename, centres)
    known = {"source": source, "centre__service": service, "period_start": period_start, "period_end": period_end}
    before = ExpectedCase.objects.filter(**known).count()
    with transaction.atomic():
        for centre, case_id in rows:
            expect_case(centre=centre, period_start=period_start, period_end=period_end, case_id=case_id, source=source, by=by)
        new = ExpectedCase.objects.filter(**known).count() - before
    return new, len(rows) - new


def _listed(content: bytes, filename: str, centres: Mapping[str, Centre]) -> list[tuple[Centre, str]]:
    raw = ingest.read(content, filename)
    heads = [name.strip().casefold().replace(" ", "_") for name in raw.headings]
    lacks = [name for name in ("centre", "case_id") if heads.count(name) != 1]
    if lacks:
        raise InputError(f"{filename} must have one column {' and one '.join(lacks)}. It has: {', '.join(raw.headings)}.")
    centre_cells, case_cells = (raw.columns[heads.index(name)] for name in ("centre", "case_id"))
    found: dict[tuple[str, str], tuple[Centre, str]] = {}
    problems = [f"row {one.row}: {one.message}" for one in raw.findings if one.severity == "blocking"]
    for number, written, named in zip(raw.row_numbers.tolist(), centre_cells, case_cells, strict=True):
        ods, case_id = written.strip().upper(), named.strip()
        if ods not in centres:
            problems.append(f"row {number}, centre: '{ods[:20]}' is no centre of this service; give its ODS code")
        elif not case_id or len(case_id) > CASE_ID_LENGTH:
            problems.append(f"row {number}, case_id: give the case identifier, of at most {CASE_ID_LENGTH} characters")
        else:
            found[ods, case_id] = centres[ods], case_id
    if problems:
        more = f"; and {len(problems) - NAMED} more rows" if len(problems) > NAMED else ""
        raise InputError(f"{filename} was not taken in. {'; '.join(problems[:NAMED])}{more}.")
    if not found:
        raise InputError(f"{filename} holds no case. Give one row for each expected case.")
    return list(found.values())
