"""What is published. The public pages read this; it knows nothing of cases, results or proposals."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db.models import QuerySet

from plenary.core.queries import given_up
from plenary.core.terms import ENDED_WITHOUT_A_WORD, NotFound
from plenary.editions.models import Edition
from plenary.editions.terms import EditionState

STAGING = ".staging"
"""The folder beside the published ones in which editions wait. Nothing of it is ever served."""


def published() -> QuerySet[Edition]:
    """Return every published edition with its corrections, the latest period first, the latest number first."""
    return Edition.objects.filter(state=EditionState.PUBLISHED)


def current() -> list[Edition]:
    """Return the latest number of every label, the latest period first."""
    latest: dict[str, Edition] = {}
    for one in published():
        latest.setdefault(one.label, one)
    return list(latest.values())


def edition(label: str, number: int | None = None) -> Edition:
    """Return one published edition, the latest number where none is asked for; raise ``NotFound``."""
    found = published().filter(label=label)
    chosen = found.first() if number is None else found.filter(number=number).first()
    if chosen is None:
        raise NotFound(f"No edition {label}{f', version {number},' if number else ''} has been published.")
    return chosen


def edition_in(folder: str) -> Edition:
    """Return the published edition of a folder such as ``2025-1``; raise ``NotFound``."""
    found = published().filter(folder=folder).first()
    if found is None:
        raise NotFound(f"No edition has been published as {folder}.")
    return found


def place(one: Edition) -> Path:
    """Return the folder of a published edition."""
    root: Path = settings.PLENARY.editions
    return root / one.folder


def file(label: str, path: str, number: int | None = None) -> Path:
    """Return where a file of a published edition lies; raise ``NotFound`` for anything that is not one of its files."""
    return _file_of(edition(label, number), path)


def file_in(folder: str, path: str) -> Path:
    """Return where a file of the published edition of a folder lies; raise ``NotFound`` for anything else."""
    return _file_of(edition_in(folder), path)


def file_in_preparation(edition_id: int, path: str) -> Path:
    """Return where a file of an edition that waits to be published lies; raise ``NotFound``. For those who may publish it."""
    one = in_preparation().exclude(state=EditionState.SET_ASIDE).filter(pk=edition_id).first()
    if one is None:
        raise NotFound(f"No edition {edition_id} waits to be published.")
    root: Path = settings.PLENARY.editions
    return _within(root / STAGING / str(one.pk), path, f"Edition {one}")


def _file_of(one: Edition, path: str) -> Path:
    return _within(place(one), path, f"Edition {one}")


def _within(root: Path, path: str, name: str) -> Path:
    folder = root.resolve()
    try:
        found = folder.joinpath(*path.replace("\\", "/").split("/")).resolve()
        there = found.is_relative_to(folder) and found.is_file()
    except (OSError, ValueError):  # a name that no file can have: too long, or with a character that names never hold
        there = False
    if not there:
        raise NotFound(f"{name} has no file {path!r}.")
    return found


def in_preparation() -> QuerySet[Edition]:
    """Return what is being built, waits to be published or was set aside. For the people who publish."""
    return Edition.objects.exclude(state=EditionState.PUBLISHED)


def why_not_built() -> dict[int, str]:
    """Return, by edition, why its making failed, or that its job ended and left no reason. For the people who publish."""
    ended = given_up("plenary.editions.tasks.build")
    found = {}
    for one in in_preparation():
        if one.state == EditionState.FAILED:
            found[one.pk] = one.failure
        elif one.state == EditionState.BUILDING and one.proposal in ended:
            found[one.pk] = ENDED_WITHOUT_A_WORD
    return found
