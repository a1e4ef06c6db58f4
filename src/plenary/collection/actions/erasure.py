"""A case is erased with every file that holds it."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q

from plenary.collection import permissions, queries
from plenary.collection.actions import across
from plenary.collection.actions.acceptance import _refuse_change_to_signed
from plenary.collection.actions.intake import HELD_ERASED
from plenary.collection.models import Case, ExpectedCase, Submission
from plenary.collection.terms import Explanation, SubmissionState
from plenary.core.actions import erase_bytes, record
from plenary.core.permissions import require
from plenary.core.terms import NotPossible, Who
from plenary.registry.models import Centre


def erase_case(*, centre: Centre, case_id: str, reason: str, by: Who) -> None:
    """Erase what is known of one patient's case, with every file of the centre that holds it and what was found in that file.

    The other cases of those files stand in the database. Editions stand; the identifier stays, so that the case cannot come
    back. A file that cannot be read any more may hold the case: it goes too. Backups are the operator's (handbook, operation).
    """
    require(permissions.may_erase(by, centre), f"Only the lead of {centre.key} erases a case.")
    if not reason.strip():
        raise NotPossible("Give the reason for erasing the case.")
    with transaction.atomic():
        case = Case.objects.select_for_update().filter(centre=centre, case_id=case_id).first()
        if case is None:
            raise NotPossible(f"{centre.key} has no case {case_id}.")
        files = forget(case=case, by=by)
        case.erased = True
        case.save()
        _refuse_change_to_signed(centre)
        for sha256 in files:
            erase_bytes(sha256=sha256, why=HELD_ERASED, by=by)
        detail = {"centre": centre.key, "reason": reason.strip(), "files": files}
        record(by=by, verb="erase case", subject=f"case/{case.pk}", detail=detail)


def forget(*, case: Case, by: Who, counted: bool = False) -> list[str]:
    """Take away all that is known of a case, and return the hashes of the files that held it, for the caller to erase.

    Part of erasing a case and of honouring an objection, which say what stands of it then; ``counted``: it still counts.
    """
    require(permissions.may_submit(by, case.centre), f"Only people of {case.centre.key} take a case away.")
    files = _files_with(case)
    case.versions.update(payload={}, current=False)
    case.drafts.all().delete()
    case.follow_ups.all().delete()
    case.area, case.sex, case.age = "", "", None
    across.forget(case=case, by=by, counted=counted)
    _forget_expected(case)
    return files


def _forget_expected(case: Case) -> None:
    """Erase what other sources told of a case too. It is expected no more: that it is erased explains it."""
    told = ExpectedCase.objects.filter(Q(linked=case) | Q(centre=case.centre, case_id=case.case_id))
    said = Explanation.ERASED
    told.update(event_on=None, particulars="", explained_as=said, explained=said.value.capitalize())


def _files_with(case: Case) -> list[str]:
    """Return the hashes of the kept files, and of their findings, that hold a case; set aside those that are undecided."""
    ours = Submission.objects.filter(centre=case.centre)
    holding = [one.pk for one in ours if queries.holds_case(one, case)]
    ours.filter(pk__in=holding, state__in=(SubmissionState.RECEIVED, SubmissionState.CHECKED)).update(
        state=SubmissionState.REFUSED
    )
    columns = ("sha256", "findings_sha256")
    gone = {sha256 for pair in ours.filter(pk__in=holding).values_list(*columns) for sha256 in pair}
    kept = {sha256 for pair in Submission.objects.exclude(pk__in=holding).values_list(*columns) for sha256 in pair}
    return sorted(gone - kept - {""})
