"""A proposal as its reviewers see it: each row as it would leave, what it would be unprotected, and why it is withheld."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from plenary.core.terms import Who
from plenary.releases.models import Proposal
from plenary.releases.queries import proposals
from plenary.releases.terms import Deduced, Reviewed, Rule
from plenary_stats.tables import RESULT_DIMENSIONS, TOTAL, WITHHELD

FIRST = ("patients", "amount", "denominator", "numerator", "complement")
"""The quantities that a reviewer asks about first."""


@dataclass(frozen=True)
class _Limits:
    patients: float
    events: float
    least: float

    @classmethod
    def of(cls, policy: Mapping[str, Any]) -> _Limits:
        return cls(policy["threshold"], policy["event_threshold"], 0 if policy["zeros"] == "protect" else 1)


def reviewed(who: Who, proposal: Proposal) -> list[Reviewed]:
    """Return every row of the proposal to those who review or follow it; nothing to anybody else."""
    return reviewed_rows(proposal) if proposals.visible_to(who).filter(pk=proposal.pk).exists() and proposal.results else []


def reviewed_rows(proposal: Proposal) -> list[Reviewed]:
    """Return every row of the proposal, for what is worked out of them. It asks nobody's permission: actions do."""
    results = proposals.unprotected(proposal)
    limits = _Limits.of(proposals.document(proposal.policy_sha256))
    deduced = _deduced(proposals.document(proposal.audit_sha256)["cells"])
    rows: list[Reviewed] = []
    for true, left in zip(results, proposals.tables_of(proposal), strict=True):
        for before, after in zip(true.rows(), left.rows(), strict=True):
            withheld = after["status"] == WITHHELD
            rule, why = _why(before, true.kind, limits) if withheld else (None, "")
            rows.append(
                Reviewed(
                    table=true.name,
                    kind=true.kind,
                    place={name: str(after[name]) for name in RESULT_DIMENSIONS},
                    before=_figures(before),
                    after=_figures(after),
                    status=str(after["status"]),
                    why=why,
                    deduced=tuple(_of_row(after, true.kind, deduced)) if withheld else (),
                    rule=rule,
                )
            )
    return rows


def totals(proposal: Proposal) -> dict[str, Any]:
    """Return how many numbers there are, how many are withheld for their own sake and for another's, and what an attack found."""
    found: dict[str, Any] = proposals.document(proposal.audit_sha256)["totals"]
    return found


def _figures(row: Mapping[str, Any]) -> dict[str, float]:
    return {name: value for name, value in row.items() if isinstance(value, float) and not math.isnan(value)}


def _why(row: Mapping[str, Any], kind: str, limits: _Limits) -> tuple[Rule, str]:
    """Say why a row is withheld, by the rules of the policy: too few patients, too few events, else for another's sake."""
    people = {
        "count": "value",
        "exposure": "numerator",
        "rate": "denominator",
        "levels": "denominator",
        "summary": "denominator",
    }.get(kind)
    if people is None:
        return Rule.AMOUNT, "one centre's amount, or it would give one away"
    if limits.least <= row[people] < limits.patients:
        return Rule.PATIENTS, f"fewer than {limits.patients:g} patients"
    events = [row["numerator"], row["denominator"] - row["numerator"]] if kind in {"rate", "levels"} else []
    if any(limits.least <= number < limits.events for number in events):
        return Rule.EVENTS, f"an outcome of fewer than {limits.events:g} patients"
    return Rule.ANOTHER, "it would give another withheld number away"


def _deduced(cells: list[dict[str, Any]]) -> dict[tuple[str, ...], list[Deduced]]:
    """Return what a reader can work out, by place; those of first interest first."""
    found: dict[tuple[str, ...], list[Deduced]] = defaultdict(list)
    for cell in cells:
        place = tuple(str(cell.get(name, "")) or TOTAL for name in RESULT_DIMENSIONS)
        one = Deduced(cell["quantity"], cell["low"], cell["high"], cell["verdict"], cell.get("how") or "", place[-1])
        found[place].append(one)
    for those in found.values():
        those.sort(key=lambda one: (FIRST.index(one.quantity) if one.quantity in FIRST else len(FIRST), one.quantity))
    return found


def _of_row(row: Mapping[str, Any], kind: str, deduced: Mapping[tuple[str, ...], list[Deduced]]) -> Iterator[Deduced]:
    """Yield what can be worked out of a row.

    A survival's patients stand at the measure without its time, and those of an area at the activity's patients.
    """
    measure = str(row["measure"])
    for name in ("patients",) if kind == "exposure" else dict.fromkeys((measure, measure.split("@", maxsplit=1)[0])):
        place = tuple((name if dimension == "measure" else str(row[dimension])) or TOTAL for dimension in RESULT_DIMENSIONS)
        yield from deduced.get(place, ())
