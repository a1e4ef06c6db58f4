"""What every test may use: a store of its own, and tables that are emptied between transactional tests."""

from __future__ import annotations

import importlib
from dataclasses import replace
from pathlib import Path

import hypothesis
import pytest
from django.db import connection

from tests.installation import Installation

# How long an example takes depends on who else works on the machine: no test may fail for that.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")


def pytest_addoption(parser):
    parser.addoption("--pictures", metavar="FOLDER", help="browser journeys save pictures of the pages here, for the handbook")
    parser.addoption("--agreement", metavar="FILE", help="the reference answers' tests write their table of agreement here")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings):
    """Let a transactional test empty the append-only table: the guard is lifted for the flush and put back after it."""
    guard = importlib.import_module("plenary.core.migrations.0002_audit_append_only").GUARDS[connection.vendor]
    flush = connection.ops.sql_flush

    def sql_flush(*arguments, **options):
        return [*guard["drop"], *flush(*arguments, **options), *guard["create"]]

    connection.ops.sql_flush = sql_flush


@pytest.fixture(scope="session")
def migrated(tmp_path_factory) -> Installation:
    """Return an installation on SQLite that is ready for use. Copy it; do not change it."""
    place = Installation(tmp_path_factory.mktemp("installation") / "data")
    place.run("migrate")
    return place


@pytest.fixture(autouse=True)
def store(tmp_path, settings) -> Path:
    """Give each test a store and an editions folder of its own."""
    settings.PLENARY = replace(settings.PLENARY, store=tmp_path / "store", editions=tmp_path / "editions")
    return tmp_path / "store"
