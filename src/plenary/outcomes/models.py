"""Tables of the room: agreed outcome sets, and runs whose result tables are kept as bytes under their hashes."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from plenary.collection.models import KeptRun
from plenary.registry.models import Centre, Service


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


class Comment(models.Model):
    """What a centre said of its own figures before the meeting. It is kept as it was said: a later one is added beside it."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="comments")
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="result_comments")
    outcome = models.CharField(max_length=100, blank=True, default="")
    """Of which outcome; empty where it is of the results as a whole."""
    text = models.TextField()
    said_at = models.DateTimeField()
    said_by = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["outcome", "centre", "said_at", "id"]
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="comment_says_something")]

    class Privacy:
        safe = {"id", "run", "centre", "outcome", "said_at"}
        scrub = {"text", "said_by"}

    def __str__(self) -> str:
        return f"comment {self.pk} on run {self.run_id}"


class PeerNaming(models.Model):
    """What a network agreed about its own results: whether a centre sees the names of the others. The latest stands."""

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="peer_naming")
    named = models.BooleanField()
    why = models.TextField()
    agreed_at = models.DateTimeField()
    agreed_by = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["-agreed_at", "-id"]
        verbose_name_plural = "peer naming"

    class Privacy:
        safe = {"id", "service", "named", "agreed_at"}
        scrub = {"why", "agreed_by"}

    def __str__(self) -> str:
        return f"{self.service.slug}: peers {'named' if self.named else 'not named'}"
