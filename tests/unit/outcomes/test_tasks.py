import pytest

from plenary.outcomes import tasks
from plenary.outcomes.models import Run
from tests.factories import outcomes as make

pytestmark = pytest.mark.django_db


def test_the_job_runs_as_the_system_and_may_be_repeated():
    make.signed_centre()
    for _ in range(2):
        tasks.run.call("adult-ecmo", "2025-01-01", "2026-01-01", "2025")
    run = Run.objects.get()
    assert (run.service.slug, run.signed_only, run.ran_by) == ("adult-ecmo", True, None)
