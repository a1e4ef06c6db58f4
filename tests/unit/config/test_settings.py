from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.db import connection

from tests.unit.config.test_environment import LIVE

SHOW = "from plenary.config import settings as s; print(s.SECURE_SSL_REDIRECT, s.SESSION_COOKIE_SECURE, s.DEBUG)"


def start(change):
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PLENARY_", "DJANGO_"))}
    environ |= LIVE | change | {"PYTHONPATH": "src"}
    return subprocess.run([sys.executable, "-c", SHOW], env=environ, capture_output=True, text=True, check=False)


def test_a_live_installation_starts_and_is_strict():
    assert start({}).stdout.split() == ["True", "True", "False"]


def test_a_live_installation_with_unsafe_settings_does_not_start_and_says_every_reason():
    started = start({"PLENARY_DEBUG": "yes", "PLENARY_DEMO": "yes", "PLENARY_SECRET_KEY": ""})
    assert started.returncode != 0
    for name in ("PLENARY_DEBUG", "PLENARY_DEMO", "PLENARY_SECRET_KEY"):
        assert name in started.stderr


@pytest.mark.django_db
def test_the_connection_really_is_as_set():
    if connection.vendor != "sqlite":
        pytest.skip("SQLite's own switches")
    with connection.cursor() as cursor:
        found = [cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in ("foreign_keys", "synchronous", "busy_timeout")]
    assert found == [1, 1, 20_000]
    assert connection.transaction_mode == "IMMEDIATE"
