"""Proposals as their reviewers see them, blind votes, release and withdrawal."""

import re
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from plenary.collection import actions as collection
from plenary.core.permissions import (
    Administrator,
    CentreLead,
    NationalCommissioner,
    NetworkLead,
    PatientRepresentative,
    Reviewer,
)
from plenary.releases import actions, tasks
from plenary.releases.models import Proposal
from plenary.releases.terms import Decision
from plenary.spend import actions as spend
from plenary_stats.tables import ResultTable, numbers, text
from tests.factories import collection as cases
from tests.factories import outcomes as computed
from tests.factories import releases as make
from tests.factories.registry import DesignationFactory, ServiceFactory


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


def test_a_service_is_called_by_its_name(reviewer, proposal):
    page = reviewer.get(url(proposal)).text
    assert "Adult ecmo service, RJ7" in page
    assert '<option value="adult-ecmo">Adult ecmo service</option>' in page
    assert "adult-ecmo" not in re.sub(r'value="adult-ecmo"', "", page)
    assert "Adult ecmo service, RJ1" in reviewer.get(url(proposal, "rows.csv")).text


def test_a_service_that_the_proposal_does_not_name_is_called_by_its_code(reviewer, proposal):
    proposal.services.clear()
    proposal.services.add(ServiceFactory(slug="lam"))
    assert "adult-ecmo, RJ7" in reviewer.get(url(proposal)).text


def test_rows_are_narrowed(reviewer, proposal):
    assert len(reviewer.get(url(proposal, "rows.csv?centre=rj7")).text.splitlines()) == 2
    assert len(reviewer.get(url(proposal, "rows.csv?table=activity&service=adult-ecmo")).text.splitlines()) == 5
    assert "Nothing fits this filter." in reviewer.get(url(proposal, "?centre=none")).text


RATES = [
    ("survival@1y", 0.7001, None, "of 1,205 (70.0%)"),
    ("discharged", 887 / 1205, 887.0, "887 of 1,205 (73.6%)"),
    ("events", 0.34, 210.0, "210 of 1,205 (0.34)"),
    ("events", 1.34, 410.0, "410 of 1,205 (1.34)"),
]


@pytest.mark.parametrize(("measure", "value", "counted", "said"), RATES)
def test_only_a_share_is_read_as_a_percentage(reviewer, measure, value, counted, said):
    """Events a patient-year can be fewer than one: 0.34 a year is no 34%."""
    columns = dict(make.results({"Total": value}, name="outcomes").columns)
    columns |= {"measure": text([measure]), "numerator": numbers([counted]), "denominator": numbers([1205.0])}
    made = make.proposal(ResultTable(columns, name="outcomes", kind="rate"))
    assert said in reviewer.get(url(made, "rows.csv")).text.replace('"', "")


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


PROPOSE = "/workspace/releases/propose/"


@pytest.fixture
def computed_year(db):
    """A service with a centre that is signed off and results that were run."""
    centre = computed.signed_centre("RJ1", 40, 10)
    DesignationFactory(centre=centre)
    computed.adopt(centre.service)
    computed.run(centre.service)
    make.policy()
    return centre


def test_an_edition_is_proposed_from_the_latest_results_by_the_queue(commissioner, computed_year):
    assert "Adult ecmo service" in commissioner.get(PROPOSE + "?period=2025").text
    answer = commissioner.post(PROPOSE, {"period": "2025", "note": "First of all"}, follow=True)
    made = Proposal.objects.get()
    assert answer.redirect_chain == [(url(made), 302)]
    assert (made.label, made.note, made.proposed_by) == ("2025", "First of all", commissioner.person.pk)
    assert (made.state, made.content_hash) == ("preparing", "")
    assert "The results are being protected" in answer.text
    assert answer.headers["Refresh"] == "5"
    assert "Review it" not in answer.text
    tasks.prepare.func(made.pk, "2026-03-01")
    page = commissioner.get(url(made))
    assert "Refresh" not in page.headers
    assert "Waits for review" in page.text


def test_it_is_protected_at_once_when_the_queue_is_slow(commissioner, computed_year):
    commissioner.post(PROPOSE, {"period": "2025"})
    made = Proposal.objects.get()
    assert url(made, "prepare/") in commissioner.get(url(made)).text
    assert "Waits for review" in commissioner.post(url(made, "prepare/"), follow=True).text


def test_what_could_not_be_prepared_says_why_and_is_tried_again(commissioner, computed_year):
    commissioner.post(PROPOSE, {"period": "2025"})
    made = Proposal.objects.get()
    cases.accepted(computed_year, cases.case("LATE", admitted_on="05/06/2024"), start=date(2024, 1, 1), end=date(2025, 1, 1))
    collection.reopen_series(
        centre=computed_year, period_start=cases.START, period_end=cases.END, reason="x", by=cases.network_lead(computed_year)
    )
    page = commissioner.post(url(made, "prepare/"), follow=True).text
    assert "It could not be prepared" in page
    assert "changed after its results were run. Run them again." in page
    assert "Could not be prepared" in commissioner.get("/workspace/releases/?state=failed").text
    assert url(made, "again/") in page
    page = commissioner.post(url(made, "again/"), follow=True).text
    assert "The results are being protected" in page
    assert url(made, "again/") not in page


def test_others_neither_prepare_nor_order_again(as_, commissioner, computed_year):
    commissioner.post(PROPOSE, {"period": "2025"})
    made = Proposal.objects.get()
    for browser in (as_(NetworkLead, "heart-transplant"), as_(Reviewer, "England"), as_(CentreLead, "adult-ecmo/RJ1")):
        assert browser.post(url(made, "prepare/")).status_code in {403, 404}
        assert browser.post(url(made, "again/")).status_code in {403, 404}
    made.refresh_from_db()
    assert made.state == "preparing"
    assert commissioner.get(url(made, "prepare/")).status_code == 405


class TestWarnings:
    """Whose cases would be missing is said, by name, before anything is ordered."""

    @pytest.fixture
    def late(self, computed_year):
        """One centre that sent nothing, one that sent and did not sign off, one that was designated in another year."""
        DesignationFactory(centre=cases.make_centre(ods="RJ7"))
        open_ = cases.make_centre(ods="RJ8")
        DesignationFactory(centre=open_)
        cases.accepted(open_, cases.case("A"))
        DesignationFactory(centre=cases.make_centre(ods="RJ9"), valid_from=date(2027, 1, 1))

    def test_by_name(self, commissioner, late):
        page = commissioner.get(PROPOSE + "?period=2025").text
        assert "Adult ecmo service: nothing was sent by Trust RJ7 (RJ7)." in page
        assert "Adult ecmo service: not signed off by Trust RJ8 (RJ8)." in page
        assert "RJ9" not in page
        assert "(RJ1)" not in page

    def test_only_with_a_tick(self, commissioner, late):
        page = commissioner.post(PROPOSE, {"period": "2025", "note": "My long note"}).text
        assert "Error: Propose an edition" in page
        assert "My long note" in page
        assert 'href="#id_without"' in page
        assert "nothing was sent by Trust RJ7 (RJ7)" in page
        assert not Proposal.objects.exists()
        commissioner.post(PROPOSE, {"period": "2025", "warned": "2025", "without": "on"})
        assert Proposal.objects.get().state == "preparing"

    def test_a_tick_for_another_year_does_not_count(self, commissioner, late):
        page = commissioner.post(PROPOSE, {"period": "2025", "warned": "2024", "without": "on"}).text
        assert "nothing was sent by Trust RJ7 (RJ7)" in page
        assert 'value="2025"' in page
        assert " checked" not in page
        assert not Proposal.objects.exists()

    def test_a_lead_hears_of_the_own_service_alone(self, as_, late):
        other = cases.make_centre("heart-transplant", "RX1")
        DesignationFactory(centre=other)
        spend.record_return(
            centre=other, period_start=cases.START, period_end=cases.END, amount_gbp=Decimal(5), basis="x", by=make.COMMISSIONER
        )
        page = as_(NetworkLead, "adult-ecmo").get(PROPOSE + "?period=2025").text
        assert "RJ7" in page
        assert "RX1" not in page
        assert "Heart transplant" not in page

    def test_three_centres_cost_no_more_look_ups_than_one(self, commissioner, computed_year, django_assert_num_queries):
        DesignationFactory(centre=cases.make_centre(ods="RK1"))
        commissioner.get(PROPOSE + "?period=2025")
        with CaptureQueriesContext(connection) as for_one:
            commissioner.get(PROPOSE + "?period=2025")
        for ods in ("RK2", "RK3"):
            DesignationFactory(centre=cases.make_centre(ods=ods))
        with django_assert_num_queries(len(for_one)):
            commissioner.get(PROPOSE + "?period=2025")


def test_a_lead_proposes_the_own_service_when_others_have_results_too(as_, computed_year):
    other = cases.make_centre("heart-transplant", "RX1")
    spend.record_return(
        centre=other, period_start=cases.START, period_end=cases.END, amount_gbp=Decimal(5), basis="x", by=make.COMMISSIONER
    )
    lead = as_(NetworkLead, "adult-ecmo")
    lead.post(PROPOSE, {"period": "2025"})
    made = Proposal.objects.get()
    assert (made.label, made.whole, [one.slug for one in made.services.all()]) == ("2025 adult-ecmo", False, ["adult-ecmo"])
    tasks.prepare.func(made.pk, "2026-03-01")
    assert "Waits for review" in lead.get(url(made)).text


def test_what_cannot_be_proposed_is_told_and_nothing_is_lost(commissioner, db):
    make.policy()
    page = commissioner.post(PROPOSE, {"period": "2025", "note": "My long note"}).text
    assert "Error: Propose an edition" in page
    assert "My long note" in page
    assert not Proposal.objects.exists()


def test_a_lead_does_not_propose_for_other_networks(as_, computed_year):
    page = as_(NetworkLead, "heart-transplant").post(PROPOSE, {"period": "2025"}).text
    assert "None of your services has results" in page
    assert "Adult ecmo" not in page
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
