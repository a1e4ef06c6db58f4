"""What the tables of cases hold to."""

from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, transaction

from plenary.collection.models import (
    Ascertainment,
    Case,
    CaseDraft,
    CaseSeries,
    CaseVersion,
    Consent,
    DataSetVersion,
    ExpectedCase,
    FollowUp,
    Submission,
)
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


def case(centre, case_id="A1"):
    return Case.objects.create(centre=centre, case_id=case_id, index_on=START)


def test_case_stands_once_at_a_centre(centre):
    case(centre)
    refused(case, centre)


def test_same_identifier_at_two_centres_is_two_cases(centre):
    case(centre)
    case(make.make_centre(ods="RJ7"))
    assert Case.objects.count() == 2


def test_case_has_an_identifier(centre):
    refused(case, centre, case_id="")


def test_one_current_version_a_case(centre):
    one, sent = case(centre), submission(centre)
    CaseVersion.objects.create(case=one, submission=sent, number=1, payload={})
    refused(CaseVersion.objects.create, case=one, submission=sent, number=2, payload={})


def test_many_earlier_versions(centre):
    one, sent = case(centre), submission(centre)
    for number in (1, 2):
        CaseVersion.objects.create(case=one, submission=sent, number=number, payload={}, current=False)
    CaseVersion.objects.create(case=one, submission=sent, number=3, payload={})
    assert one.versions.count() == 3


def test_version_number_stands_once(centre):
    one, sent = case(centre), submission(centre)
    CaseVersion.objects.create(case=one, submission=sent, number=1, payload={}, current=False)
    refused(CaseVersion.objects.create, case=one, submission=sent, number=1, payload={})


@pytest.mark.parametrize("model", [DataSetVersion, Submission, Case, CaseVersion, ExpectedCase, CaseSeries, Ascertainment])
def test_every_field_is_classed_safe_or_scrub(model):
    fields = {field.name for field in model._meta.fields} | {field.name for field in model._meta.many_to_many}
    assert model.Privacy.safe | model.Privacy.scrub == fields
    assert not model.Privacy.safe & model.Privacy.scrub


def test_what_a_patient_could_be_known_by_is_scrubbed():
    assert Case.Privacy.scrub >= {"case_id", "area", "sex", "age", "index_on"}
    assert "payload" in CaseVersion.Privacy.scrub


def known_case(centre):
    return Case.objects.create(centre=centre, case_id="A", index_on=START)


def follow_up(case, **values):
    usual = {"seen_on": date(2026, 1, 2), "status": "alive", "source": "gp", "reported_at": AT}
    return FollowUp.objects.create(case=case, **usual | values)


@pytest.mark.parametrize(
    "values",
    [
        {"status": "dead"},
        {"status": "alive", "died_on": date(2026, 1, 1)},
        {"status": "dead", "died_on": date(2026, 1, 3)},
        {"status": "in_error"},
    ],
)
def test_a_follow_up_says_nothing_that_cannot_be(centre, values):
    refused(follow_up, known_case(centre), **values)


def test_a_follow_up_is_corrected_once(centre):
    known = known_case(centre)
    wrong = follow_up(known, status="dead", died_on=date(2026, 1, 2))
    assert follow_up(known, corrects=wrong).corrects == wrong
    refused(follow_up, known, corrects=wrong, status="lost")


def test_a_follow_up_goes_with_its_case(centre):
    known = known_case(centre)
    follow_up(known, corrects=follow_up(known))
    known.delete()
    assert not FollowUp.objects.exists()


def test_a_draft_is_of_a_period_that_runs_forward(centre):
    values = {"centre": centre, "owner": 1, "typed": {}, "begun_at": AT, "saved_at": AT, "period_start": START}
    assert str(CaseDraft.objects.create(**values, period_end=END)).startswith("adult-ecmo/RJ1 draft ")
    refused(CaseDraft.objects.create, **values, period_end=START)


def test_what_a_patient_said_is_of_a_case(centre):
    values = {
        "centre": centre, "wish": "registry", "answer": "given", "said_on": START, "effect": "kept", "settings_version": "1",
        "recorded_at": AT,
    }  # fmt: skip
    assert str(Consent.objects.create(**values, case_id="A")) == "registry given"
    refused(Consent.objects.create, **values, case_id="")


def test_a_case_counts_fully_unless_somebody_says_otherwise(centre):
    assert known_case(centre).counted_only is False
