"""``plenary remind``: sends what is due today, once, and says what it did."""

import json
from datetime import date

import pytest
from django.core import mail

from plenary.cli.main import main
from plenary.collection.actions.reminders import set_deadline
from plenary.collection.models import ReminderSent
from plenary.core.queries import today
from tests.factories import collection as make
from tests.factories.collection import END, START, rules
from tests.factories.core import PersonFactory, PostFactory
from tests.factories.registry import DesignationFactory
from tests.unit.collection.actions.test_reminders import Broken

pytestmark = pytest.mark.django_db


@pytest.fixture
def centre():
    made = make.make_centre()
    DesignationFactory(centre=made)
    rules(before=[7, 0], after=[1])
    PostFactory(person=PersonFactory(email="dana@example.org"), scope=made.key)
    set_deadline(service=made.service, period_start=START, period_end=END, due_on=max(today(), END), by=make.network_lead(made))
    return made


def test_sent_once(centre, capsys):
    assert main(["remind"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("dana@example.org: ")
    assert "1 message(s) sent." in said.err
    assert [one.to for one in mail.outbox] == [["dana@example.org"]]
    assert main(["remind"]) == 0
    assert capsys.readouterr().out == ""
    assert len(mail.outbox) == 1


def test_a_trial_of_another_day_sends_nothing(centre, capsys):
    on = date.fromordinal(max(today(), END).toordinal() + 1)
    assert main(["remind", "--dry-run", "--on", on.isoformat(), "--json"]) == 0
    [one] = json.loads(capsys.readouterr().out)
    assert (one["to"], one["problem"]) == ("dana@example.org", "")
    assert [(line["centre"], line["stage"]) for line in one["lines"]] == [(centre.key, "after-1")]
    assert not mail.outbox
    assert not ReminderSent.objects.exists()


@pytest.mark.parametrize(
    ("words", "said"), [(["--on", "2026-03-01"], "with --dry-run"), (["--dry-run", "--on", "May"], "no date")]
)
def test_what_cannot_be_asked(centre, capsys, words, said):
    assert main(["remind", *words]) == 2
    assert said in capsys.readouterr().err
    assert not mail.outbox


def test_a_message_that_was_not_sent_fails_the_run(centre, capsys, settings):
    settings.EMAIL_BACKEND = f"{Broken.__module__}.{Broken.__name__}"
    assert main(["remind"]) == 1
    assert "the post office is shut" in capsys.readouterr().err
    assert not ReminderSent.objects.exists()
