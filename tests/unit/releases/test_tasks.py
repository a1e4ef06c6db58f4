"""The job that protects a proposal when the queue comes to it: as the system, once, and it says why where it cannot."""

import pytest

from plenary.core import queries as core
from plenary.core.terms import NotFound
from plenary.releases import actions, tasks
from plenary.releases.models import Proposal
from tests.factories import outcomes as computed
from tests.factories import releases as make
from tests.factories.registry import DesignationFactory

pytestmark = pytest.mark.django_db

ON = make.ON.isoformat()


@pytest.fixture
def ordered():
    """A commissioner's order for a year with results."""
    centre = computed.signed_centre("RJ1", 40, 10)
    DesignationFactory(centre=centre)
    computed.adopt(centre.service)
    computed.run(centre.service)
    make.policy()
    year = {"label": "2025", "period_start": make.START, "period_end": make.END}
    return actions.order_edition(**year, on=make.ON, by=make.COMMISSIONER)


def test_the_job_prepares_it_once_however_often_it_is_called(ordered):
    for _ in range(3):
        tasks.prepare.call(ordered.pk, ON)
    found = Proposal.objects.get()
    assert (found.state, found.proposed_by) == ("proposed", make.COMMISSIONER.person_id)
    assert len(core.events(verb="propose")) == 1


def test_a_proposal_that_is_gone_is_no_work(ordered):
    with pytest.raises(NotFound):
        tasks.prepare.call(ordered.pk + 1, ON)
    assert Proposal.objects.get().state == "preparing"


def test_what_stands_in_the_way_is_kept_for_the_person_who_asked(ordered):
    with pytest.raises(NotFound, match="policy"):
        tasks.prepare.call(ordered.pk, "1999-01-01")
    found = Proposal.objects.get()
    assert found.state == "failed"
    assert "policy" in found.failure


@pytest.mark.parametrize("on", ["", "2026-02-30", "01/03/2026"])
def test_a_date_that_is_none_changes_nothing(ordered, on):
    with pytest.raises(ValueError):
        tasks.prepare.call(ordered.pk, on)
    assert Proposal.objects.get().state == "preparing"
