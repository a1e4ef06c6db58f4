"""Expenditure is returned by the centre or recorded by the commissioner; a later return supersedes and the earlier is kept."""

from decimal import Decimal

import pytest

from plenary.core.models import AuditEvent
from plenary.core.permissions import CentreDataManager, CentreLead
from plenary.core.terms import NOBODY, SYSTEM, NotPossible, Refused
from plenary.spend import actions
from plenary.spend.models import Return
from tests.factories import outcomes as make
from tests.factories.collection import END, START
from tests.factories.core import make_who
from tests.factories.registry import CentreFactory

pytestmark = pytest.mark.django_db

OTHER_CENTRE = make_who(CentreLead, "adult-ecmo/RJ2", person_id=51)
MANAGER = make_who(CentreDataManager, "adult-ecmo/RJ1", person_id=52)

OTHERS = [make.NETWORK_LEAD, OTHER_CENTRE, make.OTHER_LEAD, make.REVIEWER, make.PATIENT, make.ADMINISTRATOR, SYSTEM, NOBODY]


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

    @pytest.mark.parametrize("who", [make.CENTRE_LEAD, MANAGER])
    def test_the_centres_own_people_return_it(self, who):
        assert record(centre(), by=who).recorded_by == who.person_id
        with pytest.raises(Refused):
            record(centre("RJ2"), by=who)
        assert Return.objects.count() == 1

    @pytest.mark.parametrize("who", OTHERS)
    def test_refused_to_others(self, who):
        with pytest.raises(Refused):
            record(centre(), by=who)
        assert not Return.objects.exists()
