"""Everything that writes equity of access, step five of the data path; and scenarios kept as evidence."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from functools import partial

from django.db import transaction
from django.utils import timezone

from plenary.access import permissions, queries
from plenary.access.models import Run, Scenario
from plenary.collection.actions import keep_run
from plenary.core.actions import record
from plenary.core.permissions import require
from plenary.core.queries import code_version
from plenary.core.terms import NotPossible, Who
from plenary.registry.models import Service
from plenary_stats.location import Assumptions, Wish


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


def keep_scenario(*, service: Service, title: str, wish: Wish, given: Assumptions, note: str = "", by: Who) -> Scenario:
    """Keep a scenario as evidence: what was asked and what is answered now, with the code that answered."""
    require(permissions.may_plan(by, service.slug), f"Only those who lead the network of {service.name} keep scenarios.")
    if not title.strip():
        raise NotPossible("Give the scenario a title, for instance 'A centre in the South West'.")
    answer = queries.scenario(service, wish, given)
    if answer.why_not:
        raise NotPossible(answer.why_not)
    with transaction.atomic():
        made = Scenario.objects.create(
            service=service,
            title=title.strip()[:120],
            note=note.strip(),
            asked={"wish": asdict(wish), "given": asdict(given)},
            answer=answer.document(),
            code_version=code_version(),
            kept_at=timezone.now(),
            kept_by=by.person_id,
        )
        subject, detail = f"scenario/{made.pk}", {"service": service.slug, "title": made.title, "asked": made.asked}
        record(by=by, verb="keep scenario", subject=subject, detail=detail)
    return made
