"""Everything that reads equity of access. Results are for the network, never for the public."""

from __future__ import annotations

import datetime as dt
from functools import cache

from django.db.models import QuerySet

from plenary.access.models import Run, Scenario
from plenary.collection import queries as collection
from plenary.collection.queries import of_networks
from plenary.collection.queries.runs import Runs, hash_of
from plenary.core.queries import today
from plenary.core.terms import NotPossible, Who
from plenary.registry import queries as registry
from plenary.registry.models import Service
from plenary_stats import access, location, measures
from plenary_stats.ingest import earlier_label
from plenary_stats.location import Assumptions, Plan, Site, Wish
from plenary_stats.tables import Column, ResultTable, text

YEARS = 5
"""So many years, the period among them, are looked at for trends, and pooled where a year is small."""

RELEASED = "access"
"""The table of a run that is proposed for publication. The others are for the network alone."""

_RUNS = Runs(Run, "Equity of access of {} has")
visible_to, results, tables_of = _RUNS.visible_to, _RUNS.results, _RUNS.tables_of
latest, services_run = _RUNS.latest, _RUNS.services_run


def released(run: Run) -> tuple[ResultTable, ...]:
    """Return what of a run is proposed for publication, unprotected: for the room that protects it."""
    return tuple(table for table in tables_of(run) if table.name == RELEASED)


# -- what a run computes


def populations(on: dt.date) -> dict[str, float]:
    """Return the residents of each region and devolved nation on the map of a day, and their sum."""
    return {name: float(people) for name, people in registry.areas().population_by_area(on).items()}


def inputs(service: Service, period_start: dt.date, period_end: dt.date, *, signed_only: bool) -> dict[str, str]:
    """Return the hash of everything that a run is computed from."""
    found = collection.case_inputs(service, _since(period_start), period_end, signed_only=signed_only)
    rest = {
        "populations": populations(_last(period_end)),
        "regions": registry.region_by_area(),
        f"points/{service.slug}": sorted(registry.points(service.slug).items()),
        f"centres/{service.slug}": _designated(service, period_start, period_end),
    }
    return found | {name: hash_of(value) for name, value in rest.items()}


def compute(
    service: Service, period_start: dt.date, period_end: dt.date, label: str, *, signed_only: bool
) -> tuple[ResultTable, ...]:
    """Return the patients per million residents by region; and for the network every figure by board, distances, residence."""
    since = _since(period_start)
    cases = collection.case_table(service, period_start, period_end, signed_only=signed_only, since=since, label=label)
    dataset = collection.data_set(collection.data_set_for(service, period_end))
    table = measures.access(
        cases,
        service=service.slug,
        period=label,
        regions=dict(registry.region_by_area()),
        populations=populations(_last(period_end)),
    )
    own = access.of_service(
        cases,
        collection.index_dates(cases, dataset, _last(period_end)),
        registry.areas(),
        registry.small_areas(),
        registry.points(service.slug),
        periods=_labels(label, period_start, period_end),
        dataset=dataset,
        offered=_designated(service, period_start, period_end) or None,
    )
    return table, *own


def _designated(service: Service, period_start: dt.date, period_end: dt.date) -> list[str]:
    """Return the centres that were designated on any day of the period."""
    during = registry.designated_during(period_start, period_end).filter(centre__service=service)
    return sorted(set(during.values_list("centre__ods", flat=True)))


def _labels(label: str, period_start: dt.date, period_end: dt.date) -> list[str]:
    """Return the labels of the periods that are looked at, oldest first."""
    length = max(1, round((period_end - period_start).days / 365.25))
    return [*(earlier_label(label, period_start, back) for back in range(YEARS - length, 0, -length)), label]


def _since(period_start: dt.date) -> dt.date:
    leap_day = (period_start.month, period_start.day) == (2, 29)
    return period_start.replace(year=period_start.year - (YEARS - 1), day=28 if leap_day else period_start.day)


def _last(period_end: dt.date) -> dt.date:
    return period_end - dt.timedelta(days=1)


# -- scenarios


def scenarios(who: Who) -> QuerySet[Scenario]:
    """Return the kept scenarios of the services to whose networks ``who`` belongs; all of them to the commissioner."""
    return Scenario.objects.filter(of_networks(who)).select_related("service")


def sites(service: Service) -> tuple[list[Site], list[str]]:
    """Return where centres of a service stand or could, and the codes of those that stand today."""
    return registry.sites(service.slug, today())


def scenario(service: Service, wish: Wish, given: Assumptions) -> Plan:
    """Return what a wish means for every resident of England. Raises ``NotPossible``, with the reason, where it cannot be."""
    found, now = sites(service)
    try:
        return location.plan(registry.small_areas(), found, now, wish, given, groups=_regions())
    except ValueError as problem:
        raise NotPossible(str(problem)) from problem


@cache
def _regions() -> Column:
    """Return the region of each small area: the same on either map."""
    small = registry.small_areas()
    region = {code: registry.region_of(code) or "" for code in set(small.icb_2022.tolist())}
    return text([region[code] for code in small.icb_2022.tolist()])
