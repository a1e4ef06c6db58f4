"""Who sees a proposal, whose votes they see, and what left."""

import pytest

from plenary.core import permissions as roles
from plenary.core.terms import NOBODY, SYSTEM, Damaged
from plenary.releases import actions
from plenary.releases.models import Proposal
from plenary.releases.queries import proposals
from plenary.releases.terms import Decision
from plenary_stats.tables import ProtectedTable, ResultTable
from tests.factories import releases as make
from tests.factories.core import make_who
from tests.factories.releases import COMMISSIONER, FIRST, SECOND, SMALL, THIRD

pytestmark = pytest.mark.django_db

LEAD = make_who(roles.NetworkLead, "adult-ecmo", person_id=41)
OTHER_LEAD = make_who(roles.NetworkLead, "lam", person_id=42)


def vote(proposal, who, decision=Decision.APPROVE):
    return actions.review(proposal_id=proposal.pk, decision=decision, comment="My reasons.", by=who)


class TestVisibleTo:
    @pytest.mark.parametrize("who", [COMMISSIONER, FIRST, LEAD, make_who(roles.Reviewer, "adult-ecmo")])
    def test_those_concerned(self, who):
        proposal = make.proposal()
        assert list(proposals.visible_to(who)) == [proposal]

    @pytest.mark.parametrize(
        "who",
        [
            OTHER_LEAD,
            make_who(roles.Reviewer, "lam"),
            make_who(roles.Reviewer, "Wales"),
            make_who(roles.CentreLead, "adult-ecmo/RJ1"),
            make_who(roles.PatientRepresentative, "adult-ecmo"),
            make_who(roles.Administrator),
            SYSTEM,
            NOBODY,
        ],
    )
    def test_nobody_else(self, who):
        proposal = make.proposal()
        assert not proposals.visible_to(who).exists()
        assert proposals.results_of(who, proposal) == ()
        assert proposals.narrative_of(who, proposal) == {}
        assert proposals.votes(who, proposal) == []

    def test_those_concerned_read_its_texts_as_they_were_written(self):
        proposal = make.proposal()
        for who in (COMMISSIONER, FIRST, LEAD):
            assert proposals.narrative_of(who, proposal) == {"adult-ecmo": {"Description": "What it does."}}
        proposal.narrative_sha256 = ""  # ordered, and not prepared yet
        assert proposals.narrative_of(FIRST, proposal) == {}

    def test_a_lead_of_one_of_two_services_sees_neither(self):
        make.proposal(make.results(SMALL), make.results(SMALL, service="lam"), services=("adult-ecmo", "lam"))
        assert not proposals.visible_to(LEAD).exists()

    def test_the_proposer_sees_the_own_one(self):
        mine = make.proposal(by=LEAD)
        assert list(proposals.visible_to(make_who(roles.CentreLead, "lam/RJ1", person_id=41))) == [mine]

    @pytest.mark.parametrize("count", [1, 3])
    def test_a_list_takes_one_query(self, count, django_assert_num_queries):
        for number in range(count):
            make.proposal(label=f"{number}")
        for who in (COMMISSIONER, LEAD):
            with django_assert_num_queries(1):
                assert len([proposal.label for proposal in proposals.visible_to(who)]) == count


class TestVotes:
    def test_blind_until_both_are_in(self):
        proposal = make.proposal()
        vote(proposal, FIRST, Decision.RETURN)
        assert [one.reviewer for one in proposals.votes(FIRST, proposal)] == [31]
        for who in (SECOND, THIRD, COMMISSIONER, LEAD):
            assert proposals.votes(who, proposal) == []

    def test_open_once_both_are_in(self):
        proposal = make.proposal()
        vote(proposal, FIRST, Decision.RETURN)
        vote(proposal, SECOND)
        for who in (FIRST, SECOND, COMMISSIONER, LEAD):
            found = [(one.reviewer_name, one.decision, one.comment) for one in proposals.votes(who, proposal)]
            assert found == [("First Reviewer", "return", "My reasons."), ("Second Reviewer", "approve", "My reasons.")]

    def test_others_never_see_them(self):
        assert proposals.votes(OTHER_LEAD, make.approved()) == []

    def test_the_state_does_not_tell_the_first_vote(self):
        approve, back = make.proposal(), make.proposal()
        assert vote(approve, FIRST).state == vote(back, FIRST, Decision.RETURN).state


class TestTables:
    def test_the_network_sees_what_was_withheld(self):
        [table] = proposals.results_of(LEAD, make.proposal())
        assert isinstance(table, ResultTable)
        assert 12.0 in table["value"].tolist()

    def test_what_leaves_does_not_hold_it(self):
        [table] = proposals.tables_of(make.proposal())
        assert isinstance(table, ProtectedTable)
        assert 12.0 not in table["value"].tolist()

    def test_a_kept_unprotected_table_is_not_read_as_protected(self):
        proposal = make.proposal()
        proposal.protected = proposal.results
        with pytest.raises(ValueError, match="result table, not a protected"):
            proposals.tables_of(proposal)


class TestRelease:
    def test_everything_that_left(self):
        release = proposals.release(make.frozen())
        assert (release.label, release.reviewers) == ("2025", ("First Reviewer", "Second Reviewer"))
        assert release.policy["threshold"] == 30
        assert release.audit["totals"]["exact"] == 0
        assert release.narrative == {"adult-ecmo": {"Description": "What it does."}}
        assert release.sources["runs/adult-ecmo"] == "0" * 64
        assert len(release.tables) == 1

    @pytest.mark.parametrize("made", [make.proposal, make.approved])
    def test_nothing_before_it_is_frozen(self, made):
        with pytest.raises(Damaged, match="nothing of it may leave"):
            proposals.release(made())

    @pytest.mark.parametrize("change", [{"label": "2024"}, {"sources": {}}, {"policy_sha256": "0" * 64}, {"protected": []}])
    def test_nothing_that_was_changed(self, change):
        pk = make.frozen().pk
        Proposal.objects.filter(pk=pk).update(**change)
        with pytest.raises(Damaged, match="differs from what was approved"):
            proposals.release(Proposal.objects.get(pk=pk))

    def test_what_left_in_order(self):
        first = make.frozen()
        second = make.frozen(label="2025 corrected")
        make.approved(label="waiting")
        assert list(proposals.frozen()) == [first, second]


def test_equal_documents_are_equal_bytes():
    assert proposals.canonical({"b": 1, "a": "é"}) == proposals.canonical({"a": "é", "b": 1}) == '{"a":"é","b":1}'.encode()
