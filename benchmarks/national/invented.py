"""SYNTHETIC national data with known truth: patients, their hospital episodes, and the case series, each with its own errors.

Nobody in them exists: NHS numbers are of the range reserved for tests (999…). The errors are of the kinds that linkage studies
name (missing and mistyped numbers, exchanged days and months, moves, transfers, twins); their rates are assumed.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

LABEL = "synthetic"
AREAS = tuple(f"Q{letter}{other}" for letter in "ABCDEF" for other in "ABCDEFG")
YEAR = np.datetime64("2025-04-01")


@dataclass(frozen=True)
class Errors:
    """How often each error befalls a record of one source."""

    nhs_missing: float = 0.05
    nhs_mistyped: float = 0.005
    nhs_of_another: float = 0.0005
    local_missing: float = 0.05
    local_wrong: float = 0.01
    birth_missing: float = 0.005
    birth_part_wrong: float = 0.007
    birth_exchanged: float = 0.003
    birth_wrong: float = 0.001
    sex_wrong: float = 0.003
    sex_missing: float = 0.005
    moved: float = 0.04
    area_missing: float = 0.02
    transferred: float = 0.02


@dataclass(frozen=True)
class Nation:
    """What a synthetic nation is made of."""

    services: int = 12
    patients: int = 250
    centres: int = 6
    in_hospital: float = 0.95
    in_series: float = 0.93
    twins: float = 0.01
    noise: int = 20
    hospital: Errors = field(default_factory=Errors)
    series: Errors = field(default_factory=lambda: Errors(nhs_missing=0.03, local_missing=0.3))


@dataclass(frozen=True)
class Invented:
    """The files, and the truth: the event of every record and of every case; ``events`` are all that there were."""

    episodes: Path
    rules: Path
    cases: Path
    of_record: dict[str, int]
    of_case: dict[tuple[str, str, str], int]
    events: int

    @property
    def in_both(self) -> set[int]:
        return set(self.of_record.values()) & set(self.of_case.values())


def invent(folder: Path, nation: Nation | None = None, seed: int = 1) -> Invented:
    """Write the files of a synthetic nation into a folder, and return them with the truth."""
    chosen = nation or Nation()
    draw = np.random.default_rng(seed)
    people = _people(draw, chosen)
    episodes, of_record = _episodes(draw, chosen, people)
    cases, of_case = _cases(draw, chosen, people)
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / f"{LABEL}-episodes.csv", EPISODE, episodes)
    _write(folder / f"{LABEL}-cases.csv", CASE, cases)
    (folder / "rules").mkdir(exist_ok=True)
    for service in range(chosen.services):
        (folder / "rules" / f"{_service(service)}.toml").write_text(_rules(service), encoding="utf-8")
    return Invented(
        folder / f"{LABEL}-episodes.csv", folder / "rules", folder / f"{LABEL}-cases.csv", of_record, of_case, len(people["nhs"])
    )


EPISODE = (
    "EPIKEY", "NEWNHSNO", "LOPATID", "PROCODET", "EPISTART", "DOB", "SEX", "ICB_RESIDENCE", "MAINSPEF", "DIAG_01", "DIAG_02",
    "OPERTN_01", "NAME",
)  # fmt: skip
CASE = ("service", "centre", "case_id", "nhs_number", "local_id", "birth_date", "sex", "area", "event_date")


def _service(number: int) -> str:
    return f"synthetic-{number:02d}"


def _code(number: int) -> str:
    return f"{'ABCDEFGHIJ'[number // 10]}{number % 10}9{number % 7}"


def _rules(number: int) -> str:
    return f"""# SYNTHETIC
name = "identification"
service = "{_service(number)}"
version = "1"
valid_from = 2017-04-01
proposed = true
window_days = {(0, 60)[number % 2]}

[[rule]]
id = "code"
label = "The invented illness"

[rule.include]
diagnosis = ["{_code(number)}"]
"""


def nhs_numbers(draw: np.random.Generator, number: int) -> np.ndarray:
    """Return so many different NHS numbers of the range that is reserved for invented patients."""
    bodies = draw.choice(1_000_000, size=min(1_000_000, int(number * 1.2) + 50), replace=False) + 999_000_000
    digits = np.array([list(map(int, str(body))) for body in bodies.tolist()])
    last = (11 - digits @ np.arange(10, 1, -1) % 11) % 11
    found = [f"{body}{check}" for body, check in zip(bodies.tolist(), last.tolist(), strict=True) if check < 10]
    return np.array(found[:number])


def _people(draw: np.random.Generator, nation: Nation) -> dict[str, Any]:
    """Return one row an event. Twins share the birth date, the area, the centre and nearly the day."""
    number = nation.services * nation.patients
    service = np.repeat(np.arange(nation.services), nation.patients)
    area = draw.integers(len(AREAS), size=number)
    youngest = np.where(service % 3 == 0, 0, 16 * 365)
    span = np.where(service % 3 == 0, 16 * 365, 60 * 365)
    people = {
        "service": service,
        "nhs": nhs_numbers(draw, number),
        "local": draw.permutation(9_000_000)[:number] + 1_000_000,
        "born": YEAR - youngest - (draw.random(number) * span).astype(int),
        "sex": draw.integers(1, 3, size=number),
        "area": area,
        "centre": np.where(draw.random(number) < 0.85, area % nation.centres, draw.integers(nation.centres, size=number)),
        "on": YEAR + draw.integers(365, size=number),
    }
    twin = np.flatnonzero((draw.random(number - 1) < nation.twins) & (service[1:] == service[:-1])) + 1
    for name in ("born", "area", "centre"):
        people[name][twin] = people[name][twin - 1]
    people["on"][twin] = people["on"][twin - 1] + draw.integers(-2, 3, size=len(twin))
    people["born"] = np.minimum(people["born"], people["on"])
    return people


def _centre(service: int, number: int) -> str:
    return f"R{service % 10}{'ABCDEFGHIJ'[number]}"


def _episodes(draw: np.random.Generator, nation: Nation, people: dict[str, Any]) -> tuple[list[list[Any]], dict[str, int]]:
    rows: list[list[Any]] = []
    events = []
    for event in np.flatnonzero(draw.random(len(people["nhs"])) < nation.in_hospital).tolist():
        for number in range(int(draw.choice([1, 2, 3], p=[0.75, 0.2, 0.05]))):
            seen = _seen(draw, nation.hospital, people, event)
            day = people["on"][event] + 2 * number
            code = _code(int(people["service"][event]))
            codes = [code, "I10X"] if draw.random() < 0.7 else ["J189", code]
            site = _centre(int(people["service"][event]), int(people["centre"][event])) + "01"
            rows.append(
                [seen["nhs"], seen["local"], site, day, seen["born"], seen["sex"], seen["area"], "300", *codes, "", "Synthetic"]
            )
            events.append(event)
    for _ in range(nation.noise * nation.services):
        born, day = YEAR - int(draw.integers(36_500)), YEAR + int(draw.integers(365))
        rows.append(["", "", "RXX01", day, born, 1, AREAS[0], "300", "Z999", "", "", "Synthetic"])
        events.append(-1)
    keys = draw.permutation(len(rows)) + 500_000_000_000
    named = sorted([str(key), *row] for key, row in zip(keys.tolist(), rows, strict=True))
    return named, {str(key): event for key, event in zip(keys.tolist(), events, strict=True) if event >= 0}


def _cases(
    draw: np.random.Generator, nation: Nation, people: dict[str, Any]
) -> tuple[list[list[Any]], dict[tuple[str, str, str], int]]:
    rows: list[list[Any]] = []
    of_case: dict[tuple[str, str, str], int] = {}
    words = {"1": "male", "2": "female", "9": ""}
    for event in draw.permutation(np.flatnonzero(draw.random(len(people["nhs"])) < nation.in_series)).tolist():
        seen = _seen(draw, nation.series, people, event)
        away = draw.choice([0, 3, 31, 59], p=[0.6, 0.25, 0.12, 0.03])
        day = people["on"][event] + int(draw.integers(-away, away + 1))
        service, centre = int(people["service"][event]), int(people["centre"][event])
        if draw.random() < nation.series.transferred:
            centre, seen["local"] = int(draw.integers(nation.centres)), str(int(draw.integers(1_000_000, 9_999_999)))
        key = (_service(service), _centre(service, centre), f"C{len(rows):06d}")
        of_case[key] = event
        rows.append([*key, seen["nhs"], seen["local"], seen["born"], words[str(seen["sex"])], seen["area"], day])
    return rows, of_case


def _seen(draw: np.random.Generator, errors: Errors, people: dict[str, Any], event: int) -> dict[str, Any]:
    """Return what a source writes of a person, errors and all."""
    chance = draw.random(12)
    nhs = str(people["nhs"][event])
    if chance[0] < errors.nhs_missing:
        nhs = ""
    elif chance[0] < errors.nhs_missing + errors.nhs_mistyped:
        place = int(draw.integers(3, 10))
        nhs = nhs[:place] + str((int(nhs[place]) + int(draw.integers(1, 10))) % 10) + nhs[place + 1 :]
    elif chance[0] < errors.nhs_missing + errors.nhs_mistyped + errors.nhs_of_another:
        nhs = str(draw.choice(people["nhs"]))
    local = "" if chance[1] < errors.local_missing else str(people["local"][event] + (7 if chance[2] < errors.local_wrong else 0))
    sex = (
        9
        if chance[3] < errors.sex_missing
        else (3 - people["sex"][event] if chance[4] < errors.sex_wrong else people["sex"][event])
    )
    area = AREAS[int(draw.integers(len(AREAS))) if chance[5] < errors.moved else int(people["area"][event])]
    return {
        "nhs": nhs, "local": local, "sex": int(sex), "area": "" if chance[6] < errors.area_missing else area,
        "born": _born(draw, errors, people["born"][event], float(chance[7])),
    }  # fmt: skip


def _born(draw: np.random.Generator, errors: Errors, born: Any, chance: float) -> Any:
    if chance < errors.birth_missing:
        return ""
    chance -= errors.birth_missing
    year, month, day = (int(part) for part in str(born).split("-"))
    if chance < errors.birth_exchanged and day <= 12:
        return f"{year:04d}-{day:02d}-{month:02d}"
    chance -= errors.birth_exchanged
    if 0 <= chance < errors.birth_part_wrong:
        part = int(draw.integers(3))
        wrong = (year - 1, month % 12 + 1, day % 28 + 1)[part]
        parts = [wrong if place == part else value for place, value in enumerate((year, month, min(day, 28)))]
        return "{:04d}-{:02d}-{:02d}".format(*parts)
    chance -= errors.birth_part_wrong
    return born - int(draw.integers(400, 9_000)) if 0 <= chance < errors.birth_wrong else born


def _write(path: Path, headings: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(headings)
        writer.writerows(rows)
