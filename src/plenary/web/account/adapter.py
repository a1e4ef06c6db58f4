"""Two rules of ours on top of allauth: nobody signs up alone, and a fresh sign-in is not asked for again."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context
from django.http import HttpRequest

FRESH_SECONDS = 300


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth carries no types
    """What this installation asks of sign-in."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth's signature
        return False

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Ask again before a change to passwords or codes, unless the person signed in a moment ago."""
        records = get_authentication_records(context.request, context.request.user)
        if records and time.time() - records[-1]["at"] < FRESH_SECONDS:
            return False
        return bool(super().is_reauthentication_required(app=app, **kwargs))
