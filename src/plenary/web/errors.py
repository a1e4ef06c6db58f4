"""The pages that say what went wrong and what to do next."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from plenary.web.design.pages import render_page
from plenary.web.routes import refused


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404; a view's own words are shown, a resolver's are not."""
    said = exception.args[0] if exception.args and isinstance(exception.args[0], str) else ""
    return render_page(request, "plenary/404.jinja", title="Page not found", status=404, reason=said)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403 and say why."""
    return refused(request, str(exception))


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500."""
    return render_page(request, "plenary/500.jinja", title="Something went wrong", status=500)
