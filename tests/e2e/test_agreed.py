"""A network lead reads what the network agreed, sees what a new version changes, and adopts it."""

from datetime import date

import pytest

from plenary.core.permissions import CentreLead, NetworkLead
from tests.e2e.checks import check_narrow, check_page
from tests.factories import outcomes as make
from tests.factories.collection import DataSetVersionFactory, make_centre
from tests.web.workspace.agreed.documents import LATER, OUTCOMES

NARROW = pytest.mark.browser_context_args(java_script_enabled=False, viewport={"width": 320, "height": 800})
NEWER = LATER.replace("0,90", "0,80").replace(
    "PaO2 / FiO2", "Ratio of PaO2 to FiO2 in the two hours before the decision to cannulate"
)


@pytest.fixture
def service():
    service = make_centre("adult-ecmo").service
    DataSetVersionFactory(service=service, version="2026-1", content=LATER.encode(), adopted_on=date(2026, 1, 1))
    make.adopt(service)
    make.adopt(service, OUTCOMES.replace("status =", "outcome_of_a_field_that_is_not_there ="), date(2026, 2, 1))
    return service


def adopts(page, check, tmp_path):
    file = tmp_path / "dictionary.csv"
    file.write_text(NEWER)
    page.goto("/workspace/agreed/adopt/")
    check(page)
    page.get_by_label("A data set").check()
    page.get_by_label("Service").select_option("adult-ecmo")
    page.get_by_label("Version of the data set").fill("2027-1")
    for part, text in (("Day", "1"), ("Month", "4"), ("Year", "2026")):
        page.get_by_label(part, exact=True).fill(text)
    page.get_by_role("button", name="Read it").click()
    assert page.get_by_role("link", name="Choose the file that holds the document").is_visible()
    page.get_by_label("Document").set_input_files(file)
    page.get_by_role("button", name="Read it").click()
    page.get_by_role("heading", name="Adopt data set 2027-1 of Adult ecmo service?").wait_for()


def test_reading_comparing_and_adopting(page, member, sign_in, service, tmp_path, picture):
    sign_in(member(NetworkLead, "adult-ecmo", "service"))
    for address in ("", "?kind=data-set&state=earlier", "?service=adult-ecmo&state=later"):
        page.goto(f"/workspace/agreed/{address}")
        check_page(page)
    picture(page, "agreed-sets")
    for name in ("Data set 2026-1", "Outcome set 2026-1"):
        page.goto("/workspace/agreed/")
        page.get_by_role("link", name=name).click()
        check_page(page)
        page.get_by_role("link", name="What changed").click()
        check_page(page)
    adopts(page, check_page, tmp_path)
    check_page(page, without_script=False)
    picture(page, "adopt-a-version")
    page.get_by_role("button", name="Adopt it").click()
    page.get_by_text("Version 2027-1 was adopted.").wait_for()
    check_page(page)
    assert service.data_set_versions.get(version="2027-1").adopted_on == date(2026, 4, 1)


@NARROW
def test_the_same_at_320_pixels_without_script(page, member, sign_in, service, tmp_path):
    sign_in(member(NetworkLead, "adult-ecmo", "service"))
    adopts(page, check_narrow, tmp_path)
    check_narrow(page)
    page.get_by_role("button", name="Adopt it").click()
    check_narrow(page)
    for version in service.data_set_versions.all():
        for rest in ("", "changes/"):
            page.goto(f"/workspace/agreed/data-set/{version.pk}/{rest}")
            check_narrow(page)
    for version in service.outcome_set_versions.all():
        page.goto(f"/workspace/agreed/outcome-set/{version.pk}/")
        check_narrow(page)


def test_nothing_agreed_yet(page, member, sign_in):
    sign_in(member(CentreLead, "lam/RX1"))
    page.goto("/workspace/agreed/")
    assert page.get_by_text("The network lead adopts them.").is_visible()
    check_page(page)
