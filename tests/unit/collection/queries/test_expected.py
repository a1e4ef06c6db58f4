"""What became of every expected case."""

import pytest

from plenary.collection import actions, queries
from plenary.core.terms import SYSTEM
from tests.factories import collection as make
from tests.factories.collection import END, START, case

pytestmark = pytest.mark.django_db

PERIOD = {"period_start": START, "period_end": END}


class TestAscertainment:
    def expect(self, centre, case_id, explained=""):
        expected = actions.expect_case(centre=centre, **PERIOD, case_id=case_id, source="MDT", by=SYSTEM)
        if explained:
            actions.explain_missing(expected_id=expected.pk, reason=explained, by=make.manager(centre))

    def test_received_explained_missing(self, centre):
        make.accepted(centre, case("A1"))
        self.expect(centre, "A1")
        self.expect(centre, "E2", "treated abroad")
        self.expect(centre, "E3")
        found = queries.expected_and_missing(make.manager(centre), centre, START, END)
        assert [(one.case_id, one.status, one.reason) for one in found] == [
            ("A1", "received", ""),
            ("E2", "explained", "treated abroad"),
            ("E3", "missing", ""),
        ]
        assert queries.expected_counts(centre.service, START, END) == {"RJ1": (3, 2)}

    def test_a_withdrawn_case_is_missing_again(self, centre):
        make.accepted(centre, case("A1"), case("A2"))
        self.expect(centre, "A2")
        make.accepted(centre, case("A1"))
        assert [one.status for one in queries.accounts(centre, START, END)] == ["missing"]

    def test_a_case_at_another_centre_does_not_account_for_it(self, centre, other):
        self.expect(centre, "SECRET-7")
        assert [one.status for one in queries.accounts(centre, START, END)] == ["missing"]

    def test_others_see_none(self, centre, other):
        self.expect(centre, "E3")
        assert queries.expected_and_missing(make.manager(other), centre, START, END) == []
        assert queries.expected_and_missing(make.network_lead(centre), centre, START, END) == []

    @pytest.mark.parametrize("count", [1, 3])
    def test_one_query_however_many(self, centre, count, django_assert_num_queries):
        for number in range(count):
            self.expect(centre, f"E{number}")
        with django_assert_num_queries(1):
            assert len(queries.accounts(centre, START, END)) == count


def test_expected_cases_leave_out_what_was_explained():
    centre = make.make_centre()
    for case_id, source in (("E2", "MDT"), ("E1", "MDT"), ("E1", "hospital episodes"), ("E3", "MDT")):
        made = actions.expect_case(centre=centre, **PERIOD, case_id=case_id, source=source, by=SYSTEM)
    actions.explain_missing(expected_id=made.pk, reason="never treated", by=make.manager(centre))
    assert queries.expected_cases(centre.service, START, END) == [("RJ1", "E1"), ("RJ1", "E2")]
