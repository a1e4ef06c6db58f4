import pytest

from plenary.core.terms import SYSTEM
from plenary.registry import actions


@pytest.fixture
def loaded(db):
    """The registry as the definitions make it."""
    return actions.load_definitions(by=SYSTEM)
