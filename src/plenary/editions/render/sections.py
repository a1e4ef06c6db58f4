"""What stands in each section of a service: a headline in plain words, a chart where there is something to compare, the table."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Final

from plenary.editions.render import pictures, prose, runs, withheld
from plenary.editions.render.figures import figure
from plenary.editions.render.sheet import (
    PROPORTIONS,
    Block,
    Parts,
    Row,
    Sheet,
    base,
    block_table,
    by_measure,
    chart,
    headline,
    missing,
    name_of,
    note,
    notes,
    part_words,
    plural,
    slug,
    time_words,
    timed,
)
from plenary.editions.terms import OutcomeEntry
from plenary_stats.tables import SHOWN, TOTAL, WITHHELD
from plenary_stats.tiles import REGIONS

DIRECTIONS: Final[Mapping[str, str]] = {
    "higher": "Higher is better.",
    "lower": "Lower is better.",
    "neutral": "Neither higher nor lower is better in itself.",
    "zero": "Should be nought.",
}


COUNTED: Final[Mapping[str, str]] = {
    "rate": "Patients: those with an event at all, of those observed.",
    "units": "Patients: those of whom every one met the outcome, of all.",
}
"""What the column of patients counts where the result itself is of something else."""
STATES: Final[Mapping[str, str]] = {"not_eligible": "Not eligible", "not_known": "Not yet known"}
"""The states of an outcome besides met and not met, where its table has them."""


def _narrative(name: str, sheet: Sheet) -> list[Block]:
    tree = prose.blocks(sheet.inputs.narrative.get(sheet.entry.slug, {}).get(name, ""))
    return [{"kind": "prose", "blocks": tree}] if tree else []


def _description(sheet: Sheet) -> list[Block]:
    tree = prose.blocks(sheet.entry.description)
    written = _narrative("Description", sheet) or ([{"kind": "prose", "blocks": tree}] if tree else [])
    return written or [note(sheet.say("nothing_written"))]


def _expert_centres(sheet: Sheet) -> list[Block]:
    count = len(sheet.centres)
    sheet.figures["centres"] = figure(float(count), SHOWN, "count")
    if not count:
        return [note("No centre is recorded for this service.")]
    heads = ["Centre", "Code", "Designated from", "Designated to"]
    lines: list[list[Parts]] = [
        [[one.name], [one.ods], [_day(one.designated_from, "not recorded")], [_day(one.designated_to, "current")]]
        for one in sheet.centres
    ]
    if any(one.confidence for one in sheet.centres):
        heads.append("Standing of this entry")
        for line, one in zip(lines, sheet.centres, strict=True):
            line.append([one.confidence or "not stated"])
    words = f" expert {plural('centre', count)} {'provides' if count == 1 else 'provide'} this service."
    return [headline({"f": "centres"}, words), block_table("centres", "Centres and their designations", heads, lines)]


def _day(recorded: str, missing: str) -> str:
    """Return a day as people write it; one that is not known to the day stands as it was recorded."""
    try:
        found = date.fromisoformat(recorded)
    except ValueError:
        return recorded or missing
    return f"{found.day} {found:%B %Y}"


def _expenditure(sheet: Sheet) -> list[Block]:
    blocks: list[Block] = []
    for measure, found in by_measure(sheet.rows["spend"]):
        rows = sheet.pick(found, "centre")
        total = next((row for row in rows if row["centre"] == TOTAL), None)
        if total is not None:
            blocks.append(headline("Expenditure on this service: ", sheet.put("spend", total), "."))
        if rows:
            title = "Expenditure by centre"
            codes = [row["centre"] for row in rows]
            lines: list[list[Parts]] = [[[sheet.label("centre", row["centre"])], [sheet.put("spend", row)]] for row in rows]
            blocks += chart(sheet, "spend", [row for row in rows if row["centre"] != TOTAL], "centre", title)
            blocks.append(
                block_table(f"spend-{slug(measure)}", title, ("Centre", "#Pounds"), lines, notes=notes(rows), groups=codes)
            )
    return blocks or [missing(sheet)]


# ------------------------------------------------------------------------------------------------ activity


def _activity(sheet: Sheet) -> list[Block]:
    blocks: list[Block] = []
    for measure, found in by_measure(sheet.rows["activity"]):
        for dimension, head in (("centre", "Centre"), ("area", "Area of residence"), ("sex", "Sex"), ("age_band", "Age")):
            rows = [row for row in sheet.pick(found, dimension) if dimension == "centre" or row[dimension] != TOTAL]
            blocks += _counts(sheet, measure, dimension, head, rows) if rows else []
    return [*blocks, *_completeness(sheet)] if blocks else [missing(sheet)]


def _counts(sheet: Sheet, measure: str, dimension: str, head: str, rows: list[Row]) -> list[Block]:
    label = name_of(measure)
    title = f"{label} by {head.lower()}, {rows[0]['period']}"
    blocks = [_activity_headline(sheet, rows, label)] if dimension == "centre" else []
    if dimension in {"centre", "area"}:
        blocks += chart(sheet, "activity", [row for row in rows if row[dimension] != TOTAL], dimension, title)
    lines: list[list[Parts]] = [[[sheet.label(dimension, row[dimension])], [sheet.put("activity", row)]] for row in rows]
    codes = [row[dimension] for row in rows]
    key = f"activity-{slug(measure)}-{dimension}"
    return [*blocks, block_table(key, title, (head, f"#{label}"), lines, notes=notes(rows), groups=codes)]


def _activity_headline(sheet: Sheet, rows: Sequence[Row], label: str) -> Block:
    total = next((row for row in rows if row["centre"] == TOTAL), None)
    if total is None:
        return headline(f"{label} by centre in {rows[0]['period']}.")
    part = sheet.put("activity", total)
    if total["status"] == SHOWN:
        return headline(part, f" {label.lower()} in {total['period']}.")
    why = "withheld" if total["status"] == WITHHELD else "not_collected"
    return headline(f"{label} in {total['period']}: ", part, f". {sheet.say(why)}")


def _completeness(sheet: Sheet) -> list[Block]:
    """Return how complete the data are as a whole; how much of an outcome is known stands beside the outcome."""
    measured = [(measure, sheet.pick(found, "centre")) for measure, found in by_measure(sheet.rows["completeness"])]
    rows = [row for measure, found in measured if measure not in sheet.outcomes for row in found]
    if not rows:
        return []
    names = list(dict.fromkeys(row["measure"] for row in rows))
    groups: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in sheet.pick_order(rows, "centre"):
        groups[row["centre"]][row["measure"]] = row
    lines: list[list[Parts]] = []
    for group, cells in groups.items():
        shares: list[Parts] = [_complete(sheet, cells[name]) if name in cells else ["[x]"] for name in names]
        lines.append([[sheet.label("centre", group)], *shares])
    heads = ("Centre", *(f"#{name_of(name)}" for name in names))
    title = "How complete the data are"
    return [block_table("completeness", title, heads, lines, notes=notes(rows), groups=list(groups))]


def _complete(sheet: Sheet, row: Row) -> Parts:
    """Return '98.4% (61 of 62)', or the mark alone where nothing is shown."""
    value = sheet.put("completeness", row)
    return [value] if math.isnan(row["denominator"]) else [value, " (", *sheet.share("completeness", row), ")"]


# ------------------------------------------------------------------------------------------------ outcomes


def _outcomes(sheet: Sheet) -> list[Block]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in sheet.rows["outcomes"]:
        found[base(row["measure"])].append(row)
    entries = dict(sheet.outcomes)
    for measure in found:
        entries.setdefault(measure, OutcomeEntry(sheet.entry.slug, measure, name_of(measure)))
    blocks = [block for entry in entries.values() for block in _outcome(sheet, entry, found.get(entry.id, []))]
    return blocks or [missing(sheet)]


def _outcome(sheet: Sheet, entry: OutcomeEntry, rows: list[Row]) -> list[Block]:
    blocks: list[Block] = [{"kind": "subheading", "text": entry.label}, _definition(sheet, entry)]
    if not rows:
        return [*blocks, missing(sheet)]
    period = max({row["period"] for row in rows}, key=lambda text: (text[-4:], len(text), text))
    current = [row for row in rows if row["period"] == period]
    outcome = _Outcome(sheet, entry, [measure for measure, _ in by_measure(current)], period)
    for dimension in ("centre", "sex", "age_band"):
        picked = [row for row in sheet.pick(current, dimension) if dimension == "centre" or row[dimension] != TOTAL]
        if picked and dimension == "centre":
            blocks += [*outcome.headlines(picked), *outcome.pictures(picked)]
        blocks += [outcome.table(picked, dimension)] if picked else []
        blocks += pictures.curve(sheet, entry) if dimension == "centre" else []
    return [*blocks, *runs.runs(sheet, entry)]


@dataclass(frozen=True)
class _Outcome:
    """One outcome of one service in one period; ``measures`` are its times, or itself alone."""

    sheet: Sheet
    entry: OutcomeEntry
    measures: Sequence[str]
    period: str

    def headlines(self, rows: Sequence[Row]) -> list[Block]:
        totals = {row["measure"]: row for row in rows if row["centre"] == TOTAL}
        if self.entry.measure == "ordinal":
            return [headline(*self._levels(totals))]
        return [headline(*self._headline(totals[measure])) for measure in self.measures if measure in totals]

    def _headline(self, total: Row) -> Parts:
        parts: Parts = [f"{timed(self.entry, total['measure'])}, {self.period}: ", self.sheet.put("outcomes", total)]
        interval = self.sheet.interval("outcomes", total)
        words = f" {'of ' if self.entry.units else ''}{self.entry.unit}"
        parts += [words] if self.entry.unit and total["status"] == SHOWN else []
        parts += [" (95% interval ", *interval, ")"] if interval else []
        return [*parts, f" across all centres.{self._against_benchmark()}"]

    def _levels(self, totals: Mapping[str, Row]) -> Parts:
        """Return the share at every level of a scale in one sentence."""
        parts: Parts = [f"{self.entry.label}, {self.period}, across all centres: "]
        for place, measure in enumerate(measure for measure in self.measures if measure in totals):
            parts += [f"{', ' if place else ''}{part_words(self.entry, measure)} ", self.sheet.put("outcomes", totals[measure])]
        return [*parts, "."]

    def _against_benchmark(self) -> str:
        return f" The benchmark is {_benchmark(self.entry)}." if self.entry.benchmark is not None else ""

    def pictures(self, rows: Sequence[Row]) -> list[Block]:
        """Return dots with intervals and, of a proportion, the funnel plot too; what the funnel finds goes before both."""
        if self.entry.measure == "ordinal":
            return pictures.scale(self.sheet, self.entry, rows, f"{self.entry.label} by centre, {self.period}")
        found: list[Block] = []
        benchmark = {} if self.entry.benchmark is None else {"benchmark": self.entry.benchmark}
        for measure in self.measures:
            picked = [row for row in rows if row["measure"] == measure]
            title = f"{timed(self.entry, measure)} by centre, {self.period}"
            dots = [drawn | benchmark for drawn in chart(self.sheet, "outcomes", picked, "centre", title)]
            said = pictures.funnel(self.sheet, self.entry, picked, title)
            found += [*said[:1], *dots, *said[1:]]
        return found

    def table(self, rows: Sequence[Row], dimension: str) -> Block:
        """Return one table: a line a group, a column for each time, and how much of the outcome is known."""
        head = {"centre": "Centre", "sex": "Sex", "age_band": "Age"}[dimension]
        known = self._known() if dimension == "centre" else {}
        states = [column for column in STATES if any(column in row for row in rows)]
        compared = {row["measure"] for row in rows if not math.isnan(row.get("ratio", math.nan))}
        ratios = [measure for measure in self.measures if measure in compared and dimension == "centre"]
        groups: dict[str, dict[str, Row]] = defaultdict(dict)
        for row in rows:
            groups[row[dimension]][row["measure"]] = row
        lines = []
        for group, cells in groups.items():
            first = next(iter(cells.values()))
            line: list[Parts] = [[self.sheet.label(dimension, group)], self._patients(first)]
            line += [self._result(cells.get(measure)) for measure in self.measures]
            line += [self._expected(cells[measure]) if measure in cells else ["[z]"] for measure in ratios]
            line += [[self.sheet.put("outcomes", first, column)] for column in states]
            line += [[self.sheet.put("completeness", known[group])] if group in known else ["[x]"]] if known else []
            lines.append(line)
        unit = f" ({self.entry.unit})" if self.entry.unit else ""
        heads = [
            head,
            "#Patients",
            *(f"#{part_words(self.entry, measure).capitalize() or f'Result{unit}'}, 95% interval" for measure in self.measures),
        ]
        heads += [f"#Observed / expected{self._events(measure)}, 95% interval" for measure in ratios]
        heads += [f"#{STATES[column]}" for column in states]
        heads += ["#Outcome known"] if known else []
        title = f"{self.entry.label} by {head.lower()}, {self.period}"
        key = f"outcome-{slug(self.entry.id)}-{dimension}"
        remarks = [*self._notes(rows, dimension), *self._cautions(dimension)]
        return block_table(key, title, heads, lines, notes=remarks, groups=list(groups))

    def _notes(self, rows: Sequence[Row], dimension: str) -> list[str]:
        """Return what the rows say of themselves; where a note tells of one row alone, only the total's is printed."""
        of_patients = self.entry.measure in PROPORTIONS and not self.entry.units
        own = notes(row for row in rows if of_patients or row[dimension] == TOTAL)
        counted = COUNTED.get("units" if self.entry.units else self.entry.measure)
        return [*own, counted] if counted else own

    def _patients(self, row: Row) -> Parts:
        """Return 'numerator of denominator'; of a scale everyone at any level."""
        if self.entry.measure == "ordinal":
            return [self.sheet.put("outcomes", row, "denominator")]
        return self.sheet.share("outcomes", row)

    def _cautions(self, dimension: str) -> list[str]:
        """Return what a reader of a funnel plot should bear in mind, where there is one."""
        if dimension != "centre" or f"funnel-{slug(self.entry.id)}-shown" not in self.sheet.figures:
            return []
        return [self.sheet.say("chance"), self.sheet.say("comparison")]

    def _known(self) -> dict[str, Row]:
        rows = [row for row in self.sheet.rows["completeness"] if row["measure"] == self.entry.id]
        return {row["centre"]: row for row in self.sheet.pick(rows, "centre")}

    def _result(self, row: Row | None) -> Parts:
        return ["[z]"] if row is None else self.sheet.estimate("outcomes", row)

    def _expected(self, row: Row) -> Parts:
        """Return a centre's observed and expected, and the one over the other; all centres together are the measure."""
        if row["centre"] == TOTAL:
            return ["[z]"]
        ratio = self.sheet.estimate("outcomes", row, "ratio", "ratio_")
        if row["status"] != SHOWN or math.isnan(row["ratio"]):
            return ratio
        seen, due = (self.sheet.put("outcomes", row, column) for column in ("observed", "expected"))
        return [seen, " / ", due, " = ", *ratio]

    def _events(self, measure: str) -> str:
        """Return what is counted beside what was expected: of survival, the events and not those spared."""
        return f" events {time_words(measure)}" if self.entry.measure == "survival" else ""


def _definition(sheet: Sheet, entry: OutcomeEntry) -> Block:
    items = [
        ("What it means", entry.definition),
        ("Reading", DIRECTIONS.get(entry.direction, "")),
        ("Benchmark", f"{_benchmark(entry)}{f' ({entry.benchmark_source})' if entry.benchmark_source else ''}"),
        ("Sources", "; ".join(entry.sources)),
        ("Standing", sheet.say("proposed") if entry.proposed else ""),
    ]
    return {"kind": "definition", "items": [list(item) for item in items if item[1]]}


def _benchmark(entry: OutcomeEntry) -> str:
    """Return a benchmark as it is printed: a definition's figure, not one of the edition's."""
    if entry.benchmark is None:
        return ""
    return str(figure(entry.benchmark, SHOWN, "percent" if entry.measure in PROPORTIONS else "number")["text"])


# ------------------------------------------------------------------------------------------------ equity of access


def _access(sheet: Sheet) -> list[Block]:
    blocks: list[Block] = []
    for measure, found in by_measure(sheet.rows["access"]):
        rows = sheet.pick(found, "area")
        if not rows:
            continue
        title = f"Patients per million people by area of residence, {rows[0]['period']}"
        blocks.append(headline(*_access_headline(sheet, rows)))
        drawn = chart(sheet, "access", rows, "area", title)
        blocks += drawn
        heads = ("Area of residence", "#Per million, 95% interval", "#Patients", "#Population")
        lines = [_access_line(sheet, row) for row in rows]
        remarks = [*notes(rows), sheet.say("residence")]
        blocks.append(
            block_table(f"access-{slug(measure)}", title, heads, lines, notes=remarks, groups=[row["area"] for row in rows])
        )
        # Below the table: beside another chart, its tiles would stand on the lines of that chart's names.
        blocks += [made for made in map(_map, drawn) if len(made["points"]) > 1]
    return blocks or [missing(sheet)]


def _map(drawn: Block) -> Block:
    """Return the figures of a chart by area as a map of equal tiles: the regions and nations, which each have their place."""
    points = [
        {name: point[name] for name in ("label", "key", "value")} | {"at": list(REGIONS[point["label"]])}
        for point in drawn["points"]
        if point["label"] in REGIONS
    ]
    return {**drawn, "id": f"{drawn['id']}-map", "chart": "map", "title": f"{drawn['title']}, as a map", "points": points}


def _access_line(sheet: Sheet, row: Row) -> list[Parts]:
    counts: list[Parts] = [[sheet.put("access", row, column)] for column in ("numerator", "denominator")]
    return [[sheet.label("area", row["area"])], sheet.estimate("access", row), *counts]


def _access_headline(sheet: Sheet, rows: Sequence[Row]) -> Parts:
    areas = [row for row in rows if row["area"] != TOTAL]
    shown = sorted(
        (row for row in areas if row["status"] == SHOWN and not math.isnan(row["value"])), key=lambda row: row["value"]
    )
    if len(shown) < 2:
        return ["Too few areas can be shown to compare them."]
    ends = [[sheet.put("access", row), f" in {sheet.label('area', row['area'])}"] for row in (shown[0], shown[-1])]
    opening = (
        "Patients per million people ranged from "
        if len(shown) == len(areas)
        else "Where shown, patients per million ranged from "
    )
    return [opening, *ends[0], " to ", *ends[1], "."]


WRITERS: Final[Mapping[str, Callable[[Sheet], list[Block]]]] = {
    "Description": _description,
    "Expert centres": _expert_centres,
    "Expenditure": _expenditure,
    "Activity": _activity,
    "Outcomes": _outcomes,
    "Equity of access": _access,
    **{name: partial(_narrative, name) for name in ("Innovation", "Improvement", "Patient feedback")},
    "What is withheld": withheld.blocks,
}
"""Who writes which section; an empty result leaves the section out."""
