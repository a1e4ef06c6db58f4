"""Known answers of the attack, read as tables."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from plenary_stats.disclosure import Policy
from plenary_stats.tables import ResultTable, text

ADDED = {"quantity", "low", "high", "verdict", "how", "reader"}


def table(rows: list[dict], dimensions: tuple[str, ...], name: str = "table") -> ResultTable:
    columns = {each: text([row.get(each, "Total") for row in rows]) for each in dimensions}
    values = [row["value"] for row in rows]
    columns["value"] = np.array([np.nan if value in ("", None) else float(value) for value in values], dtype=float)
    columns["status"] = text(["c" if value in ("", None) else "" for value in values])
    return ResultTable(columns, name=name, kind="count", dimensions=dimensions)


def counts(values: dict, dimensions: tuple[str, ...] = ("centre",), name: str = "t") -> ResultTable:
    """A table of counts by place: one code, or one for each dimension; None is withheld."""
    places = [(key if isinstance(key, tuple) else (key,), value) for key, value in values.items()]
    return table([dict(zip(dimensions, place, strict=True), value=value) for place, value in places], dimensions, name)


def outcome(rows: list[tuple], kind: str = "rate") -> ResultTable:
    """Outcomes of centre A: measure, numerator, denominator, not eligible, not known."""
    names = ("measure", "numerator", "denominator", "not_eligible", "not_known")
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    made = {"centre": text(["A"] * len(rows)), "measure": text(columns.pop("measure"))}
    made |= {name: np.array(values, dtype=float) for name, values in columns.items()}
    made["value"] = made["numerator"] / made["denominator"]
    return ResultTable(made, name="outcomes", kind=kind, dimensions=("centre", "measure"))


def read(path: Path, dimensions: tuple[str, ...] = ()) -> ResultTable:
    rows = list(csv.DictReader(path.read_text().splitlines()))
    return table(rows, dimensions or tuple(name for name in rows[0] if name not in {"value", "status"}), path.stem)


def published_cases(folder: Path) -> Iterator[tuple[str, list[ResultTable], dict]]:
    for expected in sorted(folder.glob("disclosure/*/expected.csv")):
        tables = [read(path) for path in sorted(expected.parent.glob("p*.csv"))]
        answers = {}
        for row in csv.DictReader(expected.read_text().splitlines()):
            cell = tuple(row["cell"].split("|")) if "cell" in row else tuple(row[name] for name in tables[0].dimensions)
            answers[cell] = (int(row["low"]), int(row["high"]) if row["high"] else None)
        yield expected.parent.name, tables, answers


def enumerated_cases(folder: Path) -> Iterator[tuple[str, list[ResultTable], Policy, dict]]:
    for path in sorted(folder.glob("disclosure/enumerated/*/spec.json")):
        spec = json.loads(path.read_text())
        pairs = {
            name: tuple((row["child"], row["parent"]) for row in csv.DictReader((path.parent / file).read_text().splitlines()))
            for name, file in spec["hier"].items()
        }
        policy = Policy(hierarchies=pairs, zeros="publish" if spec["rule"].startswith("1") else "protect")
        tables = [read(path.parent / file, tuple(spec["dims"])) for file in spec["tables"]]
        yield spec["name"], tables, policy, {tuple(each["cell"]): (each["lo"], each["hi"]) for each in spec["expect"]}


def ranges(audit) -> dict:
    names = [name for name in audit.cells if name not in ADDED]
    return {tuple(row[name] for name in names): (row["low"], row["high"]) for row in audit.rows()}
