"""Areas of residence by date: nations, regions, integrated care boards, health boards, and who lives in them.

The facts stand in ``definitions/areas`` with their sources. Boards come, merge and split, so every question takes a date: the
map of 1 July 2022 has 42 integrated care boards, the map of 1 April 2026 has 36. Periods are half-open: ``valid_to`` is the
first day on which the area is no more.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Final, Literal

from plenary_stats.tables import TOTAL

ENGLAND: Final = "England"
BANDS: Final = (*(f"{low}-{low + 4}" for low in range(0, 90, 5)), "90+")
"""The 19 five-year age bands of the shipped populations."""

SEXES: Final = ("female", "male")

FIRST_MAP: Final = date(2022, 7, 1)
SECOND_MAP: Final = date(2026, 4, 1)

Kind = Literal["nation", "region", "icb", "board"]


@dataclass(frozen=True)
class Area:
    """One area as it stood between two dates. ``parent`` is the region of an ICB, the nation of a region or a health board."""

    code: str
    ons: str
    name: str
    kind: Kind
    parent: str
    latitude: float | None = None
    longitude: float | None = None
    valid_from: date | None = None
    valid_to: date | None = None

    def stood_on(self, on: date) -> bool:
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on < self.valid_to)


@dataclass(frozen=True)
class Succession:
    """One area's people passing to another. ``share`` is the part of the predecessor's residents; ``basis`` how it is known."""

    predecessor: str
    successor: str
    on: date
    kind: str
    share: float
    basis: str


@dataclass(frozen=True)
class Areas:
    """Every area in every version, with the questions that people ask of them."""

    every: tuple[Area, ...]
    successions: tuple[Succession, ...]
    persons: Mapping[tuple[str, date | None], Mapping[tuple[str, str], int]]
    """By area code and the version's first day, then by sex and age band."""
    neighbour_pairs: Mapping[str, tuple[tuple[str, str], ...]]
    """By map ("2022", "2026"): pairs of ICB codes that share a border on land."""
    tiles: Mapping[str, Mapping[str, tuple[int, int]]]
    """By map: the column and row of each ICB on the tile map."""
    deprivation: Mapping[tuple[str, str], tuple[int, ...]]
    """By ICB code of the map of 2022 and edition of the index: residents by fifth, most deprived first."""
    standard: Mapping[str, int] = field(default_factory=dict)
    """The European standard population of 2013 by age band."""

    @cached_property
    def _versions(self) -> Mapping[str, tuple[Area, ...]]:
        """Every name an area goes by, to its versions, oldest first."""
        found: dict[str, list[Area]] = {}
        for area in self.every:
            for key in {area.code, area.ons, area.name} - {""}:
                found.setdefault(key.casefold(), []).append(area)
        return {key: tuple(sorted(areas, key=lambda area: area.valid_from or date.min)) for key, areas in found.items()}

    @cached_property
    def regions(self) -> tuple[Area, ...]:
        return tuple(area for area in self.every if area.kind == "region")

    @cached_property
    def nations(self) -> tuple[Area, ...]:
        return tuple(area for area in self.every if area.kind == "nation")

    @cached_property
    def boards(self) -> tuple[Area, ...]:
        """The health boards and trusts of Scotland, Wales and Northern Ireland."""
        return tuple(area for area in self.every if area.kind == "board")

    def icbs(self, on: date) -> tuple[Area, ...]:
        """Return the integrated care boards that stood on that day: none before 1 July 2022."""
        return tuple(area for area in self.every if area.kind == "icb" and area.stood_on(on))

    def find(self, code: str, on: date | None = None) -> Area | None:
        """Return the area with that code, ONS code or name as it stood on the day, else its nearest version, else None.

        Codes are preferred as they are typed; letter case does not matter. A code that was abolished before the day (a late
        address, an old file) still finds its last version: a person's area must not vanish because a board did.
        """
        versions = self._versions.get(code.strip().casefold(), ())
        if not versions or on is None:
            return versions[-1] if versions else None
        standing = [area for area in versions if area.stood_on(on)]
        if standing:
            return standing[-1]
        return versions[0] if versions[0].valid_from and on < versions[0].valid_from else versions[-1]

    def region_of(self, code: str, on: date | None = None) -> str | None:
        """Return the name of the English region, or of the nation outside England, in which the area lies; None if unknown.

        An ICB of either map, a region, a devolved board and a devolved nation are all understood. "England" alone says too
        little and gives None.
        """
        area = self.find(code, on)
        if area is None or area.name == ENGLAND:
            return None
        if area.kind == "icb":
            return self.region_name(area.parent)
        return area.parent if area.kind == "board" else area.name

    def region_name(self, code: str) -> str:
        return next(region.name for region in self.regions if region.code == code)

    def region_by_area(self, on: date | None = None) -> dict[str, str]:
        """Return the region, or devolved nation, of every code and name that a case may carry as its area."""
        found: dict[str, str] = {}
        for area in self.every:
            region = self.region_of(area.code, on)
            if region:
                found.update(dict.fromkeys({area.code, area.ons, area.name} - {""}, region))
        return found

    @cached_property
    def standing(self) -> Mapping[str, tuple[tuple[date | None, date | None], ...]]:
        """By every code and name that a case may carry: the spans ``(from, to)`` in which an area of that name stood.

        The boards of the first map count for the time before it too: older cases carry the nearest code there is.
        """
        found: dict[str, list[tuple[date | None, date | None]]] = {}
        for area in self.every:
            since = None if area.valid_from == FIRST_MAP else area.valid_from
            for name in {area.code, area.ons, area.name} - {""}:
                found.setdefault(name, []).append((since, area.valid_to))
        return {name: tuple(spans) for name, spans in found.items()}

    def population(self, area: str, on: date, sex: str | None = None, band: str | None = None) -> int:
        """Return the residents (mid-2022 estimate) of an area on the map of the day: an ICB, a region, or a nation.

        Raises ``LookupError`` where the area is unknown, is a health board (published without sex and age), or did not stand
        on that day, and ``ValueError`` where the sex or the age band is not one of ours.
        """
        if (sex is not None and sex not in SEXES) or (band is not None and band not in BANDS):
            raise ValueError(f"Sex is one of {', '.join(SEXES)}; age bands are 0-4, 5-9 … 85-89, 90+.")
        counts = self._residents(area, on)
        return sum(
            persons for (one_sex, one_band), persons in counts.items() if sex in {None, one_sex} and band in {None, one_band}
        )

    def populations(self, on: date) -> Iterator[tuple[str, str, str, int]]:
        """Yield (area name, sex, age band, persons) for England, its regions and the other nations, without margins."""
        for area in (*self.nations, *self.regions):
            for (sex, band), persons in sorted(self._residents(area.code, on).items(), key=_by_sex_and_age):
                yield area.name, sex, band, persons

    def population_by_area(self, on: date) -> dict[str, int]:
        """Return all residents by the name of the region or devolved nation, and their sum under "Total"."""
        found = {area.name: self.population(area.code, on) for area in (*self.regions, *self.nations) if area.name != ENGLAND}
        return found | {TOTAL: sum(found.values())}

    def successors(self, code: str) -> tuple[Succession, ...]:
        return tuple(one for one in self.successions if one.predecessor == code)

    def predecessors(self, code: str) -> tuple[Succession, ...]:
        return tuple(one for one in self.successions if one.successor == code)

    def map_of(self, on: date) -> str:
        """Return the name of the map in force: "2022" until 31 March 2026, "2026" after."""
        return "2026" if on >= SECOND_MAP else "2022"

    def _residents(self, code: str, on: date) -> Mapping[tuple[str, str], int]:
        area = self.find(code, on)
        if area is None or (area.kind == "icb" and not area.stood_on(on)):
            raise LookupError(f"No area {code} on {on.isoformat()}.")
        if area.kind == "region":
            standing = self.icbs(max(on, FIRST_MAP))  # a region is older than its boards
            return _sum([self.persons[icb.code, icb.valid_from] for icb in standing if icb.parent == area.code])
        key = (area.name if area.kind == "nation" else area.code, area.valid_from)
        if key not in self.persons:
            raise LookupError(f"No population by sex and age for {area.name}.")
        return self.persons[key]


def _sum(parts: list[Mapping[tuple[str, str], int]]) -> dict[tuple[str, str], int]:
    total: dict[tuple[str, str], int] = {}
    for part in parts:
        for key, persons in part.items():
            total[key] = total.get(key, 0) + persons
    return total


def _by_sex_and_age(item: tuple[tuple[str, str], int]) -> tuple[str, int]:
    (sex, band), _ = item
    return sex, BANDS.index(band)


def read_areas(folder: Path) -> Areas:
    """Read ``definitions/areas``. Raises ``FileNotFoundError`` or ``ValueError`` where the folder is not whole."""
    return Areas(
        every=(*_nations(folder), *_regions(folder), *_icbs(folder), *_boards(folder)),
        successions=tuple(
            Succession(
                row["predecessor"],
                row["successor"],
                date.fromisoformat(row["on"]),
                row["kind"],
                float(row["share"]),
                row["basis"],
            )
            for row in rows(folder / "successions.csv")
        ),
        persons=_persons(folder),
        neighbour_pairs=_neighbours(folder),
        tiles={
            name: {row["code"]: (int(row["column"]), int(row["row"])) for row in rows(folder / f"tiles_{name}.csv")}
            for name in ("2022", "2026")
        },
        deprivation={
            (row["icb"], row["edition"]): tuple(int(row[f"quintile_{fifth}"]) for fifth in range(1, 6))
            for row in rows(folder / "deprivation.csv")
        },
        standard={row["age_band"]: int(row["persons"]) for row in rows(folder / "standard_population.csv")},
    )


def rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of one of our CSV files. Raises ``ValueError`` where a row has too few or too many cells."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *lines = csv.reader(file)
        return [dict(zip(header, line, strict=True)) for line in lines]


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _nations(folder: Path) -> Iterator[Area]:
    for row in rows(folder / "nations.csv"):
        yield Area(row["code"], row["code"], row["name"], "nation", "")


def _regions(folder: Path) -> Iterator[Area]:
    for row in rows(folder / "regions.csv"):
        yield Area(row["code"], row["ons"], row["name"], "region", ENGLAND, float(row["latitude"]), float(row["longitude"]))


def _icbs(folder: Path) -> Iterator[Area]:
    for row in rows(folder / "icbs.csv"):
        yield Area(
            row["code"],
            row["ons"],
            row["name"],
            "icb",
            row["region"],
            float(row["latitude"]),
            float(row["longitude"]),
            _day(row["valid_from"]),
            _day(row["valid_to"]),
        )


def _boards(folder: Path) -> Iterator[Area]:
    for row in rows(folder / "boards.csv"):
        yield Area(row["code"], row["ons"], row["name"], "board", row["nation"], float(row["latitude"]), float(row["longitude"]))


def _persons(folder: Path) -> dict[tuple[str, date | None], dict[tuple[str, str], int]]:
    found: dict[tuple[str, date | None], dict[tuple[str, str], int]] = {}
    for row in rows(folder / "populations.csv"):
        counts = found.setdefault((row["area"], _day(row["valid_from"])), {})
        counts.update({(row["sex"], band): int(row[band]) for band in BANDS})
    return found


def _neighbours(folder: Path) -> dict[str, tuple[tuple[str, str], ...]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for row in rows(folder / "neighbours.csv"):
        if row["kind"] == "land":
            found.setdefault(row["map"], []).append((row["a"], row["b"]))
    return {name: tuple(pairs) for name, pairs in found.items()}
