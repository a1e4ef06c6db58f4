"""What the tables of case series and expected cases hold to."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction

from plenary.collection.models import CaseSeries, ExpectedCase
from tests.factories import collection as make
from tests.factories.collection import END, START

pytestmark = pytest.mark.django_db

AT = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.fixture
def centre():
    return make.make_centre()


def refused(make_row, *args, **values):
    with pytest.raises(IntegrityError), transaction.atomic():
        make_row(*args, **values)


def expected(centre, **values):
    usual = {"period_start": START, "period_end": END, "case_id": "A1", "source": "MDT"}
    return ExpectedCase.objects.create(centre=centre, **usual | values)


def test_a_source_expects_a_case_once(centre):
    expected(centre)
    refused(expected, centre)


def test_two_sources_expect_the_same_case(centre):
    expected(centre)
    expected(centre, source="hospital episodes")
    assert ExpectedCase.objects.count() == 2


def test_expected_period_runs_forward(centre):
    refused(expected, centre, period_end=START)


def series(centre, **values):
    return CaseSeries.objects.create(centre=centre, **{"period_start": START, "period_end": END} | values)


def test_series_stands_once(centre):
    series(centre)
    refused(series, centre)


def test_series_period_runs_forward(centre):
    refused(series, centre, period_end=START)


SIGNED = {"state": "signed_off", "declared_by": 12, "declared_at": AT, "content_hash": "a" * 64}


def test_signed_off_with_all_that_belongs_to_it(centre):
    assert series(centre, **SIGNED).content_hash == "a" * 64


@pytest.mark.parametrize("absent", [{"declared_by": None}, {"declared_at": None}, {"content_hash": ""}])
def test_signed_off_lacks_nothing(centre, absent):
    refused(series, centre, **SIGNED | absent)


@pytest.mark.parametrize("extra", [{"declared_by": 12}, {"declared_at": AT}, {"content_hash": "a" * 64}])
def test_open_carries_no_declaration(centre, extra):
    refused(series, centre, **extra)
