"""What the tables of shared patients hold to."""

from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, transaction

from plenary.collection.models import Case, CaseMark, SharedPatient
from tests.factories import collection as make
from tests.factories.collection import START

pytestmark = pytest.mark.django_db

AT = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.fixture
def pair():
    """The same patient at two centres of a service."""
    return [Case.objects.create(centre=make.make_centre(ods=ods), case_id=f"{ods}-1", index_on=START) for ods in ("RJ1", "RJ7")]


def share(first, second, **values):
    return SharedPatient.objects.create(**{"first": first, "second": second, "sure": True, "found_at": AT} | values)


def refused(make_row, *args, **values):
    with pytest.raises(IntegrityError), transaction.atomic():
        make_row(*args, **values)


def test_two_cases_are_one_patient_once(pair):
    share(*pair)
    refused(share, *pair)


def test_a_case_is_not_shared_with_itself(pair):
    refused(share, pair[0], pair[0])


@pytest.mark.parametrize("state", ["proposed", "agreed"])
def test_what_is_answered_has_an_answer(pair, state):
    refused(share, *pair, state=state)


@pytest.mark.parametrize("without", ["moved_on", "moved_from", "counts_at"])
def test_a_transfer_says_when_from_where_and_where_it_counts(pair, without):
    first, second = pair
    whole = {"moved_on": date(2025, 6, 1), "moved_from": first.centre, "counts_at": second.centre}
    refused(share, *pair, state="agreed", answer="transfer", **{name: value for name, value in whole.items() if name != without})
    share(*pair, state="agreed", answer="transfer", **whole)


def test_a_duplicate_counts_somewhere(pair):
    refused(share, *pair, state="agreed", answer="duplicate")
    share(*pair, state="agreed", answer="duplicate", counts_at=pair[0].centre)


def test_two_episodes_count_at_both(pair):
    assert share(*pair, state="agreed", answer="two_episodes").counts_at is None


def test_a_case_has_one_mark_which_goes_with_it(pair):
    CaseMark.objects.create(case=pair[0], key_id="k", nhs="n")
    refused(CaseMark.objects.create, case=pair[0], key_id="other")
    share(*pair)
    pair[0].delete()
    assert not CaseMark.objects.exists()
    assert not SharedPatient.objects.exists()


def test_what_a_person_could_be_known_by_is_named_nowhere(pair):
    mark = CaseMark.objects.create(case=pair[0], key_id="k", nhs="SECRET", like="SECRET", born="SECRET")
    assert "SECRET" not in str(mark)
    assert "RJ1-1" not in str(share(*pair))
    assert {"nhs", "like", "born"} <= CaseMark.Privacy.scrub
