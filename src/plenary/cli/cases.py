"""``plenary cases``: who was treated by the national data, and who of them is missing from the case series."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from pathlib import Path
from typing import Any

from django.conf import settings

from plenary.core.terms import SYSTEM, NotPossible
from plenary_episodes import engines, layouts, linkage, pseudonyms, report, rules
from plenary_episodes.ascertainment import Period, ascertain
from plenary_stats.errors import InputError


def add(commands: Any) -> None:
    """Add the verbs."""
    verbs = commands.add_parser("cases", help="is every case there?").add_subparsers(required=True, metavar="VERB")
    verb = verbs.add_parser("ascertain", help="hospital episodes to expected cases; matched, missing, and how many there were")
    verb.add_argument("--episodes", required=True, type=Path, metavar="PATH", help="a CSV or Parquet file, or a folder of them")
    verb.add_argument(
        "--rules", required=True, type=Path, metavar="FILE", help="identification rules (TOML), or a folder of them"
    )
    verb.add_argument("--cases", required=True, type=Path, metavar="PATH", help="the case series: a file, or a collection folder")
    verb.add_argument("--engine", choices=engines.ENGINES, default="duckdb")
    verb.add_argument(
        "--out", required=True, type=Path, metavar="FILE", help="a name in .csv: the list of cases; else all as JSON"
    )
    verb.add_argument(
        "--key", type=Path, metavar="FILE", help=f"secret of the pseudonyms; else in {pseudonyms.VARIABLE}, else none"
    )
    verb.add_argument("--layouts", type=Path, metavar="DIR", help="layouts of files; without it those that are shipped")
    verb.add_argument("--policy", type=Path, metavar="FILE", help="thresholds of the linkage; without it those that are shipped")
    verb.add_argument("--from", dest="start", type=_date, metavar="DAY", help="count what is of this day or later, as 2025-01-01")
    verb.add_argument("--to", dest="end", type=_date, metavar="DAY", help="and of days before this one, as 2026-01-01")
    verb.add_argument("--json", action="store_true", help="print one JSON document")
    verb.set_defaults(run=_ascertain)
    take = verbs.add_parser(
        "load", help="take an answer of 'ascertain' into the register: missing cases are asked of their centres"
    )
    take.add_argument("answer", type=Path, metavar="ANSWER", help="the JSON or CSV that 'plenary cases ascertain' wrote")
    take.add_argument("--from", dest="start", required=True, type=_date, metavar="DAY", help="first day of the period")
    take.add_argument("--to", dest="end", required=True, type=_date, metavar="DAY", help="the day after its last")
    take.add_argument("--json", action="store_true", help="print one JSON document")
    take.set_defaults(run=_load)


def _ascertain(arguments: argparse.Namespace) -> int:
    shipped = settings.PLENARY.definitions
    secret = pseudonyms.with_key(arguments.key)
    _check_place(arguments)
    found = ascertain(
        episodes=arguments.episodes,
        sets=rules.read_rules(arguments.rules),
        cases=arguments.cases,
        layouts=layouts.shipped(arguments.layouts or shipped / "layouts"),
        engine=engines.started(arguments.engine),
        pseudonyms=secret,
        settings=linkage.read_settings(arguments.policy or shipped / "policies" / "linkage-1.toml"),
        period=Period(arguments.start, arguments.end),
        say=_say,
    )
    made = report.document(found, secret)
    text = report.as_csv(made) if arguments.out.suffix.casefold() == ".csv" else report.as_json(made)
    arguments.out.write_text(text, encoding="utf-8")
    if arguments.json:
        sys.stdout.write(report.as_json(made))
    if not secret.kept:
        sys.stderr.write("No key was given: persons have no pseudonym in the answer.\n")
    sys.stderr.write(", ".join(f"{name} {number:,}" for name, number in made["counts"].items()) + "\n")
    return 1 if found.findings.blocking else 0


def _load(arguments: argparse.Namespace) -> int:
    from plenary.collection.actions.ascertainment import load_answer  # noqa: PLC0415 - needs the database, which 'ascertain' does not

    period = {"period_start": arguments.start, "period_end": arguments.end}
    try:
        made = load_answer(content=arguments.answer.read_bytes(), filename=arguments.answer.name, **period, by=SYSTEM)
    except NotPossible as problem:
        raise InputError(str(problem)) from problem
    if arguments.json:
        sys.stdout.write(json.dumps({one.service.slug: one.counts for one in made}, indent=1) + "\n")
    for one in made:
        sys.stderr.write(f"{one.service.slug}: {', '.join(f'{name} {number:,}' for name, number in one.counts.items())}\n")
    return 0


def _date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no day: write it as 2025-01-01") from None


def _check_place(arguments: argparse.Namespace) -> None:
    """Refuse to write over what is read."""
    inputs = [arguments.episodes, arguments.rules, arguments.cases]
    if any(arguments.out.resolve() == path.resolve() for path in inputs):
        raise InputError(f"{arguments.out} is an input: choose another name for the answer.")
    if arguments.out.is_dir() or not arguments.out.resolve().parent.is_dir():
        raise InputError(f"{arguments.out} is a folder, or in none: choose a file in a folder that exists.")


def _say(step: str) -> None:
    sys.stderr.write(f"{step} …\n")
    sys.stderr.flush()
