"""Keying a case with a draft behind it: what is typed is kept at once, and becomes a case when somebody finishes it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from plenary.collection import permissions, queries
from plenary.collection.actions import key_case
from plenary.collection.models import Case, CaseDraft, CaseVersion, Submission
from plenary.collection.queries import entry
from plenary.collection.terms import Change, Difference, require_period
from plenary.core.actions import record, record_read
from plenary.core.permissions import require
from plenary.core.terms import NotFound, NotPossible, Who
from plenary.registry.models import Centre
from plenary_stats.ingest import Finding

LONGEST = 100_000
"""Characters that a draft may hold in all: many times the longest case, and nothing that could fill the disk."""


@dataclass(frozen=True)
class Finished:
    """What became of a draft. ``submission`` is None where a finding blocks it, or where a correction changes nothing."""

    case_id: str
    submission: Submission | None
    findings: Sequence[Finding]
    differences: Sequence[Difference] = ()
    corrected: bool = False

    @property
    def blocked(self) -> bool:
        return any(one.severity == "blocking" for one in self.findings)


def save_draft(
    *,
    centre: Centre,
    period_start: dt.date,
    period_end: dt.date,
    values: Mapping[str, str],
    by: Who,
    draft_id: int | None = None,
    case: Case | None = None,
) -> CaseDraft:
    """Keep what a person has typed of a case so far, right or wrong. With ``case`` it corrects a case that stands.

    That a draft was begun is an event; each later saving is none: it comes every few seconds, and what counts is the case.
    """
    require(permissions.may_submit(by, centre), f"Only people of {centre.key} key its cases.")
    require_period(period_start, period_end)
    if by.person_id is None:
        raise NotPossible("A draft belongs to a person.")
    typed = {name: text for name, text in values.items() if text}
    if sum(map(len, typed.values())) > LONGEST:
        raise NotPossible("This is too much text for one case. Shorten the long answers.")
    with transaction.atomic():
        if draft_id is not None:
            draft = _own(draft_id, by)
            draft.typed, draft.saved_at, draft.told_at = typed, timezone.now(), None
            draft.save(update_fields=["typed", "saved_at", "told_at"])
            return draft
        now = timezone.now()
        draft = CaseDraft.objects.create(
            centre=centre,
            period_start=period_start,
            period_end=period_end,
            owner=by.person_id,
            case=case,
            base=_number_of(case),
            typed=typed,
            begun_at=now,
            saved_at=now,
        )
        record(by=by, verb="begin draft", subject=_subject(draft), detail={"centre": centre.key})
    return draft


def drop_draft(*, draft_id: int, by: Who) -> None:
    """Throw an own draft away. The case that it would have corrected stands as it is."""
    with transaction.atomic():
        draft = _own(draft_id, by)
        record(by=by, verb="drop draft", subject=_subject(draft), detail={"centre": draft.centre.key})
        draft.delete()


def open_draft(*, draft_id: int, by: Who) -> CaseDraft:
    """Return an own draft. Where it corrects a case, that the case is read is recorded."""
    draft = _own(draft_id, by, lock=False)
    if draft.case is not None:
        record_read(by=by, subject=f"cases/{draft.centre.key}", why="go on correcting one case", detail={"draft": draft.pk})
    return draft


def open_history(*, centre: Centre, case_pk: int, by: Who) -> tuple[Case, list[Change]]:
    """Return a case and what each of its versions changed, and record that it was read."""
    require(permissions.may_see_cases(by, centre), f"Only people of {centre.key} see its cases.")
    case = queries.visible_to(by).filter(centre=centre, pk=case_pk).first()
    if case is None:
        raise NotFound("This case does not stand any more.")
    record_read(by=by, subject=f"cases/{centre.key}", why="what changed in one case", detail={"case": case.pk})
    return case, entry.changes(by, case)


def finish_draft(*, draft_id: int, by: Who) -> Finished:
    """Make a case of a draft, or a new version of the case that it corrects. With a blocking finding the draft stays.

    A case that stands is not overwritten by accident: neither by a new one of its name, nor by a correction of what somebody
    else has changed since.
    """
    draft = _own(draft_id, by, lock=False)
    case_id = draft.typed.get("case_id", "").strip()
    known = _known(draft, case_id)
    with transaction.atomic():
        undo = transaction.savepoint()
        start, end = draft.period_start, draft.period_end
        dataset = queries.data_set(queries.data_set_for(draft.centre.service, end))
        values = dict.fromkeys(dataset.by_name, "") | draft.typed
        submission, findings = key_case(
            centre=draft.centre, period_start=start, period_end=end, values=values, by=by, known=known
        )
        if submission is None:
            return Finished(case_id, None, findings, corrected=known is not None)
        differences = _differences(known, case_id, submission) if known is not None else []
        if known is not None and not differences:
            transaction.savepoint_rollback(undo)
            submission = None
        _own(draft_id, by).delete()
    return Finished(case_id, submission, findings, differences, corrected=known is not None)


def _known(draft: CaseDraft, case_id: str) -> CaseVersion | None:
    """Return the version that a draft corrects; refuse where another person has been quicker, or the name is taken."""
    standing = CaseVersion.objects.filter(case__centre=draft.centre, current=True).select_related("case__centre__service")
    if draft.case is None:
        if standing.filter(case__case_id=case_id).exists():
            raise NotPossible(f"Case {case_id} stands already. Open it from the list of cases to change it.")
        return None
    if case_id != draft.case.case_id:
        raise NotPossible(f"The identifier of this case is {draft.case.case_id}. Key another case on a page of its own.")
    known = standing.filter(case=draft.case).first()
    if known is None:
        raise NotPossible(f"Case {case_id} does not stand any more: it was withdrawn. Key it anew if it should count.")
    if known.number != draft.base:
        dataset = queries.data_set(queries.data_set_for(draft.centre.service, draft.period_end))
        stands = entry.typed_of(known, dataset)
        mine = {name: text for name, text in draft.typed.items() if name in stands}
        other = [one.field for one in queries.compare({case_id: stands}, {case_id: mine})]
        draft.base = known.number
        draft.save(update_fields=["base"])
        raise NotPossible(
            f"Somebody has changed case {case_id} since you opened it. What stands differs from yours in: "
            f"{', '.join(other) or 'nothing'}. Finish again to put yours in its place."
        )
    return known


def _differences(known: CaseVersion, case_id: str, submission: Submission) -> list[Difference]:
    now = CaseVersion.objects.get(submission=submission)
    return list(queries.compare({case_id: known.payload}, {case_id: now.payload}))


def _number_of(case: Case | None) -> int:
    if case is None:
        return 0
    found = CaseVersion.objects.filter(case=case, current=True).first()
    return found.number if found is not None else 0


def _own(draft_id: int, by: Who, *, lock: bool = True) -> CaseDraft:
    rows = entry.visible_to(by).filter(pk=draft_id)
    found = (rows.select_for_update(of=("self",)) if lock else rows).first()
    if found is None:
        raise NotFound("This draft is not among yours: it was finished or deleted.")
    return found


def _subject(draft: CaseDraft) -> str:
    return f"draft/{draft.pk}"
