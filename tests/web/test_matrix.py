"""The committed matrix is the one the code makes, and the pages behave as it says."""

import pytest
from django.urls import reverse

from plenary.core import actions
from plenary.core.permissions import ROLES, CentreLead, NationalCommissioner, NetworkLead, Reviewer
from plenary.core.terms import NOBODY, SYSTEM
from plenary.web import matrix
from plenary.web.routes import OWN_ACCOUNT, PUBLIC, ROUTES, SIGNED_IN, Permission, only
from tests.factories.core import TOTP_SECRET, PersonFactory, PostFactory

PLAIN = sorted(name for name, route in ROUTES.items() if "<" not in route.pattern)


def test_the_committed_page_is_what_the_code_makes(pytestconfig):
    committed = (pytestconfig.rootpath / matrix.PAGE).read_text(encoding="utf-8")
    assert committed == matrix.matrix(), "renew it: " + (matrix.__doc__ or "").split("``")[1]


def test_every_route_has_its_line_once():
    lines = matrix.matrix().splitlines()
    for name in ROUTES:
        assert sum(line.startswith(f"| {name} |") for line in lines) == 1


@pytest.mark.parametrize("permission", [PUBLIC])
def test_a_public_page_opens_for_everybody(permission):
    assert {matrix.answer(permission, who) for who in (NOBODY, *map(matrix.imagined, ROLES))} == {"yes"}


@pytest.mark.parametrize("permission", [SIGNED_IN, OWN_ACCOUNT])
def test_a_signed_in_page_is_closed_to_strangers_only(permission):
    assert matrix.answer(permission, NOBODY) == "–"
    assert {matrix.answer(permission, who) for who in map(matrix.imagined, ROLES)} == {"yes"}


@pytest.mark.parametrize(
    ("role", "about", "answer"),
    [
        (CentreLead, "centre", "own"),
        (CentreLead, "service", "–"),
        (CentreLead, "", "yes"),
        (NetworkLead, "service", "own"),
        (NetworkLead, "centre", "own"),
        (NationalCommissioner, "centre", "yes"),
        (Reviewer, "service", "own"),
    ],
)
def test_own_and_other_are_told_apart(role, about, answer):
    permission = only(role, about=about)
    assert matrix.answer(permission, matrix.imagined(role)) == answer


def test_another_role_is_refused():
    assert matrix.answer(only(NetworkLead, about="service"), matrix.imagined(CentreLead)) == "–"


def test_an_answer_of_none_is_not_taken_for_yes():
    assert matrix.answer(Permission("nobody", lambda who, scope: None), matrix.imagined(CentreLead)) == "–"


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.key)
def test_pages_without_an_object_answer_each_role_as_the_matrix_says(client, role):
    imagined = matrix.imagined(role)
    person = PersonFactory()
    post = imagined.posts[0]
    PostFactory(person=person, role=post.role, scope_kind=post.scope_kind, scope=post.scope)
    actions.enrol_totp(person=person, secret=TOTP_SECRET, by=SYSTEM)
    client.force_login(person)
    for name in PLAIN:
        answer = client.get(reverse(name))
        refused = matrix.answer(ROUTES[name].permission, imagined) == "–"
        assert (answer.status_code == 403) is refused, f"{name} answered {answer.status_code}"


@pytest.mark.django_db
def test_pages_without_an_object_answer_a_stranger_as_the_matrix_says(client):
    for name in PLAIN:
        answer = client.get(reverse(name))
        sent_to_sign_in = answer.status_code == 302 and answer.url.startswith("/account/login/?next=")
        assert sent_to_sign_in is (matrix.answer(ROUTES[name].permission, NOBODY) == "–"), name
