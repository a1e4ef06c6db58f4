"""Results, proposals and releases for tests, made by the same actions as in life."""

from __future__ import annotations

from datetime import date
from typing import Any

from plenary.core import permissions
from plenary.core.actions import adopt_policy
from plenary.core.terms import SYSTEM, Who
from plenary.releases import actions
from plenary.releases.models import Proposal, Trial
from plenary.releases.terms import Decision, Draft
from plenary_stats import tables
from plenary_stats.tables import RESULT_DIMENSIONS, ResultTable
from tests.factories.core import make_who
from tests.factories.registry import ServiceFactory

START, END, ON = date(2025, 1, 1), date(2026, 1, 1), date(2026, 3, 1)

COMMISSIONER = make_who(permissions.NationalCommissioner, "England", person_id=21, name="Com Missioner")
FIRST = make_who(permissions.Reviewer, "England", person_id=31, name="First Reviewer")
SECOND = make_who(permissions.Reviewer, "England", person_id=32, name="Second Reviewer")
THIRD = make_who(permissions.Reviewer, "England", person_id=33, name="Third Reviewer")


def results(patients: dict[str, float], service: str = "adult-ecmo", period: str = "2025", name: str = "activity") -> ResultTable:
    """Return the activity of a service: patients by centre, ``Total`` included."""
    rows = len(patients)
    columns = {dimension: tables.text([""] * rows) for dimension in RESULT_DIMENSIONS}
    columns |= {
        "service": tables.text([service] * rows),
        "centre": tables.text(patients),
        "period": tables.text([period] * rows),
        "measure": tables.text(["patients"] * rows),
        "value": tables.numbers(patients.values()),
    }
    columns |= {number: tables.numbers([None] * rows) for number in ("numerator", "denominator", "lower", "upper")}
    columns |= {word: tables.text([""] * rows) for word in ("method", "note")}
    return ResultTable(columns, name=name)


SMALL = {"RJ1": 412.0, "RJ7": 12.0, "RJ8": 250.0, "Total": 674.0}


def policy(**body: object) -> None:
    """Put the disclosure policy in force, once."""
    usual = {"threshold": 30, "event_threshold": 5, "minimum_width": 10, "zeros": "protect"}
    adopt_policy(name="disclosure", version="1", valid_from=date(2017, 4, 1), body=usual | body, source="test", by=SYSTEM)


def proposal(
    *tables: ResultTable,
    by: Who = COMMISSIONER,
    label: str = "2025",
    services: tuple[str, ...] = ("adult-ecmo",),
    narrative: dict[str, dict[str, str]] | None = None,
) -> Proposal:
    """Propose results of registered services, with a text, under the policy in force."""
    policy()
    for slug in services:
        ServiceFactory(slug=slug)
    return actions.propose(
        label=label,
        period_start=START,
        period_end=END,
        results=tables or (results(SMALL),),
        narrative={"adult-ecmo": {"Description": "What it does."}} if narrative is None else narrative,
        sources={"runs/adult-ecmo": "0" * 64},
        on=ON,
        by=by,
    )


def approved(*tables: ResultTable, **options: object) -> Proposal:
    """Propose, and have two people approve."""
    made = proposal(*tables, **options)
    for reviewer in (FIRST, SECOND):
        actions.review(proposal_id=made.pk, decision=Decision.APPROVE, comment="", by=reviewer)
    return made


def frozen(*tables: ResultTable, **options: object) -> Proposal:
    """Propose, approve and freeze."""
    return actions.freeze(proposal_id=approved(*tables, **options).pk, by=COMMISSIONER)


def ask_cost(proposal: Proposal, centre: str = "RJ8", by: Who = FIRST) -> Trial:
    """Ask what showing the patients of a centre would cost."""
    place = {"service": "adult-ecmo", "centre": centre, "period": "2025", "measure": "patients"}
    return actions.ask_cost(proposal_id=proposal.pk, table="activity", place=place, by=by)


def draft(**changes: Any) -> Draft:
    """Return a draft of the policy that protects more than the one in force."""
    usual = {
        "version": "2027-1",
        "valid_from": date(2027, 4, 1),
        "body": {"threshold": 40, "event_threshold": 5, "minimum_width": 10, "zeros": "protect"},
        "source": "The reports",
        "reason": "More care is asked for.",
        "owner": "National commissioner",
        "review_on": date(2028, 4, 1),
    }
    return Draft(**(usual | changes))
