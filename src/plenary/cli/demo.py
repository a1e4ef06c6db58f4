"""``plenary demo``: the invented world."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from allauth.mfa.totp.internal import auth as totp
from django.conf import settings

from plenary.cli import operation
from plenary.demo import load, world
from plenary_stats.errors import InputError

MARK = "INVENTED-WORLD.txt"
MOST_YEARS = 100


def add(commands: Any) -> None:
    """Add the verbs of the demonstration."""
    demo = commands.add_parser("demo", help="the invented world: write it, load it, serve it")
    verbs = demo.add_subparsers(dest="verb", required=True, metavar="VERB")
    write = verbs.add_parser("world", help="write an invented collection folder of any size")
    write.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    write.add_argument("--json", action="store_true", help="print what was written as one JSON document")
    write.set_defaults(run=_world)
    fill = verbs.add_parser("load", help="build the world in a new database and publish its editions")
    serve = verbs.add_parser("serve", help="serve what was loaded")
    verbs.add_parser("code", help="print the one-time code of the invented people").set_defaults(run=_code)
    for verb in (fill, serve):
        verb.add_argument("--folder", type=Path, default=Path("var/demo"), metavar="FOLDER", help="holds database and editions")
    serve.add_argument("--port", type=int, default=8000)
    for verb in (write, fill):
        verb.add_argument("--services", type=_positive, default=8, metavar="N")
        verb.add_argument("--years", type=_positive, default=3, metavar="N")
        verb.add_argument("--cases-per-year", type=_positive, default=2500, metavar="N")
        verb.add_argument("--seed", type=int, default=20190, metavar="N")
    fill.set_defaults(run=_load)
    serve.set_defaults(run=_serve)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _world(arguments: argparse.Namespace) -> int:
    """Write an invented collection folder."""
    if arguments.out.exists() and (not arguments.out.is_dir() or any(arguments.out.iterdir())):
        raise InputError(f"{arguments.out} is not an empty folder. Choose a new one.")
    made = _invented(arguments)
    world.write(made, arguments.out)
    years = [world.year_label(year) for year in made.years]
    said = {"folder": str(arguments.out), "services": len(made.services), "years": years}
    _print(
        json.dumps(said) if arguments.json else f"{len(years)} years of {said['services']} invented services in {arguments.out}"
    )
    return 0


def _invented(arguments: argparse.Namespace) -> world.World:
    if arguments.years > MOST_YEARS:
        raise InputError(f"A world has {MOST_YEARS} years at most.")
    size = {name: getattr(arguments, name) for name in ("seed", "services", "years", "cases_per_year")}
    return world.invent(**size)


def _load(arguments: argparse.Namespace) -> int:
    """Load the world into an installation of its own, and publish its editions."""
    _in_its_own_installation(arguments.folder)
    data, made = settings.PLENARY.data, _invented(arguments)
    if data.exists():
        if not data.is_dir() or (not (data / MARK).exists() and any(data.iterdir())):
            raise InputError(f"{data} holds something else. Name another folder with --folder.")
        shutil.rmtree(data)
    data.mkdir(parents=True)
    (data / MARK).write_text("This folder holds the invented world. 'plenary demo load' replaces it.\n", encoding="utf-8")
    operation.migrate(argparse.Namespace(json=False))
    published = load.load(made, _say)
    _say("Done. Everything in it is invented.\n")
    _print(f"Edition: {published[-1] / 'index.html'}\n         {published[-1] / 'edition.pdf'}\n")
    _print(f"Sign in with the password '{load.PASSWORD}' and the code that '.venv/bin/plenary demo code' prints:")
    for one in load.sign_ins(made):
        _print(f"  {one.role.label:24} {one.email}")
    return 0


def _code(_: argparse.Namespace) -> int:
    """Print the one-time code of this half minute for the demonstration's people."""
    _print(totp.format_hotp_value(totp.hotp_value(load.TOTP_SECRET, next(totp.yield_hotp_counters_from_time()))))
    return 0


def _serve(arguments: argparse.Namespace) -> int:
    _in_its_own_installation(arguments.folder)
    if not (settings.PLENARY.data / MARK).exists():
        raise InputError(f"{settings.PLENARY.data} holds no invented world: run 'plenary demo load' first.")
    words = ["serve", "--port", str(arguments.port)]
    os.execv(sys.executable, [sys.executable, "-m", "plenary.cli.main", *words])


def _in_its_own_installation(folder: Path) -> None:
    """Start this command again with its own database, store and editions, unless it was."""
    data = folder.resolve()
    own = {f"PLENARY_{name}": value for name, value in {"DATA": str(data), "DEMO": "1", "ENVIRONMENT": "development"}.items()}
    if all(os.environ.get(name) == value for name, value in own.items()):
        return
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PLENARY_")}
    os.execve(sys.executable, [sys.executable, "-m", "plenary.cli.main", *sys.argv[1:]], kept | own)


def _say(words: str) -> None:
    sys.stderr.write(f"{words} …\n")


def _print(words: str) -> None:
    sys.stdout.write(f"{words}\n")
