"""The functions of REDCap's calculations, on whole columns: blanks, rounding and days as REDCap's help has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from plenary_stats.expressions import known_values
from plenary_stats.tables import Column

Flags = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.float64]

SECONDS: Final = MappingProxyType({"y": 365.2425 * 86400, "M": 30.44 * 86400, "d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0})
"""Seconds of each unit of ``datediff``: a year is 365.2425 days and a month 30.44, as REDCap has it."""

_NO_DATE: Final = np.datetime64("NaT", "D")


@dataclass(frozen=True)
class Answer:
    """Values, one a row or one for all, and where no blank went into them."""

    values: Any
    known: Flags


# -- from one type to another


def numbers_of(values: Column) -> Numbers:
    """Return numbers; NaN for a blank and for a text that is no number."""
    if values.dtype.kind in "fib":
        return values.astype(np.float64)
    if values.dtype.kind == "M":
        return np.full(len(values), np.nan)
    distinct, places = np.unique(values, return_inverse=True)
    return np.array([_number(text) for text in distinct.tolist()], dtype=np.float64)[places]


def _number(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        return np.nan
    return found if np.isfinite(found) and "_" not in text else np.nan


def as_numbers(values: Any) -> Numbers:
    return numbers_of(values.values if isinstance(values, Answer) else values)


def as_dates(values: Column) -> Column:
    """Return dates: ``2025-12-31`` and ``31-12-2025`` are read (the day first, unless it cannot be); NaT for anything else."""
    if values.dtype.kind == "M":
        return values
    distinct, places = np.unique(as_texts(values), return_inverse=True)
    return np.array([_date(text) for text in distinct.tolist()], dtype="datetime64[D]")[places]


def _date(text: str, order: str = "dmy") -> np.datetime64:
    parts = text[:10].replace("/", "-").replace(".", "-").split("-")
    if len(parts) != 3 or not all(part.isdecimal() for part in parts):
        return _NO_DATE
    if len(parts[0]) == 4:
        order = "ymd"
    found = dict(zip(order, map(int, parts), strict=True))
    try:
        return np.datetime64(date(found["y"], found["m"], found["d"]), "D")
    except ValueError:
        return _NO_DATE


def as_texts(values: Column) -> Column:
    """Return texts; a whole number without its point, a blank as nothing."""
    if values.dtype.kind == "U":
        return values
    if values.dtype.kind == "M":
        return np.where(np.isnat(values), "", values.astype("datetime64[D]").astype(str))
    distinct, places = np.unique(values.astype(np.float64), return_inverse=True)
    return np.array(["" if np.isnan(one) else f"{one:.15g}" for one in distinct.tolist()], dtype=np.str_)[places]


def as_truths(answer: Answer) -> Flags:
    """Return what counts as true: a number that is not nought, a text that is neither empty nor ``0``, a date."""
    values = answer.values
    if values.dtype.kind == "U":
        return np.asarray((values != "") & (values != "0"), dtype=bool)
    if values.dtype.kind == "b":
        return np.asarray(values, dtype=bool)
    present = known_values(values)
    return present if values.dtype.kind == "M" else np.asarray(present & (values != 0), dtype=bool)


# -- arithmetic


def calculated(sign: str, left: Answer, right: Answer) -> Answer:
    """Return a sum, difference, product or quotient; blank where a side is blank or the divisor is nought."""
    function = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide}[sign]
    with np.errstate(all="ignore"):
        values = function(as_numbers(left), as_numbers(right))
    return Answer(np.where(np.isfinite(values), values, np.nan), left.known & right.known)


def call(name: str, arguments: Sequence[Answer]) -> Answer:
    """Return the answer of a function that was parsed: its name is known and its arguments are as many as it takes."""
    if name in _OVER:
        return _over(_OVER[name], arguments)
    if name == "isblankormissingcode":
        blank = ~known_values(arguments[0].values)
        return Answer(blank, np.ones(len(blank), dtype=bool))
    with np.errstate(all="ignore"):
        values = _PLAIN[name](*arguments)
    known = arguments[0].known
    for argument in arguments[1:]:
        known = known & argument.known
    return Answer(values, known)


def _over(function: Callable[[Numbers], Any], arguments: Sequence[Answer]) -> Answer:
    """Apply a function over its arguments row by row, blanks passed over; blank where all are."""
    columns = np.broadcast_arrays(*(as_numbers(argument) for argument in arguments))
    table = np.array(columns)
    values = np.full(table.shape[1], np.nan)
    some = ~np.isnan(table).all(axis=0)
    if some.any():
        values[some] = function(table[:, some])
    known = np.broadcast_arrays(*(argument.known for argument in arguments))
    return Answer(values, np.asarray(np.array(known).all(axis=0), dtype=bool))


def _spread(table: Numbers) -> Numbers:
    """Return the standard deviation of a sample: of one value there is none."""
    counts = (~np.isnan(table)).sum(axis=0)
    deviations = np.nansum((table - np.nanmean(table, axis=0)) ** 2, axis=0)
    return np.where(counts > 1, np.sqrt(deviations / np.maximum(counts - 1, 1)), np.nan)


_OVER: Final[Mapping[str, Callable[[Numbers], Any]]] = MappingProxyType(
    {
        "sum": partial(np.nansum, axis=0),
        "mean": partial(np.nanmean, axis=0),
        "median": partial(np.nanmedian, axis=0),
        "min": partial(np.nanmin, axis=0),
        "max": partial(np.nanmax, axis=0),
        "stdev": _spread,
    }
)


def _rounded(how: Callable[[Numbers], Numbers], value: Answer, places: Answer | None = None) -> Numbers:
    """Round to decimal places: half away from nought, and what a float cannot hold exactly as if it could."""
    scale = 10.0 ** (as_numbers(places) if places is not None else np.zeros(1))
    numbers = as_numbers(value)
    whole = np.round(np.abs(numbers) * scale, 8)
    return np.asarray(np.sign(numbers) * how(whole) / scale, dtype=np.float64)


def _half_up(numbers: Numbers) -> Numbers:
    return np.floor(numbers + 0.5)


def _finite(values: Numbers) -> Numbers:
    return np.where(np.isfinite(values), values, np.nan)


def _logarithm(value: Answer, base: Answer | None = None) -> Numbers:
    natural = np.log(as_numbers(value))
    return _finite(natural / np.log(as_numbers(base)) if base is not None else natural)


# -- dates


def _difference(first: Answer, second: Answer, unit: Answer, *rest: Answer) -> Numbers:
    """Return the time between two dates; signed only where the last argument says so. A date order is told by the fields."""
    words = [str(argument.values[0]).casefold() for argument in rest]
    signed = any(word in ("true", "1.0", "1") for word in words)
    order = next((word for word in words if word in ("dmy", "mdy", "ymd")), "dmy")
    a, b = (_ordered(side.values, order) for side in (first, second))
    present = ~np.isnat(a) & ~np.isnat(b)
    days = np.where(present, (b - a).astype(np.int64).astype(np.float64), np.nan)
    found = days * 86400.0 / SECONDS.get(str(unit.values[0]), np.nan)
    return found if signed else np.abs(found)


def _ordered(values: Column, order: str) -> Column:
    if values.dtype.kind != "U":
        return as_dates(values)
    distinct, places = np.unique(values, return_inverse=True)
    return np.array([_date(text, order) for text in distinct.tolist()], dtype="datetime64[D]")[places]


def _moved(start: Answer, amount: Answer, unit: Answer) -> Column:
    day = as_dates(start.values)
    days = as_numbers(amount) * SECONDS.get(str(unit.values[0]), np.nan) / 86400.0
    fits = ~np.isnat(day) & (np.abs(days) < 1e6)
    return np.where(fits, day + np.where(fits, np.round(days), 0).astype("timedelta64[D]"), _NO_DATE)


def _part(value: Answer, part: str) -> Numbers:
    texts = as_texts(as_dates(value.values))
    place = {"year": slice(0, 4), "month": slice(5, 7), "day": slice(8, 10)}[part]
    return np.array([float(text[place]) if text else np.nan for text in texts.tolist()])


# -- texts


def _each(function: Callable[..., Any], *arguments: Answer) -> Column:
    """Apply a function of Python's to the texts of every row."""
    columns = np.broadcast_arrays(*(as_texts(argument.values) for argument in arguments))
    found = [function(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]
    return np.array(found) if found else np.array([], dtype=np.str_)


def _count(text: str) -> int:
    number = _number(text)
    return max(int(number), 0) if np.isfinite(number) else 0


def _texts(function: Callable[..., Any]) -> Callable[..., Column]:
    return partial(_each, function)


_PLAIN: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {
        "^": lambda base, power: _finite(as_numbers(base) ** as_numbers(power)),
        "round": partial(_rounded, _half_up),
        "roundup": partial(_rounded, np.ceil),
        "rounddown": partial(_rounded, np.floor),
        "sqrt": lambda value: _finite(np.sqrt(as_numbers(value))),
        "abs": lambda value: np.abs(as_numbers(value)),
        "exponential": lambda value: _finite(np.exp(as_numbers(value))),
        "log": _logarithm,
        "mod": lambda value, by: _finite(np.fmod(as_numbers(value), as_numbers(by))),
        "isnumber": lambda value: ~np.isnan(as_numbers(value)),
        "isinteger": lambda value: as_numbers(value) == np.round(as_numbers(value)),
        "datediff": _difference,
        "calcdate": _moved,
        "year": partial(_part, part="year"),
        "month": partial(_part, part="month"),
        "day": partial(_part, part="day"),
        "left": _texts(lambda text, count: text[: _count(count)]),
        "right": _texts(lambda text, count: text[-_count(count) :] if _count(count) else ""),
        "mid": _texts(lambda text, start, count: text[max(_count(start) - 1, 0) :][: _count(count)]),
        "length": _texts(lambda text: float(len(text))),
        "find": _texts(lambda wanted, text: float(text.casefold().find(wanted.casefold()) + 1)),
        "trim": _texts(str.strip),
        "upper": _texts(str.upper),
        "lower": _texts(str.lower),
        "concat": _texts(lambda *parts: "".join(parts)),
        "concat_ws": _texts(lambda mark, *parts: mark.join(part for part in parts if part)),
        "contains": _texts(lambda text, wanted: wanted.casefold() in text.casefold()),
        "not_contain": _texts(lambda text, wanted: wanted.casefold() not in text.casefold()),
        "starts_with": _texts(lambda text, wanted: text.casefold().startswith(wanted.casefold())),
        "ends_with": _texts(lambda text, wanted: text.casefold().endswith(wanted.casefold())),
        "replace_text": _texts(lambda text, old, new: text.replace(old, new) if old else text),
    }
)
