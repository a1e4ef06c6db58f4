"""A job is queued with what it works on, or not at all."""

import pytest
from django.db import transaction
from django_tasks_db.models import DBTaskResult

from plenary.core import tasks

pytestmark = pytest.mark.django_db

CHECK = "plenary.collection.tasks.check"


def test_the_job_waits_in_the_database():
    tasks.enqueue(CHECK, 7)
    job = DBTaskResult.objects.get()
    assert (job.task_path, job.args_kwargs["args"]) == (CHECK, [7])


def test_the_job_goes_with_its_transaction():
    with transaction.atomic():
        tasks.enqueue(CHECK, 7)
        transaction.set_rollback(True)
    assert not DBTaskResult.objects.exists()


def test_a_job_that_does_not_exist_is_refused():
    with pytest.raises(ImportError, match="unknown"):
        tasks.enqueue("plenary.collection.tasks.unknown", 7)
    assert not DBTaskResult.objects.exists()
