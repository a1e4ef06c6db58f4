"""Jobs of the room."""

import datetime as dt

from django_tasks import task

from plenary.core.terms import SYSTEM
from plenary.outcomes import actions
from plenary.registry import queries as registry


@task()
def run(service: str, period_start: str, period_end: str, label: str) -> None:
    start, end = dt.date.fromisoformat(period_start), dt.date.fromisoformat(period_end)
    actions.run(service=registry.service(service), period_start=start, period_end=end, label=label, by=SYSTEM)
