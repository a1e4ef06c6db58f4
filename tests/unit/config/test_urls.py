from __future__ import annotations

import pytest
from django.urls import reverse

from plenary.config import wsgi


@pytest.mark.parametrize(
    "name", ["account_login", "account_logout", "account_reset_password", "mfa_authenticate", "mfa_activate_totp"]
)
def test_sign_in_lies_under_account(name):
    """The second-factor guard leaves exactly this prefix open."""
    assert reverse(name).startswith("/account/")


def test_the_application_server_finds_its_door():
    assert callable(wsgi.application)
