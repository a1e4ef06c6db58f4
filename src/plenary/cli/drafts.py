"""``plenary drafts``: tell owners of old unfinished cases, and clear what they were told of. Run it once a day, as ``remind``."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from typing import Any

from plenary.cli.remind import day_of
from plenary.collection.actions import drafts
from plenary.core.terms import SYSTEM


def add(commands: Any) -> None:
    """Add the verb."""
    verb = commands.add_parser("drafts", help="tell of and clear old unfinished cases", description=__doc__)
    verb.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    verb.add_argument("--on", metavar="YYYY-MM-DD", help="as if it were this day; with --dry-run only")
    verb.add_argument("--json", action="store_true", help="print one JSON document")
    verb.set_defaults(run=_drafts)


def _drafts(arguments: argparse.Namespace) -> int:
    on = day_of(arguments, "unfinished cases are cleared by the day of today alone.")
    done = drafts.clear_drafts(on=on, by=SYSTEM, dry=arguments.dry_run)
    failed = [one for one in done.told if one.problem]
    if arguments.json:
        sys.stdout.write(json.dumps(asdict(done), ensure_ascii=False, indent=1) + "\n")
    else:
        sys.stdout.writelines(f"{one.email or 'a closed account'}: {one.drafts} unfinished\n" for one in done.told)
    for one in failed:
        sys.stderr.write(f"{one.email}: not sent ({one.problem}). The next run tries again.\n")
    word = "would be " if arguments.dry_run else ""
    sys.stderr.write(f"{len(done.told) - len(failed)} owner(s) {word}told, {done.cleared} unfinished case(s) {word}cleared.\n")
    return 1 if failed else 0
