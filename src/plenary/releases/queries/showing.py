"""What it would cost to show one withheld number: disclosure control asked once more, with that number known to every reader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from plenary.core.terms import NotFound, NotPossible
from plenary.releases.models import Proposal
from plenary.releases.queries import attacked, disclosure_policy, proposals, protected
from plenary.releases.queries.sums import COUNTED
from plenary.releases.terms import Cost, Reviewed, Rule
from plenary_stats.errors import InputError
from plenary_stats.tables import RESULT_DIMENSIONS, TOTAL

LEAKS = frozenset({"exact", "narrow"})
"""The verdicts of an attack that has worked a number out."""
Numbers = dict[tuple[str, tuple[str, ...]], None]
"""Quantities at places, in order."""

_COMPLETENESS = {
    "expected": "denominator",
    "received": "numerator",
    "patients": "denominator",
    "complete": "numerator",
    "eligible": "denominator",
    "denominator": "numerator",
}
_REST = {"complement", "missing", "incomplete", "not_known"}
"""What is left of a completeness row's denominator."""


def cost_of_showing(proposal: Proposal, row: Reviewed) -> Cost:
    """Return what would have to be withheld if this row were shown, everything else being protected as before.

    A number that the rule itself withholds cannot be shown at any cost; one that earlier publications would then give away
    cannot either, and ``why`` says so.
    """
    if row.rule is not Rule.ANOTHER:
        return Cost(possible=False, why=f"The rule itself withholds it: {row.why}.")
    policy = disclosure_policy(proposals.document(proposal.policy_sha256))
    known = replace(policy, already_public=(*policy.already_public, *_entries(row)))
    audit, previous = proposals.document(proposal.audit_sha256), previous_of(proposal)
    leaks = _leaks(attacked(proposals.tables_of(proposal), known, previous).rows(), row)
    try:
        made = protected(proposals.unprotected(proposal), known, previous).audit.plain(seconds=False)
    except InputError as problem:
        return Cost(possible=False, why=str(problem), gives_away=leaks)
    before, after = (_numbers(one["cells"]) for one in (audit, made))
    return Cost(
        possible=True,
        secondary_before=audit["totals"]["secondary"],
        secondary_after=made["totals"]["secondary"],
        loss_before=audit["totals"].get("loss"),
        loss_after=made["totals"].get("loss"),
        newly_withheld=tuple(one for one in after if one not in before),
        newly_shown=tuple(one for one in before if one not in after),
        gives_away=leaks,
    )


def _leaks(cells: Sequence[Mapping[str, Any]], row: Reviewed) -> tuple[tuple[str, tuple[str, ...], float, float | None], ...]:
    """Return the numbers that an attack works out, but for those of the row that it was told."""
    own = set(_numbers(list(_entries(row))))
    own |= {("complement", place) for quantity, place in own if quantity == "numerator"}  # what the two that are shown leave
    found = [(*number, cell) for cell in cells for number in _numbers([cell]) if cell["verdict"] in LEAKS]
    return tuple((quantity, place, cell["low"], cell["high"]) for quantity, place, cell in found if (quantity, place) not in own)


def previous_of(proposal: Proposal) -> list[Any]:
    """Return the tables that disclosure control took as known when it protected a proposal, the latest release first."""
    known = {one.content_hash: one for one in proposals.frozen()}
    gone = [sha256 for sha256 in proposal.previous if sha256 not in known]
    if gone:
        raise NotPossible("A release that this proposal was protected against is not there any more. Restore it from a backup.")
    return [table for sha256 in reversed(proposal.previous) for table in proposals.tables_of(known[sha256])]


def row_at(rows: Sequence[Reviewed], table: str, place: Mapping[str, str]) -> Reviewed:
    """Return the row of a table at a place; ``NotFound`` where there is none."""
    wanted = {name: place.get(name, "") for name in RESULT_DIMENSIONS}
    found = next((row for row in rows if row.table == table and row.place == wanted), None)
    if found is None:
        raise NotFound("There is no such row in this proposal.")
    return found


def true_figure(row: Reviewed, quantity: str) -> float | None:
    """Return the number that a row had before protection, by what disclosure control calls it."""
    if row.table == "completeness":
        if quantity in _REST:
            return row.before["denominator"] - row.before["numerator"]
        return row.before.get(_COMPLETENESS.get(quantity, quantity))
    return row.before.get(COUNTED[row.kind].get(quantity, quantity))


def _entries(row: Reviewed) -> Iterator[dict[str, Any]]:
    """Yield the numbers of a row as entries of the register of what is public."""
    for one in row.deduced:
        figure = true_figure(row, one.quantity)
        if figure is not None:
            place = {name: code or TOTAL for name, code in row.place.items()}
            yield place | {"measure": one.measure, "quantity": one.quantity, "value": figure}


def _numbers(cells: Sequence[Mapping[str, Any]]) -> Numbers:
    return {(str(cell["quantity"]), tuple(str(cell.get(name, "")) for name in RESULT_DIMENSIONS)): None for cell in cells}
