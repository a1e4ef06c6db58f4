"""The pictures that compare more than one number each: funnel plot of centres, levels of a scale, curve of the nation.

All are drawn from shown figures only, and every point of them stands in a table beside it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from plenary.editions.render.figures import figure
from plenary.editions.render.sheet import (
    Block,
    Part,
    Parts,
    Row,
    Sheet,
    base,
    block_table,
    days,
    headline,
    notes,
    of_point,
    part_words,
    plural,
    slug,
    time_words,
)
from plenary.editions.terms import OutcomeEntry
from plenary_stats import comparison
from plenary_stats.tables import SHOWN, TOTAL, WITHHELD

FEWEST_CENTRES: Final = 2
FEWEST_POINTS: Final = 2
MOST_LEVELS: Final = 5
"""Levels of a scale whose shades can be told apart."""
MONTH: Final = 365.25 / 12

# ------------------------------------------------------------------------------------------------ centres against the nation


def funnel(sheet: Sheet, entry: OutcomeEntry, rows: Sequence[Row], title: str) -> list[Block]:
    """Return a sentence and a funnel plot of one measure by centre; nothing where it is no proportion or too few are shown.

    ``rows`` are the centres and the total. Flags come from exact tail probabilities around the shown national figure.
    """
    drawn = [row for row in rows if row["centre"] != TOTAL and _drawable(row)]
    total = next((row for row in rows if row["centre"] == TOTAL and _drawable(row)), None)
    timed = any("@" in row["measure"] for row in rows)
    if entry.measure != "proportion" or entry.units or timed or total is None or len(drawn) < FEWEST_CENTRES:
        return []
    target = total["numerator"] / total["denominator"]
    found = comparison.funnel([row["numerator"] for row in drawn], [row["denominator"] for row in drawn], target=target)
    flags = [str(flag) for flag in found.columns["flag"].tolist()]
    points = [_point(sheet, row, flag) for row, flag in zip(drawn, flags, strict=True)]
    picture = {
        "kind": "chart",
        "id": f"{slug(title)}-funnel",
        "chart": "funnel",
        "title": f"{title}: funnel plot",
        "form": "percent",
        "points": points,
        "target": sheet.put("outcomes", total),
    }
    withheld = sum(row["centre"] != TOTAL and row["status"] == WITHHELD for row in rows)
    return [headline(*_finding(sheet, entry, points, withheld)), picture]


def _drawable(row: Row) -> bool:
    return bool(row["status"] == SHOWN and not math.isnan(row["numerator"]) and row["denominator"] > 0)


def _point(sheet: Sheet, row: Row, flag: str) -> dict[str, Any]:
    return {
        "label": sheet.label("centre", row["centre"]),
        "key": row["centre"],
        "value": sheet.put("outcomes", row),
        "denominator": sheet.put("outcomes", row, "denominator"),
        "flag": flag,
    }


def _finding(sheet: Sheet, entry: OutcomeEntry, points: Sequence[Mapping[str, Any]], withheld: int) -> Parts:
    """Return how many centres lie outside the limits, and which, in plain words."""

    def count(name: str, number: int) -> Part:
        key = f"funnel-{slug(entry.id)}-{name}"
        sheet.figures[key] = figure(float(number), SHOWN, "count")
        return {"f": key}

    outer = [point for point in points if point["flag"].endswith("998")]
    inner = [point for point in points if point["flag"].endswith("95")]
    parts: Parts = []
    if not outer and not inner:
        parts += ["The ", count("shown", len(points)), " centres shown all lie within the 95% limits around the national figure."]
    if outer:
        parts += [
            count("outer", len(outer)),
            " of ",
            count("shown", len(points)),
            f" centres shown {_lies(len(outer))} outside the ",
        ]
        parts += [f"99.8% limits around the national figure: {_named(outer)}."]
    if inner:
        opening: Parts = [" Besides, "] if outer else []
        shown: Parts = [] if outer else [" of ", count("shown", len(points)), " centres shown"]
        limits = " outside the 95% limits, but not the 99.8% limits"
        parts += [*opening, count("inner", len(inner)), *shown, f" {_lies(len(inner))}{limits}: {_named(inner)}."]
    if withheld:
        words = f" {plural('centre', withheld)} whose figures are withheld {'is' if withheld == 1 else 'are'} not drawn."
        parts += [" ", count("withheld", withheld), words]
    return parts


def _lies(number: int) -> str:
    return "lies" if number == 1 else "lie"


def _named(points: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(f"{point['label']} ({'above' if point['flag'].startswith('high') else 'below'})" for point in points)


# ------------------------------------------------------------------------------------------------ an ordered scale


def scale(sheet: Sheet, entry: OutcomeEntry, rows: Sequence[Row], title: str) -> list[Block]:
    """Return stacked bars of the levels by centre; nothing where no centre, or only the total, may show all its levels."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["centre"]].append(row)
    drawn = {centre: own for centre, own in groups.items() if all(_drawable(row) for row in own)}
    levels = [part_words(entry, row["measure"]).capitalize() for row in next(iter(groups.values()), [])]
    if not any(centre != TOTAL for centre in drawn) or not 2 <= len(levels) <= MOST_LEVELS:
        return []
    points = [
        {
            "label": sheet.label("centre", centre),
            "key": centre,
            "parts": [{"label": level, "value": sheet.put("outcomes", row)} for level, row in zip(levels, own, strict=True)],
            "of": sheet.put("outcomes", own[0], "denominator"),
        }
        for centre, own in drawn.items()
    ]
    name = f"{slug(title)}-levels"
    return [
        {"kind": "chart", "id": name, "chart": "stacked", "title": title, "form": "percent", "levels": levels, "points": points}
    ]


# ------------------------------------------------------------------------------------------------ a curve over time


def curve(sheet: Sheet, entry: OutcomeEntry) -> list[Block]:
    """Return the national survival curve of one outcome and its table; nothing where fewer than two of its points are shown."""
    rows = [row for row in sheet.rows["curves"] if base(row["measure"]) == entry.id and row["centre"] in {"", TOTAL}]
    if not rows:
        return []
    period = max({row["period"] for row in rows}, key=lambda text: (text[-4:], len(text), text))
    current = sorted((row for row in rows if row["period"] == period), key=lambda row: days(row["measure"]))
    shown = _steps(sheet, [row for row in current if row["status"] == SHOWN and not math.isnan(row["value"])])
    if len(shown) < FEWEST_POINTS:
        return []
    title = f"{entry.label} over time, {period}, all centres together"
    points = []
    for row in shown:
        point: dict[str, Any] = {"label": time_label(row["measure"]), "key": row["measure"], "days": days(row["measure"])}
        ends = sheet.interval("curves", row)
        point |= {"value": sheet.put("curves", row)} | ({"lower": ends[0], "upper": ends[2]} if ends else {})
        points.append(point)
    begins = 0.0 if entry.measure == "cumulative_incidence" else 1.0
    picture: Block = {"kind": "chart", "id": slug(title), "chart": "survival", "title": title, "form": "percent"}
    picture |= {"points": points, "begins": begins}
    lines: list[list[Parts]] = [[[point["label"]], of_point(point)] for point in points]
    remarks = notes(shown)
    remarks += [sheet.say("curve_withheld")] if any(row["status"] == WITHHELD for row in current) else []
    heads = ("Time", f"#{entry.label}, 95% interval")
    key = f"curve-{slug(entry.id)}"
    return [picture | {"y_label": entry.label}, block_table(key, title, heads, lines, notes=remarks)]


def _steps(sheet: Sheet, rows: Sequence[Row]) -> list[Row]:
    """Return the points that say something: where the curve falls, the agreed times, and the last."""
    agreed = {row["measure"] for row in sheet.rows["outcomes"]}
    kept: list[Row] = []
    for place, row in enumerate(rows):
        falls = not kept or row["value"] != kept[-1]["value"]
        if falls or row["measure"] in agreed or place == len(rows) - 1:
            kept.append(row)
    return kept


def time_label(measure: str) -> str:
    """Return the time of a point in words: '30 days' and '1 year' as agreed; other whole months as months or years."""
    words = time_words(measure).removeprefix("at ")
    months = round(days(measure) / MONTH)
    if not measure.endswith("d") or months < 2 or int(months * MONTH) != days(measure):
        return words
    number, unit = (months // 12, "year") if months % 12 == 0 else (months, "month")
    return f"{number} {plural(unit, number)}"
