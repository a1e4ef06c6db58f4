"""Independent pieces of work on every core. The answers are the same on one core, and whichever core does which piece."""

from __future__ import annotations

import copyreg
import os
import pickle
import threading
from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Any, Final, TypeVar

Piece = TypeVar("Piece")
Answer = TypeVar("Answer")

FEWEST: Final = 40
"""Of fewer pieces than this the copies of the process cost more than they save."""


def _kept(names: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(names)


class _Sender(pickle.Pickler):
    """Writes answers; mappings that are kept from change too, which Python does not copy by itself."""

    dispatch_table = {**copyreg.dispatch_table, MappingProxyType: lambda names: (_kept, (dict(names),))}


def each(work: Callable[[Piece], Answer], pieces: Sequence[Piece]) -> list[Answer]:
    """Return ``[work(piece) for piece in pieces]``. What ``work`` changes elsewhere may be lost: answers alone count.

    Every further core does its share in a copy of this process, so that nothing is sent to it; its answers come back through a
    pipe. A copy that cannot be made, that dies, or that is left alone by a parent that was killed, has written nothing: its
    share is done here. A process with several threads is not copied, for a copy may find a lock closed for ever.
    """
    shares = min(os.cpu_count() or 1, len(pieces))
    if shares < 2 or len(pieces) < FEWEST or threading.active_count() > 1 or not hasattr(os, "fork"):
        return [work(piece) for piece in pieces]
    helpers = [_helper(work, pieces[own::shares]) for own in range(1, shares)]
    found: list[Any] = [None] * len(pieces)
    try:
        found[::shares] = [work(piece) for piece in pieces[::shares]]
    finally:
        told = [None if helper is None else _told(*helper) for helper in helpers]
    for own, answers in enumerate(told, 1):
        share = pieces[own::shares]
        found[own::shares] = [work(piece) for piece in share] if answers is None else answers
    return found


def _helper(work: Callable[[Piece], Answer], share: Sequence[Piece]) -> tuple[int, int] | None:
    """Start a copy of this process that does a share and ends; return its number and where its answers can be read.

    None where the machine allows no further one.
    """
    try:
        reading, writing = os.pipe()
    except OSError:
        return None
    try:
        number = os.fork()
    except OSError:
        os.close(reading)
        os.close(writing)
        return None
    if number:
        os.close(writing)
        return number, reading
    try:
        os.close(reading)
        with os.fdopen(writing, "wb") as out:
            _Sender(out).dump([work(piece) for piece in share])
    finally:
        os._exit(0)  # nothing of the parent's is closed, flushed or rolled back


def _told(number: int, reading: int) -> list[Any] | None:
    """Return the answers of a copy that has ended; None where it ended without them."""
    with os.fdopen(reading, "rb") as given:
        words = given.read()
    os.waitpid(number, 0)
    try:
        answers: list[Any] = pickle.loads(words)  # noqa: S301 - from a copy of this very process
    except Exception:  # noqa: BLE001 - an answer that cannot be read, for whatever reason, is no answer
        return None
    return answers
