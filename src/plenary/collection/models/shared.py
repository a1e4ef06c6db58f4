"""Pseudonyms of cases, and the patients whom two centres report."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from plenary.collection.models.cases import Case
from plenary.collection.terms import SharedAnswer, SharedState, choices
from plenary.registry.models import Centre


class CaseMark(models.Model):
    """Who a case is about, as pseudonyms under the key of the installation: nobody can read a person out of them.

    ``like`` is of birth date, sex and area. ``key_id`` tells pseudonyms of one key from those of another, which never fit.
    """

    case = models.OneToOneField(Case, on_delete=models.CASCADE, related_name="mark")
    key_id = models.CharField(max_length=16)
    nhs = models.CharField(max_length=32, blank=True, default="")
    like = models.CharField(max_length=32, blank=True, default="")
    born = models.CharField(max_length=32, blank=True, default="")

    class Meta:
        indexes = [
            models.Index(fields=["nhs"], name="case_mark_by_nhs"),
            models.Index(fields=["like"], name="case_mark_by_like"),
        ]

    class Privacy:
        safe = {"id", "case", "key_id"}
        scrub = {"nhs", "like", "born"}

    def __str__(self) -> str:
        return f"mark of case {self.case_id}"


class SharedPatient(models.Model):
    """One patient whom two centres of a service report, as the pseudonyms say, and what the two agree that it is.

    ``first`` was accepted before ``second``. Until they agree, the first counts for the network; both keep their case.
    """

    first = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="shared_first")
    second = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="shared_second")
    sure = models.BooleanField()
    """Whether the NHS number is one, and not only birth date, sex and area."""
    found_at = models.DateTimeField()
    state = models.CharField(max_length=20, choices=choices(SharedState), default=SharedState.OPEN)
    answer = models.CharField(max_length=20, choices=choices(SharedAnswer), blank=True, default="")
    counts_at = models.ForeignKey(Centre, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    moved_from = models.ForeignKey(Centre, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    moved_on = models.DateField(null=True, blank=True)
    proposed_by = models.ForeignKey(Centre, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-found_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="shared_patient_once"),
            models.CheckConstraint(condition=~Q(first=F("second")), name="shared_patient_of_two_cases"),
            models.CheckConstraint(condition=Q(state="open") | ~Q(answer=""), name="shared_patient_answered_with_something"),
            models.CheckConstraint(
                condition=~Q(answer="transfer") | Q(moved_on__isnull=False, moved_from__isnull=False, counts_at__isnull=False),
                name="shared_patient_transfer_is_dated",
            ),
            models.CheckConstraint(
                condition=~Q(answer="duplicate") | Q(counts_at__isnull=False), name="shared_patient_duplicate_counts_somewhere"
            ),
        ]

    class Privacy:
        safe = {"id", "sure", "found_at", "state", "answer", "counts_at", "moved_from", "proposed_by", "answered_at"}
        scrub = {"first", "second", "moved_on"}

    def __str__(self) -> str:
        return f"shared patient {self.pk}"
