"""Tables of the core. Nothing here decides who may do what, and nothing saves itself."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from plenary.core.terms import SCOPE_KINDS


class PersonManager(BaseUserManager["Person"]):
    """Finds a person by e-mail address whatever its letter case."""

    def get_by_natural_key(self, username: str | None) -> Person:
        return self.get(email__iexact=username)


class Person(AbstractBaseUser):
    """Someone who signs in. Made by an administrator; never deleted, only closed."""

    email = models.EmailField(unique=True, error_messages={"unique": "Somebody already signs in with this address."})
    name = models.CharField(max_length=200)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]
    objects = PersonManager()

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="person_email_any_case")]

    class Privacy:
        safe = {"id", "is_active", "created_at", "last_login"}
        scrub = {"email", "name", "password"}

    def __str__(self) -> str:
        return self.name


class Post(models.Model):
    """A role over an object between two dates: ``[starts_on, ends_on)``."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="posts")
    role = models.CharField(max_length=40)
    scope_kind = models.CharField(max_length=10, choices=[(kind, kind) for kind in SCOPE_KINDS])
    scope = models.CharField(max_length=120, blank=True)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["person_id", "starts_on", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(scope_kind__in=SCOPE_KINDS), name="post_scope_kind_known"),
            models.CheckConstraint(
                condition=Q(scope_kind="all", scope="") | (~Q(scope_kind="all") & ~Q(scope="")), name="post_scope_given"
            ),
            models.CheckConstraint(condition=Q(ends_on=None) | Q(ends_on__gte=models.F("starts_on")), name="post_dates_in_order"),
        ]

    class Privacy:
        safe = {"id", "person", "role", "scope_kind", "scope", "starts_on", "ends_on"}
        scrub = {"reason"}


class AuditEvent(models.Model):
    """One thing that happened. Append-only: the database itself refuses a change or a removal."""

    sequence = models.BigIntegerField(primary_key=True)
    occurred_at = models.DateTimeField()
    who = models.BigIntegerField(null=True, db_index=True)  # a plain id: history outlives the row it names
    who_name = models.CharField(max_length=200)
    verb = models.CharField(max_length=80, db_index=True)
    subject = models.CharField(max_length=300, db_index=True)
    detail = models.TextField()  # canonical JSON as text: a database's own JSON type may rewrite numbers and break the hash
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ["sequence"]

    class Privacy:
        safe = {"sequence", "occurred_at", "who", "verb", "previous_hash", "hash"}
        scrub = {"who_name", "subject", "detail"}


class StoredBytes(models.Model):
    """Bytes kept under their own sha-256 in the store folder; this row says when they came and what they are.

    Erased, the row stays as a tombstone: that there was something of this hash is known, and not what it was.
    """

    sha256 = models.CharField(max_length=64, primary_key=True)
    size = models.BigIntegerField()
    media_type = models.CharField(max_length=100)
    stored_at = models.DateTimeField()
    stored_by = models.BigIntegerField(null=True)
    erased_at = models.DateTimeField(null=True, blank=True)

    class Privacy:
        safe = {"sha256", "size", "media_type", "stored_at", "stored_by", "erased_at"}
        scrub: set[str] = set()


class ActionToDo(models.Model):
    """Something that a person, or whoever holds a post, is asked to do by a date."""

    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=40, blank=True)
    scope_kind = models.CharField(max_length=10, blank=True)
    scope = models.CharField(max_length=120, blank=True)
    what = models.CharField(max_length=300)
    link = models.CharField(max_length=300, blank=True)
    due_on = models.DateField(null=True, blank=True)
    asked_by = models.BigIntegerField(null=True)
    asked_at = models.DateTimeField()
    done_by = models.BigIntegerField(null=True)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = [models.F("due_on").asc(nulls_last=True), "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(person__isnull=False, role="") | (Q(person=None) & ~Q(role="")), name="todo_one_kind_of_owner"
            )
        ]

    class Privacy:
        safe = {"id", "person", "role", "scope_kind", "scope", "due_on", "asked_by", "asked_at", "done_by", "done_at"}
        scrub = {"what", "link"}


class Policy(models.Model):
    """One version of a rule that holds between dates: ``[valid_from, valid_to)``."""

    name = models.CharField(max_length=80)
    version = models.CharField(max_length=40)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    body = models.JSONField()
    source = models.TextField()

    class Meta:
        ordering = ["name", "valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["name", "version"], name="policy_version_once"),
            models.UniqueConstraint(fields=["name", "valid_from"], name="policy_starts_once_a_day"),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gt=models.F("valid_from")), name="policy_dates_in_order"
            ),
        ]

    class Privacy:
        safe = {"id", "name", "version", "valid_from", "valid_to", "body", "source"}
        scrub: set[str] = set()
