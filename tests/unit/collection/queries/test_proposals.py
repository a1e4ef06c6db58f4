"""What was said of a proposed data set, by whom, and which centres have answered."""

from datetime import date

import pytest

from plenary.collection.actions import proposals as actions
from plenary.collection.queries import proposals as queries
from plenary.collection.terms import Stance
from plenary.core.permissions import CentreDataManager, NationalCommissioner, NetworkLead, Reviewer
from plenary.core.terms import NOBODY
from tests.factories import collection as make
from tests.factories.core import make_who
from tests.factories.registry import CentreFactory, DesignationFactory

pytestmark = pytest.mark.django_db

ON = date(2026, 6, 1)


@pytest.fixture
def centre():
    made = make.make_centre()
    DesignationFactory(centre=made)
    return made


@pytest.fixture
def proposal(centre):
    content = make.DICTIONARY.replace("0,100", "0,90").encode()
    return actions.propose_data_set(service=centre.service, version="2027-1", content=content, why="Why", by=make.manager(centre))


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        (make_who(CentreDataManager, "adult-ecmo/RM2"), True),
        (make_who(NetworkLead, "adult-ecmo"), True),
        (make_who(NationalCommissioner, "England"), True),
        (make_who(NetworkLead, "lam"), False),
        (make_who(Reviewer, "England"), False),
        (NOBODY, False),
    ],
)
def test_the_network_sees_its_proposals(proposal, who, sees):
    assert (proposal in queries.visible_to(who)) is sees


def test_it_is_compared_with_the_version_adopted_last(centre, proposal):
    assert queries.compared_with(proposal).version == "2025-1"
    make.DataSetVersionFactory(service=centre.service, version="2026-1", adopted_on=date(2026, 1, 1))
    assert queries.compared_with(proposal).version == "2026-1"
    actions.adopt_proposal(proposal=proposal, adopted_on=date(2027, 1, 1), by=make.network_lead(centre))
    assert queries.compared_with(proposal).version == "2026-1"  # adopted, it is not compared with itself


def test_remarks_stand_in_their_order_with_the_names_of_who_said_them(centre, proposal):
    actions.remark(proposal=proposal, text="First", by=make.manager(centre))
    actions.remark(proposal=proposal, text="", stance=Stance.AGREES, centre=centre, by=make.lead(centre))
    assert [(one.text, one.stance, name) for one, name in queries.remarks(proposal)] == [
        ("First", "comment", "Dana Manager"),
        ("", "agrees", "Lee Lead"),
    ]


def test_each_designated_centre_has_its_last_answer_or_none(centre, proposal):
    silent = CentreFactory(service=centre.service, ods="RM2")
    DesignationFactory(centre=silent)
    CentreFactory(service=centre.service, ods="RX9")  # never designated: nobody asks it
    actions.remark(proposal=proposal, stance=Stance.AGREES, centre=centre, by=make.lead(centre))
    actions.remark(proposal=proposal, stance=Stance.OBJECTS, centre=centre, text="On second thoughts", by=make.lead(centre))
    actions.remark(proposal=proposal, text="A comment is no answer", by=make.lead(centre))
    found = {one.centre: (one.stance, one.text, one.said_by) for one in queries.answers(proposal, ON)}
    assert found == {"adult-ecmo/RJ1": ("objects", "On second thoughts", "Lee Lead"), "adult-ecmo/RM2": ("", "", "")}
