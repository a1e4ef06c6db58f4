"""Who sees which cases, files and series."""

from datetime import date

import pytest

from plenary.collection import actions, queries
from plenary.collection.terms import SeriesState
from plenary.core import permissions as roles
from plenary.core.terms import NOBODY, SYSTEM, Who
from tests.factories import collection as make
from tests.factories.collection import END, START, case
from tests.factories.core import make_who

pytestmark = pytest.mark.django_db

PERIOD = {"period_start": START, "period_end": END}


class TestVisibleTo:
    def test_own_cases_and_no_other(self, centre, other):
        make.accepted(centre, case("A1"))
        assert [one.case_id for one in queries.visible_to(make.manager(centre))] == ["A1"]
        assert [one.case_id for one in queries.visible_to(make.lead(other))] == ["SECRET-7"]

    def test_two_posts_see_both(self, centre, other):
        make.accepted(centre, case("A1"))
        who = Who(5, "Two Posts", make.manager(centre).posts + make.lead(other).posts)
        assert {one.case_id for one in queries.visible_to(who)} == {"A1", "SECRET-7"}

    @pytest.mark.parametrize(
        "who",
        [
            make_who(roles.NetworkLead, "adult-ecmo"),
            make_who(roles.NationalCommissioner, "England"),
            make_who(roles.Reviewer, "England"),
            make_who(roles.PatientRepresentative, "adult-ecmo"),
            make_who(roles.Administrator),
            make_who(roles.CentreLead, "lam/RJ7"),
            SYSTEM,
            NOBODY,
        ],
    )
    def test_nobody_else_sees_a_case(self, other, who):
        assert not queries.visible_to(who).exists()
        assert not queries.current_versions(who).exists()
        assert not queries.submissions(who).exists()

    def test_an_erased_case_is_gone(self, centre):
        make.accepted(centre, case("A1"), case("A2"))
        actions.erase_case(centre=centre, case_id="A1", reason="request", by=make.lead(centre))
        assert [one.case_id for one in queries.visible_to(make.lead(centre))] == ["A2"]

    def test_only_current_versions(self, centre):
        make.accepted(centre, case("A1"), case("A2"))
        make.accepted(centre, case("A1", status="dead"))
        found = queries.current_versions(make.manager(centre))
        assert [(one.case.case_id, one.payload["status"]) for one in found] == [("A1", "dead")]

    @pytest.mark.parametrize("count", [1, 3])
    def test_lists_take_one_query_however_long(self, centre, count, django_assert_num_queries):
        make.accepted(centre, *(case(f"N{number}") for number in range(count)))
        with django_assert_num_queries(1):
            assert len([one.case.centre.key for one in queries.current_versions(make.manager(centre))]) == count
        with django_assert_num_queries(1):
            assert len([one.centre.key for one in queries.visible_to(make.manager(centre))]) == count

    @pytest.mark.parametrize("count", [1, 3])
    def test_submissions_take_one_query_however_many(self, centre, count, django_assert_num_queries):
        for number in range(count):
            make.receive(centre, case(f"N{number}"))
        with django_assert_num_queries(1):
            found = [(one.centre.key, one.data_set.version) for one in queries.submissions(make.manager(centre))]
        assert len(found) == count


class TestCaseSeries:
    def test_the_network_follows_every_series(self, centre, other):
        make.signed_off(centre, case("A1"))
        actions.sign_off_series(centre=other, **PERIOD, by=make.lead(other))
        assert queries.case_series(make.network_lead(centre)).count() == 2
        assert queries.case_series(make_who(roles.NationalCommissioner, "England")).count() == 2
        assert [one.centre.ods for one in queries.case_series(make.manager(centre))] == ["RJ1"]
        assert not queries.case_series(make_who(roles.NetworkLead, "lam")).exists()

    def test_one_that_was_never_declared_is_open(self, centre):
        series = queries.series_of(centre, START, END)
        assert (series.state, series.pk) == (SeriesState.OPEN, None)

    def test_its_hash_tells_its_content(self, centre):
        make.accepted(centre, case("A1"), case("A2"))
        series = queries.series_of(centre, START, END)
        first = queries.series_content(series)
        make.accepted(centre, case("A2"), case("A1"))
        assert queries.series_content(series) == first
        make.accepted(centre, case("A1"), case("A2", status="dead"))
        assert queries.series_content(series) != first
        assert first[0] == 2


class TestBefore:
    def test_the_file_that_this_one_superseded_or_would(self, centre):
        first = make.accepted(centre, case("A1"))
        second = make.receive(centre, case("A1"), case("A2"))
        who = make.manager(centre)
        assert queries.before(who, first) is None
        assert queries.before(who, second) == first
        actions.check(submission_id=second.pk, by=SYSTEM)
        actions.accept(submission_id=second.pk, by=who)
        second.refresh_from_db()
        assert queries.before(who, second) == first

    def test_a_file_of_another_period_is_none(self, centre):
        make.accepted(centre, case("A1", admitted_on="05/05/2024"), start=date(2024, 1, 1), end=START)
        assert queries.before(make.manager(centre), make.receive(centre, case("A2"))) is None

    def test_others_see_none(self, centre, other):
        second = make.receive(other, case("A2"))
        assert queries.before(make.manager(centre), second) is None


class TestPeriods:
    def test_those_in_which_something_was_sent_latest_first(self, centre, other):
        early = (date(2024, 1, 1), START)
        make.receive(centre, case("A1"))
        make.receive(centre, case("A1"), start=early[0], end=early[1])
        assert queries.periods([centre.service.slug]) == [(START, END), early]

    def test_other_services_have_their_own(self, centre):
        make.receive(centre, case("A1"))
        elsewhere = make.make_centre("lam", "RJ2")
        early = (date(2024, 1, 1), START)
        make.receive(elsewhere, case("A1"), start=early[0], end=early[1])
        assert queries.periods(["lam"]) == [early]
        assert queries.periods(["lam", centre.service.slug]) == [(START, END), early]
        assert queries.periods([]) == []
