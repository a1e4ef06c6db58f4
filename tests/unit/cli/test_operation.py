from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import signal
import socket
import time
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import DataError, connection

from plenary.cli import operation
from plenary.cli.main import main
from plenary.core import actions, queries
from plenary.core.terms import DEMONSTRATION, SYSTEM
from tests.factories.core import PASSWORD, TOTP_SECRET, PersonFactory, PostFactory
from tests.installation import Installation


@pytest.mark.django_db
class TestUser:
    def test_from_account_to_post_to_list(self, capsys, monkeypatch):
        monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD + "\n"))
        assert main(["user", "add", "Ada@example.org", "--name", "Ada Min", "--password-stdin"]) == 0
        assert main(["user", "appoint", "ada@example.org", "centre-lead", "adult-ecmo/RJ1", "--from", "2026-01-01"]) == 0
        assert main(["user", "appoint", "ada@example.org", "reviewer"]) == 0
        assert main(["user", "end", "ada@example.org", "reviewer"]) == 0
        capsys.readouterr()
        assert main(["user", "list", "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == [
            {
                "email": "ada@example.org",
                "name": "Ada Min",
                "active": True,
                "second_factor": False,
                "posts": [{"role": "centre-lead", "scope": "adult-ecmo/RJ1"}],
            }
        ]
        assert queries.person("ada@example.org").check_password(PASSWORD)

    def test_an_account_without_a_password_says_where_to_set_one(self, capsys):
        assert main(["user", "add", "ada@example.org", "--name", "Ada"]) == 0
        assert "/account/password/reset/" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("words", "reason"),
        [
            (["add", "ada@example.org", "--name", "Again"], "already"),
            (["appoint", "ada@example.org", "king"], "is not a role"),
            (["appoint", "ada@example.org", "centre-lead"], "held over"),
            (["appoint", "no@example.org", "reviewer"], "Nobody signs in"),
            (["end", "ada@example.org", "reviewer"], "no such post"),
            (["close", "no@example.org"], "Nobody signs in"),
        ],
    )
    def test_what_is_refused_ends_with_2_its_reason_and_no_change(self, words, reason, capsys):
        PersonFactory(email="ada@example.org")
        assert main(["user", *words]) == 2
        told = capsys.readouterr()
        assert reason in told.err
        assert told.out == ""
        assert not queries.events().exists()

    def test_reset_and_close(self, capsys):
        person = PostFactory(person__email="ada@example.org").person
        actions.enrol_totp(person=person, secret=TOTP_SECRET, by=SYSTEM)
        assert main(["user", "reset-mfa", "ada@example.org"]) == 0
        assert queries.has_second_factor(person) is False
        assert main(["user", "close", "ada@example.org"]) == 0
        capsys.readouterr()
        main(["user", "list"])
        assert "(closed): no post" in capsys.readouterr().out


@pytest.mark.django_db
class TestAuditVerify:
    def test_whole_then_cut_then_forged(self, capsys):
        for number in range(3):
            actions.record(by=SYSTEM, verb="try", subject=f"thing/{number}")
        head = queries.verify_chain().head
        assert main(["audit", "verify", "--head", head]) == 0
        assert head in capsys.readouterr().out
        assert main(["audit", "verify", "--head", "f" * 64]) == 1
        guard = importlib.import_module("plenary.core.migrations.0002_audit_append_only").GUARDS[connection.vendor]
        with connection.cursor() as cursor:
            for statement in guard["drop"]:
                cursor.execute(statement)
            cursor.execute("UPDATE core_auditevent SET subject = 'thing/9' WHERE sequence = 2")
        capsys.readouterr()
        assert main(["audit", "verify", "--json"]) == 1
        assert json.loads(capsys.readouterr().out)["broken_at"] == 2


@pytest.mark.django_db
class TestServeRefuses:
    def test_check_names_what_forbids_production(self, capsys):
        assert main(["serve", "--check", "--json"]) == 1
        assert any("PLENARY_SECRET_KEY" in problem for problem in json.loads(capsys.readouterr().out)["problems"])

    def test_a_live_installation_does_not_serve_the_invented_world(self, settings, capsys):
        actions.record(by=SYSTEM, verb=DEMONSTRATION, subject="world/1")
        settings.PLENARY = replace(settings.PLENARY, environment="production")
        assert main(["serve"]) == 2
        assert "invented world" in capsys.readouterr().err


def free_port() -> int:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listener:
        return listener.getsockname()[1]


def answer(address: str) -> int:
    """Return the status of a page, waiting until the site is up."""
    for _ in range(300):
        try:
            return urllib.request.urlopen(address).status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the site did not come up")


def group(process) -> set[int]:
    """Return the children of a process."""
    return {int(word) for word in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()}


def works(child: int) -> bool:
    """Whether a process is the worker of background jobs."""
    return b"db_worker" in Path(f"/proc/{child}/cmdline").read_bytes()


def wait_for(found):
    """Return what is found, waiting for it."""
    for _ in range(300):
        if seen := found():
            return seen
        time.sleep(0.1)
    return None


class TestServe:
    def test_an_installation_that_is_not_ready_says_so(self, tmp_path):
        assert "plenary migrate" in Installation(tmp_path / "new").run("serve", expect=2)
        assert "plenary migrate" in Installation(tmp_path / "new").run("user", "list", expect=2)

    def test_unsafe_production_does_not_start_and_names_every_reason(self, tmp_path):
        said = Installation(tmp_path, PLENARY_ENVIRONMENT="production").run("serve", expect=2)
        assert "PLENARY_SECRET_KEY" in said
        assert "PLENARY_BASE_URL" in said

    def test_a_setting_that_cannot_be_read_is_an_input_error(self, tmp_path):
        assert "PLENARY_DEBUG" in Installation(tmp_path, PLENARY_DEBUG="perhaps").run("user", "list", expect=2)

    def test_serves_and_stops_when_told_with_nothing_left_behind(self, migrated, tmp_path):
        place = migrated.copy_to(tmp_path / "data")
        port = free_port()
        serving = place.start("serve", "--port", str(port), "--processes", "1")
        assert answer(f"http://127.0.0.1:{port}/account/login/") == 200
        children = group(serving)
        assert len(children) == 2  # the site and the worker
        serving.send_signal(signal.SIGTERM)
        _, errors = serving.communicate(timeout=60)
        assert serving.returncode == 0, errors
        assert not [child for child in children if Path(f"/proc/{child}").exists()]

    def test_when_the_site_dies_the_whole_ends_with_1(self, migrated, tmp_path):
        place = migrated.copy_to(tmp_path / "data")
        port = free_port()
        serving = place.start("serve", "--port", str(port), "--processes", "1")
        assert answer(f"http://127.0.0.1:{port}/account/login/") == 200
        os.kill(next(child for child in group(serving) if not works(child)), signal.SIGKILL)
        serving.communicate(timeout=60)
        assert serving.returncode == 1

    def test_a_worker_that_is_killed_begins_again_while_the_site_answers(self, migrated, tmp_path):
        place = migrated.copy_to(tmp_path / "data")
        port = free_port()
        serving = place.start("serve", "--port", str(port), "--processes", "1")
        try:
            assert answer(f"http://127.0.0.1:{port}/account/login/") == 200
            [killed] = filter(works, group(serving))
            os.kill(killed, signal.SIGKILL)
            assert wait_for(lambda: [child for child in group(serving) if works(child) and child != killed])
            assert answer(f"http://127.0.0.1:{port}/account/login/") == 200
        finally:
            serving.send_signal(signal.SIGTERM)
            _, errors = serving.communicate(timeout=60)
        assert serving.returncode == 0
        assert "it begins again" in errors


class TestMigrate:
    def test_is_repeatable_and_leaves_a_database_in_write_ahead_mode(self, migrated, tmp_path):
        place = migrated.copy_to(tmp_path / "data")
        before = place.json("audit", "verify")
        made = place.json("migrate")
        assert made["database"] == "sqlite"
        assert made["policies"] >= 4
        assert made["definitions"] > 80
        assert place.json("audit", "verify") == before
        code = "from django.db import connection as c; x = c.cursor(); x.execute('PRAGMA journal_mode'); print(x.fetchone()[0])"
        assert place.python(code).strip() == "wal"


def test_a_fault_of_ours_is_not_blamed_on_the_installation(monkeypatch):
    def broken(**_options):
        raise DataError("value too long")

    monkeypatch.setattr(operation.actions, "close_person", broken)
    monkeypatch.setattr(operation.queries, "person", lambda _email: None)
    with pytest.raises(DataError):
        main(["user", "close", "ada@example.org"])
