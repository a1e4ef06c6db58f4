import pytest

from plenary.core.permissions import ROLES, Administrator, NationalCommissioner
from plenary.core.terms import NOBODY, SYSTEM
from plenary.registry.permissions import may_designate, may_load_definitions
from tests.factories.core import make_who

SCOPES = {"centre": "lam/RX1", "service": "lam", "nation": "England", "all": ""}


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.key)
def test_who_may_designate(role):
    assert may_designate(make_who(role, SCOPES[role.scope_kinds[0]])) is (role is NationalCommissioner)


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.key)
def test_who_may_load_definitions(role):
    assert may_load_definitions(make_who(role, SCOPES[role.scope_kinds[0]])) is (role is Administrator)


def test_the_system_may_do_both_and_nobody_neither():
    assert [may_designate(SYSTEM), may_load_definitions(SYSTEM)] == [True, True]
    assert [may_designate(NOBODY), may_load_definitions(NOBODY)] == [False, False]


def test_a_commissioner_of_another_nation_designates_nothing_here():
    assert may_designate(make_who(NationalCommissioner, "Wales")) is False
    assert may_designate(make_who(NationalCommissioner, "")) is True
