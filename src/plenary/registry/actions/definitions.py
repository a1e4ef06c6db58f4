"""Load the reviewed definitions into the registry."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from plenary.core.actions import record
from plenary.core.permissions import require
from plenary.core.terms import Who
from plenary.registry import permissions
from plenary.registry.models import (
    Centre,
    DefinitionFile,
    Designation,
    Organisation,
    OrganisationLink,
    OrganisationName,
    Service,
    Succession,
)
from plenary.registry.terms import (
    BY_DECISION,
    CONFIRMED,
    FROM_DEFINITIONS,
    LIES_IN,
    PART_OF,
    BadDefinition,
    CentreDefinition,
    Loaded,
    ServiceDefinition,
    normalised,
    read_service,
)
from plenary_stats.areas import SECOND_MAP, rows

_ORGANISATION_FILES = ("boards.csv", "hospitals.csv", "trusts.csv", "trust_successions.csv")
_AUTHORITY = "as published; see the centre's sources"

# What a later load may bring up to date.
_ORGANISATION_FIELDS = (
    "name", "kind", "latitude", "longitude", "outcode", "opened_on", "closed_on", "confidence", "search",
)  # fmt: skip
_SERVICE_FIELDS = (
    "name", "former_names", "description", "category", "age_group", "prescribed_number", "specification", "confidence", "source",
    "note", "reviewed_on", "next_review_on",
)  # fmt: skip
_CENTRE_FIELDS = ("name", "site", "roles", "confidence", "ods_confidence", "sources", "note", "latitude", "longitude")

Row = Mapping[str, str]
Point = tuple[float | None, float | None]


def load_definitions(*, folder: Path | None = None, by: Who) -> Loaded:
    """Bring the registry to what the definitions say; the same files twice change nothing.

    Services, centres and organisations are added and brought up to date, never removed. Designations that were decided here
    stand, whatever the files say. Raises ``BadDefinition`` naming the file, and then nothing is changed.
    """
    require(permissions.may_load_definitions(by), "Only an administrator may load definitions.")
    root = folder or settings.PLENARY.definitions
    files = _hashes(root)
    with transaction.atomic():
        if files == dict(DefinitionFile.objects.values_list("path", "sha256")):
            return Loaded(False, files)
        services = [read_service((root / path).read_bytes(), path) for path in files if path.startswith("services/")]
        organisations = _load_organisations(root / "areas")
        _load_services(services)
        centres = _load_centres(services)
        _load_designations(services)
        DefinitionFile.objects.all().delete()
        DefinitionFile.objects.bulk_create(DefinitionFile(path=path, sha256=digest) for path, digest in files.items())
        loaded = Loaded(True, files, len(services), centres, organisations)
        counts = {"services": loaded.services, "centres": centres, "organisations": organisations}
        record(by=by, verb="load definitions", subject="definitions", detail=counts | {"files": files})
    return loaded


def _hashes(root: Path) -> dict[str, str]:
    paths = sorted((root / "services").glob("*.toml")) + [root / "areas" / name for name in _ORGANISATION_FILES]
    missing = [path for path in paths if not path.is_file()]
    if missing or len(paths) == len(_ORGANISATION_FILES):
        raise BadDefinition(f"{root} does not hold the definitions: {missing[0].name if missing else 'services'} is missing.")
    return {path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def _require_fit(where: str, made: Sequence[Organisation | Service | Centre]) -> None:
    """Refuse what the tables cannot hold, whichever database stands behind them: SQLite alone would keep it."""
    for one in made:
        try:
            one.clean_fields()
        except ValidationError as problem:
            raise BadDefinition(f"{where}: {one}: {'; '.join(f'{k}: {v[0]}' for k, v in problem.message_dict.items())}") from None


# -- organisations


def _load_organisations(folder: Path) -> int:
    try:
        trusts, hospitals, boards = (rows(folder / name) for name in ("trusts.csv", "hospitals.csv", "boards.csv"))
        made = [*map(_trust, trusts), *map(_hospital, hospitals), *map(_board, boards)]
        successions = _successions(rows(folder / "trust_successions.csv"))
    except (KeyError, ValueError) as problem:
        raise BadDefinition(f"areas: a file of organisations cannot be read: {problem}") from problem
    _require_fit("areas", made)
    Organisation.objects.bulk_create(made, update_conflicts=True, unique_fields=["code"], update_fields=_ORGANISATION_FIELDS)
    ids = dict(Organisation.objects.values_list("code", "id"))
    OrganisationLink.objects.all().delete()
    OrganisationLink.objects.bulk_create(_links(ids, trusts, hospitals, boards))
    OrganisationName.objects.all().delete()
    OrganisationName.objects.bulk_create(_names(ids, trusts))
    Succession.objects.filter(origin=FROM_DEFINITIONS).delete()
    Succession.objects.bulk_create(successions, ignore_conflicts=True)
    for decided in Succession.objects.filter(origin=BY_DECISION):
        Organisation.objects.filter(code=decided.predecessor).update(closed_on=decided.on)
    return len(made)


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _point(row: Row) -> Point:
    return (float(row["latitude"]), float(row["longitude"])) if row["latitude"] else (None, None)


def _search(*words: str) -> str:
    return "".join(f" {normalised(word)}" for word in words if word)


def _trust(row: Row) -> Organisation:
    latitude, longitude = _point(row)
    return Organisation(
        code=row["code"],
        name=row["renamed_to"] or row["name"],
        kind=row["kind"],
        latitude=latitude,
        longitude=longitude,
        outcode=row["outcode"],
        opened_on=_day(row["opened"]),
        closed_on=_day(row["closed"]),
        confidence=CONFIRMED,
        search=_search(row["code"], row["name"], row["renamed_to"]),
    )


def _hospital(row: Row) -> Organisation:
    latitude, longitude = _point(row)
    return Organisation(
        code=row["code"],
        name=row["name"],
        kind=row["kind"],
        latitude=latitude,
        longitude=longitude,
        outcode=row["outcode"],
        confidence=row["confidence"],
        search=_search(row["code"], row["name"]),
    )


def _board(row: Row) -> Organisation:
    latitude, longitude = _point(row)
    return Organisation(
        code=row["code"],
        name=row["name"],
        kind="board",
        latitude=latitude,
        longitude=longitude,
        confidence=CONFIRMED,
        search=_search(row["code"], row["ons"], row["name"]),
    )


def _links(
    ids: Mapping[str, int], trusts: Sequence[Row], hospitals: Sequence[Row], boards: Sequence[Row]
) -> Iterator[OrganisationLink]:
    for row in (*trusts, *hospitals):
        yield from _in_areas(ids[row["code"]], row["icb_2022"], row["icb_2026"])
    for row in hospitals:
        if row["parent"]:
            yield OrganisationLink(organisation_id=ids[row["code"]], kind=PART_OF, to=row["parent"])
        if row["nation"] != "England":
            yield OrganisationLink(organisation_id=ids[row["code"]], kind=LIES_IN, to=row["parent"] or row["nation"])
    for row in boards:
        yield OrganisationLink(organisation_id=ids[row["code"]], kind=LIES_IN, to=row["code"])


def _in_areas(organisation: int, before: str, after: str) -> Iterator[OrganisationLink]:
    if before and before == after:
        yield OrganisationLink(organisation_id=organisation, kind=LIES_IN, to=before)
    elif before:
        yield OrganisationLink(organisation_id=organisation, kind=LIES_IN, to=before, valid_to=SECOND_MAP)
        yield OrganisationLink(organisation_id=organisation, kind=LIES_IN, to=after, valid_from=SECOND_MAP)


def _names(ids: Mapping[str, int], trusts: Iterable[Row]) -> Iterator[OrganisationName]:
    for row in trusts:
        if row["renamed_to"]:
            on = _day(row["renamed_on"])
            yield OrganisationName(organisation_id=ids[row["code"]], name=row["name"], valid_to=on)
            yield OrganisationName(organisation_id=ids[row["code"]], name=row["renamed_to"], valid_from=on)


def _successions(found: Sequence[Row]) -> list[Succession]:
    heirs = Counter((row["predecessor"], row["on"]) for row in found)
    return [
        Succession(
            predecessor=row["predecessor"],
            successor=row["successor"],
            on=date.fromisoformat(row["on"]),
            kind="split" if heirs[row["predecessor"], row["on"]] > 1 else "unspecified",
            source=row["source"],
            origin=FROM_DEFINITIONS,
        )
        for row in found
    ]


# -- services and centres


def _load_services(services: list[ServiceDefinition]) -> None:
    made = [
        Service(
            slug=one.slug,
            name=one.name,
            former_names=list(one.former_names),
            description=one.description,
            category=one.category,
            age_group=one.age_group,
            prescribed_number=one.prescribed_number,
            specification=one.specification,
            confidence=one.confidence,
            source=one.source,
            note=one.note,
            reviewed_on=one.reviewed,
            next_review_on=one.next_review,
        )
        for one in services
    ]
    _require_fit("services", made)
    Service.objects.bulk_create(made, update_conflicts=True, unique_fields=["slug"], update_fields=_SERVICE_FIELDS)


def _load_centres(services: list[ServiceDefinition]) -> int:
    ids = dict(Service.objects.values_list("slug", "id"))
    points = _points()
    made = [_centre(ids[one.slug], centre, points) for one in services for centre in one.centres]
    _require_fit("services", made)
    Centre.objects.bulk_create(made, update_conflicts=True, unique_fields=["service", "ods"], update_fields=_CENTRE_FIELDS)
    return len(made)


def _centre(service: int, one: CentreDefinition, points: Mapping[tuple[str, str], Point]) -> Centre:
    places = [points[key] for site in one.sites if (key := (one.ods, normalised(site))) in points]
    latitude, longitude = places[0] if places else points.get((one.ods, ""), (None, None))
    return Centre(
        service_id=service,
        ods=one.ods,
        name=one.provider,
        site="; ".join(one.sites),
        roles=list(one.roles),
        confidence=one.confidence,
        ods_confidence=one.ods_confidence,
        sources=list(one.sources),
        note=one.note,
        latitude=latitude,
        longitude=longitude,
    )


def _points() -> dict[tuple[str, str], Point]:
    """Return where each trust is, and each of its hospitals, by trust code and the hospital's name as people type it."""
    points = {(one.code, ""): (one.latitude, one.longitude) for one in Organisation.objects.filter(latitude__isnull=False)}
    parts = OrganisationLink.objects.filter(kind=PART_OF).select_related("organisation")
    for link in parts:
        points[link.to, normalised(link.organisation.name)] = (link.organisation.latitude, link.organisation.longitude)
    return points


def _load_designations(services: list[ServiceDefinition]) -> None:
    """Replace what the definitions said before. A centre about which something was decided here is left as it stands."""
    decided = set(Designation.objects.filter(origin=BY_DECISION).values_list("centre_id", flat=True))
    ids = {(slug, ods): key for key, slug, ods in Centre.objects.values_list("id", "service__slug", "ods")}
    Designation.objects.filter(origin=FROM_DEFINITIONS).exclude(centre_id__in=decided).delete()
    Designation.objects.bulk_create(
        Designation(
            centre_id=ids[one.slug, centre.ods],
            valid_from=centre.valid_from,
            valid_to=centre.valid_to,
            from_as_written=centre.from_as_written,
            to_as_written=centre.to_as_written,
            authority=_AUTHORITY,
            origin=FROM_DEFINITIONS,
        )
        for one in services
        for centre in one.centres
        if ids[one.slug, centre.ods] not in decided
    )
