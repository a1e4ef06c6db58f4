import pytest

from plenary.core.terms import NOBODY, SYSTEM
from plenary.outcomes import permissions
from tests.factories import outcomes as make

NETWORK = {"commissioner": make.COMMISSIONER, "network lead": make.NETWORK_LEAD}
OTHERS = {
    "centre lead": make.CENTRE_LEAD,
    "other lead": make.OTHER_LEAD,
    "reviewer": make.REVIEWER,
    "patient": make.PATIENT,
    "administrator": make.ADMINISTRATOR,
    "system": SYSTEM,
    "nobody": NOBODY,
}
EVERYBODY = NETWORK | OTHERS


@pytest.mark.parametrize("name", EVERYBODY)
def test_answers(name):
    who = EVERYBODY[name]
    assert permissions.may_adopt(who, "adult-ecmo") is (name in {*NETWORK, "administrator", "system"})
    assert permissions.may_run(who, "adult-ecmo") is (name in {*NETWORK, "system"})
    assert permissions.may_see(who, "adult-ecmo") is (name in {*NETWORK, "centre lead"})


def test_a_service_whose_name_begins_alike_is_another():
    assert permissions.may_see(make.CENTRE_LEAD, "adult") is False


@pytest.mark.parametrize("name", EVERYBODY)
def test_who_comments_and_who_notes_what_was_agreed_about_names(name):
    who = EVERYBODY[name]
    assert permissions.may_comment(who, "adult-ecmo/RJ1") is (name == "centre lead")
    assert permissions.may_comment(who, "adult-ecmo/RM2") is False
    assert permissions.may_name_peers(who, "adult-ecmo") is (name == "network lead")
