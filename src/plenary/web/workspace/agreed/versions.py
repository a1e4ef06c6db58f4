"""The list of versions, and one version in words or as a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from plenary.collection.queries import agreed
from plenary.collection.terms import Standing
from plenary.core.queries import events, stored_bytes, today
from plenary.core.terms import NotFound, Who
from plenary.outcomes import queries
from plenary.web.design.fields import FilterForm
from plenary.web.design.formats import day, moment
from plenary.web.design.tables import Cell, Link, Several, Tag
from plenary.web.routes import Permission, Scope, who
from plenary.web.workspace.agreed.kinds import (
    FORMS,
    KINDS,
    NETWORK,
    SECTION,
    STANDING,
    Kind,
    crumbs,
    one_version,
    own_services,
    scope_of,
)
from plenary.web.workspace.pages import home, list_page


@dataclass(frozen=True)
class Version:
    """One version with how it stands today and who adopted it when."""

    kind: Kind
    row: Any
    standing: Standing
    adopted: str

    @property
    def proposed(self) -> bool:
        return bool(getattr(self.row, "proposed", False))

    @property
    def name(self) -> str:
        return f"{self.kind.name} {self.row.version}"

    @property
    def state(self) -> Cell:
        tag = STANDING[self.standing]
        return Several((tag, Tag("Proposed only", "yellow"))) if self.proposed else tag

    @property
    def agreed_on(self) -> str:
        """The day on which the network agreed: an outcome set says it, a data set is agreed when it is adopted."""
        return "" if self.proposed else day(getattr(self.row, "agreed_on", self.row.adopted_on))

    def url(self, name: str) -> str:
        return reverse(name, args=[self.kind.key, self.row.pk])


def _versions(asking: Who, kind: Kind) -> list[Version]:
    """Return every version of a kind that the person may see, the oldest of each service first."""
    adopted = {one.subject: f"{moment(one.occurred_at)} by {one.who_name}" for one in events(verb=kind.verb)}
    found = []
    for _, rows in groupby(kind.visible_to(asking), key=lambda row: row.service_id):
        those = list(rows)
        stand = agreed.standing([row.adopted_on for row in those], today())
        for row, standing in zip(those, stand, strict=True):
            known = adopted.get(f"{kind.key}/{row.service.slug}/{row.version}", "")
            found.append(Version(kind, row, standing, known))
    return found


class VersionFilter(FilterForm):
    """What narrows the list of versions."""

    service = forms.ChoiceField(label="Service")
    kind = forms.ChoiceField(label="Kind", choices=[("", "All"), *((one.key, one.name) for one in KINDS.values())])
    state = forms.ChoiceField(label="State", choices=[("", "All"), *((key.value, tag.text) for key, tag in STANDING.items())])

    def __init__(self, data: Any, versions: Iterable[Version]) -> None:
        super().__init__(data)
        names = {one.row.service.slug: one.row.service.name for one in versions}
        self.fields["service"].choices = [("", "All"), *sorted(names.items(), key=lambda pair: pair[1])]  # type: ignore[attr-defined]

    def keep(self, versions: Iterable[Version]) -> list[Version]:
        """Return the versions that the filter leaves."""
        chosen = self.chosen()
        return [
            one
            for one in versions
            if chosen.get("service", one.row.service.slug) == one.row.service.slug
            and chosen.get("kind", one.kind.key) == one.kind.key
            and chosen.get("state", one.standing.value) == one.standing.value
        ]


def all_versions(request: HttpRequest, *, as_file: bool = False) -> HttpResponse:
    """Show which versions of data sets and outcome sets the own networks agreed, and which are in force."""
    asking = who(request)
    versions = [one for kind in KINDS.values() for one in _versions(asking, kind)]
    versions.sort(key=lambda one: (one.row.service.name, one.kind.key, -one.row.adopted_on.toordinal(), -one.row.pk))
    form = VersionFilter(request.GET, versions)
    leads = bool(own_services(asking))
    adopt = ("Adopt a version", reverse("adopt_set"))
    return list_page(
        request,
        title=SECTION,
        section=SECTION,
        crumbs=home(),
        columns=("Version", "Service", "State", "In force from", "Agreed", "Adopted"),
        rows=[_version_row(one) for one in form.keep(versions)],
        intro=[
            "What each network asks its centres for, and what it measures. A version never changes: a change is a new version."
        ],
        links=[*([adopt] if leads else []), ("Proposed data sets", reverse("data_set_proposals"))],
        filter=form,
        file="agreed-sets.csv",
        as_file=as_file,
        download=reverse("agreed_sets_file"),
        empty=(
            "Your networks have agreed no data set and no outcome set yet.",
            *(adopt if leads else ("The network lead adopts them.", None)),
        ),
    )


def _version_row(one: Version) -> tuple[Cell, ...]:
    link = Link(one.name, one.url("agreed_set"), hidden=f"of {one.row.service.name}, number {one.row.pk}")
    return link, one.row.service.name, one.state, day(one.row.adopted_on), one.agreed_on or "Not yet", one.adopted


class ItemFilter(FilterForm):
    """What narrows the fields or outcomes."""

    text = forms.CharField(label="Search", max_length=100)

    def keep(self, found: agreed.Described) -> agreed.Described:
        wanted = self.chosen().get("text", "").casefold()
        return {name: said for name, said in found.items() if wanted in f"{name} {' '.join(said.values())}".casefold()}


def version(request: HttpRequest, kind: str, number: int, *, as_file: bool = False) -> HttpResponse:
    """Show one version in words: each field or outcome with what is agreed of it."""
    asking = who(request)
    row = one_version(asking, kind, number)
    one = next(each for each in _versions(asking, KINDS[kind]) if each.row.pk == row.pk)
    document = one.kind.parsed(row)
    form, found = ItemFilter(request.GET), one.kind.described(document)
    others = KINDS[kind].visible_to(asking).filter(service=row.service).exclude(pk=row.pk).exists()
    links = [("What changed", one.url("agreed_changes"))] if others else []
    return list_page(
        request,
        title=f"{one.name} of {row.service.name}",
        section=SECTION,
        crumbs=crumbs(),
        columns=(one.kind.item, "Label", "What is agreed"),
        rows=[_item_row(name, said) for name, said in form.keep(found).items()],
        facts=[
            ("State", one.state),
            ("In force from", day(row.adopted_on)),
            ("Agreed", one.agreed_on),
            ("Adopted", one.adopted),
            ("Content hash", row.sha256),
        ],
        links=[*links, ("Download the document", one.url("agreed_document")), *_forms(one)],
        misfits=queries.misfits(document, row.service, today()) if kind == "outcome-set" else [],
        notices=document.notices,
        filter=form,
        file=f"{row.service.slug}-{kind}-{row.version}.csv",
        as_file=as_file,
        download=reverse("agreed_set_file", args=[kind, number]),
        template="workspace/agreed.jinja",
        empty=(f"This version has no {one.kind.item.lower()}.", "Adopt another version.", None),
    )


def _forms(one: Version) -> list[tuple[str, str]]:
    if one.kind.key != "data-set":
        return []
    return [(words, reverse("agreed_export", args=[one.row.pk, form])) for form, (words, _, _) in FORMS.items()]


def _item_row(name: str, said: Mapping[str, str]) -> tuple[Cell, ...]:
    rest = tuple(f"{label}: {text}" for label, text in said.items() if label != "Label")
    return name, said.get("Label", ""), Several(rest)


def document(request: HttpRequest, kind: str, number: int) -> HttpResponse:
    """Answer with the document itself, byte for byte as it was agreed."""
    row = one_version(who(request), kind, number)
    answer = HttpResponse(stored_bytes(row.sha256), content_type=KINDS[kind].media_type)
    name = f"{row.service.slug}-{kind}-{row.version}.{KINDS[kind].suffix}"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def export_scope(asking: Who, *, number: int, form: str) -> Scope:
    """Return the service of a data set that leaves in a form that there is."""
    if form not in FORMS:
        raise NotFound("A data set cannot be downloaded in this form.")
    return scope_of(asking, kind="data-set", number=number)


EXPORT = Permission(NETWORK.label, NETWORK.allows, export_scope, "service")


def export(request: HttpRequest, number: int, form: str) -> HttpResponse:
    """Answer with a data set as a file for people or for other systems."""
    row = one_version(who(request), "data-set", number)
    _, suffix, media_type = FORMS[form]
    answer = HttpResponse(agreed.exported(row, form).content, content_type=media_type)
    answer["Content-Disposition"] = f'attachment; filename="{row.service.slug}-data-set-{row.version}.{suffix}"'
    return answer
