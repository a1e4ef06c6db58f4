"""Everything that writes outcome sets and results: step five of the data path."""

from __future__ import annotations

import datetime as dt
import re
from functools import partial

from django.db import transaction
from django.utils import timezone

from plenary.collection.actions import keep_run
from plenary.collection.terms import require_version
from plenary.core.actions import record, store_bytes
from plenary.core.permissions import require
from plenary.core.terms import NotPossible, Who, free_text
from plenary.outcomes import permissions, queries
from plenary.outcomes.models import Comment, OutcomeSetVersion, PeerNaming, Run
from plenary.registry import queries as registry
from plenary.registry.models import Centre, Service
from plenary_stats import spec


def adopt_outcome_set(*, service: Service, content: bytes, adopted_on: dt.date, by: Who) -> OutcomeSetVersion:
    """Put a version of a service's outcome set in force. The same bytes again change nothing; other bytes are refused."""
    require(permissions.may_adopt(by, service.slug), f"Only the network of {service.name} adopts its outcome set.")
    agreed = spec.read_outcome_set(content)
    if agreed.service != service.slug:
        raise NotPossible(f"The outcome set is of the service '{agreed.service}', not of '{service.slug}'.")
    require_version(agreed.version)
    if not agreed.proposed and agreed.agreed_on is None:
        raise NotPossible("The outcome set says that it is agreed: say when, for instance agreed_on = 2026-03-12.")
    with transaction.atomic():
        sha256 = store_bytes(content, by=by, media_type="application/toml")
        values = {"sha256": sha256, "adopted_on": adopted_on, "agreed_on": agreed.agreed_on, "proposed": agreed.proposed}
        found, is_new = OutcomeSetVersion.objects.get_or_create(service=service, version=agreed.version, defaults=values)
        if found.sha256 != sha256:
            raise NotPossible(f"Version {agreed.version} is adopted with other content. Give the change a new version.")
        if is_new:
            subject = f"outcome-set/{service.slug}/{agreed.version}"
            detail = {"sha256": sha256, "adopted_on": adopted_on, "agreed_on": agreed.agreed_on, "proposed": agreed.proposed}
            record(by=by, verb="adopt outcome set", subject=subject, detail=detail)
    return found


def load_definitions(*, by: Who) -> int:
    """Adopt the shipped outcome sets of the services that are registered, each on the day that it was agreed."""
    count = 0
    for service in registry.services():
        for version, content in registry.outcome_set_files(service.slug).items():
            agreed_on = spec.read_outcome_set(content).agreed_on
            year = re.match(r"\d{4}", version)
            adopted_on = agreed_on or dt.date(int(year[0]) if year else 2000, 1, 1)
            adopt_outcome_set(service=service, content=content, adopted_on=adopted_on, by=by)
            count += 1
    return count


def run(*, service: Service, period_start: dt.date, period_end: dt.date, label: str, signed_only: bool = True, by: Who) -> Run:
    """Compute activity, outcomes and completeness and keep them with their provenance.

    Repeatable: while cases, definitions and code are the same, the same run is returned. With ``signed_only`` false it is a
    preview for the network, which is never proposed.
    """
    require(permissions.may_run(by, service.slug), f"Only the network of {service.name} runs its results.")
    return keep_run(
        runs=Run,
        name="outcomes",
        inputs=partial(queries.inputs, service, period_start, period_end, signed_only=signed_only),
        compute=partial(queries.compute, service, period_start, period_end, label, signed_only=signed_only),
        service=service,
        period_start=period_start,
        period_end=period_end,
        label=label,
        signed_only=signed_only,
        by=by,
    )


def comment(*, run: Run, centre: Centre, text: str, outcome: str = "", by: Who) -> Comment:
    """Say something of a centre's own figures: of one outcome of the run, or of all of them."""
    require(permissions.may_comment(by, centre.key), f"Only people of {centre.key} comment on its results.")
    if centre.service_id != run.service_id:
        raise NotPossible("These results are of another service.")
    text = free_text(text, "The comment is empty.")
    if outcome and outcome not in queries.outcomes_of(run):
        raise NotPossible(f"These results have no outcome '{outcome[:100]}'.")
    with transaction.atomic():
        made = Comment.objects.create(
            run=run, centre=centre, outcome=outcome, text=text, said_at=timezone.now(), said_by=by.person_id
        )
        detail = {"centre": centre.key, "outcome": outcome}
        record(by=by, verb="comment on results", subject=f"outcomes-run/{run.pk}/comment/{made.pk}", detail=detail)
    return made


def agree_names(*, service: Service, named: bool, why: str, by: Who) -> PeerNaming:
    """Note what the network agreed: whether its centres see one another's names beside their results."""
    require(permissions.may_name_peers(by, service.slug), f"Only the lead of the network of {service.name} notes what it agreed.")
    if not why.strip():
        raise NotPossible("Say where the network agreed it, for instance 'annual meeting, 12 March 2026'.")
    with transaction.atomic():
        made = PeerNaming.objects.create(
            service=service, named=named, why=why.strip(), agreed_at=timezone.now(), agreed_by=by.person_id
        )
        record(by=by, verb="agree names of peers", subject=f"service/{service.slug}", detail={"named": named, "why": made.why})
    return made
