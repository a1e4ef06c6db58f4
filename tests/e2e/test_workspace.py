"""The first page after sign-in, for every role."""

from datetime import timedelta

import pytest

from plenary.core import actions, queries
from plenary.core.permissions import ROLES, CentreLead
from plenary.core.terms import NATION, SYSTEM
from tests.e2e.checks import check_page
from tests.factories.registry import CentreFactory, DesignationFactory, ServiceFactory

SCOPES = {"all": "", "nation": NATION, "service": "adult-ecmo", "centre": "adult-ecmo/RJ1"}


@pytest.fixture
def network():
    service = ServiceFactory(slug="adult-ecmo", name="Adult respiratory ECMO")
    DesignationFactory(centre=CentreFactory(service=service, ods="RJ1"))


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.key)
def test_every_role_signs_in_to_its_own_work(page, member, sign_in, network, role):
    kind = role.scope_kinds[0]
    sign_in(member(role, SCOPES[kind], kind))
    assert page.locator("main").get_by_text(role.label, exact=True).first.is_visible()
    check_page(page)


def test_what_is_asked_of_a_centre_waits_for_its_lead(page, member, sign_in, network, picture):
    day = queries.today() - timedelta(days=3)
    ask = {"by": SYSTEM, "role": CentreLead.key, "scope": "adult-ecmo/RJ1"}
    actions.ask(what="Sign off the case series of 2025", link="/workspace/", due_on=day, **ask)
    actions.ask(what="Read the agenda of the annual meeting", **ask)
    sign_in(member(CentreLead, "adult-ecmo/RJ1"))
    assert page.get_by_role("link", name="Sign off the case series of 2025").is_visible()
    assert page.get_by_text("Late: ").is_visible()
    check_page(page)
    picture(page, "my-work")
    page.get_by_role("link", name="Adult respiratory ECMO, centre RJ1").click()
    check_page(page)
