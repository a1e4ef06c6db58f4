"""The database itself refuses half states."""

import pytest
from django.db import IntegrityError, transaction

from plenary.spend.models import Return
from tests.unit.spend.test_actions import centre, record

pytestmark = pytest.mark.django_db


def test_one_current_return_a_centre_and_period():
    made = record(centre())
    made.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        made.save()


@pytest.mark.parametrize("change", [{"amount_gbp": -1}, {"period_end": "2025-01-01"}])
def test_no_impossible_return(change):
    made = record(centre())
    with pytest.raises(IntegrityError), transaction.atomic():
        Return.objects.filter(pk=made.pk).update(**change)


def test_its_name():
    assert str(record(centre())) == "adult-ecmo/RJ1 2025-01-01"


def test_every_field_is_classed():
    assert Return.Privacy.safe | Return.Privacy.scrub == {field.name for field in Return._meta.fields}
