"""Tables of the room: runs whose result tables are kept as bytes under their hashes."""

from __future__ import annotations

from plenary.collection.models import KeptRun


class Run(KeptRun):
    """One computation of the equity of access of a service and period."""

    class Privacy(KeptRun.Privacy):
        """As of every run."""
