"""One service while its pages are being written: the rows that it may draw on, and the figures that it has used."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from plenary.editions.render.figures import Figure, figure, row_key, status_of
from plenary.editions.terms import CentreEntry, EditionInputs, OutcomeEntry, ServiceEntry
from plenary_stats.tables import NOT_COLLECTED, SHOWN, TOTAL, WITHHELD

Row = dict[str, Any]
Part = str | dict[str, str]
Parts = list[Part]
Block = dict[str, Any]

WORDING: Final[Mapping[str, str]] = {
    "withheld": "Withheld: fewer than {threshold} patients, or withheld to protect another figure.",
    "not_collected": "Not collected for this edition.",
    "not_applicable": "Not applicable: there is nothing to count or to compare.",
    "low": "Rounds to nought but is not nought.",
    "nothing_written": "No text was sent for this section.",
    "draft": "This is a draft. It has not been approved by two reviewers and must not be quoted.",
    "invented": "The data in this edition are invented. They describe no real patient, and no real centre's results.",
    "unverified": "This entry has not been verified ({confidence}).",
    "proposed": "Proposed measure: the network has not yet agreed it.",
    "small_numbers": "Numbers are small. A difference between centres or regions may be chance: read the interval too.",
    "interval": "Intervals are 95% intervals: the range in which the underlying figure plausibly lies.",
    "residence": "Patients are counted where they live, not where they were treated.",
    "completeness": "Results cover the cases that centres reported. Completeness stands beside each result.",
    "comparison": "Centres treat different patients. A difference between centres is a question to ask, not a verdict.",
    "chance": "By chance alone, 1 centre in 20 lies outside the 95% limits and 1 in 500 outside the 99.8% limits.",
    "withheld_why": "A number of fewer than {threshold} patients is withheld, because people could be recognised by it. So is an "
    "outcome that fewer than {events} of the patients had, or had not.",
    "withheld_noughts": "A nought is shown.",
    "withheld_rounded": "Numbers of patients are rounded to multiples of {base}, in such a way that sums hold.",
    "withheld_mark": "One mark, [c], stands for every withheld figure. Behind some of them stands a larger number: shown, it "
    "would let a reader work out a small one by subtraction.",
    "withheld_national": "The figures of all patients together are shown wherever they can be.",
    "withheld_pooled": "Several years taken together show results that one year is too small for.",
    "withheld_tried": "Before publication the figures were attacked: everything in this edition and in those before it was put "
    "together to work out what is withheld. No number of fewer than {threshold} patients that is withheld here could be worked "
    "out from that, nor be narrowed to a range of less than {width}.",
    "withheld_audit": "What a reader could work out of each withheld figure stands in the file disclosure.json of this edition. "
    "Anybody can repeat the attack from the published files.",
    "curve_withheld": "Times at which the figure is withheld are left out.",
}
"""The fixed public sentences, where the definitions give none of their own."""

SHARED: Final = (
    *("not_collected", "not_applicable", "low", "small_numbers", "interval", "comparison", "completeness"),
    *("withheld_why", "withheld_noughts", "withheld_mark", "withheld_national", "withheld_pooled"),
    *("withheld_rounded", "withheld_tried", "withheld_audit"),
)
"""The sentences that an edition takes from the definitions, word for word."""

MEASURES: Final[Mapping[str, str]] = {
    "patients": "Patients",
    "new_patients": "New patients",
    "referrals": "Referrals",
    "procedures": "Procedures",
    "caseload": "Patients under care",
}
SEXES: Final[Mapping[str, str]] = {"f": "Female", "m": "Male", "female": "Female", "male": "Male"}
PROPORTIONS: Final = frozenset({"proportion", "survival", "cumulative_incidence", "ordinal"})
NOT_KNOWN: Final = "Not known"
"""The group of patients whose residence, sex or age is not known: read after the others."""
EARLIER: Final = "earlier"
"""Where a sheet keeps the outcomes of the editions before this one, the newest first: figures of theirs, not of this edition."""
GROUPS: Final = ("centre", "area", "sex", "age_band")
BETTER_OR_WORSE: Final = ("@better", "@worse")
"""The shares of patients whom a change helped or harmed by the least that matters to them."""
COLUMN_FORMS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("numerator", "denominator", "not_eligible", "not_known", "observed"), "count"),
    "expected": "number",
}
OUTCOME_FORMS: Final = {"rate": "decimal"}
FORMS: Final = {"activity": "count", "spend": "money", "completeness": "percent", "access": "rate", "curves": "percent"}
CHARTS: Final = {"activity": "bars", "spend": "bars", "outcomes": "dots", "access": "dots"}
_TIMED: Final = re.compile(r"(?P<measure>[^@]*)@(?P<number>\d+(?:\.\d+)?)(?P<unit>[dwmy])")
_UNITS: Final = {"d": ("day", 1.0), "w": ("week", 7.0), "m": ("month", 30.4375), "y": ("year", 365.25)}


def shared_words(raw: Mapping[str, Any]) -> dict[str, str]:
    """Return the sentences of ``definitions/wording/public.toml`` that an edition prints, by its own names for them."""
    return {key: raw[name]["en"] for key in SHARED if (name := key.replace("_", "-")) in raw}


def sentence(inputs: EditionInputs, key: str, **values: str) -> str:
    """Return a fixed public sentence."""
    return {**WORDING, **inputs.wording}[key].format(threshold=inputs.threshold, **values)


@dataclass
class Sheet:
    """One service, the edition's inputs, and the rows of each table that speak of the service."""

    entry: ServiceEntry
    inputs: EditionInputs
    rows: Mapping[str, list[Row]]
    figures: dict[str, Figure] = field(default_factory=dict)
    said: Mapping[tuple[str, str], str] = field(default_factory=dict)
    centres: list[CentreEntry] = field(init=False)
    outcomes: dict[str, OutcomeEntry] = field(init=False)

    def __post_init__(self) -> None:
        mine = (one for one in self.inputs.centres if one.service == self.entry.slug)
        self.centres = sorted(mine, key=lambda one: (one.name, one.ods, one.designated_from))
        self.outcomes = {one.id: one for one in self.inputs.outcomes if one.service == self.entry.slug}

    def form(self, table: str, row: Row, column: str) -> str:
        """Return how a figure is printed: its column and, for an outcome, its measure decide."""
        if column in COLUMN_FORMS:
            return COLUMN_FORMS[column]
        if table not in {"outcomes", EARLIER}:
            return FORMS[table]
        if column.startswith("ratio"):
            return "decimal"
        entry = self.outcomes.get(base(row["measure"]))
        if entry is None or entry.measure in PROPORTIONS or row["measure"].endswith(BETTER_OR_WORSE):
            return "percent"
        if entry.measure == "count" and column == "value":
            return "count"
        return OUTCOME_FORMS.get(entry.measure, "number")

    def put(self, table: str, row: Row, column: str = "value") -> Part:
        """Use one figure of one row and return the part that prints it. A withheld row shows only what protection left in it."""
        key = f"{row_key(table, row)}|{column}"
        made = figure(row[column], status_of(row, column), self.form(table, row, column))
        if made["status"] == WITHHELD and (self.entry.slug, key) in self.said:
            made["text"] = self.said[self.entry.slug, key]
        self.figures.setdefault(key, made)
        return {"f": key}

    def interval(self, table: str, row: Row, of: str = "") -> Parts:
        """Return 'lower to upper', or nothing where there is none to show; ``of`` stands before both columns' names."""
        lower, upper = f"{of}lower", f"{of}upper"
        if row["status"] != SHOWN or math.isnan(row[lower]) or math.isnan(row[upper]):
            return []
        return [self.put(table, row, lower), " to ", self.put(table, row, upper)]

    def estimate(self, table: str, row: Row, column: str = "value", of: str = "") -> Parts:
        """Return 'figure (lower to upper)', or the figure alone."""
        value, interval = self.put(table, row, column), self.interval(table, row, of)
        return [value, " (", *interval, ")"] if interval else [value]

    def share(self, table: str, row: Row) -> Parts:
        """Return 'numerator of denominator' as far as both are there."""
        of = self.put(table, row, "denominator")
        return [of] if math.isnan(row["numerator"]) else [self.put(table, row, "numerator"), " of ", of]

    def label(self, dimension: str, value: str) -> str:
        """Return a group in words: a centre's name, a region's, 'Female', 'Age 0-4'."""
        if value == TOTAL:
            return {"centre": "All centres", "area": "All areas"}.get(dimension, "All patients")
        if dimension == "centre":
            return next((one.name for one in self.centres if one.ods == value), value)
        if dimension == "area":
            return self.inputs.areas.get(value, value)
        if dimension == "sex":
            return SEXES.get(value.lower(), value)
        return f"Age {value}" if value[:1].isdigit() else value

    def pick(self, rows: Iterable[Row], dimension: str) -> list[Row]:
        """Return the rows that vary by this one dimension, in the order in which people read them: the total last."""
        return self.pick_order(pick(rows, dimension), dimension)

    def pick_order(self, rows: Iterable[Row], dimension: str) -> list[Row]:
        """Return the rows in the order in which people read their groups: the total last."""
        return sorted(rows, key=lambda row: self._order(dimension, row[dimension]))

    def _order(self, dimension: str, value: str) -> tuple[bool, bool, float, str, str]:
        lowest = re.match(r"\d+", value) if dimension == "age_band" else None
        return value == TOTAL, value == NOT_KNOWN, float(lowest[0]) if lowest else 0.0, self.label(dimension, value), value

    def say(self, key: str) -> str:
        """Return a fixed public sentence."""
        return sentence(self.inputs, key)


def base(measure: str) -> str:
    """Return a measure without its time: 'survival' of 'survival@1y'."""
    return measure.partition("@")[0]


def time_words(measure: str) -> str:
    """Return the time in a measure's name in words: 'at 1 year', or nothing."""
    match = _TIMED.fullmatch(measure)
    return f"at {match['number']} {plural(_UNITS[match['unit']][0], float(match['number']))}" if match else ""


def part_words(entry: OutcomeEntry, measure: str) -> str:
    """Return what a measure's name says behind the '@': 'at 1 year', 'mildly impaired', 'better by 6 or more'; or nothing."""
    timed = time_words(measure)
    if timed:
        return timed
    words = measure.partition("@")[2].replace("-", " ")
    least = f"{entry.important:g}" if entry.important is not None else "the least that matters"
    return f"{words} by {least} or more" if measure.endswith(BETTER_OR_WORSE) else words


def timed(entry: OutcomeEntry, measure: str) -> str:
    """Return an outcome's label with what its measure's name adds: 'Survival at 1 year', 'Score, better by 6 or more'."""
    words = part_words(entry, measure)
    return f"{entry.label}{'' if time_words(measure) or not words else ','} {words}".rstrip()


def days(measure: str) -> float:
    """Return the time in a measure's name in days; 0 where it has none."""
    match = _TIMED.fullmatch(measure)
    return float(match["number"]) * _UNITS[match["unit"]][1] if match else 0.0


def pick(rows: Iterable[Row], dimension: str) -> list[Row]:
    """Return the rows that vary by this one dimension, all others standing at their margin."""
    others = [name for name in GROUPS if name != dimension]
    seen: dict[tuple[str, ...], Row] = {}
    for row in rows:
        if all(row[name] in {"", TOTAL} for name in others) and (not dimension or row[dimension] != ""):
            # A margin may stand as a blank and, in a linked table, as Total: once is enough.
            seen.setdefault((row.get(dimension, ""), row["period"], row["measure"]), row)
    return list(seen.values())


def by_measure(rows: Iterable[Row]) -> list[tuple[str, list[Row]]]:
    """Return the rows by measure: the well-known measures first, times in their order."""
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["measure"]].append(row)
    ranks = {name: rank for rank, name in enumerate(MEASURES)}
    given = {name: place for place, name in enumerate(found)}  # the levels of a scale stand in the order of the scale

    def place(name: str) -> tuple[int, str, float, int]:
        return ranks.get(name, len(ranks)), base(name), days(name), given[name]

    return sorted(found.items(), key=lambda item: place(item[0]))


def chart(sheet: Sheet, table: str, rows: Sequence[Row], dimension: str, title: str) -> list[Block]:
    """Return a chart of the rows, or nothing where fewer than two figures are shown: one bar says less than its number."""
    if sum(row["status"] == SHOWN and row[dimension] != TOTAL for row in rows) < 2:
        return []
    points = []
    for row in rows:
        point: dict[str, Any] = {
            "label": sheet.label(dimension, row[dimension]),
            "key": row[dimension],
            "value": sheet.put(table, row),
        }
        ends = sheet.interval(table, row) if CHARTS[table] == "dots" else []
        point |= {"lower": ends[0], "upper": ends[2]} if ends else {}
        point |= {"total": True} if row[dimension] == TOTAL else {}
        points.append(point)
    form = sheet.form(table, rows[0], "value")
    return [{"kind": "chart", "id": slug(title), "chart": CHARTS[table], "title": title, "form": form, "points": points}]


def block_table(
    key: str,
    caption: str,
    heads: Sequence[str],
    lines: Sequence[list[Parts]],
    *,
    notes: Sequence[str] = (),
    groups: Sequence[str] = (),
) -> Block:
    """Return a table block. A heading that starts with '#' stands over numbers; a line's first cell is its heading.

    ``groups`` are the codes of the lines, by which the totals among them are known.
    """
    columns = [{"label": head.removeprefix("#"), "numeric": head.startswith("#")} for head in heads]
    totals = [place for place, group in enumerate(groups) if group == TOTAL]
    return {
        "kind": "table",
        "id": key,
        "caption": caption,
        "columns": columns,
        "rows": list(lines),
        "totals": totals,
        "notes": list(notes),
    }


def of_point(point: Mapping[str, Any]) -> Parts:
    """Return a chart's point as its table prints it: 'figure (lower to upper)', or the figure alone."""
    return [point["value"], *([" (", point["lower"], " to ", point["upper"], ")"] if "lower" in point else [])]


def headline(*parts: Part) -> Block:
    """Return the plain-words sentence that stands above a chart or table."""
    return {"kind": "headline", "parts": list(parts)}


def note(words: str) -> Block:
    """Return a remark."""
    return {"kind": "note", "text": words}


def missing(sheet: Sheet) -> Block:
    """Return what stands where there is nothing to show: the mark and its meaning, never an empty section."""
    return {"kind": "missing", "status": NOT_COLLECTED, "text": f"[x] {sheet.say('not_collected')}"}


def notes(rows: Iterable[Row]) -> list[str]:
    """Return what the rows say of themselves, each once."""
    return list(dict.fromkeys(row["note"] for row in rows if row["note"]))


def name_of(measure: str) -> str:
    """Return a measure in words where no outcome set names it."""
    return MEASURES.get(measure, re.sub(r"[-_]+", " ", measure).capitalize())


def plural(word: str, number: float) -> str:
    """Return the word for this many."""
    return word if number == 1 else f"{word}s"


def slug(words: str) -> str:
    """Return words as a name for a file or an anchor."""
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")
