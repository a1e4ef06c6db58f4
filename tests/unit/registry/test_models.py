from datetime import date

import pytest
from django.db import IntegrityError, transaction

from plenary.registry import models
from tests.factories.registry import CentreFactory, DesignationFactory, OrganisationFactory, ServiceFactory

pytestmark = pytest.mark.django_db


def refused(make):
    with pytest.raises(IntegrityError), transaction.atomic():
        make()


def test_a_centre_is_named_by_service_and_code():
    centre = CentreFactory(service__slug="lam", ods="RX1", name="Nottingham", site="Queen's")
    assert centre.key == "lam/RX1"
    assert str(centre) == "Nottingham, Queen's"
    assert str(CentreFactory(site="", name="Trust")) == "Trust"


def test_one_centre_for_each_provider_and_service():
    centre = CentreFactory()
    refused(lambda: models.Centre.objects.create(service=centre.service, ods=centre.ods, name="again", confidence="confirmed"))
    assert CentreFactory(ods=centre.ods).service != centre.service


@pytest.mark.parametrize(("word", "confirmed"), [("confirmed", True), ("recalled", False), ("invented", False)])
def test_only_confirmed_is_confirmed(word, confirmed):
    assert ServiceFactory(confidence=word).confirmed is confirmed
    assert CentreFactory(confidence=word).confirmed is confirmed


def test_a_confidence_that_is_not_a_word_of_ours_is_refused_by_the_database():
    refused(lambda: ServiceFactory(confidence="certain"))
    refused(lambda: CentreFactory(confidence="certain"))


@pytest.mark.parametrize(("start", "end"), [(date(2020, 1, 1), date(2020, 1, 1)), (date(2020, 1, 2), date(2020, 1, 1))])
def test_dates_out_of_order_are_refused_by_the_database(start, end):
    refused(lambda: DesignationFactory(valid_from=start, valid_to=end))


@pytest.mark.parametrize(
    ("start", "end"), [(None, date(2020, 1, 1)), (date(2020, 1, 1), None), (None, None), (date(2020, 1, 1), date(2020, 1, 2))]
)
def test_dates_in_order_and_unknown_dates_are_kept(start, end):
    assert DesignationFactory(valid_from=start, valid_to=end).pk


def test_one_open_designation_at_a_time():
    first = DesignationFactory()
    refused(lambda: DesignationFactory(centre=first.centre, valid_from=date(2020, 1, 1)))
    DesignationFactory(centre=first.centre, valid_from=date(2001, 1, 1), valid_to=date(2002, 1, 1))
    assert first.centre.designations.count() == 2


def test_half_a_point_is_refused_by_the_database():
    refused(lambda: OrganisationFactory(latitude=None))
    assert OrganisationFactory(latitude=None, longitude=None).pk


def test_nobody_succeeds_themselves():
    refused(
        lambda: models.Succession.objects.create(
            predecessor="RJ1", successor="RJ1", on=date(2021, 2, 1), kind="merger", origin="decision"
        )
    )


@pytest.mark.parametrize(
    "name",
    ["Service", "Organisation", "OrganisationName", "OrganisationLink", "Succession", "Centre", "Designation", "DefinitionFile"],
)
def test_every_field_is_classed_safe_or_scrub(name):
    model = getattr(models, name)
    assert model.Privacy.safe | model.Privacy.scrub == {field.name for field in model._meta.concrete_fields}
    assert not model.Privacy.safe & model.Privacy.scrub
