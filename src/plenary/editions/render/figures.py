"""A figure as it is shown: rounding and the mark for a withheld value live here and nowhere else.

A figure is ``{"value": unrounded number or None, "text": what is printed, "status": "" | "c" | "x" | "z" | "low"}``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from plenary_stats.tables import LOW, NOT_APPLICABLE, NOT_COLLECTED, RESULT_DIMENSIONS, SHOWN, WITHHELD

Figure = dict[str, Any]

MARKS: Final[Mapping[str, str]] = {WITHHELD: "[c]", NOT_COLLECTED: "[x]", NOT_APPLICABLE: "[z]", LOW: "[low]"}
"""The marks of the Government Statistical Service, in square brackets."""

LIMITS: Final[Mapping[str, str]] = {
    "within": "within the limits",
    "low95": "below the 95% limit",
    "high95": "above the 95% limit",
    "low998": "below the 99.8% limit",
    "high998": "above the 99.8% limit",
}
"""Where a centre stands in a funnel plot, in words."""

RULES: Final[Mapping[str, str]] = {
    "above-limit": "above the upper limit",
    "below-limit": "below the lower limit",
    "rising": "in a rise of seven or more",
    "falling": "in a fall of seven or more",
    "near-above": "close to the upper limit, as two of three",
    "near-below": "close to the lower limit, as two of three",
    "run-above": "in a row of seven or more above the average",
    "run-below": "in a row of seven or more below the average",
}
"""What a point of a run chart that breaks a rule is, in words."""

REMAINDERS: Final = ("not_eligible", "not_known")
"""What travels with every outcome: met is the numerator, not met the rest of the denominator, and these two."""

FORMATS: Final = ("count", "percent", "rate", "decimal", "money", "number")


def figure(value: float | None, status: str, form: str) -> Figure:
    """Return one figure. A withheld one carries no value, whatever it was given."""
    if status not in MARKS and status != SHOWN:
        raise ValueError(f"'{status}' is not a status of a figure.")
    if status == SHOWN and (value is None or math.isnan(value)):
        status = NOT_APPLICABLE
    if value is None or math.isnan(value) or status in {WITHHELD, NOT_COLLECTED, NOT_APPLICABLE}:
        return {"value": None, "text": MARKS[status], "status": status}
    shown = text(value, form)
    if value != 0 and not any(character in "123456789" for character in shown):
        return {"value": number(value), "text": MARKS[LOW], "status": LOW}
    return {"value": number(value), "text": shown, "status": status}


def status_of(row: Mapping[str, Any], column: str) -> str:
    """Return the status of one figure of a row.

    A row may show its result and withhold those not eligible or not known: together with the denominator they would tell how many
    patients there are. Then the denominator stands there without them, which is how disclosure control reads such a row too.
    """
    if column not in row:
        return NOT_COLLECTED
    empty = math.isnan(row[column])
    if column in REMAINDERS and empty and not math.isnan(row.get("denominator", math.nan)):
        return WITHHELD
    return str(row["status"]) if column == "value" or empty else SHOWN


def number(value: float) -> float | int:
    """Return a whole number as an integer, so that every file prints it in the same way."""
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def text(value: float, form: str) -> str:
    """Return a shown number in the words of a reader: 1,234 · 74.1% · 3.42 · £1,234,567."""
    value += 0.0  # a nought that was less than nought is printed without its sign
    if form == "count":
        return f"{value:,.0f}"
    if form == "percent":
        return f"{100 * value:.1f}%"
    if form == "money":
        return f"-£{-value:,.0f}" if value < 0 else f"£{value:,.0f}"
    if form in {"rate", "decimal"}:
        return f"{value:,.2f}"
    if form == "number":
        return f"{value:,.1f}"
    raise ValueError(f"'{form}' is not a way to print a figure.")


def row_key(table: str, row: Mapping[str, Any]) -> str:
    """Return the name of one row of one table; with the column behind it, the name of a figure: unique in a service."""
    return "|".join([table, *(str(row[dimension]) for dimension in RESULT_DIMENSIONS[1:])])


def describe(block: Mapping[str, Any], figures: Mapping[str, Figure]) -> str:
    """Return what a chart shows in words: every point with its printed figure."""
    words = f"{block['title']}. {'; '.join(_point(point, figures) for point in block['points'])}."
    if "limits" in block:
        average, low, high = (figures[part["f"]]["text"] for part in (block["average"], *block["limits"]))
        words += f" Average {average}; limits of usual variation {low} to {high}."
    return f"{words} {block['note']}".rstrip() if "note" in block else words


def _point(point: Mapping[str, Any], figures: Mapping[str, Figure]) -> str:
    if "parts" in point:
        shares = ", ".join(f"{part['label']} {figures[part['value']['f']]['text']}" for part in point["parts"])
        return f"{point['label']}: {shares}"
    words = f"{point['label']} {figures[point['value']['f']]['text']}"
    if point.get("flag") in RULES:
        words += f", {RULES[point['flag']]}"
    if "denominator" in point:
        return f"{words} of {figures[point['denominator']['f']]['text']} patients, {LIMITS[point['flag']]}"
    if "lower" not in point:
        return words
    return f"{words} ({figures[point['lower']['f']]['text']} to {figures[point['upper']['f']]['text']})"
