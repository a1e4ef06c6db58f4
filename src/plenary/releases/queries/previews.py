"""What another disclosure policy would do to the latest results: protected under both, and compared row by row."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from plenary.releases.models import Proposal
from plenary.releases.queries import disclosure_policy, proposals, protected
from plenary.releases.queries.drafts import plain
from plenary.releases.queries.showing import previous_of
from plenary_stats.errors import InputError
from plenary_stats.tables import RESULT_DIMENSIONS, WITHHELD, ProtectedTable

EXAMPLES = 12
"""So many rows that change are named, as evenly from what goes and what comes as there are."""

Totals = Mapping[str, float]


def preview(proposal: Proposal, before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return how many rows are withheld under two policies, by service and table, with examples and what the attack found.

    ``possible`` is False where the results cannot be protected under the second, and ``why`` says so.
    """
    old_tables, old_totals = _under(proposal, before)
    try:
        new_tables, new_totals = _under(proposal, after)
    except InputError as problem:
        return {"possible": False, "why": str(problem)}
    found = _compared(old_tables, new_tables)
    return {"possible": True, "why": "", "before": dict(old_totals), "after": dict(new_totals), **found}


def _under(proposal: Proposal, body: Mapping[str, Any]) -> tuple[Sequence[ProtectedTable], Totals]:
    """Return the proposal's tables protected under a policy: as they are kept, if that is the one they were protected under."""
    days = proposals.document(proposal.policy_sha256).get("periods", {})  # what its labels cover is no matter of the policy
    document = plain(dict(body) | {"periods": days | dict(body.get("periods", {}))})
    if hashlib.sha256(proposals.canonical(document)).hexdigest() == proposal.policy_sha256:
        return proposals.tables_of(proposal), proposals.document(proposal.audit_sha256)["totals"]
    left = protected(proposals.unprotected(proposal), disclosure_policy(document), previous_of(proposal))
    totals = left.audit.plain(seconds=False)["totals"]
    return left.tables, totals


def _compared(old: Sequence[ProtectedTable], new: Sequence[ProtectedTable]) -> dict[str, Any]:
    rows, hidden, hides = Counter[tuple[str, str]](), Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    gone: list[dict[str, Any]] = []
    come: list[dict[str, Any]] = []
    for before, after in zip(old, new, strict=True):
        for one, other in zip(before.rows(), after.rows(), strict=True):
            key = str(one["service"]), before.name
            was, now = one["status"] == WITHHELD, other["status"] == WITHHELD
            rows[key] += 1
            hidden[key] += was
            hides[key] += now
            if was != now:
                place = {name: str(one[name]) for name in RESULT_DIMENSIONS}
                (gone if now else come).append({"table": before.name, "place": place})
    half = EXAMPLES // 2
    shown = max(half, EXAMPLES - len(gone))
    return {
        "by": [[*key, rows[key], hidden[key], hides[key]] for key in sorted(rows)],
        "newly_withheld": gone[: max(half, EXAMPLES - len(come))],
        "newly_shown": come[:shown],
        "changed": [len(gone), len(come)],
    }
