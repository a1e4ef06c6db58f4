"""Passwords are kept at the cost that is asked for, and those kept at another cost are kept anew."""

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher, check_password, make_password

from tests.factories.core import PASSWORD

OURS = ["plenary.config.passwords.Hasher"]


@pytest.fixture(autouse=True)
def as_in_life(settings):
    settings.PASSWORD_HASHERS = OURS


def test_a_password_is_kept_with_argon2id_of_the_stated_cost():
    kept = make_password(PASSWORD)
    assert kept.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert PASSWORD not in kept
    assert make_password(PASSWORD) != kept
    assert check_password(PASSWORD, kept)
    assert not check_password(f"{PASSWORD}.", kept)


def test_a_password_kept_at_another_cost_still_opens_and_is_kept_anew():
    old = Argon2PasswordHasher().encode(PASSWORD, "a salt of some length")
    renewed = []
    assert check_password(PASSWORD, old, setter=renewed.append)
    assert renewed == [PASSWORD]
    assert not check_password("another one", old, setter=renewed.append)
    assert renewed == [PASSWORD]
