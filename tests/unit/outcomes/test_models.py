"""The database itself refuses half states."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from plenary.outcomes.models import OutcomeSetVersion, Run
from tests.factories import outcomes as make
from tests.factories.registry import ServiceFactory

pytestmark = pytest.mark.django_db


def refused(act):
    with pytest.raises(IntegrityError), transaction.atomic():
        act()


def version(service, **values):
    usual = {"version": "1", "sha256": "0" * 64, "proposed": False, "agreed_on": date(2025, 1, 1), "adopted_on": date(2025, 1, 1)}
    return OutcomeSetVersion.objects.create(service=service, **usual | values)


def test_a_version_stands_once():
    service = ServiceFactory()
    version(service)
    refused(lambda: version(service))


def test_what_is_agreed_was_agreed_on_a_day():
    service = ServiceFactory()
    refused(lambda: version(service, agreed_on=None))
    assert version(service, agreed_on=None, proposed=True).pk


def test_a_run_stands_once_for_its_inputs_and_code():
    run = make.run(make.signed_centre().service)
    run.pk = None
    refused(run.save)


def test_a_run_of_other_code_stands_beside_it():
    run = make.run(make.signed_centre().service)
    run.pk, run.code_version = None, "another"
    run.save()
    assert Run.objects.count() == 2


def test_a_period_runs_forward():
    run = make.run(make.signed_centre().service)
    refused(lambda: Run.objects.filter(pk=run.pk).update(period_end=run.period_start))


def test_names():
    service = ServiceFactory(slug="lam")
    assert str(version(service)) == "lam 1"
