"""Expenditure is recorded by the commissioner; a later return supersedes and the earlier is kept."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from plenary.core import permissions as roles
from plenary.core.models import AuditEvent
from plenary.core.terms import NOBODY, SYSTEM, Refused
from plenary.spend import actions, permissions, queries
from plenary.spend.models import Return
from plenary.spend.terms import NotPossible
from tests.factories import outcomes as make
from tests.factories.collection import END, START
from tests.factories.core import make_who
from tests.factories.registry import CentreFactory

pytestmark = pytest.mark.django_db

OTHERS = [make.NETWORK_LEAD, make.CENTRE_LEAD, make.OTHER_LEAD, make.REVIEWER, make.PATIENT, make.ADMINISTRATOR, SYSTEM, NOBODY]


def centre(ods="RJ1", slug="adult-ecmo"):
    return CentreFactory(service__slug=slug, ods=ods)


def record(at, amount="1250000.00", basis="contract value", by=make.COMMISSIONER, **period):
    period = {"period_start": START, "period_end": END} | period
    return actions.record_return(centre=at, **period, amount_gbp=Decimal(amount), basis=basis, by=by)


class TestRecord:
    def test_kept_with_its_basis(self):
        made = record(centre(), "1250000.009")
        made.refresh_from_db()
        assert (made.amount_gbp, made.basis, made.current) == (Decimal("1250000.01"), "contract value", True)
        assert AuditEvent.objects.get(verb="record return").who == 21

    def test_the_same_again_changes_nothing(self):
        assert record(centre()) == record(centre())
        assert Return.objects.count() == 1

    def test_a_later_return_supersedes_and_the_earlier_is_kept(self):
        record(centre())
        record(centre(), "1300000")
        assert list(Return.objects.order_by("id").values_list("amount_gbp", "current")) == [
            (Decimal("1250000.00"), False),
            (Decimal("1300000.00"), True),
        ]

    @pytest.mark.parametrize("amount", ["-1", "NaN", "Infinity"])
    def test_no_amount(self, amount):
        with pytest.raises(NotPossible, match="nought or more"):
            record(centre(), amount)

    def test_no_basis(self):
        with pytest.raises(NotPossible, match="basis"):
            record(centre(), basis=" ")

    def test_a_period_that_runs_backwards(self):
        with pytest.raises(NotPossible, match="ends after"):
            record(centre(), period_start=END, period_end=START)

    @pytest.mark.parametrize("who", OTHERS)
    def test_refused_to_others(self, who):
        with pytest.raises(Refused):
            record(centre(), by=who)
        assert not Return.objects.exists()

    def test_the_database_keeps_one_current(self):
        made = record(centre())
        made.pk = None
        with pytest.raises(IntegrityError), transaction.atomic():
            made.save()


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
        assert seen == {"commissioner": 3, "network lead": 2, "centre lead": 1, "manager": 0, "reviewer": 0, "nobody": 0}

    @pytest.mark.parametrize("count", [1, 3])
    def test_one_query_however_many(self, count, django_assert_num_queries):
        for number in range(count):
            record(centre(f"RJ{number}"))
        with django_assert_num_queries(1):
            assert len([str(one) for one in queries.visible_to(make.COMMISSIONER)]) == count


@pytest.mark.parametrize("who", OTHERS)
def test_nobody_else_records(who):
    assert permissions.may_record(who, "adult-ecmo") is False


def test_the_commissioner_records_and_the_network_lead_sees():
    assert permissions.may_record(make.COMMISSIONER, "adult-ecmo") is True
    assert permissions.may_see(make.NETWORK_LEAD, "adult-ecmo") is True
    assert permissions.may_see(make.CENTRE_LEAD, "adult-ecmo") is False


def test_every_field_is_classed():
    assert Return.Privacy.safe | Return.Privacy.scrub == {field.name for field in Return._meta.fields}
