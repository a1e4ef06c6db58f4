"""Everything that reads equity of access. Results are for the network, never for the public."""

from __future__ import annotations

import datetime as dt
import hashlib
import json

from django.db.models import QuerySet

from plenary.access.models import Run
from plenary.collection import queries as collection
from plenary.core.queries import stored_bytes
from plenary.core.terms import NotFound, Who
from plenary.registry import queries as registry
from plenary.registry.models import Service
from plenary_stats import measures, tables
from plenary_stats.tables import ResultTable


def visible_to(who: Who) -> QuerySet[Run]:
    """Return the runs of the services to whose networks ``who`` belongs; all of them to the commissioner."""
    return Run.objects.filter(collection.of_networks(who)).select_related("service")


def results(who: Who, run: Run) -> tuple[ResultTable, ...]:
    """Return the tables of a run to its network; nothing to anybody else."""
    return tables_of(run) if visible_to(who).filter(pk=run.pk).exists() else ()


def tables_of(run: Run) -> tuple[ResultTable, ...]:
    """Return the tables of a run. For the rooms above, which protect them: it asks nobody's permission."""
    return tuple(tables.load(stored_bytes(sha256)) for sha256 in run.tables)


def latest(service: Service, period_start: dt.date, period_end: dt.date) -> Run:
    """Return the latest run over signed-off cases; raise ``NotFound``."""
    runs = Run.objects.filter(service=service, period_start=period_start, period_end=period_end, signed_only=True)
    found = runs.order_by("-ran_at", "-id").first()
    if found is None:
        raise NotFound(f"Equity of access of {service.name} has not been run for {period_start} to {period_end}.")
    return found


def services_run(period_start: dt.date, period_end: dt.date) -> set[str]:
    """Return the services (slugs) that have results over signed-off cases of a period."""
    runs = Run.objects.filter(period_start=period_start, period_end=period_end, signed_only=True)
    return set(runs.order_by().values_list("service__slug", flat=True))


# -- what a run computes


def populations(on: dt.date) -> dict[str, float]:
    """Return the residents of each region and devolved nation on the map of a day, and their sum."""
    return {name: float(people) for name, people in registry.areas().population_by_area(on).items()}


def inputs(service: Service, period_start: dt.date, period_end: dt.date, *, signed_only: bool) -> dict[str, str]:
    """Return the hash of everything that a run is computed from."""
    found = collection.case_inputs(service, period_start, period_end, signed_only=signed_only)
    rest = {"populations": populations(_last(period_end)), "regions": registry.region_by_area()}
    return found | {name: _hash(value) for name, value in rest.items()}


def compute(
    service: Service, period_start: dt.date, period_end: dt.date, label: str, *, signed_only: bool
) -> tuple[ResultTable, ...]:
    """Return the patients per million residents by region."""
    cases = collection.case_table(service, period_start, period_end, signed_only=signed_only, label=label)
    table = measures.access(
        cases,
        service=service.slug,
        period=label,
        regions=dict(registry.region_by_area()),
        populations=populations(_last(period_end)),
    )
    return (table,)


def _last(period_end: dt.date) -> dt.date:
    return period_end - dt.timedelta(days=1)


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
