"""The runs that rooms above keep (``keep_run``): one way to read them, whichever table they stand in."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import QuerySet

from plenary.collection.models import KeptRun
from plenary.collection.queries import of_networks
from plenary.core.queries import stored_bytes
from plenary.core.terms import NotFound, Who
from plenary.registry.models import Service
from plenary_stats import tables
from plenary_stats.tables import ResultTable

RunRow = TypeVar("RunRow", bound=KeptRun)


@dataclass(frozen=True)
class Runs(Generic[RunRow]):
    """The runs of one room. ``missing`` begins the sentence that says there is none, ``{}`` being the service."""

    table: type[RunRow]
    missing: str

    def visible_to(self, who: Who) -> QuerySet[RunRow]:
        """Return the runs of the services to whose networks ``who`` belongs; all of them to the commissioner."""
        return self._all().filter(of_networks(who)).select_related("service")

    def results(self, who: Who, run: RunRow) -> tuple[ResultTable, ...]:
        """Return the tables of a run to its network; nothing to anybody else."""
        return self.tables_of(run) if self.visible_to(who).filter(pk=run.pk).exists() else ()

    def tables_of(self, run: RunRow) -> tuple[ResultTable, ...]:
        """Return the tables of a run. For the rooms above, which protect them: it asks nobody's permission."""
        return tuple(tables.load(stored_bytes(sha256)) for sha256 in run.tables)

    def latest(self, service: Service, period_start: dt.date, period_end: dt.date) -> RunRow:
        """Return the latest run over signed-off cases; raise ``NotFound``."""
        found = self._signed(period_start, period_end).filter(service=service).order_by("-ran_at", "-id").first()
        if found is None:
            raise NotFound(f"{self.missing.format(service.name)} not been run for {period_start} to {period_end}.")
        return found

    def services_run(self, period_start: dt.date, period_end: dt.date) -> set[str]:
        """Return the services (slugs) that have results over signed-off cases of a period."""
        return set(self._signed(period_start, period_end).order_by().values_list("service__slug", flat=True))

    def _signed(self, period_start: dt.date, period_end: dt.date) -> QuerySet[RunRow]:
        return self._all().filter(period_start=period_start, period_end=period_end, signed_only=True)

    def _all(self) -> QuerySet[RunRow]:
        return self.table._default_manager.all()  # noqa: SLF001 - Django's public name for it


def hash_of(value: object) -> str:
    """Return the hash of a plain value among a run's inputs: equal values, equal hashes."""
    return hashlib.sha256(json.dumps(value, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
