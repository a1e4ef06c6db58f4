"""What a refused or failed action must not do: leave a trace in any table of the project, or a half-written file behind."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from django.apps import apps
from django_tasks_db.models import DBTaskResult

from plenary.core.models import StoredBytes


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every room, the audit chain and the queue of jobs."""
    ours = [model for model in apps.get_models() if model.__module__.startswith("plenary.")]
    # Bytes are kept under their own hash before the transaction that needs them: kept in vain they say nothing.
    models = [*(model for model in ours if model is not StoredBytes), DBTaskResult]
    return {model._meta.label: list(model._default_manager.order_by("pk").values_list()) for model in models}


@contextmanager
def nothing_changes() -> Iterator[None]:
    """Fail unless every table holds afterwards what it held before."""
    before = everything()
    yield
    after = everything()
    assert {label: rows for label, rows in after.items() if rows != before[label]} == {}


class DiskFullError(OSError):
    """What happens to the action under test at its very last step."""


def fail_to_record(**_: object) -> int:
    """Stand in for ``record``: the last step of an action cannot be done."""
    raise DiskFullError("the disk is full")


def cannot_tell(monkeypatch: Any, actions: ModuleType) -> None:
    """Let no action of a room record what it did, in whichever file of the drawer it stands."""
    files = [one for name, one in sys.modules.items() if f"{name}.".startswith(f"{actions.__name__}.")]
    for one in files:
        for name in {"record", "record_read"} & vars(one).keys():
            monkeypatch.setattr(one, name, fail_to_record)
