"""``plenary drafts``: tells and clears what is due today, once, and says what it did."""

import json
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from plenary.cli.main import main
from plenary.collection.actions.entry import save_draft
from plenary.collection.models import CaseDraft
from plenary.core.queries import who
from tests.factories import collection as make
from tests.factories.collection import END, START, case
from tests.factories.core import PersonFactory, PostFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft():
    make.shipped("drafts")
    centre = make.make_centre()
    person = PersonFactory(email="dana@example.org")
    PostFactory(person=person, scope=centre.key)
    made = save_draft(centre=centre, period_start=START, period_end=END, values=case("SECRET-1"), by=who(person))
    CaseDraft.objects.update(saved_at=timezone.now() - timedelta(days=91))
    return made


def test_told_first_and_cleared_when_the_time_is_over(draft, capsys):
    assert main(["drafts"]) == 0
    said = capsys.readouterr()
    assert said.out == "dana@example.org: 1 unfinished\n"
    assert said.err == "1 owner(s) told, 0 unfinished case(s) cleared.\n"
    assert len(mail.outbox) == 1
    assert main(["drafts"]) == 0
    assert capsys.readouterr().err == "0 owner(s) told, 0 unfinished case(s) cleared.\n"
    CaseDraft.objects.update(told_at=timezone.now() - timedelta(days=15))
    assert main(["drafts", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"told": [], "cleared": 1}
    assert not CaseDraft.objects.exists()


def test_a_trial_of_another_day_does_nothing(draft, capsys):
    on = timezone.localdate() + timedelta(days=400)
    assert main(["drafts", "--dry-run", "--on", on.isoformat(), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == {"told": [{"email": "dana@example.org", "drafts": 1, "problem": ""}], "cleared": 0}
    assert not mail.outbox
    assert CaseDraft.objects.get().told_at is None


@pytest.mark.parametrize(
    ("words", "said"), [(["--on", "2026-03-01"], "with --dry-run"), (["--dry-run", "--on", "May"], "no date")]
)
def test_what_cannot_be_asked(draft, capsys, words, said):
    assert main(["drafts", *words]) == 2
    assert said in capsys.readouterr().err
    assert CaseDraft.objects.exists()


def test_a_message_that_is_not_taken_is_said_and_tried_again(draft, capsys, settings):
    settings.EMAIL_BACKEND = "tests.unit.collection.actions.test_reminders.Broken"
    assert main(["drafts"]) == 1
    assert "dana@example.org: not sent (the post office is shut). The next run tries again." in capsys.readouterr().err
    assert CaseDraft.objects.get().told_at is None
