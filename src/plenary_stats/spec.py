"""The agreed documents of a service: its data set (a REDCap data dictionary) and its outcome set (TOML).

Both are read once, refused with a clear sentence when they are wrong, and never changed after.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final, Literal

from plenary_stats import expressions
from plenary_stats.dictionary import checks, evaluation, logic
from plenary_stats.dictionary import document as dictionary
from plenary_stats.dictionary.document import Dictionary, Entry, decode
from plenary_stats.dictionary.elements import Element
from plenary_stats.dictionary.evaluation import Logic
from plenary_stats.dictionary.tags import ELEMENT
from plenary_stats.errors import InputError
from plenary_stats.expressions import Expression

__all__ = [
    "Benchmark",
    "DataSet",
    "Expression",
    "Field",
    "InputError",
    "Outcome",
    "OutcomeSet",
    "compile",
    "compile_value",
    "days",
    "problems",
    "read_dictionary",
    "read_outcome_set",
]

Kind = Literal["text", "number", "integer", "date", "choice", "none"]

_CHECKED: Final = MappingProxyType({"1": "Checked", "0": "Unchecked"})
_SEXES: Final = MappingProxyType({"female": "Female", "male": "Male", "indeterminate": "Indeterminate"})


@dataclass(frozen=True)
class Field:
    """One field of a data set, as REDCap names it.

    ``type`` is the REDCap field type, ``validation`` its text validation; ``kind`` is what the two mean together.
    ``branching`` is the condition under which the field is asked, as written; ``condition`` the same, ready to be answered, where
    the cases can answer it. ``calculation`` is how REDCap works the value out; ``element`` what its values are held to.
    """

    name: str
    label: str = ""
    type: str = "text"
    choices: Mapping[str, str] = field(default_factory=dict)
    required: bool = False
    minimum: float | date | None = None
    maximum: float | date | None = None
    identifier: bool = False
    annotation: str = ""
    validation: str = ""
    branching: str = ""
    condition: Logic | None = None
    calculation: Logic | None = None
    element: Element | None = None
    form: str = ""
    section: str = ""
    note: str = ""

    @property
    def kind(self) -> Kind:
        """What a value of the field is. ``none``: the field holds no value (a heading, a calculation)."""
        if self.type in ("descriptive", "calc", "file"):
            return "none"
        if self.choices:
            return "choice"
        if self.type == "slider":
            return "number"
        return _kind_of_validation(self.validation) if self.type == "text" and self.element is None else "text"

    @property
    def date_order(self) -> str:
        """``dmy``, ``mdy`` or ``ymd`` for a date field; empty otherwise."""
        return self.validation.rpartition("_")[2] if self.kind == "date" else ""


def _kind_of_validation(validation: str) -> Kind:
    if validation.startswith(("date_", "datetime_")):
        return "date"
    if validation == "integer":
        return "integer"
    return "number" if validation.startswith("number") else "text"


STANDARD: Final[Mapping[str, Field]] = MappingProxyType(
    {
        known.name: known
        for known in (
            Field("centre", "Centre (ODS code)", required=True),
            Field("case_id", "Case identifier of the centre (not the NHS number)", required=True),
            Field("area", "Area of residence"),
            Field("sex", "Sex", type="radio", choices=_SEXES),
            Field("age", "Age at the index date, years", validation="number", minimum=0.0, maximum=130.0),
            Field("birth_date", "Date of birth", validation="date_dmy", identifier=True),
        )
    }
)
"""Fields that are known by name in every case file, whether or not the dictionary lists them."""


@dataclass(frozen=True)
class DataSet:
    """The agreed fields of a service, in one version. ``notices`` says what of the dictionary is not used."""

    service: str
    version: str
    fields: tuple[Field, ...]
    notices: tuple[str, ...] = ()

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        """The fields that hold a value, by name, with ``centre`` and ``case_id`` always there."""
        named = {known.name: known for known in self.fields if known.kind != "none"}
        return MappingProxyType({name: STANDARD[name] for name in ("centre", "case_id") if name not in named} | named)

    @cached_property
    def columns(self) -> Mapping[str, Field]:
        """Every column that a case file may have: the fields, and those known by name."""
        return MappingProxyType(
            dict(self.by_name) | {name: known for name, known in STANDARD.items() if name not in self.by_name}
        )

    @cached_property
    def calculated(self) -> Mapping[str, Field]:
        """The fields that REDCap works out itself, and how: a value of theirs in a file is worked out again and compared."""
        return MappingProxyType({known.name: known for known in self.fields if known.calculation is not None})

    @cached_property
    def index_date(self) -> str | None:
        """The date that puts a case in its period: ``@INDEXDATE``, else a field ``index_date``, else none."""
        marked = [known.name for known in self.fields if "@INDEXDATE" in known.annotation.upper().split()]
        if marked:
            return marked[0]
        return "index_date" if "index_date" in self.by_name else None

    @cached_property
    def collected(self) -> Mapping[str, Field]:
        """The columns that a case table carries: everything but identifiers."""
        return MappingProxyType({name: known for name, known in self.columns.items() if not known.identifier})


def compile(text: str, dataset: DataSet) -> Expression:  # noqa: A001  the agreed name; it reads well as spec.compile
    """Return the boolean expression over the data set's fields (identifiers excepted)."""
    return expressions.parse(text, dataset.collected)


def compile_value(text: str, dataset: DataSet) -> Expression:
    """Return an expression of any type, for instance ``discharged_on - admitted_on`` (days)."""
    return expressions.parse_value(text, dataset.collected)


# -- the data dictionary


def read_dictionary(content: bytes | str, service: str, version: str, elements: Mapping[str, Element] | None = None) -> DataSet:
    """Return the data set of a REDCap data dictionary (its 18 standard columns; only name and type must be there).

    ``elements`` is the library of shared elements; without it a field that names one is not held to it, and a notice says so.
    """
    document = dictionary.read(content)
    findings = checks.check(document, elements)
    for finding in findings.blocking:
        where = f" (row {finding.row})" if finding.row else ""
        raise InputError(f"The dictionary cannot be used{where}: {finding.message} {finding.remedy}")
    notices = [finding.message for finding in findings]
    fields = [made for one in document.entries for made in _fields_of(one, document, elements, notices)]
    twins = sorted(name for name, times in Counter(one.name for one in fields).items() if times > 1)
    if twins:
        raise InputError(f"The dictionary's fields give the column '{twins[0]}' twice. Rename a field, or a code of a checkbox.")
    return DataSet(service, version, tuple(fields), tuple(notices))


def _fields_of(one: Entry, document: Dictionary, elements: Mapping[str, Element] | None, notices: list[str]) -> list[Field]:
    element = _element_of(one, elements, notices)
    choices = {choice.code: choice.label for choice in one.choices}
    condition = _usable(one.branching, document)
    calculation = _usable(one.choices_as_written, document) if one.type == "calc" else None
    made = Field(
        name=one.name,
        label=one.title,
        type=one.type,
        choices={} if one.type == "checkbox" else MappingProxyType(choices),
        required=one.required,
        minimum=checks.limit(one, "minimum"),
        maximum=checks.limit(one, "maximum"),
        identifier=one.identifier or (element is not None and element.identifier),
        annotation=one.annotation,
        validation=one.validation if one.type == "text" else "",
        branching=one.branching,
        condition=condition,
        calculation=calculation,
        element=element,
        form=one.form,
        section=one.section,
        note=one.note,
    )
    return _checkboxes(made, choices) if one.type == "checkbox" else [made]


def _element_of(one: Entry, elements: Mapping[str, Element] | None, notices: list[str]) -> Element | None:
    tag = one.tag(ELEMENT)
    if tag is None:
        return None
    if elements is None:
        notices.append(f"'{one.name}' is the shared element '{tag.value}': without the library its values are not held to it.")
        return None
    return elements[tag.value]


def _usable(text: str, document: Dictionary) -> Logic | None:
    """Return a condition or calculation that the cases can answer; the findings say of any other why it cannot be used."""
    try:
        found = evaluation.read(text) if text else None
    except InputError:
        return None
    if found is None or checks.faults(found.root, document) or any(one.beyond for one in logic.references(found.root)):
        return None
    return found


def _checkboxes(made: Field, choices: Mapping[str, str]) -> list[Field]:
    """REDCap exports one column a box: ``symptoms___1``, checked or not."""
    return [
        replace(
            made,
            name=evaluation.box(made.name, code),
            label=f"{made.label}: {label}",
            choices=_CHECKED,
            required=False,
        )
        for code, label in choices.items()
    ]


# -- the outcome set

MEASURES: Final = (
    "proportion", "survival", "cumulative_incidence", "rate", "slope", "change", "median", "ordinal", "count", "access",
)  # fmt: skip
COMPUTED: Final = tuple(name for name in MEASURES if name != "access")
"""The measures that are computed as outcomes. Equity of access has a section of its own: asked here, a notice says so."""
OVER_TIME: Final = ("survival", "cumulative_incidence")
"""The measures that are figures at a time, and have a curve."""

_NEEDED: Final = {
    "proportion": ("met",),
    "survival": ("end", "event", "at"),
    "cumulative_incidence": ("end", "event", "at"),
    "rate": ("events", "person_time"),
    "slope": ("value", "time"),
    "change": ("value", "baseline"),
    "median": ("value",),
    "ordinal": ("value",),
    "count": ("met",),
}
_DIRECTIONS: Final = ("higher", "lower", "neutral", "zero")
_DIMENSIONS: Final = ("centre", "period", "sex", "age_band", "area")
_PROSE: Final = ("definition", "description", "note", "rationale", "source", "sources", "caveat", "page", "population", "comment")
_KEYS: Final = (
    "id", "label", "measure", "eligible", "met", "direction", "benchmark", "by", "adjust", "window_years", "start", "end",
    "event", "events", "entry", "at", "person_time", "value", "time", "baseline", "unit", "units", "units_met", "competing",
    "subject", "levels", "important", "proposed", "cause", "level", *_PROSE,
)  # fmt: skip
_PLAIN: Final = ("competing", "events", "person_time", "baseline", "time", "subject", "units", "units_met")
_DAYS_IN: Final = {"d": 1.0, "w": 7.0, "m": 365.25 / 12, "y": 365.25}


@dataclass(frozen=True)
class Benchmark:
    """A figure to set beside the result, and where it comes from."""

    value: float
    source: str = ""


@dataclass(frozen=True)
class Outcome:
    """One agreed outcome measure. Expressions are kept as written; :func:`problems` tries them against a data set."""

    id: str
    label: str
    measure: str
    eligible: str = "TRUE"
    met: str = ""
    direction: str = "neutral"
    benchmark: Benchmark | None = None
    by: tuple[str, ...] = ("centre", "period")
    adjust: tuple[str, ...] = ()
    window_years: int = 1
    start: str = "0"
    end: str = ""
    event: str = ""
    entry: str = ""
    at: tuple[str, ...] = ()
    value: str = ""
    unit: str = ""
    competing: str = ""
    events: str = ""
    person_time: str = ""
    baseline: str = ""
    time: str = ""
    subject: str = ""
    levels: tuple[str, ...] = ()
    units: str = ""
    units_met: str = ""
    important: float | None = None
    proposed: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def computed(self) -> bool:
        """Whether figures are computed for this kind of measure today."""
        return self.measure in COMPUTED

    @property
    def adjusted(self) -> bool:
        """Whether centres also stand beside what their case mix leads one to expect: proportions of patients, and survival."""
        return bool(self.adjust) and self.measure in {"proportion", "survival"} and not self.units

    @property
    def expressions(self) -> dict[str, str]:
        """Every condition, amount and date that the outcome is written with, by its key."""
        return {key: text for key in (*_CONDITIONS, *_AMOUNTS) if (text := str(getattr(self, key)))}

    @property
    def at_days(self) -> tuple[int, ...]:
        """The times ``at`` in whole days."""
        return tuple(days(moment) for moment in self.at)


@dataclass(frozen=True)
class OutcomeSet:
    """The outcome measures of a service, in one version. ``proposed``: not yet agreed by the network."""

    service: str
    version: str
    agreed_on: date | None = None
    proposed: bool = False
    sources: tuple[str, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    notices: tuple[str, ...] = ()


def days(moment: str) -> int:
    """Return the whole days of ``30d``, ``6w``, ``6m`` or ``1y`` (365.25 days a year, rounded down)."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([dwmy])", str(moment).strip().lower())
    if match is None:
        raise InputError(f"The time '{moment}' must be written like 30d, 6w, 6m or 1y.")
    return int(float(match[1]) * _DAYS_IN[match[2]])


def read_outcome_set(content: bytes | str) -> OutcomeSet:
    """Return the outcome set of a TOML document, or raise :class:`InputError` naming the outcome and the key."""
    try:
        document = tomllib.loads(decode(content))
    except (ValueError, RecursionError) as problem:  # a number of thousands of digits, lists within lists without end
        raise InputError(f"The outcome set is not TOML: {problem}.") from problem
    for key in ("service", "version"):
        if not isinstance(document.get(key), str) or not document[key]:
            raise InputError(
                f'The outcome set must say its {key}, for instance {key} = "{"2026-1" if key == "version" else "lam"}".'
            )
    agreed_on = document.get("agreed_on")
    if agreed_on is not None and type(agreed_on) is not date:  # a moment is a date to Python
        raise InputError("The outcome set's agreed_on must be a date without quotation marks: agreed_on = 2026-03-12.")
    entries = document.get("outcome", [])
    if not isinstance(entries, list) or not entries:
        raise InputError("The outcome set has no [[outcome]].")
    outcomes = tuple(_outcome(entry, number) for number, entry in enumerate(entries, start=1))
    _refuse_twins([outcome.id for outcome in outcomes])
    known = (
        "service", "version", "agreed_on", "proposed", "sources", "source", "outcome", "title", "note", "status",
        "owner", "reviewed", "next_review", "licence",
    )  # fmt: skip
    notices = [f"The outcome set's key '{key}' is not used." for key in document if key not in known]
    notices += [
        f"The outcome '{outcome.id}' asks for access: it stands in the section on equity of access, not among the outcomes."
        for outcome in outcomes
        if not outcome.computed
    ]
    notices += [
        f"The outcome '{outcome.id}' asks for case-mix adjustment, which only proportions of patients and survival have: it is "
        "unadjusted."
        for outcome in outcomes
        if outcome.adjust and not outcome.adjusted
    ]
    sources = _texts(document.get("sources", document.get("source", ())), "sources", "the outcome set")
    proposed = bool(document.get("proposed", agreed_on is None))
    return OutcomeSet(document["service"], document["version"], agreed_on, proposed, sources, outcomes, tuple(notices))


def _refuse_twins(names: Sequence[str]) -> None:
    twins = sorted({name for name in names if names.count(name) > 1})
    if twins:
        raise InputError(f"The outcome set holds the outcome '{twins[0]}' twice. Give each its own id.")


def _outcome(entry: Any, number: int) -> Outcome:
    if not isinstance(entry, dict):
        raise InputError("An outcome is written as a table headed [[outcome]].")
    name = entry.get("id")
    if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
        raise InputError(
            f"Outcome {number} needs an id of small letters, digits and '-', for instance id = \"survival-to-discharge\"."
        )
    where = f"the outcome '{name}'"
    for key in entry:
        if key not in _KEYS:
            close = difflib.get_close_matches(key, _KEYS, n=1)
            raise InputError(f"The key '{key}' of {where} is unknown{f'; did you mean {close[0]}?' if close else '.'}")
    measure = _one_of(entry.get("measure", ""), MEASURES, "measure", where)
    for key in _NEEDED.get(measure, ()) if "units" not in entry else ("units_met",):
        if key not in entry:
            raise InputError(f"The measure '{measure}' of {where} needs the key '{key}'.")
    if "units" in entry and measure != "proportion":
        raise InputError(f"The key 'units' of {where} goes with the measure 'proportion' only: a share of organs.")
    moments = _texts(entry.get("at", ()), "at", where)
    for moment in moments:
        days(moment)
    return Outcome(
        id=name,
        label=_text(entry, "label", where) or name,
        measure=measure,
        eligible=_text(entry, "eligible", where) or "TRUE",
        met=_text(entry, "met", where),
        direction=_one_of(entry.get("direction", "neutral"), _DIRECTIONS, "direction", where),
        benchmark=_benchmark(entry.get("benchmark"), where),
        by=tuple(_one_of(by, _DIMENSIONS, "by", where) for by in _texts(entry.get("by", ("centre", "period")), "by", where)),
        adjust=_texts(entry.get("adjust", ()), "adjust", where),
        window_years=_window(entry.get("window_years", 1), where),
        start=_text(entry, "start", where) or "0",
        end=_text(entry, "end", where),
        event=_text(entry, "event", where),
        entry=_text(entry, "entry", where),
        at=moments,
        value=_text(entry, "value", where),
        unit=_text(entry, "unit", where),
        levels=_texts(entry.get("levels", ()), "levels", where),
        important=_important(entry, where),
        **{key: _text(entry, key, where) for key in _PLAIN},
        proposed=bool(entry.get("proposed", False)),
        extra=MappingProxyType({key: entry[key] for key in entry if key not in Outcome.__dataclass_fields__}),
    )


def _text(entry: Mapping[str, Any], key: str, where: str) -> str:
    value = entry.get(key, "")
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if not isinstance(value, str | int | float):
        raise InputError(f"The key '{key}' of {where} must be a text.")
    return str(value).strip()


def _texts(value: Any, key: str, where: str) -> tuple[str, ...]:
    parts = [value] if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or not all(isinstance(part, str) for part in parts):
        raise InputError(f"The key '{key}' of {where} must be a list of texts.")
    return tuple(parts)


def _one_of(value: Any, permitted: Sequence[str], key: str, where: str) -> str:
    if value not in permitted:
        raise InputError(f"The {key} '{value}' of {where} is unknown. Known: {', '.join(permitted)}.")
    return str(value)


def _important(entry: Mapping[str, Any], where: str) -> float | None:
    """Return the minimal important difference of a score."""
    value = entry.get("important")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise InputError(f"The key 'important' of {where} is the smallest change that matters to a patient: a number above 0.")
    if entry.get("measure") != "change" or entry.get("direction") not in {"higher", "lower"}:
        raise InputError(f"The key 'important' of {where} goes with the measure 'change' and the direction 'higher' or 'lower'.")
    return float(value)


def _benchmark(entry: Any, where: str) -> Benchmark | None:
    if entry is None:
        return None
    value = entry.get("value") if isinstance(entry, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f'The benchmark of {where} is written {{ value = 0.74, source = "…" }}.')
    return Benchmark(float(value), str(entry.get("source", "")))


def _window(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 50:
        raise InputError(f"The key 'window_years' of {where} must be a whole number of years from 1 to 50.")
    return value


def problems(outcome_set: OutcomeSet, dataset: DataSet) -> list[str]:
    """Return one sentence for every expression of the outcome set that cannot be used with the data set."""
    found: list[str] = []
    for outcome in outcome_set.outcomes:
        found += [
            f"Outcome '{outcome.id}', adjust: '{name}' must be a field of the data set that is no identifier, or age or sex."
            for name in outcome.adjust
            if name not in {*dataset.collected, "age", "sex"}
        ]
        for key, text in outcome.expressions.items() if outcome.computed else ():
            if key == "subject":
                found += _subject_problems(outcome, dataset)
                continue
            if outcome.measure == "ordinal" and key == "value":
                found += _scale_problems(outcome, dataset)
                continue
            try:
                _attempt(key, text, dataset)
            except InputError as problem:
                found.append(f"Outcome '{outcome.id}', {key}: {problem}")
    return found


def _attempt(key: str, text: str, dataset: DataSet) -> None:
    if key in _CONDITIONS:
        compile(text, dataset)
    elif compile_value(text, dataset).type not in ("number", "date", *(("boolean",) if key in _COUNTED else ())):
        wanted = "a number" if key in _COUNTED else "a date or a number of days"
        raise InputError(f"'{text}' must be {wanted}.")


def _subject_problems(outcome: Outcome, dataset: DataSet) -> list[str]:
    """Say what is wrong with the field that tells which rows are one patient's: it is kept, so it is no identifier."""
    if outcome.subject in dataset.collected:
        return []
    return [f"Outcome '{outcome.id}', subject: '{outcome.subject}' must be a field of the data set that is no identifier."]


def _scale_problems(outcome: Outcome, dataset: DataSet) -> list[str]:
    """Say what is wrong with an ordered scale: its value is a field with choices, and its levels are among them."""
    named = dataset.columns.get(outcome.value)
    if named is None or not named.choices:
        return [f"Outcome '{outcome.id}', value: '{outcome.value}' must be a field of the data set that has choices."]
    known = {name.casefold() for pair in named.choices.items() for name in pair}
    return [
        f"Outcome '{outcome.id}', levels: '{level}' is not a choice of '{outcome.value}'."
        for level in outcome.levels
        if level.casefold() not in known
    ]


_CONDITIONS: Final = ("eligible", "met", "event", "competing")
_COUNTED: Final = ("events", "person_time", "units", "units_met")
_AMOUNTS: Final = ("start", "end", "entry", "value", "baseline", "time", "subject", *_COUNTED)
