"""People, posts and acting records for tests."""

from __future__ import annotations

from datetime import date

import factory
from django.utils import timezone

from plenary.core import models, permissions
from plenary.core.terms import Post, Who, scope_kind

PASSWORD = "a quiet lamp in the hall"
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


class PersonFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.Person
        skip_postgeneration_save = True

    id = factory.Sequence(lambda number: 1_000_000 + number)
    """Far from the numbers of those who are only named (``make_who``): a reviewer was once taken for whoever proposed."""
    email = factory.Sequence(lambda number: f"person{number}@example.org")
    name = factory.Sequence(lambda number: f"Person {number}")
    created_at = factory.LazyFunction(timezone.now)
    password = factory.django.Password(PASSWORD)


class PostFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.Post

    person = factory.SubFactory(PersonFactory)
    role = permissions.CentreDataManager.key
    scope_kind = "centre"
    scope = "adult-ecmo/RJ1"
    starts_on = date(2020, 1, 1)


def make_who(role: type[permissions.Role] | str, scope: str = "", person_id: int = 1, name: str = "A Person") -> Who:
    """Return an acting record with one post, without touching the database.

    The kind of scope follows from its form: "" is all, "slug/ODS" a centre, a nation's name a nation, else a service.
    """
    key = role if isinstance(role, str) else role.key
    return Who(person_id, name, (Post(key, scope_kind(scope), scope),))


def make_person_who(role: type[permissions.Role] | str, scope: str = "") -> Who:
    """Return the acting record of a real person in the database who holds a real post since 2020."""
    key = role if isinstance(role, str) else role.key
    person = PersonFactory()
    PostFactory(person=person, role=key, scope_kind=scope_kind(scope), scope=scope)
    return Who(person.pk, person.name, (Post(key, scope_kind(scope), scope),))
