"""Jobs of the room."""

from django_tasks import task

from plenary.core.terms import SYSTEM
from plenary.editions import actions


@task()
def build(proposal_id: int, note: str = "") -> None:
    actions.build(proposal_id=proposal_id, note=note, by=SYSTEM)


@task()
def resume() -> None:
    actions.resume(by=SYSTEM)
