"""A version of a data set is put in force."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

from django.db import transaction

from plenary.collection import permissions
from plenary.collection.models import DataSetVersion
from plenary.collection.terms import require_version
from plenary.core.actions import record, store_bytes
from plenary.core.permissions import require
from plenary.core.terms import NotPossible, Who
from plenary.registry import queries as registry
from plenary.registry.models import Service
from plenary_stats import spec


def adopt_data_set(*, service: Service, version: str, content: bytes, adopted_on: dt.date, by: Who) -> DataSetVersion:
    """Put a version of a service's data set in force. The same bytes again change nothing; other bytes are refused."""
    require(permissions.may_adopt_data_set(by, service), f"Only the network of {service.name} adopts its data set.")
    spec.read_dictionary(content, service.slug, version, registry.elements())
    require_version(version)
    with transaction.atomic():
        sha256 = store_bytes(content, by=by, media_type="text/csv")
        found, is_new = DataSetVersion.objects.get_or_create(
            service=service, version=version, defaults={"sha256": sha256, "adopted_on": adopted_on}
        )
        if found.sha256 != sha256:
            raise NotPossible(f"Version {version} of the data set is adopted with other content. Give the change a new version.")
        if is_new:
            detail = {"sha256": sha256, "adopted_on": adopted_on}
            record(by=by, verb="adopt data set", subject=f"data-set/{service.slug}/{version}", detail=detail)
    return found


def load_definitions(*, folder: Path, by: Who) -> int:
    """Adopt every ``<service>/<version>.csv`` of a folder of data sets for the services that are registered.

    What is only proposed (``proposed-<version>.csv``) waits for the network.
    """
    services = {service.slug: service for service in Service.objects.all()}
    found = [path for path in sorted(folder.glob("*/*.csv")) if not path.stem.startswith(registry.PROPOSED)]
    paths = [path for path in found if path.parent.name in services]
    for path in paths:
        year = re.match(r"\d{4}", path.stem)
        adopted_on = dt.date(int(year[0]), 1, 1) if year else dt.date(2000, 1, 1)
        service = services[path.parent.name]
        adopt_data_set(service=service, version=path.stem, content=path.read_bytes(), adopted_on=adopted_on, by=by)
    return len(paths)
