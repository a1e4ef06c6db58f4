"""The keys with which a centre's own systems send its files: issued, shown once, revoked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from plenary.collection.actions import systems as actions
from plenary.collection.queries import systems as queries
from plenary.registry import queries as registry
from plenary.web.design.fields import FilterForm
from plenary.web.design.formats import moment, number
from plenary.web.design.pages import render_page
from plenary.web.design.tables import Button, Cell, Column, Link, Tag
from plenary.web.routes import who
from plenary.web.workspace.pages import Crumbs, attempt, form_page, home, list_page, posted

SECTION = "Systems of centres"


def _crumbs(centre: Any, *, to_list: bool = False) -> Crumbs:
    address = reverse("systems", args=[centre.service.slug, centre.ods])
    return [*home(), (SECTION, reverse("all_systems")), *([(f"Systems of {centre.name}", address)] if to_list else [])]


class CentreFilter(FilterForm):
    """What narrows the centres."""

    text = forms.CharField(label="Centre or service", max_length=200)
    keys = forms.ChoiceField(label="Keys", choices=[("", "All"), ("some", "With a key in force"), ("none", "Without")])

    def keep(self, centres: Iterable[Any]) -> list[Any]:
        """Return the centres that the filter leaves."""
        chosen = self.chosen()
        text, wanted = chosen.get("text", "").casefold(), chosen.get("keys")
        return [
            one
            for one in centres
            if text in f"{one.name} {one.ods} {one.service.name}".casefold()
            and (wanted is None or (one.in_force > 0) == (wanted == "some"))
        ]


def all_systems(request: HttpRequest, *, as_file: bool = False) -> HttpResponse:
    """List the centres whose keys a person issues and revokes: all to the administrator, the own ones to a lead."""
    form = CentreFilter(request.GET)
    return list_page(
        request,
        title=SECTION,
        section=SECTION,
        crumbs=home(),
        columns=("Centre", "Service", Column("Keys in force", numeric=True), "Last issued"),
        rows=[_centre_row(one) for one in form.keep(queries.centres_to_keep(who(request)))],
        intro=["A system with a key sends its centre's files by itself. Open a centre to issue a key or to revoke one."],
        filter=form,
        file="systems.csv",
        as_file=as_file,
        download=reverse("all_systems_file"),
        empty=("There is no centre yet whose systems could have a key.", "Centres come with their designations.", None),
    )


def _centre_row(one: Any) -> tuple[Cell, ...]:
    address = reverse("systems", args=[one.service.slug, one.ods])
    link = Link(f"{one.name} ({one.ods})", address, hidden=f"of {one.service.name}")
    return link, one.service.name, number(one.in_force), moment(one.last_issued) if one.last_issued else "Never"


class KeyFilter(FilterForm):
    """What narrows the keys of a centre."""

    state = forms.ChoiceField(label="State", choices=[("", "All"), ("in force", "In force"), ("revoked", "Revoked")])

    def keep(self, keys: Iterable[Any]) -> list[Any]:
        """Return the keys that the filter leaves."""
        wanted = self.chosen().get("state")
        return [one for one in keys if wanted is None or (one.revoked_at is None) == (wanted == "in force")]


def systems(request: HttpRequest, service: str, ods: str, *, as_file: bool = False) -> HttpResponse:
    """List the keys of a centre's systems."""
    centre, form = registry.centre(service, ods), KeyFilter(request.GET)
    return list_page(
        request,
        title=f"Systems of {centre.name}",
        section=SECTION,
        crumbs=_crumbs(centre),
        columns=("System", "Key", "Issued", "State", "Revoke"),
        rows=[_row(centre, one) for one in form.keep(queries.keys(centre))],
        intro=[
            f"{centre.service.name}. A system with a key sends the centre's files by itself. It sees no case.",
            "What it sends counts when a person has read the findings and accepted it.",
        ],
        links=[("Issue a key", reverse("issue_key", args=[service, ods]))],
        filter=form,
        file=f"systems-{service}-{ods}.csv",
        as_file=as_file,
        download=reverse("systems_file", args=[service, ods]),
        empty=("No system has a key.", "Issue one", reverse("issue_key", args=[service, ods])),
    )


def _row(centre: Any, one: Any) -> tuple[Cell, ...]:
    address = reverse("revoke_key", args=[centre.service.slug, centre.ods, one.pk])
    return (
        one.name,
        one.key_id,
        moment(one.issued_at),
        Tag("Revoked", "grey") if one.revoked_at else Tag("In force", "green"),
        f"Revoked {moment(one.revoked_at)}" if one.revoked_at else Button("Revoke", address, hidden=one.name),
    )


class KeyForm(forms.Form):
    """What a key is for."""

    name = forms.CharField(
        label="Name of the system",
        max_length=80,
        help_text="For instance: the hospital's data warehouse",
        error_messages={"required": "Name the system that the key is for"},
    )


def issue(request: HttpRequest, service: str, ods: str) -> HttpResponse:
    """Issue a key, and show its secret this once."""
    asking, centre = who(request), registry.centre(service, ods)
    form = KeyForm(posted(request))
    if request.method == "POST" and form.is_valid():
        made = attempt(form, lambda: actions.issue_key(centre=centre, name=form.cleaned_data["name"], by=asking), field="name")
        if made is not None:
            return render_page(
                request,
                "workspace/key_issued.jinja",
                title="The key is issued",
                section=SECTION,
                crumbs=_crumbs(centre, to_list=True),
                facts=[("System", made[0].name), ("Key", made[0].key_id), ("Secret", made[1])],
                back=reverse("systems", args=[service, ods]),
            )
    return form_page(
        request,
        form,
        title="Issue a key",
        section=SECTION,
        crumbs=_crumbs(centre, to_list=True),
        intro=[f"{centre.name}, {centre.service.name}. Whoever has the key and its secret sends files in the centre's name."],
        submit="Issue the key",
    )


@require_POST
def revoke(request: HttpRequest, service: str, ods: str, number: int) -> HttpResponse:
    """Take a key away at once."""
    actions.revoke_key(centre=registry.centre(service, ods), number=number, by=who(request))
    messages.success(request, "The key is revoked. What was sent with it stands.")
    return redirect("systems", service, ods)
