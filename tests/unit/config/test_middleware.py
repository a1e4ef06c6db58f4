"""Who is sent to set up a second factor, and who is let through: a check on every address, not on every page's own word."""

import pytest
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpResponse
from django.test import RequestFactory

from plenary.config.middleware import second_factor
from plenary.core import actions
from plenary.core.permissions import ROLES, PatientRepresentative
from plenary.core.terms import SYSTEM, scope_kind
from tests.factories.core import TOTP_SECRET, PersonFactory, PostFactory

pytestmark = pytest.mark.django_db

SCOPES = {"centre-data-manager": "adult-ecmo/RJ1", "centre-lead": "adult-ecmo/RJ1", "administrator": ""}


def answer(person, path="/workspace/", *, method="get", signed_in=None, by=()):
    """Ask for a page as this person, whose session holds that ``signed_in`` (they) came in ``by`` these methods."""
    request = getattr(RequestFactory(), method)(path)
    request.user, request.session = person, SessionStore()
    for each in by:
        record_authentication(request, signed_in or person, each)
    return second_factor(lambda _: HttpResponse("the page itself"))(request)


def somebody(role):
    person = PersonFactory()
    scope = SCOPES.get(role.key, "adult-ecmo")
    PostFactory(person=person, role=role.key, scope=scope, scope_kind=scope_kind(scope))
    return person


def test_a_stranger_meets_the_pages_own_rule():
    assert answer(AnonymousUser()).text == "the page itself"


def test_somebody_without_a_post_needs_no_second_factor():
    assert answer(PersonFactory()).text == "the page itself"


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.key)
def test_whoever_holds_a_post_is_sent_to_set_one_up(role):
    found = answer(somebody(role))
    if role.second_factor:
        assert (found.status_code, found.url) == (302, "/account/codes/app/")
    else:
        assert found.text == "the page itself"


def test_the_roles_that_see_cases_or_decide_all_need_one():
    exempt = {role for role in ROLES if not role.second_factor}
    assert exempt <= {PatientRepresentative}


@pytest.mark.parametrize("path", ["/workspace/", "/", "/workspace/cases.csv", "/accounts/", "/static/x", "/WORKSPACE/"])
@pytest.mark.parametrize("method", ["get", "post", "head"])
def test_no_other_address_or_way_of_asking_opens(path, method):
    found = answer(somebody(ROLES[0]), path, method=method)
    assert (found.status_code, found.url) == (302, "/account/codes/app/")
    assert "the page itself" not in found.text


@pytest.mark.parametrize("path", ["/account/codes/app/", "/account/logout/", "/account/"])
def test_the_account_pages_stay_open_so_that_one_can_be_set_up(path):
    assert answer(somebody(ROLES[0]), path).text == "the page itself"


def test_who_gave_a_code_is_let_through():
    person = somebody(ROLES[0])
    assert answer(person, by=["password", "mfa"]).text == "the page itself"
    assert answer(person, by=["password"]).status_code == 302


def test_a_code_that_somebody_else_gave_before_in_this_browser_is_not_mine():
    assert answer(somebody(ROLES[0]), signed_in=somebody(ROLES[1]), by=["password", "mfa"]).status_code == 302


def test_who_set_it_up_during_this_session_is_let_through_and_recovery_codes_alone_are_not_enough():
    person = somebody(ROLES[0])
    Authenticator.objects.create(user=person, type=Authenticator.Type.RECOVERY_CODES, data={"seed": "x", "used_mask": 0})
    assert answer(person).status_code == 302
    actions.enrol_totp(person=person, secret=TOTP_SECRET, by=SYSTEM)
    assert answer(person).text == "the page itself"


def test_anothers_second_factor_is_not_mine():
    other = somebody(ROLES[0])
    actions.enrol_totp(person=other, secret=TOTP_SECRET, by=SYSTEM)
    assert answer(somebody(ROLES[0])).status_code == 302
