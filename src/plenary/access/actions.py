"""Everything that writes equity of access: step five of the data path."""

from __future__ import annotations

import datetime as dt
import hashlib
import json

from django.db import transaction
from django.utils import timezone

from plenary.access import permissions, queries
from plenary.access.models import Run
from plenary.core.actions import record, store_bytes
from plenary.core.permissions import require
from plenary.core.queries import code_version
from plenary.core.terms import NotPossible, Who
from plenary.registry.models import Service
from plenary_stats import tables


def run(*, service: Service, period_start: dt.date, period_end: dt.date, label: str, signed_only: bool = True, by: Who) -> Run:
    """Compute the rates by region of residence and keep them with their provenance.

    Repeatable: while cases, definitions and code are the same, the same run is returned. With ``signed_only`` false it is a
    preview for the network, which is never proposed.
    """
    require(permissions.may_run(by, service.slug), f"Only the network of {service.name} runs its results.")
    if period_end <= period_start:
        raise NotPossible(f"A period ends after it starts: {period_start} to {period_end} does not.")
    before = queries.inputs(service, period_start, period_end, signed_only=signed_only)
    key = {
        "service": service,
        "period_start": period_start,
        "period_end": period_end,
        "signed_only": signed_only,
        "code_version": code_version(),
        "inputs_hash": hashlib.sha256(json.dumps([label, sorted(before.items())]).encode()).hexdigest(),
    }
    known = Run.objects.filter(**key).first()
    if known is not None:
        return known
    results = queries.compute(service, period_start, period_end, label, signed_only=signed_only)
    with transaction.atomic():
        if queries.inputs(service, period_start, period_end, signed_only=signed_only) != before:
            raise NotPossible("The cases changed while their results were computed. Run them again.")
        kept = [store_bytes(tables.dump(table), by=by, media_type="application/json") for table in results]
        made, is_new = Run.objects.get_or_create(
            **key, defaults={"inputs": before, "tables": kept, "ran_at": timezone.now(), "ran_by": by.person_id}
        )
        if is_new:
            record(by=by, verb="run access", subject=f"access-run/{made.pk}", detail={"service": service.slug, "tables": kept})
    return made
