"""The database itself refuses half states."""

import pytest
from django.db import IntegrityError, transaction

from plenary.access.models import Run, Scenario
from tests.unit.access.test_actions import centre_with, keep, placed, run  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db


def test_a_run_stands_once_for_its_inputs_and_code():
    made = run(centre_with(["QE1"]).service)
    made.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        made.save()


def test_a_run_of_other_code_stands_beside_it():
    made = run(centre_with(["QE1"]).service)
    made.pk, made.code_version = None, "another"
    made.save()
    assert Run.objects.count() == 2


def test_a_period_runs_forward():
    made = run(centre_with(["QE1"]).service)
    with pytest.raises(IntegrityError), transaction.atomic():
        Run.objects.filter(pk=made.pk).update(period_end=made.period_start)


def test_its_name():
    made = run(centre_with(["QE1"]).service)
    assert str(made) == f"adult-ecmo 2025-01-01, run {made.pk}"


def test_a_scenario_has_a_title(placed):  # noqa: F811
    made = keep(placed)
    with pytest.raises(IntegrityError), transaction.atomic():
        Scenario.objects.filter(pk=made.pk).update(title="")
    assert str(made) == "adult-ecmo: A centre in Bristol"
