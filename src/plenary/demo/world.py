"""Write an invented collection folder of any size from one seed.

Every name says that it is invented. The world holds what a network meets: a merger, an outlier centre, a late centre, a missing
case, a service with fewer than 30 patients, a service with one centre, and patients of all four nations.
"""

from __future__ import annotations

import csv
import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from plenary.demo.kinds import DICTIONARY_HEADINGS, KINDS, Kind
from plenary.registry import queries as registry

LAST_YEAR_STARTS = date(2025, 4, 1)
HOME_NATION = "England"
SHARE_OF_OTHER_NATIONS = 0.35
"""Patients of the other nations come to these centres at this share of England's rate."""

CONDITIONS = ("Kestrel", "Larkspur", "Merlin", "Nightjar", "Osprey", "Plover", "Redstart", "Sandpiper", "Teal", "Wagtail",
              "Bunting", "Curlew", "Dunlin", "Fulmar", "Gannet", "Harrier", "Linnet", "Martin", "Petrel", "Whimbrel")  # fmt: skip
PLACES = ("Northmoor", "Eastwater", "Southfell", "Westholm", "Ashbrook", "Birchley", "Cedarham", "Elmstead", "Fernhill",
          "Hazeldon", "Ivybank", "Junipton", "Limeford", "Maplewick", "Oakhurst", "Pinewell", "Rowanby", "Thornlea")  # fmt: skip


@dataclass(frozen=True)
class Centre:
    """An invented centre of one service. ``quality`` shifts its results: 1 is usual, less is worse."""

    code: str
    name: str
    region: str
    share: float
    quality: float = 1.0
    designated_to: date | None = None
    takes_over: str = ""
    late: bool = False


@dataclass(frozen=True)
class Service:
    """An invented service with its yearly number of cases."""

    slug: str
    name: str
    kind: Kind
    cases_per_year: int
    centres: tuple[Centre, ...]
    missing_case: bool = False


@dataclass(frozen=True)
class World:
    """Everything that the folder says, before any case is drawn."""

    seed: int
    years: tuple[date, ...]
    services: tuple[Service, ...]
    areas: Mapping[str, Sequence[tuple[str, float]]]

    @property
    def label(self) -> str:
        return year_label(self.years[-1])


def year_label(start: date) -> str:
    """Return the financial year that starts on ``start``: 2025/26."""
    return f"{start.year}/{(start.year + 1) % 100:02d}"


def invent(*, seed: int, services: int, years: int, cases_per_year: int) -> World:
    """Draw the services and centres of a world. Same arguments, same world."""
    draw = random.Random(seed)  # noqa: S311 — an invented world needs no secrecy
    sizes = [draw.lognormvariate(0, 0.9) for _ in range(services)]
    scale = cases_per_year / sum(sizes)
    areas = _areas()
    regions = [region for region in areas if region]
    made = [_service(draw, number, max(60, round(size * scale)), regions) for number, size in enumerate(sizes, start=1)]
    starts = tuple(LAST_YEAR_STARTS.replace(year=LAST_YEAR_STARTS.year - back) for back in reversed(range(years)))
    return World(seed=seed, years=starts, services=tuple(_with_troubles(made, starts[-1])), areas=areas)


def _areas() -> dict[str, list[tuple[str, float]]]:
    """Return the areas of residence by region, with their populations; the other nations under ''."""
    known = registry.areas()
    areas: dict[str, list[tuple[str, float]]] = {}
    for board in known.icbs(LAST_YEAR_STARTS):
        areas.setdefault(board.parent, []).append((board.code, float(known.population(board.code, LAST_YEAR_STARTS))))
    areas[""] = [
        (nation.code, known.population(nation.code, LAST_YEAR_STARTS) * SHARE_OF_OTHER_NATIONS)
        for nation in known.nations
        if nation.name != HOME_NATION
    ]
    return areas


def _service(draw: random.Random, number: int, cases: int, regions: Sequence[str]) -> Service:
    kind = KINDS[(number - 1) % len(KINDS)]
    condition = CONDITIONS[(number - 1) % len(CONDITIONS)] + (
        "" if number <= len(CONDITIONS) else f" {1 + (number - 1) // len(CONDITIONS)}"
    )
    count = 5 if number == 1 else draw.choices((2, 3, 4, 5), (0.3, 0.3, 0.2, 0.2))[0]
    weights = [draw.uniform(0.6, 1.6) for _ in range(count)]
    centres = tuple(
        Centre(
            code=f"INV{(number * 5 + place) % 90 + 10}",
            name=f"Invented hospital {PLACES[(number * 5 + place) % len(PLACES)]}",
            region=draw.choice(regions),
            share=weight / sum(weights),
        )
        for place, weight in enumerate(weights)
    )
    slug = f"invented-{condition.lower().replace(' ', '-')}"
    return Service(slug, f"Invented service: {condition} {kind.care}", kind, cases, centres)


def _with_troubles(services: Sequence[Service], last_year: date) -> Iterator[Service]:
    """Give each of the first six services one of the troubles that a network meets."""
    for place, service in enumerate(services):
        yield _trouble(service, place, last_year)


def _trouble(service: Service, which: int, last_year: date) -> Service:
    first, *rest = service.centres
    match which:
        case 0:  # an outlier, large enough to be seen
            changes: dict[str, object] = {
                "cases_per_year": max(service.cases_per_year, 400),
                "centres": (replace(first, quality=0.55), *rest),
            }
        case 1:  # a service with one centre
            changes = {"centres": (replace(first, share=1.0),)}
        case 2:  # fewer than 30 patients a year
            changes = {"cases_per_year": 18}
        case 3:  # a merger half way through the last year
            ends = last_year + timedelta(days=183)
            changes = {"centres": (replace(first, designated_to=ends), replace(rest[0], takes_over=first.code), *rest[1:])}
        case 4:  # a centre that has not sent its last year
            changes = {"centres": (replace(first, late=True), *rest)}
        case 5:  # a case that a second source knows and the centre did not send
            changes = {"missing_case": True}
        case _:
            changes = {}
    return replace(service, **changes)  # type: ignore[arg-type]


def write(world: World, out: Path) -> None:
    """Write the collection folder, readable by ``plenary edition build``."""
    out.mkdir(parents=True, exist_ok=True)
    first, last = world.years[0], world.years[-1]
    (out / "collection.toml").write_text(
        f'# Invented: no patient, service or centre in this folder exists.\nlabel = "{world.label}"\nperiod_start = {last}\n'
        f'period_end = {last.replace(year=last.year + 1)}\nnation = "England"\nthreshold = 30\ninvented = true\n',
        encoding="utf-8",
    )
    _table(out / "services.csv", ("service", "name", "category", "description"),
           ((s.slug, s.name, s.kind.category, f"Invented for demonstration: {s.kind.care} for a condition that does not exist.")
            for s in world.services))  # fmt: skip
    opened = first.replace(year=first.year - 5)
    _table(
        out / "centres.csv",
        ("service", "centre", "name", "designated_from", "designated_to"),
        ((s.slug, c.code, c.name, opened, c.designated_to or "") for s in world.services for c in s.centres),
    )
    draw = random.Random(world.seed + 1)  # noqa: S311 — an invented world needs no secrecy
    _table(out / "expenditure.csv", ("service", "centre", "amount_gbp", "basis"), _expenditure(draw, world))
    for service in world.services:
        _write_service(world, service, out / service.slug)


def _table(path: Path, heading: Sequence[str], rows: Iterator[Sequence[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(heading)
        writer.writerows(rows)


def _expenditure(draw: random.Random, world: World) -> Iterator[tuple[object, ...]]:
    for service in world.services:
        price = draw.uniform(8_000, 60_000)
        for centre in service.centres:
            yield (
                service.slug,
                centre.code,
                round(price * service.cases_per_year * centre.share, -3),
                "block contract, 2025/26 prices",
            )


def _write_service(world: World, service: Service, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    _table(folder / "dictionary.csv", DICTIONARY_HEADINGS, iter(service.kind.dictionary()))
    (folder / "outcomes.toml").write_text(
        f'service = "{service.slug}"\nversion = "2026-1"\nagreed_on = 2026-03-12\n{service.kind.outcomes}', encoding="utf-8"
    )
    (folder / "narrative.md").write_text(_narrative(service), encoding="utf-8")
    names = [row[0] for row in service.kind.dictionary()]
    expected: list[tuple[str, str, object]] = []
    for start in world.years:
        cases = list(cases_of(world, service, start))
        _table(
            folder / f"cases-{start.year}-{(start.year + 1) % 100:02d}.csv",
            names,
            ([case.get(name, "") for name in names] for case in cases),
        )
        if start == world.years[-1]:
            expected = list(_expected(service, cases))
    _table(folder / "expected.csv", ("centre", "case_id", "count"), iter(expected))


def _expected(service: Service, cases: Sequence[Mapping[str, object]]) -> Iterator[tuple[str, str, object]]:
    """Yield what a second source knows: every case sent, one more where the world has a missing case, a count for the late."""
    for case in cases:
        yield str(case["centre"]), str(case["case_id"]), ""
    if service.missing_case:
        yield service.centres[0].code, f"{service.centres[0].code}-MISSING-1", ""
    for centre in service.centres:
        if centre.late:
            yield centre.code, "", max(1, round(service.cases_per_year * centre.share))


def _narrative(service: Service) -> str:
    care = service.kind.care
    return (
        f"# Description\n\nInvented for demonstration: {care} for people with a condition that does not exist.\n\n"
        f"# Innovation\n\nThe invented centres tried a joint clinic by video, so that families travel less before {care}.\n\n"
        "# Improvement\n\nThe network agreed one checklist for discharge letters; every invented centre uses it.\n\n"
        "# Patient feedback\n\nInvented patients asked for one named person to call. Each centre now has one.\n"
    )


def cases_of(world: World, service: Service, start: date) -> Iterator[dict[str, object]]:
    """Yield one year's cases of a service, as the centres would send them."""
    draw = random.Random(f"{world.seed}/{service.slug}/{start.year}")  # noqa: S311 — an invented world needs no secrecy
    end = start.replace(year=start.year + 1)
    last_year = world.years[-1]
    cut_off = last_year.replace(year=last_year.year + 1) + timedelta(days=60)
    total = max(1, round(draw.gauss(service.cases_per_year, service.cases_per_year**0.5)))
    places = {centre.code: _places(world, centre.region) for centre in service.centres}
    for number in range(1, total + 1):
        referred = start + timedelta(days=draw.randrange((end - start).days))
        centre = _centre_on(draw, service, referred)
        if centre.late and start == last_year:
            continue
        codes, weights = places[centre.code]
        case: dict[str, object] = {
            "case_id": f"{centre.code}-{start.year}-{number:05d}",
            "centre": centre.code,
            "referral_date": referred,
            "sex": draw.choice(("female", "male")),
            "area": draw.choices(codes, cum_weights=weights)[0],
            "birth_date": referred - timedelta(days=int(365.25 * draw.triangular(0, 88, 35)) + draw.randrange(365)),
        }
        DRAW[service.kind.key](draw, case, centre.quality, cut_off)
        yield case


def _places(world: World, home: str) -> tuple[list[str], list[float]]:
    """Return areas of residence with cumulative weights: a centre's own region sends more."""
    pairs = [(code, people * (4.0 if region == home else 1.0)) for region, areas in world.areas.items() for code, people in areas]
    return [code for code, _ in pairs], list(itertools.accumulate(weight for _, weight in pairs))


def _centre_on(draw: random.Random, service: Service, day: date) -> Centre:
    """Return a centre by share; after a merger the successor takes the cases of the one that closed."""
    centre = draw.choices(service.centres, [c.share for c in service.centres])[0]
    if centre.designated_to and day >= centre.designated_to:
        return next(c for c in service.centres if c.takes_over == centre.code)
    return centre


def _follow_up(draw: random.Random, case: dict[str, object], since: date, years_to_live: float, cut_off: date) -> None:
    """Fill the date last seen and the status: exponential survival, censored at the cut-off or earlier."""
    lived = timedelta(days=int(365.25 * draw.expovariate(1 / years_to_live)))
    seen_until = min(cut_off, since + timedelta(days=draw.randrange(200, 2200)))
    died = since + lived <= seen_until
    case["last_seen_date"] = min(since + lived, seen_until)
    case["vital_status"] = "dead" if died else "alive"


def _surgery(draw: random.Random, case: dict[str, object], quality: float, cut_off: date) -> None:
    accepted = draw.random() < 0.86
    case["accepted"] = "yes" if accepted else "no"
    since = case["referral_date"]
    assert isinstance(since, date)
    if accepted:
        since = min(since + timedelta(days=int(draw.gammavariate(3, 14))), cut_off)  # nothing is known of later days
        case["operation_date"] = since
        case["complete"] = "" if draw.random() < 0.01 else _yes(draw, 0.82 * quality)
        case["complication_grade"] = draw.choices(range(6), (52, 18, 14, 9, 5, 2))[0]
        case["stay_days"] = 3 + int(draw.gammavariate(2, 6))
    _follow_up(draw, case, since, 12.0 * quality, cut_off)


def _critical(draw: random.Random, case: dict[str, object], quality: float, cut_off: date) -> None:
    accepted = draw.random() < 0.6
    case["accepted"] = "yes" if accepted else "no"
    case["severity"] = min(40, max(0, round(draw.gauss(18, 7))))
    since = case["referral_date"]
    assert isinstance(since, date)
    if not accepted:
        return _follow_up(draw, case, since, 6.0, cut_off)
    case["support_date"] = since
    case["support_days"] = min(1 + min(180, int(draw.expovariate(1 / 11))), (cut_off - since).days)
    if draw.random() < 0.74 * quality:
        case["discharge_status"] = "alive"
        return _follow_up(draw, case, since + timedelta(days=int(str(case["support_days"]))), 15.0, cut_off)
    case["discharge_status"] = "dead"
    case["last_seen_date"] = since + timedelta(days=int(str(case["support_days"])))
    case["vital_status"] = "dead"
    return None


def _long_term(draw: random.Random, case: dict[str, object], quality: float, cut_off: date) -> None:
    case["diagnosis_confirmed"] = _yes(draw, 0.93)
    case["reviewed"] = "" if draw.random() < 0.02 else _yes(draw, 0.91 * quality)
    case["treated"] = _yes(draw, 0.7)
    case["marker_before"] = min(1000.0, round(draw.lognormvariate(5.2, 0.4), 1))
    case["marker_after"] = round(float(str(case["marker_before"])) * draw.uniform(0.15, 0.9) / quality, 1)
    since = case["referral_date"]
    assert isinstance(since, date)
    _follow_up(draw, case, since, 30.0, cut_off)


def _yes(draw: random.Random, chance: float) -> str:
    return "yes" if draw.random() < chance else "no"


DRAW = {"surgery": _surgery, "critical": _critical, "long-term": _long_term}
