"""The start page, what this is, and the accessibility statement."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from plenary.web.design.pages import render_page


def home(request: HttpRequest) -> HttpResponse:
    """Show what this is and the newest editions."""
    return render_page(request, "public/home.jinja", title="Highly specialised services")


def about(request: HttpRequest) -> HttpResponse:
    """Say what Plenary is, where the facts come from and under which licence."""
    return render_page(request, "public/about.jinja", title="About and sources")


def accessibility(request: HttpRequest) -> HttpResponse:
    """Show the accessibility statement."""
    return render_page(request, "public/accessibility.jinja", title="Accessibility statement")
