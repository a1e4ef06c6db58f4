"""A network talks about a version of its data set before it adopts it: proposed, commented on, agreed to, adopted or let be."""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, transaction
from django.utils import timezone

from plenary.collection import permissions
from plenary.collection.actions import adopt_data_set
from plenary.collection.models import DataSetProposal, DataSetVersion, ProposalRemark
from plenary.collection.queries import proposals as queries
from plenary.collection.terms import ProposalState, Stance, require_version
from plenary.core.actions import record, store_bytes
from plenary.core.permissions import require
from plenary.core.queries import stored_bytes
from plenary.core.terms import NotPossible, Who
from plenary.registry import queries as registry
from plenary.registry.models import Centre, Service
from plenary_stats import spec
from plenary_stats.dictionary import document


def propose_data_set(*, service: Service, version: str, content: bytes, why: str, by: Who) -> DataSetProposal:
    """Put a version of a data set before the network. A dictionary that could not be adopted cannot be proposed either."""
    require(permissions.may_talk_of_data_set(by, service), f"Only people of the network of {service.name} propose a data set.")
    spec.read_dictionary(content, service.slug, version, registry.elements())
    require_version(version)
    if not why.strip():
        raise NotPossible("Say what the proposal is for: the centres read it first.")
    if DataSetVersion.objects.filter(service=service, version=version).exists():
        raise NotPossible(f"Version {version} is adopted already. Give the proposal a version of its own.")
    try:
        with transaction.atomic():
            sha256 = store_bytes(content, by=by, media_type="text/csv")
            made = DataSetProposal.objects.create(
                service=service,
                version=version,
                sha256=sha256,
                why=why.strip(),
                proposed_at=timezone.now(),
                proposed_by=by.person_id,
            )
            record(by=by, verb="propose data set", subject=queries.subject(made), detail={"sha256": sha256})
    except IntegrityError:
        raise NotPossible(f"Version {version} is proposed already. Comment on it, or give yours another version.") from None
    return made


def remark(
    *,
    proposal: DataSetProposal,
    by: Who,
    text: str = "",
    stance: Stance = Stance.COMMENT,
    centre: Centre | None = None,
    field: str = "",
) -> ProposalRemark:
    """Say something of an open proposal: a comment, or for a centre that it agrees or objects. The last answer counts."""
    service = proposal.service
    require(permissions.may_talk_of_data_set(by, service), f"Only the network of {service.name} comments on its data set.")
    if stance != Stance.COMMENT:
        of_service = centre is not None and centre.service_id == service.pk
        may = centre is not None and permissions.may_answer_for(by, centre)
        require(of_service and may, "Only the clinical lead answers for a centre.")
    if stance != Stance.AGREES and not text.strip():
        raise NotPossible("Say why the centre objects." if stance == Stance.OBJECTS else "The comment is empty.")
    if field and field not in document.read(stored_bytes(proposal.sha256)).by_name:
        raise NotPossible(f"The proposal has no field '{field}'.")
    with transaction.atomic():
        current = _open(proposal)
        said = {"centre": centre, "stance": stance, "field": field, "text": text.strip()}
        made = ProposalRemark.objects.create(proposal=current, **said, said_at=timezone.now(), said_by=by.person_id)
        detail = {"stance": stance.value, "centre": centre.key if centre else "", "field": field}
        record(by=by, verb="remark on data set", subject=f"{queries.subject(current)}/{made.pk}", detail=detail)
    return made


def adopt_proposal(*, proposal: DataSetProposal, adopted_on: dt.date, by: Who) -> DataSetVersion:
    """Put a proposed version in force. Who had agreed, objected or said nothing at that moment is kept with the event."""
    service = proposal.service
    require(permissions.may_adopt_data_set(by, service), f"Only the network of {service.name} adopts its data set.")
    with transaction.atomic():
        current = _open(proposal)
        content = stored_bytes(current.sha256)
        made = adopt_data_set(service=service, version=current.version, content=content, adopted_on=adopted_on, by=by)
        current.state = ProposalState.ADOPTED
        current.save(update_fields=["state"])
        told: dict[str, list[str]] = {"agrees": [], "objects": [], "silent": []}
        for one in queries.answers(current, timezone.localdate()):
            told[one.stance or "silent"].append(one.centre)
        record(by=by, verb="adopt proposed data set", subject=queries.subject(current), detail=told)
    return made


def withdraw_proposal(*, proposal: DataSetProposal, reason: str, by: Who) -> DataSetProposal:
    """Let a proposal be: what was said of it stays."""
    require(permissions.may_withdraw_proposal(by, proposal), "Only whoever proposed it, or the network lead, withdraws it.")
    if not reason.strip():
        raise NotPossible("Say why the proposal is withdrawn.")
    with transaction.atomic():
        current = _open(proposal)
        current.state = ProposalState.WITHDRAWN
        current.save(update_fields=["state"])
        record(by=by, verb="withdraw proposed data set", subject=queries.subject(current), detail={"reason": reason.strip()})
    return current


def _open(proposal: DataSetProposal) -> DataSetProposal:
    current = DataSetProposal.objects.select_for_update().select_related("service").get(pk=proposal.pk)
    if current.state != ProposalState.OPEN:
        raise NotPossible(f"This proposal is {current.state} already.")
    return current
