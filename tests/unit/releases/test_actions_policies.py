"""A policy is tried on the latest results, and adopted exactly as it was tried, by whoever owns it."""

import datetime as dt

import pytest

from plenary.core import permissions as roles
from plenary.core import queries as core
from plenary.core.actions import adopt_policy
from plenary.core.terms import NOBODY, SYSTEM, NotFound, NotPossible, Refused
from plenary.releases import actions
from plenary.releases.models import Proposal, Trial
from plenary.releases.queries import previews, trials
from plenary_stats.errors import InputError
from tests.factories import releases as make
from tests.factories.core import make_who
from tests.factories.releases import COMMISSIONER, FIRST
from tests.unchanged import DiskFullError, fail_to_record, nothing_changes

pytestmark = pytest.mark.django_db

ON = make.ON
MAY_NOT = {
    "commissioner of another nation": make_who(roles.NationalCommissioner, "Wales", person_id=51),
    "network lead": make_who(roles.NetworkLead, "adult-ecmo", person_id=41),
    "reviewer": FIRST,
    "centre lead": make_who(roles.CentreLead, "adult-ecmo/RJ8", person_id=44),
    "reader": NOBODY,
}


@pytest.fixture
def proposal():
    return make.proposal()


def attempt(by=COMMISSIONER, **changes):
    return actions.try_policy(draft=make.draft(**changes), on=ON, by=by)


def adopt(trial, sha256=None, on=ON, by=COMMISSIONER):
    return actions.adopt_tried(trial_id=trial.pk, sha256=sha256 or trial.asked_sha256, on=on, by=by)


@pytest.fixture
def tried(proposal):
    return actions.answer(trial_id=attempt().pk, by=SYSTEM)


@pytest.mark.parametrize("name", MAY_NOT)
def test_nobody_else_drafts_or_adopts(proposal, tried, name):
    with nothing_changes(), pytest.raises(Refused):
        attempt(by=MAY_NOT[name])
    with nothing_changes(), pytest.raises(Refused):
        adopt(tried, by=MAY_NOT[name])


def test_trying_puts_nothing_in_force(proposal, tried):
    assert tried.state == "done"
    assert [one.version for one in core.policy_versions("disclosure")] == ["1"]
    assert tried.proposal == proposal
    assert tried.asked["against"] == "1"


def test_what_was_tried_is_adopted_as_it_was_and_the_earlier_version_ends(tried):
    made = adopt(tried)
    assert (made.version, made.valid_from, made.body["threshold"]) == ("2027-1", dt.date(2027, 4, 1), 40)
    first, second = core.policy_versions("disclosure")
    assert (first.valid_to, second.valid_to) == (second.valid_from, None)
    assert core.policy("disclosure", ON).version == "1"
    tried.refresh_from_db()
    assert tried.state == "adopted"


def test_who_answers_for_it_and_why_is_kept_in_the_chain_of_events(tried):
    adopt(tried)
    [event] = core.events(verb="adopt tried policy")
    said = core.event_detail(event)
    assert (said["reason"], said["owner"], said["review_on"]) == (
        "More care is asked for.",
        "National commissioner",
        "2028-04-01",
    )
    assert (said["asked_sha256"], said["answer_sha256"]) == (tried.asked_sha256, tried.answer_sha256)
    assert core.verify_chain().whole
    assert trials.adopted()["2027-1"]["reason"] == "More care is asked for."


def test_it_is_adopted_once(tried):
    adopt(tried)
    tried.refresh_from_db()
    with nothing_changes(), pytest.raises(NotPossible):
        adopt(tried)


def test_the_draft_that_was_seen_is_the_one_that_is_adopted(tried):
    with nothing_changes(), pytest.raises(NotPossible, match="not the draft"):
        adopt(tried, sha256="0" * 64)
    Trial.objects.update(asked=tried.asked | {"body": tried.asked["body"] | {"threshold": 31}})
    with nothing_changes(), pytest.raises(NotPossible, match="not the draft"):
        adopt(tried)


def test_without_a_preview_it_is_not_adopted(proposal):
    with pytest.raises(NotPossible, match="after its preview"):
        adopt(attempt())


def test_a_question_of_another_kind_and_one_that_is_not_there_are_no_policy(proposal):
    with pytest.raises(NotFound):
        adopt(make.ask_cost(proposal))
    with pytest.raises(NotFound):
        actions.adopt_tried(trial_id=0, sha256="0" * 64, on=ON, by=COMMISSIONER)


def test_what_the_latest_results_cannot_be_protected_under_is_not_adopted(proposal, monkeypatch):
    def fail(*_):
        raise InputError("They cannot be protected.")

    monkeypatch.setattr(previews, "protected", fail)
    done = actions.answer(trial_id=attempt().pk, by=SYSTEM)
    with nothing_changes(), pytest.raises(NotPossible, match="cannot be protected under this policy"):
        adopt(done)


def test_one_that_was_tried_against_a_version_that_is_replaced_is_tried_again(tried):
    adopt_policy(
        name="disclosure",
        version="2",
        valid_from=dt.date(2026, 12, 1),
        body=make.draft().body | {"threshold": 35},
        source="x",
        by=SYSTEM,
    )
    with nothing_changes(), pytest.raises(NotPossible, match="Try it again"):
        adopt(tried)


def test_one_that_would_begin_in_the_past_by_now_is_not_adopted(tried):
    with nothing_changes(), pytest.raises(NotPossible, match="later day than today"):
        adopt(tried, on=dt.date(2027, 4, 1))


def test_what_forbids_a_draft_is_said_before_anything_is_worked_out(proposal):
    with nothing_changes(), pytest.raises(NotPossible, match="national rule"):
        attempt(body=make.draft().body | {"threshold": 20})


def test_without_results_there_is_nothing_to_try_it_on():
    make.policy()
    with nothing_changes(), pytest.raises(NotPossible, match="Propose an edition"):
        attempt()


def test_the_same_draft_is_tried_once_on_the_same_results(proposal):
    assert attempt() == attempt()
    make.proposal(label="later")
    assert attempt().proposal != proposal
    assert Trial.objects.count() == 2


def test_what_is_proposed_from_then_on_is_protected_under_it(tried):
    adopt(tried)
    later = actions.propose(
        label="later", period_start=make.START, period_end=make.END, results=[make.results(make.SMALL | {"RJ7": 35.0, "Total": 697.0})],
        narrative={}, sources={}, on=dt.date(2027, 4, 1), by=COMMISSIONER,
    )  # fmt: skip
    assert later.policy_version == "2027-1"
    assert Proposal.objects.exclude(pk=later.pk).get().policy_version == "1"


def test_what_cannot_be_told_is_not_adopted(tried, monkeypatch):
    monkeypatch.setattr(actions, "record", fail_to_record)
    with nothing_changes(), pytest.raises(DiskFullError):
        adopt(tried)


# -- coarser tables


@pytest.mark.parametrize("name", ["network lead", "reviewer"])
def test_whoever_sees_a_proposal_asks_what_coarser_tables_would_show(proposal, name):
    trial = actions.ask_plan(proposal_id=proposal.pk, by=MAY_NOT[name])
    found = trials.answer(actions.answer(trial_id=trial.pk, by=SYSTEM))
    assert found["baseline"]["figures"] == 2
    assert found["baseline"]["of"] == 4
    assert found["best"] in {found["baseline"]["title"], *(each["title"] for each in found["proposals"])}
    assert Proposal.objects.get().protected == proposal.protected


@pytest.mark.parametrize("name", ["commissioner of another nation", "centre lead", "reader"])
def test_nobody_else_asks_it(proposal, name):
    with nothing_changes(), pytest.raises(Refused):
        actions.ask_plan(proposal_id=proposal.pk, by=MAY_NOT[name])


def test_of_a_proposal_without_content_it_is_not_asked(proposal):
    Proposal.objects.update(content_hash="", state="preparing")
    with nothing_changes(), pytest.raises(NotPossible, match="not prepared"):
        actions.ask_plan(proposal_id=proposal.pk, by=COMMISSIONER)
