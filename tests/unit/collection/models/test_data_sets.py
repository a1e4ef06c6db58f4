"""What the tables of data sets hold to."""

import pytest
from django.db import IntegrityError, transaction

from plenary.collection.models import DataSetVersion
from tests.factories import collection as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def centre():
    return make.make_centre()


def refused(make_row, *args, **values):
    with pytest.raises(IntegrityError), transaction.atomic():
        make_row(*args, **values)


def test_data_set_version_stands_once(centre):
    known = centre.service.data_set_versions.get()
    again = {"service": centre.service, "version": known.version, "sha256": "1" * 64, "adopted_on": known.adopted_on}
    refused(DataSetVersion.objects.create, **again)


def test_data_set_version_is_named_by_service_and_version(centre):
    assert str(centre.service.data_set_versions.get()) == "adult-ecmo 2025-1"
