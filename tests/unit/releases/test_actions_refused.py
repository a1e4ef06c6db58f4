"""Every action of the room: refused to each role that may not, whole or not at all; and a review that stays blind."""

from __future__ import annotations

import datetime as dt

import pytest

from plenary.core import permissions as roles
from plenary.core import queries as core
from plenary.core.queries import store_path
from plenary.core.terms import NOBODY, SYSTEM, Damaged, NotFound, NotPossible, Refused, Who
from plenary.releases import actions, permissions
from plenary.releases.models import Narrative, Proposal, Vote
from plenary.releases.queries import proposals
from plenary.releases.queries.reviewed import reviewed
from plenary.releases.terms import LONGEST_TEXT, SECTIONS, Decision
from tests.factories import releases as make
from tests.factories.core import make_who
from tests.factories.registry import ServiceFactory
from tests.factories.releases import COMMISSIONER, FIRST, SECOND, THIRD
from tests.unchanged import DiskFullError, fail_to_record, nothing_changes

pytestmark = pytest.mark.django_db

APPROVE, RETURN = Decision.APPROVE, Decision.RETURN
OPINION = "The small centre shows through."
LEAD = make_who(roles.NetworkLead, "adult-ecmo", person_id=41)
EVERYBODY = {
    "commissioner": COMMISSIONER,
    "commissioner of all": make_who(roles.NationalCommissioner, "", person_id=40),
    "commissioner of another nation": make_who(roles.NationalCommissioner, "Wales", person_id=51),
    "network lead": LEAD,
    "lead of another network": make_who(roles.NetworkLead, "lam", person_id=42),
    "first reviewer": FIRST,
    "second reviewer": SECOND,
    "reviewer of the service": make_who(roles.Reviewer, "adult-ecmo", person_id=43),
    "reviewer of another service": make_who(roles.Reviewer, "lam", person_id=44),
    "reviewer of another nation": make_who(roles.Reviewer, "Wales", person_id=45),
    "centre lead": make_who(roles.CentreLead, "adult-ecmo/RJ7", person_id=46),
    "patient": make_who(roles.PatientRepresentative, "adult-ecmo", person_id=47),
    "administrator": make_who(roles.Administrator, person_id=48),
    "a job": SYSTEM,
    "a reader": NOBODY,
    "no post": Who(49, "No Post"),
}


def vote(proposal, who, decision=APPROVE, comment=OPINION):
    return actions.review(proposal_id=proposal.pk, decision=decision, comment=comment, by=who)


@pytest.fixture
def voted():
    """A proposal on which the first reviewer has voted."""
    proposal = make.proposal()
    vote(proposal, FIRST, RETURN)
    proposal.refresh_from_db()
    return proposal


def write(by, section="Description", text="What it does."):
    return actions.write_narrative(
        service=ServiceFactory(slug="adult-ecmo"), period_start=make.START, period_end=make.END, section=section, text=text, by=by
    )


def propose(by):
    return make.proposal(label="again", by=by)


NETWORK = {"commissioner", "commissioner of all", "network lead"}
ATTEMPTS = {
    "propose": (NETWORK, lambda voted, by: propose(by)),
    "review": ({"second reviewer", "reviewer of the service"}, vote),
    "withdraw": (
        {"commissioner", "commissioner of all"},
        lambda voted, by: actions.withdraw(proposal_id=voted.pk, reason="wrong year", by=by),
    ),
    "write narrative": (NETWORK, lambda voted, by: write(by)),
}


@pytest.mark.parametrize("verb", ATTEMPTS)
@pytest.mark.parametrize("name", EVERYBODY)
def test_who_may_and_who_is_refused_without_a_trace(voted, verb, name):
    allowed, attempt = ATTEMPTS[verb]
    if name in allowed:
        attempt(voted, EVERYBODY[name])
        told = core.events().last()
        assert (told.verb, told.who) == (verb, EVERYBODY[name].person_id)
    else:
        with nothing_changes(), pytest.raises(Refused) as refusal:
            attempt(voted, EVERYBODY[name])
        assert OPINION not in str(refusal.value)


@pytest.mark.parametrize("name", EVERYBODY)
def test_who_may_freeze_what_two_approved(name):
    approved = make.approved()
    if name in NETWORK:
        assert actions.freeze(proposal_id=approved.pk, by=EVERYBODY[name]).state == "frozen"
    else:
        with nothing_changes(), pytest.raises(Refused):
            actions.freeze(proposal_id=approved.pk, by=EVERYBODY[name])


@pytest.mark.parametrize("verb", ATTEMPTS)
def test_what_cannot_be_told_is_not_done(voted, verb, monkeypatch):
    _, attempt = ATTEMPTS[verb]
    monkeypatch.setattr(actions, "record", fail_to_record)
    with nothing_changes(), pytest.raises(DiskFullError):
        attempt(voted, SECOND if verb == "review" else COMMISSIONER)


def test_nothing_leaves_untold(monkeypatch):
    approved = make.approved()
    monkeypatch.setattr(actions, "record", fail_to_record)
    with nothing_changes(), pytest.raises(DiskFullError):
        actions.freeze(proposal_id=approved.pk, by=COMMISSIONER)
    assert not proposals.frozen().exists()


class TestBlind:
    """Until two people have voted, nobody but the voter knows how anybody voted."""

    @pytest.mark.parametrize("name", sorted(EVERYBODY.keys() - {"first reviewer"}))
    def test_the_first_vote_is_nobody_elses(self, voted, name):
        assert proposals.votes(EVERYBODY[name], voted) == []

    def test_it_is_not_learnt_by_withdrawing(self, voted):
        """Whoever proposed might take a proposal back to see what the first reviewer thought, and propose it anew."""
        actions.withdraw(proposal_id=voted.pk, reason="to see", by=COMMISSIONER)
        voted.refresh_from_db()
        for who in (COMMISSIONER, SECOND, LEAD):
            assert proposals.votes(who, voted) == []
        assert [one.comment for one in proposals.votes(FIRST, voted)] == [OPINION]

    def test_both_votes_stay_readable_after_a_withdrawal(self):
        approved = make.approved()
        actions.withdraw(proposal_id=approved.pk, reason="late", by=COMMISSIONER)
        assert len(proposals.votes(COMMISSIONER, approved)) == 2

    def test_neither_its_state_nor_its_rows_tell_the_vote(self):
        kept, returned = make.proposal(), make.proposal()
        vote(kept, FIRST, APPROVE, comment="")
        vote(returned, FIRST, RETURN)
        seen = []
        for proposal in (kept, returned):
            found = proposals.visible_to(SECOND).get(pk=proposal.pk)
            seen.append((found.state, found.content_hash, reviewed(SECOND, found)))
        assert seen[0] == seen[1]

    def test_the_event_of_a_vote_does_not_hold_the_opinion(self, voted):
        assert OPINION not in core.events(verb="review").last().detail

    def test_votes_on_one_proposal_say_nothing_of_another(self, voted):
        other = make.approved()
        assert len(proposals.votes(SECOND, other)) == 2
        assert proposals.votes(SECOND, voted) == []


class TestTwoPeople:
    def test_a_proposer_with_every_role_is_still_not_one_of_the_two(self):
        both = Who(31, "Every Role", COMMISSIONER.posts + FIRST.posts)
        proposal = make.proposal(by=both)
        with nothing_changes(), pytest.raises(Refused):
            vote(proposal, both)
        vote(proposal, SECOND)
        assert vote(proposal, THIRD).state == "approved"

    def test_one_person_under_two_posts_is_one_person(self):
        proposal = make.proposal()
        vote(proposal, FIRST)
        again = Who(FIRST.person_id, "Another Name", (*FIRST.posts, *make_who(roles.Reviewer, "adult-ecmo").posts))
        with nothing_changes(), pytest.raises(Refused):
            vote(proposal, again)

    @pytest.mark.parametrize("state", ["approved", "returned", "withdrawn", "frozen"])
    def test_what_is_decided_is_not_reviewed(self, state):
        proposal = make.proposal()
        vote(proposal, FIRST)
        if state == "withdrawn":
            actions.withdraw(proposal_id=proposal.pk, reason="x", by=COMMISSIONER)
        else:
            vote(proposal, SECOND, RETURN if state == "returned" else APPROVE)
        if state == "frozen":
            actions.freeze(proposal_id=proposal.pk, by=COMMISSIONER)
        with nothing_changes(), pytest.raises(Refused):
            vote(proposal, THIRD)

    @pytest.mark.parametrize("state", ["returned", "withdrawn"])
    def test_what_was_given_up_neither_leaves_nor_is_given_up_again(self, state):
        proposal = make.proposal()
        if state == "returned":
            vote(proposal, FIRST, RETURN)
            vote(proposal, SECOND)
        else:
            actions.withdraw(proposal_id=proposal.pk, reason="x", by=COMMISSIONER)
        for attempt in (
            lambda: actions.freeze(proposal_id=proposal.pk, by=COMMISSIONER),
            lambda: actions.withdraw(proposal_id=proposal.pk, reason="again", by=COMMISSIONER),
        ):
            with nothing_changes(), pytest.raises(NotPossible, match=f"is {state}: it cannot become"):
                attempt()

    def test_an_objection_without_a_word_is_no_vote(self):
        proposal = make.proposal()
        with nothing_changes(), pytest.raises(NotPossible, match="Say what must be changed"):
            vote(proposal, FIRST, RETURN, comment="\n ")
        assert not Vote.objects.exists()

    @pytest.mark.parametrize("verb", [actions.freeze, actions.withdraw])
    def test_a_proposal_that_is_not_there(self, verb):
        more = {} if verb is actions.freeze else {"reason": "x"}
        with nothing_changes(), pytest.raises(NotFound, match="no proposal 404"):
            verb(proposal_id=404, by=COMMISSIONER, **more)


class TestContentHash:
    """The hash covers everything that the reviewers saw: what changes later is not what they approved."""

    CHANGES = {
        "label": lambda proposal: {"label": "2024"},
        "first day": lambda proposal: {"period_start": dt.date(2024, 1, 1)},
        "last day": lambda proposal: {"period_end": dt.date(2027, 1, 1)},
        "tables": lambda proposal: {"protected": proposal.results},
        "fewer tables": lambda proposal: {"protected": []},
        "policy": lambda proposal: {"policy_sha256": proposal.audit_sha256},
        "audit": lambda proposal: {"audit_sha256": proposal.policy_sha256},
        "narrative": lambda proposal: {"narrative_sha256": proposal.policy_sha256},
        "sources": lambda proposal: {"sources": {}},
        "what left before": lambda proposal: {"previous": ["0" * 64]},
    }

    @pytest.mark.parametrize("what", CHANGES)
    def test_a_change_behind_the_reviewers_stops_review_freeze_and_release(self, what):
        open_one, approved = make.proposal(label="open"), make.approved(label="approved")
        for proposal in (open_one, approved):
            Proposal.objects.filter(pk=proposal.pk).update(**self.CHANGES[what](proposal))
        with nothing_changes(), pytest.raises(NotPossible, match="not what was proposed"):
            vote(open_one, FIRST)
        with nothing_changes(), pytest.raises((Damaged, NotPossible)):
            actions.freeze(proposal_id=approved.pk, by=COMMISSIONER)

    def test_a_note_to_the_reviewers_is_not_part_of_what_leaves(self):
        proposal = make.proposal()
        Proposal.objects.filter(pk=proposal.pk).update(note="Please by Friday")
        assert vote(proposal, FIRST).state == "under_review"

    @pytest.mark.parametrize("part", ["policy_sha256", "audit_sha256", "narrative_sha256"])
    def test_a_kept_document_that_changed_on_disk_is_not_released(self, part):
        frozen = make.frozen()
        path = store_path(getattr(frozen, part))
        path.write_bytes(path.read_bytes() + b" ")
        with pytest.raises(Damaged, match="changed on disk"):
            proposals.release(frozen)


class TestNarrative:
    WRITERS = {
        **dict.fromkeys(("Description", "Innovation", "Improvement"), NETWORK),
        "Patient feedback": NETWORK | {"patient"},
    }

    @pytest.mark.parametrize("section", SECTIONS)
    def test_who_writes_which_section(self, section):
        answers = {name for name, who in EVERYBODY.items() if permissions.may_write(who, "adult-ecmo", section)}
        assert answers == self.WRITERS[section]

    def test_a_section_that_is_not_one(self):
        ServiceFactory(slug="adult-ecmo")
        with nothing_changes(), pytest.raises(NotPossible, match="no section 'Gossip'"):
            write(COMMISSIONER, section="Gossip")

    def test_the_longest_text_and_one_letter_more(self):
        assert write(LEAD, text="a" * LONGEST_TEXT).text == "a" * LONGEST_TEXT
        with nothing_changes(), pytest.raises(NotPossible, match="longer than"):
            write(LEAD, text="a" * (LONGEST_TEXT + 1))

    def test_written_again_it_is_replaced_and_both_writings_are_told(self):
        first, second = write(LEAD, text=" One. "), write(COMMISSIONER, text="Two.")
        assert (first.pk, second.text, second.written_by) == (second.pk, "Two.", COMMISSIONER.person_id)
        assert Narrative.objects.count() == 1
        assert [event.who for event in core.events(verb="write narrative")] == [41, 21]

    def test_sections_years_and_services_do_not_overwrite_one_another(self):
        write(LEAD)
        write(LEAD, section="Innovation")
        service = ServiceFactory(slug="lam")
        actions.write_narrative(
            service=service, period_start=make.START, period_end=make.END, section="Description", text="LAM", by=COMMISSIONER
        )
        actions.write_narrative(
            service=service, period_start=make.END, period_end=dt.date(2027, 1, 1), section="Description", text="Next",
            by=COMMISSIONER,
        )  # fmt: skip
        assert sorted(Narrative.objects.values_list("text", flat=True)) == ["LAM", "Next", "What it does.", "What it does."]


class TestWhoSeesWhat:
    FOLLOW = NETWORK | {"first reviewer", "second reviewer", "reviewer of the service"}

    def test_each_query_for_each_role(self):
        approved = make.approved()
        looks = {
            "proposals": lambda who: proposals.visible_to(who).exists(),
            "votes": lambda who: proposals.votes(who, approved),
            "unprotected tables": lambda who: proposals.results_of(who, approved),
            "rows": lambda who: reviewed(who, approved),
        }
        for what, look in looks.items():
            assert {name for name, who in EVERYBODY.items() if look(who)} == self.FOLLOW, what

    def test_of_two_services_only_who_follows_both(self):
        make.proposal(
            make.results(make.SMALL), make.results(make.SMALL, service="lam"), services=("adult-ecmo", "lam"), label="both"
        )
        seen = {name for name, who in EVERYBODY.items() if proposals.visible_to(who).exists()}
        assert seen == {"commissioner", "commissioner of all", "first reviewer", "second reviewer"}
        of_both = Who(50, "Leads Both", LEAD.posts + EVERYBODY["lead of another network"].posts)
        assert proposals.visible_to(of_both).count() == 1
