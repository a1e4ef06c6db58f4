"""Expenditure is returned by the centre or recorded by the commissioner; a later return supersedes and the earlier is kept."""

from decimal import Decimal

import pytest

from plenary.core.models import AuditEvent
from plenary.core.permissions import CentreDataManager, CentreLead
from plenary.core.terms import NOBODY, SYSTEM, NotFound, NotPossible, Refused
from plenary.spend import actions
from plenary.spend.models import Return
from tests.factories import collection as cases
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


class TestContractReturn:
    HEAD = b"service,centre,month,category,amount_gbp\n"

    def send(self, centre, amount=100, by=None, **values):
        content = self.HEAD + f"{centre.service.slug},{centre.ods},2025-06,activity,{amount}\n".encode()
        usual = {"period_start": START, "period_end": END, "totals": ("t.csv", content), "lines": None}
        return actions.receive_contract_return(centre=centre, **usual | values, by=by or cases.manager(centre))

    @pytest.fixture
    def centre(self):
        return cases.make_centre()

    def test_the_same_again_is_the_same_return_and_a_later_one_stands(self, centre):
        first = self.send(centre)
        assert self.send(centre) == first
        second = self.send(centre, 200)
        with pytest.raises(NotPossible, match="A later return"):
            actions.accept_contract_return(return_id=first.pk, by=cases.manager(centre))
        done = actions.accept_contract_return(return_id=second.pk, by=cases.manager(centre))
        assert actions.accept_contract_return(return_id=second.pk, by=cases.manager(centre)) == done
        assert (done.accepted_as.amount_gbp, done.accepted_as.current) == (Decimal(200), True)
        assert AuditEvent.objects.filter(verb="accept contract return").count() == 1

    def test_what_does_not_add_up_never_counts(self, centre):
        made = self.send(centre, "many")
        with pytest.raises(NotPossible, match="do not add up"):
            actions.accept_contract_return(return_id=made.pk, by=cases.manager(centre))
        assert not Return.objects.exists()

    def test_other_people_neither_send_nor_accept(self, centre):
        made, other = self.send(centre), cases.make_centre(ods="RM2")
        for who in (cases.manager(other), cases.network_lead(centre)):
            with pytest.raises(Refused):
                self.send(centre, by=who)
            with pytest.raises(Refused):
                actions.accept_contract_return(return_id=made.pk, by=who)
        with pytest.raises(NotFound):
            actions.accept_contract_return(return_id=0, by=cases.manager(centre))

    def test_more_than_a_return_can_hold_is_refused(self, centre):
        content = self.HEAD + b"".join(b"adult-ecmo,RJ1,2025-0%d,activity,900000000000\n" % month for month in (1, 2))
        with pytest.raises(NotPossible, match="more than a return can hold"):
            self.send(centre, totals=("t.csv", content))
