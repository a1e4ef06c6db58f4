"""What a centre's own headings mean: the mapping that a person of it made."""

from __future__ import annotations

from plenary.collection.models import ColumnMapping
from plenary.collection.queries import of_own_centres
from plenary.core.queries import stored_bytes
from plenary.core.terms import Who
from plenary.registry.models import Centre
from plenary_stats.dictionary.mapping import FileMapping, read_mapping


def remembered(who: Who, centre: Centre) -> ColumnMapping | None:
    """Return what is remembered of an own centre's headings."""
    return ColumnMapping.objects.filter(of_own_centres(who, "centre__"), centre=centre).first()


def mapping_sha256(centre: Centre) -> str:
    """Return the hash of what is remembered of a centre; empty where nothing is. It asks nobody's permission: actions do."""
    return ColumnMapping.objects.filter(centre=centre).values_list("sha256", flat=True).first() or ""


def rules_of(sha256: str) -> FileMapping | None:
    """Return a kept mapping; None for no hash."""
    return read_mapping(stored_bytes(sha256)) if sha256 else None
