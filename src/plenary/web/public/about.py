"""The start page, what this is, and the accessibility statement."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from plenary.registry import queries
from plenary.web.design.formats import plural
from plenary.web.design.pages import render_page
from plenary.web.design.tables import Tag
from plenary.web.public.editions import Published, published
from plenary.web.public.services import centre_counts

NEWEST = 3


def home(request: HttpRequest) -> HttpResponse:
    """Show what this is and the newest editions."""
    counts = centre_counts()
    return render_page(
        request,
        "public/home.jinja",
        title="Highly specialised services",
        section="Start",
        editions=[_card(one) for one in published()[:NEWEST]],
        services=queries.services().count(),
        centres=sum(counts.values()),
        attributions=queries.attribution("public-sector"),
    )


def about(request: HttpRequest) -> HttpResponse:
    """Say what Plenary is, where the facts come from and under which licence."""
    return render_page(request, "public/about.jinja", title="About and sources", attributions=queries.attribution())


def accessibility(request: HttpRequest) -> HttpResponse:
    """Show the accessibility statement."""
    return render_page(request, "public/accessibility.jinja", title="Accessibility statement")


def _card(one: Published) -> dict[str, object]:
    return {
        "title": one.name,
        "href": reverse("edition", args=[one.key]),
        "text": f"Cases of {one.period}; {plural(len(one.services), 'service')}.",
        "note": Tag("Invented", "purple") if one.invented else "",
    }
