"""Tables of the room. Nothing here points at a case or a result: provenance is plain ids and hashes."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from plenary.registry.models import Service
from plenary.releases.terms import SECTIONS, Decision, ProposalState, TrialKind, TrialState


class Proposal(models.Model):
    """What is asked to leave: tables of an edition before and after disclosure control, kept as bytes under their hashes."""

    label = models.CharField(max_length=80)
    period_start = models.DateField()
    period_end = models.DateField()
    services = models.ManyToManyField(Service, related_name="proposals")
    whole = models.BooleanField(default=True)
    """Whether it stands for the whole nation; a network lead proposes the own services alone."""
    note = models.TextField(blank=True, default="")
    state = models.CharField(
        max_length=20,
        choices=[(state.value, state.value.replace("_", " ")) for state in ProposalState],
        default=ProposalState.PROPOSED,
    )
    failure = models.TextField(blank=True, default="")
    """Why it could not be prepared, in plain words; empty in every other state."""
    results = models.JSONField(default=list, blank=True)
    """SHA-256 of each unprotected table, in order. This and what follows is empty until it is prepared."""
    protected = models.JSONField(default=list, blank=True)
    """SHA-256 of each protected table, in order."""
    policy_version = models.CharField(max_length=40, blank=True, default="")
    policy_sha256 = models.CharField(max_length=64, blank=True, default="")
    audit_sha256 = models.CharField(max_length=64, blank=True, default="")
    reasons_sha256 = models.CharField(max_length=64, blank=True, default="")
    """Why each row is withheld. For reviewers alone: it follows from the results, and no part of what leaves."""
    narrative_sha256 = models.CharField(max_length=64, blank=True, default="")
    sources = models.JSONField(default=dict, blank=True)
    """Names of runs and documents, each with its hash."""
    previous = models.JSONField(default=list, blank=True)
    """Content hashes of the releases that disclosure control took as known."""
    content_hash = models.CharField(max_length=64, blank=True, default="")
    proposed_by = models.BigIntegerField()
    proposed_at = models.DateTimeField()
    frozen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-proposed_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(period_end__gt=F("period_start")), name="proposal_period_runs_forward"),
            models.CheckConstraint(
                condition=Q(state="frozen", frozen_at__isnull=False) | (~Q(state="frozen") & Q(frozen_at=None)),
                name="proposal_frozen_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state="withdrawn")
                | (Q(state__in=("preparing", "failed")) & Q(content_hash=""))
                | (~Q(state__in=("preparing", "failed")) & ~Q(content_hash="")),
                name="proposal_prepared_has_content",
            ),
            models.CheckConstraint(
                condition=(Q(state="failed") & ~Q(failure="")) | (~Q(state="failed") & Q(failure="")),
                name="proposal_failed_says_why",
            ),
        ]

    class Privacy:
        safe = {
            *(
                "id",
                "label",
                "period_start",
                "period_end",
                "services",
                "whole",
                "state",
                "failure",
                "policy_version",
                "policy_sha256",
            ),
            *("protected", "content_hash", "previous", "proposed_by", "proposed_at", "frozen_at"),
        }
        scrub = {"note", "results", "audit_sha256", "reasons_sha256", "narrative_sha256", "sources"}

    def __str__(self) -> str:
        return f"{self.label}, proposal {self.pk}"


class Narrative(models.Model):
    """What people wrote for one section of a service's pages in a period."""

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="narratives")
    period_start = models.DateField()
    period_end = models.DateField()
    section = models.CharField(max_length=40, choices=[(section, section) for section in SECTIONS])
    text = models.TextField(blank=True)
    written_by = models.BigIntegerField(null=True)
    written_at = models.DateTimeField()

    class Meta:
        ordering = ["service", "period_start", "section"]
        constraints = [
            models.UniqueConstraint(fields=["service", "period_start", "period_end", "section"], name="narrative_once"),
            models.CheckConstraint(condition=Q(period_end__gt=F("period_start")), name="narrative_period_runs_forward"),
        ]

    class Privacy:
        safe = {"id", "service", "period_start", "period_end", "section", "written_by", "written_at"}
        scrub = {"text"}

    def __str__(self) -> str:
        return f"{self.service.slug}, {self.section}"


class Vote(models.Model):
    """One reviewer's decision on one proposal."""

    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="votes")
    reviewer = models.BigIntegerField()
    reviewer_name = models.CharField(max_length=200)
    decision = models.CharField(max_length=10, choices=[(decision.value, decision.value) for decision in Decision])
    comment = models.TextField(blank=True, default="")
    voted_at = models.DateTimeField()

    class Meta:
        ordering = ["proposal", "voted_at", "id"]
        constraints = [models.UniqueConstraint(fields=["proposal", "reviewer"], name="vote_once_a_person")]

    class Privacy:
        safe = {"id", "proposal", "reviewer", "decision", "voted_at"}
        scrub = {"reviewer_name", "comment"}

    def __str__(self) -> str:
        return f"{self.decision} on proposal {self.proposal_id}"


class Trial(models.Model):
    """A question to disclosure control whose answer changes nothing: what would showing a number cost, what would a policy do."""

    kind = models.CharField(max_length=10, choices=[(kind.value, kind.value) for kind in TrialKind])
    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="trials")
    """Whose results it is tried on."""
    content_hash = models.CharField(max_length=64)
    """What these results were when it was asked."""
    asked = models.JSONField()
    """The place of the number, or the draft of the policy."""
    asked_sha256 = models.CharField(max_length=64)
    state = models.CharField(
        max_length=10, choices=[(state.value, state.value) for state in TrialState], default=TrialState.RUNNING
    )
    failure = models.TextField(blank=True, default="")
    answer_sha256 = models.CharField(max_length=64, blank=True, default="")
    asked_by = models.BigIntegerField()
    asked_at = models.DateTimeField()

    class Meta:
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=(Q(state="failed") & ~Q(failure="")) | (~Q(state="failed") & Q(failure="")),
                name="trial_failed_says_why",
            ),
            models.CheckConstraint(
                condition=(Q(state__in=("done", "adopted")) & ~Q(answer_sha256=""))
                | (~Q(state__in=("done", "adopted")) & Q(answer_sha256="")),
                name="trial_done_has_an_answer",
            ),
            models.CheckConstraint(condition=~Q(state="adopted") | Q(kind="policy"), name="trial_adopted_is_a_policy"),
        ]

    class Privacy:
        safe = {"id", "kind", "proposal", "content_hash", "asked_sha256", "state", "failure", "asked_by", "asked_at"}
        scrub = {"asked", "answer_sha256"}

    def __str__(self) -> str:
        return f"{self.kind} on {self.proposal_id}"
