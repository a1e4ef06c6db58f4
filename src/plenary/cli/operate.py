"""The arguments of ``serve``, ``migrate``, ``backup``, ``restore``, ``user`` and ``audit``; the work is in ``operation``."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path
from typing import Any

from plenary.cli import operation


def add(commands: Any) -> None:
    """Add the verbs of operation to the command tree."""
    serve = _verb(commands, "serve", "serve the site and work through the background jobs, until told to stop")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    serve.add_argument("--port", type=int, default=8000, help="port to listen on (8000)")
    serve.add_argument("--processes", type=int, default=2, help="processes that answer requests (2)")
    serve.add_argument("--no-worker", action="store_true", help="answer requests only; jobs are worked on elsewhere")
    serve.add_argument("--check", action="store_true", help="say what forbids production with these settings, and stop")
    _verb(commands, "migrate", "make or update the database, folders and static files, and load policies and definitions")
    backup = _verb(commands, "backup", "write database, kept bytes and editions into one file, while the site runs")
    backup.add_argument("--out", type=Path, required=True, metavar="FILE", help="the file to write (.tar, or .tar.gz)")
    restore = _verb(commands, "restore", "put a backup into an empty installation, and check it")
    restore.add_argument("file", type=Path, metavar="FILE")
    _add_user(commands.add_parser("user", help="people and their posts"))
    audit = commands.add_parser("audit", help="what happened, and whether the record is whole")
    verify = _verb(
        audit.add_subparsers(dest="word", required=True, metavar="VERB"), "verify", "recompute the chain", "audit_verify"
    )
    verify.add_argument("--head", default="", metavar="HASH", help="a head noted earlier, which must still be in the chain")


def _add_user(user: argparse.ArgumentParser) -> None:
    verbs = user.add_subparsers(dest="word", required=True, metavar="VERB")
    new = _person(verbs, "add", "make an account")
    new.add_argument("--name", required=True)
    new.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    appoint = _person(verbs, "appoint", "give a post")
    appoint.add_argument("role", help="for example centre-lead")
    appoint.add_argument("scope", nargs="?", default="", help="service, service/ODS or nation; nothing for all")
    appoint.add_argument("--from", dest="starts_on", type=_day, metavar="YYYY-MM-DD")
    appoint.add_argument("--to", dest="ends_on", type=_day, metavar="YYYY-MM-DD", help="the first day without the post")
    appoint.add_argument("--reason", default="")
    end = _person(verbs, "end", "end a post from today")
    end.add_argument("role")
    end.add_argument("scope", nargs="?", default="")
    _person(verbs, "close", "end somebody's access at once")
    _person(verbs, "reset-mfa", "remove the second factor, so that a new one is set up at the next sign-in")
    _verb(verbs, "list", "everybody who can sign in, with their posts", "user_list")


def _person(verbs: Any, name: str, text: str) -> argparse.ArgumentParser:
    parser = _verb(verbs, name, text, f"user_{name.replace('-', '_')}")
    parser.add_argument("email")
    return parser


def _verb(verbs: Any, name: str, text: str, function: str = "") -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = verbs.add_parser(name, help=text, description=text)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(run=operation.run, verb=getattr(operation, function or name))
    return parser


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date: write YYYY-MM-DD") from None
