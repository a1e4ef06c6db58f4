"""A centre, and another one whose case must not leak."""

import pytest

from tests.factories import collection as make
from tests.factories.collection import case


@pytest.fixture
def centre():
    return make.make_centre()


@pytest.fixture
def elsewhere():
    """Another centre of the same service, with a case of its own that must not leak."""
    other = make.make_centre(ods="RJ7")
    make.accepted(other, case("SECRET-7", status="dead"))
    return other
