"""Tables of the room: agreed outcome sets, and runs whose result tables are kept as bytes under their hashes."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

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


class Run(models.Model):
    """One computation of the results of a service and period. The same inputs and code give the same tables."""

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="outcome_runs")
    period_start = models.DateField()
    period_end = models.DateField()
    signed_only = models.BooleanField()
    code_version = models.CharField(max_length=40)
    inputs = models.JSONField()
    """Each input's name and SHA-256."""
    inputs_hash = models.CharField(max_length=64)
    tables = models.JSONField()
    """SHA-256 of each result table, in order."""
    ran_at = models.DateTimeField()
    ran_by = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["-ran_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["service", "period_start", "period_end", "signed_only", "code_version", "inputs_hash"], name="run_once"
            ),
            models.CheckConstraint(condition=Q(period_end__gt=F("period_start")), name="run_period_runs_forward"),
        ]

    class Privacy:
        safe = {"id", "service", "period_start", "period_end", "signed_only", "code_version", "ran_at", "ran_by"}
        scrub = {"inputs", "inputs_hash", "tables"}

    def __str__(self) -> str:
        return f"{self.service.slug} {self.period_start}, run {self.pk}"
