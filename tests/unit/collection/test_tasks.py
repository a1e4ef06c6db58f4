"""The job re-reads what it works on, and may be repeated."""

import pytest

from plenary.collection import tasks
from plenary.collection.models import Submission
from plenary.core.models import AuditEvent
from tests.factories import collection as make

pytestmark = pytest.mark.django_db


def test_check_runs_as_the_system():
    submission = make.receive(make.make_centre(), make.case("A1"))
    tasks.check.call(submission.pk)
    assert Submission.objects.get().state == "checked"
    assert AuditEvent.objects.get(verb="check").who is None


def test_check_may_run_twice_and_checks_what_waits_for_it_once():
    submission = make.receive(make.make_centre(), make.case("A1", status="lost"))
    for _ in range(2):
        tasks.check.call(submission.pk)
    assert (Submission.objects.get().state, Submission.objects.get().blocking) == ("checked", 1)
    assert AuditEvent.objects.filter(verb="check").count() == 1


def test_check_again_checks_what_was_checked():
    submission = make.receive(make.make_centre(), make.case("A1", status="lost"))
    tasks.check.call(submission.pk)
    tasks.check_again.call(submission.pk)
    assert (Submission.objects.get().state, AuditEvent.objects.filter(verb="check").count()) == ("checked", 2)
