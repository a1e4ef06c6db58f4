"""The estimators on a CSV file: ``python -m plenary_stats COMMAND FILE --COLUMN NAME …``. It needs numpy and scipy, nothing else.

Figures go to standard output as CSV, or as one JSON document with ``--json``; messages to standard error. Exit codes: 0 done, 2
the arguments or the file cannot be used, said in one sentence.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import io
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from plenary_stats import adjustment, allocation, comparison, equity, monitoring, proportions, rates, survival
from plenary_stats.errors import InputError
from plenary_stats.ingest.files import read

Columns = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Option:
    """An argument of the estimator that is not a column of the file."""

    name: str
    kind: Callable[[str], Any] = str
    help: str = ""
    many: bool = False
    needed: bool = False


@dataclass(frozen=True)
class Command:
    """One estimator. ``required`` and ``optional`` name its arguments that are columns of numbers, ``labels`` those of any text.

    With ``by_row`` the result has one figure a row of the file, and the file's columns are printed before it.
    """

    name: str
    help: str
    run: Callable[..., Any]
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    by_row: bool = False
    many: frozenset[str] = field(default_factory=frozenset)


_LEVEL = Option("level", float, "confidence, .95 unless told")
_METHOD = Option("method", str, "which method, see the method page")
_AT = Option("at", float, "times at which figures are given", many=True)

COMMANDS: tuple[Command, ...] = (
    Command(
        "proportion",
        "proportions with limits",
        proportions.interval,
        ("successes", "trials"),
        options=(_METHOD, _LEVEL),
        by_row=True,
    ),
    Command("rate", "rates with limits", rates.interval, ("count", "exposure"), options=(_METHOD, _LEVEL), by_row=True),
    Command(
        "ratio",
        "observed against expected events",
        rates.indirectly_standardised,
        ("observed", "expected"),
        options=(_METHOD, _LEVEL),
        by_row=True,
    ),
    Command(
        "funnel",
        "centres against a target, with control limits and flags",
        comparison.funnel,
        ("observed", "denominator"),
        options=(
            Option("target", float, "the national value; all centres together unless told"),
            Option("kind", str, "proportion, ratio or rate"),
            Option("overdispersion", str, "multiplicative or additive"),
            Option("winsorise", float, "share of z-scores drawn in at each end"),
        ),
        by_row=True,
    ),
    Command(
        "between-centres",
        "whether centres differ from one another",
        comparison.between_centres,
        ("events", "patients"),
        options=(Option("measure", str), _METHOD, _LEVEL),
    ),
    Command(
        "multiplicity", "p-values corrected for their number", comparison.multiplicity, ("p",), options=(_METHOD,), by_row=True
    ),
    Command(
        "survival",
        "Kaplan-Meier curves",
        survival.kaplan_meier,
        ("time", "event"),
        ("entry",),
        ("group",),
        (_AT, Option("interval", str, "log-log, log or plain"), _LEVEL),
    ),
    Command(
        "cumulative-incidence",
        "events of several causes (Aalen-Johansen)",
        survival.cumulative_incidence,
        ("time", "cause"),
        ("entry",),
        ("group",),
        (_AT, _LEVEL),
    ),
    Command(
        "logrank",
        "whether curves differ",
        survival.logrank,
        ("time", "event"),
        ("entry",),
        ("group", "strata"),
        (Option("rho", float),),
    ),
    Command(
        "logistic",
        "case-mix adjustment by logistic regression",
        adjustment.logistic,
        ("outcome", "covariates"),
        options=(Option("penalty", str, "firth"),),
        many=frozenset({"covariates"}),
    ),
    Command(
        "cox",
        "the Cox model of covariates",
        survival.cox,
        ("time", "event", "covariates"),
        ("entry",),
        ("strata", "cluster"),
        (Option("ties", str, "efron, breslow or exact"), _LEVEL),
        many=frozenset({"covariates"}),
    ),
    Command(
        "xmr",
        "a run chart with process limits and the rules that points break",
        monitoring.xmr,
        ("values",),
        options=(
            Option("better", str, "increase or decrease"),
            Option("target", float, "what is aimed at"),
            Option("fix_after", int, "limits come from so many first points"),
        ),
        by_row=True,
    ),
    Command(
        "racusum",
        "risk-adjusted CUSUM, patients in time order",
        monitoring.racusum,
        ("outcome", "risk"),
        options=(
            Option("odds_ratio", float, "the change looked for", needed=True),
            Option("limit", float, "a signal is above it", needed=True),
        ),
        by_row=True,
    ),
    Command("vlad", "expected less observed events, patients in time order", monitoring.vlad, ("outcome", "risk"), by_row=True),
    Command(
        "variation", "how far areas differ from what is expected", equity.variation, ("observed", "expected"), ("population",)
    ),
    Command(
        "slope-index",
        "the gradient over a ranking",
        equity.slope_index,
        ("rate", "population", "rank"),
        ("std_err",),
        options=(Option("scale", str, "linear, log or logit"), _LEVEL),
    ),
    Command(
        "leximin",
        "fair whole-unit shares of a shortage",
        allocation.leximin,
        ("need", "floor"),
        options=(
            Option("supply", float, "how much there is", needed=True),
            Option("unit", float, "the size of one unit, 1 unless told"),
        ),
        by_row=True,
    ),
)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\nTry '{self.prog} --help'.\n")


def parser() -> argparse.ArgumentParser:
    """Return the whole command tree."""
    tree = _Parser(prog="plenary_stats", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = tree.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)
    for command in COMMANDS:
        verb = verbs.add_parser(command.name, help=command.help, description=command.help)
        verb.add_argument("file", help="a CSV file with a header row; - for standard input")
        for name in (*command.required, *command.optional, *command.labels):
            many = "+" if name in command.many else None
            needed = name in command.required
            verb.add_argument(_flag(name), dest=name, metavar="COLUMN", nargs=many, required=needed, help=f"the column of {name}")
        for option in command.options:
            many = "+" if option.many else None
            verb.add_argument(_flag(option.name), dest=option.name, type=option.kind, nargs=many, help=option.help)
        verb.add_argument("--json", action="store_true", help="one JSON document instead of CSV")
        verb.add_argument("--out", type=Path, metavar="FILE", help="write there instead of to standard output")
        verb.set_defaults(chosen=command)
    return tree


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = parser().parse_args(argv)
    try:
        text = _run(arguments)
        if arguments.out is None:
            sys.stdout.write(text)
        else:
            arguments.out.write_text(text, encoding="utf-8")
    except (InputError, ValueError, OSError) as problem:
        sys.stderr.write(f"plenary_stats: {problem}\n")
        return 2
    return 0


def _run(arguments: argparse.Namespace) -> str:
    command: Command = arguments.chosen
    given = vars(arguments)
    table = _table(arguments.file)
    called: dict[str, Any] = {option.name: given[option.name] for option in command.options if given[option.name] is not None}
    for name in (*command.required, *command.optional, *command.labels):
        if given[name] is not None:
            called[name] = _argument(table, given[name], text=name in command.labels)
    if absent := [_flag(option.name) for option in command.options if option.needed and option.name not in called]:
        raise InputError(f"{command.name} needs {', '.join(absent)}.")
    if command.name == "logrank" and "group" not in called:
        raise InputError("logrank needs --group: the column that says who is compared with whom.")
    result = command.run(**called)
    before = table if command.by_row else {}
    return _as_json(result, before) if arguments.json else _as_csv(result, before)


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _table(name: str) -> Columns:
    """Return the columns of the file as text."""
    content = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    raw = read(content, Path(name).name)
    for finding in raw.findings:
        sys.stderr.write(f"{finding.message}\n")
    return {
        heading.strip(): np.array(list(cells), dtype=np.str_) for heading, cells in zip(raw.headings, raw.columns, strict=True)
    }


def _argument(table: Columns, names: str | list[str], *, text: bool) -> Any:
    """Return a column; several as a mapping, in which those that are not numbers stay text (a model makes indicators of them)."""
    if isinstance(names, list):
        return {name: _column(table, name, text=not all(map(_is_number, table.get(name, ())))) for name in names}
    return _column(table, names, text=text)


def _column(table: Columns, name: str, *, text: bool) -> npt.NDArray[Any]:
    if name not in table:
        raise InputError(f"There is no column '{name}'. The file has: {', '.join(table)}.")
    cells = np.char.strip(table[name])
    if text:
        return cells
    try:
        return cells.astype(np.float64)
    except ValueError:
        row, cell = next((row, cell) for row, cell in enumerate(cells.tolist()) if not _is_number(cell))
        said = "is empty" if not cell else f"holds '{cell}'"
        raise InputError(
            f"Column '{name}' {said} in data row {row + 1}: it must be a number. Leave such rows out, and say how many."
        ) from None


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _tables(result: Any, before: Columns) -> tuple[Columns, dict[str, Any]]:
    """Return a result's main table, and everything else about it: single figures, and further tables."""
    parts = {part.name: getattr(result, part.name) for part in dataclasses.fields(result) if part.repr}
    main = dict(before)
    if isinstance(parts.get("columns"), Mapping):
        main |= {_free(name, main): column for name, column in parts.pop("columns").items()}
    else:
        arrays = {name: value for name, value in parts.items() if isinstance(value, np.ndarray) and value.ndim == 1}
        rows = {len(value) for value in (*before.values(), *arrays.values())}
        if arrays and len(rows) == 1:
            main |= {_free(name, main): parts.pop(name) for name in arrays}
    return main, parts


def _free(name: str, taken: Mapping[str, Any]) -> str:
    """Return a name for a figure that is not a column of the file already."""
    return f"{name} (found)" if name in taken else name


def _as_json(result: Any, before: Columns) -> str:
    main, others = _tables(result, before)
    document = {"columns": main, **others} if len(main) > len(before) else others
    return json.dumps(_plain(document), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _as_csv(result: Any, before: Columns) -> str:
    main, others = _tables(result, before)
    single = {name: value for name, value in others.items() if np.ndim(value) == 0 and not isinstance(value, Mapping)}
    if len(main) == len(before):
        main = {name: np.array([value]) for name, value in single.items()}
        main |= {
            f"{name}_{place}": np.array([cell])
            for name, value in others.items()
            if np.ndim(value) == 1
            for place, cell in enumerate(value)
        }
    else:
        for name, value in single.items():
            sys.stderr.write(f"{name}: {value}\n")
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(main)
    writer.writerows(zip(*(map(_cell, column.tolist()) for column in main.values()), strict=True))
    return stream.getvalue()


def _cell(value: Any) -> Any:
    return "" if isinstance(value, float) and not np.isfinite(value) else value


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: a figure that is missing or without end is null."""
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {part.name: _plain(getattr(value, part.name)) for part in dataclasses.fields(value)}
    return None if isinstance(value, float) and not np.isfinite(value) else value
