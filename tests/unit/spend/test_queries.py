"""Who sees which amount, and how amounts become a table."""

import pytest

from plenary.collection import queries as collection
from plenary.core import permissions as roles
from plenary.core.terms import NOBODY
from plenary.spend import queries
from tests.factories import outcomes as make
from tests.factories.collection import END, START
from tests.factories.core import make_who
from tests.factories.registry import DesignationFactory
from tests.unit.spend.test_actions import centre, record

pytestmark = pytest.mark.django_db


class TestQueries:
    def test_amounts_and_their_sum(self):
        record(centre("RJ7"), "100")
        record(centre("RJ1"), "50")
        record(centre("RJ1"), "250.50")
        record(centre("RJ1", slug="lam"), "999")
        table = queries.table(centre().service, START, END, "2025")
        assert {row["centre"]: row["value"] for row in table.rows()} == {"Total": 350.5, "RJ1": 250.5, "RJ7": 100}
        assert set(table["period"].tolist()) == {"2025"}
        assert (table.name, table.kind) == ("spend", "magnitude")

    def test_nothing_returned(self):
        service = centre().service
        assert len(queries.table(service, START, END, "2025")) == 0
        assert queries.inputs(service, START, END) == {}

    def test_inputs_change_with_an_amount(self):
        record(centre())
        before = queries.inputs(centre().service, START, END)
        record(centre(), "2")
        after = queries.inputs(centre().service, START, END)
        assert set(before) == set(after) == {"spend/adult-ecmo"}
        assert before != after

    def test_who_sees_which(self):
        record(centre("RJ1"))
        record(centre("RJ7"), "7777")
        record(centre("RJ1", slug="lam"))
        seen = {
            "commissioner": len(queries.visible_to(make.COMMISSIONER)),
            "network lead": len(queries.visible_to(make.NETWORK_LEAD)),
            "centre lead": len(queries.visible_to(make.CENTRE_LEAD)),
            "manager": len(queries.visible_to(make_who(roles.CentreDataManager, "adult-ecmo/RJ1"))),
            "reviewer": len(queries.visible_to(make.REVIEWER)),
            "nobody": len(queries.visible_to(NOBODY)),
        }
        assert seen == {"commissioner": 3, "network lead": 2, "centre lead": 1, "manager": 1, "reviewer": 0, "nobody": 0}

    @pytest.mark.parametrize("count", [1, 3])
    def test_one_query_however_many(self, count, django_assert_num_queries):
        for number in range(count):
            record(centre(f"RJ{number}"))
        with django_assert_num_queries(1):
            assert len([str(one) for one in queries.visible_to(make.COMMISSIONER)]) == count

    @pytest.mark.parametrize(
        "who",
        [
            make.COMMISSIONER, make.NETWORK_LEAD, make.CENTRE_LEAD, make.OTHER_LEAD, make.REVIEWER, make.PATIENT,
            make.ADMINISTRATOR, NOBODY, make_who(roles.NationalCommissioner, "Wales"),
            make_who(roles.CentreDataManager, "adult-ecmo/RJ7"), make_who(roles.CentreLead, "lam/RJ1"),
        ],
    )  # fmt: skip
    def test_amounts_are_seen_of_the_centres_whose_progress_is_seen(self, who):
        made = [centre("RJ1"), centre("RJ7"), centre("RJ1", slug="lam")]
        for one in made:
            record(one, "7777")
            DesignationFactory(centre=one)
        for service in {one.service for one in made}:
            seen = {one.key for one, kept in queries.by_centre(who, service, START, END) if kept}
            assert seen == {one.centre for one in collection.progress(who, service, START, END)}
            assert {one.centre.key for one in queries.visible_to(who).filter(centre__service=service)} == seen
