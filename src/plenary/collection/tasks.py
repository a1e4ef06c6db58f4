"""Jobs of the room."""

from django_tasks import task

from plenary.collection import actions, queries
from plenary.collection.terms import SubmissionState
from plenary.core.terms import SYSTEM


@task()
def check(submission_id: int) -> None:
    """Check what was received. A small file was checked by the page that took it, and is not checked twice."""
    if queries.submission(submission_id).state == SubmissionState.RECEIVED:
        actions.check(submission_id=submission_id, by=SYSTEM)


@task()
def check_again(submission_id: int) -> None:
    """Check what is read otherwise than before."""
    actions.check(submission_id=submission_id, by=SYSTEM)
