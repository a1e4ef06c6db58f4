"""What every export of a data set says of it, and what an export could not carry."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from plenary_stats.dictionary.document import Entry
from plenary_stats.dictionary.elements import Element
from plenary_stats.dictionary.tags import ELEMENT


@dataclass(frozen=True)
class About:
    """Whose data set it is. ``dated`` is the day that the document bears; nothing is taken from the clock."""

    service: str
    version: str
    dated: date
    title: str = ""
    agreed_on: date | None = None
    elements: Mapping[str, Element] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.title or self.service

    @property
    def standing(self) -> str:
        """Whether the network has agreed the data set, in words."""
        return (
            f"Agreed by the network on {self.agreed_on.isoformat()}"
            if self.agreed_on
            else "Proposed: no network has agreed it yet"
        )

    def element(self, one: Entry) -> Element | None:
        tag = one.tag(ELEMENT)
        return self.elements.get(tag.value) if tag else None


@dataclass(frozen=True)
class Export:
    """The bytes of a document, and one sentence for everything that its standard has no place for."""

    content: bytes
    left_out: tuple[str, ...] = ()


def printable(text: str) -> str:
    """Return a text without the control characters that XML and JSON documents must not hold."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", text)
