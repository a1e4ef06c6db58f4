"""One patient at two centres: found by keyed pseudonyms when cases are accepted, and agreed by the two centres.

Neither sees the other's case. Until they agree, the case that was accepted first counts for the network; both keep theirs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from plenary.collection import permissions
from plenary.collection.models import (
    Case,
    CaseMark,
    CaseSeries,
    CaseVersion,
    Confirmation,
    DataQuery,
    QueryMessage,
    SharedPatient,
    Submission,
)
from plenary.collection.queries import across as queries
from plenary.collection.queries.policies import collection_rules
from plenary.collection.terms import SeriesState, SharedAnswer, SharedState
from plenary.core.actions import record
from plenary.core.permissions import require
from plenary.core.terms import NotPossible, Who
from plenary.registry.models import Centre
from plenary_stats.ingest.across import Marks, shared_pairs

UPSERT_MARK = """
    INSERT INTO collection_casemark (case_id, key_id, nhs, "like", born) VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (case_id)
    DO UPDATE SET key_id = excluded.key_id, nhs = excluded.nhs, "like" = excluded."like", born = excluded.born
"""


def keep_marks(submission: Submission, case_ids: Sequence[str], marks: Sequence[Marks], *, by: Who) -> int:
    """Keep who the cases of a submission are about, and note whom another centre reports too. Return how many are new.

    Called by ``accept`` and ``key_case``, in their transaction.
    """
    pks = dict(Case.objects.filter(centre=submission.centre).values_list("case_id", "pk"))
    own = [(pks[case_id], one) for case_id, one in zip(case_ids, marks, strict=True)]
    key = queries.key_id()
    rows: Any = ((pk, key, one.nhs, one.like, one.born) for pk, one in own)
    with connection.cursor() as cursor:
        cursor.executemany(UPSERT_MARK, rows)
    return _note_shared(submission, dict(own), by)


def _note_shared(submission: Submission, own: dict[int, Marks], by: Who) -> int:
    rules = collection_rules(submission.period_start)
    others = queries.elsewhere(submission.centre, submission.period_start, submission.period_end, rules.same_patient_days)
    if not others:
        return 0
    dates: Any = dict(CaseVersion.objects.filter(submission=submission).values_list("case", "case__index_on"))
    pairs = SharedPatient.objects.filter(first__centre__service=submission.centre.service).order_by()
    known = {frozenset(pair) for pair in pairs.values_list("first", "second")}
    pks, now = list(own), timezone.now()
    found = [
        SharedPatient(first_id=other.case, second_id=pks[place], sure=sure, found_at=now)
        for place, other, sure in shared_pairs(
            [(own[pk], dates[pk]) for pk in pks], others, (rules.same_patient_days, rules.like_patient_days)
        )
        if frozenset((other.case, pks[place])) not in known
    ]
    SharedPatient.objects.bulk_create(found)
    if found:
        record(by=by, verb="note shared patients", subject=f"submission/{submission.pk}", detail={"patients": len(found)})
    return len(found)


def answer_shared(
    *,
    shared: SharedPatient,
    centre: Centre,
    answer: SharedAnswer,
    by: Who,
    counts_at: Centre | None = None,
    moved_from: Centre | None = None,
    moved_on: dt.date | None = None,
) -> SharedPatient:
    """Say for one of the two centres what its case and the other's are. Where both say the same, it is agreed.

    A transfer names who handed over, when, and where the case counts; a duplicate where it counts, the other being withdrawn.
    Another answer takes an agreement back, unless one of the two has signed off what rests on it.
    """
    require(permissions.may_submit(by, centre), f"Only people of {centre.key} answer for it.")
    with transaction.atomic():
        current = SharedPatient.objects.select_for_update(of=("self",)).select_related("first__centre", "second__centre").get(
            pk=shared.pk
        )  # fmt: skip
        both = {current.first.centre, current.second.centre}
        require(centre in both, f"{centre.key} is none of the two centres.")
        said = _said(answer, both, counts_at, moved_from, moved_on)
        same = all(getattr(current, name) == value for name, value in said.items())
        if same and (current.state == SharedState.AGREED or current.proposed_by == centre):
            return current
        if current.state == SharedState.AGREED:
            _refuse_signed(current)
        agreed = same and current.state == SharedState.PROPOSED
        current.state = SharedState.AGREED if agreed else SharedState.PROPOSED
        current.proposed_by = current.proposed_by if agreed else centre
        for name, value in said.items():
            setattr(current, name, value)
        current.answered_at = timezone.now()
        current.save()
        detail = {"centre": centre.key, "answer": answer.value, "state": current.state, "moved_on": moved_on}
        detail |= {"counts_at": counts_at.key if counts_at else "", "moved_from": moved_from.key if moved_from else ""}
        record(by=by, verb="answer shared patient", subject=f"shared-patient/{current.pk}", detail=detail)
    return current


def _said(
    answer: SharedAnswer, both: set[Centre], counts_at: Centre | None, moved_from: Centre | None, moved_on: dt.date | None
) -> dict[str, Any]:
    """Return what the answer says of each column; refuse what does not hang together."""
    if answer == SharedAnswer.EPISODES:
        return {"answer": answer, "counts_at": None, "moved_from": None, "moved_on": None}
    if counts_at not in both:
        raise NotPossible("Say which of the two centres counts the case.")
    if answer == SharedAnswer.DUPLICATE:
        return {"answer": answer, "counts_at": counts_at, "moved_from": None, "moved_on": None}
    if moved_from not in both or moved_on is None:
        raise NotPossible("Say which centre handed the patient over, and when.")
    return {"answer": answer, "counts_at": counts_at, "moved_from": moved_from, "moved_on": moved_on}


def _refuse_signed(shared: SharedPatient) -> None:
    for case in (shared.first, shared.second):
        signed = CaseSeries.objects.filter(
            centre=case.centre, state=SeriesState.SIGNED_OFF, period_start__lte=case.index_on, period_end__gt=case.index_on
        )
        if signed.exists():
            raise NotPossible(
                f"This is agreed, and {case.centre.name} has signed off the series that rests on it. "
                "Ask the network lead to reopen it first."
            )


def forget(*, case: Case, by: Who, counted: bool = False) -> None:
    """Forget what was kept of a case beside its versions, in the transaction of whoever erases it or honours an objection.

    ``counted``: the case still counts, and so does what two centres agreed of where it counts.
    """
    allowed = permissions.may_submit if counted else permissions.may_erase
    require(allowed(by, case.centre), f"Only people of {case.centre.key} take a case away, and only its lead erases it.")
    CaseMark.objects.filter(case=case).delete()
    if not counted:
        SharedPatient.objects.filter(Q(first=case) | Q(second=case)).delete()
    Confirmation.objects.filter(centre=case.centre, case_id=case.case_id).delete()
    asked = DataQuery.objects.filter(centre=case.centre, case_id=case.case_id)
    QueryMessage.objects.filter(query__in=asked).update(text="Erased with the case.")
