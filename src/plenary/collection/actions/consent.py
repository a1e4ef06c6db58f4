"""Recording what a patient said. An objection takes away what is known of the patient, and the case still counts."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from plenary.collection import permissions, queries
from plenary.collection.actions.acceptance import _refuse_change_to_signed
from plenary.collection.actions.erasure import forget
from plenary.collection.models import Case, CaseVersion, Consent, Submission
from plenary.collection.queries import consent
from plenary.collection.terms import Effect, Route, SubmissionState, require_period
from plenary.core.actions import erase_bytes, record, store_bytes
from plenary.core.permissions import require
from plenary.core.terms import NotPossible, Who, free_text
from plenary.registry.models import Centre

COUNTED_NAME = "counted.csv"
HELD = "it held a case whose patient objected"


def record_consent(
    *,
    centre: Centre,
    period_start: dt.date,
    period_end: dt.date,
    case_id: str,
    wish: str,
    answer: str,
    said_on: dt.date,
    by: Who,
) -> Consent:
    """Add what a patient said on a day, and do to the case what the settings of today say.

    Where the case is then counted by number only, its values, its drafts and follow-up and every file that held it go. It may
    not have been sent at all: then it is counted in the period named, and never sent. Taken back, it may be sent again. Only
    the lead records what erases a case that was sent.
    """
    require(permissions.may_submit(by, centre), f"Only people of {centre.key} record what its patients say.")
    require_period(period_start, period_end)
    today, name = timezone.localdate(), free_text(case_id)
    if not name:
        raise NotPossible("Say which case it is.")
    if said_on > today:
        raise NotPossible("The day on which the patient said it lies in the future.")
    settings = consent.settings_on(today)
    effect = consent.effect_of(settings, wish, answer)
    with transaction.atomic():
        name = consent.name_of(centre, name)
        made = Consent.objects.create(
            centre=centre,
            case_id=name,
            wish=wish,
            answer=answer,
            said_on=said_on,
            effect=effect,
            settings_version=settings.version,
            recorded_at=timezone.now(),
            recorded_by=by.person_id,
        )
        stands = consent.standing_effect(centre, name)
        files = _apply(centre, name, (period_start, period_end), stands, by)
        detail = {"centre": centre.key, "wish": wish, "answer": answer, "effect": stands, "files": files}
        record(by=by, verb="record consent", subject=f"consent/{made.pk}", detail=detail)
        for sha256 in files:
            erase_bytes(sha256=sha256, why=HELD, by=by)
    return made


def _apply(centre: Centre, case_id: str, period: tuple[dt.date, dt.date], effect: Effect, by: Who) -> list[str]:
    """Bring a case to what stands of its patient's wishes, and return the hashes of the files that must go."""
    case = Case.objects.select_for_update().filter(centre=centre, case_id=case_id).first()
    if effect != Effect.COUNTED_ONLY:
        if case is not None and case.counted_only:
            case.counted_only = False
            case.save(update_fields=["counted_only"])
        return []
    if case is None:
        case = Case.objects.create(centre=centre, case_id=case_id, index_on=period[0])
    if case.erased or case.counted_only:
        return []
    if case.versions.exists() and not permissions.may_erase(by, centre):
        raise NotPossible("This erases what is known of a case that was sent. Ask the centre's lead to record it.")
    files = forget(case=case, by=by, counted=True)
    case.counted_only = True
    case.save()
    _count(case, period, by)
    _refuse_change_to_signed(centre)
    return files


def _count(case: Case, period: tuple[dt.date, dt.date], by: Who) -> None:
    """Let a case stand with nothing in it. It came by the screen: a later file of the period does not withdraw it."""
    content = queries.one_row({"centre": case.centre.ods, "case_id": case.case_id})
    submission = Submission.objects.create(
        centre=case.centre,
        period_start=period[0],
        period_end=period[1],
        route=Route.KEYED,
        filename=COUNTED_NAME,
        sha256=store_bytes(content, by=by, media_type="text/csv"),
        data_set=queries.data_set_for(case.centre.service, period[1]),
        state=SubmissionState.ACCEPTED,
        received_at=timezone.now(),
        received_by=by.person_id,
        cases=1,
    )
    last = CaseVersion.objects.filter(case=case).aggregate(last=Max("number"))["last"] or 0
    CaseVersion.objects.create(case=case, submission=submission, number=last + 1, payload={}, current=True)
