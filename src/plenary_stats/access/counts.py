"""Persons in a block of cells: service by year by area by sex by age; and the residents of the same areas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from plenary_stats.access.residence import MAPS, common_areas
from plenary_stats.areas import BANDS, SECOND_MAP, SEXES, Areas
from plenary_stats.measures.sheets import sexes
from plenary_stats.results import Numbers
from plenary_stats.tables import CaseTable, Column, Table

Geography = Literal["board", "common", "region"]
OLDEST: Final = 5 * (len(BANDS) - 1)


@dataclass(frozen=True)
class Residents:
    """Who lives where: ``persons`` is areas by sexes by age bands. ``region`` is each area's, ``neighbours`` pairs of positions.

    ``deprived`` is each area's share of residents in the most deprived national fifth, NaN where it is not known;
    ``standard`` the weight of each age band. Made by :func:`residents`, or by hand for areas of another country.
    """

    areas: tuple[str, ...]
    persons: Numbers
    region: tuple[str, ...] = ()
    neighbours: tuple[tuple[int, int], ...] = ()
    deprived: Numbers = field(default_factory=lambda: np.zeros(0))
    standard: Numbers = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        """Refuse what cannot be: other shapes, an area without people."""
        if self.persons.shape != (len(self.areas), len(SEXES), len(BANDS)) or not self.areas:
            raise ValueError(
                f"persons: {len(self.areas)} areas by {len(SEXES)} sexes by {len(BANDS)} age bands, one area at least."
            )
        if len(set(self.areas)) < len(self.areas):
            raise ValueError("areas: each only once.")
        if not np.isfinite(self.persons).all() or (self.persons < 0).any() or (self.persons.sum(axis=(1, 2)) <= 0).any():
            raise ValueError("persons: every area has people, and no cell is negative.")
        for name in ("region", "deprived"):
            if len(getattr(self, name)) not in {0, len(self.areas)}:
                raise ValueError(f"{name}: one an area, or none at all.")


def residents(areas: Areas, on: date, geography: Geography = "board", *, nations: Sequence[str] = ()) -> Residents:
    """Return the residents of England's areas on the map of a day, and of the other ``nations`` that are entitled to the service.

    ``common`` are the areas that both maps have (see :mod:`plenary_stats.access.residence`); ``board`` those of the day.
    Deprivation is published for the boards of 2022: those of 2026 have it where whole boards make them up, else nothing.
    """
    day = MAPS[1] if on >= SECOND_MAP else MAPS[0]
    groups = _groups(areas, day, geography)
    names = (*sorted(groups), *nations)
    codes = [groups.get(name, [name]) for name in names]
    persons = np.array(
        [[[_people(areas, each, day, sex, band) for band in BANDS] for sex in SEXES] for each in codes], dtype=float
    )
    place = {code: number for number, name in enumerate(names) for code in groups.get(name, ())}
    pairs = {
        (min(place[a], place[b]), max(place[a], place[b]))
        for a, b in areas.neighbour_pairs[areas.map_of(day)]
        if place[a] != place[b]
    }
    return Residents(
        areas=names,
        persons=persons,
        region=tuple(areas.region_of(each[0], day) or "" for each in codes),
        neighbours=tuple(sorted(pairs)),
        deprived=np.array([_deprived(areas, each, day) for each in codes]),
        standard=np.array([areas.standard[band] for band in BANDS], dtype=float),
    )


def _groups(areas: Areas, day: date, geography: Geography) -> dict[str, list[str]]:
    """Return the boards of the day in each area."""
    joined = common_areas(areas)
    found: dict[str, list[str]] = {}
    for board in areas.icbs(day):
        name = {"board": board.code, "common": joined[board.code, day], "region": areas.region_name(board.parent)}[geography]
        found.setdefault(name, []).append(board.code)
    return found


def _people(areas: Areas, codes: Sequence[str], day: date, sex: str, band: str) -> int:
    return sum(areas.population(code, day, sex, band) for code in codes)


def _deprived(areas: Areas, codes: Sequence[str], day: date) -> float:
    """Return the share of residents in the most deprived fifth, from the boards of 2022 that make up the area as a whole."""
    joined = common_areas(areas)
    names = {joined.get((code, day), "") for code in codes}
    parts = [board.code for board in areas.icbs(MAPS[0]) if joined[board.code, MAPS[0]] in names]
    whole = {board.code for board in areas.icbs(day) if joined[board.code, day] in names} == set(codes)
    if not parts or not (whole or day == MAPS[0]):
        return float("nan")
    fifths = np.array([areas.deprivation[code, "2025"] for code in (codes if day == MAPS[0] else parts)], dtype=float)
    return float(fifths[:, 0].sum() / fifths.sum())


# -- counting persons


@dataclass(frozen=True)
class Block:
    """Persons by service, year and area: ``every`` of them; ``known`` by sex and age too, where both are known.

    ``elsewhere`` (service by year) are those who live in none of the areas, or of whom it is not known.
    """

    services: tuple[str, ...]
    years: tuple[str, ...]
    every: Numbers
    known: Numbers
    elsewhere: Numbers

    def total(self) -> int:
        return int(self.every.sum() + self.elsewhere.sum())


def counted(
    cases: CaseTable | Table, people: Residents, *, services: Sequence[str] = (), years: Sequence[str] = (), where: Any = None
) -> Block:
    """Return the cases in cells. ``cases`` has the columns ``area`` (as in ``people``) and ``period``; ``sex`` and ``age`` where
    they are known, ``service`` where they are of several. ``where`` chooses rows. Services and years that are named stand in the
    block even if nobody is in them; others than those named are left out.
    """
    rows = np.ones(len(cases), dtype=bool) if where is None else np.asarray(where, dtype=bool)
    own = getattr(cases, "service", "")
    service, services = _placed(cases.columns.get("service", np.full(len(cases), own)), services)
    year, years = _placed(cases["period"], years)
    area, _ = _placed(cases["area"], people.areas)
    sex = _placed(sexes(cases), SEXES)[0] if "sex" in cases.columns else np.full(len(cases), -1)  # type: ignore[arg-type]
    band = _bands(cases["age"]) if "age" in cases.columns else np.full(len(cases), -1)
    chosen = rows & (service >= 0) & (year >= 0)
    here = chosen & (area >= 0)
    size = (len(services), len(years), len(people.areas))
    known = here & (sex >= 0) & (band >= 0)
    cells = (*size, len(SEXES), len(BANDS))
    return Block(
        tuple(services),
        tuple(years),
        _filled(size, (service, year, area), here),
        _filled(cells, (service, year, area, sex, band), known),
        _filled(size[:2], (service, year), chosen & (area < 0)),
    )


def _placed(column: Column, names: Sequence[str]) -> tuple[npt.NDArray[np.intp], Sequence[str]]:
    """Return each value's place among the names, -1 where it is none; without names those that occur, in their order."""
    values = column.tolist()
    if not len(names):
        names = sorted(set(values))
    place = {name: number for number, name in enumerate(names)}
    return np.fromiter((place.get(value, -1) for value in values), dtype=np.intp, count=len(values)), names


def _bands(age: Column) -> npt.NDArray[np.intp]:
    years = np.asarray(age, dtype=np.float64)
    known = np.isfinite(years) & (years >= 0)
    return np.where(known, np.minimum(np.where(known, years, 0), OLDEST) // 5, -1).astype(np.intp)


def _filled(size: tuple[int, ...], places: Sequence[npt.NDArray[np.intp]], rows: Column) -> Numbers:
    flat = np.ravel_multi_index(tuple(place[rows] for place in places), size)
    return np.bincount(flat, minlength=int(np.prod(size))).reshape(size).astype(np.float64)
