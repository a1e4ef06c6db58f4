import pytest

from plenary.spend import permissions
from tests.factories import outcomes as make
from tests.unit.spend.test_actions import OTHERS


@pytest.mark.parametrize("who", OTHERS)
def test_nobody_else_records(who):
    assert permissions.may_record(who, "adult-ecmo") is False


def test_the_commissioner_records_and_the_network_lead_sees():
    assert permissions.may_record(make.COMMISSIONER, "adult-ecmo") is True
    assert permissions.may_see(make.NETWORK_LEAD, "adult-ecmo") is True
    assert permissions.may_see(make.CENTRE_LEAD, "adult-ecmo") is False
