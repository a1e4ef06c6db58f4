"""How long people travel: along a straight line at an assumed speed, or by a table of times worked out on a network.

A straight line is an assumption, and says so wherever it is shown. A table of times replaces it: one line for each pair of
place and site, as routing programs and timetables give them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from plenary_stats.errors import InputError
from plenary_stats.location.ground import great_circle_km
from plenary_stats.results import Numbers, numbers

SPEED_KMH: Final = 60.0
DETOUR: Final = 1.3
"""Roads are longer than straight lines: by about three tenths in developed countries."""

COLUMNS: Final = ("place", "site", "minutes")
_SHOWN: Final = 3


@dataclass(frozen=True)
class Travel:
    """Minutes from places (rows) to sites (columns), and one sentence that says where they come from."""

    minutes: Numbers
    says: str
    assumed: bool


def straight_line(
    latitude: Any, longitude: Any, latitudes: Any, longitudes: Any, *, speed: float = SPEED_KMH, detour: float = DETOUR
) -> Travel:
    """Return the minutes from places to sites (latitudes, longitudes) along a straight line, times ``detour``, at ``speed`` km/h.

    Raises ``ValueError`` for a missing coordinate, a speed that is not above 0, or a detour below 1.
    """
    if not speed > 0 or not detour >= 1 or not np.isfinite([speed, detour]).all():
        raise ValueError("speed and detour: kilometres an hour above 0, and a factor from 1 up.")
    here = numbers(latitude, "latitude")[:, None], numbers(longitude, "longitude")[:, None]
    there = numbers(latitudes, "latitudes")[None, :], numbers(longitudes, "longitudes")[None, :]
    km = great_circle_km(*here, *there)
    says = f"Straight line, {detour:g} times longer for roads, at {speed:g} km an hour: an assumption, no journey."
    return Travel(km * detour / speed * 60, says, assumed=True)


def read_times(content: bytes, places: Sequence[str], sites: Sequence[str], *, source: str = "a table of travel times") -> Travel:
    """Return the minutes of a CSV file with the columns ``place, site, minutes``: one line a pair, every pair once.

    Lines of other places and sites are passed over. Raises ``InputError`` that names line, column and remedy where the file
    cannot be used: no such columns, a time that is no number from 0 up, a pair twice, a pair that is missing.
    """
    found = np.full((len(places), len(sites)), np.nan)
    rows, columns = ({name: number for number, name in enumerate(names)} for names in (places, sites))
    for number, line in enumerate(_lines(content), 2):
        row, column = rows.get((line["place"] or "").strip()), columns.get((line["site"] or "").strip())
        if row is None or column is None:
            continue
        if not np.isnan(found[row, column]):
            raise InputError(f"Line {number}: the pair {line['place']}, {line['site']} stands twice. Keep one of the lines.")
        found[row, column] = _minutes(line["minutes"], number)
    missing = np.argwhere(np.isnan(found))
    if len(missing):
        some = "; ".join(f"{places[row]} to {sites[column]}" for row, column in missing[:_SHOWN].tolist())
        more = f" and {len(missing) - _SHOWN:,} more" if len(missing) > _SHOWN else ""
        raise InputError(f"Times are missing: {some}{more}. Give a line for each place and site.")
    return Travel(found, f"Travel times from {source}.", assumed=False)


def _lines(content: bytes) -> list[Mapping[str, str | None]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"The file of times is not UTF-8 at byte {error.start}. Save it as CSV UTF-8.") from None
    try:
        lines = list(csv.DictReader(io.StringIO(text, newline=""), restval=""))
    except csv.Error as error:
        raise InputError(f"The file of times is no CSV: {error}. Save it as CSV UTF-8.") from None
    lacking = [name for name in COLUMNS if not lines or name not in lines[0]]
    if lacking:
        raise InputError(f"The file of times lacks the column '{lacking[0]}'. Its first line reads: {','.join(COLUMNS)}.")
    return list(lines)


def _minutes(text: str | None, number: int) -> float:
    try:
        value = float(text or "")
    except ValueError:
        value = float("nan")
    if not 0 <= value < float("inf"):
        raise InputError(f"Line {number}, column minutes: '{(text or '')[:40]}' is no time. Write minutes as a number from 0 up.")
    return value
