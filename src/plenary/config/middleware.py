"""Whoever holds a post that asks for a second factor gets nowhere without one, whatever page or interface is asked for."""

from __future__ import annotations

from collections.abc import Callable

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from plenary.core import permissions, queries


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
    if not permissions.needs_second_factor(queries.who(request.user)):
        return True
    # Set up during this session, which therefore began with the password alone.
    return bool(Authenticator.objects.filter(user=request.user, type=Authenticator.Type.TOTP).exists())
