from __future__ import annotations

from datetime import date

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from plenary.core import actions, models
from plenary.core.terms import SYSTEM
from tests.factories.core import PersonFactory, PostFactory

pytestmark = pytest.mark.django_db


def refused(make):
    with pytest.raises(IntegrityError), transaction.atomic():
        make()


@pytest.mark.parametrize(
    "wrong",
    [
        {"scope_kind": "planet", "scope": "earth"},
        {"scope_kind": "all", "scope": "adult-ecmo"},
        {"scope_kind": "service", "scope": ""},
        {"starts_on": date(2026, 2, 1), "ends_on": date(2026, 1, 1)},
    ],
)
def test_a_post_that_makes_no_sense_does_not_enter_the_table(wrong):
    refused(lambda: PostFactory(**wrong))
    assert not models.Post.objects.exists()


def test_a_person_with_posts_is_never_deleted():
    person = PostFactory().person
    with pytest.raises(DatabaseError):
        person.delete()
    assert models.Person.objects.filter(pk=person.pk).exists()


def test_a_person_is_found_by_address_in_any_letter_case():
    person = PersonFactory(email="jo@example.org")
    assert models.Person.objects.get_by_natural_key("JO@example.ORG") == person
    assert str(person) == person.name


@pytest.mark.parametrize("owners", [{}, {"person": True, "role": "reviewer"}])
def test_something_to_do_has_one_kind_of_owner(owners):
    owner = owners | ({"person": PersonFactory()} if "person" in owners else {})
    refused(lambda: models.ActionToDo.objects.create(what="x", asked_at=PersonFactory().created_at, **owner))


def test_a_policy_ends_after_it_begins_and_starts_once_a_day():
    shape = {"name": "quorum", "body": {}, "source": "Handbook"}
    refused(lambda: models.Policy.objects.create(version="1", valid_from=date(2026, 1, 1), valid_to=date(2026, 1, 1), **shape))
    models.Policy.objects.create(version="1", valid_from=date(2026, 1, 1), **shape)
    refused(lambda: models.Policy.objects.create(version="2", valid_from=date(2026, 1, 1), **shape))
    refused(lambda: models.Policy.objects.create(version="1", valid_from=date(2027, 1, 1), **shape))


@pytest.mark.parametrize(
    "change",
    [
        lambda events: events.update(verb="other"),
        lambda events: events.delete(),
        lambda events: events.get().delete(),
        lambda events: models.AuditEvent(pk=1, occurred_at=events.get().occurred_at, verb="other").save(force_update=True),
    ],
)
def test_an_audit_event_cannot_be_changed_through_its_table(change):
    actions.record(by=SYSTEM, verb="try", subject="x")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        change(models.AuditEvent.objects.all())
    assert models.AuditEvent.objects.get().verb == "try"
