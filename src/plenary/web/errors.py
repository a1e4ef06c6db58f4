"""The pages that say what went wrong and what to do next."""

from __future__ import annotations

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.http.request import UnreadablePostError
from django.template import loader
from django.views import defaults

from plenary.web.design.pages import render_page
from plenary.web.routes import refused

AWAY = (OperationalError, InterfaceError)
"""What is raised where the database cannot be reached, or went away in the middle."""
SECONDS = 10
"""After how long a machine may ask again."""
SECRETS = "/account/"
"""Below this address passwords are typed: nothing of them stands in any page."""


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404; a view's own words are shown, a resolver's are not."""
    said = exception.args[0] if exception.args and isinstance(exception.args[0], str) else ""
    return render_page(request, "plenary/404.jinja", title="Page not found", status=404, reason=said)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403 and say why."""
    return refused(request, str(exception))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer 400, or 503 where a session could not be kept because the database is away: Django blames the reader for that."""
    return away(request) if _is_away(exception) else defaults.bad_request(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500, or 503 where the fault is that the database is away."""
    if _is_away(sys.exc_info()[1]):
        return away(request)
    return render_page(request, "plenary/500.jinja", title="Something went wrong", status=500)


def _is_away(problem: BaseException | None) -> bool:
    """Whether a fault is that the database is away, or came of it."""
    while problem is not None and not isinstance(problem, AWAY):
        problem = problem.__cause__ or problem.__context__
    return problem is not None


def away(request: HttpRequest) -> HttpResponse:
    """Answer 503 without asking the database anything. What was sent with a form stands in the page, to be sent again.

    The key of the form is the one that came with it: who made somebody send it without one gets no further this time either.
    """
    kept, files = _sent(request)
    context = {
        "title": "The site is away for a moment",
        "away": True,
        "cspNonce": str(getattr(request, "csp_nonce", "")),
        "address": request.get_full_path(),
        "kept": kept,
        "files": files,
    }
    answer = HttpResponse(loader.get_template("plenary/503.jinja").render(context), status=503)
    answer["Retry-After"] = str(SECONDS)
    answer["Cache-Control"] = "no-store"
    return answer


def _sent(request: HttpRequest) -> tuple[list[tuple[str, str]], list[str]]:
    """Return what was typed, field by field, and the names of files."""
    if request.method != "POST" or request.path.startswith(SECRETS):
        return [], []
    try:
        typed = [(name, value) for name, values in request.POST.lists() for value in values]
        files = [str(getattr(one, "name", "")) for one in request.FILES.values()]
    except UnreadablePostError:  # the reader went away as well
        return [], []
    return typed, files
