"""What is asked of centres by a date: queries with their threads, deadlines and reminders."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from plenary.collection.terms import QueryState, choices
from plenary.registry.models import Centre, Service


class DataQuery(models.Model):
    """A question of the network or the commissioner to a centre about its cases of a period, with a date to answer by."""

    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="data_queries")
    period_start = models.DateField()
    period_end = models.DateField()
    case_id = models.CharField(max_length=200, blank=True, default="")
    field = models.CharField(max_length=100, blank=True, default="")
    due_on = models.DateField()
    state = models.CharField(max_length=20, choices=choices(QueryState), default=QueryState.OPEN)
    asked_at = models.DateTimeField()
    asked_by = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["due_on", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(period_end__gt=F("period_start")), name="data_query_period_runs_forward"),
        ]
        indexes = [models.Index(fields=["centre", "state"], name="data_query_by_centre")]

    class Privacy:
        safe = {"id", "centre", "period_start", "period_end", "field", "due_on", "state", "asked_at"}
        scrub = {"case_id", "asked_by"}

    def __str__(self) -> str:
        return f"query {self.pk} to {self.centre.key}"


class QueryMessage(models.Model):
    """What was said in the thread of a query, the question first. ``of_centre``: by the centre that was asked."""

    query = models.ForeignKey(DataQuery, on_delete=models.PROTECT, related_name="messages")
    of_centre = models.BooleanField()
    text = models.TextField()
    said_at = models.DateTimeField()
    said_by = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["said_at", "id"]

    class Privacy:
        safe = {"id", "query", "of_centre", "said_at"}
        scrub = {"text", "said_by"}

    def __str__(self) -> str:
        return f"message {self.pk} of query {self.query_id}"


class Deadline(models.Model):
    """By when the centres of a service sign a period off, where the network lead set another day than the policy's."""

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="deadlines")
    period_start = models.DateField()
    period_end = models.DateField()
    due_on = models.DateField()
    set_at = models.DateTimeField()
    set_by = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["service", "period_start"]
        constraints = [
            models.UniqueConstraint(fields=["service", "period_start", "period_end"], name="deadline_once"),
            models.CheckConstraint(condition=Q(period_end__gt=F("period_start")), name="deadline_period_runs_forward"),
        ]

    class Privacy:
        safe = {"id", "service", "period_start", "period_end", "due_on", "set_at", "set_by"}
        scrub: set[str] = set()

    def __str__(self) -> str:
        return f"{self.service.slug} {self.period_start} by {self.due_on}"


class ReminderSent(models.Model):
    """A reminder that went out: to whom, about which centre and period, at which stage. The text holds no case."""

    person = models.BigIntegerField()
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="reminders")
    period_start = models.DateField()
    period_end = models.DateField()
    due_on = models.DateField()
    stage = models.CharField(max_length=40)
    sent_at = models.DateTimeField()

    class Meta:
        ordering = ["-sent_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "centre", "period_start", "period_end", "due_on", "stage"], name="reminder_once"
            ),
        ]

    class Privacy:
        safe = {"id", "person", "centre", "period_start", "period_end", "due_on", "stage", "sent_at"}
        scrub: set[str] = set()

    def __str__(self) -> str:
        return f"{self.stage} to {self.person} of {self.centre.key}"


class NoReminders(models.Model):
    """A person who asked for no early reminders. Those of the last days and after the deadline are sent all the same."""

    person = models.BigIntegerField(unique=True)
    since = models.DateTimeField()

    class Meta:
        verbose_name_plural = "no reminders"

    class Privacy:
        safe = {"id", "person", "since"}
        scrub: set[str] = set()

    def __str__(self) -> str:
        return f"no early reminders to {self.person}"
