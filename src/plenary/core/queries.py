"""Everything that reads the core's tables."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, date
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

import plenary_stats
from plenary.core.models import ActionToDo, AuditEvent, Person, StoredBytes
from plenary.core.models import Policy as PolicyRow
from plenary.core.models import Post as PostRow
from plenary.core.terms import DEMONSTRATION, NOBODY, ChainReport, Damaged, Event, NotFound, Policy, Post, Who

GENESIS = "0" * 64
"""The hash before the first event."""


def today() -> date:
    """Return the date in London, where the day of a post or a policy begins."""
    return timezone.localdate()


@cache
def code_version() -> str:
    """Return the version of this code with a digest of the statistics, whose results depend on nothing else of it."""
    state = hashlib.sha256()
    folder = Path(plenary_stats.__file__).parent
    for path in sorted(folder.rglob("*.py")):
        state.update(f"{path.relative_to(folder).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    try:
        version = metadata.version("plenary")
    except metadata.PackageNotFoundError:  # run from a source tree that was not installed
        version = "source"
    return f"{version} ({state.hexdigest()[:12]})"


def who(person: Person | AnonymousUser, on: date | None = None) -> Who:
    """Return the acting record of a person with the posts in force on a day (today where left out)."""
    if not isinstance(person, Person) or not person.is_active:
        return NOBODY
    rows = held_posts(person, on)
    return Who(person.pk, person.name, tuple(Post(row.role, row.scope_kind, row.scope) for row in rows))


def person(email: str) -> Person:
    """Return the person who signs in with this address; raise ``NotFound``."""
    found = Person.objects.filter(email__iexact=email.strip()).first()
    if found is None:
        raise NotFound(f"Nobody signs in with {email}.")
    return found


def people() -> QuerySet[Person]:
    """Return everybody who can or could sign in, by name."""
    return Person.objects.order_by("name", "id")


def posts_in_force(on: date) -> QuerySet[PostRow]:
    """Return the posts held on a day."""
    return PostRow.objects.filter(Q(ends_on=None) | Q(ends_on__gt=on), starts_on__lte=on)


def holders(role: str, scope: str) -> QuerySet[Person]:
    """Return who holds a role over exactly this scope today, by name."""
    held = posts_in_force(today()).filter(role=role, scope=scope)
    return people().filter(is_active=True, pk__in=held.values("person"))


def policy(name: str, on: date) -> Policy:
    """Return the version of a policy in force on a day; raise ``NotFound``."""
    row = PolicyRow.objects.filter(Q(valid_to=None) | Q(valid_to__gt=on), name=name, valid_from__lte=on).last()
    if row is None:
        raise NotFound(f"No version of the policy {name!r} is in force on {on.isoformat()}.")
    return Policy(row.name, row.version, row.valid_from, row.valid_to, row.body, row.source)


def policy_versions(name: str) -> list[Policy]:
    """Return every version of a policy, the earliest first: what was, what is and what will be in force."""
    rows = PolicyRow.objects.filter(name=name)
    return [Policy(row.name, row.version, row.valid_from, row.valid_to, row.body, row.source) for row in rows]


def inbox(who: Who) -> QuerySet[ActionToDo]:
    """Return what this person is asked to do and has not done, by due date."""
    mine = Q(person_id=who.person_id) if who.person_id is not None else Q(pk__in=())
    for post in who.posts:
        mine |= Q(role=post.role, scope_kind=post.scope_kind, scope=post.scope)
    return ActionToDo.objects.filter(mine, done_at=None)


def stored_bytes(sha256: str) -> bytes:
    """Return kept bytes; raise ``NotFound`` when they were never kept or were erased, ``Damaged`` when they changed on disk."""
    row = StoredBytes.objects.filter(pk=sha256).first()
    if row is None:
        raise NotFound(f"No bytes are kept under {sha256}.")
    if row.erased_at is not None:
        raise NotFound(f"What was kept under {sha256} was erased.")
    try:
        content = store_path(sha256).read_bytes()
    except FileNotFoundError:
        raise Damaged(f"The file kept under {sha256} is gone from the store. Restore it from a backup.") from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise Damaged(f"The file kept under {sha256} has changed on disk. Restore it from a backup.")
    return content


def erased_on(sha256: str) -> date | None:
    """Return the day on which kept bytes were erased; None where they stand or never were."""
    row = StoredBytes.objects.filter(pk=sha256, erased_at__isnull=False).first()
    return timezone.localdate(row.erased_at) if row else None


def store_path(sha256: str) -> Path:
    """Return where bytes of this hash lie in the store folder."""
    store: Path = settings.PLENARY.store
    return store / sha256[:2] / sha256


def events(*, verb: str | None = None, subject: str | None = None) -> QuerySet[AuditEvent]:
    """Return audit events in the order in which they happened."""
    found = AuditEvent.objects.all()
    if verb is not None:
        found = found.filter(verb=verb)
    return found if subject is None else found.filter(subject=subject)


def is_demonstration() -> bool:
    """Return whether this database has ever held the invented world."""
    return events(verb=DEMONSTRATION).exists()


def has_second_factor(person: Person) -> bool:
    """Return whether somebody has set up one-time codes."""
    return bool(Authenticator.objects.filter(user=person, type=Authenticator.Type.TOTP).exists())


def held_posts(person: Person, on: date | None = None) -> QuerySet[PostRow]:
    """Return somebody's posts in force on a day (today where left out)."""
    return posts_in_force(on or today()).filter(person=person)


def event_detail(event: AuditEvent) -> dict[str, Any]:
    """Return an event's detail as it was given."""
    detail: dict[str, Any] = json.loads(event.detail)
    return detail


def given_up(task: str) -> set[Any]:
    """Return the first argument of every job of this name that failed and that no later job is to do or does."""
    failed, waiting = TaskResultStatus.FAILED, (TaskResultStatus.READY, TaskResultStatus.RUNNING)
    jobs = DBTaskResult.objects.filter(task_path=task, status__in=(failed, *waiting))  # not the many that are done
    found: dict[str, set[Any]] = {status: set() for status in (failed, *waiting)}
    for status, arguments in jobs.values_list("status", "args_kwargs"):
        found[status].update(arguments["args"][:1])
    return found[failed].difference(*(found[status] for status in waiting))


def event_hash(event: Event, previous_hash: str) -> str:
    """Return the hash of an event: sha-256 of its canonical JSON, the hash before it included."""
    content = {
        "sequence": event.sequence,
        "occurred_at": event.occurred_at.astimezone(UTC).isoformat(timespec="microseconds"),
        "who": event.who,
        "who_name": event.who_name,
        "verb": event.verb,
        "subject": event.subject,
        "detail": event.detail,
        "previous_hash": previous_hash,
    }
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def verify_chain() -> ChainReport:
    """Recompute every hash from the first event on."""
    head, count = GENESIS, 0
    for row in _all_events():
        count += 1
        reason = _misfit(row, count, head)
        if reason:
            return ChainReport(count, head, row.sequence, reason)
        head = row.hash
    return ChainReport(count, head, None, "")


def _all_events() -> Iterator[AuditEvent]:
    return AuditEvent.objects.order_by("sequence").iterator(chunk_size=2000)


def _misfit(row: AuditEvent, expected: int, head: str) -> str:
    if row.sequence != expected:
        return f"event {expected} is missing"
    if row.previous_hash != head:
        return "it does not follow from the event before it"
    event = Event(row.sequence, row.occurred_at, row.who, row.who_name, row.verb, row.subject, row.detail)
    return "" if event_hash(event, head) == row.hash else "its content does not match its hash"
