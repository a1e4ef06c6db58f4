"""Everything that reads the registry. All of it is public: nothing here names a patient."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import F, Prefetch, Q, QuerySet

from plenary.core.queries import today
from plenary.core.terms import NotFound
from plenary.registry.models import Centre, Designation, Organisation, OrganisationLink, Service, Succession
from plenary.registry.terms import LIES_IN, PART_OF, CentreAway, Place, ServiceNear, normalised
from plenary_stats.areas import Area, Areas, read_areas
from plenary_stats.dictionary.elements import Element, read_library
from plenary_stats.location import Site, great_circle_km
from plenary_stats.small_areas import SmallAreas, read_small_areas

PROPOSED = "proposed-"
"""How the name of a shipped data set begins that a network is asked to look at, and that nobody adopts by itself."""

MOST_PLACES = 200
"""How many matching places are ranked: a search that finds more is too short to rank."""


# -- services, centres, designations


def services() -> QuerySet[Service]:
    """Return every service by name."""
    return Service.objects.all()


def service(slug: str) -> Service:
    """Return one service; raise ``NotFound``."""
    found = Service.objects.filter(slug=slug).first()
    if found is None:
        raise NotFound(f"There is no service '{slug}'.")
    return found


def centres(service_slug: str, on: date | None = None) -> QuerySet[Centre]:
    """Return a service's centres with their designations: those designated on a day, or all that ever were."""
    found = Centre.objects.filter(service__slug=service_slug).select_related("service").prefetch_related("designations")
    return found if on is None else found.filter(pk__in=designated(on).values("centre"))


def centre(service_slug: str, ods: str) -> Centre:
    """Return one centre, designated or not; raise ``NotFound``."""
    found = centres(service_slug).filter(ods=ods).first()
    if found is None:
        raise NotFound(f"{ods} is no centre of the service '{service_slug}'.")
    return found


def centres_of(ods: str, on: date | None = None) -> QuerySet[Centre]:
    """Return the centres that one provider holds, in every service."""
    found = Centre.objects.filter(ods=ods).select_related("service").prefetch_related("designations")
    found = found.order_by("service__name")
    return found if on is None else found.filter(pk__in=designated(on).values("centre"))


def designated(on: date) -> QuerySet[Designation]:
    """Return the designations in force on a day."""
    return Designation.objects.filter(Q(valid_from=None) | Q(valid_from__lte=on), Q(valid_to=None) | Q(valid_to__gt=on))


def designated_during(start: date, end: date) -> QuerySet[Designation]:
    """Return the designations in force on any day of ``[start, end)``."""
    return Designation.objects.filter(Q(valid_from=None) | Q(valid_from__lt=end), Q(valid_to=None) | Q(valid_to__gt=start))


def designated_spans(centre: Centre) -> list[tuple[date | None, date | None]]:
    """Return the spans ``[from, to)`` in which a centre was designated; None is open, and no span at all is not known."""
    return list(centre.designations.order_by("valid_from", "id").values_list("valid_from", "valid_to"))


def all_designations(service_slug: str | None = None) -> QuerySet[Designation]:
    """Return the whole history of designations, of one service or of all, by service and centre."""
    found = Designation.objects.select_related("centre__service")
    found = found if service_slug is None else found.filter(centre__service__slug=service_slug)
    return found.order_by("centre__service__name", "centre__ods", F("valid_from").asc(nulls_first=True), "id")


def designations(service_slug: str) -> QuerySet[Designation]:
    """Return the whole history of a service's designations."""
    return Designation.objects.filter(centre__service__slug=service_slug).select_related("centre__service")


# -- organisations over time


def organisation(code: str) -> Organisation:
    """Return a trust, board or hospital by its code; raise ``NotFound``."""
    found = Organisation.objects.filter(code=code.strip().upper()).first()
    if found is None:
        raise NotFound(f"No organisation has the code {code}.")
    return found


def name_on(code: str, on: date) -> str:
    """Return the name that an organisation bore on a day."""
    found = organisation(code)
    dated = found.names.filter(Q(valid_from=None) | Q(valid_from__lte=on), Q(valid_to=None) | Q(valid_to__gt=on)).last()
    return dated.name if dated else found.name


def successions(code: str) -> QuerySet[Succession]:
    """Return what an organisation came from and what it became, by date."""
    return Succession.objects.filter(Q(predecessor=code) | Q(successor=code))


def successors_on(code: str, on: date) -> list[str]:
    """Return the codes under which an organisation's work goes on by a day: its own while it stands, several after a split."""
    after = Succession.objects.filter(on__lte=on).values_list("predecessor", "successor")
    known: dict[str, list[str]] = {}
    for predecessor, successor in after:
        known.setdefault(predecessor, []).append(successor)
    reached, waiting, seen = set(), [code], set()
    while waiting:
        one = waiting.pop()
        if one in known and one not in seen:
            waiting.extend(known[one])
        elif one not in known:
            reached.add(one)
        seen.add(one)
    return sorted(reached)


def centres_of_providers(service_slug: str, codes: Iterable[str], on: date) -> dict[str, str]:
    """Return the centre (ODS) of a service to which each provider or hospital site belongs on a day; others are left out.

    A code is the centre's own, or that of a site which is part of it, or of an organisation whose work a centre carries on.
    """
    own = set(Centre.objects.filter(service__slug=service_slug).values_list("ods", flat=True))
    asked = set(codes)
    dated = Q(valid_from=None) | Q(valid_from__lte=on), Q(valid_to=None) | Q(valid_to__gt=on)
    links = OrganisationLink.objects.filter(*dated, kind=PART_OF, organisation__code__in=asked - own)
    parents = dict(links.values_list("organisation__code", "to"))
    found = {}
    for code in sorted(asked):
        over = parents.get(code, code)
        carried = [one for one in (code, over, *successors_on(over, on)) if one in own] if code not in own else [code]
        if carried:
            found[code] = carried[0]
    return found


# -- areas: documents that change only with a new release, so they are read from files, once


def areas() -> Areas:
    """Return the dated areas: nations, regions, ICBs of both maps, boards, and who lives in them."""
    return _areas(settings.PLENARY.definitions / "areas")


@cache
def _areas(folder: Path) -> Areas:
    return read_areas(folder)


def small_areas() -> SmallAreas:
    """Return the small areas of England: where residents live, closely enough to say how far they travel."""
    return _small_areas(settings.PLENARY.definitions / "areas")


@cache
def _small_areas(folder: Path) -> SmallAreas:
    return read_small_areas(folder)


def points(service_slug: str, on: date | None = None) -> dict[str, tuple[float, float]]:
    """Return where the centres of a service stand, by ODS code; those whose place is not known are left out."""
    found = ((one.ods, one.latitude, one.longitude) for one in centres(service_slug, on))
    return {ods: (latitude, longitude) for ods, latitude, longitude in found if latitude is not None and longitude is not None}


def sites(service_slug: str, on: date) -> tuple[list[Site], list[str]]:
    """Return where centres of a service stand or could stand, and the codes of those that are designated on the day.

    The trusts that are open on the day and whose place is known; a centre stands where the register of centres says.
    """
    own = {one.ods: one for one in centres(service_slug, on) if one.latitude is not None and one.longitude is not None}
    open_now = Q(closed_on=None) | Q(closed_on__gt=on)
    trusts = Organisation.objects.filter(open_now, kind="trust", latitude__isnull=False).exclude(code__in=own)
    found = [Site(one.code, one.name, one.latitude or 0.0, one.longitude or 0.0) for one in trusts]
    here = [Site(ods, str(one), one.latitude or 0.0, one.longitude or 0.0) for ods, one in own.items()]
    return sorted([*here, *found], key=lambda one: (one.name, one.code)), sorted(own)


def regions() -> tuple[Area, ...]:
    return areas().regions


def nations() -> tuple[Area, ...]:
    return areas().nations


def boards() -> tuple[Area, ...]:
    """Return the health boards and trusts of Scotland, Wales and Northern Ireland."""
    return areas().boards


def icbs(on: date) -> tuple[Area, ...]:
    """Return the integrated care boards that stood on a day: 42 until 31 March 2026, 36 after."""
    return areas().icbs(on)


def region_of(area_code: str, on: date | None = None) -> str | None:
    """Return the region, or the nation outside England, of whatever a case says as its area; None if unknown."""
    return areas().region_of(area_code, on)


def known_areas() -> Mapping[str, tuple[tuple[date | None, date | None], ...]]:
    """Return every code and name of residence that a case may carry, with the spans in which the area stood."""
    return areas().standing


def region_by_area(on: date | None = None) -> dict[str, str]:
    """Return the region or devolved nation of every code and name that a case may carry as its area."""
    return areas().region_by_area(on)


def population(area: str, on: date, sex: str | None = None, band: str | None = None) -> int:
    """Return the residents of an area (mid-2022 estimate) on the map of the day; raise ``LookupError`` where not known."""
    return areas().population(area, on, sex, band)


def populations(on: date) -> Iterator[tuple[str, str, str, int]]:
    """Yield (area, sex, age band, persons) for England, its regions and the other nations."""
    return areas().populations(on)


# -- which centre serves my hospital?


def find_place(text: str, limit: int = 10, on: date | None = None) -> list[Place]:
    """Return the hospitals, trusts and boards whose name holds every word of ``text``, or whose code it is, best first."""
    words = normalised(text[:100]).split()[:8]
    if sum(map(len, words)) < 2:
        return []
    found = Organisation.objects.all()
    for word in words:
        found = found.filter(search__contains=f" {word}")
    joined = " ".join(words)
    ranked = sorted(found[:MOST_PLACES], key=lambda one: _rank(one, joined))[:limit]
    return _places(ranked, on or today())


def place(code: str, on: date | None = None) -> Place:
    """Return one hospital, trust or board as a place; raise ``NotFound``."""
    return _places([organisation(code)], on or today())[0]


def nearest_centres(service_slug: str, latitude: float | None, longitude: float | None, on: date) -> list[CentreAway]:
    """Return the centres designated on a day, nearest first; those whose place is not known come last, by name."""
    return _away(centres(service_slug, on), latitude, longitude)


def which_centres(here: Place, on: date | None = None) -> list[ServiceNear]:
    """Return every service that has centres on the day, with the one nearest to a place."""
    designated_now = Centre.objects.filter(pk__in=designated(on or today()).values("centre")).select_related("service")
    by_service: dict[Service, list[Centre]] = {}
    for one in designated_now:
        by_service.setdefault(one.service, []).append(one)
    answers = []
    for one_service, members in sorted(by_service.items(), key=lambda pair: pair[0].name):
        away = _away(members, here.latitude, here.longitude)
        answers.append(ServiceNear(one_service.slug, one_service.name, one_service.confidence, away[0], len(away)))
    return answers


def _away(found: Iterable[Centre], latitude: float | None, longitude: float | None) -> list[CentreAway]:
    members = list(found)
    nowhere = float("nan")
    here = (nowhere, nowhere) if latitude is None or longitude is None else (latitude, longitude)
    there = [(nowhere, nowhere) if one.latitude is None or one.longitude is None else (one.latitude, one.longitude)
             for one in members]  # fmt: skip
    distances = great_circle_km(*here, [point[0] for point in there], [point[1] for point in there]).tolist()
    away = [
        CentreAway(one.key, one.service.slug, one.ods, one.name, one.site, one.confidence, km if km == km else None)  # noqa: PLR0124 - NaN alone differs from itself
        for one, km in zip(members, distances, strict=True)
    ]
    return sorted(away, key=lambda one: (one.km is None, one.km or 0.0, one.name, one.ods))


def _rank(one: Organisation, words: str) -> tuple[bool, bool, bool, int, str, str]:
    name = normalised(one.name)
    return (
        one.code.casefold() != words,
        not f" {name}".startswith(f" {words}"),
        one.closed_on is not None,
        len(name),
        name,
        one.code,
    )


def _places(found: list[Organisation], on: date) -> list[Place]:
    in_force = OrganisationLink.objects.filter(Q(valid_from=None) | Q(valid_from__lte=on), Q(valid_to=None) | Q(valid_to__gt=on))
    kept = list(
        Organisation.objects.filter(pk__in=[one.pk for one in found]).prefetch_related(Prefetch("links", in_force, "links_now"))
    )
    by_id = {one.pk: one for one in kept}
    parents = {link.to for one in kept for link in _links(one) if link.kind == PART_OF}
    names = dict(Organisation.objects.filter(code__in=parents).values_list("code", "name"))
    return [_place(by_id[one.pk], names, on) for one in found]


def _links(one: Organisation) -> list[OrganisationLink]:
    links: list[OrganisationLink] = one.links_now  # type: ignore[attr-defined]  # put there by the prefetch above
    return links


def _place(one: Organisation, names: dict[str, str], on: date) -> Place:
    parent = next((link.to for link in _links(one) if link.kind == PART_OF), "")
    area = next((link.to for link in _links(one) if link.kind == LIES_IN), "")
    around = areas().find(area, on) if one.latitude is None else None
    return Place(
        code=one.code,
        name=one.name,
        kind=one.kind,
        parent=parent,
        parent_name=names.get(parent, ""),
        area=area,
        region=region_of(area, on) or "",
        latitude=around.latitude if around else one.latitude,
        longitude=around.longitude if around else one.longitude,
        approximate=around is not None,
        confidence=one.confidence,
        closed_on=one.closed_on,
    )


# -- agreed documents and fixed sentences


def data_set_files(service_slug: str) -> dict[str, bytes]:
    """Return the shipped data dictionaries of a service by version; what is only proposed is none of them."""
    found = _versions("datasets", service_slug, "csv")
    return {version: content for version, content in found.items() if not version.startswith(PROPOSED)}


def proposed_data_set_files(service_slug: str) -> dict[str, bytes]:
    """Return the data dictionaries that are proposed to the network of a service, by the version that they would be."""
    found = _versions("datasets", service_slug, "csv")
    return {version.removeprefix(PROPOSED): content for version, content in found.items() if version.startswith(PROPOSED)}


def outcome_set_files(service_slug: str) -> dict[str, bytes]:
    """Return the shipped outcome sets of a service by version."""
    return _versions("outcomes", service_slug, "toml")


def elements() -> Mapping[str, Element]:
    """Return the library of shared elements: codes and numbers with a shape and, some, a check digit."""
    return _elements(settings.PLENARY.definitions / "elements" / "elements.toml")


@cache
def _elements(path: Path) -> Mapping[str, Element]:
    return read_library(path.read_bytes())


def wording(name: str) -> dict[str, Any]:
    """Return the fixed sentences of ``definitions/wording/<name>.toml``."""
    return tomllib.loads((settings.PLENARY.definitions / "wording" / f"{name}.toml").read_text(encoding="utf-8"))


def attribution(*names: str, language: str = "en") -> list[str]:
    """Return the lines to print where data are shown, in the language asked for or else in English; all where none is named."""
    lines: dict[str, dict[str, str]] = {key: line for key, line in wording("attribution").items() if isinstance(line, dict)}
    return [lines[name].get(language, lines[name]["en"]) for name in (names or lines)]


def _versions(folder: str, service_slug: str, ending: str) -> dict[str, bytes]:
    shelf = settings.PLENARY.definitions / folder / Path(service_slug).name
    return {path.stem: path.read_bytes() for path in sorted(shelf.glob(f"*.{ending}"))}
