"""Editions for tests, built from frozen releases by the same actions as in life."""

from __future__ import annotations

from plenary.editions import actions
from plenary.editions.models import Edition
from tests.factories import releases
from tests.factories.registry import CentreFactory, DesignationFactory

COMMISSIONER = releases.COMMISSIONER


def built(label: str = "2025", note: str = "", **patients: float) -> Edition:
    """Return an edition of one service with a small centre, waiting to be published."""
    for ods in ("RJ1", "RJ7", "RJ8"):
        centre = CentreFactory(service__slug="adult-ecmo", ods=ods)
        if not centre.designations.exists():
            DesignationFactory(centre=centre)
    table = releases.results(releases.SMALL | patients)
    proposal = releases.frozen(table, label=label)
    return actions.build(proposal_id=proposal.pk, note=note, by=COMMISSIONER)


def published(label: str = "2025", note: str = "", **patients: float) -> Edition:
    """Return a published edition."""
    return actions.publish(edition_id=built(label, note, **patients).pk, by=COMMISSIONER)
