"""The kinds of agreed documents: how their versions are read, compared and adopted, and who sees them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from plenary.collection import queries as cases
from plenary.collection.permissions import may_adopt_data_set
from plenary.collection.queries import agreed
from plenary.collection.terms import Difference, Standing
from plenary.core.terms import NotFound, Who
from plenary.outcomes import queries
from plenary.outcomes.permissions import may_see
from plenary.registry import queries as registry
from plenary.web.design.tables import Cell, Tag
from plenary.web.routes import Permission, Scope
from plenary.web.workspace.pages import Crumbs, home
from plenary_stats import spec

SECTION = "Agreed sets"
LARGEST = 1_000_000
"""Bytes of a document: the largest data dictionaries have a tenth of it."""

TOO_LARGE = "The file is larger than 1 MB. Choose the document itself, not the cases"
STANDING = {
    Standing.IN_FORCE: Tag("In force", "green"),
    Standing.EARLIER: Tag("Earlier", "grey"),
    Standing.LATER: Tag("Not yet", "blue"),
}

CHANGES = {"added": "New", "removed": "Gone", "changed": "Changed", "renamed": "Renamed", "order": "Order"}
FORMS = {
    "guide": ("Guide to print", "html", "text/html"),
    "odm": ("CDISC ODM", "xml", "application/xml"),
    "fhir": ("FHIR Questionnaire", "json", "application/fhir+json"),
}
"""The forms in which a data set can be downloaded: in words, and of what kind the file is."""


@dataclass(frozen=True)
class Kind:
    """One kind of agreed document: how its versions are read and adopted."""

    key: str
    name: str
    item: str
    suffix: str
    media_type: str
    visible_to: Callable[[Who], Any]
    parsed: Callable[[Any], Any]
    described: Callable[[Any], agreed.Described]
    compared: Callable[[bytes, bytes], Sequence[Difference]]
    effect: str = ""
    """The heading under which it stands what a change does; without it, nothing is known of that."""

    def columns(self) -> tuple[str, ...]:
        """Return the headings of a list of changes."""
        return (self.item, "Change", "What", "Before", "Now", *((self.effect,) if self.effect else ()))

    def cells(self, one: Difference) -> tuple[Cell, ...]:
        """Return one change as a row of such a list."""
        told = (one.name, CHANGES[one.kind], one.field, one.before, one.after)
        return (*told, one.effect) if self.effect else told

    @property
    def verb(self) -> str:
        return f"adopt {self.name.lower()}"


def _in_words(content: bytes) -> agreed.Described:
    return queries.described(spec.read_outcome_set(content))


KINDS = {
    one.key: one
    for one in (
        Kind(
            "data-set", "Data set", "Field", "csv", "text/csv",
            agreed.visible_to, cases.data_set, agreed.described, agreed.compared, "Files of the earlier version",
        ),
        Kind(
            "outcome-set", "Outcome set", "Outcome", "toml", "application/toml",
            queries.outcome_sets_visible_to, queries.outcome_set, queries.described,
            lambda old, new: list(cases.compare(_in_words(old), _in_words(new))),
        ),
    )
}  # fmt: skip


def crumbs() -> Crumbs:
    return [*home(), (SECTION, reverse("agreed_sets"))]


def one_version(asking: Who, kind: str, number: int) -> Any:
    found = KINDS[kind].visible_to(asking).filter(pk=number).first() if kind in KINDS else None
    if found is None:
        raise NotFound("There is no such version of a data set or outcome set.")
    return found


def scope_of(asking: Who, *, kind: str, number: int) -> Scope:
    """Return the service of a version that the person may see; for everybody else there is no such version."""
    return Scope(one_version(asking, kind, number).service.slug)


NETWORK = Permission(
    "people of the service's network, national commissioner",
    lambda asking, scope: scope.service is not None and may_see(asking, scope.service),
    scope_of,
    "service",
)


def own_services(asking: Who) -> list[Any]:
    return [one for one in registry.services() if may_adopt_data_set(asking, one)]
