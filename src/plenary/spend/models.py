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
