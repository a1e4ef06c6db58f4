import pytest

from plenary.spend import permissions
from tests.factories import outcomes as make
from tests.unit.spend.test_actions import MANAGER, OTHERS


@pytest.mark.parametrize("who", OTHERS)
def test_nobody_else_records(who):
    assert permissions.may_record(who, "adult-ecmo/RJ1") is False


def test_the_commissioner_records_and_the_network_lead_sees():
    assert permissions.may_record(make.COMMISSIONER, "adult-ecmo/RJ1") is True
    assert permissions.may_see(make.NETWORK_LEAD, "adult-ecmo") is True
    assert permissions.may_see(make.CENTRE_LEAD, "adult-ecmo") is False


@pytest.mark.parametrize("who", [make.CENTRE_LEAD, MANAGER])
def test_a_centre_returns_its_own_and_no_other(who):
    assert permissions.may_record(who, "adult-ecmo/RJ1") is True
    assert permissions.may_record(who, "adult-ecmo/RJ10") is False
    assert permissions.may_record(who, "lam/RJ1") is False
