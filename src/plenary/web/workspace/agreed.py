"""What a network agrees: its data sets and outcome sets, each version in words, what changed, and adopting a new one."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from plenary.collection import actions as collection
from plenary.collection import queries as cases
from plenary.collection.permissions import may_adopt_data_set
from plenary.collection.queries import agreed
from plenary.collection.terms import Difference, Standing, require_version
from plenary.core.queries import events, stored_bytes, today
from plenary.core.terms import NotFound, NotPossible, Who
from plenary.outcomes import actions as outcomes
from plenary.outcomes import queries
from plenary.outcomes.permissions import may_see
from plenary.registry import queries as registry
from plenary.web.design.fields import FilterForm, SplitDateField
from plenary.web.design.formats import day, moment, plural
from plenary.web.design.tables import Cell, Link, Several, Tag, table
from plenary.web.routes import Permission, Scope, who
from plenary.web.workspace.pages import Crumbs, attempt, form_page, home, list_page, posted
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


def _crumbs() -> Crumbs:
    return [*home(), (SECTION, reverse("agreed_sets"))]


def _one(asking: Who, kind: str, number: int) -> Any:
    found = KINDS[kind].visible_to(asking).filter(pk=number).first() if kind in KINDS else None
    if found is None:
        raise NotFound("There is no such version of a data set or outcome set.")
    return found


def scope_of(asking: Who, *, kind: str, number: int) -> Scope:
    """Return the service of a version that the person may see; for everybody else there is no such version."""
    return Scope(_one(asking, kind, number).service.slug)


NETWORK = Permission(
    "people of the service's network, national commissioner",
    lambda asking, scope: scope.service is not None and may_see(asking, scope.service),
    scope_of,
    "service",
)


# -- the list


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
    leads = bool(_own_services(asking))
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


# -- one version


class ItemFilter(FilterForm):
    """What narrows the fields or outcomes."""

    text = forms.CharField(label="Search", max_length=100)

    def keep(self, found: agreed.Described) -> agreed.Described:
        wanted = self.chosen().get("text", "").casefold()
        return {name: said for name, said in found.items() if wanted in f"{name} {' '.join(said.values())}".casefold()}


def version(request: HttpRequest, kind: str, number: int, *, as_file: bool = False) -> HttpResponse:
    """Show one version in words: each field or outcome with what is agreed of it."""
    asking = who(request)
    row = _one(asking, kind, number)
    one = next(each for each in _versions(asking, KINDS[kind]) if each.row.pk == row.pk)
    document = one.kind.parsed(row)
    form, found = ItemFilter(request.GET), one.kind.described(document)
    others = KINDS[kind].visible_to(asking).filter(service=row.service).exclude(pk=row.pk).exists()
    links = [("What changed", one.url("agreed_changes"))] if others else []
    return list_page(
        request,
        title=f"{one.name} of {row.service.name}",
        section=SECTION,
        crumbs=_crumbs(),
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
    row = _one(who(request), kind, number)
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
    row = _one(who(request), "data-set", number)
    _, suffix, media_type = FORMS[form]
    answer = HttpResponse(agreed.exported(row, form).content, content_type=media_type)
    answer["Content-Disposition"] = f'attachment; filename="{row.service.slug}-data-set-{row.version}.{suffix}"'
    return answer


# -- what changed


class ChangeFilter(FilterForm):
    """Which other version to compare with, and what narrows the changes."""

    other = forms.ChoiceField(label="Compare with")
    kind = forms.ChoiceField(label="Change", choices=[("", "All"), *CHANGES.items()])

    def __init__(self, data: Any, others: Sequence[Any], usual: Any) -> None:
        super().__init__(data)
        self.fields["other"].choices = [(str(one.pk), f"Version {one.version}") for one in others]  # type: ignore[attr-defined]
        self.fields["other"].initial = str(usual.pk) if usual else ""
        self.chosen_other = next((one for one in others if str(one.pk) == self.data.get("other")), usual)
        self.data = {"other": str(getattr(self.chosen_other, "pk", "")), "kind": self.data.get("kind", "")}

    @property
    def narrowed(self) -> bool:
        return "kind" in self.chosen()


def changes(request: HttpRequest, kind: str, number: int, *, as_file: bool = False) -> HttpResponse:
    """Show what is different in a version from another one: from the one before it, unless another is asked for."""
    asking = who(request)
    row = _one(asking, kind, number)
    others = [one for one in KINDS[kind].visible_to(asking).filter(service=row.service) if one.pk != row.pk]
    before = [one for one in others if (one.adopted_on, one.pk) < (row.adopted_on, row.pk)]
    form = ChangeFilter(request.GET, others, before[-1] if before else next(iter(others), None))
    found = _differences(KINDS[kind], form.chosen_other, row) if form.chosen_other else []
    wanted = form.chosen().get("kind")
    name = f"{KINDS[kind].name} {row.version}"
    nothing = "Both versions agree the same." if form.chosen_other else "There is no other version to compare it with."
    return list_page(
        request,
        title="What changed",
        section=f"{name} of {row.service.name}",
        crumbs=[*_crumbs(), (name, reverse("agreed_set", args=[kind, number]))],
        columns=KINDS[kind].columns(),
        rows=[KINDS[kind].cells(one) for one in found if wanted in {None, one.kind}],
        intro=[f"{row.service.name}: version {row.version}, compared with version {form.chosen_other.version}."]
        if form.chosen_other
        else [],
        filter=form,
        file=f"{row.service.slug}-{kind}-{row.version}-changes.csv",
        as_file=as_file,
        download=reverse("agreed_changes_file", args=[kind, number]),
        empty=(nothing, "See all versions", reverse("agreed_sets")),
    )


def _differences(kind: Kind, old: Any, new: Any) -> list[Difference]:
    return list(kind.compared(stored_bytes(old.sha256), stored_bytes(new.sha256)))


# -- adopting


def _own_services(asking: Who) -> list[Any]:
    return [one for one in registry.services() if may_adopt_data_set(asking, one)]


class AdoptForm(forms.Form):
    """Which document, of which service, and from when it holds."""

    kind = forms.ChoiceField(
        label="What did the network agree?",
        choices=[("data-set", "A data set (REDCap data dictionary, CSV)"), ("outcome-set", "An outcome set (TOML)")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what the network agreed"},
    )
    service = forms.ChoiceField(label="Service", error_messages={"required": "Choose a service"})
    version = forms.CharField(
        label="Version of the data set",
        max_length=40,
        required=False,
        help_text="For example 2026-1. An outcome set says its own version.",
    )
    adopted_on = SplitDateField(label="In force from", error_messages={"required": "Give the first day on which it is in force"})
    file = forms.FileField(
        label="Document",
        widget=forms.FileInput,
        error_messages={"required": "Choose the file that holds the document", "empty": "The file is empty. Choose another"},
    )

    def __init__(self, data: Any, files: Any, services: Iterable[Any]) -> None:
        super().__init__(data, files)
        self.fields["service"].choices = [("", "Choose a service"), *((one.slug, one.name) for one in services)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if values.get("kind") == "data-set" and not values.get("version"):
            self.add_error("version", "Give the version of the data set, for example 2026-1")
        sent = values.get("file")
        if sent is not None and sent.size > LARGEST:
            self.add_error("file", TOO_LARGE)
        return values


class ConfirmForm(forms.Form):
    """The same document again, after what it changes was shown."""

    kind = forms.ChoiceField(choices=[(key, key) for key in KINDS], widget=forms.HiddenInput)
    service = forms.ChoiceField(widget=forms.HiddenInput)
    version = forms.CharField(max_length=40, widget=forms.HiddenInput)
    adopted_on = forms.DateField(widget=forms.HiddenInput)
    content = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, data: Any, services: Iterable[Any], initial: Any = None) -> None:
        super().__init__(data, initial=initial)
        self.fields["service"].choices = [(one.slug, one.name) for one in services]  # type: ignore[attr-defined]

    def clean_content(self) -> bytes:
        try:
            content = base64.b64decode(self.cleaned_data["content"], validate=True)
        except ValueError:
            raise forms.ValidationError("The document was lost on its way. Choose the file again") from None
        if len(content) > LARGEST:
            raise forms.ValidationError(TOO_LARGE)
        return content


def adopt(request: HttpRequest) -> HttpResponse:
    """Read a document, show what it changes, and adopt it when that is confirmed."""
    asking = who(request)
    services = _own_services(asking)
    if "content" in request.POST:
        confirm = ConfirmForm(request.POST, services)
        made = attempt(confirm, lambda: _adopt(asking, confirm.cleaned_data)) if confirm.is_valid() else None
        if made is not None:
            messages.success(request, f"Version {made.version} was adopted. It is in force from {day(made.adopted_on)}.")
            return redirect("agreed_set", confirm.cleaned_data["kind"], made.pk)
        for said in confirm.errors.values():
            messages.error(request, " ".join(map(str, said)))
        return redirect("adopt_set")
    form = AdoptForm(posted(request), request.FILES if request.method == "POST" else None, services)
    if request.method == "POST" and form.is_valid():
        content, values = form.cleaned_data["file"].read(), form.cleaned_data
        document = attempt(form, lambda: _read(values, content), field="file")
        if document is not None:
            return _ask(request, values, content, document)
    return form_page(
        request,
        form,
        title="Adopt a version",
        section=SECTION,
        crumbs=_crumbs(),
        intro=[
            "Adopt what the network has agreed. Files and results of periods that end after its first day are held to it.",
            "You see what it changes before it is adopted.",
        ],
        upload=True,
        submit="Read it",
    )


def _read(values: Mapping[str, Any], content: bytes) -> Any:
    """Return the parsed document, refused where it is of another service or its version is no name."""
    if values["kind"] == "data-set":
        require_version(values["version"])
        return spec.read_dictionary(content, values["service"], values["version"], registry.elements())
    found = spec.read_outcome_set(content)
    if found.service != values["service"]:
        raise NotPossible(f"The outcome set is of the service '{found.service}', not of '{values['service']}'.")
    require_version(found.version)
    return found


def _ask(request: HttpRequest, values: Mapping[str, Any], content: bytes, document: Any) -> HttpResponse:
    """Show what a document would change, and ask whether it is what the network agreed."""
    kind, service = KINDS[values["kind"]], registry.service(values["service"])
    known = [one for one in kind.visible_to(who(request)).filter(service=service) if one.adopted_on <= values["adopted_on"]]
    now = kind.described(document)
    found = kind.compared(stored_bytes(known[-1].sha256), content) if known else list(cases.compare({}, now))
    hidden = {name: values[name] for name in ("kind", "service", "adopted_on")} | {"version": document.version}
    form = ConfirmForm(None, [service], hidden | {"content": base64.b64encode(content).decode()})
    against = f"version {known[-1].version}" if known else "nothing: it is the first"
    misfits = queries.misfits(document, service, values["adopted_on"]) if kind.key == "outcome-set" else []
    proposed = bool(getattr(document, "proposed", False))
    return form_page(
        request,
        form,
        title=f"Adopt {kind.name.lower()} {document.version} of {service.name}?",
        section=SECTION,
        crumbs=_crumbs(),
        facts=[
            ("In force from", day(values["adopted_on"])),
            (
                "Agreed",
                "Not yet: the document says that it is proposed" if proposed else day(getattr(document, "agreed_on", None)),
            ),
            ("Holds", plural(len(now), kind.item.lower())),
            ("Compared with", against),
        ],
        warning_title="Look at this first",
        warnings=[*misfits, *document.notices],
        changes=table("What changes", kind.columns(), [kind.cells(one) for one in found]),
        template="workspace/adopt_confirm.jinja",
        submit="Adopt it",
    )


def _adopt(asking: Who, values: Mapping[str, Any]) -> Any:
    options = {"service": registry.service(values["service"]), "content": values["content"], "adopted_on": values["adopted_on"]}
    if values["kind"] == "data-set":
        return collection.adopt_data_set(**options, version=values["version"], by=asking)
    return outcomes.adopt_outcome_set(**options, by=asking)
