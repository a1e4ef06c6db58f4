"""How far the centres of a service are."""

from datetime import date

import pytest

from plenary.collection import actions, queries
from plenary.collection.models import Submission
from plenary.core import permissions as roles
from plenary.core.terms import NOBODY, SYSTEM
from tests.factories import collection as make
from tests.factories.collection import END, START, case
from tests.factories.core import make_who
from tests.factories.registry import DesignationFactory

pytestmark = pytest.mark.django_db

PERIOD = {"period_start": START, "period_end": END}


class TestProgress:
    def test_states_and_numbers_of_every_centre(self, centre, other):
        make.signed_off(centre, case("A1"), case("A2"))
        actions.expect_case(centre=other, **PERIOD, case_id="E1", source="MDT", by=SYSTEM)
        own, theirs = queries.progress(make.network_lead(centre), centre.service, START, END)
        assert (own.centre, own.submission, own.cases, own.missing, own.series) == (
            "adult-ecmo/RJ1",
            "accepted",
            2,
            0,
            "signed_off",
        )
        assert (theirs.centre, theirs.cases, theirs.expected, theirs.missing, theirs.series) == (
            "adult-ecmo/RJ7",
            1,
            1,
            1,
            "open",
        )

    def test_no_case_is_named(self, centre, other):
        shown = str(queries.progress(make.network_lead(centre), centre.service, START, END))
        assert "SECRET" not in shown

    def test_a_centre_sees_its_own(self, centre, other):
        assert [one.centre for one in queries.progress(make.manager(centre), centre.service, START, END)] == ["adult-ecmo/RJ1"]

    def test_strangers_see_none(self, centre, other):
        for who in (NOBODY, SYSTEM, make_who(roles.NetworkLead, "lam"), make_who(roles.Reviewer, "England")):
            assert queries.progress(who, centre.service, START, END) == []

    def test_the_latest_file_speaks(self, centre):
        make.accepted(centre, case("A1"))
        actions.check(submission_id=make.receive(centre, case("A1", status="lost")).pk, by=SYSTEM)
        [row] = queries.progress(make.manager(centre), centre.service, START, END)
        assert (row.submission, row.blocking, row.cases) == ("checked", 1, 1)

    def test_nothing_sent(self, centre):
        [row] = queries.progress(make.manager(centre), centre.service, START, END)
        assert (row.submission, row.cases, row.series) == ("", 0, "open")

    def test_the_same_queries_for_one_and_three_centres(self, centre, django_assert_num_queries):
        who = make.network_lead(centre)
        with django_assert_num_queries(5):
            assert len(queries.progress(who, centre.service, START, END)) == 1
        for ods in ("RJ7", "RJ8"):
            make.accepted(make.make_centre(ods=ods), case("A1"))
        with django_assert_num_queries(5):
            assert len(queries.progress(who, centre.service, START, END)) == 3


class TestUnfinished:
    """Which designated centres have not signed a period off, and whether anything came from them."""

    PERIOD = (make.START, make.END)

    @pytest.fixture
    def centres(self, db):
        found = {ods: make.make_centre(ods=ods) for ods in ("RJ1", "RJ2", "RJ3", "RJ4", "RJ5")}
        for ods, centre in found.items():
            DesignationFactory(centre=centre, valid_from=date(2026, 1, 1) if ods == "RJ5" else date(2015, 4, 1))
        make.signed_off(found["RJ1"], make.case("A"))
        make.accepted(found["RJ2"], make.case("B"))
        make.receive(found["RJ3"], make.case("C"))
        return found

    def test_by_name_with_what_came(self, centres):
        found = queries.unfinished(make.network_lead(centres["RJ1"]), ["adult-ecmo"], *self.PERIOD)
        assert [(one.ods, one.sent) for one in found] == [("RJ2", True), ("RJ3", True), ("RJ4", False)]
        assert (found[0].service, found[0].centre_name) == ("adult-ecmo", "Trust RJ2")

    def test_a_file_that_was_set_aside_is_nothing(self, centres):
        sent = Submission.objects.get(centre=centres["RJ3"])
        actions.check(submission_id=sent.pk, by=SYSTEM)
        actions.refuse(submission_id=sent.pk, reason="the wrong year", by=make.manager(centres["RJ3"]))
        found = queries.unfinished(make.network_lead(centres["RJ1"]), ["adult-ecmo"], *self.PERIOD)
        assert ("RJ3", False) in [(one.ods, one.sent) for one in found]

    @pytest.mark.parametrize("who", [make_who(roles.NetworkLead, "lam"), make_who(roles.CentreLead, "adult-ecmo/RJ2"), SYSTEM])
    def test_nothing_to_those_who_do_not_follow_the_service(self, centres, who):
        assert queries.unfinished(who, ["adult-ecmo"], *self.PERIOD) == []

    def test_one_query_however_many(self, centres, django_assert_num_queries):
        who = make.network_lead(centres["RJ1"])
        with django_assert_num_queries(1):
            assert len(queries.unfinished(who, ["adult-ecmo"], *self.PERIOD)) == 3
