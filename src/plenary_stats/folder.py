"""A whole collection folder: plain files that a network could keep, read, checked and hashed.

Every problem is a finding with its file and row. A file with a blocking finding contributes nothing.
"""

from __future__ import annotations

import fnmatch
import hashlib
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from plenary_stats import ingest, spec
from plenary_stats.dictionary import document
from plenary_stats.dictionary.document import decode
from plenary_stats.dictionary.elements import Element
from plenary_stats.dictionary.mapping import FileMapping, read_mapping
from plenary_stats.dictionary.mapping import problems as mapping_problems
from plenary_stats.errors import InputError
from plenary_stats.expressions import known_values
from plenary_stats.findings import LISTED, Severity
from plenary_stats.ingest import Finding, Findings, RawTable, values
from plenary_stats.ingest.derived import tidy_place
from plenary_stats.ingest.files import refuse_size
from plenary_stats.register import Entry, codes, read_register
from plenary_stats.spec import DataSet, Field, OutcomeSet
from plenary_stats.tables import RESULT_DIMENSIONS, TOTAL, CaseTable, Column

SECTIONS: Final = ("Description", "Innovation", "Improvement", "Patient feedback")
SEAL: Final = "seal.txt"
PUBLIC: Final = "public.csv"
PLACES: Final = "places.csv"
"""A secret that a network may keep among its files: it hides what short files say behind their published digests."""


@dataclass(frozen=True)
class Service:
    """One service of the collection; ``slug`` is also the name of its folder."""

    slug: str
    name: str
    category: str = ""
    description: str = ""


@dataclass(frozen=True)
class Centre:
    """A centre's designation for one service, half-open; None where it is open or not known."""

    service: str
    code: str
    name: str
    designated_from: date | None = None
    designated_to: date | None = None


@dataclass(frozen=True)
class Spending:
    """What one centre was paid for one service in the period."""

    service: str
    centre: str
    amount_gbp: float
    basis: str = ""


@dataclass(frozen=True)
class Expected:
    """Cases known to exist from another source: one by its identifier, or a number of them."""

    centre: str
    case_id: str = ""
    count: int | None = None


@dataclass(frozen=True)
class Population:
    """Residents of an area, by sex and age band where given."""

    area: str
    sex: str
    age_band: str
    persons: float


@dataclass(frozen=True)
class Collection:
    """Everything that a collection folder holds.

    ``period_start`` and ``period_end`` are half-open; ``inputs`` maps each file that was read to its SHA-256. ``public``: the
    register of figures that are public elsewhere.
    """

    label: str
    period_start: date
    period_end: date
    nation: str = "England"
    threshold: int = 30
    invented: bool = False
    collected_on: date | None = None
    services: tuple[Service, ...] = ()
    centres: tuple[Centre, ...] = ()
    expenditure: tuple[Spending, ...] = ()
    populations: tuple[Population, ...] = ()
    public: tuple[Entry, ...] = ()
    datasets: Mapping[str, DataSet] = field(default_factory=dict)
    outcome_sets: Mapping[str, OutcomeSet] = field(default_factory=dict)
    cases: Mapping[str, CaseTable] = field(default_factory=dict)
    expected: Mapping[str, tuple[Expected, ...]] = field(default_factory=dict)
    narrative: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)

    def centres_of(self, service: str) -> tuple[str, ...]:
        """Return the codes of a service's centres, each once, in order."""
        return tuple(sorted({centre.code for centre in self.centres if centre.service == service}))

    def population_by_area(self) -> dict[str, float]:
        """Return the residents of every area of ``populations.csv``, and their sum under "Total"; empty where there is none."""
        found: Counter[str] = Counter()
        for row in self.populations:
            if TOTAL not in (row.area, row.sex, row.age_band):
                found[row.area] += row.persons  # type: ignore[assignment]  # a Counter adds floats as well
        return {**found, TOTAL: float(sum(found.values()))} if found else {}


def read(
    path: Path | str,
    *,
    areas: Mapping[str, ingest.rules.Spans] | None = None,
    elements: Mapping[str, Element] | None = None,
) -> tuple[Collection, Findings]:
    """Return the collection and every finding on it.

    ``areas``: codes and names of residence that are known, with the spans in which they stood (none: always), besides those of
    ``populations.csv``; with neither, not checked. ``elements``: the library of shared elements that data sets name.
    Raises :class:`InputError` when the folder or its ``collection.toml`` cannot be used at all.
    """
    root = Path(path)
    if not root.is_dir():
        raise InputError(f"There is no folder '{root}'.")
    return _Reader(root, areas, elements).collection()


class _Reader:
    """A folder while it is read: the files, their hashes, and the findings so far."""

    def __init__(
        self, root: Path, areas: Mapping[str, ingest.rules.Spans] | None, elements: Mapping[str, Element] | None
    ) -> None:
        self.root, self.areas, self.elements = root, areas, elements
        self.places: dict[str, str] | None = None
        self.mappings: list[FileMapping] = []
        self.findings = Findings()
        self.inputs: dict[str, str] = {}

    def collection(self) -> tuple[Collection, Findings]:
        settings = self.settings()
        self.seal()
        services = tuple(self.services())
        names = tuple(service.slug for service in services)
        centres = tuple(self.centres(names))
        populations = tuple(self.populations())
        if (self.root / PLACES).is_file():
            self.places = {tidy_place(row["place"]): row["area"] for _, row in self.sheet(PLACES, _PLACES)}
        whole = Collection(
            **settings,
            services=services,
            centres=centres,
            expenditure=tuple(self.expenditure(centres)),
            populations=populations,
            public=self.public(names),
        )
        if populations:
            own: dict[str, ingest.rules.Spans] = {row.area: () for row in populations if row.area != TOTAL}
            self.areas = {**(self.areas or {}), **own}
        parts = {name: self.service(whole, name) for name in names}
        self.strangers(names)
        full = Collection(
            **{
                **whole.__dict__,
                "datasets": _present({name: part.dataset for name, part in parts.items()}),
                "outcome_sets": _present({name: part.outcome_set for name, part in parts.items()}),
                "cases": _present({name: part.cases for name, part in parts.items()}),
                "expected": {name: part.expected for name, part in parts.items() if part.expected},
                "narrative": {name: part.narrative for name, part in parts.items() if part.narrative},
                "inputs": MappingProxyType(dict(sorted(self.inputs.items()))),
            }
        )
        return full, self.findings.ordered()

    # -- files and findings

    def find(
        self, rule: str, severity: Severity, file: str, message: str, remedy: str = "", *, row: int = 0, name: str = ""
    ) -> None:
        self.findings.append(Finding(file, row, name, rule, severity, message, remedy))

    def content(self, relative: str) -> bytes | None:
        """Return the bytes of a file and keep their hash; None where there is no such file."""
        file = self.root / relative
        if not file.is_file():
            return None
        refuse_size(file.stat().st_size, relative)
        content = file.read_bytes()
        self.inputs[relative] = hashlib.sha256(content).hexdigest()
        return content

    def sheet(self, relative: str, fields: Sequence[Field]) -> list[tuple[int, dict[str, Any]]]:
        """Return the rows of one of the folder's own tables; none where the file has a blocking finding or is not there."""
        try:
            content = self.content(relative)
            if content is None:
                return []
            raw = ingest.read(content, relative)
        except InputError as problem:
            self.find("unusable", "blocking", relative, str(problem), "Save the file again as CSV.")
            return []
        found = Findings(raw.findings)
        rows = list(_records(raw, fields, found))
        self.findings.extend(found)
        return [] if found.blocking else rows

    # -- the folder's own files

    def settings(self) -> dict[str, Any]:
        content = self.content("collection.toml")
        if content is None:
            raise InputError(f"The folder '{self.root}' has no collection.toml. Add one with label, period_start and period_end.")
        try:
            keys = tomllib.loads(decode(content))
        except (ValueError, RecursionError) as problem:
            raise InputError(f"collection.toml is not TOML: {problem}.") from problem
        for key in sorted(set(keys) - set(_SETTINGS)):
            message = f"The key '{key}' of collection.toml is not used."
            self.find("unknown-file", "notice", "collection.toml", message, f"Known keys: {', '.join(_SETTINGS)}.")
        return _settings(keys)

    def seal(self) -> None:
        """Read the secret that hides short inputs behind their digests. What it says matters to nobody."""
        content = self.content(SEAL)
        if content is not None and len(content.strip()) < _SHORTEST_SEAL:
            message = f"{SEAL} has fewer than {_SHORTEST_SEAL} characters: it could be guessed."
            remedy = "Write a line of at least that many random characters, and keep the file with the collection."
            self.find("out-of-range", "blocking", SEAL, message, remedy)

    def services(self) -> Iterator[Service]:
        if not (self.root / "services.csv").is_file():
            self.find(
                "missing-file",
                "blocking",
                "services.csv",
                "There is no services.csv.",
                "Add it: service, name, category, description.",
            )
        seen: set[str] = set()
        for row, record in self.sheet("services.csv", _SERVICES):
            slug = str(record["service"])
            if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", slug):
                message, remedy = f"'{slug}' cannot be a service's name in files.", "Use small letters, digits and '-'."
                self.find("not-permitted", "blocking", "services.csv", message, remedy, row=row, name="service")
            elif slug in seen:
                message = f"The service '{slug}' stands on an earlier row."
                self.find("repeated", "blocking", "services.csv", message, "Delete one row.", row=row, name="service")
            else:
                seen.add(slug)
                yield Service(slug, record["name"], record["category"], record["description"])

    def centres(self, services: Sequence[str]) -> Iterator[Centre]:
        if not (self.root / "centres.csv").is_file():
            self.find("missing-file", "blocking", "centres.csv", "There is no centres.csv.", "Add it: service, centre, name.")
        for row, record in self.sheet("centres.csv", _CENTRES):
            if self.known_service("centres.csv", row, record["service"], services):
                code = str(record["centre"]).upper()
                start, end = record["designated_from"], record["designated_to"]
                if start and end and end <= start:
                    message = "The designation ends before it starts."
                    self.find(
                        "date-order", "blocking", "centres.csv", message, "Correct the dates.", row=row, name="designated_to"
                    )
                yield Centre(record["service"], code, record["name"] or code, start, end)

    def known_service(self, file: str, row: int, slug: str, services: Sequence[str]) -> bool:
        if slug not in services:
            message = f"services.csv has no service '{slug}'."
            self.find(
                "unknown-service", "blocking", file, message, "Add the service, or correct its name.", row=row, name="service"
            )
        return slug in services

    def expenditure(self, centres: Sequence[Centre]) -> Iterator[Spending]:
        services = sorted({centre.service for centre in centres})
        known = {(centre.service, centre.code) for centre in centres}
        seen: set[tuple[str, str]] = set()
        for row, record in self.sheet("expenditure.csv", _EXPENDITURE):
            key = (str(record["service"]), str(record["centre"]).upper())
            if not self.known_service("expenditure.csv", row, key[0], services):
                continue
            if key not in known:
                message = f"'{key[1]}' is not a centre of '{key[0]}'."
                self.find("unknown-centre", "blocking", "expenditure.csv", message, "Correct the code.", row=row, name="centre")
            elif key in seen:
                message = "The centre's expenditure stands on an earlier row."
                self.find("repeated", "blocking", "expenditure.csv", message, "Add the two up.", row=row, name="centre")
            else:
                seen.add(key)
                yield Spending(key[0], key[1], record["amount_gbp"], record["basis"])

    def populations(self) -> Iterator[Population]:
        for _, record in self.sheet("populations.csv", _POPULATIONS):
            yield Population(record["area"], record["sex"], record["age_band"], record["persons"])

    def public(self, services: Sequence[str]) -> tuple[Entry, ...]:
        """Return the figures that are public elsewhere: what disclosure control must take for known."""
        content = self.content(PUBLIC)
        if content is None:
            return ()
        try:
            found = read_register(content, PUBLIC)
        except InputError as problem:
            self.find("unusable", "blocking", PUBLIC, str(problem), "Correct the row, or leave it out.")
            return ()
        for row, entry in enumerate(found, 2):
            place = codes(entry)
            strange = sorted(set(place) - set(RESULT_DIMENSIONS))
            if strange:
                message, remedy = f"{strange[0]} is no dimension of an edition.", f"Known: {', '.join(RESULT_DIMENSIONS)}."
                self.find("unknown-column", "blocking", PUBLIC, message, remedy, row=row, name=strange[0])
            elif place.get("service", TOTAL) not in {*services, TOTAL}:
                self.find("unknown-service", "warning", PUBLIC, "services.csv has no such service.", row=row, name="service")
        return found

    def strangers(self, services: Sequence[str]) -> None:
        """Name every file and folder that nothing reads."""
        for file in sorted(self.root.rglob("*")):
            relative = file.relative_to(self.root)
            name = relative.as_posix()
            if any(part.startswith(".") for part in relative.parts) or name in self.inputs or not file.is_file():
                continue
            if len(relative.parts) > 1 and relative.parts[0] not in services:
                continue
            self.find("unknown-file", "notice", name, "A collection folder knows no such file: it was not read.")
        for folder in sorted(child for child in self.root.iterdir() if child.is_dir() and not child.name.startswith(".")):
            if folder.name not in services and any(folder.iterdir()):
                message = f"services.csv has no service '{folder.name}': its folder was not read."
                self.find("unknown-service", "blocking", folder.name, message, "Add the service, or remove the folder.")

    # -- one service

    def service(self, whole: Collection, name: str) -> _Part:
        part = _Part()
        dataset = self.dictionary(name)
        part.outcome_set = self.outcome_set(name, dataset)
        part.narrative = self.narrative(f"{name}/narrative.md")
        part.expected = tuple(self.expected(whole, name))
        files = self.case_files(name)
        if dataset is None:
            if files:
                message = "The cases cannot be checked without a data dictionary that can be read."
                self.find("missing-file", "blocking", f"{name}/dictionary.csv", message, "Add the REDCap data dictionary.")
            return part
        part.dataset = dataset
        self.mappings = self.mappings_of(name)
        if not files:
            self.find(
                "missing-file",
                "warning",
                name,
                f"The service '{name}' has no cases*.csv.",
                "Add it, or leave it if there was no case.",
            )
        part.cases = self.cases(whole, dataset, files)
        return part

    def dictionary(self, name: str) -> DataSet | None:
        file = f"{name}/dictionary.csv"
        content = self.content(file)
        if content is None:
            return None
        try:
            dataset = spec.read_dictionary(content, name, self.inputs[file][:12], self.elements)
        except InputError as problem:
            self.find("dictionary", "blocking", file, str(problem), "Correct the dictionary, or export it again from REDCap.")
            return None
        for notice in dataset.notices:
            self.find("dictionary", "notice", file, notice)
        return dataset

    def mappings_of(self, name: str) -> list[FileMapping]:
        """Return the mappings of a service's earlier files: ``mapping*.toml``, each for the files that it names."""
        found: list[FileMapping] = []
        for path in sorted((self.root / name).glob("mapping*.toml")):
            file = path.relative_to(self.root).as_posix()
            try:
                mapping = read_mapping(self.content(file) or b"")
            except InputError as problem:
                self.find("mapping", "blocking", file, str(problem), "Correct the mapping.")
                continue
            unfit = mapping_problems(mapping, document.read((self.root / name / "dictionary.csv").read_bytes()))
            for sentence in unfit:
                self.find("mapping", "blocking", file, sentence, "Correct the mapping, or the data dictionary.")
            if not mapping.files:
                message = "The mapping names no files: it is not applied."
                self.find("mapping", "warning", file, message, 'Write files = ["cases-2025.csv"].')
            found += [mapping] if not unfit else []
        return found

    def outcome_set(self, name: str, dataset: DataSet | None) -> OutcomeSet | None:
        file = f"{name}/outcomes.toml"
        content = self.content(file)
        if content is None:
            self.find("missing-file", "notice", file, "No outcome set: no outcome will be given.")
            return None
        try:
            found = spec.read_outcome_set(content)
        except InputError as problem:
            self.find("outcome-set", "blocking", file, str(problem), "Correct the outcome set.")
            return None
        problems = spec.problems(found, dataset) if dataset else []
        if found.service != name:
            problems.insert(0, f"It is the outcome set of '{found.service}', not of '{name}'.")
        for sentence in problems:
            self.find("outcome-set", "blocking", file, sentence, "Correct the expression, or the data dictionary.")
        for notice in found.notices:
            self.find("outcome-set", "notice", file, notice)
        return None if problems else found

    def case_files(self, name: str) -> list[str]:
        folder = self.root / name
        files = folder.glob("*") if folder.is_dir() else ()
        fitting = (
            file for file in files if file.name.lower().startswith("cases") and file.suffix.lower() in (".csv", ".xlsx", ".json")
        )
        return sorted(file.relative_to(self.root).as_posix() for file in fitting)

    def cases(self, whole: Collection, dataset: DataSet, files: Sequence[str]) -> CaseTable:
        spans: dict[str, list[tuple[date | None, date | None]]] = {}
        for centre in (centre for centre in whole.centres if centre.service == dataset.service):
            spans.setdefault(centre.code, []).append((centre.designated_from, centre.designated_to))
        tables: list[CaseTable] = []
        seen: dict[tuple[str, str], str] = {}
        for file in files:
            table = self.one_file(whole, dataset, file, spans)
            if table is not None and self.new_cases(file, table, seen):
                tables.append(table)
        return _joined(tables, dataset)

    def one_file(
        self, whole: Collection, dataset: DataSet, file: str, spans: Mapping[str, ingest.rules.Spans]
    ) -> CaseTable | None:
        try:
            raw = ingest.read(self.content(file) or b"", file)
        except InputError as problem:
            self.find("unusable", "blocking", file, str(problem), "Save the file again as 'CSV UTF-8'.")
            return None
        for mapping in self.mappings:
            if any(fnmatch.fnmatchcase(Path(file).name, pattern) for pattern in mapping.files):
                raw = ingest.mapped(raw, mapping)
        checked = ingest.check(
            raw,
            dataset,
            centres=spans,
            period=whole.label,
            period_start=whole.period_start,
            period_end=whole.period_end,
            areas=self.areas,
            places=self.places,
            on=whole.collected_on or _a_year_later(whole.period_end),
        )
        self.findings.extend(checked.findings)
        return None if checked.findings.blocking else checked.cases

    def new_cases(self, file: str, table: CaseTable, seen: dict[tuple[str, str], str]) -> bool:
        """Whether no case of the file stands in an earlier file."""
        keys = list(zip(table["centre"].tolist(), table["case_id"].tolist(), strict=True))
        twice = sorted({key for key in keys if key in seen})
        for centre, case in twice[:LISTED]:
            message = f"The case '{case}' of {centre} stands in {seen[centre, case]} already."
            self.find("duplicate-case", "blocking", file, message, "Keep one row a case, over all files.", name="case_id")
        seen.update(dict.fromkeys(keys, file) if not twice else {})
        return not twice

    def expected(self, whole: Collection, name: str) -> Iterator[Expected]:
        file = f"{name}/expected.csv"
        centres = whole.centres_of(name)
        for row, record in self.sheet(file, _EXPECTED):
            code = str(record["centre"]).upper()
            count = record["count"]
            if code not in centres:
                message = f"'{code}' is not a centre of '{name}'."
                self.find("unknown-centre", "blocking", file, message, "Correct the code.", row=row, name="centre")
            elif not record["case_id"] and count is None:
                message = "The row has neither a case_id nor a count."
                self.find("required", "blocking", file, message, "Give one of the two.", row=row, name="case_id")
            else:
                yield Expected(code, record["case_id"], None if count is None else int(count))

    def narrative(self, file: str) -> dict[str, str]:
        content = self.content(file)
        if content is None:
            return {}
        try:
            text = decode(content)
        except InputError as problem:
            self.find("narrative", "blocking", file, str(problem))
            return {}
        sections: dict[str, str] = {}
        start, *parts = re.split(r"(?m)^#{1,2}[ \t]+(.+?)[ \t#]*$", text.replace("\r\n", "\n"))
        if start.strip():
            self.find("narrative", "warning", file, "The text before the first heading was not read.", "Put it under a heading.")
        for heading, body in zip(parts[::2], parts[1::2], strict=True):
            known = next((section for section in SECTIONS if section.casefold() == heading.strip().casefold()), None)
            if known is None or known in sections:
                message = f"The section '{heading}' {'stands twice' if known else 'is not known'}: it was not read."
                self.find("narrative", "warning", file, message, f"Known sections: {', '.join(SECTIONS)}.")
            elif body.strip():
                sections[known] = body.strip()
        return sections


@dataclass
class _Part:
    """What one service's folder holds."""

    dataset: DataSet | None = None
    outcome_set: OutcomeSet | None = None
    cases: CaseTable | None = None
    expected: tuple[Expected, ...] = ()
    narrative: dict[str, str] = field(default_factory=dict)


_SHORTEST_SEAL: Final = 32
_SETTINGS: Final = ("label", "period_start", "period_end", "nation", "threshold", "invented", "collected_on")
_SERVICES: Final = (Field("service", required=True), Field("name", required=True), Field("category"), Field("description"))
_CENTRES: Final = (
    Field("service", required=True),
    Field("centre", required=True),
    Field("name"),
    Field("designated_from", validation="date_ymd"),
    Field("designated_to", validation="date_ymd"),
)
_EXPENDITURE: Final = (
    Field("service", required=True),
    Field("centre", required=True),
    Field("amount_gbp", validation="number", required=True, minimum=0.0),
    Field("basis"),
)
_POPULATIONS: Final = (
    Field("area", required=True),
    Field("sex"),
    Field("age_band"),
    Field("persons", validation="number", required=True, minimum=0.0),
)
_PLACES: Final = (Field("place", required=True), Field("area", required=True))
_EXPECTED: Final = (Field("centre", required=True), Field("case_id"), Field("count", validation="integer", minimum=0.0))


def _present(parts: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType({name: part for name, part in parts.items() if part is not None})


def _a_year_later(day: date) -> date:
    """Return the last day that a date may have where ``collected_on`` is not given: a year for follow-up to arrive."""
    leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year + 1, day=28 if leap_day else day.day)


def _settings(document: Mapping[str, Any]) -> dict[str, Any]:
    label = document.get("label")
    if not isinstance(label, str) or not label.strip():
        raise InputError('collection.toml must say its label, for instance label = "2025/26".')
    days = {key: document.get(key) for key in ("period_start", "period_end", "collected_on")}
    for key, day in days.items():
        optional = key == "collected_on" and day is None
        if not optional and (not isinstance(day, date) or isinstance(day, datetime)):
            raise InputError(f"collection.toml must say {key} as a date without quotation marks: {key} = 2025-04-01.")
    if days["period_end"] <= days["period_start"]:  # type: ignore[operator]  # both are dates by now
        raise InputError("collection.toml: period_end must lie after period_start; it is the first day after the period.")
    threshold = document.get("threshold", 30)
    if isinstance(threshold, bool) or not isinstance(threshold, int) or threshold < 1:
        raise InputError("collection.toml: threshold must be a whole number of patients, 30 as a rule.")
    nation = str(document.get("nation", "England"))
    return {
        "label": label.strip(),
        **days,
        "nation": nation,
        "threshold": threshold,
        "invented": bool(document.get("invented", False)),
    }


def _records(raw: RawTable, fields: Sequence[Field], found: Findings) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield row number and typed record: texts, floats, dates; None for a missing number or date."""
    names = [re.sub(r"[^0-9a-z]+", "_", heading.casefold()).strip("_") for heading in raw.headings]
    columns: dict[str, list[Any]] = {}
    for known in fields:
        if known.name not in names:
            if known.required:
                message = f"The file has no column '{known.name}'."
                found.append(Finding(raw.file, 0, known.name, "missing-column", "blocking", message, "Add the column."))
            columns[known.name] = _plain(values.missing(known, len(raw)))
            continue
        reading = values.read_column(known, raw.columns[names.index(known.name)])
        found.extend(_column_findings(raw, known, reading))
        columns[known.name] = _plain(reading.column)
    for name, heading in zip(names, raw.headings, strict=True):
        if name not in columns:
            message = "The file knows no such column: it was not read."
            found.append(Finding(raw.file, 0, heading, "unknown-column", "notice", message))
    for place, row in enumerate(raw.row_numbers.tolist()):
        yield row, {name: column[place] for name, column in columns.items()}


def _column_findings(raw: RawTable, known: Field, reading: values.Reading) -> Iterator[Finding]:
    for text, problem in reading.problems.items():
        for place in reading.rows_of(text).tolist():
            row = int(raw.row_numbers[place])
            yield Finding(raw.file, row, known.name, problem.rule, problem.severity, problem.message, problem.remedy)
    if known.required:
        wrong = np.isin(reading.places, list(reading.problems))
        for place in np.flatnonzero(~known_values(reading.column) & ~wrong).tolist():
            row = int(raw.row_numbers[place])
            yield Finding(raw.file, row, known.name, "required", "blocking", f"The {known.name} is missing.", "Fill it in.")


def _plain(column: Column) -> list[Any]:
    present = known_values(column).tolist()
    blank = "" if column.dtype.kind == "U" else None
    return [value if known else blank for value, known in zip(column.tolist(), present, strict=True)]


def _joined(tables: Iterable[CaseTable], dataset: DataSet) -> CaseTable:
    """Return the cases of several files as one table; a column that one file lacks is missing there."""
    parts = [table for table in tables if len(table)]
    names = dict.fromkeys(name for table in parts for name in table.columns) if parts else dict.fromkeys(dataset.by_name)
    order = [name for name in ("centre", "case_id", "period", *dataset.collected) if name in names or name == "period"]
    if not parts:
        empty = {
            name: values.missing(dataset.columns.get(name, Field(name)), 0) for name in order if name not in _identifiers(dataset)
        }
        return CaseTable(empty, service=dataset.service)
    columns = {}
    for name in order:
        known = dataset.columns.get(name, Field(name))
        columns[name] = np.concatenate([table.columns.get(name, values.missing(known, len(table))) for table in parts])
    return CaseTable(columns, service=dataset.service)


def _identifiers(dataset: DataSet) -> set[str]:
    return {name for name, known in dataset.columns.items() if known.identifier}
