"""What is computed from signed-off cases: the rooms above keep their runs by this."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence

from django.db import transaction
from django.utils import timezone

from plenary.collection.queries.runs import RunRow
from plenary.collection.terms import require_period
from plenary.core.actions import record, store_bytes
from plenary.core.queries import code_version
from plenary.core.terms import NotPossible, Who
from plenary.registry.models import Service
from plenary_stats import tables
from plenary_stats.tables import ResultTable


def keep_run(
    *,
    runs: type[RunRow],
    name: str,
    inputs: Callable[[], Mapping[str, str]],
    compute: Callable[[], Sequence[ResultTable]],
    service: Service,
    period_start: dt.date,
    period_end: dt.date,
    label: str,
    signed_only: bool,
    by: Who,
) -> RunRow:
    """Compute the tables of a service and period and keep them with their provenance in the table ``runs`` of a room.

    Repeatable: while inputs and code are the same, the same run is returned. The caller has asked whether ``by`` may.
    """
    require_period(period_start, period_end)
    before = inputs()
    key = {
        "service": service,
        "period_start": period_start,
        "period_end": period_end,
        "signed_only": signed_only,
        "code_version": code_version(),
        "inputs_hash": hashlib.sha256(json.dumps([label, sorted(before.items())]).encode()).hexdigest(),
    }
    rows = runs._default_manager  # noqa: SLF001 - Django's public name for it
    known = rows.filter(**key).first()
    if known is not None:
        return known
    results = compute()
    with transaction.atomic():
        if inputs() != before:
            raise NotPossible("The cases changed while their results were computed. Run them again.")
        kept = [store_bytes(tables.dump(table), by=by, media_type="application/json") for table in results]
        made, is_new = rows.get_or_create(
            **key, defaults={"inputs": before, "tables": kept, "ran_at": timezone.now(), "ran_by": by.person_id}
        )
        if is_new:
            record(by=by, verb=f"run {name}", subject=f"{name}-run/{made.pk}", detail={"service": service.slug, "tables": kept})
    return made
