"""Every address is declared here with the permission it asks for: a page without one cannot be written.

The permission is checked before the view runs. What it asks is split in two: *which object* (``scope``: from the address, or by
looking up a row) and *who may* (``allows``: from the posts alone). The second half needs no database, so the whole matrix of
routes by roles is generated from the same declarations that guard the pages (``plenary.web.matrix``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.cache import add_never_cache_headers

from plenary.core import permissions, queries
from plenary.core.permissions import Refused, Role, holds, needs_second_factor
from plenary.core.terms import NOBODY, NotFound, Who

View = Callable[..., HttpResponseBase]


@dataclass(frozen=True)
class Scope:
    """The object that an address is about: a service's slug, a centre's "slug/ODS", or nothing."""

    service: str | None = None
    centre: str | None = None


def address_scope(who: Who, **arguments: Any) -> Scope:  # noqa: ARG001 - other scopes look rows up as this person
    """Read the object from the address: ``service`` and ``ods`` are the names that carry it."""
    service, ods = arguments.get("service"), arguments.get("ods")
    return Scope(service, f"{service}/{ods}" if service and ods else None)


@dataclass(frozen=True)
class Permission:
    """What a route asks for. ``about`` says which object the answer depends on: "", "service" or "centre"."""

    label: str
    allows: Callable[[Who, Scope], bool]
    scope: Callable[..., Scope] = address_scope
    about: str = ""
    signed_in: bool = True
    second_factor: bool = True

    def refusal(self) -> str:
        """Return why a person is turned away, fit to show."""
        return f"This page is for: {self.label}."


@dataclass(frozen=True)
class Route:
    """One declared address."""

    name: str
    pattern: str
    permission: Permission


def _everybody(who: Who, scope: Scope) -> bool:  # noqa: ARG001 - the shape that every answer has
    return True


PUBLIC = Permission("anyone", _everybody, signed_in=False, second_factor=False)
SIGNED_IN = Permission("anyone who is signed in", _everybody)
OWN_ACCOUNT = Permission("anyone who is signed in, before a second factor is set up", _everybody, second_factor=False)

ROUTES: dict[str, Route] = {}
"""Every declared address by its name."""


def only(*roles: type[Role], scope: Callable[..., Scope] = address_scope, about: str = "") -> Permission:
    """Return a permission for holders of one of the roles over the object that ``scope`` finds."""
    if not roles:
        raise TypeError("Name at least one role.")
    label = ", ".join(role.label.lower() for role in roles)
    return Permission(label, lambda who, found: holds(who, *roles, service=found.service, centre=found.centre), scope, about)


def route(pattern: str, view: View, name: str, permission: Permission | tuple[type[Role], ...]) -> URLPattern:
    """Declare an address. Raises when the permission is missing or the name is taken."""
    if isinstance(permission, tuple) and permission:
        permission = only(*permission)
    if not isinstance(permission, Permission):
        raise TypeError(f"The route {name!r} declares no permission: PUBLIC, SIGNED_IN, a tuple of roles, or only(…).")
    if permission.scope is address_scope and permission.signed_in:
        permission = _about_address(permission, pattern)
    if name in ROUTES:
        raise ValueError(f"Two routes are called {name!r}.")
    ROUTES[name] = Route(name, pattern, permission)
    return path(pattern, guard(view, permission), name=name)


def _about_address(permission: Permission, pattern: str) -> Permission:
    about = "centre" if ":ods>" in pattern else "service" if ":service>" in pattern else ""
    return Permission(**(vars(permission) | {"about": about}))


def who(request: HttpRequest) -> Who:
    """Return who asks, looked up once for each request."""
    if not hasattr(request, "_plenary_who"):
        user = getattr(request, "user", None)
        found = queries.who(user) if user is not None and user.is_authenticated else NOBODY
        request._plenary_who = found  # type: ignore[attr-defined]  # noqa: SLF001 - one memo on the request
    return request._plenary_who  # type: ignore[attr-defined,no-any-return]  # noqa: SLF001 - as above


def guard(view: View, permission: Permission) -> View:
    """Return the view behind its permission; a refusal inside it answers 403 with the reason, a miss 404."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            raise Http404("There is no such page.")  # no name holds it, and PostgreSQL cannot even be asked for it
        try:
            answer = _turned_away(request, permission, kwargs) or view(request, *args, **kwargs)
        except Refused as refusal:
            answer = refused(request, str(refusal))
        except NotFound as missing:
            raise Http404(str(missing)) from missing
        if permission.signed_in:
            add_never_cache_headers(answer)  # signed out, nobody goes back to a case on a shared computer
        return answer

    guarded.permission = permission  # type: ignore[attr-defined]
    return guarded


def _turned_away(request: HttpRequest, permission: Permission, arguments: dict[str, Any]) -> HttpResponse | None:
    if not permission.signed_in:
        return None
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    asking = who(request)
    if permission.second_factor and needs_second_factor(asking) and not is_mfa_enabled(request.user):
        return redirect("mfa_activate_totp")
    permissions.require(permission.allows(asking, permission.scope(asking, **arguments)), permission.refusal())
    return None


def refused(request: HttpRequest, reason: str) -> HttpResponse:
    """Answer 403 and say why."""
    from plenary.web.design.pages import render_page  # noqa: PLC0415 - the page's menu asks the routes

    return render_page(request, "plenary/403.jinja", title="You cannot see this page", status=403, reason=reason)
