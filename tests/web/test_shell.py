"""The menu of every page: what stands in it for whom, and where the reader is."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

from plenary.core import permissions as roles
from plenary.core.terms import scope_kind
from plenary.web import shell as header
from plenary.web.routes import ROUTES
from plenary.web.shell import PUBLIC_MENU, WORKSPACE_MENU, role_names, shell
from plenary.web.urls import urlpatterns
from tests.factories.core import PersonFactory, PostFactory

pytestmark = pytest.mark.django_db

assert urlpatterns  # importing the addresses declares them
PUBLIC = [text for text, _ in PUBLIC_MENU]
SCOPES = {
    roles.CentreDataManager: "adult-ecmo/RJ1",
    roles.CentreLead: "adult-ecmo/RJ1",
    roles.NetworkLead: "adult-ecmo",
    roles.NationalCommissioner: "England",
    roles.Reviewer: "England",
    roles.PatientRepresentative: "adult-ecmo",
    roles.Administrator: "",
}


def asked(path="/about/", *held, name="Ada Example"):
    request = RequestFactory().get(path)
    request.user = PersonFactory(name=name) if held or name else AnonymousUser()
    for role in held:
        PostFactory(person=request.user, role=role.key, scope=SCOPES[role], scope_kind=scope_kind(SCOPES[role]))
    return request


def stranger(path="/about/"):
    request = RequestFactory().get(path)
    request.user = AnonymousUser()
    return request


def menu(request):
    return [item.text for item in shell(request).menu]


def test_a_stranger_sees_the_public_pages_alone():
    assert menu(stranger()) == PUBLIC
    assert [item.text for item in shell(stranger()).account] == ["Sign in"]


def test_a_request_that_no_session_has_touched_is_a_strangers():
    assert menu(RequestFactory().get("/about/")) == PUBLIC


def test_every_entry_leads_to_a_declared_page():
    assert {name for _, name in [*WORKSPACE_MENU, *PUBLIC_MENU]} <= set(ROUTES)


@pytest.mark.parametrize("role", SCOPES, ids=lambda role: role.key)
def test_a_menu_offers_what_the_pages_themselves_let_in(role):
    request = asked("/about/", role)
    who = roles_of(request)
    offered = menu(request)
    assert offered[0] == "My work"
    assert offered[-len(PUBLIC) :] == PUBLIC
    for text, name in WORKSPACE_MENU:
        assert (text in offered) == ROUTES[name].permission.allows(who, header.Scope())


def roles_of(request):
    return header.who(request)


def test_nobody_without_a_post_is_offered_the_rooms():
    offered = menu(asked())
    assert "Releases" not in offered
    assert "People" not in offered
    assert offered[0] == "My work"


def test_the_rooms_differ_by_role():
    manager, commissioner = (menu(asked("/", role)) for role in (roles.CentreDataManager, roles.NationalCommissioner))
    assert "Collection" in manager
    assert "Releases" not in manager
    assert {"Releases", "Designations"} <= set(commissioner)
    assert "People" in menu(asked("/", roles.Administrator))
    assert "Collection" not in menu(asked("/", roles.Administrator))


@pytest.mark.parametrize(
    ("path", "marked"),
    [
        ("/services/", {"Services": "page"}),
        ("/services/adult-ecmo/", {"Services": "true"}),
        ("/about/", {"About": "page"}),
        ("/", {}),
    ],
)
def test_the_entry_of_the_page_or_of_the_page_above_is_marked(path, marked):
    assert {item.text: item.current for item in shell(stranger(path)).menu if item.current} == marked


def test_every_page_of_the_workspace_lies_below_my_work_which_is_marked_on_its_own_page_only():
    at = {path: shell(asked(path, roles.CentreLead)).menu[0].current for path in ("/workspace/", "/workspace/collection/")}
    assert at == {"/workspace/": "page", "/workspace/collection/": ""}


def test_the_name_leads_to_the_own_account_and_an_account_without_a_name_still_does():
    first, last = shell(asked("/", roles.CentreLead, name="Ada <Example>")).account
    assert (first.text, first.href, last.text) == ("Ada <Example>", "/account/", "Sign out")
    nameless = asked("/", roles.CentreLead)
    nameless.user.name = ""
    nameless.user.save()
    assert shell(nameless).account[0].text


def test_roles_are_named_in_the_order_of_the_house_each_once():
    request = asked("/", roles.NetworkLead, roles.CentreLead)
    PostFactory(person=request.user, role=roles.CentreLead.key, scope="lam/RJ1")
    assert role_names(request) == "Centre lead, Network lead"
    assert role_names(asked()) == ""
