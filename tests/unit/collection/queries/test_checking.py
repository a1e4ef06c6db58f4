"""What a check found, for whom."""

import pytest

from plenary.collection import actions, queries
from plenary.core.terms import SYSTEM, NotFound
from tests.factories import collection as make
from tests.factories.collection import case

pytestmark = pytest.mark.django_db


@pytest.fixture
def centre():
    return make.make_centre()


@pytest.fixture
def other():
    """A centre of the same service, with cases that must not leak."""
    found = make.make_centre(ods="RJ7")
    make.accepted(found, case("SECRET-7", status="dead"))
    return found


class TestFindings:
    def test_only_for_the_own_centre(self, centre, other):
        submission = actions.check(submission_id=make.receive(centre, case("A1", status="lost")).pk, by=SYSTEM)
        assert queries.open_findings(make.manager(centre), submission)
        assert queries.open_findings(make.manager(other), submission) == []
        assert queries.open_findings(make.network_lead(centre), submission) == []

    def test_none_before_the_check(self, centre):
        assert queries.open_findings(make.manager(centre), make.receive(centre, case("A1"))) == []

    def test_a_submission_that_is_not_there(self):
        with pytest.raises(NotFound, match="no submission 404"):
            queries.submission(404)
