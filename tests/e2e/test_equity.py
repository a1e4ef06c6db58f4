"""A commissioner's way from "is access fair?" to a kept scenario, in under ten clicks; with a script, and at 320 pixels without."""

from datetime import date

import pytest

from plenary.access.models import Scenario
from plenary.core.permissions import NationalCommissioner
from plenary.registry import queries as registry
from tests.e2e.checks import check_narrow, check_page
from tests.factories import collection as make
from tests.factories.registry import CentreFactory, DesignationFactory, OrganisationFactory
from tests.unit.access.test_actions import run

NARROW = pytest.mark.browser_context_args(java_script_enabled=False, viewport={"width": 320, "height": 800})


@pytest.fixture
def service():
    """Two centres, patients of every board, and a trust in Bristol."""
    centre = make.make_centre()
    centre.latitude, centre.longitude = 51.5, -0.12
    centre.save()
    DesignationFactory(centre=centre)
    north = CentreFactory(service=centre.service, ods="RTD", name="Newcastle", latitude=54.98, longitude=-1.62)
    DesignationFactory(centre=north)
    OrganisationFactory(code="RA7", name="Bristol", latitude=51.46, longitude=-2.6)
    boards = [board.code for board in registry.icbs(date(2025, 1, 1))]
    areas = [*(code for code in boards for _ in range(3)), *["QE1"] * 40, ""]
    make.signed_off(centre, *(make.case(f"N{number:03d}", area=area) for number, area in enumerate(areas)))
    run(centre.service)
    return centre.service


class Clicks:
    """Counts every click, and checks every page that one leads to."""

    def __init__(self, page, check):
        self.page, self.check, self.number = page, check, 0

    def __call__(self, found):
        self.number += 1
        with self.page.expect_navigation():
            found.click()
        self.check(self.page)


def walk(page, check):
    page.goto("/workspace/results/")
    click = Clicks(page, check)
    click(page.get_by_role("link", name="Equity of access", exact=True))
    click(page.get_by_role("link", name="Adult ecmo service").first)
    page.get_by_label("Figure", exact=True).select_option(label="Observed over expected")
    click(page.get_by_role("button", name="Filter"))
    click(page.get_by_role("link", name="What if a centre were added"))
    page.get_by_label("Patients a year, all centres together").fill("300")
    page.get_by_label("Safe minimum").fill("50")
    page.get_by_label("Speed").fill("60")
    page.get_by_label("Add a centre at").select_option("RA7")
    click(page.get_by_role("button", name="Ask"))
    page.get_by_label("Title").fill("A centre in Bristol")
    page.get_by_label("What it is evidence for").fill("The designation of a third centre")
    click(page.get_by_role("button", name="Keep this scenario"))
    page.get_by_text("The scenario was kept.").wait_for()
    assert click.number < 10
    assert Scenario.objects.get().asked["wish"]["add"] == ["RA7"]
    click(page.get_by_role("link", name="Scenarios of Adult ecmo service"))
    assert page.get_by_role("link", name="A centre in Bristol").count()


def test_from_the_question_to_the_evidence(page, service, member, sign_in):
    sign_in(member(NationalCommissioner, "England", "nation"))
    walk(page, lambda shown: check_page(shown, without_script=False))
    assert page.problems == []


@NARROW
def test_the_same_on_a_telephone_without_a_script(page, service, member, sign_in):
    sign_in(member(NationalCommissioner, "England", "nation"))
    walk(page, check_narrow)
