"""Everything that reads expenditure."""

from __future__ import annotations

import datetime as dt
import hashlib

from django.db.models import Q, QuerySet

from plenary.collection import queries as collection
from plenary.core.terms import Who
from plenary.registry import queries as registry
from plenary.registry.models import Centre, Service
from plenary.spend.models import ContractReturn, Return
from plenary_stats import measures
from plenary_stats.folder import Spending
from plenary_stats.tables import ResultTable


def visible_to(who: Who) -> QuerySet[Return]:
    """Return all returns to the commissioner, a service's to its network lead, a centre's to its own people."""
    return Return.objects.filter(_seen(who, "centre__")).select_related("centre__service")


def by_centre(who: Who, service: Service, period_start: dt.date, period_end: dt.date) -> list[tuple[Centre, Return | None]]:
    """Return the centres of a service that ``who`` sees, each with its current return of a period, None where there is none.

    Those that were designated in the period, and those that returned something for it.
    """
    within = {"period_start": period_start, "period_end": period_end}
    found = {one.centre_id: one for one in visible_to(who).filter(centre__service=service, current=True, **within)}
    standing = registry.designated_during(period_start, period_end).values("centre")
    due = Q(pk__in=standing) | Q(pk__in=list(found))
    centres = Centre.objects.filter(_seen(who), due, service=service).select_related("service").order_by("name", "ods")
    return [(one, found.get(one.pk)) for one in centres]


def _seen(who: Who, path: str = "") -> Q:
    return collection.of_own_centres(who, path) | collection.of_followed(who, path)


def amounts(service: Service, period_start: dt.date, period_end: dt.date) -> list[Spending]:
    """Return the current amounts of a service and period by centre. For the rooms that compute results: it asks nobody."""
    rows = _current(service, period_start, period_end)
    return [Spending(service.slug, row.centre.ods, float(row.amount_gbp), row.basis) for row in rows]


def table(service: Service, period_start: dt.date, period_end: dt.date, label: str) -> ResultTable:
    """Return the expenditure of a service as a table of the edition; empty where nothing was returned."""
    return measures.spend(amounts(service, period_start, period_end), service=service.slug, period=label)


def inputs(service: Service, period_start: dt.date, period_end: dt.date) -> dict[str, str]:
    """Return the hash of what the table is made from; empty where nothing was returned."""
    rows = [f"{row.centre.ods} {row.amount_gbp} {row.basis}" for row in _current(service, period_start, period_end)]
    return {f"spend/{service.slug}": hashlib.sha256("\n".join(rows).encode()).hexdigest()} if rows else {}


def services_returned(period_start: dt.date, period_end: dt.date) -> set[str]:
    """Return the services (slugs) of which some centre's expenditure of a period was returned."""
    rows = Return.objects.filter(period_start=period_start, period_end=period_end, current=True)
    return set(rows.order_by().values_list("centre__service__slug", flat=True))


def _current(service: Service, period_start: dt.date, period_end: dt.date) -> QuerySet[Return]:
    rows = Return.objects.filter(centre__service=service, period_start=period_start, period_end=period_end, current=True)
    return rows.select_related("centre").order_by("centre__ods")


def contract_returns(who: Who) -> QuerySet[ContractReturn]:
    """Return the contract monitoring that was sent: all to the commissioner, a service's to its lead, a centre's to its own."""
    found = ContractReturn.objects.filter(_seen(who, "centre__")).select_related("centre__service", "accepted_as")
    return found.defer("lines")
