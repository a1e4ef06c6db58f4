"""One way to answer with a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

Crumbs = Sequence[tuple[str, str]]


def render_page(
    request: HttpRequest,
    template: str,
    *,
    title: str,
    section: str = "",
    crumbs: Crumbs = (),
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    """Render a page under the common layout.

    The browser's title reads ``title – section – Plenary``, after "Error: " when ``form`` has errors. Crumbs are (text, address)
    of the pages above, the top first. Everything else is the template's own.
    """
    return render(request, template, {"title": title, "section": section, "crumbs": list(crumbs), **context}, status=status)
