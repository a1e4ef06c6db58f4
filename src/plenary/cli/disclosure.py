"""``plenary disclosure``: protect long tables, and attack published ones."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from plenary.releases import queries
from plenary_stats.errors import InputError


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verbs."""
    verbs = commands.add_parser("disclosure", help="disclosure control of tables").add_subparsers(required=True, metavar="VERB")
    protect = verbs.add_parser("protect", help="withhold small numbers in long tables and what would give them away")
    protect.add_argument("tables", nargs="+", type=Path, metavar="TABLE", help="CSV: dimension columns, then value")
    protect.add_argument("--policy", required=True, type=Path, help="TOML: threshold, zeros, hierarchies …")
    protect.add_argument("--out", required=True, type=Path, metavar="DIR")
    _add_common(protect)
    protect.set_defaults(run=_protect)
    audit = verbs.add_parser("audit", help="attack published tables with nothing but what is published")
    audit.add_argument("folder", type=Path, metavar="DIR", help="an edition folder, or a folder of long tables")
    audit.add_argument("--policy", type=Path, help="TOML; without it the edition's own, or the default")
    _add_common(audit)
    audit.set_defaults(run=_audit)


def _add_common(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--previous", nargs="+", action="extend", type=Path, default=[], metavar="DIR", help="earlier editions")
    verb.add_argument("--json", action="store_true", help="print one JSON document")


def _protect(arguments: argparse.Namespace) -> int:
    policy = _policy_file(arguments.policy)
    if len({path.name for path in arguments.tables}) < len(arguments.tables):
        raise InputError("Two tables have the same file name: they would overwrite one another.")
    if any(path.resolve().parent == arguments.out.resolve() for path in arguments.tables):
        raise InputError("The output folder holds the tables themselves: choose another one.")
    sources = [_long(path, policy) for path in arguments.tables]
    previous = [table for folder in arguments.previous for table in _published(folder, policy)]
    done = queries.protected([source.table for source in sources], policy, previous)
    arguments.out.mkdir(parents=True, exist_ok=True)
    for path, source, made in zip(arguments.tables, sources, done.tables, strict=True):
        (arguments.out / path.name).write_bytes(queries.write_long(source, made))
    report = done.audit.plain() | {"policy": queries.disclosure_policy_plain(policy)}
    (arguments.out / "audit.json").write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    _tell(report["totals"])
    if arguments.json:
        sys.stdout.write(json.dumps(report, ensure_ascii=False) + "\n")
    return 0


def _audit(arguments: argparse.Namespace) -> int:
    policy = _policy_file(arguments.policy) if arguments.policy else _own_policy(arguments.folder)
    published = _published(arguments.folder, policy)
    if not published:
        raise InputError(f"{arguments.folder} holds no table with a column 'value'.")
    previous = [table for folder in arguments.previous for table in _published(folder, policy)]
    found = queries.attacked(published, policy, previous)
    _tell(found.totals)
    if arguments.json:
        sys.stdout.write(json.dumps(found.plain(), ensure_ascii=False) + "\n")
    else:
        sys.stdout.writelines(_line(row) for row in found.rows() if row["verdict"] in {"exact", "narrow"})
    return 0 if found.clean else 1


def _line(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in row.items() if value not in {"", "Total"}) + "\n"


def _tell(totals: Mapping[str, Any]) -> None:
    sys.stderr.write(", ".join(f"{name} {number}" for name, number in totals.items()) + "\n")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as problem:
        raise InputError(f"{path} cannot be read: {problem.strerror}.") from problem


def _long(path: Path, policy: queries.Policy) -> queries.LongTable:
    source = queries.read_long(_read(path), path.name, policy)
    if source is None:
        raise InputError(f"{path} has no column 'value', or no row.")
    return source


def _published(folder: Path, policy: queries.Policy) -> list[queries.ResultTable]:
    inside = folder / "data" if (folder / "data").is_dir() else folder
    if not inside.is_dir():
        raise InputError(f"{folder} is not a folder.")
    read = (queries.read_long(_read(path), path.name, policy) for path in sorted(inside.glob("*.csv")))
    return [source.table for source in read if source is not None]


def _policy_file(path: Path) -> queries.Policy:
    return queries.disclosure_policy(_read(path), files=lambda name: _read(path.parent / name))


def _own_policy(folder: Path) -> queries.Policy:
    """Return the policy that an edition states, or a policy.toml, or the default; hierarchies may lie beside the tables."""
    policy = queries.Policy()
    if (folder / "disclosure.json").is_file():
        try:
            policy = queries.disclosure_policy(json.loads(_read(folder / "disclosure.json"))["policy"])
        except (ValueError, KeyError, TypeError) as problem:
            raise InputError(f"{folder / 'disclosure.json'} states no policy: {problem}") from problem
    elif (folder / "policy.toml").is_file():
        policy = _policy_file(folder / "policy.toml")
    beside = {
        path.stem.removeprefix("hier_"): queries.read_pairs(_read(path), path.name) for path in sorted(folder.glob("hier_*.csv"))
    }
    return replace(policy, hierarchies={**beside, **policy.hierarchies})
