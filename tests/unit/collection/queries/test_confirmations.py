"""Who reads which confirmation, and what still waits for one."""

import pytest

from plenary.collection import actions
from plenary.collection.actions.confirmations import confirm_warning
from plenary.collection.queries import confirmations
from plenary.core import permissions as roles
from plenary.core.terms import NOBODY, SYSTEM
from tests.factories import collection as make
from tests.factories.collection import END, START, case
from tests.factories.core import make_who

pytestmark = pytest.mark.django_db


@pytest.fixture
def centre():
    return make.make_centre()


def confirmed(centre, case_id="B"):
    sent = make.accepted(centre, case("A"), case(case_id))
    for one in confirmations.warnings(sent):
        confirm_warning(submission=sent, key=one.key, reason=f"Twins of {centre.ods}.", by=make.manager(centre))
    return sent


def seen(who, centre):
    return [(one.reason, own) for one, own in confirmations.visible_to(who, centre.service, START, END)]


class TestVisible:
    def test_the_centre_with_its_case_the_network_without(self, centre):
        other = make.make_centre(ods="RM2")
        confirmed(centre)
        confirmed(other, "SECRET")
        assert seen(make.manager(centre), centre) == [("Twins of RJ1.", True)]
        both = {("Twins of RJ1.", False), ("Twins of RM2.", False)}
        assert set(seen(make.network_lead(centre), centre)) == both
        assert set(seen(make_who(roles.NationalCommissioner, "England"), centre)) == both

    @pytest.mark.parametrize("who", [NOBODY, make_who(roles.NetworkLead, "lam"), make_who(roles.Reviewer, "England")])
    def test_nobody_else(self, centre, who):
        confirmed(centre)
        assert seen(who, centre) == []


class TestUnconfirmed:
    def test_what_is_accepted_counts_once_by_its_value(self, centre):
        sent = make.accepted(centre, case("A"), case("B"))
        assert confirmations.unconfirmed(centre, START, END) == 1
        for one in confirmations.warnings(sent):
            confirm_warning(submission=sent, key=one.key, reason="Twins.", by=make.manager(centre))
        assert confirmations.unconfirmed(centre, START, END) == 0

    def test_what_is_not_accepted_or_superseded_does_not(self, centre):
        make.accepted(centre, case("A"), case("B"))
        sent = make.receive(centre, case("A"), case("B"), case("C", sex="male"))
        actions.check(submission_id=sent.pk, by=SYSTEM)
        assert confirmations.unconfirmed(centre, START, END) == 1
        make.accepted(centre, case("A"), case("B", admitted_on="25/06/2025"))
        assert confirmations.unconfirmed(centre, START, END) == 0

    def test_a_keyed_case_that_was_keyed_again(self, centre):
        values = {"centre": centre, "period_start": START, "period_end": END, "by": make.manager(centre)}
        actions.key_case(**values, values=case("A", admitted_on="15/06/2026"))
        assert confirmations.unconfirmed(centre, START, END) == 1
        actions.key_case(**values, values=case("A"))
        assert confirmations.unconfirmed(centre, START, END) == 0

    def test_nothing_was_checked_yet(self, centre):
        assert confirmations.warnings(make.receive(centre, case("A"), case("B"))) == []
