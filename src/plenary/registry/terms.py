"""Words of the registry, and its documents read into typed records."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

CONFIRMED: Final = "confirmed"
CONFIDENCE: Final = (CONFIRMED, "recalled", "inferred", "unconfirmed", "invented")
"""How surely a fact is known. Whatever is not confirmed is marked so on screen and in data."""

ORGANISATION_KINDS: Final = ("trust", "ambulance trust", "board", "hospital", "community unit", "mental health hospital")
SUCCESSION_KINDS: Final = ("takeover", "merger", "split", "closure", "unspecified")
PART_OF: Final = "part of"
LIES_IN: Final = "lies in"

FROM_DEFINITIONS: Final = "definitions"
BY_DECISION: Final = "decision"


class BadDefinition(Exception):  # noqa: N818 - it reads as what happened
    """A file of the definitions cannot be used. The message names the file and says what to mend."""


@dataclass(frozen=True)
class CentreDefinition:
    """One centre of a service as its document gives it. Dates are kept as written ("2011-12") beside their first day."""

    ods: str
    provider: str
    sites: tuple[str, ...]
    roles: tuple[str, ...]
    from_as_written: str
    to_as_written: str
    confidence: str
    ods_confidence: str
    sources: tuple[str, ...]
    note: str

    @property
    def valid_from(self) -> date | None:
        return first_day(self.from_as_written)

    @property
    def valid_to(self) -> date | None:
        return first_day(self.to_as_written)


@dataclass(frozen=True)
class ServiceDefinition:
    """One highly specialised service as its document gives it."""

    slug: str
    name: str
    former_names: tuple[str, ...]
    description: str
    category: str
    age_group: str
    prescribed_number: str
    specification: str
    confidence: str
    source: str
    note: str
    reviewed: date
    next_review: date
    centres: tuple[CentreDefinition, ...]


@dataclass(frozen=True)
class Place:
    """A hospital, trust or board that somebody looked for.

    ``approximate`` says that the point is the middle of its area, since its own is not known.
    """

    code: str
    name: str
    kind: str
    parent: str
    parent_name: str
    area: str
    region: str
    latitude: float | None
    longitude: float | None
    approximate: bool
    confidence: str
    closed_on: date | None


@dataclass(frozen=True)
class CentreAway:
    """A centre and how far it is, in kilometres in a straight line; None where its place is not known."""

    key: str
    service: str
    ods: str
    name: str
    site: str
    confidence: str
    km: float | None


@dataclass(frozen=True)
class ServiceNear:
    """A service, its nearest centre from some place, and how many centres it has."""

    slug: str
    name: str
    confidence: str
    nearest: CentreAway
    centres: int


@dataclass(frozen=True)
class Loaded:
    """What a load of the definitions did. ``changed`` is False where every file was as before and nothing was written."""

    changed: bool
    files: Mapping[str, str]
    services: int = 0
    centres: int = 0
    organisations: int = 0


def first_day(written: str) -> date | None:
    """Return the first day of a year, month or day as written ("2006", "2011-12", "2012-06-18"); None for an empty text."""
    if not written:
        return None
    known = re.fullmatch(r"\d{4}(-\d{2}){0,2}", written)  # the weeks and other spellings of the standard are not meant
    try:
        return date.fromisoformat(written + "-01-01"[3 * written.count("-") :] if known else "")
    except ValueError:
        raise ValueError(f"'{written}' is not a date: write 2006, 2011-12 or 2012-06-18.") from None


def normalised(text: str) -> str:
    """Return a name as people type it: small letters, no accents or punctuation, "saint" short, "&" spelt out."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("&", " and "))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    words = re.sub(r"[^a-z0-9 ]", " ", re.sub(r"['’`]", "", plain)).split()
    return " ".join("st" if word == "saint" else word for word in words)


def read_service(content: bytes, file: str) -> ServiceDefinition:
    """Return the service of a document under ``definitions/services``; raise ``BadDefinition`` naming the file."""
    try:
        document = tomllib.loads(content.decode())
        return _service(document, file)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as problem:
        what = f"the key {problem} is missing" if isinstance(problem, KeyError) else str(problem)
        raise BadDefinition(f"{file}: {what}") from problem


def _service(document: Mapping[str, Any], file: str) -> ServiceDefinition:
    centres = tuple(_centre(entry) for entry in document.get("centre", ()))
    codes = [centre.ods for centre in centres]
    if len(set(codes)) < len(codes):
        raise ValueError("a centre stands in it twice; one [[centre]] for each ODS code")
    if f"{document['slug']}.toml" != file.rpartition("/")[2]:
        raise ValueError(f"the slug is {document['slug']}; it must be the file's name")
    return ServiceDefinition(
        slug=document["slug"],
        name=document["name"],
        former_names=_texts(document, "former_names"),
        description=document["description"],
        category=document["category"],
        age_group=document["age_group"],
        prescribed_number=document.get("prescribed_number", ""),
        specification=document.get("specification", ""),
        confidence=_confidence(document["confidence"]),
        source=document.get("source", ""),
        note=document.get("note", ""),
        reviewed=document["reviewed"],
        next_review=document["next_review"],
        centres=centres,
    )


def _centre(entry: Mapping[str, Any]) -> CentreDefinition:
    centre = CentreDefinition(
        ods=entry["ods"],
        provider=entry["provider"],
        sites=_texts(entry, "sites"),
        roles=_texts(entry, "roles"),
        from_as_written=str(entry.get("designated_from", "")),
        to_as_written=str(entry.get("designated_to", "")),
        confidence=_confidence(entry["confidence"]),
        ods_confidence=_confidence(entry["ods_confidence"]),
        sources=_texts(entry, "sources"),
        note=entry.get("note", ""),
    )
    if centre.valid_from and centre.valid_to and centre.valid_from >= centre.valid_to:
        raise ValueError(f"the designation of {centre.ods} ends before it begins")
    return centre


def _texts(entry: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """Return a list of texts; a text alone would be taken for a list of its letters."""
    found = entry.get(key, ())
    if isinstance(found, str) or not all(isinstance(one, str) for one in found):
        raise ValueError(f'{key} must be a list of texts: {key} = ["…"]')
    return tuple(found)


def _confidence(word: str) -> str:
    if word not in CONFIDENCE:
        raise ValueError(f"'{word}' is no degree of confidence: use {', '.join(CONFIDENCE)}")
    return word
