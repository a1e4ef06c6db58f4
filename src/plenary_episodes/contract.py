"""Contract monitoring: what a centre says it spent, line by line of its patients, held against its own totals.

Two files: the totals (one row for each category and month), and the lines of single patients for drugs and devices. By category
and month the lines must add up to the total. Whatever does not, each row that cannot be used included, is a finding; what was
read is always what was used and what was refused. NHS numbers and local numbers become keyed pseudonyms here.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final, Literal

from plenary_episodes.pseudonyms import Pseudonyms, is_one_of
from plenary_stats import ingest
from plenary_stats.errors import InputError
from plenary_stats.findings import Finding

CATEGORIES: Final = {"drugs": True, "devices": True, "activity": False, "other": False}
"""What is paid for, and whether it is reported patient by patient."""

_ALIASES: Final = {
    "drug": "drugs", "high cost drugs": "drugs", "device": "devices", "high cost devices": "devices", "inpatient": "activity",
    "block": "other",
}  # fmt: skip
_HEADINGS: Final = {
    "amount": "amount_gbp", "total_cost": "amount_gbp", "cost": "amount_gbp", "ods_code": "centre", "provider": "centre",
    "financial_month": "month", "period": "month", "unique_record_identifier": "record", "nhs_no": "nhs_number",
    "local_patient_identifier": "local_id", "hospital_number": "local_id",
}  # fmt: skip
NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "total": ("service", "centre", "month", "category", "amount_gbp"),
    "line": ("service", "centre", "month", "category", "amount_gbp", "record"),
}
"""The columns of each file. A file of lines may have ``nhs_number`` and ``local_id`` too; other columns are not read."""

Kind = Literal["total", "line"]
PENNY: Final = Decimal("0.01")


@dataclass(frozen=True)
class Row:
    """One row that can be used. ``person`` is a pseudonym, or empty."""

    row: int
    category: str
    month: str
    amount: Decimal
    person: str = ""


@dataclass(frozen=True)
class Balance:
    """A category and month: what the totals say and what the lines add up to."""

    category: str
    month: str
    total: Decimal
    lines: Decimal
    patients: int
    patient_level: bool

    @property
    def difference(self) -> Decimal:
        """How much more the lines say than the total; nought where there need be no lines."""
        return self.lines - self.total if self.patient_level else Decimal(0)


@dataclass
class Checked:
    """A return of contract monitoring that was held against itself."""

    balances: tuple[Balance, ...] = ()
    lines: tuple[Row, ...] = ()
    read: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)

    @property
    def total(self) -> Decimal:
        return sum((one.total for one in self.balances), Decimal(0))

    @property
    def blocking(self) -> int:
        return sum(one.severity == "blocking" for one in self.findings)


def check(
    totals: tuple[str, bytes], lines: tuple[str, bytes] | None, *, service: str, centre: str, period: tuple[date, date],
    pseudonyms: Pseudonyms,
) -> Checked:  # fmt: skip
    """Hold the lines of a centre's return against its totals. ``InputError`` where a file cannot be read at all."""
    made = Checked()
    reader = _Reader(made, service, centre, period, pseudonyms)
    said = reader.rows(*totals, "total")
    single = reader.rows(*lines, "line") if lines else []
    by_place: dict[tuple[str, str], Row] = {}
    for one in said:
        first = by_place.setdefault((one.category, one.month), one)
        if first is not one:
            message = f"The total of {one.category} for {one.month} stands on row {first.row} already."
            made.findings.append(
                _finding(totals[0], one.row, "category", "total-twice", message, "Send one total for each month.")
            )
    sums: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for one in single:
        sums[one.category, one.month].append(one)
    made.balances = tuple(_balance(*place, by_place.get(place), sums.get(place, [])) for place in sorted({*by_place, *sums}))
    for one_place in made.balances:
        found = _difference(one_place, by_place, sums, totals[0], lines[0] if lines else "")
        made.findings.extend([found] if found else [])
    made.lines = tuple(single)
    if not said:
        made.findings.append(
            _finding(totals[0], 0, "", "no-total", "The file holds no total that can be used.", "Send the totals.")
        )
    return made


def _balance(category: str, month: str, total: Row | None, lines: list[Row]) -> Balance:
    patients = len({one.person or f"row {one.row}" for one in lines})
    amount = sum((one.amount for one in lines), Decimal(0))
    return Balance(category, month, total.amount if total else Decimal(0), amount, patients, CATEGORIES[category] or bool(lines))


def _difference(
    one: Balance,
    totals: Mapping[tuple[str, str], Row],
    lines: Mapping[tuple[str, str], list[Row]],
    total_file: str,
    line_file: str,
) -> Finding | None:
    """Return the finding where the lines of a category and month are not its total; None where they are."""
    place, where = (one.category, one.month), f"{one.category} in {one.month}"
    if place not in totals:
        row = lines[place][0].row
        message = f"There are lines of {where}, £{one.lines:,.2f} in all, and no total."
        return _finding(line_file, row, "category", "no-total", message, "Add the total, or give the lines their right month.")
    if not one.difference:
        return None
    row = totals[place].row
    if place not in lines:
        message = f"The total of {where} is £{one.total:,.2f}, and there is no line of a patient."
        return _finding(total_file, row, "amount_gbp", "no-lines", message, "Send the lines of these patients.")
    more = "more" if one.difference > 0 else "less"
    message = (
        f"The lines of {where} add up to £{one.lines:,.2f}, the total says £{one.total:,.2f}: £{abs(one.difference):,.2f} {more}."
    )
    remedy = "Look for a line that is missing, stands twice or is of another month; or correct the total."
    return _finding(total_file, row, "amount_gbp", "total-differs", message, remedy)


def _finding(file: str, row: int, name: str, rule: str, message: str, remedy: str) -> Finding:  # noqa: PLR0917
    return Finding(file, row, name, rule, "blocking", message, remedy)


@dataclass
class _Reader:
    """What the rows of both files are held against."""

    made: Checked
    service: str
    centre: str
    period: tuple[date, date]
    pseudonyms: Pseudonyms

    def rows(self, file: str, content: bytes, kind: Kind) -> list[Row]:
        raw = ingest.read(content, file)
        names = [re.sub(r"[^0-9a-z]+", "_", heading.casefold()).strip("_") for heading in raw.headings]
        names = [_HEADINGS.get(name, name) for name in names]
        lacks = [name for name in NEEDED[kind] if names.count(name) != 1]
        if lacks:
            raise InputError(f"{file} must have one column {' and one '.join(lacks)}. It has: {', '.join(raw.headings)}.")
        cells = {name: [text.strip() for text in raw.columns[place]] for place, name in enumerate(names)}
        blank = [""] * len(raw)
        nhs = self.pseudonyms.nhs_numbers(cells.get("nhs_number", blank))
        local = self.pseudonyms.local_ids(cells["centre"], cells.get("local_id", blank))
        torn = {one.row for one in raw.findings if one.severity == "blocking" and one.row}
        seen: dict[str, int] = {}
        kept = []
        for place, number in enumerate(raw.row_numbers.tolist()):
            row = {name: column[place] for name, column in cells.items()}
            self.made.read[kind] += 1
            found = ("", "torn-row", "The row's cells cannot be trusted.") if number in torn else self._problem(row, kind, seen)
            if found:
                self.made.refused[kind] += 1
                name, rule, message = found
                self.made.findings.append(_finding(file, number, name, rule, message, "Mend the row and send both files again."))
                continue
            if kind == "line":
                seen[row["record"]] = number
            person = (nhs[place] or local[place]) if self.pseudonyms.kept else ""
            kept.append(Row(number, _category(row["category"]), _month(row["month"]), _amount(row["amount_gbp"]), person))
        return kept

    def _problem(self, row: Mapping[str, str], kind: Kind, seen: Mapping[str, int]) -> tuple[str, str, str] | None:
        """Return why a row cannot be used: field, rule and message. No message repeats an identifier."""
        lacks = next((name for name in NEEDED[kind] if not row[name]), "")
        if lacks:
            return lacks, "required", f"The row has no {lacks}."
        if (row["service"], row["centre"].upper()) != (self.service, self.centre):
            return "centre", "other-place", f"The row is not of {self.service} at {self.centre}, whose return this is."
        if not _category(row["category"]):
            return "category", "not-permitted", f"The category must be one of: {', '.join(CATEGORIES)}."
        month = _month(row["month"])
        if not month or not self.period[0] <= date.fromisoformat(f"{month}-01") < self.period[1]:
            return "month", "other-period", "The month is not of this period. Write it as 2025-06."
        return self._unsound(row, kind, seen)

    @staticmethod
    def _unsound(row: Mapping[str, str], kind: Kind, seen: Mapping[str, int]) -> tuple[str, str, str] | None:
        try:
            amount = _amount(row["amount_gbp"])
        except InvalidOperation:
            return "amount_gbp", "number", "The amount is no number of pounds."
        if kind == "total" and amount < 0:
            return "amount_gbp", "minimum", "A total is nought or more; a credit stands among the lines."
        if kind == "line" and row["record"] in seen:
            return "record", "repeated-row", f"The same record stands on row {seen[row['record']]}."
        if kind == "line" and is_one_of(row["record"], (row.get("nhs_number"), row.get("local_id"))):
            return (
                "record",
                "nhs-number",
                "The number of the record is an identifier of the patient: give records numbers of their own.",
            )
        return None


def _category(text: str) -> str:
    name = text.strip().casefold()
    name = _ALIASES.get(name, name)
    return name if name in CATEGORIES else ""


def _month(text: str) -> str:
    found = re.fullmatch(r"(\d{4})-?(0[1-9]|1[0-2])(?:-\d{2})?", text.strip())
    return f"{found[1]}-{found[2]}" if found else ""


def _amount(text: str) -> Decimal:
    amount = Decimal(text.replace(",", "").replace(" ", "").replace("£", ""))
    if not amount.is_finite() or abs(amount) >= 10**12:
        raise InvalidOperation
    return amount.quantize(PENNY)
