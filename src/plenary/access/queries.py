"""Everything that reads equity of access. Results are for the network, never for the public."""

from __future__ import annotations

import datetime as dt

from plenary.access.models import Run
from plenary.collection import queries as collection
from plenary.collection.queries.runs import Runs, hash_of
from plenary.registry import queries as registry
from plenary.registry.models import Service
from plenary_stats import measures
from plenary_stats.tables import ResultTable

_RUNS = Runs(Run, "Equity of access of {} has")
visible_to, results, tables_of = _RUNS.visible_to, _RUNS.results, _RUNS.tables_of
latest, services_run = _RUNS.latest, _RUNS.services_run


# -- what a run computes


def populations(on: dt.date) -> dict[str, float]:
    """Return the residents of each region and devolved nation on the map of a day, and their sum."""
    return {name: float(people) for name, people in registry.areas().population_by_area(on).items()}


def inputs(service: Service, period_start: dt.date, period_end: dt.date, *, signed_only: bool) -> dict[str, str]:
    """Return the hash of everything that a run is computed from."""
    found = collection.case_inputs(service, period_start, period_end, signed_only=signed_only)
    rest = {"populations": populations(_last(period_end)), "regions": registry.region_by_area()}
    return found | {name: hash_of(value) for name, value in rest.items()}


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
