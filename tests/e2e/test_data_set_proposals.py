"""The next version of a data set: a centre proposes it, the network talks about it, the lead adopts it."""

import pytest

from plenary.core.permissions import CentreDataManager, NetworkLead
from tests.e2e.checks import _axe, check_narrow, check_page
from tests.factories import collection as make
from tests.factories.registry import DesignationFactory
from tests.web.workspace.test_data_set_proposals import NEXT

NARROW = pytest.mark.browser_context_args(java_script_enabled=False, viewport={"width": 320, "height": 800})


@pytest.fixture
def service():
    centre = make.make_centre("adult-ecmo", "RJ1")
    DesignationFactory(centre=centre)
    make.DataSetVersionFactory(service=centre.service, content=make.DICTIONARY.encode())
    return centre.service


def walk(page, member, sign_in, service, tmp_path, check):
    file = tmp_path / "next.csv"
    file.write_text(NEXT)
    sign_in(member(CentreDataManager, "adult-ecmo/RJ1", "centre"))
    page.goto("/workspace/data-set-proposals/")
    check(page)
    page.goto("/workspace/data-set-proposals/propose/")
    check(page)
    page.get_by_role("button", name="Propose").click()
    assert page.get_by_role("alert").is_visible()
    page.get_by_label("Service").select_option("adult-ecmo")
    page.get_by_label("Version", exact=True).fill("2027-1")
    page.get_by_label("What is it for?").fill("The ratio is never above 90.")
    page.get_by_label("Data dictionary (CSV)").set_input_files(file)
    page.get_by_role("button", name="Propose").click()
    page.get_by_text("Version 2027-1 is proposed.").wait_for()
    check(page)
    page.context.clear_cookies()
    sign_in(member(NetworkLead, "adult-ecmo", "service"))
    page.goto("/workspace/data-set-proposals/")
    page.get_by_role("link", name="2027-1").first.click()
    check(page)
    address = page.url
    for rest in ("remark/", "adopt/", "withdraw/"):
        page.goto(f"{address}{rest}")
        check(page)


def test_a_centre_proposes_and_the_lead_looks(page, member, sign_in, service, tmp_path, picture):
    walk(page, member, sign_in, service, tmp_path, lambda page: check_page(page, without_script=False))
    page.go_back()
    picture(page, "data-set-proposal")


@NARROW
def test_the_same_at_320_pixels_without_script(page, member, sign_in, service, tmp_path):
    walk(page, member, sign_in, service, tmp_path, check_narrow)


def test_the_guide_passes_the_checks_of_every_page(page, member, sign_in, service):
    """It is a document of its own, to be printed: it is read as a file and looked at like a page."""
    sign_in(member(NetworkLead, "adult-ecmo", "service"))
    [version] = service.data_set_versions.all()
    guide = page.request.get(f"/workspace/agreed/data-set/{version.pk}/as/guide/").text()
    page.set_content(guide)
    assert not [line for line in _axe(page) if line], _axe(page)
