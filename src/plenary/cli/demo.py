"""``plenary demo``: the invented world."""

from __future__ import annotations

import argparse
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


def add(commands: Any) -> None:
    """Add the verbs of the demonstration."""
    demo = commands.add_parser("demo", help="the invented world: write it, load it, serve it")
    verbs = demo.add_subparsers(dest="verb", required=True, metavar="VERB")
    write = verbs.add_parser("world", help="write an invented collection folder of any size")
    write.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    write.add_argument("--services", type=_positive, default=8, metavar="N")
    write.add_argument("--years", type=_positive, default=3, metavar="N")
    write.add_argument("--cases-per-year", type=_positive, default=2500, metavar="N")
    write.add_argument("--seed", type=int, default=20190, metavar="N")
    write.add_argument("--json", action="store_true", help="print what was written as one JSON document")
    write.set_defaults(run=_world)
    fill = verbs.add_parser("load", help="build the world in a new database and publish its editions")
    serve = verbs.add_parser("serve", help="serve what was loaded")
    verbs.add_parser("code", help="print the one-time code of the invented people").set_defaults(run=_code)
    for verb in (fill, serve):
        verb.add_argument("--folder", type=Path, default=Path("var/demo"), metavar="FOLDER", help="holds database and editions")
    serve.add_argument("--port", type=int, default=8000)
    fill.add_argument("--services", type=_positive, default=8, metavar="N")
    fill.add_argument("--years", type=_positive, default=3, metavar="N")
    fill.add_argument("--cases-per-year", type=_positive, default=2500, metavar="N")
    fill.add_argument("--seed", type=int, default=20190, metavar="N")
    fill.set_defaults(run=_load)
    serve.set_defaults(run=_serve)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _world(arguments: argparse.Namespace) -> int:
    if arguments.out.exists() and any(arguments.out.iterdir()):
        return 2
    made = world.invent(
        seed=arguments.seed, services=arguments.services, years=arguments.years, cases_per_year=arguments.cases_per_year
    )
    world.write(made, arguments.out)
    {
        "folder": str(arguments.out),
        "services": len(made.services),
        "years": [world.year_label(year) for year in made.years],
    }
    return 0


def _load(arguments: argparse.Namespace) -> int:
    """Load the world. The whole work is done in a folder beside, and takes its place when it is complete."""
    _in_its_own_installation(arguments.folder)
    data = settings.PLENARY.data
    if data.exists():
        if not (data / MARK).exists() and any(data.iterdir()):
            raise InputError(f"{data} holds something else. Name another folder with --folder.")
        shutil.rmtree(data)
    data.mkdir(parents=True)
    (data / MARK).write_text("This folder holds the invented world. 'plenary demo load' replaces it.\n", encoding="utf-8")
    operation.migrate(argparse.Namespace(json=False))
    made = world.invent(
        seed=arguments.seed, services=arguments.services, years=arguments.years, cases_per_year=arguments.cases_per_year
    )
    published = load.load(made, _say)
    _say("Done. Everything in it is invented.\n")
    print(f"Edition: {published[-1] / 'index.html'}\n         {published[-1] / 'edition.pdf'}\n")
    print(f"Sign in with the password '{load.PASSWORD}' and the code that '.venv/bin/plenary demo code' prints:")
    for one in load.sign_ins(made):
        print(f"  {one.role.label:24} {one.email}")
    return 0


def _code(_: argparse.Namespace) -> int:
    """Print the one-time code of this half minute for the demonstration's people."""
    print(totp.format_hotp_value(totp.hotp_value(load.TOTP_SECRET, next(totp.yield_hotp_counters_from_time()))))
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
