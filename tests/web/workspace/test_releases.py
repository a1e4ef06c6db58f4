"""Proposals as their reviewers see them, blind votes, release and withdrawal."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from plenary.core.permissions import (
    Administrator,
    CentreLead,
    NationalCommissioner,
    NetworkLead,
    PatientRepresentative,
    Reviewer,
)
from plenary.releases import actions
from plenary.releases.models import Proposal
from plenary.releases.terms import Decision
from tests.factories import outcomes as computed
from tests.factories import releases as make
from tests.factories.registry import DesignationFactory


@pytest.fixture
def proposal(db):
    """One small centre of three: it is withheld, and another with it."""
    return make.proposal()


@pytest.fixture
def commissioner(as_):
    return as_(NationalCommissioner, "England")


@pytest.fixture
def reviewer(as_):
    return as_(Reviewer, "England", name="Rita Reviewer")


def url(proposal, rest=""):
    return f"/workspace/releases/{proposal.pk}/{rest}"


# -- who


PAGES = ("", "rows.csv", "review/", "release/", "withdraw/")


@pytest.mark.parametrize(
    ("role", "scope"),
    [
        (CentreLead, "adult-ecmo/RJ1"),
        (PatientRepresentative, "adult-ecmo"),
        (Administrator, ""),
        (NetworkLead, "heart-transplant"),
        (Reviewer, "heart-transplant"),
        (NationalCommissioner, "Wales"),
    ],
    ids=lambda value: getattr(value, "key", value or "all"),
)
def test_a_proposal_is_closed_to_those_whom_it_does_not_concern(as_, proposal, role, scope):
    browser = as_(role, scope)
    for rest in PAGES:
        answer = browser.get(url(proposal, rest))
        assert answer.status_code in {403, 404}
        for secret in ("412", "adult-ecmo", proposal.content_hash):
            assert secret not in answer.text
    assert proposal.content_hash[:12] not in browser.get("/workspace/releases/").text


@pytest.mark.parametrize(("role", "scope"), [(NetworkLead, "adult-ecmo"), (Reviewer, "adult-ecmo"), (Reviewer, "England")])
def test_it_opens_to_those_whom_it_concerns(as_, proposal, role, scope):
    assert proposal.content_hash in as_(role, scope).get(url(proposal)).text


# -- what the reviewer sees


def test_each_row_says_why_it_is_withheld_and_what_can_be_worked_out(reviewer, proposal):
    text = reviewer.get(url(proposal)).text
    assert "fewer than 30 patients" in text
    assert "it would give another withheld number away" in text
    assert "patients: 0 to " in text or "patients: 0 or more" in text
    assert "Worked out exactly by an attack" in text
    assert "[c]" in text
    withheld = reviewer.get(url(proposal, "rows.csv?status=c")).text.splitlines()[1:]
    shown = reviewer.get(url(proposal, "rows.csv?status=shown")).text.splitlines()[1:]
    assert len(withheld) + len(shown) == 4
    assert any("RJ7" in line and ",[c]," in line and line.endswith(",12") for line in withheld)
    assert all(",[c]," not in line for line in shown)


def test_rows_are_narrowed(reviewer, proposal):
    assert len(reviewer.get(url(proposal, "rows.csv?centre=rj7")).text.splitlines()) == 2
    assert len(reviewer.get(url(proposal, "rows.csv?table=activity&service=adult-ecmo")).text.splitlines()) == 5
    assert "Nothing fits this filter." in reviewer.get(url(proposal, "?centre=none")).text


def test_the_votes_are_blind_until_both_are_in(as_, reviewer, proposal):
    actions.review(proposal_id=proposal.pk, decision=Decision.RETURN, comment="The secret objection", by=make.FIRST)
    page = reviewer.get(url(proposal)).text
    assert "secret objection" not in page
    assert "First Reviewer" not in page
    assert "You see no review yet." in page
    reviewer.post(url(proposal, "review/"), {"decision": "approve", "comment": "Mine"})
    page = reviewer.get(url(proposal)).text
    assert "secret objection" in page
    assert "Rita Reviewer" in page
    assert "Returned" in page


def test_the_own_vote_shows_at_once_and_to_nobody_else(as_, reviewer, commissioner, proposal):
    reviewer.post(url(proposal, "review/"), {"decision": "approve", "comment": "What I think"})
    assert "What I think" in reviewer.get(url(proposal)).text
    assert "What I think" not in commissioner.get(url(proposal)).text
    assert "What I think" not in as_(Reviewer, "England").get(url(proposal)).text


# -- voting


def test_a_vote_names_the_content_and_is_cast_once(reviewer, proposal):
    assert proposal.content_hash in reviewer.get(url(proposal, "review/")).text
    answer = reviewer.post(url(proposal, "review/"), {"decision": "approve", "comment": ""}, follow=True)
    assert "Your review is kept." in answer.text
    assert url(proposal, "review/") not in answer.text
    again = reviewer.post(url(proposal, "review/"), {"decision": "return", "comment": "x"})
    assert again.status_code == 403
    assert proposal.votes.count() == 1


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        ({"comment": "Long thoughts"}, "id_decision_0", "Choose whether to approve or to return it"),
        ({"decision": "return", "comment": " "}, "id_comment", "Say what must be changed"),
        ({"decision": "perhaps", "comment": "Long thoughts"}, "id_decision_0", "perhaps"),
    ],
)
def test_an_unfinished_vote_is_told_at_its_field(reviewer, proposal, values, field, said):
    page = reviewer.post(url(proposal, "review/"), values).text
    assert "<title>Error: Review" in page
    assert f'href="#{field}"' in page
    assert said in page
    assert "Long thoughts" in page or values["comment"] == " "
    assert not proposal.votes.exists()


def test_the_proposer_does_not_review(as_, db):
    browser = as_(Reviewer, "England")
    proposal = make.proposal()
    Proposal.objects.filter(pk=proposal.pk).update(proposed_by=browser.person.pk)
    assert browser.get(url(proposal, "review/")).status_code == 403


# -- release and withdrawal


def test_what_two_approved_is_released(commissioner, db):
    proposal = make.approved()
    assert url(proposal, "release/") in commissioner.get(url(proposal)).text
    answer = commissioner.post(url(proposal, "release/"), follow=True)
    assert "is released and frozen." in answer.text
    proposal.refresh_from_db()
    assert proposal.state == "frozen"


def test_it_is_not_released_before(commissioner, proposal):
    assert "Two reviewers must approve it first." in commissioner.get(url(proposal, "release/")).text
    assert "cannot become frozen" in commissioner.post(url(proposal, "release/")).text
    proposal.refresh_from_db()
    assert proposal.state == "proposed"


def test_it_is_withdrawn_for_a_reason(commissioner, proposal):
    assert commissioner.post(url(proposal, "withdraw/"), {"reason": ""}).text.count("Give the reason") == 2
    commissioner.post(url(proposal, "withdraw/"), {"reason": "A centre was missing"})
    proposal.refresh_from_db()
    assert proposal.state == "withdrawn"
    assert "It cannot" not in commissioner.get(url(proposal)).text
    assert url(proposal, "withdraw/") not in commissioner.get(url(proposal)).text


def test_another_lead_of_the_service_does_not_withdraw_it(as_, proposal):
    assert as_(NetworkLead, "adult-ecmo").post(url(proposal, "withdraw/"), {"reason": "x"}).status_code == 403
    proposal.refresh_from_db()
    assert proposal.state == "proposed"


# -- proposing


def test_an_edition_is_proposed_from_the_latest_results(commissioner, db):
    centre = computed.signed_centre("RJ1", 40, 10)
    DesignationFactory(centre=centre)
    computed.adopt(centre.service)
    computed.run(centre.service)
    make.policy()
    answer = commissioner.post("/workspace/releases/propose/", {"period": "2025", "note": "First of all"}, follow=True)
    made = Proposal.objects.get()
    assert answer.redirect_chain == [(url(made), 302)]
    assert (made.label, made.note, made.proposed_by) == ("2025", "First of all", commissioner.person.pk)
    assert "First of all" in answer.text


def test_what_cannot_be_proposed_is_told_and_nothing_is_lost(commissioner, db):
    make.policy()
    page = commissioner.post("/workspace/releases/propose/", {"period": "2025", "note": "My long note"}).text
    assert "Error: Propose an edition" in page
    assert "My long note" in page
    assert not Proposal.objects.exists()


def test_a_lead_does_not_propose_for_other_networks(as_, db):
    for slug in ("RJ1", "RM2"):
        DesignationFactory(centre=computed.signed_centre(slug, 40))
    service = computed.signed_centre("RJ3", 40).service
    computed.run(service)
    make.policy()
    page = as_(NetworkLead, "heart-transplant").post("/workspace/releases/propose/", {"period": "2025"}).text
    assert "You may not propose results of these services." in page
    assert not Proposal.objects.exists()


def test_a_reviewer_does_not_propose(reviewer):
    assert reviewer.post("/workspace/releases/propose/", {"period": "2025"}).status_code == 403


# -- the list


def test_the_list_is_filtered_and_downloaded(commissioner, proposal):
    lines = commissioner.get("/workspace/releases.csv?state=proposed").text.splitlines()
    assert len(lines) == 2
    assert lines[1].startswith(f'"2025, proposal {proposal.pk}",Adult ecmo service,Waits for review,')
    assert "Nothing fits this filter." in commissioner.get("/workspace/releases/?state=frozen").text


def test_three_proposals_cost_no_more_look_ups_than_one(commissioner, proposal, django_assert_num_queries):
    commissioner.get("/workspace/releases/")
    with CaptureQueriesContext(connection) as for_one:
        commissioner.get("/workspace/releases/")
    make.proposal(label="2024")
    make.proposal(label="2023")
    with django_assert_num_queries(len(for_one)):
        commissioner.get("/workspace/releases/")


def test_an_empty_list_says_what_to_do(commissioner, reviewer):
    assert 'href="/workspace/releases/propose/"' in commissioner.get("/workspace/releases/").text
    assert "What waits for your review will appear here." in reviewer.get("/workspace/releases/").text
