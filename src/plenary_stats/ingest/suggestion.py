"""Which column of a file with other headings is which field: suggested by names, labels and what the values look like.

A suggestion decides nothing: a person looks at it, and what was chosen becomes a mapping of :mod:`plenary_stats.dictionary`.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from plenary_stats.dictionary.mapping import FileMapping, Rule
from plenary_stats.findings import LISTED
from plenary_stats.ingest import values
from plenary_stats.ingest.cells import Cells
from plenary_stats.ingest.files import RawTable
from plenary_stats.ingest.mapping import mapped
from plenary_stats.ingest.work import heading_names, plain
from plenary_stats.spec import DataSet, Field

ENOUGH: Final = 0.55
"""How alike a heading and a field must be to be suggested, between 0 and 1."""

_LETTERS: Final = 0.7
"""How alike two names must be letter by letter: short words share half of theirs by chance."""

_LOOKED_AT: Final = 50
_VALUES: Final = 25
_TELLING: Final = ("date", "choice", "integer", "number")
_SHORT: Final[Mapping[str, str]] = {
    "dob": "date of birth",
    "mrn": "case identifier", "id": "case identifier", "gender": "sex", "no": "number", "dod": "date of death",
    "dt": "date", "nhs": "nhs number", "hosp": "hospital", "org": "centre", "provider": "centre", "icb": "area of residence",
}  # fmt: skip
"""What headings abbreviate."""


@dataclass(frozen=True)
class Suggestion:
    """One column of a file. ``field`` is empty where nothing is like it; ``values`` are the first that stand in it."""

    heading: str
    field: str
    why: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Effect:
    """What becomes of one field: the column it comes from, and the first rows as they were sent and as they are read."""

    field: str
    heading: str
    rows: tuple[tuple[str, str], ...]


def suggested(raw: RawTable, dataset: DataSet) -> tuple[Suggestion, ...]:
    """Return a suggestion for each column of a file, each field at most once, the surest first served."""
    known = heading_names(dataset)
    fields: dict[int, tuple[str, str]] = {}
    for place, heading in enumerate(raw.headings):
        name = known.get(plain(heading), "")
        if name and name not in {one for one, _ in fields.values()}:
            fields[place] = (name, "its heading")
    taken = {name for name, _ in fields.values()}
    open_places = [place for place in range(len(raw.headings)) if place not in fields][:LISTED]
    free = [one for name, one in dataset.columns.items() if name not in taken]
    scored = sorted(
        ((-score, place, one.name, why) for place in open_places for one in free for score, why in [_alike(raw, place, one)]
         if score >= ENOUGH)
    )  # fmt: skip
    for _, place, name, why in scored:
        if place not in fields and name not in taken:
            fields[place] = (name, why)
            taken.add(name)
    return tuple(
        Suggestion(heading, *fields.get(place, ("", "")), _first(raw.columns[place]))
        for place, heading in enumerate(raw.headings)
    )


def _first(cells: Cells, number: int = 3) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for text in cells.texts:
        if text.strip():
            found[text.strip()[:60]] = None
        if len(found) == number:
            break
    return tuple(found)


def _alike(raw: RawTable, place: int, known: Field) -> tuple[float, str]:
    """Return how alike a column and a field are, and in what."""
    heading = _words(raw.headings[place])
    words = max(_likeness(heading, _words(known.name)), _likeness(heading, _words(known.label)))
    if words < ENOUGH / 2:  # values alone say nothing: many columns hold dates
        return 0.0, ""
    if known.kind not in _TELLING or not (texts := [text for text in raw.columns[place].texts[:_LOOKED_AT] if text.strip()]):
        return words, "a heading like it"
    wrong = len(values.read_column(known, texts).problems)
    fits = 1 - wrong / len(set(texts))
    return 0.65 * words + 0.35 * fits, "a heading like it, and values that fit" if fits > 0.5 else "a heading like it"


def _words(text: str) -> str:
    return " ".join(_SHORT.get(word, word) for word in plain(text).split("_") if word)


def _likeness(one: str, other: str) -> float:
    """Return how alike two names are: letter by letter, or word by word in any order."""
    if not one or not other:
        return 0.0
    ours, theirs = set(one.split()), set(other.split())
    shared = len(ours & theirs) / min(len(ours), len(theirs)) * (0.6 + 0.4 * len(ours & theirs) / len(ours | theirs))
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    letters = matcher.ratio() if matcher.quick_ratio() >= _LETTERS else 0.0
    return max(shared, letters if letters >= _LETTERS else 0.0)


# -- values of a choice


def unknown_values(raw: RawTable, heading: str, known: Field) -> dict[str, str]:
    """Return the values of a column that are no code or label of a choice, each with the code that is most like it, or none."""
    place = raw.headings.index(heading)
    if known.kind != "choice":
        return {}
    texts = [text for text in raw.columns[place].texts if text.strip()]
    wrong = values.read_column(known, texts).problems if texts else {}
    by_label = {label.casefold(): code for code, label in known.choices.items()} | {
        code.casefold(): code for code in known.choices
    }
    distinct = list(dict.fromkeys(texts))
    found: dict[str, str] = {}
    for number in sorted(wrong)[:_VALUES]:
        text = distinct[number].strip()
        close = difflib.get_close_matches(text.casefold(), by_label, n=1, cutoff=0.6)
        folded = text.casefold()
        starts = [code for label, code in by_label.items() if label.startswith(folded) or folded.startswith(f"{label} ")]
        found[text] = by_label[close[0]] if close else starts[0] if len(set(starts)) == 1 else ""
    return found


# -- what was chosen


def chosen(
    dataset: DataSet, columns: Mapping[str, str], recodes: Mapping[str, Mapping[str, str]], left_out: Sequence[str] = ()
) -> FileMapping:
    """Return the mapping of what a person chose: heading → field, and heading → value → code."""
    rules = [
        Rule(old=heading, new=name, recode={text: code for text, code in recodes.get(heading, {}).items() if code})
        for heading, name in columns.items()
        if name
    ]
    rules += [Rule(old=heading) for heading in left_out]
    return FileMapping(dataset.service, "other headings", dataset.version, tuple(rules))


def fitting(mapping: FileMapping, dataset: DataSet) -> FileMapping:
    """Return the rules of a remembered mapping whose fields the data set still has."""
    rules = tuple(rule for rule in mapping.rules if not rule.new or rule.new in dataset.columns or rule.new in dataset.calculated)
    return FileMapping(mapping.service, mapping.old, mapping.new, rules, mapping.files)


def effects(raw: RawTable, mapping: FileMapping, dataset: DataSet, rows: int = 3) -> tuple[Effect, ...]:
    """Return what a mapping makes of the first rows of a file, field by field."""
    named = {plain(rule.old): rule.new for rule in mapping.rules}
    after = mapped(raw, mapping)
    names = heading_names(dataset)
    found: list[Effect] = []
    kept = [place for place, heading in enumerate(raw.headings) if named.get(plain(heading), heading)]
    for place, heading, cells in zip(kept, after.headings, after.columns, strict=False):
        name = names.get(plain(heading), "")
        if name and len(raw):
            texts = [str(text) for text in cells[:rows]]
            read = values.read_column(dataset.columns[name], texts) if name in dataset.columns else None
            shown = [_shown(value) for value in read.column.tolist()] if read else texts
            sent = raw.columns[place][:rows]
            found.append(Effect(name, raw.headings[place], tuple(zip(sent, shown, strict=True))))
    return tuple(found)


def _shown(value: object) -> str:
    if value is None or value != value:  # noqa: PLR0124  not a number
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)
