"""Services, organisations, centres and designations for tests."""

from __future__ import annotations

from datetime import date

import factory

from plenary.registry import models
from plenary.registry.terms import normalised


class ServiceFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.Service
        django_get_or_create = ("slug",)

    slug = factory.Sequence(lambda number: f"service-{number}")
    name = factory.LazyAttribute(lambda made: f"{made.slug.replace('-', ' ').capitalize()} service")
    description = "What it does, in a sentence."
    category = "very rare disease"
    age_group = "adults"
    confidence = "confirmed"


class OrganisationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.Organisation
        django_get_or_create = ("code",)

    code = factory.Sequence(lambda number: f"X{number:03d}")
    name = factory.LazyAttribute(lambda made: f"Trust {made.code}")
    kind = "trust"
    latitude = 51.5
    longitude = -0.1
    confidence = "confirmed"
    search = factory.LazyAttribute(lambda made: f" {made.code.casefold()} {normalised(made.name)}")


class CentreFactory(factory.django.DjangoModelFactory):
    """A centre that is not designated yet; see ``DesignationFactory``."""

    class Meta:
        model = models.Centre
        django_get_or_create = ("service", "ods")

    service = factory.SubFactory(ServiceFactory)
    ods = factory.Sequence(lambda number: f"R{number:02d}")
    name = factory.LazyAttribute(lambda made: f"Trust {made.ods}")
    site = factory.LazyAttribute(lambda made: f"Hospital {made.ods}")
    confidence = "confirmed"
    latitude = 51.5
    longitude = -0.1


class DesignationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.Designation

    centre = factory.SubFactory(CentreFactory)
    valid_from = date(2015, 4, 1)
    valid_to = None
    authority = "National commissioner"
    origin = "decision"
