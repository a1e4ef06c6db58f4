"""The agreed fields of a service by version, and the versions that a network proposes and talks over."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from plenary.collection.terms import ProposalState, Stance, choices
from plenary.registry.models import Centre, Service


class DataSetVersion(models.Model):
    """The agreed fields of a service, one version: a data dictionary kept as bytes."""

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="data_set_versions")
    version = models.CharField(max_length=40)
    sha256 = models.CharField(max_length=64)
    adopted_on = models.DateField()

    class Meta:
        ordering = ["service", "adopted_on", "version"]
        constraints = [models.UniqueConstraint(fields=["service", "version"], name="data_set_version_once")]

    class Privacy:
        safe = {"id", "service", "version", "sha256", "adopted_on"}
        scrub: set[str] = set()

    def __str__(self) -> str:
        return f"{self.service.slug} {self.version}"


class DataSetProposal(models.Model):
    """A version of a data set that somebody of the network proposes; the others comment on it and answer."""

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="data_set_proposals")
    version = models.CharField(max_length=40)
    sha256 = models.CharField(max_length=64)
    why = models.TextField()
    state = models.CharField(max_length=20, choices=choices(ProposalState), default=ProposalState.OPEN)
    proposed_at = models.DateTimeField()
    proposed_by = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["-proposed_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["service", "version"], condition=Q(state="open"), name="data_set_proposal_one_open_of_a_version"
            ),
        ]

    class Privacy:
        safe = {"id", "service", "version", "sha256", "state", "proposed_at"}
        scrub = {"why", "proposed_by"}

    def __str__(self) -> str:
        return f"{self.service.slug} {self.version}, proposal {self.pk}"


class ProposalRemark(models.Model):
    """What somebody said of a proposal: a comment, or for a centre that it agrees or objects. ``field``: of which field."""

    proposal = models.ForeignKey(DataSetProposal, on_delete=models.PROTECT, related_name="remarks")
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, null=True, blank=True, related_name="proposal_remarks")
    stance = models.CharField(max_length=20, choices=choices(Stance), default=Stance.COMMENT)
    field = models.CharField(max_length=100, blank=True, default="")
    text = models.TextField(blank=True, default="")
    said_at = models.DateTimeField()
    said_by = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["said_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(stance="comment") | Q(centre__isnull=False), name="proposal_answer_is_of_a_centre"
            ),
        ]

    class Privacy:
        safe = {"id", "proposal", "centre", "stance", "field", "said_at"}
        scrub = {"text", "said_by"}

    def __str__(self) -> str:
        return f"{self.stance} on proposal {self.proposal_id}"
