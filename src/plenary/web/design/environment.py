"""The Jinja environment: NHS components, our templates, and the few names that every template may use."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from jinja2 import ChainableUndefined, ChoiceLoader, Environment, PackageLoader
from markupsafe import Markup

from plenary.web.design import formats
from plenary.web.design.tables import Tag
from plenary.web.shell import role_names, shell

TEMPLATES = ("plenary.web.design", "plenary.web.account", "plenary.web.public", "plenary.web.workspace")


def url(name: str, *args: object, **kwargs: object) -> str:
    """Return the address of a route by its name."""
    return reverse(name, args=args or None, kwargs=kwargs or None)


def with_query(request: HttpRequest, **changes: object) -> str:
    """Return this page's address with some of its query changed; None or '' takes a key away."""
    kept = {key: values for key, values in request.GET.lists() if key not in changes}
    added = {key: [str(value)] for key, value in changes.items() if value not in (None, "")}
    query = urlencode(kept | added, doseq=True)
    return f"{request.path}?{query}" if query else request.path


def environment(**options: Any) -> Environment:
    """Build the environment that Django's Jinja2 backend asks for."""
    options["loader"] = ChoiceLoader([*(PackageLoader(package) for package in TEMPLATES), PackageLoader("nhsuk_frontend_jinja")])
    options |= {"undefined": ChainableUndefined, "trim_blocks": True, "lstrip_blocks": True, "autoescape": True}
    made = Environment(**options)  # noqa: S701 - autoescape is set to True above
    made.globals.update(
        static=static, url=url, with_query=with_query, settings=settings, tag=Tag, today=date.today, Markup=Markup
    )
    made.globals.update(shell_of=shell, role_names=role_names)
    made.filters.update(
        {name: getattr(formats, name) for name in ("as_written", "day", "moment", "number", "money", "plural", "span")}
    )
    return made
