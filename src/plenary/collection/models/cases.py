"""Cases and what was reported of them: versions, drafts, follow-up, and what patients said of their record."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from plenary.collection.models.submissions import Submission
from plenary.collection.terms import Answer, Source, VitalStatus, Wish, choices
from plenary.registry.models import Centre


class Case(models.Model):
    """One patient's episode for a service at a centre. What was reported of it stands in its versions."""

    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="cases")
    case_id = models.CharField(max_length=200)
    area = models.CharField(max_length=80, blank=True, default="")
    sex = models.CharField(max_length=80, blank=True, default="")
    age = models.FloatField(null=True, blank=True)
    index_on = models.DateField()
    """The date that decides the period; the first day of the submission's period where the data set names no such field."""
    erased = models.BooleanField(default=False)
    counted_only = models.BooleanField(default=False, db_default=False)
    """The patient objected: that there was this case is counted, and nothing more is kept of it."""

    class Meta:
        ordering = ["centre", "case_id"]
        constraints = [
            models.UniqueConstraint(fields=["centre", "case_id"], name="case_once"),
            models.CheckConstraint(condition=~Q(case_id=""), name="case_has_an_id"),
        ]
        indexes = [models.Index(fields=["centre", "index_on"], name="case_by_date")]

    class Privacy:
        safe = {"id", "centre", "erased", "counted_only"}
        scrub = {"case_id", "area", "sex", "age", "index_on"}

    def __str__(self) -> str:
        return f"{self.centre.key} {self.case_id}"


class CaseVersion(models.Model):
    """A case as one submission reported it. One version at most is current; a withdrawn case has none."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="versions")
    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    payload = models.JSONField()
    current = models.BooleanField(default=True)

    class Meta:
        ordering = ["case", "number"]
        constraints = [
            models.UniqueConstraint(fields=["case", "number"], name="case_version_once"),
            models.UniqueConstraint(fields=["case"], condition=Q(current=True), name="case_one_current_version"),
        ]

    class Privacy:
        safe = {"id", "case", "submission", "number", "current"}
        scrub = {"payload"}

    def __str__(self) -> str:
        return f"{self.case_id} version {self.number}"


class CaseDraft(models.Model):
    """A case that one person keys and has not finished. It is no case: it counts nowhere, and only that person opens it."""

    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="drafts")
    period_start = models.DateField()
    period_end = models.DateField()
    owner = models.BigIntegerField()
    case = models.ForeignKey(Case, on_delete=models.CASCADE, null=True, blank=True, related_name="drafts")
    """The case that it corrects; none while a new case is keyed."""
    base = models.PositiveIntegerField(default=0)
    """The version of that case which the person saw."""
    typed = models.JSONField()
    begun_at = models.DateTimeField()
    saved_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)
    """When the owner was told that it will be cleared; none again as soon as it is saved."""

    class Meta:
        ordering = ["-saved_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(period_end__gt=F("period_start")), name="draft_period_runs_forward"),
        ]
        indexes = [models.Index(fields=["owner", "centre", "period_start"], name="draft_by_owner")]

    class Privacy:
        safe = {"id", "centre", "period_start", "period_end", "base", "begun_at", "saved_at", "told_at"}
        scrub = {"owner", "case", "typed"}

    def __str__(self) -> str:
        return f"{self.centre.key} draft {self.pk}"


class FollowUp(models.Model):
    """What was known of a patient on a day, and from where. Rows are added and never changed: a mistake is corrected by a row."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="follow_ups")
    seen_on = models.DateField()
    status = models.CharField(max_length=20, choices=choices(VitalStatus))
    source = models.CharField(max_length=20, choices=choices(Source))
    died_on = models.DateField(null=True, blank=True)
    corrects = models.OneToOneField("self", on_delete=models.CASCADE, null=True, blank=True, related_name="corrected_by")
    reported_at = models.DateTimeField()
    reported_by = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["case", "seen_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="dead", died_on__isnull=False, died_on__lte=F("seen_on"))
                | (~Q(status="dead") & Q(died_on__isnull=True)),
                name="follow_up_of_the_dead_has_a_date",
            ),
            models.CheckConstraint(
                condition=~Q(status="in_error") | Q(corrects__isnull=False), name="follow_up_in_error_takes_one_back"
            ),
        ]

    class Privacy:
        safe = {"id", "case", "status", "source", "corrects", "reported_at"}
        scrub = {"seen_on", "died_on", "reported_by"}

    def __str__(self) -> str:
        return f"{self.case_id} {self.status} {self.seen_on}"


class Consent(models.Model):
    """What a patient said of the use of the own record, on a day. Rows are added and never changed; the last one stands.

    It knows a case by its identifier: an objection may come before the case is sent, and then it never is.
    """

    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="consents")
    case_id = models.CharField(max_length=200)
    wish = models.CharField(max_length=20, choices=choices(Wish))
    answer = models.CharField(max_length=20, choices=choices(Answer))
    said_on = models.DateField()
    effect = models.CharField(max_length=20)
    """What it did to the case by the settings of that day."""
    settings_version = models.CharField(max_length=40)
    recorded_at = models.DateTimeField()
    recorded_by = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["centre", "case_id", "wish", "said_on", "id"]
        constraints = [models.CheckConstraint(condition=~Q(case_id=""), name="consent_is_of_a_case")]
        indexes = [models.Index(fields=["centre", "case_id"], name="consent_by_case")]

    class Privacy:
        safe = {"id", "centre", "wish", "answer", "effect", "settings_version", "recorded_at"}
        scrub = {"case_id", "said_on", "recorded_by"}

    def __str__(self) -> str:
        return f"{self.wish} {self.answer}"
