"""Results are for the network."""

from datetime import date

import pytest

from plenary.core.terms import NOBODY, SYSTEM, NotFound
from plenary.outcomes import queries
from plenary.outcomes.models import OutcomeSetVersion
from tests.factories import collection as cases
from tests.factories import outcomes as make
from tests.factories.registry import CentreFactory, DesignationFactory, ServiceFactory

pytestmark = pytest.mark.django_db


class TestVisibleTo:
    @pytest.mark.parametrize("who", [make.COMMISSIONER, make.NETWORK_LEAD, make.CENTRE_LEAD])
    def test_the_network(self, who):
        run = make.run(make.signed_centre().service)
        assert list(queries.visible_to(who)) == [run]
        assert queries.results(who, run)

    @pytest.mark.parametrize("who", [make.OTHER_LEAD, make.REVIEWER, make.PATIENT, make.ADMINISTRATOR, SYSTEM, NOBODY])
    def test_nobody_else(self, who):
        run = make.run(make.signed_centre().service)
        assert not queries.visible_to(who).exists()
        assert queries.results(who, run) == ()

    @pytest.mark.parametrize("count", [1, 3])
    def test_one_query_however_many(self, count, django_assert_num_queries):
        centre = make.signed_centre()
        for number in range(count):
            make.run(centre.service, label=f"label {number}")
        with django_assert_num_queries(1):
            assert len([run.service.slug for run in queries.visible_to(make.NETWORK_LEAD)]) == count


class TestLatest:
    def test_the_last_over_signed_cases(self):
        service = make.signed_centre().service
        make.run(service)
        make.signed_centre(ods="RJ7", count=3)
        second = make.run(service)
        make.run(service, signed_only=False)
        assert queries.latest(service, cases.START, cases.END) == second

    def test_none_is_a_clear_refusal(self):
        service = ServiceFactory(slug="adult-ecmo")
        with pytest.raises(NotFound, match="have not been run"):
            queries.latest(service, cases.START, cases.END)


class TestOutcomeSets:
    def test_the_version_of_the_period(self):
        service = ServiceFactory(slug="adult-ecmo")
        first = make.adopt(service)
        later = make.adopt(service, make.OUTCOMES.replace("2025-1", "2026-1"), date(2026, 3, 1))
        assert queries.outcome_set_for(service, date(2026, 1, 1)) == first
        assert queries.outcome_set_for(service, date(2027, 1, 1)) == later
        assert queries.outcome_set_for(service, date(2020, 1, 1)) == first

    def test_none(self):
        assert queries.outcome_set_for(ServiceFactory(slug="lam"), date(2026, 1, 1)) is None

    @pytest.mark.parametrize("count", [1, 3])
    def test_one_query_however_many(self, count, django_assert_num_queries):
        service = ServiceFactory(slug="adult-ecmo")
        for number in range(count):
            make.adopt(service, make.OUTCOMES.replace("2025-1", f"2025-{number}"))
        with django_assert_num_queries(1):
            assert len([str(one) for one in queries.outcome_set_versions(service)]) == count

    def test_every_field_is_classed(self):
        for model in (OutcomeSetVersion, queries.Run):
            assert model.Privacy.safe | model.Privacy.scrub == {field.name for field in model._meta.fields}


class TestInputs:
    def test_pooled_years_reach_back(self):
        centre = cases.make_centre()
        pooled = make.OUTCOMES.replace('direction = "higher"', 'direction = "higher"\nwindow_years = 3')
        make.adopt(centre.service, pooled)
        old = [case | {"admitted_on": "05/05/2023"} for case in make.many(5, prefix="O")]
        cases.signed_off(centre, *old, start=date(2023, 1, 1), end=date(2024, 1, 1))
        cases.signed_off(centre, *make.many(5, dead=1))
        run = make.run(centre.service)
        labels = {row["period"] for table in queries.tables_of(run) for row in table.rows()}
        assert labels == {"2025", "2023 to 2025"}

    def test_centres_designated_in_the_period(self):
        service = ServiceFactory(slug="adult-ecmo")
        for ods, start, end in [
            ("RJ1", None, None),
            ("RJ2", date(2025, 12, 31), None),
            ("RJ3", date(2026, 1, 1), None),
            ("RJ4", None, date(2025, 1, 1)),
        ]:
            DesignationFactory(centre=CentreFactory(service=service, ods=ods), valid_from=start, valid_to=end)
        assert queries.designated_centres(service, cases.START, cases.END) == ["RJ1", "RJ2"]

    def test_a_designated_centre_without_cases_stands_in_the_tables(self):
        service = make.signed_centre().service
        DesignationFactory(centre=CentreFactory(service=service, ods="RJ9"))
        [activity, _] = queries.tables_of(make.run(service))
        assert "RJ9" in activity["centre"].tolist()
