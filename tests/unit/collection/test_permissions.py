"""Who may do what with cases: own centre, other centre, every role."""

import pytest

from plenary.collection import permissions
from plenary.collection.models import DataSetProposal
from plenary.core import permissions as roles
from plenary.core.terms import NOBODY, SYSTEM, Who
from tests.factories import collection as make
from tests.factories.core import make_who

pytestmark = pytest.mark.django_db

EVERYBODY = {
    "own manager": make_who(roles.CentreDataManager, "adult-ecmo/RJ1"),
    "own lead": make_who(roles.CentreLead, "adult-ecmo/RJ1"),
    "other manager": make_who(roles.CentreDataManager, "adult-ecmo/RJ7"),
    "other lead": make_who(roles.CentreLead, "adult-ecmo/RJ7"),
    "same trust, other service": make_who(roles.CentreLead, "lam/RJ1"),
    "network lead": make_who(roles.NetworkLead, "adult-ecmo"),
    "other network lead": make_who(roles.NetworkLead, "lam"),
    "commissioner": make_who(roles.NationalCommissioner, "England"),
    "reviewer": make_who(roles.Reviewer, "England"),
    "patient": make_who(roles.PatientRepresentative, "adult-ecmo"),
    "administrator": make_who(roles.Administrator),
    "system": SYSTEM,
    "nobody": NOBODY,
    "no post": Who(5, "No Post"),
}

OWN = {"own manager", "own lead"}
ALLOWED = {
    "may_see_cases": OWN,
    "may_submit": OWN,
    "may_explain": OWN,
    "may_sign_off": {"own lead"},
    "may_erase": {"own lead"},
    "may_extract": {"own lead"},
    "may_answer_for": {"own lead"},
    "may_send": OWN,
    "may_issue_key": {"own lead", "administrator", "system"},
    "may_ask": {"network lead", "commissioner"},
    "may_reopen": {"network lead"},
    "may_expect": OWN | {"network lead", "system"},
}


@pytest.fixture
def centre():
    return make.make_centre()


@pytest.mark.parametrize("question", ALLOWED)
@pytest.mark.parametrize("name", EVERYBODY)
def test_answer_for_a_centre(centre, question, name):
    answer = getattr(permissions, question)(EVERYBODY[name], centre)
    assert answer is (name in ALLOWED[question])


@pytest.mark.parametrize("name", EVERYBODY)
def test_answer_for_a_submission(centre, name):
    submission = make.receive(centre, make.case("A1"))
    assert permissions.may_accept(EVERYBODY[name], submission) is (name in OWN)
    assert permissions.may_check(EVERYBODY[name], submission) is (name in OWN | {"system"})


@pytest.mark.parametrize("name", EVERYBODY)
def test_answer_for_a_service(centre, name):
    assert permissions.may_see_progress(EVERYBODY[name], centre.service) is (name in {"network lead", "commissioner"})
    allowed = {"network lead", "commissioner", "administrator", "system"}
    assert permissions.may_adopt_data_set(EVERYBODY[name], centre.service) is (name in allowed)


def test_a_commissioner_of_another_nation_follows_nothing(centre):
    assert permissions.may_see_progress(make_who(roles.NationalCommissioner, "Wales"), centre.service) is False


def test_the_network_talks_of_its_data_set(centre):
    allowed = {"own manager", "own lead", "other manager", "other lead", "network lead", "commissioner"}
    for name, who in EVERYBODY.items():
        assert permissions.may_talk_of_data_set(who, centre.service) is (name in allowed), name


def test_the_clinical_lead_answers_for_the_centre(centre):
    for name, who in EVERYBODY.items():
        assert permissions.may_answer_for(who, centre) is (name == "own lead"), name


def test_whoever_proposed_it_may_withdraw_it(centre):
    proposal = DataSetProposal(service=centre.service, proposed_by=77)
    adopters = {"network lead", "commissioner", "administrator", "system"}
    for name, who in EVERYBODY.items():
        if permissions.may_adopt_data_set(who, centre.service):
            assert name in adopters, name
        assert permissions.may_withdraw_proposal(who, proposal) is permissions.may_adopt_data_set(who, centre.service), name
    assert permissions.may_withdraw_proposal(make_who(roles.CentreDataManager, "adult-ecmo/RJ1", person_id=77), proposal)
    assert not permissions.may_withdraw_proposal(NOBODY, DataSetProposal(service=centre.service, proposed_by=None))


@pytest.mark.parametrize("name", EVERYBODY)
def test_hospital_data_come_from_the_nation_and_a_networks_list_from_its_lead(name):
    service = make.make_centre().service
    assert permissions.may_load_hospital_data(EVERYBODY[name], service) is (name in {"commissioner", "system"})
    assert permissions.may_expect_list(EVERYBODY[name], service) is (name in {"network lead", "system"})
