"""Everything that writes expenditure."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from plenary.collection.terms import require_period
from plenary.core.actions import record
from plenary.core.permissions import require
from plenary.core.terms import NotFound, NotPossible, Who
from plenary.registry.models import Centre
from plenary.spend import permissions
from plenary.spend.models import ContractReturn, Return
from plenary_episodes import contract
from plenary_episodes.pseudonyms import with_key

BASIS = "contract monitoring, actual expenditure"
LARGEST = Decimal(10) ** 12
FINDINGS_KEPT = 10_000


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


def receive_contract_return(
    *,
    centre: Centre,
    period_start: dt.date,
    period_end: dt.date,
    totals: tuple[str, bytes],
    lines: tuple[str, bytes] | None,
    by: Who,
) -> ContractReturn:
    """Hold a centre's contract monitoring against itself and keep what it says, without the files and without identifiers.

    Nothing counts before it is accepted. The same files again, while they wait, are the same return.
    """
    require(permissions.may_record(by, centre.key), f"Only people of {centre.key} and the commissioner return its expenditure.")
    require_period(period_start, period_end)
    pseudonyms = with_key(None)
    place = {"service": centre.service.slug, "centre": centre.ods, "period": (period_start, period_end)}
    found = contract.check(totals, lines, **place, pseudonyms=pseudonyms)  # type: ignore[arg-type]
    if found.total >= LARGEST:
        raise NotPossible("The totals add up to more than a return can hold. Look for an amount in pence.")
    sent = [totals, *([lines] if lines else [])]
    # keyed, for whoever knows all of a file but one number could try that number out on a plain digest
    digests = [salted_hmac("contract return", content, algorithm="sha256").hexdigest() for _, content in sent]
    within = {"centre": centre, "period_start": period_start, "period_end": period_end}
    with transaction.atomic():
        waiting = ContractReturn.objects.filter(**within).first()
        if waiting is not None and waiting.digests == digests:
            return waiting
        made = ContractReturn.objects.create(
            **within,
            filenames=[name[-255:] for name, _ in sent],
            digests=digests,
            balances=[asdict(one) | {name: str(getattr(one, name)) for name in ("total", "lines")} for one in found.balances],
            lines=[asdict(one) | {"amount": str(one.amount)} for one in found.lines],
            findings=[asdict(one) for one in found.findings[:FINDINGS_KEPT]],
            blocking=found.blocking,
            total_gbp=found.total,
            received_at=timezone.now(),
            received_by=by.person_id,
        )
        detail = {"centre": centre.key, "read": dict(found.read), "refused": dict(found.refused), "blocking": found.blocking}
        record(by=by, verb="receive contract return", subject=f"contract-return/{made.pk}", detail=detail)
    return made


def accept_contract_return(*, return_id: int, by: Who) -> ContractReturn:
    """Let the total of a return that adds up be what the centre was paid in the period."""
    with transaction.atomic():
        rows = ContractReturn.objects.select_for_update(of=("self",)).select_related("centre__service")
        one = rows.filter(pk=return_id).first()
        if one is None:
            raise NotFound(f"There is no contract return {return_id}.")
        require(permissions.may_record(by, one.centre.key), f"Only people of {one.centre.key} and the commissioner accept it.")
        if one.blocking:
            raise NotPossible("The lines do not add up to the totals. Mend the findings and send the files again.")
        if one.accepted_as is not None:
            return one
        later = ContractReturn.objects.filter(centre=one.centre, period_start=one.period_start, period_end=one.period_end)
        if later.first() != one:
            raise NotPossible("A later return of this period was sent. Accept that one, or send this one again.")
        period = {"period_start": one.period_start, "period_end": one.period_end}
        one.accepted_as = record_return(centre=one.centre, **period, amount_gbp=one.total_gbp, basis=BASIS, by=by)
        one.save(update_fields=["accepted_as"])
        record(by=by, verb="accept contract return", subject=f"contract-return/{one.pk}", detail={"total": str(one.total_gbp)})
    return one
