"""People, posts, second factors: for the administrator."""

import re
from datetime import timedelta

import pytest
from allauth.mfa.utils import is_mfa_enabled
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from plenary.core import actions, queries
from plenary.core.permissions import (
    ROLES,
    Administrator,
    CentreLead,
)
from plenary.core.terms import SYSTEM, Post
from tests.factories.core import PASSWORD, TOTP_SECRET, PersonFactory, PostFactory
from tests.factories.registry import CentreFactory, ServiceFactory

LIST = "/workspace/people/"


@pytest.fixture
def administrator(as_):
    return as_(Administrator, "", name="Ada Ministrator")


@pytest.fixture
def somebody(db):
    person = PersonFactory(name="Sam Body", email="sam@example.org")
    PostFactory(person=person, role=CentreLead.key, scope="adult-ecmo/RJ1")
    return person


def url(person, rest=""):
    return f"{LIST}{person.pk}/{rest}"


def posts(person):
    return queries.who(person).posts


@pytest.mark.parametrize("role", [role for role in ROLES if role is not Administrator], ids=lambda role: role.key)
def test_nobody_else_sees_people_or_changes_them(as_, somebody, role):
    kind = role.scope_kinds[0]
    browser = as_(role, {"all": "", "nation": "England", "service": "adult-ecmo", "centre": "adult-ecmo/RJ1"}[kind])
    post = somebody.posts.get()
    rests = ("", "appoint/", f"posts/{post.pk}/end/", "invite/", "reset/", "close/")
    for address in (LIST, "/workspace/people.csv", f"{LIST}add/", *(url(somebody, rest) for rest in rests)):
        for answer in (browser.get(address), browser.post(address)):
            assert answer.status_code == 403
            assert "sam@example.org" not in answer.text
    somebody.refresh_from_db()
    assert somebody.is_active
    assert posts(somebody)


# -- the list


def test_people_are_found_by_name_address_and_role(administrator, somebody):
    assert "Centre lead: adult-ecmo/RJ1" in administrator.get(LIST).text  # of a service that the register does not know
    ServiceFactory(slug="adult-ecmo", name="Adult ECMO")
    words = "Centre lead: Adult ECMO, centre RJ1"
    for address in (LIST, url(somebody), url(somebody, f"posts/{somebody.posts.get().pk}/end/")):
        assert words in administrator.get(address).text
    assert "sam@example.org" in administrator.get(f"{LIST}?text=SAM@").text
    assert "sam@example.org" not in administrator.get(f"{LIST}?text=nobody").text
    lines = administrator.get(f"/workspace/people.csv?role={CentreLead.key}").text.splitlines()
    assert lines[1:] == [f'Sam Body,sam@example.org,"{words}",Open']


def test_three_people_cost_no_more_look_ups_than_one(administrator, somebody, django_assert_num_queries):
    administrator.get(LIST)
    with CaptureQueriesContext(connection) as for_one:
        administrator.get(LIST)
    for _ in range(2):
        PostFactory(person=PersonFactory())
    with django_assert_num_queries(len(for_one)):
        administrator.get(LIST)


# -- adding


def test_a_person_is_added_and_appointed_next(administrator):
    answer = administrator.post(f"{LIST}add/", {"name": "New Person", "email": "new@example.org"}, follow=True)
    made = queries.person("new@example.org")
    assert answer.redirect_chain == [(url(made), 302)]
    assert "Appoint them to a post, then send the invitation." in answer.text
    assert "Without a post a person sees only the public pages." in answer.text


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        ({"name": "", "email": "a@example.org"}, "id_name", "Give the person&#39;s name"),
        ({"name": "A", "email": ""}, "id_email", "Give the e-mail address"),
        ({"name": "A", "email": "not an address"}, "id_email", "The e-mail address is not complete"),
        ({"name": "A", "email": "SAM@example.org"}, "id_email", "Somebody already signs in with"),
    ],
)
def test_what_is_wrong_stands_at_its_field(administrator, somebody, values, field, said):
    before = queries.people().count()
    page = administrator.post(f"{LIST}add/", values).text
    assert f'<a href="#{field}">' in page
    assert page.count(said) == 2
    assert all(f'value="{value}"' in page for value in values.values() if value)
    assert queries.people().count() == before


# -- posts


@pytest.mark.parametrize(
    ("values", "post"),
    [
        ({"role": "centre-data-manager", "service": "adult-ecmo", "ods": "rj1"}, ("centre-data-manager", "adult-ecmo/RJ1")),
        ({"role": "network-lead", "service": "adult-ecmo"}, ("network-lead", "adult-ecmo")),
        ({"role": "national-commissioner", "nation": "England"}, ("national-commissioner", "England")),
        ({"role": "reviewer", "service": "adult-ecmo"}, ("reviewer", "adult-ecmo")),
        ({"role": "reviewer", "nation": "England"}, ("reviewer", "England")),
        ({"role": "reviewer"}, ("reviewer", "")),
        ({"role": "administrator", "service": "adult-ecmo"}, ("administrator", "")),
    ],
)
def test_a_person_is_appointed(administrator, values, post):
    CentreFactory(service__slug="adult-ecmo", ods="RJ1")
    person = PersonFactory()
    answer = administrator.post(url(person, "appoint/"), values, follow=True)
    assert answer.redirect_chain == [(url(person), 302)]
    [held] = posts(person)
    assert (held.role, held.scope) == post


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        ({}, "id_role", "Choose a role"),
        ({"role": "centre-lead"}, "id_service", "Choose the service of the centre"),
        ({"role": "centre-lead", "service": "adult-ecmo"}, "id_ods", "Give the code of the centre"),
        ({"role": "centre-lead", "service": "adult-ecmo", "ods": "XX9"}, "id_ods", "XX9 is no centre of the service"),
        ({"role": "network-lead"}, "id_service", "Network lead is held over a service: choose one"),
        ({"role": "reviewer", "starts_on_day": "31", "starts_on_month": "2", "starts_on_year": "2026"}, "id_starts_on_day", "must be a real date"),
    ],
)  # fmt: skip
def test_an_appointment_that_cannot_be_is_told_at_its_field(administrator, values, field, said):
    CentreFactory(service__slug="adult-ecmo", ods="RJ1")
    person = PersonFactory()
    page = administrator.post(url(person, "appoint/"), values).text
    assert f'<a href="#{field}">' in page
    assert page.count(said) >= 2
    assert not posts(person)


def test_support_staff_see_cases_for_a_week_and_a_reason_only(administrator):
    CentreFactory(service__slug="adult-ecmo", ods="RJ1")
    support = PersonFactory()
    PostFactory(person=support, role=Administrator.key, scope_kind="all", scope="")
    values = {"role": "centre-data-manager", "service": "adult-ecmo", "ods": "RJ1"}
    assert "Support staff see cases for 7 days at most" in administrator.post(url(support, "appoint/"), values).text
    assert Post("centre-data-manager", "centre", "adult-ecmo/RJ1") not in posts(support)


def test_nobody_appoints_themselves(administrator):
    page = administrator.post(url(administrator.person, "appoint/"), {"role": "reviewer"}).text
    assert "Nobody appoints themselves." in page
    assert "appoint/" not in administrator.get(url(administrator.person)).text


def test_a_post_ends(administrator, somebody):
    post = somebody.posts.get()
    assert f"posts/{post.pk}/end/" in administrator.get(url(somebody)).text
    answer = administrator.post(url(somebody, f"posts/{post.pk}/end/"), follow=True)
    assert "The post of Sam Body ends." in answer.text
    assert not posts(somebody)
    assert f"posts/{post.pk}/end/" not in answer.text


def test_a_post_does_not_end_before_it_began(administrator, somebody):
    post = somebody.posts.get()
    on = {"on_day": "1", "on_month": "1", "on_year": "2001"}
    page = administrator.post(url(somebody, f"posts/{post.pk}/end/"), on).text
    assert page.count("A post cannot end before it starts.") == 2
    assert posts(somebody)


def test_a_post_is_ended_on_its_own_holders_page_only(administrator, somebody):
    other = PersonFactory()
    assert administrator.post(url(other, f"posts/{somebody.posts.get().pk}/end/")).status_code == 404
    assert posts(somebody)


# -- second factor and account


@pytest.fixture
def invited(db):
    return actions.create_person(email="nina@example.org", name="Nina Newcomer", by=SYSTEM)


def test_an_invitation_leads_to_a_password_of_ones_own_and_works_once(administrator, invited, client):
    assert "Not chosen yet: send the invitation" in administrator.get(url(invited)).text
    answer = administrator.post(url(invited, "invite/"), follow=True)
    assert "The invitation went to nina@example.org." in answer.text
    [letter] = mail.outbox
    assert letter.to == ["nina@example.org"]
    assert "Dear Nina Newcomer" in letter.body
    link = re.search(r"https?://\S+/key/\S+", letter.body).group()
    form = client.get(link, follow=True)
    client.post(form.redirect_chain[-1][0], {"password1": PASSWORD, "password2": PASSWORD})
    invited.refresh_from_db()
    assert invited.check_password(PASSWORD)
    assert "has been used" in Client().get(link, follow=True).text
    assert "Send the invitation" not in administrator.get(url(invited)).text
    assert "has chosen a password already" in administrator.post(url(invited, "invite/")).text
    assert len(mail.outbox) == 1
    assert queries.events(verb="invite").count() == 1


def test_where_no_mail_goes_out_nothing_is_said_to_have_gone(administrator, invited, monkeypatch):
    def failing(*_, **__):
        raise ConnectionRefusedError("mail server away")

    monkeypatch.setattr("django.core.mail.EmailMessage.send", failing)
    page = administrator.post(url(invited, "invite/"))
    assert page.status_code == 200
    assert "mail server away" in page.text
    assert not queries.events(verb="invite").exists()


def test_a_closed_account_is_not_invited(administrator, invited):
    actions.close_person(person=invited, by=SYSTEM)
    assert "This account is closed." in administrator.post(url(invited, "invite/")).text
    assert mail.outbox == []


def test_a_second_factor_is_reset(administrator, somebody):
    actions.enrol_totp(person=somebody, secret=TOTP_SECRET, by=SYSTEM)
    assert "Set up" in administrator.get(url(somebody)).text
    assert is_mfa_enabled(somebody)
    answer = administrator.post(url(somebody, "reset/"), follow=True)
    assert "sets up a new one-time code" in answer.text
    assert not is_mfa_enabled(somebody)


def test_not_ones_own(administrator):
    assert "Nobody resets their own second factor." in administrator.post(url(administrator.person, "reset/")).text
    assert is_mfa_enabled(administrator.person)


def test_a_link_alone_changes_nothing(administrator, somebody):
    actions.enrol_totp(person=somebody, secret=TOTP_SECRET, by=SYSTEM)
    for rest in ("invite/", "reset/", "close/", f"posts/{somebody.posts.get().pk}/end/"):
        assert administrator.get(url(somebody, rest)).status_code == 200
    assert is_mfa_enabled(somebody)
    assert posts(somebody)


def test_an_account_is_closed_and_its_posts_with_it(administrator, somebody):
    answer = administrator.post(url(somebody, "close/"), follow=True)
    assert "is closed." in answer.text
    assert "Closed" in answer.text
    somebody.refresh_from_db()
    assert not somebody.is_active
    assert not queries.posts_in_force(queries.today() + timedelta(days=1)).filter(person=somebody).exists()


def test_who_is_not_there(administrator):
    assert administrator.get(f"{LIST}99999/").status_code == 404
