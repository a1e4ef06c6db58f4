"""Questions put to disclosure control, and what came of them."""

from __future__ import annotations

import hashlib
from typing import Any

from django.db.models import QuerySet

from plenary.core.queries import given_up
from plenary.core.terms import ENDED_WITHOUT_A_WORD, NotFound, Who
from plenary.releases.models import Proposal, Trial
from plenary.releases.queries import proposals
from plenary.releases.terms import UNPREPARED, Cost, ProposalState, Reviewed, TrialKind, TrialState

TASK = "plenary.releases.tasks.answer"


def visible_to(who: Who) -> QuerySet[Trial]:
    """Return the questions about proposals that ``who`` sees: their answers tell of the numbers behind the marks."""
    return Trial.objects.filter(proposal__in=proposals.visible_to(who).values("pk"))


def trial(trial_id: int) -> Trial:
    """Return one trial or raise ``NotFound``. It asks nobody's permission: actions do."""
    found = Trial.objects.select_related("proposal").filter(pk=trial_id).first()
    if found is None:
        raise NotFound(f"There is no trial {trial_id}.")
    return found


def asked_sha256(asked: dict[str, Any]) -> str:
    """Return the hash of a question: of a policy's draft, what is adopted must have the one that was tried."""
    return hashlib.sha256(proposals.canonical(asked)).hexdigest()


def about_row(row: Reviewed) -> dict[str, Any]:
    """Return the question what showing a row would cost."""
    return {"table": row.table, "place": dict(row.place)}


def latest(who: Who, proposal: Proposal, kind: TrialKind, asked: dict[str, Any]) -> Trial | None:
    """Return the last time that this was asked of the proposal as it is now; None where nobody did, or may not be told."""
    found = visible_to(who).filter(proposal=proposal, kind=kind, content_hash=proposal.content_hash)
    return found.filter(asked_sha256=asked_sha256(asked)).first()


def why_failed(trial: Trial) -> str:
    """Return why there is no answer, also where the job ended without a word; "" where there is one, or will be."""
    if trial.state == TrialState.RUNNING and trial.pk in given_up(TASK):
        return ENDED_WITHOUT_A_WORD
    return trial.failure


def answer(trial: Trial) -> dict[str, Any] | None:
    """Return the answer, None where there is none yet."""
    return proposals.document(trial.answer_sha256) if trial.answer_sha256 else None


def cost(trial: Trial) -> Cost | None:
    """Return what showing a number would cost, None where it is not worked out yet."""
    found = answer(trial)
    if found is None:
        return None
    names = ("newly_withheld", "newly_shown", "gives_away")
    lists = {name: tuple((one[0], tuple(one[1]), *one[2:]) for one in found[name]) for name in names}
    return Cost(**(found | lists))


def latest_results(who: Who) -> Proposal | None:
    """Return the last prepared proposal of the whole nation that ``who`` sees: on its results a policy is tried."""
    left_out = {*UNPREPARED, ProposalState.WITHDRAWN}
    return proposals.visible_to(who).filter(whole=True).exclude(state__in=left_out).exclude(content_hash="").first()


def policies(who: Who) -> list[Trial]:
    """Return the drafts of a policy that were tried, the latest first."""
    return list(visible_to(who).filter(kind=TrialKind.POLICY).select_related("proposal"))


def adopted() -> dict[str, dict[str, Any]]:
    """Return who answers for each version that was adopted after it was tried, and why, by version."""
    found = Trial.objects.filter(kind=TrialKind.POLICY, state=TrialState.ADOPTED)
    return {trial.asked["version"]: trial.asked for trial in found}
