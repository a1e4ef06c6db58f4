"""Where people lived on the date of care: the board of that day's map, its region, and the area that both maps have in common.

England had 42 integrated care boards until 31 March 2026 and has 36 since, some of them made of parts of others. A series that
spans both is counted in *common areas*: the smallest areas that are made of whole boards on either map. Nobody is moved there,
so totals before and after are the same whole numbers. Shares of residents (``crosswalk``) are for populations and for looking
ahead, never for persons.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np

from plenary_stats.areas import BANDS, ENGLAND, FIRST_MAP, SECOND_MAP, SEXES, Area, Areas
from plenary_stats.measures.sheets import NOT_KNOWN
from plenary_stats.tables import Column

LAST_OF_FIRST: Final = SECOND_MAP - timedelta(days=1)
MAPS: Final = (LAST_OF_FIRST, SECOND_MAP)
"""A day on each map."""

FAULTS: Final = {
    "missing": "No area of residence was given.",
    "unknown": "The area of residence is none that we know.",
    "abolished": "The board was no more on the date of care, and its people went to several.",
    "not-yet": "The board did not stand yet on the date of care, and its people came from several.",
    "renumbered": "The board was no more, or not yet, on the date of care; it has one successor or predecessor, which was taken.",
    "region-only": "Only the region of residence was given.",
    "nation-only": "Only England was given.",
}


@dataclass(frozen=True)
class Residence:
    """One text a person: ``board`` (a devolved nation stands for its boards), ``region``, ``common``; ``fault`` is empty or a key
    of :data:`FAULTS`. What is not known reads "Not known".
    """

    board: Column
    region: Column
    common: Column
    fault: Column

    def faults(self) -> dict[str, int]:
        """Return how many persons have each fault, those that occur only."""
        kinds, number = np.unique(self.fault[self.fault != ""], return_counts=True)
        return dict(zip(kinds.tolist(), number.tolist(), strict=True))


def residence(areas: Areas, area: Any, on: Any) -> Residence:
    """Return where each person lived: ``area`` codes or names as they were given, ``on`` the dates of care.

    A person keeps the board of the day: a later change of the map moves nobody. Raises ``ValueError`` where the two differ in
    length, or a date is missing: without one there is no telling which map holds.
    """
    given = np.asarray(area, dtype=np.str_)
    days = np.asarray(on, dtype="datetime64[D]")
    if given.shape != days.shape or given.ndim != 1:
        raise ValueError("area and on: one area and one date of care a person.")
    if np.isnat(days).any():
        raise ValueError("on: every person needs a date of care; leave out those without one, and say how many.")
    later = days >= np.datetime64(SECOND_MAP)
    keys, place = _paired(given, later)
    joined = common_areas(areas)
    found = np.array([_resolved(areas, code, MAPS[second], joined) for code, second in keys], dtype=np.str_).reshape(-1, 4)
    return Residence(*(found[place, part] for part in range(4)))


def _paired(given: Column, later: Column) -> tuple[list[tuple[str, bool]], Column]:
    """Return the distinct pairs of area and map, and each person's place among them."""
    seen: dict[tuple[str, bool], int] = {}
    pairs = zip(given.tolist(), later.tolist(), strict=True)
    place = np.fromiter((seen.setdefault(pair, len(seen)) for pair in pairs), dtype=np.intp, count=len(given))
    return list(seen), place


def _resolved(areas: Areas, code: str, on: date, joined: Mapping[tuple[str, date], str]) -> tuple[str, str, str, str]:
    """Return board, region, common area and fault of one code on one map."""
    nowhere = (NOT_KNOWN, NOT_KNOWN, NOT_KNOWN)
    if not code.strip():
        return *nowhere, "missing"
    area = areas.find(code, on)
    if area is None or area.name == ENGLAND:
        return *nowhere, "unknown" if area is None else "nation-only"
    region = areas.region_of(area.code, on) or NOT_KNOWN
    if area.kind == "region":
        return NOT_KNOWN, region, NOT_KNOWN, "region-only"
    if area.kind in {"board", "nation"}:
        return region, region, region, ""
    if (area.code, on) in joined:
        return area.code, region, joined[area.code, on], ""
    return _other_map(areas, area, on, joined)


def _other_map(areas: Areas, area: Area, on: date, joined: Mapping[tuple[str, date], str]) -> tuple[str, str, str, str]:
    """Return the same for a board that stands on the other map only: its one heir, else what all its heirs have in common."""
    then = next(day for day in MAPS if day != on)
    heirs = [old if on == LAST_OF_FIRST else new for old, new, _ in links(areas) if area.code in {old, new}]
    regions = {areas.region_of(heir, on) or NOT_KNOWN for heir in heirs}
    region = regions.pop() if len(regions) == 1 else NOT_KNOWN
    if len(heirs) == 1:
        return heirs[0], region, joined[heirs[0], on], "renumbered"
    return NOT_KNOWN, region, joined[area.code, then], "abolished" if on == SECOND_MAP else "not-yet"


# -- what the two maps have in common


def links(areas: Areas) -> list[tuple[str, str, float]]:
    """Return (board of 2022, board of 2026, share of the first's people), a board that stayed being its own heir."""
    first, second = ({board.code for board in areas.icbs(day)} for day in MAPS)
    changed = [(one.predecessor, one.successor, one.share) for one in areas.successions]
    left = {old for old, _, _ in changed}
    return [*changed, *((code, code, 1.0) for code in sorted(first & second - left))]


def common_areas(areas: Areas) -> dict[tuple[str, date], str]:
    """Return, for each board and map (a day of :data:`MAPS`), the smallest area made of whole boards on both maps.

    A board that neither gave nor gained people is its own; the others are named by the codes of the later boards in them.
    """
    head: dict[tuple[str, date], tuple[str, date]] = {}

    def find(key: tuple[str, date]) -> tuple[str, date]:
        while head.setdefault(key, key) != key:
            key = head[key]
        return key

    for day in MAPS:
        for board in areas.icbs(day):
            find((board.code, day))
    for old, new, _ in links(areas):
        head[find((old, LAST_OF_FIRST))] = find((new, SECOND_MAP))
    together: dict[tuple[str, date], set[str]] = {}
    for code, day in list(head):
        together.setdefault(find((code, day)), set()).update({code} if day == SECOND_MAP else ())
    return {key: "+".join(sorted(together[find(key)])) for key in head}


def crosswalk(areas: Areas, counts: Mapping[str, float]) -> dict[str, float]:
    """Return numbers by board of 2022 as numbers by board of 2026, shared out by residents: parts of persons, with the same sum.

    For populations and expected numbers. Persons are counted in common areas, which need no shares. Raises ``ValueError`` for a
    board that is not of the first map.
    """
    shared: dict[str, float] = {}
    for old, new, share in links(areas):
        shared[new] = shared.get(new, 0.0) + counts.get(old, 0.0) * share
    unknown = set(counts) - {old for old, _, _ in links(areas)}
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))}: no board of the map of 2022.")
    return shared


# -- faults of the maps themselves


def faults_of_maps(areas: Areas, tolerance: float = 1e-3) -> list[str]:
    """Return what is wrong with the successions and populations of the two maps, in words; nothing where they hold together.

    Shares are published to four places, so their sum may miss 1 by ``tolerance``.
    """
    first, second = ({board.code for board in areas.icbs(day)} for day in MAPS)
    found = []
    shares: dict[str, float] = {}
    for old, new, share in links(areas):
        shares[old] = shares.get(old, 0.0) + share
        found += [f"{old} → {new}: {old} is no board of the first map."] if old not in first else []
        found += [f"{old} → {new}: {new} is no board of the second map."] if new not in second else []
        found += [f"{old} → {new}: {share} is no share of its people."] if not 0 < share <= 1 else []
    found += [f"{old}: its shares add up to {total:g}, not to 1." for old, total in shares.items() if abs(total - 1) > tolerance]
    found += [f"{code}: it ended, and its people went nowhere." for code in sorted(first - second - set(shares))]
    found += [f"{code}: it began, and nobody came." for code in sorted(second - {new for _, new, _ in links(areas)})]
    nowhere = {code for old, new, _ in links(areas) for code in ({old} - first) | ({new} - second)}
    return found if nowhere else found + _unequal_people(areas)


def _unequal_people(areas: Areas) -> list[str]:
    """Return the common areas whose residents of a sex and age differ between the maps by more than whole boards could."""
    joined = common_areas(areas)
    people: dict[str, list[int]] = {}
    found = []
    for sex in SEXES:
        for band in BANDS:
            people.clear()
            for (code, day), name in joined.items():
                people.setdefault(name, [0, 0])[day == SECOND_MAP] += areas.population(code, max(day, FIRST_MAP), sex, band)
            unequal = {name: pair for name, pair in people.items() if pair[0] != pair[1]}
            found += [f"{name}: {old} and then {new} residents, {sex} {band}." for name, (old, new) in unequal.items()]
    return found
