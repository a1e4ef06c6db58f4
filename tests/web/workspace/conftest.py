"""People who are signed in, and centres with cases of their own."""

from __future__ import annotations

import pytest
from django.test import Client

from plenary.core import actions
from plenary.core.terms import SYSTEM, scope_kind
from tests.factories.collection import make_centre
from tests.factories.core import TOTP_SECRET, PersonFactory, PostFactory


@pytest.fixture
def as_(db):
    """Return a browser signed in as somebody who holds one role over one scope, second factor and all."""

    def make(role, scope: str = "", name: str = "Sam Example") -> Client:
        person = PersonFactory(name=name)
        PostFactory(person=person, role=role.key, scope=scope, scope_kind=scope_kind(scope))
        actions.enrol_totp(person=person, secret=TOTP_SECRET, by=SYSTEM)
        browser = Client()
        browser.force_login(person)
        browser.person = person
        return browser

    return make


@pytest.fixture
def own(db):
    """The centre that the person under test belongs to."""
    return make_centre("adult-ecmo", "RJ1")


@pytest.fixture
def other(db):
    """Another centre of the same service, whose cases must not show."""
    return make_centre("adult-ecmo", "RM2")
