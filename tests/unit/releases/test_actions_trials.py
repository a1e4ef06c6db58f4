"""Questions to disclosure control: who may put them, and that an answer changes nothing but itself."""

import pytest

from plenary.core import permissions as roles
from plenary.core import queries as core
from plenary.core.terms import NOBODY, SYSTEM, Damaged, NotFound, NotPossible, Refused
from plenary.releases import actions, permissions, tasks
from plenary.releases.models import Proposal, Trial
from plenary.releases.queries import showing, trials
from tests.factories import releases as make
from tests.factories.core import make_who
from tests.factories.releases import COMMISSIONER, FIRST
from tests.unchanged import DiskFullError, fail_to_record, nothing_changes

pytestmark = pytest.mark.django_db

LEAD = make_who(roles.NetworkLead, "adult-ecmo", person_id=41)
MAY = {"reviewer": FIRST, "commissioner": COMMISSIONER, "network lead": LEAD}
MAY_NOT = {
    "another lead": make_who(roles.NetworkLead, "lam", person_id=42),
    "reviewer elsewhere": make_who(roles.Reviewer, "Wales", person_id=43),
    "centre lead": make_who(roles.CentreLead, "adult-ecmo/RJ8", person_id=44),
    "patient": make_who(roles.PatientRepresentative, "adult-ecmo", person_id=45),
    "administrator": make_who(roles.Administrator, person_id=46),
    "job": SYSTEM,
    "reader": NOBODY,
}


@pytest.fixture
def proposal():
    return make.proposal()


@pytest.mark.parametrize("name", MAY)
def test_whoever_sees_the_proposal_asks(proposal, name):
    trial = make.ask_cost(proposal, by=MAY[name])
    assert (trial.state, trial.asked_by, trial.content_hash) == ("running", MAY[name].person_id, proposal.content_hash)
    assert trial.asked["place"]["centre"] == "RJ8"
    [event] = core.events(verb="ask disclosure control")
    assert core.event_detail(event)["trial"] == trial.pk
    assert permissions.may_ask(MAY[name], proposal) is True


@pytest.mark.parametrize("name", MAY_NOT)
def test_nobody_else_does(proposal, name):
    with nothing_changes(), pytest.raises(Refused):
        make.ask_cost(proposal, by=MAY_NOT[name])
    assert permissions.may_ask(MAY_NOT[name], proposal) is False


@pytest.mark.parametrize("name", sorted(set(MAY_NOT) - {"job"}))
def test_nobody_else_has_it_worked_out(proposal, name):
    trial = make.ask_cost(proposal)
    with nothing_changes(), pytest.raises(Refused):
        actions.answer(trial_id=trial.pk, by=MAY_NOT[name])


def test_the_same_question_is_asked_once_and_another_for_itself(proposal):
    one = make.ask_cost(proposal)
    assert make.ask_cost(proposal, by=COMMISSIONER) == one
    assert make.ask_cost(proposal, centre="RJ7") != one
    assert Trial.objects.count() == 2


def test_of_content_that_changed_it_is_asked_anew(proposal):
    one = make.ask_cost(proposal)
    Proposal.objects.update(content_hash="f" * 64)
    proposal.refresh_from_db()
    assert make.ask_cost(proposal) != one


@pytest.mark.parametrize("centre", ["RJ1", "Total"])
def test_what_is_shown_costs_nothing_to_show(proposal, centre):
    with nothing_changes(), pytest.raises(NotPossible, match="shown already"):
        make.ask_cost(proposal, centre=centre)


def test_a_place_that_the_proposal_lacks_is_not_found(proposal):
    with nothing_changes(), pytest.raises(NotFound):
        make.ask_cost(proposal, centre="RX9")
    with pytest.raises(NotFound):
        actions.ask_cost(proposal_id=0, table="activity", place={}, by=FIRST)


def test_the_queue_answers_once_and_the_proposal_stays_as_it_was(proposal):
    trial = make.ask_cost(proposal)
    for _ in range(2):
        tasks.answer.call(trial.pk)
    trial.refresh_from_db()
    assert trial.state == "done"
    assert trials.cost(trial).possible
    assert len(core.events(verb="answer trial")) == 1
    after = Proposal.objects.get()
    assert (after.state, after.content_hash, after.protected) == (proposal.state, proposal.content_hash, proposal.protected)


def test_the_same_question_has_the_same_answer(proposal):
    first = actions.answer(trial_id=make.ask_cost(proposal).pk, by=SYSTEM)
    Trial.objects.all().delete()
    second = actions.answer(trial_id=make.ask_cost(proposal).pk, by=SYSTEM)
    assert first.answer_sha256 == second.answer_sha256


def test_what_the_rule_withholds_is_answered_in_words(proposal):
    found = trials.cost(actions.answer(trial_id=make.ask_cost(proposal, centre="RJ7").pk, by=SYSTEM))
    assert not found.possible
    assert "fewer than 30 patients" in found.why


def test_why_it_could_not_be_worked_out_is_kept_and_it_is_asked_again(proposal, monkeypatch):
    trial = make.ask_cost(proposal)

    def fail(*_):
        raise Damaged("The file is gone from the store.")

    with monkeypatch.context() as patch:
        patch.setattr(showing, "cost_of_showing", fail)
        with pytest.raises(Damaged):
            tasks.answer.call(trial.pk)
    trial.refresh_from_db()
    assert (trial.state, trial.failure) == ("failed", "The file is gone from the store.")
    again = make.ask_cost(proposal)
    assert again != trial
    assert actions.answer(trial_id=again.pk, by=SYSTEM).state == "done"


def test_of_two_who_ask_at_once_the_second_waits_and_is_given_the_first_ones_question(proposal, monkeypatch):
    """While the second waits for the proposal, the first asks: it is looked for only then."""
    lock, asked = actions._locked, []

    def wait(number):
        if not asked:
            asked.append(None)
            asked[0] = make.ask_cost(proposal, by=COMMISSIONER)
        return lock(number)

    monkeypatch.setattr(actions, "_locked", wait)
    assert make.ask_cost(proposal, by=FIRST) == asked[0]
    assert Trial.objects.count() == 1


def test_what_cannot_be_told_is_not_asked(proposal, monkeypatch):
    monkeypatch.setattr(actions, "record", fail_to_record)
    with nothing_changes(), pytest.raises(DiskFullError):
        make.ask_cost(proposal)
