"""What the table of submissions holds to."""

from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, transaction

from plenary.collection.models import Submission
from tests.factories import collection as make
from tests.factories.collection import END, START

pytestmark = pytest.mark.django_db

AT = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.fixture
def centre():
    return make.make_centre()


def submission(centre, **values):
    version = centre.service.data_set_versions.get()
    usual = {"period_start": START, "period_end": END, "filename": "a.csv", "sha256": "0" * 64, "received_at": AT}
    return Submission.objects.create(centre=centre, data_set=version, **usual | values)


def refused(make_row, *args, **values):
    with pytest.raises(IntegrityError), transaction.atomic():
        make_row(*args, **values)


@pytest.mark.parametrize("end", [START, date(2024, 1, 1)])
def test_submission_period_runs_forward(centre, end):
    refused(submission, centre, period_end=end)


def test_superseded_names_what_superseded_it(centre):
    refused(submission, centre, state="superseded")


def test_what_is_not_superseded_names_nothing(centre):
    later = submission(centre)
    refused(submission, centre, state="checked", superseded_by=later)


def test_superseded_by_a_later_one(centre):
    later = submission(centre)
    assert submission(centre, state="superseded", superseded_by=later).superseded_by == later


def test_accepted_has_no_blocking_finding(centre):
    refused(submission, centre, state="accepted", blocking=1)


def test_one_accepted_file_a_period(centre):
    submission(centre, state="accepted")
    refused(submission, centre, state="accepted")


def test_many_keyed_cases_a_period(centre):
    submission(centre, state="accepted")
    submission(centre, state="accepted", route="keyed")
    submission(centre, state="accepted", route="keyed")
    assert Submission.objects.count() == 3


def test_accepted_files_of_two_centres(centre):
    submission(centre, state="accepted")
    submission(make.make_centre(ods="RJ7"), state="accepted")
    assert Submission.objects.count() == 2
