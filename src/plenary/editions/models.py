"""Tables of the room. An edition points to its release by hash alone; its content lies in its folder."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from plenary.editions.terms import EditionState


class Edition(models.Model):
    """One numbered version of the yearly publication. What is published never changes; a correction is a new number."""

    label = models.CharField(max_length=80)
    number = models.PositiveIntegerField()
    period_start = models.DateField()
    period_end = models.DateField()
    state = models.CharField(
        max_length=10, choices=[(state.value, state.value) for state in EditionState], default=EditionState.BUILDING
    )
    release_hash = models.CharField(max_length=64, unique=True)
    proposal = models.BigIntegerField()
    """A plain number: proposals may be archived while editions stand."""
    digest = models.CharField(max_length=64, blank=True, default="")
    """SHA-256 of the manifest, which vouches for every file."""
    folder = models.CharField(max_length=120, unique=True)
    correction_of = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="corrections")
    note = models.TextField(blank=True, default="")
    failure = models.TextField(blank=True, default="")
    """Why its making failed, in plain words; empty in every other state."""
    wrong = models.TextField(blank=True, default="")
    """What was found wrong before it was published, for which it was set aside; empty in every other state."""
    set_aside_at = models.DateTimeField(null=True, blank=True)
    built_by = models.BigIntegerField(null=True)
    built_at = models.DateTimeField()
    published_by = models.BigIntegerField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-period_end", "label", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["label", "number"], name="edition_number_once"),
            models.CheckConstraint(condition=Q(period_end__gt=F("period_start")), name="edition_period_runs_forward"),
            models.CheckConstraint(
                condition=(Q(state="published", published_at__isnull=False) & ~Q(digest=""))
                | (~Q(state="published") & Q(published_at=None)),
                name="edition_published_at_a_time",
            ),
            models.CheckConstraint(
                condition=(Q(state="failed") & ~Q(failure="")) | (~Q(state="failed") & Q(failure="")),
                name="edition_failed_says_why",
            ),
            models.CheckConstraint(
                condition=(Q(state="set aside", set_aside_at__isnull=False) & ~Q(wrong=""))
                | (~Q(state="set aside") & Q(set_aside_at=None, wrong="")),
                name="edition_set_aside_says_why",
            ),
            models.CheckConstraint(
                condition=Q(number=1, correction_of=None) | (Q(number__gt=1, correction_of__isnull=False) & ~Q(note="")),
                name="edition_correction_says_what",
            ),
        ]

    class Privacy:
        safe = {
            *("id", "label", "number", "period_start", "period_end", "state", "release_hash", "proposal", "digest", "folder"),
            *("correction_of", "note", "failure", "set_aside_at", "built_by", "built_at", "published_by"),
            "published_at",
        }
        scrub = {"wrong"}

    def __str__(self) -> str:
        return f"{self.label}, version {self.number}"
