"""What centres sent, how their headings are read, and the warnings that they confirmed."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from plenary.collection.models.data_sets import DataSetVersion
from plenary.collection.terms import Route, SubmissionState, choices
from plenary.registry.models import Centre


class Submission(models.Model):
    """What a centre sent for a period: a whole file, or one keyed case."""

    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="submissions")
    period_start = models.DateField()
    period_end = models.DateField()
    route = models.CharField(max_length=10, choices=choices(Route), default=Route.FILE)
    filename = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    data_set = models.ForeignKey(DataSetVersion, on_delete=models.PROTECT, related_name="submissions")
    state = models.CharField(max_length=20, choices=choices(SubmissionState), default=SubmissionState.RECEIVED)
    received_at = models.DateTimeField()
    received_by = models.BigIntegerField(null=True)
    findings_sha256 = models.CharField(max_length=64, blank=True, default="")
    mapping_sha256 = models.CharField(max_length=64, blank=True, default="")
    """The mapping by which its columns are read; empty where its headings are the data set's."""
    cases = models.PositiveIntegerField(default=0)
    blocking = models.PositiveIntegerField(default=0)
    warnings = models.PositiveIntegerField(default=0)
    notices = models.PositiveIntegerField(default=0)
    superseded_by = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="supersedes")

    class Meta:
        ordering = ["-received_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(period_end__gt=F("period_start")), name="submission_period_runs_forward"),
            models.CheckConstraint(
                condition=Q(state="superseded", superseded_by__isnull=False)
                | (~Q(state="superseded") & Q(superseded_by__isnull=True)),
                name="submission_superseded_by_something",
            ),
            models.CheckConstraint(condition=~Q(state="accepted") | Q(blocking=0), name="submission_accepted_is_sound"),
            models.UniqueConstraint(
                fields=["centre", "period_start", "period_end"],
                condition=Q(state="accepted", route="file"),
                name="submission_one_accepted_file",
            ),
        ]
        indexes = [models.Index(fields=["centre", "period_start", "state"], name="submission_by_centre")]

    class Privacy:
        safe = {
            "id",
            "centre",
            "period_start",
            "period_end",
            "route",
            "data_set",
            "state",
            "received_at",
            "cases",
            "blocking",
            "warnings",
            "notices",
            "superseded_by",
        }
        scrub = {"filename", "sha256", "findings_sha256", "mapping_sha256", "received_by"}

    def __str__(self) -> str:
        return f"{self.centre.key} {self.period_start} {self.filename}"


class ColumnMapping(models.Model):
    """What a centre's own headings mean: matched once by a person, applied to each file that follows until it is forgotten."""

    centre = models.OneToOneField(Centre, on_delete=models.PROTECT, related_name="column_mapping")
    sha256 = models.CharField(max_length=64)
    saved_at = models.DateTimeField()
    saved_by = models.BigIntegerField(null=True)

    class Privacy:
        safe = {"id", "centre", "saved_at"}
        scrub = {"sha256", "saved_by"}

    def __str__(self) -> str:
        return f"{self.centre_id}, headings"


class Confirmation(models.Model):
    """A centre looked at a warning and says why the value stands. It holds for the value, in whatever file it comes again."""

    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="confirmations")
    period_start = models.DateField()
    period_end = models.DateField()
    key = models.CharField(max_length=32)
    case_id = models.CharField(max_length=200, blank=True, default="")
    field = models.CharField(max_length=200, blank=True, default="")
    rule = models.CharField(max_length=60)
    message = models.TextField()
    reason = models.TextField()
    confirmed_at = models.DateTimeField()
    confirmed_by = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["centre", "period_start", "rule", "field", "id"]
        constraints = [
            models.UniqueConstraint(fields=["centre", "period_start", "period_end", "key"], name="confirmation_once"),
            models.CheckConstraint(condition=~Q(reason=""), name="confirmation_has_a_reason"),
        ]

    class Privacy:
        safe = {"id", "centre", "period_start", "period_end", "field", "rule", "confirmed_at"}
        scrub = {"key", "case_id", "message", "reason", "confirmed_by"}

    def __str__(self) -> str:
        return f"{self.centre.key} {self.rule} {self.field}"
