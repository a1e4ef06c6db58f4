"""The first page after sign-in."""

from datetime import timedelta

import pytest

from plenary.core import actions, queries
from plenary.core.permissions import CentreLead
from plenary.core.terms import SYSTEM
from tests.e2e.checks import check_page
from tests.factories.registry import CentreFactory, DesignationFactory, ServiceFactory


@pytest.fixture
def network():
    service = ServiceFactory(slug="adult-ecmo", name="Adult respiratory ECMO")
    DesignationFactory(centre=CentreFactory(service=service, ods="RJ1"))


def test_what_is_asked_of_a_centre_waits_for_its_lead(page, member, sign_in, network):
    day = queries.today() - timedelta(days=3)
    ask = {"by": SYSTEM, "role": CentreLead.key, "scope": "adult-ecmo/RJ1"}
    actions.ask(what="Sign off the case series of 2025", link="/workspace/", due_on=day, **ask)
    actions.ask(what="Read the agenda of the annual meeting", **ask)
    sign_in(member(CentreLead, "adult-ecmo/RJ1"))
    assert page.get_by_role("link", name="Sign off the case series of 2025").is_visible()
    assert page.get_by_text("Late: ").is_visible()
    check_page(page)
    page.get_by_role("link", name="Adult respiratory ECMO, centre RJ1").click()
    check_page(page)
