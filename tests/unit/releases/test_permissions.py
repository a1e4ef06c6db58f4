"""Who may propose, review, withdraw and freeze, by role and by what they did already."""

import pytest

from plenary.core import permissions as roles
from plenary.core.terms import NOBODY, SYSTEM, Who
from plenary.releases import actions, permissions
from plenary.releases.terms import PATIENTS_SECTION, Decision
from tests.factories import releases as make
from tests.factories.core import make_who
from tests.factories.releases import COMMISSIONER, FIRST, SECOND, THIRD

pytestmark = pytest.mark.django_db

NETWORK_LEAD = make_who(roles.NetworkLead, "adult-ecmo", person_id=41)
EVERYBODY = {
    "commissioner": COMMISSIONER,
    "network lead": NETWORK_LEAD,
    "other network lead": make_who(roles.NetworkLead, "lam", person_id=42),
    "reviewer": FIRST,
    "service reviewer": make_who(roles.Reviewer, "adult-ecmo", person_id=43),
    "other reviewer": make_who(roles.Reviewer, "lam", person_id=44),
    "other nation": make_who(roles.Reviewer, "Wales", person_id=45),
    "centre lead": make_who(roles.CentreLead, "adult-ecmo/RJ1", person_id=46),
    "patient": make_who(roles.PatientRepresentative, "adult-ecmo", person_id=47),
    "administrator": make_who(roles.Administrator, person_id=48),
    "system": SYSTEM,
    "nobody": NOBODY,
}


@pytest.mark.parametrize("name", EVERYBODY)
def test_one_service(name):
    proposal = make.proposal()
    who = EVERYBODY[name]
    assert permissions.may_propose(who, ["adult-ecmo"]) is (name in {"commissioner", "network lead"})
    assert permissions.may_freeze(who, proposal) is (name in {"commissioner", "network lead"})
    assert permissions.may_withdraw(who, proposal) is (name == "commissioner")
    assert permissions.may_review(who, proposal) is (name in {"reviewer", "service reviewer"})


@pytest.mark.parametrize("name", EVERYBODY)
def test_two_services_need_a_right_over_both(name):
    proposal = make.proposal(
        make.results(make.SMALL), make.results(make.SMALL, service="retinoblastoma"), services=("adult-ecmo", "retinoblastoma")
    )
    who = EVERYBODY[name]
    assert permissions.may_propose(who, ["adult-ecmo", "retinoblastoma"]) is (name == "commissioner")
    assert permissions.may_review(who, proposal) is (name == "reviewer")
    assert permissions.may_freeze(who, proposal) is (name == "commissioner")


def test_nothing_is_proposed_about_no_service():
    assert permissions.may_propose(COMMISSIONER, []) is False


def test_the_proposer_does_not_review_even_as_a_reviewer():
    both = Who(21, "Com Missioner", COMMISSIONER.posts + FIRST.posts)
    assert permissions.may_review(both, make.proposal(by=both)) is False


def test_nobody_reviews_twice():
    proposal = make.proposal()
    actions.review(proposal_id=proposal.pk, decision=Decision.APPROVE, comment="", by=FIRST)
    proposal.refresh_from_db()
    assert permissions.may_review(FIRST, proposal) is False
    assert permissions.may_review(SECOND, proposal) is True


def test_there_is_no_third_review():
    proposal = make.approved()
    proposal.refresh_from_db()
    assert permissions.may_review(THIRD, proposal) is False


def test_a_network_lead_withdraws_the_own_proposal_only():
    own = make.proposal(by=NETWORK_LEAD)
    other = make.proposal()
    assert permissions.may_withdraw(NETWORK_LEAD, own) is True
    assert permissions.may_withdraw(NETWORK_LEAD, other) is False


def test_a_commissioner_of_another_nation_withdraws_nothing_here():
    assert permissions.may_withdraw(make_who(roles.NationalCommissioner, "Wales", person_id=49), make.proposal()) is False


@pytest.mark.parametrize("name", EVERYBODY)
def test_a_section_is_written_by_who_leads_and_feedback_by_patients_as_well(name):
    who = EVERYBODY[name]
    leads = {"commissioner", "network lead"}
    assert permissions.may_write(who, "adult-ecmo", "summary") is (name in leads)
    assert permissions.may_write(who, "adult-ecmo", PATIENTS_SECTION) is (name in leads | {"patient"})
    assert permissions.may_write(who, "lam", PATIENTS_SECTION) is (name in {"commissioner", "other network lead"})


@pytest.mark.parametrize("name", EVERYBODY)
def test_the_queue_protects_what_was_ordered(name):
    assert permissions.may_prepare(EVERYBODY[name], make.proposal()) is (name in {"commissioner", "network lead", "system"})
