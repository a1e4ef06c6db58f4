"""The keys, calls and uploads of centres' own systems."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from plenary.collection.models.submissions import Submission
from plenary.registry.models import Centre


class SystemKey(models.Model):
    """A key with which a centre's own system sends cases in its name, until it is revoked."""

    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="system_keys")
    name = models.CharField(max_length=80)
    key_id = models.CharField(max_length=32, unique=True)
    """The secret follows from this and the installation's own key: a stolen copy of the data holds none."""
    issued_at = models.DateTimeField()
    issued_by = models.BigIntegerField(null=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["centre", "-issued_at", "-id"]

    class Privacy:
        safe = {"id", "centre", "issued_at", "revoked_at"}
        scrub = {"name", "key_id", "issued_by"}

    def __str__(self) -> str:
        return f"{self.centre_id} {self.name}"


class SystemCall(models.Model):
    """A signed call that was answered: the same signature is not taken twice, the same idempotency key has the same answer."""

    key = models.ForeignKey(SystemKey, on_delete=models.PROTECT, related_name="calls")
    signature = models.CharField(max_length=64)
    idempotency = models.CharField(max_length=120, blank=True, default="")
    request_sha256 = models.CharField(max_length=64, blank=True, default="")
    status = models.PositiveIntegerField(default=0)
    answer = models.JSONField(default=dict)
    called_at = models.DateTimeField()

    class Meta:
        ordering = ["-called_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["key", "signature"], name="system_call_once"),
            models.UniqueConstraint(fields=["key", "idempotency"], condition=~Q(idempotency=""), name="system_call_one_answer"),
        ]

    class Privacy:
        safe = {"id", "key", "status", "called_at"}
        scrub = {"signature", "idempotency", "request_sha256", "answer"}

    def __str__(self) -> str:
        return f"call {self.pk}"


class SystemUpload(models.Model):
    """A file that a system sends in parts. It becomes a submission when all of it is there and its hash fits."""

    key = models.ForeignKey(SystemKey, on_delete=models.PROTECT, related_name="uploads")
    token = models.CharField(max_length=32, unique=True)
    period_start = models.DateField()
    period_end = models.DateField()
    filename = models.CharField(max_length=255)
    size = models.PositiveBigIntegerField()
    received = models.PositiveBigIntegerField(default=0)
    parts = models.JSONField(default=list)
    """SHA-256 of each part that came, in order: kept bytes."""
    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, null=True, blank=True, related_name="system_uploads")
    begun_at = models.DateTimeField()

    class Meta:
        ordering = ["-begun_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(received__lte=F("size")), name="system_upload_within_size"),
            models.CheckConstraint(condition=Q(period_end__gt=F("period_start")), name="system_upload_period_runs_forward"),
        ]

    class Privacy:
        safe = {"id", "key", "period_start", "period_end", "size", "received", "submission", "begun_at"}
        scrub = {"token", "filename", "parts"}

    def __str__(self) -> str:
        return f"upload {self.pk}"
