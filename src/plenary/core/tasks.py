"""The queue of background jobs."""

from __future__ import annotations

from django.utils.module_loading import import_string


def enqueue(task: str, *arguments: str | int) -> None:
    """Queue a room's job by its dotted name, with plain arguments.

    The queue is a table of the same database: called inside an action's transaction, the job is there exactly when
    what it works on is there. By name, because jobs call actions and an action therefore cannot import its job.
    """
    import_string(task).enqueue(*arguments)
