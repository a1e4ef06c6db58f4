"""Who reads which query, which wait for whom, and which are late."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from plenary.collection.actions.clarifications import ask_query, close_query, say_in_query
from plenary.collection.models import DataQuery
from plenary.collection.queries import clarifications
from plenary.core import permissions as roles
from plenary.core.queries import today
from plenary.core.terms import NOBODY
from tests.factories import collection as make
from tests.factories.collection import END, START
from tests.factories.core import PersonFactory, make_person_who, make_who

pytestmark = pytest.mark.django_db


@pytest.fixture
def centre():
    return make.make_centre()


def ask(centre, text="Sure?", days=7, by=None):
    due = today() + timedelta(days=days)
    by = by or make.network_lead(centre)
    return ask_query(centre=centre, period_start=START, period_end=END, text=text, due_on=due, by=by)


class TestVisible:
    def test_the_centre_and_its_network(self, centre):
        other, lam = make.make_centre(ods="RM2"), make.make_centre("lam", "RX1")
        asked = [ask(place) for place in (centre, other, lam)]
        everything = make_who(roles.NationalCommissioner, "England")
        for who, seen in [
            (make.manager(centre), asked[:1]),
            (make.lead(other), asked[1:2]),
            (make.network_lead(centre), asked[:2]),
            (everything, asked),
            (make_who(roles.Administrator), []),
            (NOBODY, []),
        ]:
            assert list(clarifications.visible_to(who)) == seen

    def test_those_due_first_at_the_top(self, centre):
        late, soon = ask(centre, days=9), ask(centre, days=2)
        assert list(clarifications.visible_to(make.manager(centre))) == [soon, late]


class TestWaiting:
    def test_for_the_centre_and_then_for_the_network(self, centre):
        asked, lead = ask(centre), make.network_lead(centre)
        assert list(clarifications.waiting(make.manager(centre))) == [asked]
        assert list(clarifications.waiting(lead)) == []
        say_in_query(query=asked, text="Yes.", by=make.manager(centre))
        assert list(clarifications.waiting(make.manager(centre))) == []
        assert list(clarifications.waiting(lead)) == [asked]
        close_query(query=asked, by=lead)
        assert list(clarifications.waiting(lead)) == []

    def test_counts_and_late(self, centre):
        ask(centre)
        DataQuery.objects.filter(pk=ask(centre).pk).update(due_on=today() - timedelta(days=1))
        closed = ask(centre)
        close_query(query=closed, by=make.network_lead(centre))
        assert clarifications.counts(centre.service, START, END, today()) == {centre.pk: (2, 1)}
        assert clarifications.unanswered(centre, START, END).count() == 2
        assert clarifications.counts(centre.service, END, END.replace(year=2027), today()) == {}


class TestThread:
    def test_each_message_with_a_name(self, centre):
        lead = make_person_who(roles.NetworkLead, centre.service.slug)
        asked = ask(centre, by=lead)
        person = PersonFactory(name="Dana Manager")
        say_in_query(query=asked, text="Yes.", by=make.manager(centre, person_id=person.pk))
        assert [(one.text, name) for one, name in clarifications.thread(asked)] == [
            ("Sure?", lead.name),
            ("Yes.", "Dana Manager"),
        ]
        assert clarifications.first_words([asked]) == {asked.pk: "Sure?"}

    def test_look_ups_do_not_grow(self, centre):
        asked, counts = ask(centre), []
        for _ in range(3):
            say_in_query(query=asked, text="Yes.", by=make.manager(centre))
            with CaptureQueriesContext(connection) as found:
                clarifications.thread(asked)
            counts.append(len(found))
        assert len(set(counts)) == 1
