"""The keys of a centre's systems, what a signature must be, and what a system is told of what it sent."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from django.db.models import Count, Max, Q, QuerySet
from django.utils.crypto import salted_hmac

from plenary.collection.models import Submission, SystemKey, SystemUpload
from plenary.collection.queries import read_findings
from plenary.core.permissions import CentreLead, CentreSystem, may_administer
from plenary.core.queries import erased_on, stored_bytes
from plenary.core.terms import NotFound, Post, Who
from plenary.registry.models import Centre


def keys(centre: Centre) -> QuerySet[SystemKey]:
    """Return the keys of a centre, those in force first. The caller has asked whether they may be seen."""
    return SystemKey.objects.filter(centre=centre).order_by("revoked_at", "-issued_at", "-id")


def centres_to_keep(who: Who) -> QuerySet[Any]:
    """Return the centres whose keys ``who`` issues and revokes, each with how many are in force and when the last was issued."""
    mine = Q() if may_administer(who) else Q(pk__in=())
    for post in who.posts:
        if post.role == CentreLead.key and post.scope_kind == "centre":
            service, _, ods = post.scope.partition("/")
            mine |= Q(service__slug=service, ods=ods)
    rows = Centre.objects.filter(mine).select_related("service").order_by("service__name", "name", "ods")
    return rows.annotate(
        in_force=Count("system_keys", filter=Q(system_keys__revoked_at=None)), last_issued=Max("system_keys__issued_at")
    )


def key(key_id: str) -> SystemKey | None:
    """Return a key that is in force; None for any other, and for what cannot be one."""
    if not (key_id.isascii() and key_id.isalnum()):
        return None
    return SystemKey.objects.select_related("centre__service").filter(key_id=key_id, revoked_at=None).first()


def secret(found: SystemKey) -> str:
    """Return the secret of a key: it follows from the key and from the installation's own, and is kept nowhere."""
    return salted_hmac("plenary.collection.system-key", found.key_id, algorithm="sha256").hexdigest()


def signature(secret: str, method: str, path: str, timestamp: str, body: bytes) -> str:
    """Return the signature of a call: HMAC-SHA-256 over method, path with query, time, and the hash of the body."""
    message = "\n".join((method.upper(), path, timestamp, hashlib.sha256(body).hexdigest()))
    return hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()


def acting(found: SystemKey) -> Who:
    """Return who a call with this key acts as: a system of the one centre, which sends and does nothing else."""
    return Who(None, f"{found.name} ({found.centre.key})", (Post(CentreSystem.key, "centre", found.centre.key),))


def upload(found: SystemKey, token: str) -> SystemUpload:
    """Return an upload of a system of the same centre."""
    row = SystemUpload.objects.select_related("key__centre", "submission").filter(key__centre=found.centre, token=token).first()
    if row is None:
        raise NotFound(f"There is no upload {token}.")
    return row


def told(found: SystemKey, submission_id: int) -> dict[str, Any]:
    """Return how far a submission of the same centre is, and its findings."""
    one = Submission.objects.filter(centre=found.centre, pk=submission_id).first()
    if one is None:
        raise NotFound(f"There is no submission {submission_id}.")
    findings = stored_bytes(one.findings_sha256) if one.findings_sha256 and not erased_on(one.findings_sha256) else b"[]"
    return {
        "submission": one.pk,
        "state": str(one.state),
        "sha256": one.sha256,
        "cases": one.cases,
        "counts": {"blocking": one.blocking, "warning": one.warnings, "notice": one.notices},
        "findings": [each.told() for each in read_findings(findings)],
    }
