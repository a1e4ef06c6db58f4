"""``plenary demo``: the invented world has a place of its own, and touches nothing else."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from allauth.mfa.totp.internal import auth as totp

from plenary.cli import demo
from plenary.cli.main import main
from plenary.core.permissions import ROLES
from plenary.demo import load, world

SMALL = ["--services", "1", "--years", "1", "--cases-per-year", "60"]


class StartedAgainError(Exception):
    """What the process becomes instead of going on."""


@pytest.fixture
def own(tmp_path, monkeypatch, settings):
    """The environment in which the command has started itself again, with a folder of its own."""
    data = tmp_path / "own"
    for name, value in {"DATA": str(data), "DEMO": "1", "ENVIRONMENT": "development"}.items():
        monkeypatch.setenv(f"PLENARY_{name}", value)
    settings.PLENARY = replace(settings.PLENARY, data=data)
    return data


@pytest.fixture
def begun_again(monkeypatch):
    """Note what the process would become; it does not go on in this one."""
    calls = []

    def become(*arguments):
        calls.append(arguments)
        raise StartedAgainError

    monkeypatch.setattr(demo.os, "execve", become)
    monkeypatch.setattr(demo.os, "execv", become)
    return calls


@pytest.fixture
def never_built(monkeypatch):
    """Neither database nor edition is made where the command must have refused before."""
    for place, name in ((demo.operation, "migrate"), (demo.load, "load")):
        monkeypatch.setattr(place, name, lambda *_: pytest.fail("it went on"))


class TestWorld:
    def test_it_says_what_it_wrote(self, tmp_path, capsys):
        out = tmp_path / "new" / "world"
        assert main(["demo", "world", "--out", str(out), *SMALL, "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == {"folder": str(out), "services": 1, "years": ["2025/26"]}
        assert (out / "collection.toml").is_file()

    @pytest.mark.parametrize("name", ["notes.txt", ".hidden"])
    def test_a_folder_that_holds_anything_is_left_alone(self, tmp_path, capsys, name):
        (tmp_path / name).write_text("mine")
        assert main(["demo", "world", "--out", str(tmp_path), *SMALL]) == 2
        assert "is not an empty folder" in capsys.readouterr().err
        assert [path.name for path in tmp_path.iterdir()] == [name]

    def test_a_file_is_left_alone(self, tmp_path, capsys):
        place = tmp_path / "file"
        place.write_text("mine")
        assert main(["demo", "world", "--out", str(place), *SMALL]) == 2
        assert "is not an empty folder" in capsys.readouterr().err
        assert place.read_text() == "mine"

    def test_an_empty_folder_is_filled(self, tmp_path):
        assert main(["demo", "world", "--out", str(tmp_path), *SMALL]) == 0

    @pytest.mark.parametrize("years", ["101", "2026", "999999999"])
    def test_a_world_is_no_older_than_the_calendar(self, tmp_path, capsys, years):
        assert main(["demo", "world", "--out", str(tmp_path / "out"), "--years", years]) == 2
        assert "100 years at most" in capsys.readouterr().err
        assert not (tmp_path / "out").exists()

    def test_a_hundred_years_are_not_too_many(self):
        made = demo._invented(argparse.Namespace(seed=1, services=1, years=100, cases_per_year=1))
        assert len(made.years) == 100
        assert all(case["birth_date"].year > 1800 for case in world.cases_of(made, made.services[0], made.years[0]))


class TestOwnInstallation:
    @pytest.mark.parametrize("verb", ["load", "serve"])
    def test_it_starts_itself_again_with_a_database_of_its_own(self, tmp_path, monkeypatch, begun_again, verb):
        monkeypatch.setenv("PLENARY_DATABASE_URL", "postgresql://live/plenary")
        monkeypatch.setenv("PLENARY_SECRET_KEY", "live")
        monkeypatch.setenv("LANG", "cy_GB")
        monkeypatch.setattr(sys, "argv", ["plenary", "demo", verb, "--folder", "x"])
        with pytest.raises(StartedAgainError):
            main(["demo", verb, "--folder", str(tmp_path / "x")])
        [(program, words, environ)] = begun_again
        assert (program, words) == (sys.executable, [sys.executable, "-m", "plenary.cli.main", "demo", verb, "--folder", "x"])
        ours = {name: value for name, value in environ.items() if name.startswith("PLENARY_")}
        data = str(tmp_path / "x")
        assert ours == {"PLENARY_DATA": data, "PLENARY_DEMO": "1", "PLENARY_ENVIRONMENT": "development"}
        assert environ["LANG"] == "cy_GB"

    def test_once_there_it_does_not_start_again(self, own, begun_again):
        demo._in_its_own_installation(own)
        assert begun_again == []

    def test_a_folder_named_otherwise_is_another_installation(self, own, begun_again):
        with pytest.raises(StartedAgainError):
            demo._in_its_own_installation(own.parent / "other")


class TestLoad:
    @pytest.mark.parametrize("name", ["plenary.sqlite3", "INVENTED-WORLD.txt.bak", ".git"])
    def test_a_folder_of_somebody_elses_is_never_emptied(self, own, never_built, capsys, name):
        own.mkdir()
        (own / name).write_text("theirs")
        assert main(["demo", "load", "--folder", str(own)]) == 2
        assert "holds something else. Name another folder with --folder." in capsys.readouterr().err
        assert (own / name).read_text() == "theirs"

    def test_a_file_in_its_place_is_left_alone(self, own, never_built, capsys):
        own.write_text("theirs")
        assert main(["demo", "load", "--folder", str(own)]) == 2
        assert "holds something else" in capsys.readouterr().err
        assert own.read_text() == "theirs"

    def test_a_size_that_cannot_be_is_refused_before_the_old_world_goes(self, own, never_built, capsys):
        own.mkdir()
        (own / demo.MARK).write_text("ours")
        (own / "plenary.sqlite3").write_text("the world of yesterday")
        assert main(["demo", "load", "--folder", str(own), "--years", "2026"]) == 2
        assert (own / "plenary.sqlite3").read_text() == "the world of yesterday"

    @pytest.mark.parametrize("left", [True, False], ids=["replaced", "new"])
    def test_a_world_of_before_is_replaced_and_everything_is_told(self, own, monkeypatch, capsys, left):
        if left:
            own.mkdir()
            (own / demo.MARK).write_text("ours")
            (own / "plenary.sqlite3").write_text("the world of yesterday")
        done = []
        monkeypatch.setattr(demo.operation, "migrate", lambda arguments: done.append("migrated"))
        monkeypatch.setattr(demo.load, "load", lambda made, say: done.append(made) or [own / "editions" / "2025-26-1"])
        assert main(["demo", "load", "--folder", str(own), *SMALL]) == 0
        assert [path.name for path in own.iterdir()] == [demo.MARK]
        assert done[0] == "migrated"
        assert len(done[1].services) == 1
        told = capsys.readouterr().out
        assert str(own / "editions" / "2025-26-1" / "index.html") in told
        assert load.PASSWORD in told
        for one in load.sign_ins(done[1]):
            assert one.email in told
        assert {role.label for role in ROLES if role.label not in told} == set()


class TestServe:
    def test_only_an_invented_world_is_served(self, own, begun_again, capsys):
        own.mkdir()
        (own / "plenary.sqlite3").write_text("live")
        assert main(["demo", "serve", "--folder", str(own)]) == 2
        assert "holds no invented world: run 'plenary demo load' first." in capsys.readouterr().err
        assert begun_again == []

    @pytest.mark.parametrize("port", ["8000", "9123"])
    def test_it_becomes_the_server(self, own, begun_again, port):
        own.mkdir()
        (own / demo.MARK).write_text("ours")
        with pytest.raises(StartedAgainError):
            main(["demo", "serve", "--folder", str(own), "--port", port])
        [(program, words)] = begun_again
        assert (program, words[-3:]) == (sys.executable, ["serve", "--port", port])


class TestCode:
    def test_the_code_is_the_one_that_opens_the_door_now(self, capsys):
        assert main(["demo", "code"]) == 0
        code = capsys.readouterr().out.strip()
        assert len(code) == 6
        assert totp.validate_totp_code(load.TOTP_SECRET, code)

    def test_it_changes_with_the_half_minute(self, capsys, monkeypatch):
        codes = set()
        for minute in range(4):
            at = datetime(2026, 4, 1, 9, minute, tzinfo=UTC).timestamp()
            monkeypatch.setattr(totp.time, "time", lambda at=at: at)
            main(["demo", "code"])
            codes.add(capsys.readouterr().out)
        assert len(codes) == 4
