"""Tables of the room: runs whose result tables are kept as bytes under their hashes."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from plenary.registry.models import Service


class Run(models.Model):
    """One computation of the equity of access of a service and period. The same inputs and code give the same tables."""

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="access_runs")
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
                fields=["service", "period_start", "period_end", "signed_only", "code_version", "inputs_hash"],
                name="access_run_once",
            ),
            models.CheckConstraint(condition=Q(period_end__gt=F("period_start")), name="access_run_period_runs_forward"),
        ]

    class Privacy:
        safe = {"id", "service", "period_start", "period_end", "signed_only", "code_version", "ran_at", "ran_by"}
        scrub = {"inputs", "inputs_hash", "tables"}

    def __str__(self) -> str:
        return f"{self.service.slug} {self.period_start}, run {self.pk}"
