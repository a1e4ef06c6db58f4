"""An extract of a centre's cases for research: listed fields, no identifier, and nobody who objected."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction

from plenary.collection import permissions, queries
from plenary.collection.queries import research
from plenary.collection.queries.research import Extract
from plenary.collection.terms import require_period
from plenary.core.actions import record
from plenary.core.permissions import require
from plenary.core.terms import NotPossible, Who
from plenary.registry.models import Centre


def extract_for_research(
    *, centre: Centre, period_start: dt.date, period_end: dt.date, fields: Sequence[str], purpose: str, by: Who
) -> Extract:
    """Return the chosen fields of the own cases whose patients let them be used, and record who took what for which purpose."""
    require(permissions.may_extract(by, centre), f"Only the lead of {centre.key} takes an extract of its cases.")
    require_period(period_start, period_end)
    if not purpose.strip():
        raise NotPossible("Say what the extract is for, and who approved it.")
    version = queries.data_set_for(centre.service, period_end)
    dataset = queries.data_set(version)
    names = {known.name for known in research.offered(dataset)}
    if strange := sorted(set(fields) - names):
        raise NotPossible(f"An extract does not hold: {', '.join(strange)[:200]}. Choose among the fields that are offered.")
    if not fields:
        raise NotPossible("Choose the fields that the extract needs.")
    with transaction.atomic():
        found = research.extract_of(dataset, research.standing(by, centre, period_start, period_end), fields)
        detail = {
            "centre": centre.key,
            "period_start": period_start,
            "period_end": period_end,
            "purpose": purpose.strip(),
            "fields": sorted(set(fields)),
            "data_set": version.version,
            "cases": len(found.rows),
            "left_out": found.left_out,
        }
        record(by=by, verb="extract for research", subject=f"cases/{centre.key}", detail=detail)
    return found
