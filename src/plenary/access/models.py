"""Tables of the room: runs whose result tables are kept as bytes under their hashes, and scenarios kept as evidence."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from plenary.collection.models import KeptRun
from plenary.registry.models import Service


class Run(KeptRun):
    """One computation of the equity of access of a service and period."""

    class Privacy(KeptRun.Privacy):
        """As of every run."""


class Scenario(models.Model):
    """What somebody asked about centres that are added, closed or moved, and the answer: kept as it was, never changed.

    It names no patient and rests on no case: patients are a yearly number that somebody gave.
    """

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="scenarios")
    title = models.CharField(max_length=120)
    note = models.TextField(blank=True)
    asked = models.JSONField()
    """The wish and the assumptions."""
    answer = models.JSONField()
    code_version = models.CharField(max_length=40)
    kept_at = models.DateTimeField()
    kept_by = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["-kept_at", "-id"]
        constraints = [models.CheckConstraint(condition=~Q(title=""), name="scenario_has_a_title")]

    class Privacy:
        safe = {"id", "service", "title", "asked", "answer", "code_version", "kept_at"}
        scrub = {"note", "kept_by"}

    def __str__(self) -> str:
        return f"{self.service.slug}: {self.title}"
