"""How sign-in differs from allauth's own: nobody signs up alone, sign-ins are audited, secrets lie encrypted."""

from __future__ import annotations

import base64
import hashlib
import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context
from allauth.core.internal import ratelimit
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse

from plenary.core import actions, queries
from plenary.core.models import Person

FRESH_SECONDS = 300
FAILED_FROM = "login_failed_from"
"""The limit of wrong passwords from one address. It is looked at without a lock: a whole hospital shares the address."""


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Accounts are made by an administrator; every sign-in and every new password is an audit event."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth's signature
        return False

    def is_reauthentication_required(self, *, app: str, **options: Any) -> bool:
        """Ask for the password again before a change to passwords or codes, unless the person signed in a moment ago."""
        records = get_authentication_records(context.request, context.request.user)
        if records and time.time() - records[-1]["at"] < FRESH_SECONDS:
            return False
        return bool(super().is_reauthentication_required(app=app, **options))

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return who knocks: behind the proxy, whom the proxy names last; everything before that anybody could have written."""
        named = str(request.META.get("HTTP_X_FORWARDED_FOR", "")).rpartition(",")[2].strip()
        if settings.PLENARY.proxy_header and named:
            return named
        return str(super().get_client_ip(request))

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        if not _fails_seldom(request):
            raise self.validation_error("too_many_login_attempts")
        super().pre_authenticate(request, **credentials)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        super().authentication_failed(request, **credentials)
        ratelimit.consume(request, app="allauth.account", action=FAILED_FROM)

    def post_login(self, request: HttpRequest, user: Person | AnonymousUser, **options: Any) -> HttpResponse:
        who = queries.who(user)
        actions.record(by=who, verb="sign in", subject=f"person/{who.person_id}")
        answer: HttpResponse = super().post_login(request, user, **options)
        return answer

    def set_password(self, user: Person, password: str) -> None:
        super().set_password(user, password)
        actions.record(by=queries.who(user), verb="set password", subject=f"person/{user.pk}")


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """One-time-code secrets and recovery seeds are encrypted under the installation's key, so a stolen backup holds none.

    A new ``PLENARY_SECRET_KEY`` therefore asks everybody to set up their second factor again (``plenary user reset-mfa``).
    """

    def encrypt(self, text: str) -> str:
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _cipher().decrypt(encrypted_text.encode()).decode()


def _fails_seldom(request: HttpRequest) -> bool:
    app = "allauth.account"
    rates = ratelimit.get_rates(app=app, action=FAILED_FROM)
    keys = [(rate, ratelimit.get_cache_key(request, app=app, action=FAILED_FROM, rate=rate)) for rate in rates]
    now = time.time()
    return all(ratelimit.apply_rate(cache.get(key, []), now, rate, dry_run=True)[0] for rate, key in keys)


def _cipher() -> Fernet:
    key = hashlib.blake2b(settings.SECRET_KEY.encode(), digest_size=32, person=b"second factor").digest()
    return Fernet(base64.urlsafe_b64encode(key))
