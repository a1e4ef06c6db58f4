"""What the tables of centres' systems hold to."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction

from plenary.collection.models import SystemCall, SystemKey, SystemUpload
from tests.factories import collection as make
from tests.factories.collection import END, START

pytestmark = pytest.mark.django_db

AT = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.fixture
def key():
    return issue("one")


def issue(key_id):
    return SystemKey.objects.create(centre=make.make_centre(), name="Ward system", key_id=key_id, issued_at=AT)


def call(key, signature, **values):
    return SystemCall.objects.create(key=key, signature=signature, called_at=AT, **values)


def upload(key, token, **values):
    usual = {"period_start": START, "period_end": END, "filename": "cases.csv", "size": 10, "begun_at": AT}
    return SystemUpload.objects.create(key=key, token=token, **usual | values)


def refused(make_row, *args, **values):
    with pytest.raises(IntegrityError), transaction.atomic():
        make_row(*args, **values)


def test_a_key_is_known_by_one_name(key):
    refused(issue, "one")


def test_a_signature_is_taken_once_a_key(key):
    call(key, "a" * 64)
    refused(call, key, "a" * 64)
    call(issue("two"), "a" * 64)


def test_an_idempotency_key_has_one_answer_and_none_may_come_often(key):
    call(key, "a" * 64, idempotency="same")
    refused(call, key, "b" * 64, idempotency="same")
    for signature in ("c" * 64, "d" * 64):
        call(key, signature)
    call(issue("two"), "e" * 64, idempotency="same")


def test_an_upload_receives_no_more_than_its_size(key):
    upload(key, "whole", received=10)
    refused(upload, key, "more", received=11)


def test_an_upload_is_of_a_period_that_runs_forward_and_has_a_token_of_its_own(key):
    refused(upload, key, "back", period_end=START)
    upload(key, "once")
    refused(upload, key, "once")


def test_what_could_let_somebody_in_is_scrubbed_and_not_shown(key):
    assert {"key_id", "name"} <= SystemKey.Privacy.scrub
    assert {"signature", "answer", "idempotency"} <= SystemCall.Privacy.scrub
    assert {"token", "filename", "parts"} <= SystemUpload.Privacy.scrub
    assert "SECRET" not in f"{call(key, 'SECRET')} {upload(key, 'SECRET')} {issue('SECRET')}"
