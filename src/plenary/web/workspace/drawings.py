"""The charts of the results pages: a funnel for shares, dots for other figures, a step curve for survival."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from plenary_stats import charts, comparison
from plenary_stats.spec import days
from plenary_stats.tables import TOTAL

Row = Mapping[str, Any]
FLAGS = {
    "low95": "below the 95% limit",
    "high95": "above the 95% limit",
    "low998": "below the 99.8% limit",
    "high998": "above the 99.8% limit",
}
YEAR = 365.25


def written(value: float | None, *, percent: bool) -> str:
    """Return a figure as it is read: ``83.8%`` or ``9.4``; nothing for none."""
    if value is None or math.isnan(value):
        return ""
    return f"{100 * value:.1f}%" if percent else f"{value:,.1f}"


def between(row: Row, *, percent: bool) -> str:
    """Return the interval of a row as it is read."""
    if math.isnan(row["lower"]) or math.isnan(row["upper"]):
        return ""
    return f"{written(row['lower'], percent=percent)} to {written(row['upper'], percent=percent)}"


def comparison_of(rows: Sequence[Row], names: Mapping[str, str], *, title: str, percent: bool, known: Any, timed: bool) -> Markup:
    """Draw the centres of one measure: a funnel for plain shares, else each with its interval. Empty for fewer than two centres.

    Survival at a time is not a plain share of its patients (some are not followed for long enough), so it has no funnel.
    """
    centres = [row for row in rows if row["centre"] != TOTAL]
    if len(centres) < 2:
        return Markup()
    nation = next((row for row in rows if row["centre"] == TOTAL), None)
    prefix = f"chart-{_name(rows[0]['measure'])}-{_name(rows[0]['period'])}"
    if percent and not timed and nation is not None and nation["denominator"]:
        return _funnel(centres, nation, title=title, prefix=prefix)
    marks = [_mark(row, "") for row in centres]
    headline = f"{title} by centre"
    benchmark = known.benchmark.value if known and known.benchmark else None
    drawn = charts.dots(
        marks,
        prefix=prefix,
        headline=headline,
        description=_words(headline, centres, names, percent=percent),
        percent=percent,
        places=1,
        benchmark=benchmark,
        x_label="95% intervals",
    )
    return Markup(drawn)  # noqa: S704 - our own SVG: its texts are escaped where it is drawn


def _funnel(centres: Sequence[Row], nation: Row, *, title: str, prefix: str) -> Markup:
    found = comparison.funnel(
        [row["numerator"] for row in centres], [row["denominator"] for row in centres], float(nation["value"])
    )
    flags = found.columns["flag"].tolist()
    beyond = [f"{row['centre']} is {FLAGS[flag]}" for row, flag in zip(centres, flags, strict=True) if flag in FLAGS]
    headline = f"{title}: {'; '.join(beyond) if beyond else 'every centre lies within the limits'}"
    drawn = charts.funnel(
        [_mark(row, flag) for row, flag in zip(centres, flags, strict=True)],
        target=found.target,
        prefix=prefix,
        headline=headline,
        description=" ".join([_words(headline, centres, {}, percent=True), *found.cautions]),
        y_label=title,
        target_label="All centres",
    )
    return Markup(drawn)  # noqa: S704 - as above


def _mark(row: Row, flag: str) -> charts.Mark:
    value, lower, upper, of = (
        None if math.isnan(row[name]) else row[name] for name in ("value", "lower", "upper", "denominator")
    )
    note = "" if value is not None else row["note"] or "no figure"
    return charts.Mark(row["centre"], value, lower, upper, of, flag=flag, note=note)


def _words(headline: str, rows: Sequence[Row], names: Mapping[str, str], *, percent: bool) -> str:
    said = [
        f"{names.get(row['centre'], row['centre'])} {written(row['value'], percent=percent) or 'no figure'}"
        f" of {row['denominator']:.0f}"
        for row in rows
    ]
    return f"{headline}. {'; '.join(said)}."


def curve_of(curves: Any, outcome: str, at: str, known: Any, *, title: str) -> Markup:
    """Draw the national survival curve of an outcome, once: beside its first time. Empty where there are no points to draw."""
    if curves is None or known is None or (known.at and at != known.at[0]):
        return Markup()
    rows = [row for row in curves.rows() if row["measure"].split("@")[0] == outcome and not math.isnan(row["value"])]
    if not rows:
        return Markup()
    times = [float(_days(row["measure"].split("@")[1])) for row in rows]
    last = max(math.ceil(times[-1] / YEAR), 1)
    curve = charts.Curve(
        "All centres",
        times,
        [row["value"] for row in rows],
        [row["lower"] for row in rows],
        [row["upper"] for row in rows],
        until=times[-1],
    )
    said = "; ".join(
        f"after {time / YEAR:.1f} years {written(row['value'], percent=True)}" for time, row in zip(times, rows, strict=True)
    )
    drawn = charts.survival(
        [curve],
        at=[(year * YEAR, str(year)) for year in range(last + 1)],
        prefix=f"curve-{_name(outcome)}",
        headline=f"{title}: all centres together",
        description=f"{title}, all centres together, of {rows[0]['denominator']:.0f} patients: {said}.",
        y_label=title,
    )
    return Markup(drawn)  # noqa: S704 - as above


def _days(moment: str) -> int:
    return int(moment[:-1]) if moment.endswith("d") and moment[:-1].isdigit() else days(moment)


def _name(text: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in text.lower())
