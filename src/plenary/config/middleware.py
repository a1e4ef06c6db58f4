"""Whoever holds a post that asks for a second factor gets nowhere without one; a session lasts while somebody uses it."""

from __future__ import annotations

import time
from collections.abc import Callable

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from plenary.core import permissions
from plenary.web.routes import who

RENEWED = "renewed"
EVERY = 60
"""Seconds after which a session that is used is kept anew. To write it for every page is to make every page wait for the disk."""


def second_factor(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Send a signed-in person without a second factor to set one up; only the account pages stay open."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path.startswith("/account/") or not request.user.is_authenticated or _is_satisfied(request):
            return get_response(request)
        return redirect("mfa_activate_totp")

    return middleware


def _is_satisfied(request: HttpRequest) -> bool:
    if any(record["method"] == "mfa" for record in get_authentication_records(request, request.user)):
        return True
    if not permissions.needs_second_factor(who(request)):
        return True
    # Set up during this session, which therefore began with the password alone.
    return bool(Authenticator.objects.filter(user=request.user, type=Authenticator.Type.TOTP).exists())


def renewal(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Let a session end so long after its last page as the settings say, within a minute."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and not 0 <= time.time() - _renewed(request) < EVERY:
            request.session[RENEWED] = time.time()
        return get_response(request)

    return middleware


def _renewed(request: HttpRequest) -> float:
    """Return when the session was kept last: the first time is the sign-in."""
    signed_in = getattr(request.user, "last_login", None)
    return float(request.session.get(RENEWED) or (signed_in.timestamp() if signed_in else 0))
