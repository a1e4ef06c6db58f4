"""``plenary``: the entry point. Results on standard output, progress and messages on standard error.

Exit codes: 0 done; 1 the input has blocking findings or the check failed; 2 unusable arguments or input.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import django
from django.core.exceptions import ImproperlyConfigured

from plenary_stats.errors import InputError

NOUNS: tuple[str, ...] = ("cases", "collection", "dataset", "demo", "disclosure", "drafts", "edition", "operate", "remind")
"""The modules of this package. Each offers ``add(commands)``, which adds its verbs and sets ``run`` on each."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\nTry '{self.prog} --help'.\n")


def parser(nouns: Sequence[str] = NOUNS) -> argparse.ArgumentParser:
    """Return the command tree: the whole of it, or that of some nouns."""
    tree = _Parser(prog="plenary", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = tree.add_subparsers(dest="noun", required=True, metavar="COMMAND", parser_class=_Parser)
    for noun in nouns:
        importlib.import_module(f"plenary.cli.{noun}").add(commands)
    return tree


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "plenary.config.settings")
    try:
        django.setup()
        words = sys.argv[1:] if argv is None else list(argv)
        asked = [noun for noun in words[:1] if noun in NOUNS]
        arguments = parser(asked or NOUNS).parse_args(words)  # the others are slow to load
        return int(arguments.run(arguments))
    except (InputError, ImproperlyConfigured) as problem:
        sys.stderr.write(f"plenary: {problem}\n")
        return 2
    except OSError as problem:  # a place that cannot be read or written; where it is known, it is named
        place = f"{problem.filename}: " if problem.filename else ""
        sys.stderr.write(f"plenary: {place}{problem.strerror or problem}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
