"""Protected tables that were kept as bytes, read back as what they are."""

from __future__ import annotations

import hashlib

from plenary_stats.tables import _TOKEN, ProtectedTable, parts


def restore(content: bytes, sha256: str) -> ProtectedTable:
    """Return the protected table of these bytes, provided that they are still the ones that were kept.

    ``sha256`` comes from the record of what was protected. ``ValueError`` where the bytes have another hash or hold a table
    that was never protected.
    """
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ValueError(f"The protected table has changed: its hash is {found}, not {sha256}.")
    return ProtectedTable(**parts(content, "protected"), token=_TOKEN)
