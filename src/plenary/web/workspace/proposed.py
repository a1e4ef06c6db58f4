"""What the pages of a proposal share: finding it, and its rows and numbers in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from plenary.core.terms import NotFound, Who
from plenary.releases.queries import proposals
from plenary.releases.terms import Deduced, Reviewed, Rule
from plenary.web.design.formats import number

SECTION = "Releases"
TABLES = {
    "activity": "Activity",
    "outcomes": "Outcomes",
    "access": "Access",
    "spend": "Expenditure",
    "completeness": "Completeness",
    "curves": "Curves",
}
MARKS = {"c": "[c]", "x": "[x]", "z": "[z]", "low": "[low]"}
QUANTITIES = {
    "patients": "Patients",
    "denominator": "Patients with a known outcome",
    "numerator": "Of them, with the outcome",
    "complement": "Of them, without it",
    "not_eligible": "Not eligible",
    "not_known": "Not yet known",
    "eligible": "Eligible patients",
    "expected": "Expected cases",
    "received": "Cases received",
    "missing": "Cases missing",
    "complete": "Complete records",
    "incomplete": "Incomplete records",
    "amount": "Pounds",
}


def one_proposal(asking: Who, number: int) -> Any:
    """Return a proposal that the person sees; for everybody else there is none."""
    found = proposals.visible_to(asking).prefetch_related("services").filter(pk=number).first()
    if found is None:
        raise NotFound(f"There is no proposal {number}.")
    return found


def service_names(one: Any) -> dict[str, str]:
    """Return what the services of a proposal are called."""
    return {service.slug: service.name for service in one.services.all()}


def quantity_words(quantity: str) -> str:
    """Return what disclosure control counts, in words."""
    return QUANTITIES.get(quantity, quantity.replace("_", " ").capitalize())


def range_words(one: Deduced) -> str:
    """Return what can be worked out of a number, in words."""
    if one.high is None:
        return f"{number(one.low)} or more"
    return f"exactly {number(one.low)}" if one.low == one.high else f"{number(one.low)} to {number(one.high)}"


def limits(rule: Rule | None, policy: Mapping[str, Any]) -> tuple[float, str]:
    """Return the number below which the policy withholds, and what it is called: of events where that is the reason."""
    if rule is Rule.EVENTS:
        return policy["event_threshold"], f"Fewer than {policy['event_threshold']} are withheld"
    return policy["threshold"], f"Fewer than {policy['threshold']} patients are withheld"


def figures(row: Reviewed, said: Mapping[str, Any]) -> str:
    """Return the figures of a row as the reviewer compares them, before protection or after it."""
    value, counted, of = said.get("value"), said.get("numerator"), said.get("denominator")
    if row.kind in {"rate", "levels"} and of is not None:
        share = "@" in row.place["measure"] or (value is not None and counted is not None and math.isclose(value * of, counted))
        result = "" if value is None else f" ({100 * value:.1f}%)" if share else f" ({value:,.2f})"
        return f"{number(counted)} of {number(of)}{result}"
    if row.kind == "exposure":
        return f"{number(counted)} of {number(of)} people"
    if row.kind == "summary":
        return f"{'' if value is None else f'{value:,.1f} '}of {number(of)}"
    return number(value)
