"""A case file on its way through the rules: its columns found by their headings and read, and what was found so far."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt

from plenary_stats.expressions import known_values
from plenary_stats.findings import LISTED, Finding, Findings, Severity
from plenary_stats.ingest import values
from plenary_stats.ingest.files import RawTable
from plenary_stats.spec import DataSet, Field
from plenary_stats.tables import Column

Flags = npt.NDArray[np.bool_]


class Work:
    """A file on its way through the rules: its typed columns by field name, and the findings so far."""

    def __init__(self, raw: RawTable, dataset: DataSet, on: date | None) -> None:
        self.raw, self.dataset, self.on = raw, dataset, on
        self.findings = Findings(raw.findings)
        self.places: dict[str, int] = {}
        self.columns: dict[str, Column] = {}
        self.readings: dict[str, values.Reading] = {}
        self.faulty: dict[str, Flags] = {}
        self.alike: Counter[tuple[str, Severity, str]] = Counter()
        """How many rows each finding was found on that is told row by row, since each names another row."""
        self.identities: dict[tuple[str, int, str], str] = {}
        """What tells a finding (rule, row, field) from another where the value of its field does not."""

    def find(  # noqa: PLR0917  read as a sentence: rule, how grave, where, what, what to do
        self, rule: str, severity: Severity, name: str, rows: npt.NDArray[np.int64], message: str, remedy: str = ""
    ) -> None:
        """Add one finding a row (places, not numbers), or one on the file where ``rows`` is empty."""
        file = self.raw.file
        numbers = self.raw.row_numbers[rows[:LISTED]].tolist() or [0]
        self.findings.extend(Finding(file, number, name, rule, severity, message, remedy) for number in numbers)
        if len(rows) > LISTED:
            more = f"{len(rows) - LISTED} more rows: {message}"
            self.findings.append(Finding(file, 0, name, rule, severity, more, remedy))

    def find_one(self, rule: str, severity: Severity, name: str, place: int, message: str, remedy: str = "") -> None:  # noqa: PLR0917 - as above
        """Add a finding that is a row's own. A file that is wrong in every row needs one cause mended: many are counted."""
        self.alike[rule, severity, name] += 1
        if self.alike[rule, severity, name] <= LISTED:
            self.find(rule, severity, name, np.array([place]), message, remedy)

    def count_the_rest(self) -> None:
        """Say of each finding that is a row's own on how many more rows it was found than were listed."""
        for (rule, severity, name), count in self.alike.items():
            if count > LISTED:
                more = f"{count - LISTED} more rows are like these."
                self.find(rule, severity, name, NO_ROWS, more, "Mend these first.")

    def place_columns(self, filled: tuple[str, ...]) -> None:
        """Find the column of every field by its heading."""
        names = heading_names(self.dataset)
        unknown: list[str] = []
        for place, heading in enumerate(self.raw.headings):
            name = names.get(plain(heading))
            if not heading:
                message = f"Column {place + 1} holds values and has no heading."
                self.find("no-heading", "blocking", "", NO_ROWS, message, "Give it the field's name, or delete it.")
            elif name is None:
                unknown.append(heading)
            elif name in self.places:
                other = self.raw.headings[self.places[name]]
                message = f"The headings '{other}' and '{heading}' both stand for the field '{name}'."
                self.find("duplicate-heading", "blocking", name, NO_ROWS, message, "Keep one of the two columns.")
            else:
                self.places[name] = place
                if heading != name:
                    self.find("heading", "notice", name, NO_ROWS, f"The heading '{heading}' was read as the field '{name}'.")
        absent = [name for name in self.dataset.by_name if name not in self.places and name not in filled]
        self._unknown(unknown, absent)
        self._absent(absent)

    def _unknown(self, headings: list[str], absent: list[str]) -> None:
        if len(headings) > LISTED:
            message = (
                f"The data set has no field for {len(headings):,} of the columns: the file seems to be another than is asked."
            )
            remedy = "Send the columns of the data set; delete the others."
            self.find("unknown-column", "blocking", "", NO_ROWS, message, remedy)
            return
        for heading in headings:
            close = difflib.get_close_matches(plain(heading), absent, n=1, cutoff=0.75)
            if close:
                remedy = f"Did you mean '{close[0]}'? Correct the heading."
                self.find("unknown-column", "blocking", heading, NO_ROWS, "The data set has no such field.", remedy)
            else:
                message = "The data set has no such field: the column was not read."
                self.find("unknown-column", "warning", heading, NO_ROWS, message, "Delete the column, or correct its heading.")

    def _absent(self, names: list[str]) -> None:
        for name in names:
            known = self.dataset.by_name[name]
            if known.type == "checkbox":
                continue
            needed = (known.required and not known.branching) or name == self.dataset.index_date
            message = f"The file has no column '{name}' ({known.label})."
            if needed:
                self.find("missing-column", "blocking", name, NO_ROWS, message, "Add the column: the field is required.")
            else:
                self.find("missing-column", "notice", name, NO_ROWS, message + " It was read as not known.")

    def read_columns(self) -> None:
        """Read every known column; a column that is not there is without values."""
        for name, known in self.dataset.columns.items():
            if name in self.places:
                self._read(known, self.raw.columns[self.places[name]])
            elif name in self.dataset.by_name and name != "centre":
                self.columns[name] = values.missing(known, len(self.raw))

    def _read(self, known: Field, cells: Sequence[str]) -> None:
        reading = values.read_column(known, cells, self.on)
        if known.name == "centre":
            reading = replace(reading, values=np.char.upper(reading.values))
        self.readings[known.name] = reading
        self.columns[known.name] = reading.column
        faulty = np.zeros(len(self.raw), dtype=bool)
        broken = self._broken_rows(known.name)
        for text, problem in reading.problems.items():
            rows = reading.rows_of(text)
            faulty[rows] = True
            told = rows[~np.isin(self.raw.row_numbers[rows], broken)]
            if len(told):
                self.find(problem.rule, problem.severity, known.name, told, problem.message, problem.remedy)
        self.faulty[known.name] = faulty
        for rule in sorted({remark.rule for remark in reading.remarks.values()}):
            self._remark(known.name, rule, reading)

    def _remark(self, name: str, rule: str, reading: values.Reading) -> None:
        """Add one finding a column for a liberty taken, at the first row where it was taken."""
        texts = [text for text, remark in reading.remarks.items() if remark.rule == rule]
        rows = np.flatnonzero(np.isin(reading.places, texts))
        remark = reading.remarks[int(reading.places[rows[0]])]
        more = f" ({len(rows)} rows of this column.)" if len(rows) > 1 else ""
        self.find(rule, remark.severity, name, rows[:1], remark.message + more, remark.remedy)

    def _broken_rows(self, name: str) -> list[int]:
        """Return the rows that already have a finding on the cell itself (a spreadsheet error, a formula)."""
        heading = self.raw.headings[self.places[name]]
        return [finding.row for finding in self.raw.findings if finding.field == heading and finding.row]

    def lacking(self, name: str) -> Flags:
        """Return which rows have no value and no finding for the field yet."""
        lacks = ~known_values(self.columns[name]) & ~self.faulty.get(name, np.zeros(len(self.raw), dtype=bool))
        if name in self.places and lacks.any():
            lacks &= ~np.isin(self.raw.row_numbers, self._broken_rows(name))
        return lacks


NO_ROWS: Final = np.array([], dtype=np.int64)

DEEPEST: Final = 20
"""Calculations that rest on calculations. More is a circle."""


def plain(heading: str) -> str:
    return re.sub(r"[^0-9a-z]+", "_", heading.casefold()).strip("_")


def heading_names(dataset: DataSet) -> dict[str, str]:
    """Return field name by every plain heading that means it: its name, and its label where no other field has that label."""
    names = _named_by_headings(dataset)
    return {name: name for name in dataset.calculated} | names


def _named_by_headings(dataset: DataSet) -> dict[str, str]:
    labels = [plain(known.label) for known in dataset.columns.values()]
    names = {plain(known.label): name for name, known in dataset.columns.items() if labels.count(plain(known.label)) == 1}
    names |= {
        "centre_code": "centre",
        "center": "centre",
        "ods_code": "centre",
        "date_of_birth": "birth_date",
        "dob": "birth_date",
    }
    wanted = {heading: name for heading, name in names.items() if name in dataset.columns and heading}
    return wanted | {plain(name): name for name in dataset.columns} | {name: name for name in dataset.columns}


def with_all(work: Work, names: Sequence[str]) -> dict[str, Column]:
    """Return the columns, those that are wanted and that the file lacks included: a calculation worked out, another one blank."""
    absent = [name for name in names if name not in work.columns]
    return {"case_id": np.full(len(work.raw), ""), **{name: _made(work, name, 0) for name in absent}, **work.columns}


def _made(work: Work, name: str, depth: int) -> Column:
    known = work.dataset.calculated.get(name)
    if known is not None and known.calculation is not None and depth < DEEPEST:
        wanted = known.calculation.fields
        columns = {one: work.columns[one] if one in work.columns else _made(work, one, depth + 1) for one in wanted}
        answer, sure = known.calculation.values({"case_id": np.full(len(work.raw), ""), **columns}, work.on)
        blank: Column = np.array([""]) if answer.dtype.kind == "U" else np.array([np.datetime64("NaT")])
        return np.where(sure, answer, np.nan if answer.dtype.kind in "fib" else blank)
    column = work.dataset.columns.get(name)
    return values.missing(column, len(work.raw)) if column is not None else np.full(len(work.raw), "")
