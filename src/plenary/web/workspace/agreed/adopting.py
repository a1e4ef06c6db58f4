"""Adopting a version: the document is read, what it changes is shown, and that is confirmed."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from plenary.collection import actions as collection
from plenary.collection import queries as cases
from plenary.collection.terms import require_version
from plenary.core.queries import stored_bytes
from plenary.core.terms import NotPossible, Who
from plenary.outcomes import actions as outcomes
from plenary.outcomes import queries
from plenary.registry import queries as registry
from plenary.web.design.fields import SplitDateField
from plenary.web.design.formats import day, plural
from plenary.web.design.tables import table
from plenary.web.routes import who
from plenary.web.workspace.agreed.kinds import KINDS, LARGEST, SECTION, TOO_LARGE, crumbs, own_services
from plenary.web.workspace.pages import attempt, form_page, posted
from plenary_stats import spec


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
    services = own_services(asking)
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
        crumbs=crumbs(),
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
        crumbs=crumbs(),
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
