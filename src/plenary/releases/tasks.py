"""Jobs of the room."""

import datetime as dt

from django_tasks import task

from plenary.core.terms import SYSTEM
from plenary.releases import actions


@task()
def prepare(proposal_id: int, on: str) -> None:
    actions.prepare(proposal_id=proposal_id, on=dt.date.fromisoformat(on), by=SYSTEM)


@task()
def answer(trial_id: int) -> None:
    actions.answer(trial_id=trial_id, by=SYSTEM)
