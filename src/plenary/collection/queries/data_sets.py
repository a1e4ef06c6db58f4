"""The versions of a data set, and which one holds for a period."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

from django.db.models import QuerySet

from plenary.collection.models import DataSetVersion
from plenary.core.queries import stored_bytes
from plenary.core.terms import NotPossible
from plenary.registry import queries as registry
from plenary.registry.models import Service
from plenary_stats import spec
from plenary_stats.spec import DataSet


def data_set_versions(service: Service) -> QuerySet[DataSetVersion]:
    """Return the versions of a service's data set, the oldest first."""
    return DataSetVersion.objects.filter(service=service).select_related("service").order_by("adopted_on", "id")


def data_set_for(service: Service, period_end: dt.date) -> DataSetVersion:
    """Return the version adopted last before the period ended; the earliest there is where none was adopted by then."""
    versions = data_set_versions(service)
    found = versions.filter(adopted_on__lt=period_end).last() or versions.first()
    if found is None:
        raise NotPossible(f"{service.name} has no agreed data set yet: adopt one before cases are sent.")
    return found


def data_set(version: DataSetVersion) -> DataSet:
    """Return the parsed data dictionary of a version."""
    return _parsed(version.sha256, version.service.slug, version.version)


@lru_cache(maxsize=256)
def _parsed(sha256: str, service: str, version: str) -> DataSet:
    return spec.read_dictionary(stored_bytes(sha256), service, version, registry.elements())
