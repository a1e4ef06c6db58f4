"""Tables of the room: agreed outcome sets, and runs whose result tables are kept as bytes under their hashes."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from plenary.collection.models import KeptRun
from plenary.registry.models import Service


class OutcomeSetVersion(models.Model):
    """The outcome measures of a service, one version: a TOML document kept as bytes."""

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="outcome_set_versions")
    version = models.CharField(max_length=40)
    sha256 = models.CharField(max_length=64)
    agreed_on = models.DateField(null=True, blank=True)
    proposed = models.BooleanField()
    adopted_on = models.DateField()

    class Meta:
        ordering = ["service", "adopted_on", "version"]
        constraints = [
            models.UniqueConstraint(fields=["service", "version"], name="outcome_set_version_once"),
            models.CheckConstraint(condition=Q(proposed=True) | Q(agreed_on__isnull=False), name="outcome_set_agreed_on_a_day"),
        ]

    class Privacy:
        safe = {"id", "service", "version", "sha256", "agreed_on", "proposed", "adopted_on"}
        scrub: set[str] = set()

    def __str__(self) -> str:
        return f"{self.service.slug} {self.version}"


class Run(KeptRun):
    """One computation of the results of a service and period."""

    class Privacy(KeptRun.Privacy):
        """As of every run."""
