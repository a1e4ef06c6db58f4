"""``plenary remind``: send the reminders that are due. Run it once a day, by cron or a timer; run twice, it sends once."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date
from typing import Any

from plenary.collection.actions import reminders
from plenary.core.queries import today
from plenary.core.terms import SYSTEM
from plenary_stats.errors import InputError


def add(commands: Any) -> None:
    """Add the verb."""
    verb = commands.add_parser("remind", help="send the reminders of collection that are due", description=__doc__)
    verb.add_argument("--dry-run", action="store_true", help="say who would be reminded of what, and send nothing")
    verb.add_argument("--on", metavar="YYYY-MM-DD", help="as if it were this day; with --dry-run only")
    verb.add_argument("--json", action="store_true", help="print one JSON document")
    verb.set_defaults(run=_remind)


def _remind(arguments: argparse.Namespace) -> int:
    on = day_of(arguments, "reminders are sent for today alone.")
    sent = reminders.remind(on=on, by=SYSTEM, dry=arguments.dry_run)
    failed = [one for one in sent if one.problem]
    if arguments.json:
        sys.stdout.write(json.dumps([_document(one) for one in sent], ensure_ascii=False, indent=1) + "\n")
    else:
        sys.stdout.writelines(f"{one.person.email}: {line.text}\n" for one in sent for line in one.lines)
    for one in failed:
        sys.stderr.write(f"{one.person.email}: not sent ({one.problem}). The next run tries again.\n")
    word = "would be sent" if arguments.dry_run else "sent"
    sys.stderr.write(f"{len(sent) - len(failed)} message(s) {word}.\n")
    return 1 if failed else 0


def day_of(arguments: argparse.Namespace, why: str) -> date:
    """Return the day that a daily verb works for: today, or with ``--dry-run`` another one. ``why`` not another without it."""
    if arguments.on and not arguments.dry_run:
        raise InputError(f"--on goes with --dry-run: {why}")
    try:
        return date.fromisoformat(arguments.on) if arguments.on else today()
    except ValueError:
        raise InputError(f"{arguments.on!r} is no date: write YYYY-MM-DD.") from None


def _document(one: reminders.Sent) -> dict[str, Any]:
    lines = [
        {"centre": line.centre.key, "due_on": line.due_on.isoformat(), "stage": line.stage, "text": line.text}
        for line in one.lines
    ]
    return {"to": one.person.email, "problem": one.problem, "lines": lines}
