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


def test_check_may_run_twice():
    submission = make.receive(make.make_centre(), make.case("A1", status="lost"))
    for _ in range(2):
        tasks.check.call(submission.pk)
    assert (Submission.objects.get().state, Submission.objects.get().blocking) == ("checked", 1)
