"""``plenary demo``: the invented world."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


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


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _world(arguments: argparse.Namespace) -> int:
    import django  # noqa: PLC0415 — the registry's areas need its settings

    django.setup()
    from plenary.demo import world  # noqa: PLC0415 — after setup

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
