"""What changed from one submission to another."""

import pytest

from plenary.collection import queries
from plenary.collection.models import Case
from plenary.collection.terms import Difference
from tests.factories import collection as make
from tests.factories.collection import case

pytestmark = pytest.mark.django_db


class TestDifferences:
    def test_case_by_case_and_field_by_field(self, centre):
        old = make.accepted(centre, case("A1"), case("A2"), case("A3"))
        new = make.accepted(centre, case("A1"), case("A2", status="dead", pf_ratio=""), case("A4"))
        assert queries.differences(make.manager(centre), old, new) == [
            Difference("A2", "changed", "pf_ratio", "9.4", ""),
            Difference("A2", "changed", "status", "alive", "dead"),
            Difference("A3", "removed"),
            Difference("A4", "added"),
        ]

    def test_before_accepting(self, centre):
        old = make.accepted(centre, case("A1"))
        new = make.receive(centre, case("A1", admitted_on="16/06/2025"))
        found = queries.differences(make.manager(centre), old, new)
        assert found == [Difference("A1", "changed", "admitted_on", "2025-06-15", "2025-06-16")]
        assert Case.objects.count() == 1

    def test_the_same_file_differs_in_nothing(self, centre):
        old = make.accepted(centre, case("A1"))
        assert queries.differences(make.manager(centre), old, old) == []

    def test_others_see_nothing(self, centre, other):
        old = make.accepted(centre, case("A1"))
        new = make.accepted(centre, case("A1", status="dead"))
        assert queries.differences(make.manager(other), old, new) == []
        assert queries.differences(make.network_lead(centre), old, new) == []
