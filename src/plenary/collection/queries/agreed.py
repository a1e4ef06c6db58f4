"""Agreed data sets in words: which version stood when, what it asks for, and what another version changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from django.db.models import QuerySet
from django.utils import timezone

from plenary.collection.models import DataSetProposal, DataSetVersion
from plenary.collection.queries import of_networks
from plenary.collection.terms import Difference, Standing
from plenary.core.queries import stored_bytes
from plenary.core.terms import Who
from plenary.registry import queries as registry
from plenary_stats.dictionary import difference, document, fhir, guide, odm
from plenary_stats.dictionary.document import Dictionary
from plenary_stats.dictionary.exports import About, Export
from plenary_stats.spec import DataSet

Described = dict[str, dict[str, str]]
"""Each field or outcome by its name: what is agreed of it, by property, in words. What is left out is not there."""

EXPORTS: Final[Mapping[str, Callable[[Dictionary, About], Export]]] = {"guide": guide.write, "odm": odm.write, "fhir": fhir.write}
"""The forms in which a data set leaves."""

_FIELD: Final = {
    "label": "Label",
    "form": "Form",
    "section": "Section",
    "kind": "Kind",
    "validation": "Written as",
    "choices": "Choices",
    "required": "Required",
    "minimum": "At least",
    "maximum": "At most",
    "identifier": "Identifies the patient, not kept",
    "branching": "Asked where",
    "annotation": "Annotation",
    "note": "Note",
}


def visible_to(who: Who) -> QuerySet[DataSetVersion]:
    """Return the data sets of the services to whose networks ``who`` belongs, by service, the oldest first."""
    found = DataSetVersion.objects.filter(of_networks(who)).select_related("service")
    return found.order_by("service__name", "service__slug", "adopted_on", "id")


def described(dataset: DataSet) -> Described:
    """Return the fields of a data set in words, in their order."""
    return {one.name: in_words(one, _FIELD) for one in dataset.fields}


def compared(old: bytes, new: bytes) -> list[Difference]:
    """Return what changed between two data dictionaries, and what that does to files of the earlier one."""
    changes = difference.compare(document.read(old), document.read(new))
    return [Difference(one.field, one.kind, one.what, one.before, one.after, one.effect) for one in changes]


def field_names(content: bytes) -> list[str]:
    """Return the names of the fields of a data dictionary, in their order."""
    return [one.name for one in document.read(content).entries]


def exported(version: DataSetVersion, form: str) -> Export:
    """Return an adopted data set as a guide to print, as CDISC ODM or as a FHIR Questionnaire, dated when it was adopted."""
    about = About(
        service=version.service.slug,
        version=version.version,
        dated=version.adopted_on,
        title=version.service.name,
        agreed_on=version.adopted_on,
        elements=registry.elements(),
    )
    return EXPORTS[form](document.read(stored_bytes(version.sha256)), about)


def exported_proposal(proposal: DataSetProposal, form: str) -> Export:
    """Return a proposed data set in the same forms. It says of itself that no network has agreed it yet, also once one has."""
    about = About(
        service=proposal.service.slug,
        version=proposal.version,
        dated=timezone.localdate(proposal.proposed_at),
        title=proposal.service.name,
        elements=registry.elements(),
    )
    return EXPORTS[form](document.read(stored_bytes(proposal.sha256)), about)


def in_words(one: object, properties: Mapping[str, str]) -> dict[str, str]:
    """Return the properties of a typed record, named as people name them; those that are empty are left out."""
    return {label: text for name, label in properties.items() if (text := words(getattr(one, name)))}


def words(value: Any) -> str:
    """Return a value as people read it; nothing for none and for "no"."""
    if value is None or value is False:
        return ""
    if value is True:
        return "yes"
    if isinstance(value, Mapping):
        return "; ".join(key if key == text else f"{key} = {text}" for key, text in value.items())
    if isinstance(value, tuple | list):
        return ", ".join(map(words, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def standing(adopted_on: Sequence[dt.date], on: dt.date) -> list[Standing]:
    """Return how each version of one document stands on a day, from the days on which they were adopted, the oldest first."""
    begun = sum(day <= on for day in adopted_on)
    earlier, later = max(begun - 1, 0), len(adopted_on) - begun
    return [Standing.EARLIER] * earlier + [Standing.IN_FORCE] * (begun > 0) + [Standing.LATER] * later
