"""``plenary disclosure``: protect long tables, attack published ones, and propose coarser ones that show more."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from plenary.editions.render import data
from plenary.releases import queries
from plenary_stats.errors import InputError

AUDIT = "audit.json"
"""What ``protect`` writes beside the tables."""

MEASURED = frozenset({"loss", "bound", "gap"})
"""Totals that are worked out from the true numbers, to many digits: whoever reads them beside the tables can solve them for what
is withheld. They are told to the person who protects, and never written beside the tables."""

FOR_REVIEWERS = (
    "For reviewers; never publish this file. How many numbers were too small (primary) and how many went with them (secondary) "
    "can give withheld numbers away: both of two parts of 58 below 30 are 29."
)
"""What ``audit.json`` says of itself, for its totals tell more than the tables do. Editions print the attack's totals alone."""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verbs."""
    verbs = commands.add_parser("disclosure", help="disclosure control of tables").add_subparsers(required=True, metavar="VERB")
    protect = verbs.add_parser("protect", help="withhold small numbers in long tables and what would give them away")
    protect.add_argument("tables", nargs="+", type=Path, metavar="TABLE", help="CSV: dimension columns, then value")
    protect.add_argument("--policy", required=True, type=Path, help="TOML: threshold, zeros, hierarchies …")
    protect.add_argument("--out", required=True, type=Path, metavar="DIR")
    _add_common(protect)
    protect.set_defaults(run=_protect)
    plan = verbs.add_parser("plan", help="say which coarser tables would show more, and what each would hide")
    plan.add_argument("tables", nargs="+", type=Path, metavar="TABLE", help="CSV: dimension columns, then value")
    plan.add_argument("--policy", required=True, type=Path, help="TOML: threshold, zeros, hierarchies …")
    _add_common(plan)
    plan.set_defaults(run=_plan)
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
    _check_places(arguments.tables, arguments.out)
    sources = [_long(path, policy) for path in arguments.tables]
    _check_policy(policy, [source.table for source in sources])
    previous = _earlier(arguments.previous, policy)
    _say(f"Protecting {sum(len(source.rows) for source in sources):,} rows of {len(sources)} tables")
    done = queries.protected([source.table for source in sources], policy, previous)
    arguments.out.mkdir(parents=True, exist_ok=True)
    for path, source, made in zip(arguments.tables, sources, done.tables, strict=True):
        (arguments.out / path.name).write_bytes(queries.write_long(source, made, policy))
    report = done.audit.plain() | {"policy": queries.disclosure_policy_plain(policy), "notes": list(done.notes)}
    told = {name: number for name, number in report["totals"].items() if name not in MEASURED}
    beside = report | {"totals": told, "notes": [FOR_REVIEWERS, *done.notes]}
    (arguments.out / AUDIT).write_text(json.dumps(beside, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    _tell(report["totals"])
    sys.stderr.writelines(f"Note: {note}\n" for note in done.notes)
    sys.stderr.write(f"Note: {arguments.out / AUDIT} is for reviewers. Publish the tables without it.\n")
    if arguments.json:
        sys.stdout.write(json.dumps(report, ensure_ascii=False) + "\n")
    return 0


def _plan(arguments: argparse.Namespace) -> int:
    policy = _policy_file(arguments.policy)
    tables = [_long(path, policy).table for path in arguments.tables]
    _check_policy(policy, tables)
    previous = _earlier(arguments.previous, policy)
    found = queries.planned(
        tables, policy, previous, lambda done, most, title: _say(f"Protecting {done + 1} of at most {most}: {title}")
    )
    if arguments.json:
        sys.stdout.write(json.dumps(found.plain(), ensure_ascii=False) + "\n")
    else:
        sys.stdout.writelines(f"{line}\n" for line in queries.plan_in_words(found))
    return 0


def _check_places(tables: Sequence[Path], out: Path) -> None:
    """Refuse to overwrite the tables, or to put others beside what an attacker then takes for published with them."""
    if len({path.name for path in tables}) < len(tables):
        raise InputError("Two tables have the same file name: they would overwrite one another.")
    if any(path.resolve().parent == out.resolve() for path in tables):
        raise InputError("The output folder holds the tables themselves: choose another one.")
    others = sorted({path.name for path in out.glob("*.csv")} - {path.name for path in tables})
    if others:
        raise InputError(f"{out} holds other tables ({', '.join(others)}), as if published with these: choose another folder.")


def _check_policy(policy: queries.Policy, tables: Sequence[queries.ResultTable]) -> None:
    """Refuse what the policy says of dimensions that no table has: it would be taken for another cell, or for nothing.

    A code that no table has may be of earlier editions; it may be misspelt too, so it is told.
    """
    names = tuple(dict.fromkeys(name for table in tables for name in table.dimensions))
    for named, unknown in queries.strangers(policy, names).items():
        raise InputError(
            f"The policy's {named} names {', '.join(unknown)}, which is no column of the tables. They have: {', '.join(names)}."
        )
    codes = {(name, code) for table in tables for name in table.dimensions for code in table[name].tolist()}
    for entry in policy.already_public:
        lost = sorted(f"{name} {code}" for name, code in queries.public_codes(entry).items() if (name, code) not in codes)
        if lost:
            _say(f"Note: a public figure stands at {', '.join(lost)}, which no table has")


def _audit(arguments: argparse.Namespace) -> int:
    policy = _policy_file(arguments.policy) if arguments.policy else _own_policy(arguments.folder)
    published, told = _published(arguments.folder, policy)
    if not published:
        raise InputError(f"{arguments.folder} holds no table with a column 'value'.")
    previous = _earlier(arguments.previous, policy)
    _say(f"Attacking {sum(len(table) for table in published):,} rows of {len(published)} tables")
    found = queries.attacked(published, policy, previous)
    totals = {**found.totals, "exact": found.totals["exact"] + len(told)}
    _tell(totals)
    if told:
        sys.stderr.write(f"{len(told)} rows are marked as withheld and hold their figure all the same.\n")
    rows = [*found.rows(), *told]
    if arguments.json:
        sys.stdout.write(json.dumps({"cells": rows, "totals": totals}, ensure_ascii=False) + "\n")
    else:
        sys.stdout.writelines(_line(row) for row in rows if row["verdict"] in {"exact", "narrow"})
    return 0 if found.clean and not told else 1


def _line(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in row.items() if value not in {"", "Total"}) + "\n"


def _tell(totals: Mapping[str, Any]) -> None:
    sys.stderr.write(", ".join(f"{name} {number}" for name, number in totals.items()) + "\n")


def _say(step: str) -> None:
    sys.stderr.write(f"{step} …\n")
    sys.stderr.flush()


# ------------------------------------------------------------------------------------------------------ what is read


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


def _published(folder: Path, policy: queries.Policy) -> tuple[list[queries.ResultTable], list[dict[str, Any]]]:
    """Return the tables of a folder, and the cells of rows that tell what they are marked to hide.

    An edition says in its data package what each measure is (a median, the levels of a scale); other folders' tables are known
    by their names and columns.
    """
    inside = folder / "data" if (folder / "data").is_dir() else folder
    if not inside.is_dir():
        raise InputError(f"{folder} is not a folder.")
    read = [queries.read_long(_read(path), path.name, policy) for path in sorted(inside.glob("*.csv"))]
    sources = [source for source in read if source is not None]
    told = [cell for source in sources for cell in source.told()]
    if (inside / "datapackage.json").is_file():
        return _packaged(inside), told
    return [source.table for source in sources], told


def _packaged(inside: Path) -> list[queries.ResultTable]:
    """Return the tables of an edition's data folder as its package describes them."""
    try:
        return data.tables({f"data/{path.name}": _read(path) for path in inside.iterdir() if path.suffix in {".csv", ".json"}})
    except (KeyError, ValueError, TypeError) as problem:
        raise InputError(f"{inside} holds no tables that its datapackage.json describes: {problem}") from problem


def _earlier(folders: Sequence[Path], policy: queries.Policy) -> list[queries.ResultTable]:
    """Return the tables of earlier editions, the latest first; folders that do not say when they appeared as they were named."""
    if all((folder / "edition.json").is_file() for folder in folders):
        folders = sorted(folders, key=_appeared, reverse=True)
    return [table for folder in folders for table in _published(folder, policy)[0]]


def _appeared(folder: Path) -> tuple[str, str, int]:
    try:
        edition = json.loads(_read(folder / "edition.json"))["edition"]
        return str(edition["period_end"]), str(edition["label"]), int(edition["number"])
    except (ValueError, KeyError, TypeError) as problem:
        raise InputError(f"{folder / 'edition.json'} does not say which edition it is.") from problem


def _policy_file(path: Path) -> queries.Policy:
    return queries.disclosure_policy(_read(path), files=lambda name: _read(path.parent / name))


def _own_policy(folder: Path) -> queries.Policy:
    """Return the policy that stands with the tables, or the default; hierarchies may lie beside the tables.

    An edition states it in ``disclosure.json``, what ``protect`` wrote in ``audit.json``, other folders in ``policy.toml``.
    """
    policy = queries.Policy()
    stated = next((folder / name for name in ("disclosure.json", AUDIT) if (folder / name).is_file()), None)
    if (folder / "policy.toml").is_file() and (stated is None or stated.name == AUDIT):
        policy = _policy_file(folder / "policy.toml")
    elif stated is not None:
        try:
            policy = queries.disclosure_policy(json.loads(_read(stated))["policy"])
        except (ValueError, KeyError, TypeError) as problem:
            raise InputError(f"{stated} states no policy: {problem}") from problem
    beside = {
        path.stem.removeprefix("hier_"): queries.read_pairs(_read(path), path.name) for path in sorted(folder.glob("hier_*.csv"))
    }
    return replace(policy, hierarchies={**beside, **policy.hierarchies})
