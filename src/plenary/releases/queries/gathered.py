"""What an edition is proposed from: the latest results of every service, its expenditure, and what people wrote."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from django.db.models import QuerySet

from plenary.access import queries as access
from plenary.core.terms import NotFound, NotPossible
from plenary.outcomes import queries as outcomes
from plenary.registry import queries as registry
from plenary.registry.models import Service
from plenary.releases.models import Narrative
from plenary.spend import queries as spend
from plenary_stats.tables import ResultTable

Period = tuple[dt.date, dt.date]


def services_with_results(period: Period) -> QuerySet[Service]:
    """Return the services that have results over signed-off cases, or expenditure, of a period."""
    slugs = outcomes.services_run(*period) | access.services_run(*period) | spend.services_returned(*period)
    return registry.services().filter(slug__in=slugs)


def services_described(period: Period) -> QuerySet[Service]:
    """Return the services for whose pages of a period something was written."""
    written = Narrative.objects.filter(period_start=period[0], period_end=period[1]).exclude(text="")
    return registry.services().filter(pk__in=written.values("service"))


def results(period: Period, label: str, services: Iterable[Service] | None = None) -> tuple[list[ResultTable], dict[str, str]]:
    """Return the tables of these services (of every one by default), and the hash of everything they were made from.

    Raises ``NotPossible`` where results are older than the cases or definitions that they stand for.
    """
    found: list[ResultTable] = []
    sources: dict[str, str] = {}
    for service in registry.services() if services is None else services:
        for tables, inputs in (_outcomes(service, period), _access(service, period), _spend(service, period, label)):
            found += [table for table in tables if len(table)]
            sources |= inputs
    return found, sources


def narrative(period: Period, services: Iterable[Service] | None = None) -> dict[str, dict[str, str]]:
    """Return what was written for a period, of these services or of every one: service, section, text."""
    found: dict[str, dict[str, str]] = {}
    rows = Narrative.objects.filter(period_start=period[0], period_end=period[1]).select_related("service")
    if services is not None:
        rows = rows.filter(service__in=list(services))
    for row in rows.order_by("service__slug", "section"):
        found.setdefault(row.service.slug, {})[row.section] = row.text
    return found


def _outcomes(service: Service, period: Period) -> tuple[tuple[ResultTable, ...], Mapping[str, str]]:
    try:
        run = outcomes.latest(service, *period)
    except NotFound:
        return (), {}
    _refuse_stale(service, run.inputs, outcomes.inputs(service, *period, signed_only=True))
    return outcomes.tables_of(run), run.inputs


def _access(service: Service, period: Period) -> tuple[tuple[ResultTable, ...], Mapping[str, str]]:
    try:
        run = access.latest(service, *period)
    except NotFound:
        return (), {}
    _refuse_stale(service, run.inputs, access.inputs(service, *period, signed_only=True))
    return access.released(run), run.inputs


def _spend(service: Service, period: Period, label: str) -> tuple[tuple[ResultTable, ...], Mapping[str, str]]:
    return (spend.table(service, *period, label),), spend.inputs(service, *period)


def _refuse_stale(service: Service, then: Mapping[str, str], now: Mapping[str, str]) -> None:
    if then != now:
        raise NotPossible(f"Cases or definitions of {service.name} changed after its results were run. Run them again.")
