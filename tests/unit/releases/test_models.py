"""The database itself refuses half states."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from plenary.releases.models import Proposal, Trial, Vote
from tests.factories import releases as make

pytestmark = pytest.mark.django_db


def refused(act):
    with pytest.raises(IntegrityError), transaction.atomic():
        act()


def vote(proposal, reviewer=31):
    now = timezone.now()
    return Vote.objects.create(proposal=proposal, reviewer=reviewer, reviewer_name="R", decision="approve", voted_at=now)


def test_one_vote_a_person():
    proposal = make.proposal()
    vote(proposal)
    refused(lambda: vote(proposal))
    assert vote(proposal, reviewer=32).pk


def test_frozen_has_its_time():
    proposal = make.proposal()
    refused(lambda: Proposal.objects.filter(pk=proposal.pk).update(state="frozen"))


def test_what_is_not_frozen_has_none():
    proposal = make.proposal()
    refused(lambda: Proposal.objects.filter(pk=proposal.pk).update(frozen_at=timezone.now()))


def test_period_runs_forward():
    proposal = make.proposal()
    refused(lambda: Proposal.objects.filter(pk=proposal.pk).update(period_end=proposal.period_start))


def test_a_proposal_with_votes_is_not_deleted():
    proposal = make.approved()
    with pytest.raises(IntegrityError):
        proposal.delete()


@pytest.mark.parametrize("model", [Proposal, Vote])
def test_every_field_is_classed_safe_or_scrub(model):
    fields = {field.name for field in model._meta.fields} | {field.name for field in model._meta.many_to_many}
    assert model.Privacy.safe | model.Privacy.scrub == fields
    assert not model.Privacy.safe & model.Privacy.scrub


def test_names():
    proposal = make.approved()
    assert str(proposal) == f"2025, proposal {proposal.pk}"
    assert str(proposal.votes.first()) == f"approve on proposal {proposal.pk}"


@pytest.mark.parametrize(
    "half",
    [
        {"state": "failed"},
        {"failure": "The disk is full."},
        {"state": "done"},
        {"answer_sha256": "0" * 64},
        {"state": "adopted", "answer_sha256": "0" * 64},
    ],
)
def test_a_trial_is_done_with_an_answer_failed_with_a_reason_and_only_a_policy_is_adopted(half):
    trial = make.ask_cost(make.proposal())
    refused(lambda: Trial.objects.filter(pk=trial.pk).update(**half))
    whole = {"state": "adopted", "answer_sha256": "0" * 64, "kind": "policy"}
    assert Trial.objects.filter(pk=trial.pk).update(**whole) == 1


def test_a_proposal_with_a_trial_is_not_deleted():
    trial = make.ask_cost(make.proposal())
    with pytest.raises(IntegrityError):
        trial.proposal.delete()
