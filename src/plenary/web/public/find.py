"""Which centre serves my hospital? By name or code, for every service, with the distance."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from plenary.registry import queries
from plenary.registry.terms import Place, ServiceNear
from plenary.web.design.fields import FilterForm
from plenary.web.design.pages import render_page
from plenary.web.design.tables import Cell, Column, Link, Several, Table, Tag, table
from plenary.web.public.words import distance, first_capital, mark, marked

MOST = 20


class PlaceForm(FilterForm):
    """What is asked: a hospital, trust or board by name or code; or the code that was chosen from the list."""

    name = forms.CharField(
        label="Name or ODS code of your hospital, trust or health board",
        help_text="For example, Hexham, Royal Devon or RR8",
        max_length=100,
    )


def which_centre(request: HttpRequest) -> HttpResponse:
    """Show the form, then the places of that name, then the nearest centre of every service."""
    code = request.GET.get("place", "")[:12]
    if code:
        return _centres_near(request, queries.place(code))
    form = PlaceForm(request.GET or None)
    asked = form.chosen().get("name", "")
    places = queries.find_place(asked, limit=MOST) if asked else []
    return render_page(
        request,
        "public/find.jinja",
        title="Which centre serves my hospital?",
        section="Find a centre",
        filter=form,
        asked=asked,
        places=_place_table(places),
        attributions=queries.attribution("public-sector", "os"),
    )


def _centres_near(request: HttpRequest, here: Place) -> HttpResponse:
    return render_page(
        request,
        "public/near.jinja",
        title=f"Centres for {here.name}",
        section="Find a centre",
        crumbs=[("Find a centre", reverse("find"))],
        place=here,
        where=", ".join(part for part in (here.parent_name, _area_name(here.region)) if part and part != here.name),
        mark=mark(here.confidence),
        near=_near_table(queries.which_centres(here)),
        attributions=queries.attribution("public-sector", "os"),
    )


def _place_table(places: list[Place]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for one in places:
        name: Cell = Link(one.name, f"{reverse('find')}?place={one.code}", hidden=one.code)
        if one.closed_on:
            name = Several((name, Tag("Closed", "grey")))
        rows.append((marked(name, one.confidence), first_capital(one.kind), one.parent_name, one.code))
    return table("Choose the place", ("Name", "Kind", "Part of", "ODS code"), rows)


def _near_table(near: list[ServiceNear]) -> Table:
    rows = [
        (
            marked(Link(one.name, reverse("service", args=[one.slug])), one.confidence),
            _nearest(one),
            distance(one.nearest.km),
            f"{one.centres:,}",
        )
        for one in near
    ]
    columns = ("Service", "Nearest centre", Column("Straight line", numeric=True), Column("Centres", numeric=True))
    return table("Nearest centre of each service", columns, rows, caption_hidden=True)


def _nearest(one: ServiceNear) -> Cell:
    centre = one.nearest
    link = Link(centre.name, reverse("centre", args=[one.slug, centre.ods]), hidden=f"for {one.name}")
    return marked(Several((link, centre.site)) if centre.site else link, centre.confidence)


def _area_name(code: str) -> str:
    return next((one.name for one in (*queries.regions(), *queries.nations()) if one.code == code), code)
