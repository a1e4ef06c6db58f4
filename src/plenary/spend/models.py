"""Tables of the room: what was spent on a service, as returned. A later return supersedes, the earlier one is kept."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from plenary.registry.models import Centre


class Return(models.Model):
    """What one centre was paid for its service in a period."""

    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="spend_returns")
    period_start = models.DateField()
    period_end = models.DateField()
    amount_gbp = models.DecimalField(max_digits=14, decimal_places=2)
    basis = models.CharField(max_length=200)
    current = models.BooleanField(default=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["centre", "period_start", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(period_end__gt=F("period_start")), name="return_period_runs_forward"),
            models.CheckConstraint(condition=Q(amount_gbp__gte=0), name="return_is_not_negative"),
            models.UniqueConstraint(
                fields=["centre", "period_start", "period_end"], condition=Q(current=True), name="return_one_current"
            ),
        ]

    class Privacy:
        safe = {"id", "centre", "period_start", "period_end", "basis", "current", "recorded_at", "recorded_by"}
        scrub = {"amount_gbp"}

    def __str__(self) -> str:
        return f"{self.centre.key} {self.period_start}"


class ContractReturn(models.Model):
    """Contract monitoring that a centre sent for a period: its totals, its patients' lines, and what does not add up.

    The files are not kept, for they name patients. Of each line stand its category, month, amount and a keyed pseudonym.
    """

    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="contract_returns")
    period_start = models.DateField()
    period_end = models.DateField()
    filenames = models.JSONField()
    digests = models.JSONField()
    balances = models.JSONField()
    lines = models.JSONField()
    findings = models.JSONField()
    blocking = models.PositiveIntegerField()
    total_gbp = models.DecimalField(max_digits=14, decimal_places=2)
    received_at = models.DateTimeField()
    received_by = models.BigIntegerField(null=True)
    accepted_as = models.ForeignKey(Return, on_delete=models.PROTECT, null=True, blank=True, related_name="contract_returns")

    class Meta:
        ordering = ["-received_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(period_end__gt=F("period_start")), name="contract_return_period_runs_forward"),
            models.CheckConstraint(condition=Q(accepted_as=None) | Q(blocking=0), name="contract_return_accepted_is_sound"),
        ]

    class Privacy:
        safe = {"id", "centre", "period_start", "period_end", "blocking", "received_at", "received_by", "accepted_as"}
        scrub = {"filenames", "digests", "balances", "lines", "findings", "total_gbp"}

    def __str__(self) -> str:
        return f"{self.centre.key} {self.period_start}, contract return {self.pk}"
