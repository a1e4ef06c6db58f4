"""My work: what is asked of me and of the posts that I hold, and nothing of anybody else's."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from plenary.collection.actions import expect_case
from plenary.collection.actions.reminders import set_deadline
from plenary.core import actions, queries
from plenary.core.permissions import CentreDataManager, CentreLead
from plenary.core.terms import SYSTEM
from tests.factories.collection import END, START, case, make_centre, manager, network_lead, receive
from tests.factories.core import TOTP_SECRET, PersonFactory, PostFactory
from tests.factories.registry import ServiceFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(client):
    person = PersonFactory(name="Ada Example")
    PostFactory(person=person, role=CentreLead.key, scope="adult-ecmo/RJ1")
    actions.enrol_totp(person=person, secret=TOTP_SECRET, by=SYSTEM)
    client.force_login(person)
    return person


def ask(what, scope="adult-ecmo/RJ1", days=None, link=""):
    due = queries.today() + timedelta(days=days) if days is not None else None
    actions.ask(by=SYSTEM, what=what, role=CentreLead.key, scope=scope, due_on=due, link=link)


def test_what_is_asked_of_my_centre_is_shown_and_of_another_is_not(client, lead):
    ask("Sign off the case series of 2025")
    ask("Explain the missing case 4711", scope="adult-ecmo/RM2")
    page = client.get("/workspace/").text
    assert "Sign off the case series of 2025" in page
    assert "4711" not in page


@pytest.mark.parametrize(("days", "word"), [(-1, "Late: "), (0, ">Today<"), (None, "No date")])
def test_a_due_date_says_how_it_stands(client, lead, days, word):
    ask("Sign off", days=days)
    assert word in client.get("/workspace/").text


def test_a_link_leads_only_inside_the_site(client, lead):
    ask("Open it", link="/workspace/series/1/")
    ask("Do not follow", link="https://evil.example/")
    page = client.get("/workspace/").text
    assert 'href="/workspace/series/1/"' in page
    assert "evil.example" not in page


def test_an_empty_inbox_says_so(client, lead):
    page = client.get("/workspace/").text
    assert "Nothing is asked of you today." in page
    assert "Ada Example: centre lead" in page


def test_somebody_without_a_post_is_told_what_to_do(client):
    client.force_login(PersonFactory())
    assert "You hold no post today." in client.get("/workspace/").text


def test_three_requests_cost_no_more_look_ups_than_one(client, lead, django_assert_num_queries):
    ask("One")
    client.get("/workspace/")
    with CaptureQueriesContext(
        connection,
    ) as for_one:
        client.get("/workspace/")
    ask("Two")
    ask("Three")
    with django_assert_num_queries(len(for_one)):
        client.get("/workspace/")


@pytest.mark.parametrize(
    ("scope_kind", "scope", "shown"),
    [
        ("centre", "adult-ecmo/RJ1", '<a href="/services/adult-ecmo/centres/RJ1/">Adult ECMO, centre RJ1</a>'),
        ("service", "adult-ecmo", '<a href="/services/adult-ecmo/">Adult ECMO</a>'),
        ("service", "not-in-the-register", ">not-in-the-register<"),
        ("nation", "England", ">England<"),
    ],
)
def test_a_post_leads_to_what_it_is_held_over(client, scope_kind, scope, shown):
    ServiceFactory(slug="adult-ecmo", name="Adult ECMO")
    person = PersonFactory()
    PostFactory(person=person, role="patient-representative", scope_kind=scope_kind, scope=scope)
    client.force_login(person)
    assert shown in client.get("/workspace/").text


def test_three_posts_cost_no_more_look_ups_than_one(client, lead, django_assert_num_queries):
    client.get("/workspace/")
    with CaptureQueriesContext(connection) as for_one:
        client.get("/workspace/")
    for scope in ("lam/RX1", "ahus/RTD"):
        PostFactory(person=lead, role=CentreLead.key, scope_kind="centre", scope=scope)
    with django_assert_num_queries(len(for_one)):
        client.get("/workspace/")


def test_what_is_asked_names_the_centre_in_words(client, lead):
    ServiceFactory(slug="adult-ecmo", name="Adult ECMO")
    ask("Sign off")
    actions.ask(by=SYSTEM, what="Change your password", person=lead)
    page = client.get("/workspace/").text
    assert '<span class="plenary-cell">Adult ECMO, centre RJ1</span>' in page
    assert '<span class="plenary-cell">You</span>' in page


def test_the_way_to_the_cases_of_each_own_centre_is_on_the_first_page(client, lead, django_assert_num_queries):
    receive(make_centre("adult-ecmo", "RJ1"), case("A1"))
    page = client.get("/workspace/").text
    assert '<a href="/workspace/collection/adult-ecmo/RJ1/2025/">Cases of 2025' in page
    assert 'href="/workspace/collection/?service=adult-ecmo"' in page
    assert page.index("Cases of 2025") < page.index("Nothing else is asked of you today.")
    with CaptureQueriesContext(connection) as for_one:
        client.get("/workspace/")
    for slug in ("lam", "ahus"):
        make_centre(slug, "RX1")
        PostFactory(person=lead, role=CentreDataManager.key, scope=f"{slug}/RX1")
    with django_assert_num_queries(len(for_one)):
        page = client.get("/workspace/").text
    assert page.count("Cases of 2025") == 3


def test_who_follows_a_network_has_no_cases_there(client):
    make_centre("adult-ecmo", "RJ1")
    person = PersonFactory()
    PostFactory(person=person, role="patient-representative", scope_kind="service", scope="adult-ecmo")
    client.force_login(person)
    assert "/workspace/collection/adult-ecmo/" not in client.get("/workspace/").text


def test_the_period_is_the_one_that_the_network_asks_for_though_nothing_of_it_was_sent(client, lead):
    centre = make_centre("adult-ecmo", "RJ1")
    receive(centre, case("A1", admitted_on="03/03/2023"), start=date(2023, 1, 1), end=date(2024, 1, 1))
    assert ">Cases of 2023" in client.get("/workspace/").text
    expect_case(
        centre=centre, case_id="MDT-1", source="MDT list", by=manager(centre), period_start=date(2024, 1, 1), period_end=START
    )
    assert ">Cases of 2024" in client.get("/workspace/").text
    year = {"service": centre.service, "period_start": START, "period_end": END}
    set_deadline(**year, due_on=queries.today(), by=network_lead(centre))
    assert ">Cases of 2025" in client.get("/workspace/").text
