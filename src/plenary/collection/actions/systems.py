"""A centre's own system sends files by itself: with a key that people issue and revoke, in parts, once however often it asks."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from plenary.collection import permissions
from plenary.collection.actions import check, receive
from plenary.collection.models import Submission, SystemCall, SystemKey, SystemUpload
from plenary.collection.queries import systems as queries
from plenary.collection.terms import require_period
from plenary.core.actions import erase_bytes, record, store_bytes
from plenary.core.permissions import require
from plenary.core.queries import stored_bytes
from plenary.core.terms import NotFound, NotPossible, Refused, Who
from plenary.registry.models import Centre
from plenary_stats.errors import InputError

WINDOW: Final = 300
"""Seconds by which a call's time may differ from ours."""

LARGEST: Final = 50_000_000
PART: Final = 8_000_000
"""Bytes of a file, and of one part of it."""

AT_ONCE: Final = 1_000_000
KEPT: Final = dt.timedelta(days=1)
"""How long a file that is not finished is kept."""

KEYS: Final = 20
LONGEST_KEY: Final = 120
LONGEST_NAME: Final = 255
PUT_TOGETHER: Final = "the file was put together, or given up"

Answer = tuple[int, dict[str, Any]]


# -- keys


def issue_key(*, centre: Centre, name: str, by: Who) -> tuple[SystemKey, str]:
    """Give a centre's system a key; return it with its secret, which is shown this once."""
    require(permissions.may_issue_key(by, centre), f"Only the lead of {centre.key} and an administrator issue keys.")
    name = name.strip()
    if not name or len(name) > 80:
        raise NotPossible("Name the system that the key is for, in at most 80 letters.")
    if queries.keys(centre).filter(revoked_at=None).count() >= KEYS:
        raise NotPossible(f"{centre.key} has {KEYS} keys already. Revoke one that is not used.")
    with transaction.atomic():
        key_id = secrets.token_hex(12)
        made = SystemKey.objects.create(centre=centre, name=name, key_id=key_id, issued_at=timezone.now(), issued_by=by.person_id)
        record(by=by, verb="issue key", subject=f"system-key/{made.pk}", detail={"centre": centre.key, "name": name})
    return made, queries.secret(made)


def revoke_key(*, centre: Centre, number: int, by: Who) -> None:
    """Take a key away. What was sent with it stands. Revoked twice is revoked once."""
    require(permissions.may_issue_key(by, centre), f"Only the lead of {centre.key} and an administrator revoke keys.")
    with transaction.atomic():
        if queries.keys(centre).filter(pk=number, revoked_at=None).update(revoked_at=timezone.now()):
            record(by=by, verb="revoke key", subject=f"system-key/{number}", detail={"centre": centre.key})


# -- calls


def open_call(
    *, key_id: str, timestamp: str, signature: str, method: str, path: str, body: bytes, now: dt.datetime, by: Who
) -> SystemKey:
    """Return the key of a call that is signed rightly and in time; refuse any other, and record that where the key is known."""
    found = queries.key(key_id)
    if found is None:
        raise Refused("The key is not known, or it was revoked.")
    wanted = queries.signature(queries.secret(found), method, path, timestamp, body)
    reason = ""
    if not hmac.compare_digest(wanted.encode(), signature.encode()):
        reason = "The signature does not fit the call."
    elif not timestamp.isascii() or not timestamp.isdigit() or abs(now.timestamp() - int(timestamp[:12])) > WINDOW:
        reason = f"The call's time is not within {WINDOW} seconds of ours. Set the clock, and sign the call anew."
    if reason:
        detail = {"centre": found.centre.key, "method": method, "path": path, "reason": reason}
        record(by=by, verb="refuse system call", subject=f"system-key/{found.pk}", detail=detail)
        raise Refused(reason)
    return found


def answer_call(
    *, key: SystemKey, signature: str, method: str, path: str, body: bytes, idempotency: str, act: Callable[[], Answer], by: Who
) -> Answer:
    """Do what a call asks once, and keep the answer: the same idempotency key has the same answer, a mere replay none."""
    asked = hashlib.sha256(f"{method}\n{path}\n".encode() + body).hexdigest()
    writes = method == "POST"  # a part that is sent again changes nothing, nor does a question
    with transaction.atomic():
        SystemKey.objects.select_for_update().get(pk=key.pk)  # one call of a key at a time
        if len(idempotency) > LONGEST_KEY or "\0" in idempotency:
            return 422, {"error": f"An Idempotency-Key has at most {LONGEST_KEY} letters."}
        if writes and idempotency:
            known = SystemCall.objects.filter(key=key, idempotency=idempotency).first()
            if known is not None and known.request_sha256 != asked:
                return 422, {"error": "The Idempotency-Key was used for another call. Give each call its own."}
            if known is not None:
                return known.status, known.answer
        if writes and SystemCall.objects.filter(key=key, signature=signature).exists():
            return 409, {"error": "This very call was answered already. Sign a new one, or give it an Idempotency-Key."}
        status, answer = _outcome(act)
        if writes:
            SystemCall.objects.create(
                key=key, signature=signature, idempotency=idempotency, request_sha256=asked, status=status, answer=answer,
                called_at=timezone.now(),
            )  # fmt: skip
        detail = {"centre": key.centre.key, "method": method, "path": path, "status": status}
        record(by=by, verb="system call", subject=f"system-key/{key.pk}", detail=detail)
    return status, answer


def _outcome(act: Callable[[], Answer]) -> Answer:
    try:
        with transaction.atomic():
            return act()
    except NotFound as missing:
        return 404, {"error": str(missing)}
    except (NotPossible, InputError, Refused) as problem:
        return 409, {"error": str(problem)}


# -- a file in parts


def begin_upload(
    *, key: SystemKey, period_start: dt.date, period_end: dt.date, filename: str, size: int, by: Who
) -> SystemUpload:
    """Begin a file, and forget those of the centre's systems that were begun long ago and never finished."""
    _require_send(key, by)
    require_period(period_start, period_end)
    if not 0 < size <= LARGEST:
        raise NotPossible(f"A file has between 1 and {LARGEST:,} bytes.")
    if not filename.strip() or len(filename) > LONGEST_NAME:
        raise NotPossible(f"Name the file, in at most {LONGEST_NAME} letters.")
    with transaction.atomic():
        for old in SystemUpload.objects.filter(key__centre=key.centre, submission=None, begun_at__lt=timezone.now() - KEPT):
            _let_go(old.parts, keep="", by=by)
            old.delete()
        return SystemUpload.objects.create(
            key=key, token=secrets.token_hex(16), period_start=period_start, period_end=period_end, filename=filename.strip(),
            size=size, begun_at=timezone.now(),
        )  # fmt: skip


def add_part(*, key: SystemKey, token: str, offset: int, content: bytes, by: Who) -> SystemUpload:
    """Add the next part of a file. A part that came already changes nothing; one out of turn is refused."""
    _require_send(key, by)
    with transaction.atomic():
        one = SystemUpload.objects.select_for_update().get(pk=queries.upload(key, token).pk)
        sha256 = hashlib.sha256(content).hexdigest()
        if any(part == [offset, len(content), sha256] for part in one.parts):
            return one
        if offset != one.received or one.submission_id is not None:
            raise NotPossible(f"The next part begins at byte {one.received}, not {offset}.")
        if not content or len(content) > PART or offset + len(content) > one.size:
            raise NotPossible(f"A part has between 1 and {PART:,} bytes, and the file {one.size:,} in all.")
        store_bytes(content, by=by, media_type="application/octet-stream")
        one.parts = [*one.parts, [offset, len(content), sha256]]
        one.received += len(content)
        one.save(update_fields=["parts", "received"])
    return one


def finish_upload(*, key: SystemKey, token: str, sha256: str, by: Who) -> SystemUpload:
    """Put a file together and receive it as any other. Finished twice is finished once."""
    _require_send(key, by)
    with transaction.atomic():
        one = SystemUpload.objects.select_for_update().get(pk=queries.upload(key, token).pk)
        if one.submission_id is not None:
            return one
        if one.received != one.size:
            raise NotPossible(f"{one.size - one.received:,} bytes are wanting: the next part begins at byte {one.received}.")
        content = b"".join(stored_bytes(part) for _, _, part in one.parts)
        if not hmac.compare_digest(hashlib.sha256(content).hexdigest().encode(), sha256.lower().encode()):
            raise NotPossible("The SHA-256 is not that of the parts. Begin the file again.")
        one.submission = receive(
            centre=key.centre,
            period_start=one.period_start,
            period_end=one.period_end,
            filename=one.filename,
            content=content,
            by=by,
        )
        one.save(update_fields=["submission"])
        _let_go(one.parts, keep=one.submission.sha256, by=by)
        if len(content) <= AT_ONCE:
            check(submission_id=one.submission.pk, by=by)
    return one


def _require_send(key: SystemKey, by: Who) -> None:
    require(permissions.may_send(by, key.centre), f"Only people and systems of {key.centre.key} send its files.")


def _let_go(parts: Sequence[Sequence[Any]], *, keep: str, by: Who) -> None:
    """Erase kept parts: the whole is kept as a submission, or nothing is. Bytes that are a whole file elsewhere stay."""
    for _, _, sha256 in parts:
        if sha256 != keep and not Submission.objects.filter(sha256=sha256).exists():
            erase_bytes(sha256=sha256, why=PUT_TOGETHER, by=by)
