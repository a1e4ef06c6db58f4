"""Tables of the registry: services, organisations over time, centres and their designations."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from plenary.registry.terms import (
    BY_DECISION,
    CONFIDENCE,
    FROM_DEFINITIONS,
    LIES_IN,
    ORGANISATION_KINDS,
    PART_OF,
    SUCCESSION_KINDS,
)

_CONFIDENCE = [(word, word) for word in CONFIDENCE]
_ORIGIN = [(word, word) for word in (FROM_DEFINITIONS, BY_DECISION)]


def _dates_in_order(name: str) -> models.CheckConstraint:
    in_order = Q(valid_from=None) | Q(valid_to=None) | Q(valid_from__lt=F("valid_to"))
    return models.CheckConstraint(condition=in_order, name=name)


class Service(models.Model):
    """A highly specialised service as commissioned."""

    slug = models.SlugField(unique=True, max_length=80)
    name = models.CharField(max_length=250)
    former_names = models.JSONField(default=list, blank=True)
    description = models.TextField(blank=True)
    category = models.CharField(max_length=80, blank=True)
    age_group = models.CharField(max_length=80, blank=True)
    prescribed_number = models.CharField(max_length=20, blank=True)
    specification = models.CharField(max_length=80, blank=True)
    confidence = models.CharField(max_length=12, choices=_CONFIDENCE)
    source = models.CharField(max_length=500, blank=True)
    note = models.TextField(blank=True)
    reviewed_on = models.DateField(null=True, blank=True)
    next_review_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["name", "slug"]
        constraints = [models.CheckConstraint(condition=Q(confidence__in=CONFIDENCE), name="service_confidence_known")]

    class Privacy:
        safe = {
            "id", "slug", "name", "former_names", "description", "category", "age_group", "prescribed_number", "specification",
            "confidence", "source", "note", "reviewed_on", "next_review_on",
        }  # fmt: skip
        scrub: set[str] = set()

    def __str__(self) -> str:
        return self.name

    @property
    def confirmed(self) -> bool:
        return self.confidence == "confirmed"


class Organisation(models.Model):
    """A trust, board or hospital. ``name`` is the latest; earlier ones stand in ``OrganisationName``.

    ``search`` holds every name and the code as people type them, each word after a space.
    """

    code = models.CharField(max_length=12, unique=True)
    name = models.CharField(max_length=250)
    kind = models.CharField(max_length=24, choices=[(kind, kind) for kind in ORGANISATION_KINDS])
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    outcode = models.CharField(max_length=4, blank=True)
    opened_on = models.DateField(null=True, blank=True)
    closed_on = models.DateField(null=True, blank=True)
    confidence = models.CharField(max_length=12, choices=_CONFIDENCE)
    search = models.TextField()

    class Meta:
        ordering = ["name", "code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(latitude=None, longitude=None) | Q(latitude__isnull=False, longitude__isnull=False),
                name="organisation_point_whole",
            )
        ]

    class Privacy:
        safe = {
            "id", "code", "name", "kind", "latitude", "longitude", "outcode", "opened_on", "closed_on", "confidence", "search",
        }  # fmt: skip
        scrub: set[str] = set()

    def __str__(self) -> str:
        return self.name


class OrganisationName(models.Model):
    """A name that an organisation bore between two dates, kept where it changed."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="names")
    name = models.CharField(max_length=250)
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["organisation_id", F("valid_from").asc(nulls_first=True)]
        constraints = [_dates_in_order("organisation_name_dates_in_order")]

    class Privacy:
        safe = {"id", "organisation", "name", "valid_from", "valid_to"}
        scrub: set[str] = set()


class OrganisationLink(models.Model):
    """What an organisation is part of (a trust, a board), or lies in (an ICB, a nation), between two dates."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="links")
    kind = models.CharField(max_length=8, choices=[(kind, kind) for kind in (PART_OF, LIES_IN)])
    to = models.CharField(max_length=20, db_index=True)  # a code: areas are documents, not rows
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["organisation_id", "kind", F("valid_from").asc(nulls_first=True)]
        constraints = [_dates_in_order("organisation_link_dates_in_order")]

    class Privacy:
        safe = {"id", "organisation", "kind", "to", "valid_from", "valid_to"}
        scrub: set[str] = set()


class Succession(models.Model):
    """One organisation passing to another. Codes, not rows: many predecessors ended before our lists begin."""

    predecessor = models.CharField(max_length=12, db_index=True)
    successor = models.CharField(max_length=12, db_index=True)
    on = models.DateField()
    kind = models.CharField(max_length=12, choices=[(kind, kind) for kind in SUCCESSION_KINDS])
    source = models.CharField(max_length=250, blank=True)
    origin = models.CharField(max_length=12, choices=_ORIGIN)

    class Meta:
        ordering = ["on", "predecessor", "successor"]
        constraints = [
            models.UniqueConstraint(fields=["predecessor", "successor", "on"], name="succession_once"),
            models.CheckConstraint(condition=~Q(predecessor=F("successor")), name="succession_to_another"),
        ]

    class Privacy:
        safe = {"id", "predecessor", "successor", "on", "kind", "source", "origin"}
        scrub: set[str] = set()


class Centre(models.Model):
    """An organisation's place for one service. ``name`` is the provider's, ``site`` the hospital's."""

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="centres")
    ods = models.CharField(max_length=12, db_index=True)
    name = models.CharField(max_length=250)
    site = models.CharField(max_length=250, blank=True)
    roles = models.JSONField(default=list, blank=True)
    confidence = models.CharField(max_length=12, choices=_CONFIDENCE)
    ods_confidence = models.CharField(max_length=12, choices=_CONFIDENCE, default="confirmed")
    sources = models.JSONField(default=list, blank=True)
    note = models.TextField(blank=True)
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)

    class Meta:
        ordering = ["service_id", "name", "ods"]
        constraints = [
            models.UniqueConstraint(fields=["service", "ods"], name="centre_once_in_a_service"),
            models.CheckConstraint(condition=Q(confidence__in=CONFIDENCE), name="centre_confidence_known"),
        ]

    class Privacy:
        safe = {
            "id", "service", "ods", "name", "site", "roles", "confidence", "ods_confidence", "sources", "note", "latitude",
            "longitude",
        }  # fmt: skip
        scrub: set[str] = set()

    def __str__(self) -> str:
        return f"{self.name}, {self.site}" if self.site else self.name

    @property
    def key(self) -> str:
        """How posts and cases name the centre: "slug/ODS". Fetch the service along with it."""
        return f"{self.service.slug}/{self.ods}"

    @property
    def confirmed(self) -> bool:
        return self.confidence == "confirmed"


class Designation(models.Model):
    """A centre's standing for its service on ``[valid_from, valid_to)``, with the authority that gave and ended it.

    An unknown beginning is empty: it has stood for as long as is known. Vague dates are kept as written beside their first day.
    """

    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="designations")
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)
    from_as_written = models.CharField(max_length=40, blank=True)
    to_as_written = models.CharField(max_length=40, blank=True)
    authority = models.CharField(max_length=250)
    ended_by = models.CharField(max_length=250, blank=True)
    origin = models.CharField(max_length=12, choices=_ORIGIN)

    class Meta:
        ordering = ["centre_id", F("valid_from").asc(nulls_first=True)]
        constraints = [
            _dates_in_order("designation_dates_in_order"),
            models.UniqueConstraint(fields=["centre"], condition=Q(valid_to=None), name="designation_open_once"),
        ]

    class Privacy:
        safe = {
            "id", "centre", "valid_from", "valid_to", "from_as_written", "to_as_written", "authority", "ended_by", "origin",
        }  # fmt: skip
        scrub: set[str] = set()


class DefinitionFile(models.Model):
    """A file of the definitions as it was last loaded, so that a second load knows that nothing changed."""

    path = models.CharField(max_length=250, primary_key=True)
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ["path"]

    class Privacy:
        safe = {"path", "sha256"}
        scrub: set[str] = set()
