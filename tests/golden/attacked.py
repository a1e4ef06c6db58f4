"""Editions to be attacked: invented worlds and nasty little folders, built year after year, with the truth kept beside them."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

from plenary.cli import edition
from plenary.demo import world
from plenary.editions.render import content, data, write
from plenary_stats import folder
from plenary_stats.disclosure import Policy
from tests.golden import attacker

DICTIONARY = """Variable / Field Name,Form Name,Field Type,Field Label,"Choices, Calculations, OR Slider Labels",\
Text Validation Type OR Show Slider Number,Required Field?,Field Annotation
case_id,case,text,Case,,,y,
centre,case,text,Centre,,,y,
seen,case,text,Seen,,date_ymd,y,@INDEXDATE
sex,case,radio,Sex,"female, Female | male, Male",,,
area,case,text,Area,,,,
age,case,text,Age,,number,,
good,case,radio,Good,"yes, Yes | no, No",,,
days,case,text,Days,,number,,
dead,case,radio,Dead,"yes, Yes | no, No",,,
"""
OUTCOMES = """service = "one"
version = "2025-1"
agreed_on = 2025-01-01

[[outcome]]
id = "good"
label = "Good"
measure = "proportion"
met = "good = 'yes'"
by = ["centre", "sex", "age_band"]
window_years = 3

[[outcome]]
id = "alive"
label = "Alive"
measure = "survival"
start = 0
end = "days"
event = "dead = 'yes'"
at = ["30d", "1y"]
by = ["centre", "sex"]

[[outcome]]
id = "stay"
label = "Stay"
measure = "median"
value = "days"
by = ["centre"]
"""
AREAS = ("QMJ", "QOP", "QF7", "QHM", "QWO", "QUA", "QE1")
"""Boards in three regions of England."""


@dataclass(frozen=True)
class Published:
    """One edition as its readers have it, and what only its makers know."""

    files: Mapping[str, bytes]
    truth: Mapping[str, list[attacker.Row]]


def build(source: Path, out: Path, previous: Sequence[Path] = (), note: str = "", **policy: object) -> Published:
    """Build the data of an edition as the command does, under a policy that differs from the house's as told.

    Its pages, PDF and slides are attacked in a test of their own.
    """
    collection, findings = folder.read(source, areas=edition.registry.known_areas())
    assert not findings.blocking, findings.blocking
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(edition.releases, "Policy", partial(Policy, **policy))
        inputs = edition.inputs_of(collection, previous=previous, note=note)
    document = content.build(inputs)
    made = dict(data.render(inputs))
    made |= {"edition.json": write.canonical(document), "disclosure.json": write.audit(made, inputs)}
    made[write.MANIFEST] = write.canonical(write._manifest(made, document, inputs))
    for path, words in made.items():
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        (out / path).write_bytes(words)
    return Published(made, truth_of(collection))


def truth_of(collection: folder.Collection) -> dict[str, list[attacker.Row]]:
    """Return the rows of the results before anything was withheld."""
    found: dict[str, list[attacker.Row]] = {}
    for table in edition.results_of(collection):
        for row in table.rows():
            words = {name: "" if value != value else str(value) for name, value in row.items()}
            found.setdefault(table.name, []).append(words)
    return found


def invented(place: Path, *, seed: int, services: int, years: int, cases: int) -> list[Path]:
    """Write a world and return one folder for each of its years, each with the cases up to then."""
    made = world.invent(seed=seed, services=services, years=years, cases_per_year=cases)
    world.write(made, place / "all")
    return [as_of(place / "all", place / start.isoformat(), start) for start in made.years]


def as_of(source: Path, out: Path, start) -> Path:
    shutil.copytree(source, out)
    end = start.replace(year=start.year + 1)
    head = (out / "collection.toml").read_text()
    for name, value in (("label", f'"{world.year_label(start)}"'), ("period_start", start), ("period_end", end)):
        head = re.sub(f"(?m)^{name} = .*$", f"{name} = {value}", head)
    (out / "collection.toml").write_text(head)
    for file in out.glob("*/cases-*.csv"):
        if int(file.stem[6:10]) > start.year:
            file.unlink()
            (file.parent / "expected.csv").unlink(missing_ok=True)
        else:
            _seen_until(file, end.isoformat())
    return out


def _seen_until(file: Path, day: str) -> None:
    """Take out of a file what had not happened by that day."""
    with file.open(newline="", encoding="utf-8") as opened:
        rows = list(csv.DictReader(opened))
    for row in rows:
        for name in [name for name in row if name.endswith("_date") and row[name] > day]:
            row[name] = day if name == "last_seen_date" else ""
            row["vital_status"] = "alive"
    with file.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.DictWriter(opened, list(rows[0]) if rows else ["case_id"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def small_folder(
    out: Path,
    cases: Iterable[Mapping[str, object]],
    *,
    year: int = 2025,
    centres: Sequence[str] = (),
    label: str = "",
    spend: Mapping[str, float] = MappingProxyType({}),
) -> Path:
    """Write a folder of one service with the given cases; or of several, where cases name their ``service``.

    ``label`` of a financial year (2025/26) makes it begin in April.
    """
    by_service: dict[str, list[Mapping[str, object]]] = defaultdict(list)
    for row in cases:
        by_service[str(row.get("service", "one"))].append(row)
    label, start = label or str(year), f"{year}-04-01" if "/" in label else f"{year}-01-01"
    out.mkdir(parents=True)
    (out / "collection.toml").write_text(
        f'label = "{label}"\nperiod_start = {start}\nperiod_end = {year + 1}{start[4:]}\nnation = "England"\nthreshold = 30\n'
    )
    services = "".join(f"{slug},{slug.title()},Test,Invented\n" for slug in by_service)
    (out / "services.csv").write_text(f"service,name,category,description\n{services}")
    names = {slug: sorted({str(row["centre"]) for row in rows} | set(centres)) for slug, rows in by_service.items()}
    lines = "".join(f"{slug},{name},{name},2000-01-01,\n" for slug, own in names.items() for name in own)
    (out / "centres.csv").write_text(f"service,centre,name,designated_from,designated_to\n{lines}")
    if spend:
        amounts = "".join(f"one,{centre},{amount},Invented\n" for centre, amount in spend.items())
        (out / "expenditure.csv").write_text(f"service,centre,amount_gbp,basis\n{amounts}")
    for slug, rows in by_service.items():
        _service(out / slug, slug, rows)
    return out


def _service(out: Path, slug: str, rows: Sequence[Mapping[str, object]]) -> None:
    out.mkdir()
    (out / "dictionary.csv").write_text(DICTIONARY)
    (out / "outcomes.toml").write_text(OUTCOMES.replace('service = "one"', f'service = "{slug}"'))
    names = ["case_id", "centre", "seen", "sex", "area", "age", "good", "days", "dead"]
    with (out / "cases.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def patients(
    seed: int,
    sizes: Mapping[str, int],
    *,
    years: Sequence[int] = (2025,),
    sexes: Sequence[str] = ("female", "male"),
    areas: Sequence[str] = AREAS,
    good: float | None = 0.8,
    unknown: int = 0,
    dead: float = 0.2,
    ages: tuple[int, int] = (0, 90),
    service: str = "one",
) -> list[dict[str, object]]:
    """Return that many patients of every centre and year; of the first ``unknown`` the outcome is not known."""
    draw = np.random.default_rng(seed)
    found: list[dict[str, object]] = []
    for year in years:
        for centre, size in sizes.items():
            for one in range(size):
                met = "yes" if good == 1 or (good and draw.random() < good) else "no"
                found.append({
                    "case_id": f"{centre}-{year}-{one:04d}", "centre": centre, "seen": f"{year}-{1 + one % 12:02d}-15",
                    "sex": str(draw.choice(sexes)), "area": str(draw.choice(areas)), "age": int(draw.integers(*ages)), "service": service,
                    "good": "" if one < unknown and centre == next(iter(sizes)) else met,
                    "days": int(draw.integers(1, 900)), "dead": "yes" if draw.random() < dead else "no",
                })  # fmt: skip
    return found


def attack(editions: Sequence[Published]) -> list[str]:
    """Attack all editions together; return every leak in words."""
    leaks = [leak for one in editions for leak in attacker.in_plain_sight(one.files)]
    slugs = sorted({row["service"] for one in editions for row in one.truth["activity"]})
    for slug in slugs:
        assault = attacker.Attack(slug, [one.files for one in editions])
        if not assault.consistent:
            leaks.append(f"{slug}: what was published contradicts itself")
            continue
        targets = targets_of(editions, slug)
        leaks += [
            f"{slug}: {' '.join(found.name)} is {found.true}: between {found.low} and {found.high}; {assault.believed}"
            for found in assault.ranges(targets, lambda name: 1 if attacker.is_event(name) else 10)
        ]
    return leaks


def targets_of(editions: Sequence[Published], slug: str) -> dict[attacker.Name, int]:
    """Return the true value of each number that is too small to be known and that no edition states."""
    found: dict[attacker.Name, int] = {}
    for order, one in enumerate(editions):
        shown = set()
        for table in attacker.TABLES:
            rows = [row for row in attacker.rows_of(one.files, table) if row["service"] == slug]
            shown |= set(attacker.truths(order, {table: rows}, slug))
        truth = attacker.truths(order, one.truth, slug)
        zeros = json.loads(one.files["edition.json"])["edition"]["policy"]["zeros"]
        found |= {name: true for name, true in truth.items() if name not in shown and attacker.small(name, true, zeros=zeros)}
    return found
