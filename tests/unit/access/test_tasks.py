import pytest

from plenary.access import tasks
from plenary.access.models import Run
from tests.unit.access.test_actions import centre_with

pytestmark = pytest.mark.django_db


def test_the_job_runs_as_the_system_and_may_be_repeated():
    centre_with(["QE1"])
    for _ in range(2):
        tasks.run.call("adult-ecmo", "2025-01-01", "2026-01-01", "2025")
    assert Run.objects.get().ran_by is None
