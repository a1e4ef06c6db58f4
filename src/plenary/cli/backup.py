"""One file that holds an installation: database, kept bytes, editions, and a manifest to check them by.

The database is copied first. Kept bytes are written before the rows that name them and never change, so that whatever
the copy names is in the store by then: the backup is consistent while the site runs.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

from plenary.core import queries
from plenary_stats.errors import InputError

DATABASE = "database"
MANIFEST = "backup.json"
FOLDERS = ("store", "editions")


def write(out: Path) -> dict[str, Any]:
    """Write a backup and return its manifest. The file appears under its name only when it is complete."""
    if not out.parent.is_dir():
        raise InputError(f"There is no folder {out.parent}.")
    if out.is_dir():
        raise InputError(f"{out} is a folder. Name the file to write.")
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".plenary-backup-") as scratch:
        copy = Path(scratch) / DATABASE
        manifest = _copy_database(copy)
        (Path(scratch) / MANIFEST).write_text(json.dumps(manifest, indent=2), "utf-8")
        partial = Path(scratch) / "partial"
        with tarfile.open(partial, "w:gz" if out.suffix in {".gz", ".tgz"} else "w") as tar:
            for name in (MANIFEST, DATABASE):
                tar.add(Path(scratch) / name, name)
            for name in FOLDERS:
                folder: Path = getattr(settings.PLENARY, name)
                if folder.is_dir():
                    tar.add(folder, name, filter=lambda entry: None if "/.partial-" in entry.name else entry)
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.replace(out)
    return manifest


def read(file: Path) -> dict[str, Any]:
    """Put a backup into this installation, which must be empty; refuse a damaged one before anything is changed."""
    _require_empty()
    settings.PLENARY.data.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.PLENARY.data, prefix=".restore-") as scratch:
        folder = Path(scratch)
        manifest = _unpack(file, folder)
        _require_whole(folder, manifest)
        for name in FOLDERS:
            if (folder / name).is_dir():
                shutil.copytree(folder / name, getattr(settings.PLENARY, name), dirs_exist_ok=True)
        _put_database(folder / DATABASE)
    return manifest


def _copy_database(copy: Path) -> dict[str, Any]:
    report = queries.verify_chain()
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        with closing(sqlite3.connect(copy)) as target:
            connection.connection.backup(target)
    else:
        _client("pg_dump", "--format=custom", "--no-owner", f"--file={copy}", connection.settings_dict["NAME"])
    stored = sum(1 for path in settings.PLENARY.store.glob("??/*") if not path.name.startswith("."))
    return {
        "made_at": timezone.now().isoformat(timespec="seconds"),
        "engine": connection.vendor,
        "sha256": _hash(copy),
        "events": report.events,
        "head": report.head,
        "stored": stored,
    }


def _unpack(file: Path, folder: Path) -> dict[str, Any]:
    try:
        with tarfile.open(file) as tar:
            for member in tar:
                _require_plain(member)
                tar.extract(member, folder, set_attrs=False)
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text("utf-8"))
        _require_parts(manifest, folder)
    except FileNotFoundError as problem:
        raise InputError(f"{problem.filename} is not there.") from None
    except (tarfile.TarError, OSError, EOFError, ValueError, TypeError) as problem:
        raise InputError(f"{file} is no backup that can be read: {problem}") from None
    if manifest["engine"] != connection.vendor:
        raise InputError(f"The backup is of {manifest['engine']}; this installation uses {connection.vendor}.")
    return manifest


def _require_parts(manifest: dict[str, Any], folder: Path) -> None:
    missing = [name for name in ("engine", "sha256", "head", "events", "stored") if name not in manifest]
    if missing or not (folder / DATABASE).is_file():
        raise ValueError(f"it holds no {missing[0] if missing else DATABASE}")


def _require_plain(member: tarfile.TarInfo) -> None:
    """Refuse what a backup never holds: anything but files and folders, and any name that leaves its folder.

    ``filter="data"`` says the same, but Python has it from 3.11.4 only.
    """
    path = PurePosixPath(member.name)
    if not (member.isfile() or member.isdir()) or path.is_absolute() or ".." in path.parts:
        raise ValueError(f"{member.name} reaches outside the backup or is no file.")


def _require_whole(folder: Path, manifest: dict[str, Any]) -> None:
    if _hash(folder / DATABASE) != manifest["sha256"]:
        raise InputError("The backup is damaged: its database is not the one that was written. Nothing was changed.")
    for path in (folder / "store").glob("??/*"):
        if _hash(path) != path.name:
            raise InputError(f"The backup is damaged: the kept file {path.name} has changed. Nothing was changed.")


def _require_empty() -> None:
    try:
        used = queries.people().exists()
    except DatabaseError:  # no tables yet
        used = False
    finally:
        connection.close()
    if used:
        raise InputError("This installation has people already: a backup is restored into an empty one.")


def _put_database(copy: Path) -> None:
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        with closing(sqlite3.connect(copy)) as source:
            source.backup(connection.connection)
    else:
        name = connection.settings_dict["NAME"]
        _client("pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction", f"--dbname={name}", str(copy))
    connection.close()


def _client(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's own client programs against our database."""
    found = shutil.which(program)
    if found is None:
        raise InputError(f"{program} is not on the PATH: install PostgreSQL's client programs.")
    where = connection.settings_dict
    wanted = {"PGHOST": where["HOST"], "PGPORT": where["PORT"], "PGUSER": where["USER"], "PGPASSWORD": where["PASSWORD"]}
    environ = os.environ | {name: str(value) for name, value in wanted.items() if value}
    done = subprocess.run([found, *arguments], env=environ, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    if done.returncode != 0:
        raise InputError(f"{program} failed: {done.stderr.strip()}")


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
