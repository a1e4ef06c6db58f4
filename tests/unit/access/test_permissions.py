import pytest

from plenary.access import permissions
from plenary.core import permissions as roles
from plenary.core.terms import NOBODY, SYSTEM, Who
from tests.factories.core import make_who

MAY = {
    "lead of the network": make_who(roles.NetworkLead, "adult-ecmo"),
    "commissioner of the nation": make_who(roles.NationalCommissioner, "England"),
    "commissioner of all": make_who(roles.NationalCommissioner),
    "a job": SYSTEM,
}
MAY_NOT = {
    "lead of another network": make_who(roles.NetworkLead, "lam"),
    "lead of a network whose name begins alike": make_who(roles.NetworkLead, "adult"),
    "centre lead": make_who(roles.CentreLead, "adult-ecmo/RJ1"),
    "data manager": make_who(roles.CentreDataManager, "adult-ecmo/RJ1"),
    "reviewer": make_who(roles.Reviewer, "adult-ecmo"),
    "patient": make_who(roles.PatientRepresentative, "adult-ecmo"),
    "administrator": make_who(roles.Administrator),
    "somebody without a post": Who(5, "No Post"),
    "a stranger": NOBODY,
}


@pytest.mark.parametrize("name", MAY)
def test_those_who_follow_the_network_run_its_equity_of_access(name):
    assert permissions.may_run(MAY[name], "adult-ecmo") is True


@pytest.mark.parametrize("name", MAY_NOT)
def test_nobody_else_does(name):
    assert permissions.may_run(MAY_NOT[name], "adult-ecmo") is False


SEE = ["lead of the network", "commissioner of the nation", "commissioner of all"]


@pytest.mark.parametrize("name", [*SEE])
def test_those_who_follow_the_network_see_and_plan(name):
    assert permissions.may_see(MAY[name], "adult-ecmo") is True
    assert permissions.may_plan(MAY[name], "adult-ecmo") is True


@pytest.mark.parametrize("name", ["centre lead", "data manager"])
def test_its_centres_see_and_do_not_plan(name):
    assert permissions.may_see(MAY_NOT[name], "adult-ecmo") is True
    assert permissions.may_see(MAY_NOT[name], "adult") is False
    assert permissions.may_plan(MAY_NOT[name], "adult-ecmo") is False


@pytest.mark.parametrize("name", sorted(set(MAY_NOT) - {"centre lead", "data manager"}))
def test_nobody_else_sees_or_plans(name):
    assert permissions.may_see(MAY_NOT[name], "adult-ecmo") is False
    assert permissions.may_plan(MAY_NOT[name], "adult-ecmo") is False
