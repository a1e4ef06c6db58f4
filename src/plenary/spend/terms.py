"""Words of the room."""

from __future__ import annotations


class NotPossible(Exception):  # noqa: N818 - it reads as what happened
    """What was asked cannot be done in the present state. The message says why and what to do instead."""
