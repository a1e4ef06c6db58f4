"""Everything that writes to the core's tables."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import tomllib
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from allauth.account.forms import EmailAwarePasswordResetTokenGenerator
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db import connection, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from plenary.core import permissions, queries
from plenary.core.models import ActionToDo, AuditEvent, Person, Policy, Post, StoredBytes
from plenary.core.permissions import require, require_fit
from plenary.core.terms import ATTEMPTS, NOBODY, SYSTEM, Event, Refused, Who, scope_kind

CHAIN_LOCK = 0x706C656E  # "plen": the advisory lock that makes appending to the audit chain one at a time
SUPPORT_DAYS = 7  # the longest that support staff may hold a post which sees cases


def record(*, by: Who, verb: str, subject: str, detail: dict[str, Any] | None = None) -> int:
    """Append one audit event and return its sequence.

    Call it inside the action's transaction, after the action's own writes: on PostgreSQL the end of the chain stays
    locked until the transaction ends.
    """
    if by == NOBODY:
        raise Refused("Nobody is signed in.")
    text = json.dumps(detail or {}, sort_keys=True, ensure_ascii=False, allow_nan=False, default=_plain)
    with transaction.atomic():
        _lock_chain()
        last = AuditEvent.objects.order_by("-sequence").values_list("sequence", "hash").first()
        sequence, previous = (last[0] + 1, last[1]) if last else (1, queries.GENESIS)
        event = Event(sequence, timezone.now(), by.person_id, by.name, verb, subject, text)
        AuditEvent.objects.create(**vars(event), previous_hash=previous, hash=queries.event_hash(event, previous))
    return sequence


def record_read(*, by: Who, subject: str, why: str, detail: dict[str, Any] | None = None) -> int:
    """Append the event that somebody read identifiable cases."""
    return record(by=by, verb="read", subject=subject, detail={"why": why} | (detail or {}))


def store_bytes(content: bytes, *, by: Who, media_type: str) -> str:
    """Keep bytes under their own sha-256 and return it. The same bytes twice are kept once."""
    sha256 = hashlib.sha256(content).hexdigest()
    path = queries.store_path(sha256)
    if not _holds_exactly(path, content):
        _write_durably(path, content)
    with transaction.atomic():
        StoredBytes.objects.filter(pk=sha256).exclude(erased_at=None).delete()  # erased once and sent again: it is new
        _, is_new = StoredBytes.objects.get_or_create(
            pk=sha256,
            defaults={"size": len(content), "media_type": media_type, "stored_at": timezone.now(), "stored_by": by.person_id},
        )
        if is_new:
            record(by=by, verb="store bytes", subject=f"bytes/{sha256}", detail={"size": len(content), "media_type": media_type})
    return sha256


def erase_bytes(*, sha256: str, why: str, by: Who) -> None:
    """Erase kept bytes for good. Their row and the event keep the hash. For actions that have asked whether ``by`` may.

    Call it inside the action's transaction: the file goes when that is committed. A kill in between is made good by
    ``finish_erasures``.
    """
    with transaction.atomic():
        if StoredBytes.objects.filter(pk=sha256, erased_at=None).update(erased_at=timezone.now()):
            record(by=by, verb="erase bytes", subject=f"bytes/{sha256}", detail={"why": why})
        transaction.on_commit(partial(finish_erasures, by=SYSTEM))


def finish_erasures(*, by: Who) -> int:
    """Remove the files of everything that was erased, and return how many were still there. Repeatable."""
    require(permissions.may_administer(by), "Only an administrator may remove erased files.")
    left = [queries.store_path(sha256) for sha256 in StoredBytes.objects.exclude(erased_at=None).values_list("pk", flat=True)]
    found = [path for path in left if path.exists()]
    for path in found:
        path.unlink(missing_ok=True)
        _sync_folder(path.parent)
    return len(found)


def create_person(*, email: str, name: str, password: str | None = None, by: Who) -> Person:
    """Make an account. Without a password the person sets one by asking for a reset."""
    require(permissions.may_administer(by), "Only an administrator may create accounts.")
    email = email.strip().lower()
    person = Person(email=email, name=name.strip(), created_at=timezone.now())
    _validate(person, password)
    person.set_password(password)
    require_fit(person)
    with transaction.atomic():
        person.save(force_insert=True)
        # The administrator vouches for the address; allauth asks for this before a second factor can be added.
        EmailAddress.objects.create(user=person, email=email, verified=True, primary=True)
        record(by=by, verb="create person", subject=f"person/{person.pk}", detail={"email": email, "name": person.name})
    return person


def invite(*, person: Person, by: Who) -> None:
    """Send somebody the link by which they choose their first password. Sent again, the earlier link ends with its first use."""
    require(permissions.may_administer(by), "Only an administrator may invite.")
    require(person.is_active, "This account is closed.")
    require(not person.has_usable_password(), f"{person.name} has chosen a password already.")
    with transaction.atomic():
        record(by=by, verb="invite", subject=f"person/{person.pk}")
        _invitation(person).send()


def _invitation(person: Person) -> EmailMessage:
    key = f"{user_pk_to_url_str(person)}-{EmailAwarePasswordResetTokenGenerator().make_token(person)}"
    site = settings.PLENARY.base_url
    link = site + reverse("account_reset_password_from_key", args=key.split("-", 1))
    days = settings.PASSWORD_RESET_TIMEOUT // (24 * 3600)
    body = (
        f"Dear {person.name},\n\n"
        "you have an account on Plenary, where the networks of highly specialised services bring their cases together.\n\n"
        f"Choose your password within {days} days:\n{link}\n\n"
        "Then you set up one-time codes with an app on your phone; have it beside you. If the link has run out, ask for another: "
        f"{site}{reverse('account_reset_password')}\n\n"
        "If you did not expect this, do nothing and tell whoever runs the installation.\n"
    )
    return EmailMessage(subject="Your account on Plenary", body=body, to=[person.email])


def close_person(*, person: Person, by: Who) -> None:
    """End somebody's access at once: no sign-in, no posts from today."""
    require(permissions.may_administer(by), "Only an administrator may close accounts.")
    with transaction.atomic():
        Person.objects.filter(pk=person.pk).update(is_active=False)
        queries.posts_in_force(queries.today()).filter(person=person).update(ends_on=queries.today())
        record(by=by, verb="close person", subject=f"person/{person.pk}")


def appoint(
    *,
    person: Person,
    role: str,
    scope: str = "",
    starts_on: date | None = None,
    ends_on: date | None = None,
    reason: str = "",
    by: Who,
) -> Post:
    """Give somebody a post.

    An administrator who is to see cases is support staff: the post needs a reason and ends within a week. So it is whichever
    of the two posts is given first.
    """
    require(permissions.may_administer(by), "Only an administrator may appoint.")
    kind = permissions.role_of(role)
    over = scope_kind(scope)
    require(over in kind.scope_kinds, f"{kind.label} is held over: {', '.join(kind.scope_kinds)}; not over {over} ({scope!r}).")
    require(over != "centre" or all(part for part in scope.split("/", 1)), f"A centre is named 'service/ODS', not {scope!r}.")
    require(by.person_id != person.pk, "Nobody appoints themselves.")
    starts_on = starts_on or queries.today()
    require(ends_on is None or ends_on >= starts_on, "A post cannot end before it starts.")
    post = Post(person=person, role=role, scope_kind=over, scope=scope, starts_on=starts_on, ends_on=ends_on, reason=reason)
    require_fit(post)
    with transaction.atomic():
        _require_support_limits(post)
        post.save(force_insert=True)
        detail = {"role": role, "scope": scope, "starts_on": starts_on, "ends_on": ends_on, "reason": reason}
        record(by=by, verb="appoint", subject=f"person/{person.pk}", detail=detail)
    return post


def end_post(*, post: Post, on: date | None = None, by: Who) -> None:
    """End a post on a day (today where left out): it is not held on that day any more. One that ends is never prolonged."""
    require(permissions.may_administer(by), "Only an administrator may end a post.")
    on = on or queries.today()
    with transaction.atomic():
        current = Post.objects.select_for_update().get(pk=post.pk)
        require(on >= current.starts_on, "A post cannot end before it starts.")
        # Or a post that support staff hold for a week could be made to last.
        require(current.ends_on is None or on <= current.ends_on, f"This post ends on {current.ends_on} already: give a new one.")
        if current.ends_on == on:
            return
        Post.objects.filter(pk=post.pk).update(ends_on=on)
        detail = {"role": post.role, "scope": post.scope, "ends_on": on}
        record(by=by, verb="end post", subject=f"person/{post.person_id}", detail=detail)


def enrol_totp(*, person: Person, secret: str, by: Who) -> list[str]:
    """Give somebody a one-time-code secret (base32) and return their recovery codes. For demonstration and commands."""
    require(permissions.may_administer(by), "Only an administrator may enrol somebody else's second factor.")
    with transaction.atomic():
        Authenticator.objects.filter(user=person).delete()
        TOTP.activate(person, secret)
        codes: list[str] = RecoveryCodes.activate(person).generate_codes()
        record(by=by, verb="enrol second factor", subject=f"person/{person.pk}")
    return codes


def reset_second_factor(*, person: Person, by: Who) -> None:
    """Remove somebody's second factor, so that they set up a new one at the next sign-in."""
    require(permissions.may_administer(by), "Only an administrator may reset a second factor.")
    require(by.person_id != person.pk, "Nobody resets their own second factor.")
    with transaction.atomic():
        Authenticator.objects.filter(user=person).delete()
        record(by=by, verb="reset second factor", subject=f"person/{person.pk}")


def ask(
    *,
    by: Who,
    what: str,
    link: str = "",
    due_on: date | None = None,
    role: str = "",
    scope: str = "",
    person: Person | None = None,
) -> ActionToDo:
    """Put something to do in the inbox of one person, or of whoever holds a role over exactly this scope."""
    require((person is None) != (not role), "Ask one person, or the holders of one role.")
    if role:
        permissions.role_of(role)
    kind = "" if person else scope_kind(scope)
    with transaction.atomic():
        todo = ActionToDo.objects.create(
            person=person, role=role, scope_kind=kind, scope=scope, what=what, link=link, due_on=due_on,
            asked_by=by.person_id, asked_at=timezone.now(),
        )  # fmt: skip
        detail = {"role": role, "scope": scope, "person": person.pk if person else None, "what": what, "due_on": due_on}
        record(by=by, verb="ask", subject=f"todo/{todo.pk}", detail=detail)
    return todo


def complete_action(*, todo: ActionToDo, by: Who) -> None:
    """Mark something as done. Done twice is done once."""
    with transaction.atomic():
        current = ActionToDo.objects.select_for_update().get(pk=todo.pk)
        if current.done_at is not None:
            return
        mine = queries.inbox(by).filter(pk=todo.pk).exists()
        require(mine or permissions.may_administer(by), "This is not yours to complete.")
        ActionToDo.objects.filter(pk=todo.pk).update(done_at=timezone.now(), done_by=by.person_id)
        record(by=by, verb="complete action", subject=f"todo/{todo.pk}")


def adopt_policy(
    *, name: str, version: str, valid_from: date, body: dict[str, Any], source: str, valid_to: date | None = None, by: Who
) -> Policy:
    """Put a version of a policy in force. An open earlier version ends where this one begins; the same twice is once."""
    require(permissions.may_adopt_policy(by, name), "Only an administrator or the owner of a policy may adopt a version of it.")
    require(valid_to is None or valid_to > valid_from, f"A version of {name!r} cannot end before it begins.")
    content = {"valid_from": valid_from, "body": json.loads(json.dumps(body, default=_plain)), "source": source}
    with transaction.atomic():
        known = Policy.objects.select_for_update().filter(name=name, version=version).first()
        if known is not None:
            same = all(getattr(known, field) == value for field, value in content.items())
            require(same, f"Version {version} of {name!r} is adopted already with other content: give it a new version.")
            return known
        _require_no_overlap(name, valid_from, valid_to)
        Policy.objects.filter(name=name, valid_to=None, valid_from__lt=valid_from).update(valid_to=valid_from)
        adopted = Policy.objects.create(name=name, version=version, valid_to=valid_to, **content)
        record(by=by, verb="adopt policy", subject=f"policy/{name}/{version}", detail=content | {"valid_to": valid_to})
    return adopted


def adopt_policies(folder: Path, *, by: Who) -> list[Policy]:
    """Adopt every ``*.toml`` of a folder: name, version, valid_from, [valid_to], source, and a table ``[body]``."""
    read = [_policy_document(path) for path in sorted(folder.glob("*.toml"))]
    wanted = (*_POLICY_KEYS, "valid_to")
    chosen = sorted(
        ({key: one[key] for key in wanted if key in one} for one in read), key=lambda one: (one["name"], one["valid_from"])
    )
    with transaction.atomic():
        return [adopt_policy(**one, by=by) for one in chosen]


_POLICY_KEYS = {"name": str, "version": str, "valid_from": date, "source": str, "body": dict}


def _policy_document(path: Path) -> dict[str, Any]:
    """Return the document of a policy; refuse, naming the file and the key, what is none."""
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except ValueError as problem:
        raise Refused(f"{path.name} is not a policy: {problem}.") from None
    wrong = [key for key, kind in _POLICY_KEYS.items() if not isinstance(found.get(key), kind)]
    require(not wrong, f"{path.name} is not a policy: it does not give its {', '.join(wrong)}.")
    return found


def requeue_abandoned(*, by: Who) -> int:
    """Begin again the jobs that a killed worker left running, and return how many.

    Call it where no worker runs. Jobs may be repeated without harm; one that was begun too often counts as failed,
    so that it cannot take every new worker down with it.
    """
    require(permissions.may_administer(by), "Only an administrator may begin jobs again.")
    with transaction.atomic():
        abandoned = list(DBTaskResult.objects.select_for_update().running())
        for job in abandoned:
            job.status = TaskResultStatus.READY if len(job.worker_ids) < ATTEMPTS else TaskResultStatus.FAILED
            job.finished_at = timezone.now() if job.status == TaskResultStatus.FAILED else None
            job.save(update_fields=["status", "finished_at"])
        if abandoned:
            record(by=by, verb="begin jobs again", subject="jobs", detail={"jobs": [str(job.pk) for job in abandoned]})
    return len(abandoned)


def _lock_chain() -> None:
    # SQLite needs none: its transactions begin IMMEDIATE, so there is one writer at a time.
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CHAIN_LOCK])


def _plain(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot stand in an audit event or a policy: give text, numbers or dates.")


def _holds_exactly(path: Path, content: bytes) -> bool:
    try:
        return path.read_bytes() == content
    except FileNotFoundError:
        return False


def _write_durably(path: Path, content: bytes) -> None:
    """Write so that after a crash the path holds all of the bytes or is not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(dir=path.parent, prefix=".partial-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(partial).replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(partial).unlink()
        raise
    for folder in (path.parent, path.parent.parent):
        _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _validate(person: Person, password: str | None) -> None:
    try:
        validate_email(person.email)
        if password is not None:
            validate_password(password, person)
    except ValidationError as problem:
        raise Refused(" ".join(problem.messages)) from None
    require(bool(person.name), "A person has a name.")
    require(not Person.objects.filter(email__iexact=person.email).exists(), f"Somebody already signs in with {person.email}.")


def _require_support_limits(post: Post) -> None:
    """Refuse that anybody is administrator and sees cases on the same day, unless for a reason and a week at most."""
    administers = post.role == permissions.Administrator.key
    sees = [role.key for role in permissions.ROLES if role.sees_cases]
    if not administers and post.role not in sees:
        return
    others = Post.objects.filter(Q(ends_on=None) | Q(ends_on__gt=post.starts_on), person=post.person)
    others = others.filter(role__in=sees if administers else [permissions.Administrator.key])
    if post.ends_on is not None:
        others = others.filter(starts_on__lt=post.ends_on)
    for one in list(others) if administers else [post] if others.exists() else []:
        short = one.ends_on is not None and one.ends_on - one.starts_on <= timedelta(days=SUPPORT_DAYS)
        words = f"{one.role} of {one.scope}"
        require(short, f"Support staff see cases for {SUPPORT_DAYS} days at most: give the post an end ({words}).")
        require(bool(one.reason.strip()), f"Support staff see cases for a stated reason only ({words}).")


def _require_no_overlap(name: str, valid_from: date, valid_to: date | None) -> None:
    later = Policy.objects.filter(name=name, valid_from__gte=valid_from).first()
    clear = later is None or (valid_to is not None and valid_to <= later.valid_from)
    require(clear, f"A later version of {name!r} is adopted already.")
    inside = Policy.objects.filter(name=name, valid_from__lt=valid_from, valid_to__gt=valid_from).first()
    require(inside is None, f"Another version of {name!r} is in force on {valid_from.isoformat()}.")
