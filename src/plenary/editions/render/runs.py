"""How an outcome moved over the years: the national figure of each edition as a run chart, with its table.

Only what was published then and still stands is drawn: this edition's own figures, and of the editions before it those that no
later one replaces. A withheld one is a gap with its mark. Years pooled together overlap one another and are left out.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Final

from plenary.editions.render.figures import RULES, figure
from plenary.editions.render.sheet import (
    EARLIER,
    PROPORTIONS,
    Block,
    Part,
    Parts,
    Row,
    Sheet,
    base,
    block_table,
    by_measure,
    headline,
    notes,
    of_point,
    pick,
    plural,
    slug,
    timed,
)
from plenary.editions.terms import OutcomeEntry
from plenary_stats import monitoring
from plenary_stats.measures import pooled
from plenary_stats.tables import NOT_COLLECTED, SHOWN

FEWEST_POINTS: Final = 2
BETTER: Final[Mapping[str, monitoring.Direction]] = {"higher": "increase", "lower": "decrease", "zero": "decrease"}


def runs(sheet: Sheet, entry: OutcomeEntry) -> list[Block]:
    """Return finding, chart and table of each measure of an outcome; nothing of one with fewer than two shown periods.

    A scale of levels has none: its levels rise and fall together.
    """
    found: dict[tuple[str, str], tuple[str, Row]] = {}
    for table in ("outcomes", EARLIER):  # what was corrected since stands as it stands now
        for row in pick(sheet.rows[table], ""):
            if base(row["measure"]) == entry.id:
                found.setdefault((row["measure"], row["period"]), (table, row))
    own = [row for row in sheet.rows["outcomes"] if base(row["measure"]) == entry.id]
    measures = [measure for measure, _ in by_measure(own)] if entry.measure != "ordinal" else []
    periods = _periods(sheet, [period for _, period in found])
    made: list[Block] = []
    for measure in measures:
        points = [(period, *found.get((measure, period), ("", None))) for period in periods]
        if sheet.inputs.label in {period for period, table, _ in points if table == "outcomes"}:
            made += _Run(sheet, entry, measure, _trimmed(points)).blocks()
    return made


def _periods(sheet: Sheet, found: Sequence[str]) -> list[str]:
    """Return the single periods in order: those of editions by their last day, and any earlier ones before them."""
    ends = {one.label: one.period_end for one in sheet.inputs.previous} | {sheet.inputs.label: sheet.inputs.period_end}
    others = {period for period in found if period not in ends and not pooled(period)}
    return [*sorted(others), *sorted(ends, key=lambda label: (ends[label], label))]


Point = tuple[str, str, Row | None]
"""A period, the table that speaks of it, and its row there; none where no edition does."""


def _trimmed(points: Sequence[Point]) -> list[Point]:
    """Return the periods from the first that an edition speaks of to the last."""
    places = [place for place, (_, _, row) in enumerate(points) if row is not None]
    return list(points[places[0] : places[-1] + 1])


@dataclass(frozen=True)
class _Run:
    """One measure of one outcome over its periods."""

    sheet: Sheet
    entry: OutcomeEntry
    measure: str
    points: Sequence[Point]

    @cached_property
    def shown(self) -> list[tuple[str, str, Row]]:
        return [
            (period, table, row)
            for period, table, row in self.points
            if row is not None and row["status"] == SHOWN and not math.isnan(row["value"])
        ]

    def blocks(self) -> list[Block]:
        if len(self.shown) < FEWEST_POINTS:
            return []
        label = timed(self.entry, self.measure)
        title = f"{label} over the years, all centres together"
        drawn = [self._point(*point) for point in self.points]
        chart = self._chart()
        picture: Block = {"kind": "chart", "id": f"{slug(self.measure)}-run", "chart": "run", "title": title}
        form = self.sheet.form("outcomes", self.shown[-1][2], "value")
        picture |= {"form": form, "points": drawn, "zero": self.entry.measure == "count", **self._levels(chart, form)}
        picture["unit"] = self.entry.unit
        if chart is not None:
            flags = {period: flag for (period, *_), flag in zip(self.shown, chart.columns["flag"].tolist(), strict=True)}
            picture["points"] = [point | {"flag": flags.get(point["key"], "")} for point in drawn]
        picture["note"] = "" if chart is not None else self._why_no_limits()
        lines: list[list[Parts]] = [[[point["label"]], of_point(point)] for point in drawn]
        if chart is not None:
            low, high = picture["limits"]
            lines += [[["Average"], [picture["average"]]], [["Limits of usual variation"], [low, " to ", high]]]
        unit = f" ({self.entry.unit})" if self.entry.unit else ""
        remarks = notes(row for _, _, row in self.points[-1:] if row is not None)
        remarks += [picture["note"]] if picture["note"] else []
        remarks += self._agreed_anew()
        remarks += ["The figure of each year is the one that the edition of that year gives, or its latest correction."]
        heads = ("Period", f"#{label}{unit}, 95% interval")
        table = block_table(f"run-{slug(self.measure)}", title, heads, lines, notes=remarks)
        return [headline(*self._moved(label), *self._broken(chart, picture)), picture, table]

    def _agreed_anew(self) -> list[str]:
        """Return from when on the outcome was measured under another version of the outcome set: the years may not compare."""
        name, inputs = f"{self.sheet.entry.slug}/outcomes", self.sheet.inputs
        versions = {one.label: one.definitions.get(name, "") for one in inputs.previous}
        versions[inputs.label] = inputs.definitions.get(name, "")
        given = [(period, versions[period]) for period, *_ in self.shown if versions.get(period)]
        changes = [f"from {period} on version {after}" for (_, before), (period, after) in pairwise(given) if before != after]
        if not changes:
            return []
        first = f"version {given[0][1]} of the outcome set in {given[0][0]}"
        return [f"Definitions may differ: {first}, {', '.join(changes)}."]

    def _chart(self) -> monitoring.Chart | None:
        """Return the limits of usual variation; none of few points, nor of a count that should be nought."""
        if len(self.shown) < monitoring.ENOUGH or self.entry.measure == "count":
            return None
        values = [row["value"] for _, _, row in self.shown]
        return monitoring.xmr(values, better=BETTER.get(self.entry.direction, "neutral"))

    def _why_no_limits(self) -> str:
        if self.entry.measure == "count":
            return "Rare events have no limits of usual variation: each one is looked into."
        number = len(self.shown)
        return f"Limits of usual variation need {monitoring.ENOUGH} points; {number} {'is' if number == 1 else 'are'} shown."

    def _point(self, period: str, table: str, row: Row | None) -> dict[str, Any]:
        if row is None:
            self.sheet.figures["run-none"] = figure(None, NOT_COLLECTED, "count")
            return {"label": period, "key": period, "value": {"f": "run-none"}}
        ends = self.sheet.interval(table, row)
        point: dict[str, Any] = {"label": period, "key": period, "value": self.sheet.put(table, row)}
        return point | ({"lower": ends[0], "upper": ends[2]} if ends else {})

    def _levels(self, chart: monitoring.Chart | None, form: str) -> dict[str, Any]:
        """Return average and limits as figures; a limit that no figure could reach stands at the end of the scale."""
        if chart is None:
            return {}
        least = 0.0 if self.entry.measure in {*PROPORTIONS, "rate"} else -math.inf
        most = 1.0 if self.entry.measure in PROPORTIONS else math.inf
        parts = {}
        for name in ("centre", "lower", "upper"):
            parts[name] = self._own(name, min(max(float(chart.columns[name][0]), least), most), form)
        return {"average": parts["centre"], "limits": [parts["lower"], parts["upper"]]}

    def _own(self, name: str, value: float, form: str) -> Part:
        key = f"run-{slug(self.measure)}-{name}"
        self.sheet.figures[key] = figure(value, SHOWN, form)
        return {"f": key}

    def _moved(self, label: str) -> Parts:
        """Return where the figure went from the first shown period to the last, and whether chance may be all of it."""
        (first, table, start), (last, newer, end) = self.shown[0], self.shown[-1]
        verb = "rose" if end["value"] > start["value"] else "fell" if end["value"] < start["value"] else "stayed the same"
        parts: Parts = [f"{label}, all centres together, {verb}: ", self.sheet.put(table, start), f" in {first}, "]
        parts += [self.sheet.put(newer, end), f" in {last}"]
        low, high, lowest, highest = (row[name] for row in (start, end) for name in ("lower", "upper"))
        if verb == "stayed the same" or any(math.isnan(end) for end in (low, high, lowest, highest)):
            return [*parts, "."]
        if low <= highest and lowest <= high:
            return [*parts, "; the 95% intervals overlap, so that the change may be chance."]
        return [*parts, "; the 95% intervals lie apart: more than chance would usually explain."]

    def _broken(self, chart: monitoring.Chart | None, picture: Block) -> Parts:
        """Return which periods lie outside the limits or in a pattern, in plain words."""
        if chart is None:
            return []
        number = self._own("points", float(len(self.shown)), "count")
        low, high = picture["limits"]
        limits: Parts = [" (", low, " to ", high, ")"]
        broken: dict[str, list[str]] = defaultdict(list)
        for point in picture["points"]:
            broken[point["flag"]].append(point["label"])
        broken.pop("", None)
        if not broken:
            words = f" {plural('point', len(self.shown))} lie within the limits of usual variation"
            return [" All ", number, words, *limits, " and make no pattern."]
        told = "; ".join(f"{', '.join(periods)} ({RULES[flag]})" for flag, periods in broken.items())
        return [" Beyond the usual variation", *limits, ", of ", number, f" points: {told}."]
