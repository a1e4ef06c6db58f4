"""Reporting what is known of patients later: one at a time, or many at once, all or none. Nothing is ever overwritten."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from django.db import transaction
from django.utils import timezone

from plenary.collection import permissions, queries
from plenary.collection.models import CaseVersion, FollowUp
from plenary.collection.queries import follow_up
from plenary.collection.terms import Followed, Plan, Problem, Report, Taken, VitalStatus
from plenary.core.actions import record, record_read
from plenary.core.permissions import require
from plenary.core.terms import NotFound, NotPossible, Who
from plenary.registry.models import Centre

MOST = 10_000
"""Rows of one file of follow-ups."""


def open_followed(*, centre: Centre, why: str, by: Who) -> list[Followed]:
    """Return the cases of a centre with what is known and due, and record that they were read."""
    require(permissions.may_see_cases(by, centre), f"Only people of {centre.key} see its cases.")
    with transaction.atomic():
        found = follow_up.followed([centre], timezone.localdate())
        record_read(by=by, subject=f"cases/{centre.key}", why=why, detail={"cases": len(found)})
    return found


def report(*, centre: Centre, reports: Sequence[Report], by: Who) -> Taken:
    """Add follow-ups to cases of a centre. With a problem in one none is kept; what is known already is not kept twice."""
    require(permissions.may_submit(by, centre), f"Only people of {centre.key} report on its patients.")
    if len(reports) > MOST:
        raise NotPossible(f"A file may hold {MOST:,} follow-ups. Send it in parts.")
    on = timezone.localdate()
    rules = follow_up.plan(centre.service, on)
    with transaction.atomic():
        standing = _standing(centre, [one.case_id for one in reports])
        last = dict(standing)
        problems, new, known = [], 0, 0
        for one in reports:
            found = last.get(one.case_id)
            problem = _problem(one, found, rules, on)
            if problem:
                problems.append(Problem(one.row, one.case_id, problem))
            elif found is not None and _said_already(found, one):
                known += 1
            elif found is not None and one.seen_on is not None:
                _add(found, one, by)
                last[one.case_id] = found
                new += 1
        if problems:
            transaction.set_rollback(True)
            return Taken(problems=tuple(problems))
        if new:
            record(by=by, verb="report follow-up", subject=f"cases/{centre.key}", detail={"new": new, "rules": rules.version})
    return Taken(new, known)


def correct(*, centre: Centre, number: int, instead: Report | None, by: Who) -> FollowUp:
    """Put another report in the place of a mistaken one, or none. The mistaken one is kept and shown as such."""
    require(permissions.may_submit(by, centre), f"Only people of {centre.key} report on its patients.")
    on = timezone.localdate()
    rules = follow_up.plan(centre.service, on)
    with transaction.atomic():
        rows = FollowUp.objects.select_for_update(of=("self",)).filter(case__in=queries.visible_to(by), case__centre=centre)
        wrong = rows.select_related("case").filter(pk=number).first()
        if wrong is None:
            raise NotFound("There is no such follow-up at this centre.")
        if FollowUp.objects.filter(corrects=wrong).exists() or wrong.status == VitalStatus.IN_ERROR:
            raise NotPossible("This follow-up was corrected already. Correct the one that stands in its place.")
        if instead is None:
            said = Report(wrong.case.case_id, wrong.seen_on, VitalStatus.IN_ERROR, wrong.source)
        else:
            said = replace(instead, case_id=wrong.case.case_id)
            found = _standing(centre, [said.case_id], without=wrong.pk).get(said.case_id)
            if problem := _problem(said, found, rules, on):
                raise NotPossible(problem)
        made = _row(wrong.case.pk, said, by, corrects=wrong)
        record(by=by, verb="correct follow-up", subject=f"follow-up/{made.pk}", detail={"corrects": wrong.pk})
    return made


class _Case:
    """A case with what is known of it, as it stands while reports are added."""

    def __init__(self, version: CaseVersion, rows: list[FollowUp]) -> None:
        self.version, self.rows = version, rows


def _standing(centre: Centre, case_ids: Sequence[str], without: int = 0) -> dict[str, _Case]:
    """Return the cases that stand, by identifier, with their standing reports."""
    versions = CaseVersion.objects.filter(
        current=True, case__centre=centre, case__erased=False, case__counted_only=False
    ).select_related("case")
    wanted = set(case_ids)
    found = {one.case.case_id: _Case(one, []) for one in versions if one.case.case_id in wanted}
    by_case = {one.version.case.pk: one for one in found.values()}
    for row in follow_up.standing_rows().filter(case__in=list(by_case)).exclude(pk=without):
        by_case[row.case_id].rows.append(row)
    return found


def _problem(one: Report, case: _Case | None, rules: Plan, on: dt.date) -> str:
    """Return why a report cannot be taken; nothing where it can."""
    if case is None:
        return f"There is no case {one.case_id} at this centre."
    return _shape(one, on) or _order(one, case, rules)


def _shape(one: Report, on: dt.date) -> str:
    dead = one.status == VitalStatus.DEAD
    checks = (
        (one.status not in follow_up.STATUSES, f"Say the status: {', '.join(follow_up.STATUSES)}."),
        (one.source not in follow_up.SOURCES, f"Say where it is known from: {', '.join(follow_up.SOURCES)}."),
        (one.seen_on is None, "Give the date on which the patient was seen, or the status was known."),
        (one.seen_on is not None and one.seen_on > on, "The date lies in the future."),
        (dead and one.died_on is None, "Give the date of death."),
        (not dead and one.died_on is not None, "There is a date of death, and the status is not dead. Correct one of them."),
        (
            one.died_on is not None and one.seen_on is not None and one.died_on > one.seen_on,
            "The date of death lies after the day on which it was known.",
        ),
    )
    return next((message for wrong, message in checks if wrong), "")


def _order(one: Report, case: _Case, rules: Plan) -> str:
    """Compare a report with what is known of the patient."""
    index_on, until = case.version.case.index_on, one.died_on or one.seen_on
    if until is not None and until < index_on:
        return f"The date lies before the date of the case, {index_on.isoformat()}."
    payload = case.version.payload
    text = payload.get(rules.seen_field)
    in_case = dt.date.fromisoformat(text) if text else None
    if payload.get(rules.status_field) == rules.dead and one.status != VitalStatus.DEAD:
        return f"The case says that the patient died{f' on {text}' if text else ''}. Correct the case if that is wrong."
    dead = next((row for row in case.rows if row.status == VitalStatus.DEAD), None)
    if dead is not None and not _same(dead, one) and not _before_death(dead, one):
        return f"The patient was reported dead on {dead.died_on}. Correct that report if it is wrong."
    alive = [row.seen_on for row in case.rows if row.status == VitalStatus.ALIVE]
    if in_case is not None and payload.get(rules.status_field) != rules.dead:
        alive.append(in_case)
    if one.died_on is not None and alive and max(alive) > one.died_on:
        return f"The patient was seen alive on {max(alive).isoformat()}, after this date of death. Correct the one that is wrong."
    return ""


def _before_death(dead: FollowUp, one: Report) -> bool:
    """Whether a report tells of the time before a known death: it may come later, or further down in the same file."""
    if one.status == VitalStatus.DEAD or one.seen_on is None or dead.died_on is None:
        return False
    return one.seen_on <= dead.died_on and one.seen_on < dead.seen_on


def _same(row: FollowUp, one: Report) -> bool:
    return (row.seen_on, row.status, row.source, row.died_on) == (one.seen_on, one.status, one.source, one.died_on)


def _said_already(case: _Case, one: Report) -> bool:
    return any(_same(row, one) for row in case.rows)


def _add(case: _Case, one: Report, by: Who) -> None:
    case.rows.append(_row(case.version.case.pk, one, by))


def _row(case_pk: int, one: Report, by: Who, corrects: FollowUp | None = None) -> FollowUp:
    if one.seen_on is None:
        raise NotPossible("Give the date on which the patient was seen.")
    return FollowUp.objects.create(
        case_id=case_pk,
        seen_on=one.seen_on,
        status=one.status,
        source=one.source,
        died_on=one.died_on,
        corrects=corrects,
        reported_at=timezone.now(),
        reported_by=by.person_id,
    )
