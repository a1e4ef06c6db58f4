"""What the tables of queries, deadlines and reminders hold to."""

from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, models, transaction

from plenary.collection.models import DataQuery, Deadline, NoReminders, QueryMessage, ReminderSent
from tests.factories import collection as make
from tests.factories.collection import END, START

pytestmark = pytest.mark.django_db

AT = datetime(2026, 1, 5, 12, tzinfo=UTC)
DUE = date(2026, 3, 31)
PERIOD = {"period_start": START, "period_end": END}


@pytest.fixture
def centre():
    return make.make_centre()


def refused(make_row, *args, **values):
    with pytest.raises(IntegrityError), transaction.atomic():
        make_row(*args, **values)


def ask(centre, **values):
    return DataQuery.objects.create(**{"centre": centre, "due_on": DUE, "asked_at": AT} | PERIOD | values)


def due(service, **values):
    return Deadline.objects.create(**{"service": service, "due_on": DUE, "set_at": AT} | PERIOD | values)


def remind(centre, **values):
    usual = {"person": 11, "centre": centre, "due_on": DUE, "stage": "30 days", "sent_at": AT}
    return ReminderSent.objects.create(**usual | PERIOD | values)


@pytest.mark.parametrize("end", [START, date(2024, 1, 1)])
def test_what_is_asked_is_of_a_period_that_runs_forward(centre, end):
    refused(ask, centre, period_end=end)
    refused(due, centre.service, period_end=end)


def test_the_most_urgent_query_stands_first(centre):
    late, soon = ask(centre), ask(centre, due_on=date(2026, 1, 1))
    assert list(DataQuery.objects.all()) == [soon, late]


def test_a_thread_reads_as_it_was_said_and_holds_its_query(centre):
    query = ask(centre)
    for day, text in ((9, "answer"), (5, "question")):
        said = datetime(2026, 1, day, tzinfo=UTC)
        QueryMessage.objects.create(query=query, of_centre=day == 9, text=text, said_at=said)
    assert [one.text for one in query.messages.all()] == ["question", "answer"]
    with pytest.raises(models.ProtectedError):
        query.delete()


def test_a_query_names_neither_case_nor_words(centre):
    query = ask(centre, case_id="SECRET-1")
    message = QueryMessage.objects.create(query=query, of_centre=True, text="SECRET-1 was moved", said_at=AT)
    assert "SECRET" not in f"{query} {message}"
    assert "case_id" in DataQuery.Privacy.scrub
    assert "text" in QueryMessage.Privacy.scrub


def test_a_service_has_one_deadline_a_period(centre):
    due(centre.service)
    refused(due, centre.service, due_on=date(2026, 6, 30))
    due(centre.service, period_start=END, period_end=date(2027, 1, 1))


def test_a_reminder_goes_out_once_a_stage_and_again_when_the_deadline_moves(centre):
    remind(centre)
    refused(remind, centre)
    for other in ({"stage": "7 days"}, {"due_on": date(2026, 4, 30)}, {"person": 12}):
        remind(centre, **other)
    assert ReminderSent.objects.count() == 4


def test_a_person_asks_for_no_reminders_once():
    NoReminders.objects.create(person=11, since=AT)
    refused(NoReminders.objects.create, person=11, since=AT)
