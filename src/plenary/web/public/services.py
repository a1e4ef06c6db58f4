"""The register as everybody may read it: all services, one service, one centre."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from plenary.core.queries import today
from plenary.registry import queries
from plenary.registry.terms import CONFIRMED
from plenary.web.design.fields import FilterForm
from plenary.web.design.formats import as_written
from plenary.web.design.pages import render_page
from plenary.web.design.tables import Cell, Column, Link, Table, csv_download, table
from plenary.web.public import editions
from plenary.web.public.words import first_capital, mark, marked, sureness

SERVICE_FILE = ("service", "name", "category", "age_group", "centres", "confidence", "source", "description")
CENTRE_FILE = ("service", "centre", "name", "site", "designated_from", "designated_to", "designated", "confidence")


class ServiceFilter(FilterForm):
    """What narrows the list of services."""

    text = forms.CharField(label="Search", max_length=100)
    category = forms.ChoiceField(label="Category")
    age_group = forms.ChoiceField(label="Age group")
    confidence = forms.ChoiceField(
        label="How sure", choices=[("", "All"), (CONFIRMED, "Confirmed"), ("unverified", "Unverified")]
    )

    def __init__(self, data: Any, services: Sequence[Any]) -> None:
        super().__init__(data)
        for name in ("category", "age_group"):
            values = sorted({getattr(one, name) for one in services} - {""})
            self.fields[name].choices = [("", "All"), *((value, first_capital(value)) for value in values)]  # type: ignore[attr-defined]

    def keep(self, services: Iterable[Any]) -> list[Any]:
        """Return the services that the filter leaves."""
        return [one for one in services if self._fits(one, self.chosen())]

    def _fits(self, one: Any, chosen: dict[str, Any]) -> bool:
        said = " ".join([one.name, one.description, *one.former_names]).casefold()
        if not all(word in said for word in chosen.get("text", "").casefold().split()):
            return False
        if any(chosen.get(name, getattr(one, name)) != getattr(one, name) for name in ("category", "age_group")):
            return False
        return chosen.get("confidence", "") in {"", CONFIRMED if one.confirmed else "unverified"}


def all_services(request: HttpRequest) -> HttpResponse:
    """Show the services, narrowed by the filter."""
    everything = list(queries.services())
    form = ServiceFilter(request.GET, everything)
    kept = form.keep(everything)
    return render_page(
        request,
        "public/services.jinja",
        title="Highly specialised services",
        section="Services",
        filter=form,
        services=_service_table(kept),
        shown=len(kept),
        all=len(everything),
        attributions=queries.attribution("public-sector"),
    )


def services_file(request: HttpRequest) -> HttpResponse:
    """Answer with the services as CSV, narrowed by the same filter."""
    everything = list(queries.services())
    counts = centre_counts()
    rows = [
        (s.slug, s.name, s.category, s.age_group, counts[s.slug], s.confidence, s.source, s.description)
        for s in ServiceFilter(request.GET, everything).keep(everything)
    ]
    return csv_download("services.csv", SERVICE_FILE, rows)


def one_service(request: HttpRequest, service: str) -> HttpResponse:
    """Show a service: what it is, its centres now and before, its results in each edition."""
    found = queries.service(service)
    now = list(queries.centres(service, today()))
    ids = {one.pk for one in now}
    before = [one for one in queries.centres(service) if one.pk not in ids]
    return render_page(
        request,
        "public/service.jinja",
        title=found.name,
        section="Services",
        crumbs=[("Services", reverse("services"))],
        service=found,
        mark=mark(found.confidence),
        known=_service_facts(found),
        now=_centre_table("Centres today", now),
        before=_centre_table("Centres that were designated before", before),
        results=editions.results_of(service),
        attributions=queries.attribution("public-sector"),
    )


def centres_file(request: HttpRequest, service: str) -> HttpResponse:  # noqa: ARG001 - the same shape as every view
    """Answer with every centre that a service has or had, as CSV."""
    queries.service(service)
    now = set(queries.centres(service, today()).values_list("pk", flat=True))
    rows = [
        (service, one.ods, one.name, one.site, began(one), ended(one), "yes" if one.pk in now else "no", one.confidence)
        for one in queries.centres(service)
    ]
    return csv_download(f"{service}-centres.csv", CENTRE_FILE, rows)


def one_centre(request: HttpRequest, service: str, ods: str) -> HttpResponse:
    """Show a centre: who holds it, since when, by which authority, and what else the provider offers."""
    found = queries.centre(service, ods)
    others = [one for one in queries.centres_of(ods, today()) if one.service.slug != service]
    return render_page(
        request,
        "public/centre.jinja",
        title=found.name,
        section=found.service.name,
        crumbs=[("Services", reverse("services")), (found.service.name, reverse("service", args=[service]))],
        centre=found,
        mark=mark(found.confidence),
        known=_centre_facts(found),
        designations=_designation_table(found),
        others=[(one.service.name, reverse("centre", args=[one.service.slug, ods])) for one in others],
        attributions=queries.attribution("public-sector", "organisations"),
    )


def centre_counts() -> Counter[str]:
    """Return how many centres each service has today."""
    return Counter(queries.designated(today()).values_list("centre__service__slug", flat=True))


def began(centre: Any) -> str:
    """Return since when a centre is designated, as its source writes it."""
    return next((one.from_as_written or _iso(one.valid_from) for one in centre.designations.all()), "")


def ended(centre: Any) -> str:
    """Return when its last designation ended, as written; empty while it stands."""
    return next((one.to_as_written or _iso(one.valid_to) for one in list(centre.designations.all())[-1:]), "")


def _service_table(services: Sequence[Any]) -> Table:
    counts = centre_counts()
    rows: list[tuple[Cell, ...]] = [
        (
            marked(Link(one.name, reverse("service", args=[one.slug])), one.confidence),
            first_capital(one.category),
            first_capital(one.age_group),
            f"{counts[one.slug]:,}",
        )
        for one in services
    ]
    return table("Services", ("Service", "Category", "Age group", Column("Centres", numeric=True)), rows, caption_hidden=True)


def _centre_table(caption: str, centres: Sequence[Any]) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            marked(Link(one.name, reverse("centre", args=[one.service.slug, one.ods])), one.confidence),
            one.site or "Not recorded",
            one.ods,
            as_written(began(one)) or "Not known",
            as_written(ended(one)) or "Still designated",
        )
        for one in centres
    ]
    return table(caption, ("Centre", "Hospital", "ODS code", "From", "Until"), rows)


def _designation_table(centre: Any) -> Table:
    rows = [
        (
            as_written(one.from_as_written or _iso(one.valid_from)) or "Not known",
            as_written(one.to_as_written or _iso(one.valid_to)) or "Still designated",
            one.authority,
        )
        for one in centre.designations.all()
    ]
    return table("Designations", ("From", "Until", "Authority"), rows)


def _service_facts(found: Any) -> list[tuple[str, Cell]]:
    return [
        ("Category", first_capital(found.category)),
        ("Age group", first_capital(found.age_group)),
        ("Earlier names", "; ".join(found.former_names)),
        ("Number in the prescribed services manual", found.prescribed_number),
        ("Service specification", found.specification),
        ("How sure", sureness(found.confidence)),
        ("Note", found.note),
    ]


def _centre_facts(found: Any) -> list[tuple[str, Cell]]:
    ods_note = "" if found.ods_confidence == CONFIRMED else " (code unverified)"
    return [
        ("Service", Link(found.service.name, reverse("service", args=[found.service.slug]))),
        ("Hospital", found.site),
        ("ODS code", f"{found.ods}{ods_note}"),
        ("What it does", first_capital("; ".join(found.roles))),
        ("How sure", sureness(found.confidence)),
        ("Note", found.note),
    ]


def _iso(value: Any) -> str:
    return value.isoformat() if value else ""
