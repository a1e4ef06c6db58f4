"""A proposal as its reviewers see it: each row as it would leave, what it would be unprotected, and why it is withheld."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from plenary.core.terms import Who
from plenary.releases.models import Proposal
from plenary.releases.queries import Reason, proposals
from plenary.releases.terms import Deduced, Reviewed, Rule
from plenary_stats.tables import RESULT_DIMENSIONS, TOTAL, WITHHELD

FIRST = ("patients", "amount", "denominator", "numerator", "complement")
"""The quantities that a reviewer asks about first."""


_ORDER = ("patients", "events", "complement", "amount", "earlier", "tied", "secondary")
"""The rules that withhold a number, the first of them said of a row that several withhold."""
_RULES = {"patients": Rule.PATIENTS, "events": Rule.EVENTS, "complement": Rule.EVENTS, "amount": Rule.AMOUNT}
_NOT_KEPT: Mapping[str, Any] = {"rule": "", "protects": []}


def reviewed(who: Who, proposal: Proposal) -> list[Reviewed]:
    """Return every row of the proposal to those who review or follow it; nothing to anybody else."""
    return reviewed_rows(proposal) if proposals.visible_to(who).filter(pk=proposal.pk).exists() and proposal.results else []


def reviewed_rows(proposal: Proposal) -> list[Reviewed]:
    """Return every row of the proposal, for what is worked out of them. It asks nobody's permission: actions do."""
    results = proposals.unprotected(proposal)
    policy = proposals.document(proposal.policy_sha256)
    reasons = proposals.document(proposal.reasons_sha256) if proposal.reasons_sha256 else {}
    deduced = _deduced(proposals.document(proposal.audit_sha256)["cells"])
    rows: list[Reviewed] = []
    for order, (true, left) in enumerate(zip(results, proposals.tables_of(proposal), strict=True)):
        for number, (before, after) in enumerate(zip(true.rows(), left.rows(), strict=True)):
            withheld = after["status"] == WITHHELD
            reason = reasons.get(_name(order, number), _NOT_KEPT)
            rows.append(
                Reviewed(
                    table=true.name,
                    kind=true.kind,
                    place={name: str(after[name]) for name in RESULT_DIMENSIONS},
                    before=_figures(before),
                    after=_figures(after),
                    status=str(after["status"]),
                    why=_words(reason["rule"], policy) if withheld else "",
                    deduced=tuple(_of_row(after, true.kind, deduced)) if withheld else (),
                    rule=_RULES.get(reason["rule"], Rule.ANOTHER) if withheld else None,
                    protects=tuple((quantity, tuple(place)) for quantity, place in reason["protects"]) if withheld else (),
                )
            )
    return rows


def totals(proposal: Proposal) -> dict[str, Any]:
    """Return how many numbers there are, how many are withheld for their own sake and for another's, and what an attack found."""
    found: dict[str, Any] = proposals.document(proposal.audit_sha256)["totals"]
    return found


def _figures(row: Mapping[str, Any]) -> dict[str, float]:
    return {name: value for name, value in row.items() if isinstance(value, float) and not math.isnan(value)}


def reasons_of_rows(reasons: Iterable[Reason]) -> dict[str, dict[str, Any]]:
    """Return, of each row that numbers were taken out of, the first rule that withholds one, and whom its numbers protect.

    A row is named by the order of its table and its own. What it protects stands elsewhere: its own numbers are withheld with it.
    """
    found: dict[str, dict[str, Any]] = {}
    own: dict[str, set[tuple[str, tuple[str, ...]]]] = defaultdict(set)
    for reason in reasons:
        for table, row in reason.rows:
            one = found.setdefault(_name(table, row), {"rule": reason.rule, "protects": set()})
            one["rule"] = min(one["rule"], reason.rule, key=_ORDER.index)
            one["protects"] |= {(quantity, _whole(place, reason.dimensions)) for quantity, place in reason.protects}
            own[_name(table, row)].add((reason.quantity, _whole(reason.place, reason.dimensions)))
    for name, one in found.items():
        one["protects"] = sorted([quantity, list(place)] for quantity, place in one["protects"] - own[name])
    return found


def _name(table: int, row: int) -> str:
    return f"{table}/{row}"


def _whole(place: Sequence[str], dimensions: Sequence[str]) -> tuple[str, ...]:
    """Return a place in all dimensions of results, in their order."""
    codes = dict(zip(dimensions, place, strict=True))
    return tuple(codes.get(name, "") for name in RESULT_DIMENSIONS)


def _words(rule: str, policy: Mapping[str, Any]) -> str:
    """Say why a row is withheld, by the rule that withholds it."""
    return {
        "patients": f"fewer than {policy['threshold']:g} patients",
        "events": f"an outcome of fewer than {policy['event_threshold']:g} patients",
        "complement": f"an outcome of fewer than {policy['event_threshold']:g} patients",
        "amount": "one contributor's amount shows through",
        "earlier": "it was withheld before",
        "tied": "it goes with another number that is withheld",
        "secondary": "it would give another withheld number away",
    }.get(rule, "the reason was not kept when this was protected")


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
