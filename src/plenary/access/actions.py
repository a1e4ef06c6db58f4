"""Everything that writes equity of access: step five of the data path."""

from __future__ import annotations

import datetime as dt
from functools import partial

from plenary.access import permissions, queries
from plenary.access.models import Run
from plenary.collection.actions import keep_run
from plenary.core.permissions import require
from plenary.core.terms import Who
from plenary.registry.models import Service


def run(*, service: Service, period_start: dt.date, period_end: dt.date, label: str, signed_only: bool = True, by: Who) -> Run:
    """Compute the rates by region of residence and keep them with their provenance.

    Repeatable: while cases, definitions and code are the same, the same run is returned. With ``signed_only`` false it is a
    preview for the network, which is never proposed.
    """
    require(permissions.may_run(by, service.slug), f"Only the network of {service.name} runs its results.")
    return keep_run(
        runs=Run,
        name="access",
        inputs=partial(queries.inputs, service, period_start, period_end, signed_only=signed_only),
        compute=partial(queries.compute, service, period_start, period_end, label, signed_only=signed_only),
        service=service,
        period_start=period_start,
        period_end=period_end,
        label=label,
        signed_only=signed_only,
        by=by,
    )
