"""Jobs of the room."""

from django_tasks import task

from plenary.collection import actions
from plenary.core.terms import SYSTEM


@task()
def check(submission_id: int) -> None:
    actions.check(submission_id=submission_id, by=SYSTEM)
