"""Two centres of a service, of which one must not see the other's."""

import pytest

from tests.factories import collection as make
from tests.factories.collection import case


@pytest.fixture
def centre():
    return make.make_centre()


@pytest.fixture
def other():
    """A centre of the same service, with cases that must not leak."""
    found = make.make_centre(ods="RJ7")
    make.accepted(found, case("SECRET-7", status="dead"))
    return found
