"""The one content document of an edition: page, PDF, slides and data are views of it.

Every displayed number stands once, in a service's ``figures``, with its unrounded value, its printed text and its status; tables,
headlines and charts name it. A printed text is a list of parts: words, or ``{"f": name of a figure}``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import reduce
from itertools import chain, count
from operator import and_
from typing import Any

from plenary.editions.render import sections
from plenary.editions.render.figures import Figure, figure, row_key
from plenary.editions.render.ranges import Words, worded
from plenary.editions.render.sheet import (
    EARLIER,
    GROUPS,
    Block,
    Part,
    Parts,
    Row,
    Sheet,
    block_table,
    pick,
    plural,
    sentence,
    slug,
)
from plenary.editions.terms import SECTIONS, TABLES, EditionInputs, ServiceEntry, standing
from plenary_stats.tables import SHOWN, TOTAL, Column, ResultTable


def build(inputs: EditionInputs) -> dict[str, Any]:
    """Return the content document, made of plain JSON values in a fixed order.

    Raises ``ValueError`` when a table has a name that an edition does not know or speaks of a service that the edition lacks.
    """
    rows = _rows_by_service(inputs)
    said = worded(inputs)
    services = [_service(entry, inputs, rows[entry.slug], said) for entry in inputs.services]
    return {
        "edition": _edition(inputs),
        "marks": _marks(inputs),
        "how_to_read": [sentence(inputs, key) for key in ("interval", "small_numbers", "completeness", "residence")],
        "index": _index(inputs, services),
        "services": services,
        "previous": [
            {"label": one.label, "number": one.number, "digest": one.digest, "href": one.href, "note": one.correction_note}
            for one in inputs.previous
        ],
        "attribution": list(inputs.attribution),
        "notes": list(inputs.notes),
    }


def say(parts: Iterable[Part], figures: Mapping[str, Figure]) -> str:
    """Return parts as one plain text."""
    return "".join(part if isinstance(part, str) else figures[part["f"]]["text"] for part in parts)


def draft(inputs: EditionInputs) -> bool:
    """Is this edition a draft? It is unless two different people have reviewed it."""
    return inputs.draft or len(set(inputs.reviewers)) < 2


def _edition(inputs: EditionInputs) -> dict[str, Any]:
    return {
        "label": inputs.label,
        "number": inputs.number,
        "title": f"Highly specialised services: annual edition {inputs.label}",
        "correction_note": inputs.correction_note,
        "period_start": inputs.period_start,
        "period_end": inputs.period_end,
        "period_text": _period_text(inputs.period_start, inputs.period_end),
        "nation": inputs.nation,
        "threshold": inputs.threshold,
        "draft": sentence(inputs, "draft") if draft(inputs) else "",
        "invented": sentence(inputs, "invented") if inputs.invented else "",
        "reviewers": list(inputs.reviewers),
        "code_version": inputs.code_version,
        "policy": dict(inputs.policy),
    }


def _period_text(start: str, end: str) -> str:
    """Return a half-open period as people say it: 1 January 2025 to 31 December 2025."""
    first, last = date.fromisoformat(start), date.fromisoformat(end) - timedelta(days=1)
    return " to ".join(f"{day.day} {day:%B %Y}" for day in (first, last))


def _marks(inputs: EditionInputs) -> list[dict[str, str]]:
    names = {"[c]": "withheld", "[x]": "not_collected", "[z]": "not_applicable", "[low]": "low"}
    return [{"mark": mark, "meaning": sentence(inputs, key)} for mark, key in names.items()]


def _index(inputs: EditionInputs, services: Sequence[Mapping[str, Any]]) -> Block:
    """Return the table of all services; its cells name figures of the service given by ``s``."""
    lines: list[list[Parts]] = []
    for service in services:
        line: list[Parts] = [[{"href": f"services/{service['slug']}.html", "t": service["name"]}], [service["category"]]]
        keys = ("centres", service["patients"], service["spend"])
        lines.append(line + [[{"f": key, "s": service["slug"]}] if key else ["[x]"] for key in keys])
    many = len(services)
    organisations = len({one.ods for one in inputs.centres})
    figures = {"services": figure(float(many), SHOWN, "count"), "centres": figure(float(organisations), SHOWN, "count")}
    parts: Parts = [{"f": "services"}, f" highly specialised {plural('service', many)}, provided by "]
    parts += [{"f": "centres"}, f" {plural('organisation', organisations)}."]
    heads = ("Service", "Category", "#Centres", "#Patients", "#Expenditure")
    return {"headline": parts, "figures": figures, "table": block_table("services", "All services in this edition", heads, lines)}


def _rows_by_service(inputs: EditionInputs) -> dict[str, dict[str, list[Row]]]:
    rows: dict[str, dict[str, list[Row]]] = {entry.slug: defaultdict(list) for entry in inputs.services}
    for table in inputs.tables:
        if table.name not in TABLES:
            raise ValueError(f"An edition has no table '{table.name}'.")
        for row in table.rows():
            if row["service"] in rows:
                rows[row["service"]][table.name].append(row)
            elif row["service"] not in {"", TOTAL}:
                raise ValueError(f"The table '{table.name}' speaks of '{row['service']}', which is no service of this edition.")
    stands = standing(inputs.previous, inputs.label, inputs.period_end)
    for tables, drawn in zip(inputs.earlier, reversed(stands), strict=False):  # where they are only named, none is drawn
        for one in (table for table in tables if drawn and table.name == "outcomes"):
            for row in one.rows(_national(one)):
                if row["service"] in rows:
                    rows[row["service"]][EARLIER].append(row)
    return rows


def _national(table: ResultTable) -> Column:
    """Return which rows are of all patients together: of earlier editions nothing else is drawn, and they have many rows."""
    margins = [(table[name] == TOTAL) | (table[name] == "") for name in GROUPS]
    return reduce(and_, margins)


def _service(entry: ServiceEntry, inputs: EditionInputs, rows: Mapping[str, list[Row]], said: Words) -> dict[str, Any]:
    sheet = Sheet(entry, inputs, rows, said=said)
    written = {name: sections.WRITERS[name](sheet) for name in SECTIONS}
    _tell_apart([slug(name) for name in SECTIONS], [block for blocks in written.values() for block in blocks])
    return {
        "slug": entry.slug,
        "name": entry.name,
        "category": entry.category[:1].upper() + entry.category[1:],
        "confidence": sentence(inputs, "unverified", confidence=entry.confidence) if entry.confidence else "",
        "invented": entry.invented,
        "patients": _total_key(sheet, "activity", {"patients"}),
        "spend": _total_key(sheet, "spend", {row["measure"] for row in rows["spend"]}),
        "sections": [{"id": slug(name), "title": name, "blocks": blocks} for name, blocks in written.items() if blocks],
        "figures": sheet.figures,
    }


def _tell_apart(taken: Iterable[str], blocks: Iterable[Block]) -> None:
    """Give every chart and table of a service an id of its own: what reads alike must not be drawn in one another's place.

    An id begins with a letter, also that of the chart of "30-day survival".
    """
    known = set(taken)
    for block in blocks:
        if "id" in block:
            name = block["id"] if block["id"][:1].isalpha() else f"{block['kind']}-{block['id']}".rstrip("-")
            block["id"] = next(one for one in chain([name], (f"{name}-{number}" for number in count(2))) if one not in known)
            known.add(block["id"])


def _total_key(sheet: Sheet, table: str, measures: set[str]) -> str:
    """Return the name of the service's own total, if its page prints one."""
    keys = (f"{row_key(table, row)}|value" for row in pick(sheet.rows[table], "") if row["measure"] in measures)
    return next((key for key in keys if key in sheet.figures), "")
