"""Who learns of a question to disclosure control, and which answer counts."""

import pytest

from plenary.core import permissions as roles
from plenary.core.terms import ENDED_WITHOUT_A_WORD, NOBODY, NotFound
from plenary.releases import actions
from plenary.releases.models import Proposal, Trial
from plenary.releases.queries import trials
from plenary.releases.terms import Cost, TrialKind
from tests.factories import releases as make
from tests.factories.core import make_who
from tests.factories.releases import COMMISSIONER, FIRST

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked():
    proposal = make.proposal()
    return make.ask_cost(proposal)


@pytest.mark.parametrize(
    "who",
    [
        NOBODY,
        make_who(roles.NetworkLead, "lam", person_id=60),
        make_who(roles.CentreLead, "adult-ecmo/RJ8", person_id=61),
        make_who(roles.Reviewer, "Wales", person_id=62),
    ],
)
def test_a_question_is_closed_to_those_who_do_not_see_the_proposal(asked, who):
    assert not trials.visible_to(who).exists()
    assert trials.latest(who, asked.proposal, TrialKind.SHOW, asked.asked) is None


@pytest.mark.parametrize("who", [FIRST, COMMISSIONER, make_who(roles.NetworkLead, "adult-ecmo", person_id=60)])
def test_it_is_open_to_those_who_do(asked, who):
    assert trials.latest(who, asked.proposal, TrialKind.SHOW, asked.asked) == asked


def test_another_question_and_other_content_have_no_answer_yet(asked):
    other = asked.asked | {"table": "outcomes"}
    assert trials.latest(FIRST, asked.proposal, TrialKind.SHOW, other) is None
    assert trials.latest(FIRST, asked.proposal, TrialKind.POLICY, asked.asked) is None
    Proposal.objects.update(content_hash="f" * 64)
    assert trials.latest(FIRST, Proposal.objects.get(), TrialKind.SHOW, asked.asked) is None


def test_the_same_question_has_the_same_hash_in_whatever_order_it_is_put():
    assert trials.asked_sha256({"a": 1, "b": 2}) == trials.asked_sha256({"b": 2, "a": 1})
    assert trials.asked_sha256({"a": 1}) != trials.asked_sha256({"a": 2})


def test_a_trial_that_is_not_there_is_not_found():
    with pytest.raises(NotFound):
        trials.trial(1)


def test_the_answer_is_read_back_as_it_was_given(asked):
    assert trials.answer(asked) is None
    assert trials.cost(asked) is None
    done = actions.answer(trial_id=asked.pk, by=FIRST)
    found = trials.cost(done)
    assert isinstance(found, Cost)
    assert found.possible
    [(quantity, place)] = found.newly_withheld
    assert (quantity, len(place)) == ("patients", 7)
    [(quantity, place, low, high)] = found.gives_away
    assert (quantity, place[1], low, high) == ("patients", "RJ7", 12, 12)


def test_a_job_that_ended_without_a_word_is_told(asked, monkeypatch):
    assert trials.why_failed(asked) == ""
    monkeypatch.setattr(trials, "given_up", lambda task: {asked.pk} if task == trials.TASK else set())
    assert trials.why_failed(asked) == ENDED_WITHOUT_A_WORD
    Trial.objects.update(state="failed", failure="The disk is full.")
    assert trials.why_failed(Trial.objects.get()) == "The disk is full."


def test_policies_are_tried_on_the_last_prepared_proposal_of_the_nation():
    assert trials.latest_results(COMMISSIONER) is None
    first = make.proposal(label="2024")
    second = make.proposal(label="2025")
    assert trials.latest_results(COMMISSIONER) == second
    assert trials.latest_results(NOBODY) is None
    Proposal.objects.filter(pk=second.pk).update(whole=False)
    assert trials.latest_results(COMMISSIONER) == first
    actions.withdraw(proposal_id=first.pk, reason="x", by=COMMISSIONER)
    assert trials.latest_results(COMMISSIONER) is None
