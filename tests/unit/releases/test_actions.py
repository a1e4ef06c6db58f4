"""Propose, review blind by two, freeze by hash."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction
from django.test import override_settings
from django_tasks_db.models import DBTaskResult

from plenary.collection import actions as collection
from plenary.core import permissions as roles
from plenary.core.actions import adopt_policy
from plenary.core.models import AuditEvent
from plenary.core.queries import event_detail, store_path
from plenary.core.terms import NOBODY, SYSTEM, Damaged, NotFound, NotPossible, Refused, Who
from plenary.releases import actions, tasks
from plenary.releases.models import Proposal, Vote
from plenary.releases.queries import proposals
from plenary.releases.terms import Decision
from plenary_stats.tables import ProtectedTable
from tests.factories import collection as cases
from tests.factories import outcomes
from tests.factories import releases as make
from tests.factories.core import make_who
from tests.factories.releases import COMMISSIONER, FIRST, SECOND, SMALL, THIRD

pytestmark = pytest.mark.django_db

APPROVE, RETURN = Decision.APPROVE, Decision.RETURN


def vote(proposal, who, decision=APPROVE, comment="Say why."):
    return actions.review(proposal_id=proposal.pk, decision=decision, comment=comment, by=who)


def shown(proposal):
    """Return the published number by centre; withheld ones are marked c."""
    [table] = proposals.tables_of(proposal)
    return {row["centre"]: row["status"] or row["value"] for row in table.rows()}


class TestPropose:
    def test_small_numbers_are_withheld_with_what_would_give_them_away(self):
        proposal = make.proposal()
        marks = shown(proposal)
        assert marks["RJ7"] == "c"
        assert list(marks.values()).count("c") >= 2
        assert all(isinstance(table, ProtectedTable) for table in proposals.tables_of(proposal))

    def test_policy_audit_and_sources_are_kept(self):
        proposal = make.proposal()
        assert (proposal.state, proposal.policy_version, proposal.proposed_by) == ("proposed", "1", 21)
        assert proposals.document(proposal.policy_sha256)["threshold"] == 30
        audit = proposals.document(proposal.audit_sha256)
        assert audit["totals"]["exact"] == audit["totals"]["narrow"] == 0
        assert "seconds" not in audit["totals"]
        assert proposal.sources["runs/adult-ecmo"] == "0" * 64

    def test_the_published_hash_of_a_release_confirms_no_guess_of_what_was_withheld(self):
        proposal = make.proposal()
        everything_else = {name: sha256 for name, sha256 in proposal.sources.items() if name != "seal"}
        guessed = Proposal.objects.get(pk=proposal.pk)
        guessed.sources = everything_else  # somebody who guessed every case, but does not know this installation's secret
        assert proposals.content_hash(guessed) != proposal.content_hash
        with override_settings(SECRET_KEY="another installation"):
            assert make.proposal().sources["seal"] != proposal.sources["seal"]
        assert make.proposal().sources["seal"] == proposal.sources["seal"]
        assert [service.slug for service in proposal.services.all()] == ["adult-ecmo"]

    def test_the_same_results_have_the_same_hash(self):
        assert make.proposal().content_hash == make.proposal().content_hash

    def test_other_results_have_another(self):
        assert make.proposal().content_hash != make.proposal(make.results(SMALL | {"RJ1": 411.0, "Total": 673.0})).content_hash

    def test_the_policy_of_the_day_is_used(self):
        make.policy()
        body = {"threshold": 5, "event_threshold": 5, "minimum_width": 3, "zeros": "protect"}
        adopt_policy(name="disclosure", version="2", valid_from=date(2026, 2, 1), body=body, source="test", by=SYSTEM)
        make.ServiceFactory(slug="adult-ecmo")
        common = {"label": "2025", "period_start": make.START, "period_end": make.END, "narrative": {}, "sources": {}}
        common |= {"results": [make.results(SMALL)], "by": COMMISSIONER}
        early = actions.propose(**common, on=date(2026, 1, 31))
        late = actions.propose(**common, on=date(2026, 2, 1))
        assert (early.policy_version, late.policy_version) == ("1", "2")
        assert shown(early)["RJ7"] == "c"
        assert shown(late)["RJ7"] == 12.0

    def test_a_year_that_overlaps_what_left_before_gives_no_quarter_away(self):
        """Of 400 in 2025 and 31 in its first quarter, 369 are left; so 381 in the financial year tell of 12 at its end."""
        make.policy()
        make.ServiceFactory(slug="adult-ecmo")
        quarter = (date(2025, 1, 1), date(2025, 4, 1))
        whole, first = make.results({"Total": 400.0}), make.results({"Total": 31.0}, period="2025-Q1")
        make.frozen(whole, first)
        common = {"narrative": {}, "sources": {}, "on": make.ON, "by": COMMISSIONER}
        period = {"label": "2025/26", "period_start": quarter[1], "period_end": date(2026, 4, 1)}
        small = actions.propose(**period, results=[make.results({"Total": 381.0}, period="2025/26")], **common)
        large = actions.propose(**period, results=[make.results({"Total": 401.0}, period="2025/26")], **common)
        assert (shown(small), shown(large)) == ({"Total": "c"}, {"Total": 401.0})
        assert proposals.document(small.policy_sha256)["periods"] == {}

    def test_the_days_of_a_label_that_does_not_tell_them_stand_in_the_policy(self):
        make.policy()
        make.ServiceFactory(slug="adult-ecmo")
        july = (date(2025, 7, 1), date(2026, 7, 1))
        made = actions.propose(
            label="2025/26", period_start=july[0], period_end=july[1], results=[make.results({"Total": 381.0}, period="2025/26")],
            narrative={}, sources={}, on=make.ON, by=COMMISSIONER,
        )  # fmt: skip
        assert proposals.document(made.policy_sha256)["periods"]["2025/26"] == ["2025-07-01", "2026-07-01"]

    def test_what_left_before_is_taken_as_known(self):
        make.frozen()
        later = make.proposal(label="2025 corrected")
        assert later.previous == [Proposal.objects.get(label="2025").content_hash]
        assert shown(later)["RJ7"] == "c"

    @pytest.mark.parametrize(
        "who",
        [
            FIRST,
            NOBODY,
            make_who(roles.NetworkLead, "lam"),
            make_who(roles.CentreLead, "adult-ecmo/RJ1"),
            make_who(roles.Administrator),
        ],
    )
    def test_refused_to_others(self, who):
        with pytest.raises(Refused):
            make.proposal(by=who)
        assert not Proposal.objects.exists()

    def test_a_network_lead_proposes_the_own_service_only(self):
        who = make_who(roles.NetworkLead, "adult-ecmo", person_id=41)
        assert make.proposal(by=who).proposed_by == 41
        with pytest.raises(Refused):
            make.proposal(make.results(SMALL), make.results(SMALL, service="lam"), by=who, services=("adult-ecmo", "lam"))

    def test_a_service_that_is_not_registered(self):
        with pytest.raises(NotPossible, match="not registered: unknown-service"):
            make.proposal(make.results(SMALL, service="unknown-service"))

    def test_no_results_at_all(self):
        with pytest.raises(NotPossible, match="none at all"):
            make.proposal(make.results({}))

    def test_a_person_proposes(self):
        with pytest.raises(NotPossible, match="by a person"):
            make.proposal(by=Who(None, "A Job", COMMISSIONER.posts))

    def test_a_period_that_runs_backwards(self):
        make.policy()
        make.ServiceFactory(slug="adult-ecmo")
        with pytest.raises(NotPossible, match="ends after"):
            actions.propose(
                label="x", period_start=make.END, period_end=make.START, results=[make.results(SMALL)],
                narrative={}, sources={}, on=make.ON, by=COMMISSIONER,
            )  # fmt: skip

    def test_no_policy_in_force(self):
        make.ServiceFactory(slug="adult-ecmo")
        with pytest.raises(NotFound, match="disclosure"):
            actions.propose(
                label="x", period_start=make.START, period_end=make.END, results=[make.results(SMALL)],
                narrative={}, sources={}, on=date(2010, 1, 1), by=COMMISSIONER,
            )  # fmt: skip


class TestPrepare:
    """What was ordered is protected in the background: all of it is kept at once, or nothing and the reason."""

    PERIOD = {"period_start": make.START, "period_end": make.END}

    def ordered(self, **options):
        centre = outcomes.signed_centre(count=45, dead=8)
        outcomes.adopt(centre.service)
        outcomes.run(centre.service)
        make.policy()
        return self.order(**options)

    def order(self, **options):
        return actions.order_edition(**{"label": "2025", "on": make.ON, "by": COMMISSIONER} | self.PERIOD | options)

    def test_ordered_it_has_no_content_and_waits_in_the_queue(self):
        proposal = self.ordered(note="Look twice")
        assert (proposal.state, proposal.content_hash, proposal.note) == ("preparing", "", "Look twice")
        assert proposal.results == proposal.protected == []
        job = DBTaskResult.objects.get(task_path="plenary.releases.tasks.prepare")
        assert job.args_kwargs["args"] == [proposal.pk, "2026-03-01"]
        assert AuditEvent.objects.get(verb="order proposal").who == COMMISSIONER.person_id

    def test_the_job_prepares_it_and_the_proposer_stays(self):
        proposal = self.ordered()
        tasks.prepare.func(proposal.pk, "2026-03-01")
        proposal.refresh_from_db()
        assert (proposal.state, proposal.proposed_by) == ("proposed", 21)
        assert proposals.content_hash(proposal) == proposal.content_hash
        assert vote(proposal, FIRST).state == "under_review"
        with pytest.raises(Refused):
            vote(proposal, COMMISSIONER)

    def test_prepared_twice_is_prepared_once(self):
        proposal = self.ordered()
        first = actions.prepare(proposal_id=proposal.pk, on=make.ON, by=SYSTEM)
        again = actions.prepare(proposal_id=proposal.pk, on=make.ON, by=SYSTEM)
        assert again.content_hash == first.content_hash
        assert AuditEvent.objects.filter(verb="propose").count() == 1

    def test_what_fails_says_why_and_is_ordered_again(self):
        proposal = self.ordered()
        centre = cases.make_centre()
        collection.reopen_series(centre=centre, **self.PERIOD, reason="one more", by=cases.network_lead(centre))
        cases.signed_off(centre, *outcomes.many(46))
        with pytest.raises(NotPossible, match="Run them again"):
            tasks.prepare.func(proposal.pk, "2026-03-01")
        proposal.refresh_from_db()
        assert (proposal.state, proposal.content_hash, proposal.protected) == ("failed", "", [])
        assert "changed after its results were run" in proposals.why_failed(proposal)
        assert event_detail(AuditEvent.objects.get(verb="propose failed")) == {"label": "2025", "why": proposal.failure}
        outcomes.run(centre.service)
        again = actions.order_again(proposal_id=proposal.pk, on=make.ON, by=COMMISSIONER)
        assert (again.state, again.failure) == ("preparing", "")
        assert actions.prepare(proposal_id=proposal.pk, on=make.ON, by=SYSTEM).state == "proposed"

    def test_a_fault_in_the_middle_keeps_nothing_of_it(self, monkeypatch):
        proposal = self.ordered()
        with monkeypatch.context() as patch:
            patch.setattr(actions, "_record_proposed", lambda *_: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                tasks.prepare.func(proposal.pk, "2026-03-01")
        proposal.refresh_from_db()
        assert (proposal.state, proposal.results, proposal.content_hash) == ("failed", [], "")
        assert "ZeroDivisionError" in proposal.failure

    def test_a_job_that_ended_without_a_word(self):
        proposal = self.ordered()
        assert proposals.why_failed(proposal) == ""
        DBTaskResult.objects.update(status="FAILED")
        assert "ended without a word" in proposals.why_failed(proposal)
        actions.order_again(proposal_id=proposal.pk, on=make.ON, by=COMMISSIONER)
        assert proposals.why_failed(proposal) == ""

    def test_withdrawn_while_it_is_prepared_it_stays_withdrawn(self, monkeypatch):
        proposal = self.ordered()
        protect = actions.protected

        def meanwhile(*arguments):
            actions.withdraw(proposal_id=proposal.pk, reason="the wrong year", by=COMMISSIONER)
            return protect(*arguments)

        monkeypatch.setattr(actions, "protected", meanwhile)
        actions.prepare(proposal_id=proposal.pk, on=make.ON, by=SYSTEM)
        proposal.refresh_from_db()
        assert (proposal.state, proposal.content_hash) == ("withdrawn", "")

    def test_nobody_reviews_or_releases_what_is_not_prepared(self):
        proposal = self.ordered()
        with pytest.raises(Refused):
            vote(proposal, FIRST)
        with pytest.raises(NotPossible, match="preparing: it cannot become frozen"), transaction.atomic():
            actions.freeze(proposal_id=proposal.pk, by=COMMISSIONER)

    @pytest.mark.parametrize("who", [NOBODY, FIRST, make_who(roles.NetworkLead, "lam"), make_who(roles.Administrator)])
    def test_refused_to_others(self, who):
        proposal = self.ordered()
        for act in (actions.prepare, actions.order_again):
            with pytest.raises(Refused):
                act(proposal_id=proposal.pk, on=make.ON, by=who)
        proposal.refresh_from_db()
        assert (proposal.state, proposal.content_hash) == ("preparing", "")

    def test_no_policy_in_force_is_said_at_once(self):
        centre = outcomes.signed_centre(count=45)
        outcomes.run(centre.service)
        with pytest.raises(NotFound, match="disclosure"):
            self.order()
        assert not Proposal.objects.exists()

    @pytest.mark.parametrize(
        "change", [{"state": "proposed"}, {"state": "failed"}, {"content_hash": "0" * 64}, {"failure": "why"}]
    )
    def test_the_database_refuses_half_states(self, change):
        proposal = self.ordered()
        with pytest.raises(IntegrityError), transaction.atomic():
            Proposal.objects.filter(pk=proposal.pk).update(**change)


class TestReview:
    def test_two_approvals_approve(self):
        proposal = make.proposal()
        assert vote(proposal, FIRST).state == "under_review"
        assert vote(proposal, SECOND).state == "approved"

    @pytest.mark.parametrize(("first", "second"), [(APPROVE, RETURN), (RETURN, APPROVE), (RETURN, RETURN)])
    def test_one_objection_returns(self, first, second):
        proposal = make.proposal()
        assert vote(proposal, FIRST, first).state == "under_review"
        assert vote(proposal, SECOND, second).state == "returned"

    def test_the_same_person_does_not_vote_twice(self):
        proposal = make.proposal()
        vote(proposal, FIRST)
        with pytest.raises(Refused, match="neither of whom proposed it"):
            vote(proposal, FIRST)
        assert Vote.objects.count() == 1

    def test_the_proposer_does_not_vote(self):
        both = Who(21, "Com Missioner", COMMISSIONER.posts + FIRST.posts)
        with pytest.raises(Refused):
            vote(make.proposal(by=both), both)
        assert not Vote.objects.exists()

    def test_a_third_vote_is_refused(self):
        with pytest.raises(Refused):
            vote(make.approved(), THIRD)

    @pytest.mark.parametrize(
        "who", [COMMISSIONER, NOBODY, SYSTEM, make_who(roles.Reviewer, "lam"), make_who(roles.Administrator)]
    )
    def test_others_do_not_vote(self, who):
        with pytest.raises(Refused):
            vote(make.proposal(), who)
        assert not Vote.objects.exists()

    def test_an_objection_says_why(self):
        with pytest.raises(NotPossible, match="Say what must be changed"):
            vote(make.proposal(), FIRST, RETURN, comment=" ")

    def test_what_was_changed_behind_the_reviewers_is_not_reviewed(self):
        proposal = make.proposal()
        Proposal.objects.filter(pk=proposal.pk).update(sources={"runs/adult-ecmo": "1" * 64})
        with pytest.raises(NotPossible, match="not what was proposed"):
            vote(proposal, FIRST)

    def test_a_proposal_that_is_not_there(self):
        with pytest.raises(NotFound):
            actions.review(proposal_id=404, decision=APPROVE, comment="", by=FIRST)


class TestWithdraw:
    def test_before_and_after_approval(self):
        for proposal in (make.proposal(), make.approved()):
            assert actions.withdraw(proposal_id=proposal.pk, reason="wrong year", by=COMMISSIONER).state == "withdrawn"
        assert event_detail(AuditEvent.objects.filter(verb="withdraw").last()) == {"reason": "wrong year"}

    def test_not_what_left(self):
        with pytest.raises(NotPossible, match="frozen"):
            actions.withdraw(proposal_id=make.frozen().pk, reason="late", by=COMMISSIONER)

    def test_not_by_a_reviewer(self):
        with pytest.raises(Refused):
            actions.withdraw(proposal_id=make.proposal().pk, reason="no", by=FIRST)


class TestFreeze:
    def test_what_was_approved_is_what_leaves(self):
        proposal = make.approved()
        frozen = actions.freeze(proposal_id=proposal.pk, by=COMMISSIONER)
        assert (frozen.state, frozen.content_hash) == ("frozen", proposal.content_hash)
        assert frozen.frozen_at is not None

    def test_frozen_twice_is_frozen_once(self):
        first = make.frozen()
        again = actions.freeze(proposal_id=first.pk, by=COMMISSIONER)
        assert again.frozen_at == first.frozen_at
        assert AuditEvent.objects.filter(verb="freeze").count() == 1

    @pytest.mark.parametrize("votes", [[], [(FIRST, APPROVE)], [(FIRST, APPROVE), (SECOND, RETURN)]])
    def test_not_without_two_approvals(self, votes):
        proposal = make.proposal()
        for who, decision in votes:
            vote(proposal, who, decision)
        with pytest.raises(NotPossible, match="cannot become frozen"):
            actions.freeze(proposal_id=proposal.pk, by=COMMISSIONER)

    def test_a_reviewer_does_not_release(self):
        with pytest.raises(Refused):
            actions.freeze(proposal_id=make.approved().pk, by=FIRST)

    def test_a_changed_byte_stops_it(self):
        proposal = make.approved()
        path = store_path(proposal.protected[0])
        path.write_bytes(path.read_bytes().replace(b"RJ1", b"RJ2"))
        with pytest.raises(Damaged, match="changed on disk"), transaction.atomic():
            actions.freeze(proposal_id=proposal.pk, by=COMMISSIONER)
        assert not proposals.frozen().exists()

    def test_an_unprotected_table_put_in_its_place_stops_it(self):
        proposal = make.approved()
        Proposal.objects.filter(pk=proposal.pk).update(protected=proposal.results)
        with pytest.raises(Damaged, match="differs from what was approved"), transaction.atomic():
            actions.freeze(proposal_id=proposal.pk, by=COMMISSIONER)

    def test_two_that_did_not_know_of_one_another_do_not_both_leave(self):
        one, other = make.approved(), make.approved(make.results(SMALL, name="activity"))
        actions.freeze(proposal_id=one.pk, by=COMMISSIONER)
        with pytest.raises(NotPossible, match="Propose it anew"), transaction.atomic():
            actions.freeze(proposal_id=other.pk, by=COMMISSIONER)
        assert proposals.frozen().count() == 1


# -- the threshold, to the patient


def left_of(patients, **rules):
    """Return what of one centre among large ones would leave, under a policy with these rules: its value, or the mark."""
    make.policy()
    body = {"threshold": 30, "event_threshold": 5, "minimum_width": 10, "zeros": "protect"} | rules
    adopt_policy(name="disclosure", version="2", valid_from=date(2020, 1, 1), body=body, source="test", by=SYSTEM)
    table = make.results({"RJ1": 400.0, "RJ7": patients, "RJ8": 250.0, "Total": 650.0 + patients})
    (left,) = proposals.tables_of(make.proposal(table))
    row = next(row for row in left.rows() if row["centre"] == "RJ7")
    return row["status"] or row["value"]


@pytest.mark.parametrize(("patients", "left"), [(29.0, "c"), (30.0, 30.0), (31.0, 31.0), (1.0, "c"), (0.0, "c")])
def test_fewer_than_thirty_patients_are_withheld_and_thirty_are_shown(patients, left):
    assert left_of(patients) == left


@pytest.mark.parametrize(("patients", "left"), [(0.0, 0.0), (1.0, "c"), (29.0, "c"), (30.0, 30.0)])
def test_where_noughts_are_published_nought_is_shown_and_one_is_not(patients, left):
    assert left_of(patients, zeros="publish") == left


@pytest.mark.parametrize(("threshold", "patients", "left"), [(5, 4.0, "c"), (5, 5.0, 5.0), (100, 99.0, "c"), (100, 100.0, 100.0)])
def test_the_threshold_is_the_policys(threshold, patients, left):
    assert left_of(patients, threshold=threshold, minimum_width=3) == left


@pytest.mark.parametrize("length", [80, 81])
def test_a_label_that_the_table_has_no_room_for_is_refused_in_words(length):
    if length == 80:
        assert make.proposal(label="x" * 80).label == "x" * 80
        return
    make.policy()
    with pytest.raises(Refused, match=r"label: .*80 characters"):
        make.proposal(label="x" * 81)
    assert not Proposal.objects.exists()


@pytest.mark.parametrize("name", ["Zoë Ŵ", "<b>Bold</b>", "=1+1", "N" * 200])
def test_a_reviewer_of_any_name_is_named_in_the_release(name):
    reviewer = make_who(roles.Reviewer, "England", person_id=77, name=name)
    made = make.proposal()
    for who in (reviewer, make.FIRST):
        actions.review(proposal_id=made.pk, decision=Decision.APPROVE, comment="", by=who)
    actions.freeze(proposal_id=made.pk, by=make.COMMISSIONER)
    made.refresh_from_db()
    assert set(proposals.release(made).reviewers) == {name, "First Reviewer"}


def test_two_reviewers_of_one_name_are_two_people():
    made = make.proposal()
    for number in (71, 72):
        who = make_who(roles.Reviewer, "England", person_id=number, name="Sam Same")
        actions.review(proposal_id=made.pk, decision=Decision.APPROVE, comment="", by=who)
    made.refresh_from_db()
    assert made.state == "approved"
    actions.freeze(proposal_id=made.pk, by=make.COMMISSIONER)
    made.refresh_from_db()
    assert proposals.release(made).reviewers == ("Sam Same", "Sam Same (2)")
