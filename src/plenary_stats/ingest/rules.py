"""The rules of a case file: every value against its field, every row against the others, every case against its place.

Nothing of a file with a blocking finding is accepted: ``Checked.cases`` is then empty. Identifiers are checked and not kept.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt

from plenary_stats.expressions import known_values
from plenary_stats.findings import Finding, Findings
from plenary_stats.ingest import across, derived, identity, redcap, values
from plenary_stats.ingest.across import Known, Marks
from plenary_stats.ingest.bundle import URN
from plenary_stats.ingest.files import RawTable
from plenary_stats.ingest.work import NO_ROWS, Work, heading_names, plain, with_all
from plenary_stats.spec import DataSet
from plenary_stats.tables import CaseTable, Column

Flags = npt.NDArray[np.bool_]
Spans = Sequence[tuple[date | None, date | None]]
Centres = Collection[str] | Mapping[str, Spans]
AreaCodes = Collection[str] | Mapping[str, Spans]

_YEAR: Final = 365.25


@dataclass(frozen=True)
class Checked:
    """What may be accepted, and what was found. ``cases`` is empty where a finding is blocking."""

    cases: CaseTable
    findings: Findings
    row_numbers: npt.NDArray[np.int64]
    marks: tuple[Marks, ...] = ()
    """Who the cases are about, as keyed pseudonyms; empty where nothing is ``known`` beside the file."""


def check(
    raw: RawTable,
    dataset: DataSet,
    *,
    centres: Centres | None = None,
    centre: str | None = None,
    period: str = "",
    period_start: date | None = None,
    period_end: date | None = None,
    areas: AreaCodes | None = None,
    places: Mapping[str, str] | None = None,
    on: date | None = None,
    known: Known | None = None,
) -> Checked:
    """Return the cases of a file and the findings on it.

    ``centres``: the codes of the service's centres, or code → spans ``(from, to)`` of designation (half-open, None = open).
    ``centre``: the one centre that sends the file; a case of another is refused, a file without the column is filled. Its own
    designation is looked up in ``centres``.
    ``period``, ``period_start``, ``period_end`` (half-open): the collection's. Cases of earlier years belong to earlier periods.
    ``areas``: known codes of residence, or code → spans in which the area stood (none: always).
    ``places``: the area of residence of small areas and postcodes, which are looked up and dropped.
    ``on``: the day of the check, after which no date may lie; never taken from the clock.
    ``known``: what was accepted earlier, here and at the other centres, and how pseudonyms are made.
    """
    raw = redcap.recognised(raw, dataset)
    work = Work(raw, dataset, on)
    _questionnaires(work)
    work.place_columns(filled=("centre",) * bool(centre) + ("area",) * (places is not None and derived.looks_up_areas(dataset)))
    work.read_columns()
    derived.areas_looked_up(work, places)
    if centre:
        work.columns.setdefault("centre", np.full(len(raw), centre.upper()))
    _required(work)
    _branching(work)
    _order_of_dates(work)
    _twins(work)
    index = _index_dates(work)
    _centres(work, index, centres, centre)
    _areas(work, index, areas)
    _ages(work, index)
    derived.calculations(work)
    work.columns["period"] = _periods(work, index, period, period_start, period_end)
    across.within(work, index)
    marks = across.beside(work, index, known) if known is not None else []
    if not len(raw):
        work.find(
            "no-rows", "warning", "", np.array([], dtype=np.int64), "The file holds no case.", "Send it only if there was none."
        )
    work.count_the_rest()
    return _checked(work, marks, known)


def rows_of_cases(raw: RawTable, dataset: DataSet) -> dict[str, list[int]]:
    """Return the spreadsheet rows of each case identifier (in small letters) of a file, before any rule is tried."""
    raw = redcap.recognised(raw, dataset)
    names = heading_names(dataset)
    found: dict[str, list[int]] = {}
    for heading, cells in zip(raw.headings, raw.columns, strict=True):
        if names.get(plain(heading)) == "case_id":
            for number, text in zip(raw.row_numbers.tolist(), cells, strict=True):
                found.setdefault(text.strip().casefold(), []).append(number)
    return found


def _questionnaires(work: Work) -> None:
    """Refuse answers to another service's questions; tell of those to another version's."""
    dataset = work.dataset
    for asked in sorted(work.raw.questionnaires):
        name, _, version = asked.partition("|")
        if name != f"{URN}{dataset.service}":
            message = f"The bundle answers the questionnaire '{name}', not that of '{dataset.service}'."
            work.find(
                "fhir", "blocking", "", NO_ROWS, message, f"Answer '{URN}{dataset.service}': its export is among the agreed sets."
            )
        elif version and version != dataset.version:
            message = f"The bundle answers version {version} of the data set; {dataset.version} is the one in force."
            work.find("fhir", "notice", "", NO_ROWS, message, "See that the fields are the same.")


# -- one row, several values


def _required(work: Work) -> None:
    for name, known in work.dataset.by_name.items():
        if name not in work.places or not (known.required or name == work.dataset.index_date):
            continue
        lacks = work.lacking(name)
        if known.branching and name != work.dataset.index_date:
            if known.condition is None:
                continue
            asked, _ = known.condition.evaluate(with_all(work, known.condition.fields), work.on)
            lacks &= asked
        if lacks.any():
            remedy = "Fill it in; use the code for 'not known' if the data set has one."
            work.find("required", "blocking", name, np.flatnonzero(lacks), f"{known.label} is missing.", remedy)


def _branching(work: Work) -> None:
    for name, known in work.dataset.by_name.items():
        if known.condition is None or name not in work.places or known.type == "checkbox":
            continue
        asked, decided = known.condition.evaluate(with_all(work, known.condition.fields), work.on)
        rows = np.flatnonzero(decided & ~asked & known_values(work.columns[name]))
        if len(rows):
            message = f"{known.label} has a value although it is asked only if {known.branching}."
            work.find("branching", "warning", name, rows, message, "Delete the value, or correct the field that it depends on.")


def _order_of_dates(work: Work) -> None:
    """Compare the dates of a field annotated ``@NOTBEFORE=other`` with the other field's."""
    for name, known in work.dataset.by_name.items():
        other = re.search(r"@NOTBEFORE\s*=\s*'?\"?(\w+)", known.annotation, re.IGNORECASE)
        earlier = other[1] if other else ""
        if name not in work.places or known.kind != "date" or work.columns.get(earlier, np.array([])).dtype.kind != "M":
            continue
        rows = np.flatnonzero(work.columns[name] < work.columns[earlier])
        if len(rows):
            label = work.dataset.columns[earlier].label
            work.find(
                "date-order", "blocking", name, rows, f"{known.label} lies before {label}.", "Correct one of the two dates."
            )


# -- the case and its place


def _twins(work: Work) -> None:
    cases = work.readings.get("case_id")
    if cases is None or not len(work.raw):
        return
    _nhs_numbers_as_ids(work, cases)
    parts = [work.columns[name] for name in ("case_id", "centre") if name in work.readings]
    for earlier, place in _second_times(parts):
        if work.columns["case_id"][place]:
            _repeated(work, earlier, place)
    for name, known in work.dataset.columns.items():
        if known.identifier and values.is_nhs_field(known) and name in work.readings:
            _same_person(work, name)


def _second_times(columns: Sequence[Column]) -> list[tuple[int, int]]:
    """Return (first place, place) of every row whose texts stand in an earlier row too."""
    keys = np.zeros(len(columns[0]), dtype=np.uint64)
    for column in columns:
        letters = np.ascontiguousarray(column).view(np.uint32).reshape(len(column), -1)
        for letter in letters.T:
            keys = (keys ^ (keys >> np.uint64(29))) * np.uint64(0x9E3779B97F4A7C15) + letter
    ordered = np.sort(keys)
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    suspects = np.flatnonzero(np.isin(keys, twice)) if len(twice) else NO_ROWS
    first: dict[tuple[str, ...], int] = {}
    pairs = ((first.setdefault(tuple(str(column[place]) for column in columns), place), place) for place in suspects.tolist())
    return [(earlier, place) for earlier, place in pairs if earlier != place]


def _repeated(work: Work, earlier: int, place: int) -> None:
    row = int(work.raw.row_numbers[earlier])
    same = all(column[earlier] == column[place] for column in work.raw.columns)
    rule = "repeated-row" if same else "duplicate-case"
    case = work.columns["case_id"][place]
    message = f"The row repeats row {row}." if same else f"The case '{case}' stands on row {row} already, with other values."
    remedy = "Delete one of the two rows." if same else "Keep one row a case, or correct the identifier."
    work.find_one(rule, "blocking", "case_id", place, message, remedy)


def _same_person(work: Work, name: str) -> None:
    numbers, cases = work.columns[name], work.columns["case_id"]
    for earlier, place in _second_times([numbers]):
        if numbers[place] and cases[earlier] != cases[place]:
            message = f"The NHS number is the one of row {int(work.raw.row_numbers[earlier])}, another case."
            work.find_one("same-person", "warning", name, place, message, "Check whether the two are one case.")


def _nhs_numbers_as_ids(work: Work, cases: values.Reading) -> None:
    if cases.values.dtype.itemsize < 4 * 10:  # no identifier is as long as an NHS number
        return
    digits = [text.replace(" ", "") for text in cases.values.tolist()]
    ten = [len(text) == 10 and text.isdigit() for text in digits]
    valid = values.nhs_valid(digits)
    if valid.sum() * 2 > sum(ten):  # one in eleven numbers of ten digits is valid by chance
        message = "The case identifier is an NHS number."
        remedy = "Use an identifier of your own: case identifiers are kept and shown, NHS numbers are not."
        work.find("nhs-number", "blocking", "case_id", np.flatnonzero(valid[cases.places]), message, remedy)


def _centres(work: Work, index: Column, centres: Centres | None, own: str | None) -> None:
    reading = work.readings.get("centre")
    given = _rows_by_value(reading) if reading is not None else {}
    if own and reading is None:
        given = {own.upper(): np.arange(len(work.raw))}  # a file of one centre need not say which
    if own:
        for rows in (rows for code, rows in given.items() if code != own.upper()):
            message = f"The case is of another centre than {own}, which sends the file."
            work.find("other-centre", "blocking", "centre", rows, message, "Send only your own cases.")
    elif centres is not None:
        for code in sorted(set(given) - {known.upper() for known in centres}):
            close = difflib.get_close_matches(code, list(centres), n=1)
            remedy = f"{f'Did you mean {close[0]}? ' if close else ''}Use the ODS code of a centre of this service."
            work.find("unknown-centre", "blocking", "centre", given[code], f"'{code}' is not a centre of the service.", remedy)
    if isinstance(centres, Mapping):
        _designations(work, given, index, centres)


def _designations(work: Work, given: Mapping[str, npt.NDArray[np.int64]], index: Column, centres: Mapping[str, Spans]) -> None:
    for code, spans in sorted(centres.items()):
        rows = given.get(code.upper(), NO_ROWS)
        outside = rows[~_within(index[rows], spans)]
        if len(outside):
            message = f"The centre {code} was not designated for the service on the case's date."
            remedy = "Check the date, or have the designation corrected."
            work.find("not-designated", "warning", "centre", outside, message, remedy)


def _within(dates: Column, spans: Spans) -> Flags:
    """Return which dates lie in one of the spans. A missing date does, and any date where no span is known."""
    inside: Flags = np.isnat(dates) | (not spans)
    for start, end in spans:
        after = dates >= np.datetime64(start, "D") if start else np.ones(len(dates), dtype=bool)
        inside |= after & (dates < np.datetime64(end, "D") if end else np.ones(len(dates), dtype=bool))
    return inside


def _areas(work: Work, index: Column, areas: AreaCodes | None) -> None:
    reading = work.readings.get("area")
    if reading is None or areas is None:
        return
    known = {area.casefold() for area in areas}
    for code, rows in _rows_by_value(reading, but=known).items():
        message = f"The area of residence '{code}' is not known; the case counts as of unknown residence."
        remedy = "Use the code of the ICB or board of residence on the date of care."
        work.find("unknown-area", "warning", "area", rows, message, remedy)
    if isinstance(areas, Mapping):
        _areas_then(work, reading, index, {area.casefold(): spans for area, spans in areas.items() if spans})


def _areas_then(work: Work, reading: values.Reading, index: Column, standing: Mapping[str, Spans]) -> None:
    """Say which areas are known and did not stand on the date of care: boards come, merge and split."""
    always = {code for code, spans in standing.items() if (None, None) in spans}
    for code, rows in _rows_by_value(reading, but=always).items():
        outside = rows[~_within(index[rows], standing.get(code.casefold(), ()))]
        if len(outside):
            message = f"The area of residence '{code}' did not stand on the case's date; it counts for its region."
            remedy = "Use the code of the ICB or board of residence on the date of care."
            work.find("area-date", "notice", "area", outside, message, remedy)


def _rows_by_value(reading: values.Reading, but: Collection[str] = ()) -> dict[str, npt.NDArray[np.int64]]:
    """Return the rows of every value of a column, those ``but`` (in any letters) left out."""
    texts: dict[str, list[int]] = {}
    for place, value in enumerate(reading.values.tolist()):
        if value and value.casefold() not in but:
            texts.setdefault(value, []).append(place)
    return {
        value: reading.rows_of(places[0]) if len(places) == 1 else np.flatnonzero(np.isin(reading.places, places))
        for value, places in texts.items()
    }


def _index_dates(work: Work) -> Column:
    name = work.dataset.index_date
    column = work.columns.get(name) if name else None
    if column is None or column.dtype.kind != "M":
        return np.full(len(work.raw), np.datetime64("NaT", "D"))
    return column


def _ages(work: Work, index: Column) -> None:
    """Give every case its age in whole years at the index date, where the date of birth tells it."""
    born = work.columns.get("birth_date")
    if born is None or np.isnat(index).all():
        return
    age = _whole_years(born, index)
    for place in np.flatnonzero(age < 0).tolist():
        message = "The date of birth lies after the index date."
        work.find_one("date-order", "blocking", "birth_date", place, message, "Correct one of the two dates.")
    stated = work.columns.get("age")
    if stated is not None:
        rows = np.flatnonzero(np.abs(np.floor(stated) - age) > 1)
        if len(rows):
            message = "The age and the date of birth disagree by more than a year; the date of birth was taken."
            work.find("age-disagrees", "warning", "age", rows, message, "Correct the one that is wrong.")
        age = np.where(np.isnan(age), stated, age)
    work.columns["age"] = age


def _whole_years(born: Column, on: Column) -> Column:
    known = ~np.isnat(born) & ~np.isnat(on)
    months = on.astype("datetime64[M]").astype(np.int64) - born.astype("datetime64[M]").astype(np.int64)
    later = (on - on.astype("datetime64[M]")).astype(np.int64) >= (born - born.astype("datetime64[M]")).astype(np.int64)
    whole = np.full(len(born), np.nan)
    whole[known] = np.floor((months[known] - ~later[known]) / 12)
    return whole


# -- the period


def period_labels(index: Column, period: str, start: date, end: date) -> tuple[Column, Column]:
    """Return the label of the period of every date, and how many periods back it lies (negative: after the collection's end).

    Earlier periods are as long as the collection's, in whole years; their labels are the collection's with the years moved back.
    """
    years = max(1, round((end - start).days / _YEAR))
    months = index.astype("datetime64[M]").astype(np.int64) - ((start.year - 1970) * 12 + start.month - 1)
    days = (index - index.astype("datetime64[M]")).astype(np.int64)
    months = months - (days < start.day - 1)
    back = np.where(np.isnat(index), 0, -np.floor_divide(months, 12 * years))
    steps, places = np.unique(back, return_inverse=True)
    labels = [earlier_label(period, start, step * years) if step else period for step in steps.tolist()]
    return np.array(labels, dtype=np.str_)[places], back


def earlier_label(period: str, start: date, years: int) -> str:
    """Return the label of the period so many years before: the collection's with its years moved, else the year it starts in."""
    if not re.search(r"\d{4}", period):
        return str(start.year - years)

    def earlier(found: re.Match[str]) -> str:
        tail = f"{found[2]}{(int(found[3]) - years) % 100:02d}" if found[3] else ""
        return f"{int(found[1]) - years}{tail}"

    return re.sub(r"(\d{4})(?:([/–-])(\d{2})(?!\d))?", earlier, period)


def days_of_labels(period: str, start: date, end: date, years: int = 10) -> dict[str, tuple[date, date]]:
    """Return the days of a period's label, and of the labels that the periods up to so many years before it have."""
    back = max(1, round((end - start).days / 365.25))
    found = {period: (start, end)}
    for by in range(back, years + 1, back):
        found.setdefault(earlier_label(period, start, by), (_years_before(start, by), _years_before(end, by)))
    return found


def _years_before(day: date, years: int) -> date:
    last = day.month == 2 and day.day == 29
    return day.replace(year=day.year - years, day=28 if last else day.day)


def _periods(work: Work, index: Column, period: str, start: date | None, end: date | None) -> Column:
    if start is None or end is None or np.isnat(index).all():
        return np.full(len(work.raw), period)
    labels, back = period_labels(index, period, start, end)
    late = np.flatnonzero(back < 0)
    if len(late):
        message = f"The case lies after the collection's period, which ends before {end.isoformat()}."
        name = work.dataset.index_date or ""
        work.find("outside-period", "warning", name, late, message, "Correct the date, or leave the case to the next collection.")
    return labels


# -- the outcome


def _checked(work: Work, marks: Sequence[Marks], known: Known | None) -> Checked:
    findings = identity.identified(work, _named(work).ordered(), known.mark if known else None)
    kept = {"centre", "case_id", "period"} | set(work.dataset.collected)
    order = ["centre", "case_id", "period", *work.dataset.collected]
    carried = {name: work.columns[name] for name in dict.fromkeys(order) if name in kept and name in work.columns}
    if findings.blocking:
        carried = {name: column[:0] for name, column in carried.items()}
    numbers = work.raw.row_numbers[:0] if findings.blocking else work.raw.row_numbers
    kept_marks = () if findings.blocking else tuple(marks)
    return Checked(CaseTable(carried, service=work.dataset.service), findings, numbers, kept_marks)


def _named(work: Work) -> Findings:
    """Return the findings with the field's name in place of the heading that the file has."""
    names = {work.raw.headings[place]: name for name, place in work.places.items()}
    return Findings(
        Finding(f.file, f.row, names.get(f.field, f.field), f.rule, f.severity, f.message, f.remedy) if f.field in names else f
        for f in work.findings
    )
