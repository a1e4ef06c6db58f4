"""Everything that writes expenditure."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from plenary.collection.terms import require_period
from plenary.core.actions import record
from plenary.core.permissions import require
from plenary.core.terms import NotPossible, Who
from plenary.registry.models import Centre
from plenary.spend import permissions
from plenary.spend.models import Return


def record_return(
    *, centre: Centre, period_start: dt.date, period_end: dt.date, amount_gbp: Decimal, basis: str, by: Who
) -> Return:
    """Note what a centre was paid in a period. A later return supersedes; the same again changes nothing."""
    require(permissions.may_record(by, centre.key), f"Only people of {centre.key} and the commissioner return its expenditure.")
    require_period(period_start, period_end)
    if not amount_gbp.is_finite() or amount_gbp < 0:
        raise NotPossible("An amount is a number of pounds, nought or more.")
    if not basis.strip():
        raise NotPossible("Say on which basis the amount was returned, for instance 'contract value'.")
    amount = amount_gbp.quantize(Decimal("0.01"))
    with transaction.atomic():
        earlier = Return.objects.filter(centre=centre, period_start=period_start, period_end=period_end, current=True)
        same = earlier.filter(amount_gbp=amount, basis=basis.strip()).first()
        if same is not None:
            return same
        earlier.update(current=False)
        made = Return.objects.create(
            centre=centre,
            period_start=period_start,
            period_end=period_end,
            amount_gbp=amount,
            basis=basis.strip(),
            recorded_at=timezone.now(),
            recorded_by=by.person_id,
        )
        record(by=by, verb="record return", subject=f"return/{made.pk}", detail={"centre": centre.key, "amount_gbp": str(amount)})
    return made
