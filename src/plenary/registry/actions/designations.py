"""Services, designations, and what happens to them when organisations merge."""

from __future__ import annotations

import re
from datetime import date

from django.db import transaction
from django.db.models import Q, QuerySet

from plenary.core.actions import record
from plenary.core.permissions import Refused, require, require_fit
from plenary.core.terms import Who
from plenary.registry import permissions, queries
from plenary.registry.models import Centre, Designation, Organisation, Service, Succession
from plenary.registry.terms import BY_DECISION, CONFIDENCE, SUCCESSION_KINDS, normalised

_MAY_NOT = "Only a national commissioner may change services and designations."


def add_service(
    *,
    slug: str,
    name: str,
    description: str = "",
    category: str = "",
    age_group: str = "",
    confidence: str = "confirmed",
    source: str = "",
    note: str = "",
    by: Who,
) -> Service:
    """Add a service that the definitions do not hold. Refused where the slug is taken or is not a slug."""
    require(permissions.may_designate(by), _MAY_NOT)
    require(re.fullmatch(r"[a-z0-9][a-z0-9-]{0,79}", slug) is not None, f"'{slug}' is no short name: use a-z, 0-9 and '-'.")
    require(bool(name.strip()), "A service needs a name.")
    require(confidence in CONFIDENCE, f"'{confidence}' is no degree of confidence: use {', '.join(CONFIDENCE)}.")
    with transaction.atomic():
        require(not Service.objects.filter(slug=slug).exists(), f"There is a service '{slug}' already.")
        made = Service(
            slug=slug, name=name.strip(), description=description, category=category, age_group=age_group,
            confidence=confidence, source=source, note=note,
        )  # fmt: skip
        require_fit(made)
        made.save(force_insert=True)
        record(by=by, verb="add service", subject=f"service/{slug}", detail={"name": made.name, "confidence": confidence})
    return made


def designate(
    *,
    service: str,
    ods: str,
    valid_from: date | None,
    valid_to: date | None = None,
    authority: str,
    name: str = "",
    site: str = "",
    confidence: str = "confirmed",
    by: Who,
) -> Designation:
    """Designate a provider as a centre of a service from a day, making the centre where it is new.

    ``name`` may be left out for an organisation that the registry knows. Refused where it would overlap a designation.
    """
    require(permissions.may_designate(by), _MAY_NOT)
    require(bool(authority.strip()), "Say on whose authority the centre is designated.")
    require(valid_from is None or valid_to is None or valid_from < valid_to, "A designation ends after it begins.")
    with transaction.atomic():
        centre = _centre(service, ods.strip().upper(), name, site, confidence)
        _require_no_overlap(centre, valid_from, valid_to)
        made = Designation(
            centre=centre, valid_from=valid_from, valid_to=valid_to, authority=authority.strip(), origin=BY_DECISION
        )
        require_fit(made)
        made.save(force_insert=True)
        detail = {"valid_from": valid_from, "valid_to": valid_to, "authority": made.authority}
        record(by=by, verb="designate", subject=f"centre/{centre.key}", detail=detail)
    return made


def de_nominate(*, service: str, ods: str, on: date, authority: str, by: Who) -> Designation:
    """End the designation in force: ``on`` is the first day on which the centre is no longer designated."""
    require(permissions.may_designate(by), _MAY_NOT)
    require(bool(authority.strip()), "Say on whose authority the designation ends.")
    with transaction.atomic():
        centre = queries.centre(service, ods)
        standing = _standing_before(centre, on)
        if standing is None:
            raise Refused(f"{centre.name} is not designated for this service on the day before {on.isoformat()}.")
        _end(standing, on, authority)
        record(by=by, verb="de-nominate", subject=f"centre/{centre.key}", detail={"on": on, "authority": authority})
    return standing


def succeed(*, predecessor: str, successor: str, on: date, kind: str, authority: str, by: Who) -> list[Designation]:
    """Record that one organisation passes to another, and hand over its designations from that day.

    The predecessor's centres keep their history and end on the day; the successor gets a designation for each service that
    it does not hold already. Returns the designations that were made.
    """
    require(permissions.may_designate(by), _MAY_NOT)
    require(kind in SUCCESSION_KINDS, f"'{kind}' is no kind of succession: use {', '.join(SUCCESSION_KINDS)}.")
    require(bool(authority.strip()), "Say on whose authority the organisations merge.")
    predecessor, successor = predecessor.strip().upper(), successor.strip().upper()
    require(predecessor != successor, "An organisation does not succeed itself.")
    with transaction.atomic():
        heir = queries.organisation(successor)
        known = Succession.objects.filter(predecessor=predecessor, successor=successor, on=on).exists()
        require(not known, f"That {predecessor} passed to {successor} on {on.isoformat()} is recorded already.")
        passed = Succession(predecessor=predecessor, successor=successor, on=on, kind=kind, source=authority, origin=BY_DECISION)
        require_fit(passed)
        passed.save(force_insert=True)
        Organisation.objects.filter(code=predecessor).update(closed_on=on)
        made = [one for centre in queries.centres_of(predecessor) if (one := _hand_over(centre, heir, on, authority))]
        detail = {"on": on, "kind": kind, "authority": authority, "centres": [one.centre.key for one in made]}
        record(by=by, verb="succeed", subject=f"organisation/{predecessor}", detail=detail | {"successor": successor})
    return made


def _hand_over(centre: Centre, heir: Organisation, on: date, authority: str) -> Designation | None:
    standing = _standing_before(centre, on)
    if standing is None:
        return None
    until = standing.valid_to
    _end(standing, on, authority)
    taken = _centre(centre.service.slug, heir.code, heir.name, centre.site, centre.confidence)
    if _overlapping(taken, on, until).exists():
        return None
    return Designation.objects.create(centre=taken, valid_from=on, valid_to=until, authority=authority, origin=BY_DECISION)


def _end(standing: Designation, on: date, authority: str) -> None:
    standing.valid_to, standing.ended_by, standing.origin = on, authority.strip(), BY_DECISION
    standing.to_as_written = ""
    require_fit(standing)
    standing.save(update_fields=["valid_to", "ended_by", "origin", "to_as_written"])


def _standing_before(centre: Centre, on: date) -> Designation | None:
    """Return the designation that would still stand on ``on`` and began before it."""
    began = Q(valid_from=None) | Q(valid_from__lt=on)
    return centre.designations.filter(began, Q(valid_to=None) | Q(valid_to__gt=on)).last()


def _overlapping(centre: Centre, valid_from: date | None, valid_to: date | None) -> QuerySet[Designation]:
    found = centre.designations.all()
    if valid_to is not None:
        found = found.filter(Q(valid_from=None) | Q(valid_from__lt=valid_to))
    return found if valid_from is None else found.filter(Q(valid_to=None) | Q(valid_to__gt=valid_from))


def _require_no_overlap(centre: Centre, valid_from: date | None, valid_to: date | None) -> None:
    other = _overlapping(centre, valid_from, valid_to).first()
    if other is not None:
        span = f"{other.valid_from or 'long ago'} to {other.valid_to or 'now'}"
        raise Refused(f"{centre.name} is designated for this service already, from {span}.")


def _centre(slug: str, ods: str, name: str, site: str, confidence: str) -> Centre:
    """Return the centre, made where it is new and placed at its hospital where that is known."""
    service = queries.service(slug)
    found = Centre.objects.select_related("service").filter(service=service, ods=ods).first()
    if found is not None:
        return found
    known = Organisation.objects.filter(code=ods).first()
    if known is None and not name.strip():
        raise Refused(f"The registry does not know {ods}: give the provider's name.")
    require(re.fullmatch(r"[0-9A-Z]{1,12}", ods) is not None, f"'{ods}' is no ODS code: use letters and digits, twelve at most.")
    latitude, longitude = _point(ods, site, known)
    made = Centre(
        service=service, ods=ods, name=name.strip() or str(known), site=site.strip(), confidence=confidence,
        latitude=latitude, longitude=longitude,
    )  # fmt: skip
    require_fit(made)
    made.save(force_insert=True)
    return made


def _point(ods: str, site: str, known: Organisation | None) -> tuple[float | None, float | None]:
    if site.strip():
        wanted = normalised(site)
        for hospital in Organisation.objects.filter(links__to=ods, latitude__isnull=False).distinct():
            if normalised(hospital.name) == wanted:
                return hospital.latitude, hospital.longitude
    return (known.latitude, known.longitude) if known else (None, None)
