"""The open data: long tables with unrounded values, and a data package that describes every column."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from plenary.editions.render.figures import REMAINDERS, number, status_of
from plenary.editions.terms import TABLES, EditionInputs
from plenary_stats.measures import RATIO
from plenary_stats.tables import RESULT_DIMENSIONS, RESULT_NUMBERS, SHOWN, Kind, ResultTable, numbers, text

COLUMNS: Final = (
    "edition",
    *RESULT_DIMENSIONS,
    "value",
    "status",
    "numerator",
    "denominator",
    "lower",
    "upper",
    "method",
    "note",
)

STATES: Final = tuple(f"{name}_status" for name in REMAINDERS)
"""The columns that say why one of those two is empty: a row may show its result and withhold them."""

_DESCRIPTIONS: Final[Mapping[str, str]] = {
    "edition": "Label of the edition.",
    "service": "Service, by the name used in services.csv.",
    "centre": "Centre, by its organisation code; Total is the service as a whole.",
    "area": "Area of residence, by its code; Total is all areas; empty where the table is not by area.",
    "sex": "Sex as recorded; Total is everyone; empty where not used.",
    "age_band": "Age in completed years at the index date; Total is all ages; empty where not used.",
    "period": "Period of the figure: the edition's, or several years pooled.",
    "measure": "Measure: an outcome's id, with @1y and the like for a figure at a time; a kind of activity.",
    "value": "The figure, unrounded; proportions lie between 0 and 1; empty where it is not shown.",
    "status": "Empty: shown. c: withheld. x: not collected. z: not applicable. low: rounds to nought.",
    "numerator": "Number of patients (or events) counted, where there is one.",
    "denominator": "Number of patients, or of people, that it is counted among.",
    "lower": "Lower end of the 95% interval.",
    "upper": "Upper end of the 95% interval.",
    "method": "How value and interval were computed.",
    "note": "What a reader should know about this figure.",
    "not_eligible": "Number of patients to whom the outcome does not apply.",
    "not_known": "Number of patients whose outcome is not yet known.",
    "observed": "Of an adjusted row: number of patients who met the outcome; of survival, to whom the event had happened.",
    "expected": "Number of patients of whom a centre's case mix would lead one to expect so.",
    "ratio": "Observed over expected.",
    "ratio_lower": "Lower end of the ratio's 95% interval.",
    "ratio_upper": "Upper end of the ratio's 95% interval.",
    "not_eligible_status": "Why not_eligible is empty, as in status; empty where it is shown.",
    "not_known_status": "Why not_known is empty, as in status; empty where it is shown.",
    "name": "Name.",
    "category": "Category of the service.",
    "description": "What the service does.",
    "confidence": "Empty for a verified entry; otherwise how sure it is.",
    "invented": "true where the entry is invented for a demonstration.",
    "designated_from": "First day of the designation, as recorded.",
    "designated_to": "First day without the designation; empty while it lasts.",
}
_SERVICES: Final = ("service", "name", "category", "description", "confidence", "invented")
_CENTRES: Final = ("service", "centre", "name", "designated_from", "designated_to", "confidence")
_DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def render(inputs: EditionInputs) -> dict[str, bytes]:
    """Return every data file by its path."""
    made: dict[str, tuple[Sequence[str], list[list[str]]]] = {
        "services": (_SERVICES, [_texts(_service_row(one)) for one in inputs.services]),
        "centres": (
            _CENTRES,
            [
                _texts((one.service, one.ods, one.name, one.designated_from, one.designated_to, one.confidence))
                for one in sorted(inputs.centres, key=lambda one: (one.service, one.ods, one.designated_from))
            ],
        ),
    }
    made |= {name: (columns(name), _long(inputs, name)) for name in TABLES}
    found = {f"data/{name}.csv": _csv(heads, rows) for name, (heads, rows) in made.items()}
    package = _package(inputs, {name: heads for name, (heads, _) in made.items()})
    return found | {"data/datapackage.json": (json.dumps(package, indent=1, ensure_ascii=False) + "\n").encode()}


def columns(name: str) -> tuple[str, ...]:
    """Return the columns of one data table."""
    return COLUMNS + ((*REMAINDERS, *STATES, *RATIO) if name == "outcomes" else ())


def rows(words: bytes) -> list[dict[str, str]]:
    """Return the rows of a data file as they were before they were made safe for spreadsheets."""
    reader = csv.DictReader(io.StringIO(words.decode(), newline=""))
    return [{name: unsafe(value or "") for name, value in row.items() if name} for row in reader]


def tables(found: Mapping[str, bytes]) -> list[ResultTable]:
    """Return the tables of a published edition, read back from nothing but its data files.

    Raises ``ValueError`` or ``KeyError`` where they cannot be read.
    """
    package = json.loads(found["data/datapackage.json"])
    made = []
    for resource in package["resources"]:
        lines = rows(found[f"data/{resource['path']}"]) if "kinds" in resource else []
        for kind in sorted(set(resource.get("kinds", {}).values())):
            own = [line for line in lines if resource["kinds"][line["measure"]] == kind]
            made.append(_table(resource["name"], kind, own))
    return made


def _table(name: str, kind: Kind, lines: Sequence[Mapping[str, str]]) -> ResultTable:
    numeric = (*RESULT_NUMBERS, *(REMAINDERS if name == "outcomes" else ()))
    found = {column: text(line[column] for line in lines) for column in (*RESULT_DIMENSIONS, "status", "method", "note")}
    found |= {column: numbers(line[column] or None for line in lines) for column in numeric}
    return ResultTable(found, name=name, kind=kind)


def safe(words: str) -> str:
    """Return text that a spreadsheet shows as text and never runs as a formula."""
    return f"'{words}" if words.lstrip("'").startswith(_DANGEROUS) else words


def unsafe(words: str) -> str:
    """Return the text that ``safe`` was given."""
    return words[1:] if words.startswith("'") and words.lstrip("'").startswith(_DANGEROUS) else words


def _service_row(one: Any) -> tuple[str, ...]:
    return (one.slug, one.name, one.category, one.description, one.confidence, "true" if one.invented else "false")


def _texts(values: Iterable[str]) -> list[str]:
    return [safe(value) for value in values]


def _long(inputs: EditionInputs, name: str) -> list[list[str]]:
    """Return the rows of one table, sorted by its dimensions so that nothing follows from their order."""
    found = [row for table in inputs.tables if table.name == name for row in table.rows()]
    found.sort(key=lambda row: tuple(row[dimension] for dimension in RESULT_DIMENSIONS))
    return [_line(inputs.label, row, columns(name)) for row in found]


def _line(label: str, row: Mapping[str, Any], heads: Sequence[str]) -> list[str]:
    texts = {"edition": label} | {column: row[column] for column in (*RESULT_DIMENSIONS, "status", "method", "note")}
    cells = {column: safe(value) for column, value in texts.items()}
    cells |= {column: _number(row.get(column, math.nan)) for column in (*RESULT_NUMBERS, *REMAINDERS, *RATIO)}
    cells |= {state: status_of(row, column) for column, state in zip(REMAINDERS, STATES, strict=True)}
    if row["status"] != SHOWN:
        cells["value"] = ""
    return [cells[head] for head in heads]


def _number(value: float) -> str:
    """Return a number in full: the shortest text that reads back as the same number."""
    return "" if math.isnan(value) else repr(number(value))


def _csv(heads: Sequence[str], lines: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(heads)
    # A carriage return would stand outside quotes: a spreadsheet begins a row at it, and with the row perhaps a formula.
    writer.writerows([cell.replace("\r\n", "\n").replace("\r", "\n") for cell in line] for line in lines)
    return out.getvalue().encode()


def _kinds(inputs: EditionInputs, name: str) -> dict[str, Any]:
    """Return what each measure of a table counts: what an audit from the published files alone has to know."""
    own = [table for table in inputs.tables if table.name == name]
    return {"kinds": dict(sorted((row["measure"], table.kind) for table in own for row in table.rows()))} if own else {}


def _package(inputs: EditionInputs, heads: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    return {
        "profile": "tabular-data-package",
        "name": f"highly-specialised-services-{''.join(c if c.isalnum() else '-' for c in inputs.label.lower())}",
        "title": f"Highly specialised services: annual edition {inputs.label}",
        "description": "A withheld figure has an empty value and the status c. A margin is the word Total.",
        "version": str(inputs.number),
        "contributors": [{"title": one, "role": "reviewer"} for one in inputs.reviewers],
        "sources": [{"title": line} for line in inputs.attribution],
        "resources": [
            {
                "name": name,
                "path": f"{name}.csv",
                "profile": "tabular-data-resource",
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "dialect": {"delimiter": ",", "lineTerminator": "\n", "header": True},
                "schema": {"fields": [_field(column) for column in own], "missingValues": [""]},
                **_kinds(inputs, name),
            }
            for name, own in heads.items()
        ],
    }


def _field(column: str) -> dict[str, Any]:
    kind = "number" if column in {*RESULT_NUMBERS, *REMAINDERS, *RATIO} else "boolean" if column == "invented" else "string"
    field: dict[str, Any] = {"name": column, "type": kind, "description": _DESCRIPTIONS[column]}
    if column in {"status", *STATES}:
        field["constraints"] = {"enum": ["", "c", "x", "z", "low"]}
    return field
