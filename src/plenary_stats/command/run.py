"""Reading the file, calling the estimator, printing what it answers."""

from __future__ import annotations

import argparse
import csv
import dataclasses
import io
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from plenary_stats.command.offered import COMMANDS, Command
from plenary_stats.errors import InputError
from plenary_stats.ingest.files import read

Columns = dict[str, npt.NDArray[Any]]

ABOUT = """The estimators on a CSV file: python -m plenary_stats COMMAND FILE --COLUMN NAME …

Figures go to standard output as CSV, or as one JSON document with --json; messages to standard error. Exit codes: 0 done, 2
the arguments or the file cannot be used, said in one sentence."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\nTry '{self.prog} --help'.\n")


def parser() -> argparse.ArgumentParser:
    """Return the whole command tree."""
    tree = _Parser(prog="plenary_stats", description=ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = tree.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)
    for command in COMMANDS:
        verb = verbs.add_parser(command.name, help=command.help, description=command.help)
        verb.add_argument("file", help="a CSV file with a header row; - for standard input")
        for name in command.columns:
            many = "+" if name in command.many else None
            needed = name in {*command.keys, *command.required}
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
    for name in command.columns:
        if given[name] is not None:
            called[name] = _argument(table, given[name], text=name in {*command.keys, *command.labels})
    for option in command.options:
        if option.table and option.name in called:
            called[option.name] = _numbers_or_text(_table(called[option.name]))
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


def _numbers_or_text(table: Columns) -> dict[str, Any]:
    """Return every column of a second file: as numbers where all its cells are."""
    found: dict[str, Any] = _argument(table, list(table), text=False)
    return found


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
