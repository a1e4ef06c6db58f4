"""The case series: a file of cases, or the case files of a collection folder. In = kept + refused, each with its reason."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from plenary_episodes.people import Person
from plenary_episodes.pseudonyms import Pseudonyms, is_one_of
from plenary_stats import ingest, spec
from plenary_stats.errors import InputError
from plenary_stats.findings import Severity
from plenary_stats.ingest import Finding, Findings, RawTable, values
from plenary_stats.ingest.cells import Cells
from plenary_stats.spec import DataSet, Field

FIELDS: Final = (
    Field("service", "Service"),
    Field("centre", "Centre (ODS code)"),
    Field("case_id", "Case identifier of the centre"),
    Field("nhs_number", "NHS number", identifier=True),
    Field("local_id", "Hospital number", identifier=True),
    Field("birth_date", "Date of birth", validation="date_dmy", identifier=True),
    Field("sex", "Sex"),
    Field("area", "Area of residence"),
    Field("event_date", "Index date", validation="date_dmy"),
)
"""What is read of a case; every other column stays in the file."""

NEEDED: Final = ("centre", "case_id", "event_date")

_ALIASES: Final = MappingProxyType(
    {
        "index_date": "event_date", "date_of_birth": "birth_date", "dob": "birth_date", "nhs_no": "nhs_number",
        "hospital_number": "local_id", "local_patient_identifier": "local_id", "centre_code": "centre", "ods_code": "centre",
        "provider": "centre",
    }
)  # fmt: skip
_SEXES: Final = MappingProxyType(
    {"1": "male", "m": "male", "male": "male", "2": "female", "f": "female", "female": "female", "indeterminate": "indeterminate"}
)


@dataclass(frozen=True)
class Series:
    """The cases that can be linked, and an account of all that came: ``read`` = kept + refused."""

    cases: tuple[Person, ...]
    read: int
    refused: Mapping[str, int] = field(default_factory=dict)
    findings: Findings = field(default_factory=Findings)
    files: tuple[Path, ...] = ()


def read(path: Path, services: Collection[str], pseudonyms: Pseudonyms) -> Series:
    """Return the case series of some services from a file, or from a collection folder."""
    if not path.exists():
        raise InputError(f"There is no file or folder '{path}'.")
    work = _Reader(services, pseudonyms)
    for file, service, meant in _folder(path, services) if path.is_dir() else [(path, "", {})]:
        work.file(_raw(file), file, service, meant)
    if not work.files:
        raise InputError(f"{path} holds no cases of {', '.join(sorted(services))} (<service>/dictionary.csv and cases*.csv).")
    return Series(tuple(work.cases), work.read, dict(sorted(work.refused.items())), work.findings.ordered(), tuple(work.files))


def _folder(path: Path, services: Collection[str]) -> Iterator[tuple[Path, str, dict[str, str]]]:
    """Yield each case file of a collection folder, with its service and what its dictionary calls the fields."""
    for service in sorted(services):
        dictionary = path / service / "dictionary.csv"
        files = sorted(file for file in (path / service).glob("cases*") if file.suffix.casefold() in (".csv", ".xlsx"))
        if files and not dictionary.is_file():
            raise InputError(f"{path / service} has cases and no dictionary.csv: which date places a case is not known.")
        for file in files:
            yield file, service, _meant(spec.read_dictionary(dictionary.read_bytes(), service, "folder"), dictionary)


def _meant(dataset: DataSet, dictionary: Path) -> dict[str, str]:
    if dataset.index_date is None:
        raise InputError(f"{dictionary} marks no @INDEXDATE: which date places a case is not known.")
    found = {dataset.index_date: "event_date"}
    return found | {name: "nhs_number" for name, known in dataset.by_name.items() if values.is_nhs_field(known)}


def _raw(path: Path) -> RawTable:
    if path.suffix.casefold() != ".parquet":
        return ingest.read(path.read_bytes(), path.name)
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as problem:
        raise InputError(f"{path} is not a Parquet file.") from problem
    columns = [Cells.of(["" if cell is None else str(cell) for cell in column.to_pylist()]) for column in table.columns]
    return RawTable(path.name, tuple(table.column_names), tuple(columns), np.arange(2, table.num_rows + 2))


class _Reader:
    """Case files while they are read."""

    def __init__(self, services: Collection[str], pseudonyms: Pseudonyms) -> None:
        self.services, self.pseudonyms = services, pseudonyms
        self.cases: list[Person] = []
        self.files: list[Path] = []
        self.findings = Findings()
        self.refused: dict[str, int] = {}
        self.read = 0
        self.seen: dict[tuple[str, str, str], str] = {}

    def file(self, raw: RawTable, path: Path, service: str, meant: Mapping[str, str]) -> None:
        self.files.append(path)
        self.read += len(raw)
        columns = self._columns(raw, meant)
        if not columns["service"].any() and not service and len(self.services) > 1:
            raise InputError(f"{raw.file} has no column 'service', and the rules are of several services. Add the column.")
        columns["service"][columns["service"] == ""] = service or min(self.services)
        torn = {finding.row for finding in raw.findings if finding.severity == "blocking" and finding.row}
        self.findings.extend(raw.findings)
        nhs_texts, local_texts = columns["nhs_number"].tolist(), columns["local_id"].tolist()
        columns["nhs"] = self.pseudonyms.nhs_numbers(nhs_texts)
        columns["local"] = self.pseudonyms.local_ids(columns["centre"].tolist(), local_texts)
        for place, number in enumerate(raw.row_numbers.tolist()):
            self._row(raw.file, number, {name: column[place] for name, column in columns.items()}, torn=number in torn)

    def _columns(self, raw: RawTable, meant: Mapping[str, str]) -> dict[str, Any]:
        """Return the typed column of each field; what cannot be read is set aside with a finding."""
        names = [re.sub(r"[^0-9a-z]+", "_", heading.casefold()).strip("_") for heading in raw.headings]
        meanings = [meant.get(name, _ALIASES.get(name, name)) for name in names]
        for needed in NEEDED:
            if meanings.count(needed) != 1:
                raise InputError(f"{raw.file} must have one column '{needed}'. It has: {', '.join(raw.headings)}.")
        found: dict[str, Any] = {}
        for known in FIELDS:
            if known.name not in meanings:
                found[known.name] = values.missing(known, len(raw)).astype(object)
                continue
            reading = values.read_column(known, raw.columns[meanings.index(known.name)])
            found[known.name] = reading.column.astype(object)
            for text, problem in reading.problems.items():
                for place in reading.rows_of(text).tolist():
                    self._find(raw.file, int(raw.row_numbers[place]), known.name, problem.rule, "warning", _ASIDE, problem.remedy)
        found["centre"] = _upper(found["centre"])
        found["sex"] = self._sexes(raw, found["sex"])
        return found

    def _sexes(self, raw: RawTable, texts: Any) -> Any:
        for place, text in enumerate(texts.tolist()):
            texts[place] = _SEXES.get(text.casefold(), "")
            if text and not texts[place] and text not in ("0", "9"):
                row = int(raw.row_numbers[place])
                self._find(raw.file, row, "sex", "not-permitted", "warning", _ASIDE, "Write female, male or indeterminate.")
        return texts

    def _row(self, file: str, number: int, row: Mapping[str, Any], *, torn: bool) -> None:
        reason = self._reason(file, number, row, torn=torn)
        if reason:
            rule, severity, message = reason
            self.refused[rule] = self.refused.get(rule, 0) + 1
            message = f"{message} The case was refused."
            self._find(file, number, "", rule, severity, message, "Mend the row and send the file again.")
            return
        name = row["case_id"]
        if is_one_of(name, (row["nhs_number"], row["local_id"])) or self.pseudonyms.gives_away(name):
            name = f"{file} row {number}"
            message = "The case identifier is an identifier of the patient: the case is named by its row instead."
            self._find(file, number, "case_id", "nhs-number", "notice", message, "Use a case number of your own.")
        self.cases.append(
            Person(
                row["service"], row["centre"], row["event_date"], name, nhs=row["nhs"], local=row["local"],
                born_on=row["birth_date"], sex=row["sex"], area=row["area"],
            )
        )  # fmt: skip

    def _reason(self, file: str, number: int, row: Mapping[str, Any], *, torn: bool) -> tuple[str, Severity, str] | None:
        """Return why a row cannot be a case: rule, severity and message."""
        if torn:
            return "torn-row", "blocking", "The row's cells cannot be trusted."
        lacks = [name for name in NEEDED if not row[name]]
        if lacks:
            return "required", "blocking", f"The row has no {' and no '.join(lacks)} that can be read."
        if row["service"] not in self.services:
            return "other-service", "notice", "There is no identification rule for the case's service."
        here = f"row {number} of {file}"
        earlier = self.seen.setdefault((row["service"], row["centre"], row["case_id"].casefold()), here)
        if earlier != here:
            return "duplicate-case", "blocking", f"The same case stands on {earlier}."
        return None

    def _find(self, file: str, row: int, name: str, rule: str, severity: Severity, message: str, remedy: str) -> None:  # noqa: PLR0917
        self.findings.append(Finding(file, row, name, rule, severity, message, remedy))


_ASIDE: Final = "The value cannot be used and was set aside; the case was kept."


def _upper(texts: Any) -> Any:
    for place, text in enumerate(texts.tolist()):
        texts[place] = text.upper()
    return texts
