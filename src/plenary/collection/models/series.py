"""Case series with the cases that are expected in them, and the runs that rooms above compute from them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from plenary.collection.models.cases import Case
from plenary.collection.terms import Explanation, Found, Reply, SeriesState, choices
from plenary.registry.models import Centre, Service


class ExpectedCase(models.Model):
    """A case known to exist from another source: a referral, an MDT, hospital episodes, the payer's list."""

    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="expected_cases")
    period_start = models.DateField()
    period_end = models.DateField()
    case_id = models.CharField(max_length=200)
    source = models.CharField(max_length=120)
    explained = models.TextField(blank=True, default="")
    explained_as = models.CharField(max_length=50, choices=choices(Explanation), blank=True, default="")
    found = models.CharField(max_length=10, choices=choices(Found), blank=True, default=Found.NAMED)
    linked = models.ForeignKey(Case, on_delete=models.PROTECT, null=True, blank=True, related_name="expected_as")
    """The case that it is, or (``review``) may be. It may be another centre's."""
    reply = models.CharField(max_length=10, choices=choices(Reply), blank=True, default=Reply.NONE)
    event_on = models.DateField(null=True, blank=True)
    particulars = models.TextField(blank=True, default="")
    """What helps the centre to find the patient in its own records; never an identifier."""
    answer = models.ForeignKey("Ascertainment", on_delete=models.PROTECT, null=True, blank=True, related_name="expected_cases")

    class Meta:
        ordering = ["centre", "period_start", "case_id", "source"]
        constraints = [
            models.UniqueConstraint(fields=["centre", "period_start", "case_id", "source"], name="expected_case_once"),
            models.CheckConstraint(condition=Q(period_end__gt=F("period_start")), name="expected_period_runs_forward"),
        ]

    class Privacy:
        safe = {"id", "centre", "period_start", "period_end", "source", "explained_as", "found", "linked", "reply", "answer"}
        scrub = {"case_id", "explained", "event_on", "particulars"}

    def __str__(self) -> str:
        return f"{self.centre.key} {self.case_id}"


class CaseSeries(models.Model):
    """All cases of a centre in a period. Signed off: declared complete, and frozen by the hash of what it holds."""

    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="case_series")
    period_start = models.DateField()
    period_end = models.DateField()
    state = models.CharField(max_length=20, choices=choices(SeriesState), default=SeriesState.OPEN)
    declared_by = models.BigIntegerField(null=True, blank=True)
    declared_at = models.DateTimeField(null=True, blank=True)
    cases = models.PositiveIntegerField(default=0)
    content_hash = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        ordering = ["centre", "period_start"]
        verbose_name_plural = "case series"
        constraints = [
            models.UniqueConstraint(fields=["centre", "period_start", "period_end"], name="case_series_once"),
            models.CheckConstraint(condition=Q(period_end__gt=F("period_start")), name="series_period_runs_forward"),
            models.CheckConstraint(
                condition=Q(state="open", content_hash="", declared_by=None, declared_at=None)
                | (Q(state="signed_off", declared_by__isnull=False, declared_at__isnull=False) & ~Q(content_hash="")),
                name="series_signed_off_is_declared",
            ),
        ]

    class Privacy:
        safe = {"id", "centre", "period_start", "period_end", "state", "declared_at", "cases", "content_hash"}
        scrub = {"declared_by"}

    def __str__(self) -> str:
        return f"{self.centre.key} {self.period_start}"


class KeptRun(models.Model):
    """One computation of a room above over the cases of a service and period: its tables are kept as bytes under their hashes.

    The same inputs and code give the same tables.
    """

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="%(app_label)s_runs")
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
        abstract = True
        ordering = ["-ran_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["service", "period_start", "period_end", "signed_only", "code_version", "inputs_hash"],
                name="%(app_label)s_run_once",
            ),
            models.CheckConstraint(condition=Q(period_end__gt=F("period_start")), name="%(app_label)s_run_period_runs_forward"),
        ]

    class Privacy:
        safe = {"id", "service", "period_start", "period_end", "signed_only", "code_version", "ran_at", "ran_by"}
        scrub = {"inputs", "inputs_hash", "tables"}

    def __str__(self) -> str:
        return f"{self.service.slug} {self.period_start}, run {self.pk}"


class Ascertainment(models.Model):
    """An answer of national hospital data for a service and period, as it was loaded. Its file is not kept: its cases are."""

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="ascertainments")
    period_start = models.DateField()
    period_end = models.DateField()
    filename = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    counts = models.JSONField()
    """What became of every expected case of the file: kept by status, of other days, at no centre of the service."""
    elsewhere = models.JSONField()
    """Expected cases of providers that are no centre of the service and that no centre has sent, by provider."""
    loaded_at = models.DateTimeField()
    loaded_by = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["-loaded_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(period_end__gt=F("period_start")), name="ascertainment_period_runs_forward"),
        ]

    class Privacy:
        safe = {"id", "service", "period_start", "period_end", "loaded_at", "loaded_by"}
        scrub = {"filename", "sha256", "counts", "elsewhere"}

    def __str__(self) -> str:
        return f"{self.service.slug} {self.period_start}, answer {self.pk}"
