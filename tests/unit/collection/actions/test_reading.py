"""Cases are read, and that is told."""

import pytest

from plenary.collection import actions
from plenary.collection.models import Submission
from plenary.core.queries import event_detail
from plenary.core.terms import Refused
from tests.factories import collection as make
from tests.factories.collection import case
from tests.unit.collection.actions.told import PERIOD, events, outsiders

pytestmark = pytest.mark.django_db


class TestReading:
    def test_reading_cases_is_recorded(self, centre, elsewhere):
        make.accepted(centre, case("A1"))
        found = actions.open_cases(centre=centre, **PERIOD, why="checking a referral", by=make.manager(centre))
        assert [version.case.case_id for version in found] == ["A1"]
        event = events("read")[0]
        assert (event.who, event.subject, event_detail(event)["why"]) == (11, "cases/adult-ecmo/RJ1", "checking a referral")

    def test_others_do_not_read(self, centre, elsewhere):
        for who in outsiders(centre):
            if who not in (make.manager(centre), make.lead(centre)):
                with pytest.raises(Refused):
                    actions.open_cases(centre=elsewhere, **PERIOD, why="curious", by=who)
        with pytest.raises(Refused):
            actions.open_cases(centre=elsewhere, **PERIOD, why="curious", by=make.manager(centre))
        assert not events("read")

    def test_differences_are_recorded(self, centre):
        old = make.accepted(centre, case("A1"))
        new = make.receive(centre, case("A1", status="dead"))
        found = actions.open_differences(old=old, new=new, why="before accepting", by=make.manager(centre))
        assert [(one.name, one.field, one.before, one.after) for one in found] == [("A1", "status", "alive", "dead")]
        assert event_detail(events("read")[0])["differences"] == 1

    def test_differences_with_another_centre_are_refused(self, centre, elsewhere):
        own, other = make.accepted(centre, case("A1")), Submission.objects.get(centre=elsewhere)
        with pytest.raises(Refused):
            actions.open_differences(old=own, new=other, why="curious", by=make.manager(centre))
        assert not events("read")
