"""The database itself refuses half states."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from plenary.releases.models import Proposal, Vote
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
