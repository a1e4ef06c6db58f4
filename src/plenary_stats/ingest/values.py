"""One column from text to typed values. Each distinct text is read once, however many rows hold it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from plenary_stats.dictionary.elements import Element, fits_modulus_11
from plenary_stats.findings import Severity
from plenary_stats.ingest.cells import Cells, widened
from plenary_stats.spec import Field
from plenary_stats.tables import Column

Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Problem:
    """What is wrong with one text, wherever it stands."""

    rule: str
    message: str
    remedy: str
    severity: Severity = "blocking"


@dataclass(frozen=True)
class Reading:
    """The typed column of one field.

    ``values`` are the typed distinct texts, ``places`` says which of them a row holds; problems and liberties taken go by the
    place of the text.
    """

    values: Column
    places: Places
    problems: Mapping[int, Problem] = field(default_factory=dict)
    remarks: Mapping[int, Problem] = field(default_factory=dict)

    @cached_property
    def column(self) -> Column:
        """The typed value of every row."""
        return self.values[self.places]

    def rows_of(self, text: int) -> Places:
        return np.flatnonzero(self.places == text)


@dataclass
class _Work:
    """The distinct texts of one column while they are read."""

    known: Field
    cells: Cells
    on: date | None
    problems: dict[int, Problem] = field(default_factory=dict)
    remarks: dict[int, Problem] = field(default_factory=dict)

    @cached_property
    def texts(self) -> list[str]:
        return [text.strip() for text in self.cells.texts]

    @property
    def plain(self) -> npt.NDArray[np.bytes_] | None:
        """The texts as bytes, where all are ASCII and no spaces stand around them."""
        return self.cells.plain

    def problem(self, place: int, rule: str, message: str, remedy: str) -> None:
        self.problems[place] = Problem(rule, message, remedy)

    def remark(self, place: int, rule: str, message: str, remedy: str = "", severity: Severity = "notice") -> None:
        self.remarks[place] = Problem(rule, message, remedy, severity)

    def shown(self, place: int) -> str:
        """Return the text for a message. An identifier is never repeated: findings are kept and passed on."""
        text = self.texts[place]
        return "The value" if self.known.identifier else f"'{text[:60]}{'…' if len(text) > 60 else ''}'"


def read_column(known: Field, cells: Sequence[str], on: date | None = None) -> Reading:
    """Return the typed column of one field: text ``<U``, numbers float64, dates datetime64[D]."""
    work = _Work(known, cells if isinstance(cells, Cells) else Cells.of(cells), on)
    values = _READERS[known.kind](work) if len(work.cells) else _EMPTY[known.kind]
    return Reading(values, work.cells.places, work.problems, work.remarks)


def missing(known: Field, length: int) -> Column:
    """Return a column without a single value."""
    return np.repeat(_MISSING[known.kind], length)


# -- texts

LONGEST_TEXT: Final = 4_000
"""Characters of a text that is taken. More is a document pasted into a cell, or a file that is no table."""

_SCIENTIFIC: Final = re.compile(r"\d(?:\.\d+)?[eE]\+?\d+")
_NHS_IN_TEXT: Final = re.compile(r"(?<!\d)\d{3}[ -]?\d{3}[ -]?\d{4}(?!\d)")


def _read_texts(work: _Work) -> Column:
    if work.plain is not None and work.known.type != "notes" and _nothing_to_look_for(work.known, work.plain):
        return widened(work.plain)
    _refuse_long(work)
    for place, text in enumerate(work.texts):
        if "E+" in text and _SCIENTIFIC.fullmatch(text):
            message = f"{work.shown(place)} is an identifier that the spreadsheet turned into a number: digits are lost."
            work.problem(
                place, "scientific", message, "Format the column as Text in the spreadsheet and enter the identifier again."
            )
    if work.known.type == "notes":
        _look_for_nhs_numbers(work)
    if is_nhs_field(work.known):
        return _read_nhs_numbers(work)
    if work.known.element is not None:
        return _read_elements(work, work.known.element)
    return np.array(work.texts, dtype=np.str_)


def _refuse_long(work: _Work) -> None:
    for place, text in enumerate(work.texts):
        if len(text) > LONGEST_TEXT:
            message = f"{work.shown(place)} is a text of {len(text):,} characters; {LONGEST_TEXT:,} is the most."
            work.problem(place, "too-long", message, "Shorten it. If it holds other rows, close the quotation mark before them.")
            work.texts[place] = ""


def _read_elements(work: _Work, element: Element) -> Column:
    """Return the values of a shared element in the one form in which they are kept; say which have not its shape."""
    tidied = [element.tidy(text) for text in work.texts]
    for place, text in enumerate(tidied):
        if not work.texts[place]:
            continue
        if not element.shaped(text):
            message = f"{work.shown(place)} is not written as {element.label}."
            work.problem(place, "element-shape", message, f"It is {element.says}; for instance {element.example}.")
        elif not element.checks(text):
            remedy = "Compare it with the record: one digit is wrong, or two are exchanged."
            work.problem(
                place, "check-digit", f"{work.shown(place)} is no {element.label}: its check digit does not fit.", remedy
            )
    return np.array(tidied, dtype=np.str_)


def _nothing_to_look_for(known: Field, plain: npt.NDArray[np.bytes_]) -> bool:
    if is_nhs_field(known):
        return _all_valid(plain)
    return known.element is None and b"E+" not in plain.tobytes()


def _look_for_nhs_numbers(work: _Work) -> None:
    for place, text in enumerate(work.texts):
        if any(nhs_valid([re.sub(r"\D", "", found)])[0] for found in _NHS_IN_TEXT.findall(text)):
            message = "The text seems to hold an NHS number."
            work.problem(
                place, "identifier-in-text", message, "Take it out: the text is kept with the case, identifiers are not."
            )


def is_nhs_field(known: Field) -> bool:
    """Whether the field is meant to hold an NHS number."""
    if known.element is not None:
        return known.element.id == "nhs-number"
    return bool(re.search(r"nhs_?(no|num|number)\b", known.name)) or "@NHSNUMBER" in known.annotation.upper()


def _read_nhs_numbers(work: _Work) -> Column:
    digits = [text.replace(" ", "").replace("-", "") for text in work.texts]
    for place in np.flatnonzero(~nhs_valid(digits)).tolist():
        if digits[place]:
            remedy = "Compare it with the record: one digit is wrong or missing."
            work.problem(place, "nhs-number", "The value is not a valid NHS number (its check digit does not fit).", remedy)
    return np.array(digits, dtype=np.str_)


def _all_valid(plain: npt.NDArray[np.bytes_]) -> bool:
    given = plain[plain != b""]
    letters = given.view(np.uint8).reshape(len(given), plain.dtype.itemsize)
    ten = letters.shape[1] >= 10 and not letters[:, 10:].any()
    return not len(given) or (ten and bool(fits_modulus_11(letters[:, :10]).all()))


_TEN_IN_TEXT: Final = re.compile(r"(?<![0-9])[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{4}(?![0-9])")


def nhs_valid(digits: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Return which texts are ten digits with the check digit of an NHS number (modulus 11)."""
    ten = np.array([len(text) == 10 and text.isascii() and text.isdigit() for text in digits], dtype=bool)
    valid = np.zeros(len(digits), dtype=bool)
    if ten.any():
        letters = np.array([text for text, fits in zip(digits, ten, strict=True) if fits], dtype="S10")
        valid[ten] = fits_modulus_11(letters.view(np.uint8).reshape(-1, 10))
    return valid


def ten_digits_in(text: str) -> list[str]:
    """Return what stands in a text as an NHS number is written (3 3 4, with or without blanks and dashes), as bare digits."""
    return [re.sub(r"[ -]", "", found) for found in _TEN_IN_TEXT.findall(text)]


# -- choices

_YES: Final = {
    "y": "1",
    "yes": "1",
    "true": "1",
    "t": "1",
    "checked": "1",
    "n": "0",
    "no": "0",
    "false": "0",
    "f": "0",
    "unchecked": "0",
}


def _read_choices(work: _Work) -> Column:
    codes = _meanings(work.known)
    values: list[str] = []
    for place, text in enumerate(work.texts):
        if not text or text in work.known.choices:
            values.append(text)
            continue
        code = codes.get(text.casefold()) or codes.get(_plain_number(text))
        values.append(code or "")
        if code is None:
            work.problem(place, "not-permitted", f"{work.shown(place)} is not a permitted value.", _permitted(text, work.known))
        elif _plain_number(text) != code:
            work.remark(place, "label-for-code", f"{work.shown(place)} was read as the code '{code}'.")
    return np.array(values, dtype=np.str_)


def _meanings(known: Field) -> dict[str, str]:
    """Return code by every text that means it: the label, the code in other letters, the number without its noughts."""
    codes = {label.casefold(): code for code, label in known.choices.items()}
    if set(known.choices) == {"0", "1"}:
        codes |= {word: code for word, code in _YES.items() if word not in codes}
    if known.name == "sex":
        words = {label: code for label, code in codes.items() if label in ("female", "male")}
        codes |= {label[0]: code for label, code in words.items() if label[0] not in codes}
    return codes | {_plain_number(code): code for code in known.choices} | {code.casefold(): code for code in known.choices}


def _plain_number(text: str) -> str:
    """Return ``1`` for ``1.0`` and ``01``; another text as it is."""
    match = re.fullmatch(r"0*(\d+)(?:\.0*)?", text)
    return match[1] if match else text


def _permitted(text: str, known: Field) -> str:
    words = [*known.choices, *known.choices.values()]
    close = difflib.get_close_matches(text, words, n=1)
    listed = ", ".join(f"{code} ({label})" if code != label else code for code, label in list(known.choices.items())[:12])
    return f"{f'Did you mean {close[0]}? ' if close else ''}Permitted: {listed}{', …' if len(known.choices) > 12 else ''}."


# -- numbers

DIGITS: Final = 15
"""Decimal digits of a number that a float holds exactly."""

_TENS: Final = 10.0 ** np.arange(3 * DIGITS + 1)
_THOUSANDS: Final = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")


def _read_numbers(work: _Work) -> Column:
    values = _plain_numbers(work.plain)
    if values is None:
        values = np.array([_number(work, place) for place in range(len(work.texts))], dtype=np.float64)
    if work.known.kind == "integer":
        for place in np.flatnonzero(np.isfinite(values) & (values != np.floor(values))).tolist():
            work.problem(place, "not-whole", f"{work.shown(place)} is not a whole number.", "Give a whole number.")
    _limits(work, values, lambda limit: f"{limit:g}")
    return values


def _plain_numbers(plain: npt.NDArray[np.bytes_] | None) -> Column | None:
    """Return the numbers where every text is a plain decimal of at most fifteen digits, or empty; else None.

    The digits make a whole number below 2⁵³ and the point a power of ten below 10²², both exact: their quotient is the nearest
    float there is, as if each text had been read by itself.
    """
    if plain is None or plain.dtype.itemsize > 3 * DIGITS:
        return None
    letters = np.ascontiguousarray(plain.view(np.uint8).reshape(len(plain), -1).T)
    signed = (letters[0] == ord("-")) | (letters[0] == ord("+"))
    whole = np.zeros(len(plain), dtype=np.int64)
    scale, digits, points = np.zeros((3, len(plain)), dtype=np.uint8)
    strange = np.zeros(len(plain), dtype=bool)
    for place, column in enumerate(letters):
        figure = column - np.uint8(ord("0"))  # anything but a digit wraps round to more than 9
        is_digit, is_point = figure <= 9, column == ord(".")
        whole = np.where(is_digit, whole * 10 + figure, whole)
        scale += is_digit & (points > 0)
        digits += is_digit
        points += is_point
        strange |= ~(is_digit | is_point | (column == 0) | (signed if place == 0 else False))
    blank = letters[0] == 0
    if (strange | (points > 1) | (digits > DIGITS) | ((digits == 0) & ~blank)).any():
        return None
    values = whole / _TENS[scale]
    return np.where(blank, np.nan, np.where(letters[0] == ord("-"), -values, values))


def _number(work: _Work, place: int) -> float:
    text = work.texts[place].replace("−", "-")
    if not text:
        return np.nan
    if work.known.validation.endswith("comma_decimal"):
        text = text.replace(",", ".")
    if _THOUSANDS.fullmatch(text):
        work.remark(place, "thousands", f"{work.shown(place)} was read without its thousands separators.")
        text = text.replace(",", "")
    if text.isascii() and _NUMBER.fullmatch(text) and np.isfinite(float(text)):
        return float(text)
    remedy = "Write the number alone: digits, a point for decimals, no unit. Leave the cell empty if it is not known."
    if re.fullmatch(r"[+-]?\d+,\d+", text):
        remedy = f"Write a point for decimals: {text.replace(',', '.')}."
    work.problem(place, "not-a-number", f"{work.shown(place)} is not a number.", remedy)
    return np.nan


def _limits(work: _Work, values: Column, write: Callable[..., str]) -> None:
    low, high = work.known.minimum, work.known.maximum
    if low is None and high is None:
        return
    lowest = values.min() if low is None else np.array(low, dtype=values.dtype)
    highest = values.max() if high is None else np.array(high, dtype=values.dtype)
    wanted = " and ".join(f"{word} {write(limit)}" for word, limit in (("at least", low), ("at most", high)) if limit is not None)
    outside = np.zeros(len(values), dtype=bool)
    if low is not None:
        outside |= values < lowest
    if high is not None:
        outside |= values > highest
    for place in np.flatnonzero(outside).tolist():
        remedy = f"It must be {wanted}. Correct it, or ask the network to widen the agreed range."
        work.problem(place, "out-of-range", f"{work.shown(place)} lies outside the agreed range.", remedy)


# -- dates

EARLIEST: Final = 1850
"""The first year that a date may have. Older is a slip of the keyboard."""

_YEAR_FIRST: Final = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[ T]\d{1,2}:\d{2}.*)?", re.ASCII)
_YEAR_LAST: Final = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4}|\d{2})(?: \d{1,2}:\d{2}.*)?", re.ASCII)
_MONTH_NAMED: Final = re.compile(r"(\d{1,2})[-/. ]([A-Za-z]{3,9})[-/. ,]+(\d{4}|\d{2})", re.ASCII)
_MONTH_NAMES: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS: Final = {name: number for number, name in enumerate(_MONTH_NAMES, start=1)}
_DATE_MARKS: Final = np.frombuffer(b"/-.", dtype=np.uint8)
_LAYOUTS: Final = (
    ([2, 5], ([6, 7, 8, 9], [3, 4], [0, 1])),
    ([4, 7], ([0, 1, 2, 3], [5, 6], [8, 9])),
)
"""Where the marks stand in ``31/12/2025`` and ``2025-12-31``, and where year, month and day."""

_NO_DATE: Final = np.datetime64("NaT", "D")
_MONTH_STARTS: Final = np.arange(f"{EARLIEST}-01", "10000-02", dtype="datetime64[M]").astype("datetime64[D]")
"""The first day of every month that a date of four figures can lie in, and of the one after: numpy's own way takes four times
as long."""


def _read_dates(work: _Work) -> Column:
    values, unread = _plain_dates(work)
    for place in unread.tolist():
        if work.texts[place]:
            day = _date(work, place)
            if day is not None:
                values[place] = day
    if any(problem.rule == "impossible-date" and "month first" in problem.message for problem in work.problems.values()):
        _warn_of_exchange(work)
    if work.on is not None:
        for place in np.flatnonzero(values > np.datetime64(work.on, "D")).tolist():
            work.problem(place, "future-date", f"{work.shown(place)} lies after {work.on.isoformat()}.", "Correct the date.")
    _limits(work, values, str)
    return values


def _plain_dates(work: _Work) -> tuple[Column, Places]:
    """Return the dates, and the places of the texts that are not simply ``31/12/2025`` or ``2025-12-31``."""
    plain = work.plain
    number = len(work.texts) if plain is None else len(plain)
    values = np.full(number, _NO_DATE)
    if plain is None or plain.dtype.itemsize < 10 or work.known.date_order == "mdy":
        return values, np.arange(number)
    letters = np.ascontiguousarray(plain.view(np.uint8).reshape(number, -1).T)
    short = ~letters[10:].any(axis=0)
    for marks, parts in _LAYOUTS:
        fits = short.copy()
        for place in range(10):
            fits &= np.isin(letters[place], _DATE_MARKS) if place in marks else letters[place] - np.uint8(ord("0")) <= 9
        if fits.any():
            chosen = letters if fits.all() else letters[:, fits]
            year, month, day = (_figure(chosen, places) for places in parts)
            values[fits] = _real_days(year, month, day)
    return values, np.flatnonzero(np.isnat(values) & (letters[0] != 0))


def _figure(letters: npt.NDArray[np.uint8], places: Sequence[int]) -> Places:
    figure = np.zeros(letters.shape[1], dtype=np.int64)
    for place in places:
        figure = figure * 10 + letters[place] - ord("0")
    return figure


def _real_days(year: Places, month: Places, day: Places) -> Column:
    """Return the dates; NaT for one that does not exist or is older than ``EARLIEST``."""
    possible = (year >= EARLIEST) & (month >= 1) & (month <= 12) & (day >= 1)
    months = np.where(possible, (year - EARLIEST) * 12 + month - 1, 0)
    first, last = _MONTH_STARTS[months], _MONTH_STARTS[months + 1]
    days = first + (day - 1)
    return np.where(possible & (days < last), days, _NO_DATE)


def _warn_of_exchange(work: _Work) -> None:
    """Say that a column in which some dates have the month first may be wrong in others too."""
    either = [place for place, text in enumerate(work.texts) if (match := _YEAR_LAST.fullmatch(text)) and _either_way(match)]
    if either:
        message = f"{len(either)} dates of this column could be read either way, and others are written with the month first."
        work.remark(either[0], "ambiguous-date", message, "Check the whole column: was it saved with American dates?", "warning")


def _either_way(match: re.Match[str]) -> bool:
    return match[1] != match[2] and max(int(match[1]), int(match[2])) <= 12


def _date(work: _Work, place: int) -> date | None:
    parts = _date_parts(work, place)
    if parts is None:
        remedy = "Write it as day/month/year, for instance 31/12/2025."
        if re.fullmatch(r"[345]\d{4}(\.\d+)?", work.texts[place]):
            remedy = "It looks like Excel's number of a day: format the column as a date in the spreadsheet."
        work.problem(place, "not-a-date", f"{work.shown(place)} is not a date.", remedy)
        return None
    year, month, day = parts
    try:
        return date(year if year >= EARLIEST else 0, month, day)  # the year 0 does not exist
    except ValueError:
        hint = "; it seems to be written with the month first" if 12 < month <= 31 and day <= 12 and year >= EARLIEST else ""
        message = f"{work.shown(place)} is a date that does not exist{hint}."
        work.problem(place, "impossible-date", message, "Correct the date: day/month/year.")
        return None


def _date_parts(work: _Work, place: int) -> tuple[int, int, int] | None:
    text = work.texts[place]
    if match := _YEAR_FIRST.fullmatch(text):
        return int(match[1]), int(match[2]), int(match[3])
    if match := _YEAR_LAST.fullmatch(text):
        first, second = int(match[1]), int(match[2])
        day, month = (second, first) if work.known.date_order == "mdy" else (first, second)
        return _full_year(work, place, match[3]), month, day
    match = _MONTH_NAMED.fullmatch(text)
    month = _MONTHS.get(match[2][:3].lower(), 0) if match else 0
    return (_full_year(work, place, match[3]), month, int(match[1])) if match and month else None


def _full_year(work: _Work, place: int, digits: str) -> int:
    if len(digits) == 4:
        return int(digits)
    latest = work.on.year if work.on is not None else 2049
    year = 2000 + int(digits) if 2000 + int(digits) <= latest else 1900 + int(digits)
    birth = work.known.name == "birth_date"
    message = f"{work.shown(place)} has a year of two digits; it was read as {'the latest possible' if birth else year}."
    work.remark(place, "two-digit-year", message, "Write the year with four digits.", "warning" if birth else "notice")
    return year


_READERS: Final[Mapping[str, Callable[[_Work], Column]]] = {
    "text": _read_texts,
    "choice": _read_choices,
    "number": _read_numbers,
    "integer": _read_numbers,
    "date": _read_dates,
}
_MISSING: Final[Mapping[str, Column]] = {
    "text": np.array([""]),
    "choice": np.array([""]),
    "number": np.array([np.nan]),
    "integer": np.array([np.nan]),
    "date": np.array([_NO_DATE]),
}
_EMPTY: Final[Mapping[str, Column]] = {kind: column[:0] for kind, column in _MISSING.items()}
