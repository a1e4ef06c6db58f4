"""Sign-in and the second factor: allauth's views at our addresses, each with its permission.

Only these are offered. Nobody signs up: an administrator makes the account.
"""

from __future__ import annotations

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from django.urls import register_converter
from django.urls.converters import StringConverter

from plenary.web.account.views import no_sign_up, own_account
from plenary.web.routes import OWN_ACCOUNT, PUBLIC, route


class PersonKey(StringConverter):
    """A person's number in base 36: it stops at the hyphen, where the key of a reset link begins."""

    regex = "[0-9A-Za-z]+"


register_converter(PersonKey, "person")

urlpatterns = [
    route("account/", own_account, "account", OWN_ACCOUNT),
    route("account/login/", account.login, "account_login", PUBLIC),
    route("account/logout/", account.logout, "account_logout", PUBLIC),
    route("account/sign-up/", no_sign_up, "account_signup", PUBLIC),
    route("account/inactive/", account.account_inactive, "account_inactive", PUBLIC),
    route("account/confirm/", account.reauthenticate, "account_reauthenticate", OWN_ACCOUNT),
    route("account/password/change/", account.password_change, "account_change_password", OWN_ACCOUNT),
    route("account/password/set/", account.password_set, "account_set_password", OWN_ACCOUNT),
    route("account/password/reset/", account.password_reset, "account_reset_password", PUBLIC),
    route("account/password/reset/sent/", account.password_reset_done, "account_reset_password_done", PUBLIC),
    route(
        "account/password/reset/key/done/", account.password_reset_from_key_done, "account_reset_password_from_key_done", PUBLIC
    ),
    route(
        "account/password/reset/key/<person:uidb36>-<path:key>/",
        account.password_reset_from_key,
        "account_reset_password_from_key",
        PUBLIC,
    ),
    route("account/email/", own_account, "account_email", OWN_ACCOUNT),  # allauth asks for this name
    route("account/codes/", mfa.index, "mfa_index", OWN_ACCOUNT),
    route("account/codes/enter/", mfa.authenticate, "mfa_authenticate", PUBLIC),
    route("account/codes/confirm/", mfa.reauthenticate, "mfa_reauthenticate", OWN_ACCOUNT),
    route("account/codes/app/", totp.activate_totp, "mfa_activate_totp", OWN_ACCOUNT),
    route("account/codes/app/remove/", totp.deactivate_totp, "mfa_deactivate_totp", OWN_ACCOUNT),
    route("account/codes/recovery/", codes.view_recovery_codes, "mfa_view_recovery_codes", OWN_ACCOUNT),
    route("account/codes/recovery/new/", codes.generate_recovery_codes, "mfa_generate_recovery_codes", OWN_ACCOUNT),
    route("account/codes/recovery/file/", codes.download_recovery_codes, "mfa_download_recovery_codes", OWN_ACCOUNT),
]
