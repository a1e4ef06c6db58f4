"""No page without a permission, and the permission before the page."""

import re
from urllib.parse import quote

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpResponse
from django.test import RequestFactory
from django.urls import URLPattern, get_resolver

from plenary.core.permissions import Administrator, CentreDataManager, NetworkLead, Refused
from plenary.core.terms import NOBODY, SYSTEM
from plenary.web import routes
from plenary.web.public import urls as site
from plenary.web.routes import OWN_ACCOUNT, PUBLIC, ROUTES, SIGNED_IN, Scope, guard, only, route
from tests.factories.core import PersonFactory, PostFactory, make_who
from tests.factories.registry import CentreFactory, DesignationFactory, OrganisationFactory
from tests.unchanged import nothing_changes

SECRET = "the secret of case 4711"


def secret_page(request, **arguments):
    return HttpResponse(SECRET)


@pytest.fixture
def declared(monkeypatch):
    """Declare routes for one test only."""
    monkeypatch.setattr(routes, "ROUTES", {})
    return routes


@pytest.fixture
def asked(rf: RequestFactory, db):
    """Ask for a guarded page as a person."""

    def ask(permission, person=None, **arguments):
        request = rf.get("/workspace/secret/")
        if person is None:
            request.user = AnonymousUser()
        else:
            request.user = person
        return guard(secret_page, permission)(request, **arguments)

    return ask


def patterns(urls):
    for entry in urls:
        if isinstance(entry, URLPattern):
            yield entry
        else:
            yield from patterns(entry.url_patterns)


def test_every_address_of_the_site_is_declared():
    undeclared = [one for one in patterns(get_resolver().url_patterns) if one.name not in ROUTES]
    assert undeclared == []


def test_every_view_of_the_site_stands_behind_its_declared_permission():
    for one in patterns(get_resolver().url_patterns):
        assert one.callback.permission == ROUTES[one.name].permission, one.name


def test_every_declared_address_is_part_of_the_site():
    assert set(ROUTES) == {one.name for one in patterns(get_resolver().url_patterns)}


@pytest.mark.parametrize("permission", [None, (), "public", True, lambda who: True, [NetworkLead]])
def test_a_route_without_a_permission_cannot_be_written(declared, permission):
    with pytest.raises(TypeError, match="declares no permission"):
        route("secret/", secret_page, "secret", permission)
    assert declared.ROUTES == {}


def test_no_role_at_all_is_no_permission():
    with pytest.raises(TypeError, match="at least one role"):
        only()


def test_two_routes_of_one_name_are_refused(declared):
    route("one/", secret_page, "same", PUBLIC)
    with pytest.raises(ValueError, match="Two routes are called 'same'"):
        route("two/", secret_page, "same", PUBLIC)


@pytest.mark.parametrize(
    ("pattern", "about"),
    [("services/", ""), ("services/<slug:service>/", "service"), ("services/<slug:service>/centres/<str:ods>/", "centre")],
)
def test_a_route_knows_which_object_its_address_names(declared, pattern, about):
    route(pattern, secret_page, "page", (NetworkLead,))
    assert declared.ROUTES["page"].permission.about == about


def test_a_public_page_opens_for_anyone(asked):
    assert asked(PUBLIC).content.decode() == SECRET


def test_no_browser_keeps_what_only_a_signed_in_person_sees(asked):
    """Neither the page nor its refusal: whoever uses the computer next goes back to nothing."""
    for answer in (asked(SIGNED_IN, PersonFactory()), asked(only(NetworkLead), PersonFactory()), asked(SIGNED_IN)):
        assert {"no-store", "private"} <= set(answer["Cache-Control"].split(", "))
    assert not asked(PUBLIC).has_header("Cache-Control")


def test_a_stranger_is_sent_to_sign_in_and_sees_nothing(asked):
    answer = asked(SIGNED_IN)
    assert answer.status_code == 302
    assert answer.url == "/account/login/?next=/workspace/secret/"
    assert SECRET not in answer.content.decode()


def test_somebody_without_the_post_is_refused_with_the_reason_and_sees_nothing(asked):
    person = PersonFactory()
    PostFactory(person=person, role="patient-representative", scope_kind="service", scope="adult-ecmo")
    answer = asked(only(Administrator), person)
    assert answer.status_code == 403
    assert "This page is for: administrator." in answer.content.decode()
    assert SECRET not in answer.content.decode()


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ({"service": "adult-ecmo", "ods": "RJ1"}, 200),
        ({"service": "adult-ecmo", "ods": "RM2"}, 403),
        ({"service": "biliary-atresia", "ods": "RJ1"}, 403),
    ],
)
def test_a_post_opens_the_pages_of_its_own_centre_only(asked, monkeypatch, arguments, status):
    monkeypatch.setattr(routes, "is_mfa_enabled", lambda person: True)
    person = PersonFactory()
    PostFactory(person=person, role=CentreDataManager.key, scope_kind="centre", scope="adult-ecmo/RJ1")
    answer = asked(only(CentreDataManager), person, **arguments)
    assert answer.status_code == status
    assert (SECRET in answer.content.decode()) is (status == 200)


def test_a_post_that_asks_for_a_second_factor_opens_nothing_before_it_is_set_up(asked):
    person = PersonFactory()
    PostFactory(person=person, role=CentreDataManager.key, scope_kind="centre", scope="adult-ecmo/RJ1")
    answer = asked(SIGNED_IN, person)
    assert (answer.status_code, answer.url) == (302, "/account/codes/app/")
    assert SECRET not in answer.content.decode()
    assert asked(OWN_ACCOUNT, person).content.decode() == SECRET


def test_a_refusal_inside_the_view_answers_403_with_its_reason(rf, db):
    def view(request):
        raise Refused("The series is signed off: ask the network lead to open it.")

    request = rf.get("/")
    request.user = PersonFactory()
    answer = guard(view, SIGNED_IN)(request)
    assert answer.status_code == 403
    assert "The series is signed off: ask the network lead to open it." in answer.content.decode()


def test_an_answer_that_is_not_true_or_false_is_a_refusal(asked):
    forgetful = routes.Permission("nobody", lambda who, scope: None)
    assert asked(forgetful, PersonFactory()).status_code == 403


def test_the_object_can_be_found_by_a_look_up(asked, monkeypatch):
    monkeypatch.setattr(routes, "is_mfa_enabled", lambda person: True)
    person = PersonFactory()
    PostFactory(person=person, role=CentreDataManager.key, scope_kind="centre", scope="adult-ecmo/RJ1")
    of_submission = {7: Scope("adult-ecmo", "adult-ecmo/RJ1"), 8: Scope("adult-ecmo", "adult-ecmo/RM2")}
    permission = only(CentreDataManager, scope=lambda who, number: of_submission[number], about="centre")
    assert asked(permission, person, number=7).status_code == 200
    assert asked(permission, person, number=8).status_code == 403


def test_who_asks_is_looked_up_once(rf, db, django_assert_num_queries):
    request = rf.get("/")
    request.user = PersonFactory()
    with django_assert_num_queries(1):
        assert routes.who(request) is routes.who(request)


def test_who_asks_without_a_session_is_nobody(rf):
    assert routes.who(rf.get("/")) == NOBODY


@pytest.mark.parametrize("who", [SYSTEM, make_who(Administrator), NOBODY])
def test_only_asks_for_the_role_itself(who):
    assert only(NetworkLead).allows(who, Scope("adult-ecmo")) is False


# -- addresses that nobody means well with

ODD = {
    "of nothing but dots": "..",
    "too long for any name": "x" * 400,
    "with a character that no text holds": "a\0b",
    "with quotes": "a'b\"c",
    "with a percent sign": "100%",
    "in another script": "χ生ß",
    "with markup": "<script>alert(1)</script>",
    "of a query": "' OR 1=1 --",
    "with a line end": "a\r\nSet-Cookie: x=1",
}
PUBLIC_PATTERNS = sorted(ROUTES[one.name].pattern for one in site.urlpatterns)


@pytest.mark.django_db
@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
@pytest.mark.parametrize("pattern", [one for one in PUBLIC_PATTERNS if "<" in one])
def test_no_address_of_a_public_page_is_a_fault_whatever_stands_in_it(client, pattern, odd):
    DesignationFactory(centre=CentreFactory(service__slug="lam", ods="RX1"))
    answer = client.get("/" + re.sub(r"<[a-z]+:[a-z]+>", lambda _: quote(odd, safe=""), pattern))
    assert answer.status_code == 404
    assert "<script>alert(1)" not in answer.text
    assert "Set-Cookie: x=1" not in str(answer.headers)


@pytest.mark.django_db
@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
@pytest.mark.parametrize(
    "pattern", ["find/?place=", "find/?name=", "services/?text=", "services/?category=", "services.csv?text="]
)
def test_no_query_of_a_public_page_is_a_fault_whatever_stands_in_it(client, pattern, odd):
    OrganisationFactory(code="RX1", name="Somewhere")
    answer = client.get(f"/{pattern}{quote(odd, safe='')}")
    assert answer.status_code in {200, 404}
    assert "<script>alert(1)" not in answer.text


@pytest.mark.parametrize("address", ["/workspace/a%00b/", "/workspace/?text=%00", "/?x=a%00"])
def test_what_no_database_can_be_asked_for_is_not_there_for_anybody(rf, address):
    """PostgreSQL refuses the character outright; the page would have been a fault of the server."""
    request = rf.get(address)
    request.user = AnonymousUser()
    for permission in (PUBLIC, SIGNED_IN):
        with pytest.raises(Http404):
            guard(secret_page, permission)(request)


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_a_public_page_only_reads(client, method):
    for one in (pattern for pattern in PUBLIC_PATTERNS if "<" not in pattern):
        with nothing_changes():
            assert getattr(client, method)(f"/{one}").status_code in {200, 403, 405}
