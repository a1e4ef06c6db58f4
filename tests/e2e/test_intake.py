"""A file with a hospital's own headings: sent, matched, looked at, accepted; and a key for the hospital's system."""

import pytest

from plenary.core.permissions import CentreLead
from tests.e2e.checks import check_narrow, check_page
from tests.factories import collection as make
from tests.factories.registry import DesignationFactory
from tests.web.workspace.test_headings import OWN

NARROW = pytest.mark.browser_context_args(java_script_enabled=False, viewport={"width": 320, "height": 800})
HERE = "/workspace/collection/adult-ecmo/RJ1/2025/"


@pytest.fixture
def centre():
    centre = make.make_centre("adult-ecmo", "RJ1")
    DesignationFactory(centre=centre)
    return centre


def walk(page, member, sign_in, tmp_path, check):
    file = tmp_path / "own.csv"
    file.write_bytes(OWN)
    sign_in(member(CentreLead, "adult-ecmo/RJ1", "centre"))
    page.goto(f"{HERE}remembered/")
    check(page)
    page.goto(f"{HERE}upload/")
    page.get_by_label("File of cases").set_input_files(file)
    page.get_by_role("button", name="Send and check").click()
    page.get_by_role("link", name="Match your own headings").click()
    check(page)
    page.get_by_label("Ward").select_option("-")
    page.get_by_role("button", name="See what becomes of the rows").click()
    page.get_by_text("Alive now → alive").wait_for()
    check(page)
    page.get_by_role("button", name="Match and check").click()
    page.get_by_role("button", name="Accept 2 cases").wait_for()
    check(page)
    page.goto(f"{HERE}upload/")
    page.get_by_role("link", name="See, change or forget them").click()
    check(page)


def systems(page, check):
    page.goto(HERE)
    page.get_by_role("link", name="Systems that send files by themselves").click()
    check(page)
    page.get_by_role("link", name="Issue a key").first.click()
    check(page)
    page.get_by_label("Name of the system").fill("Data warehouse")
    page.get_by_role("button", name="Issue the key").click()
    page.get_by_text("Copy the secret now").wait_for()
    check(page)
    page.get_by_role("link", name="I have copied it").click()
    page.locator("strong", has_text="In force").wait_for()
    check(page)


def test_own_headings_are_matched_and_a_key_is_issued(page, member, sign_in, centre, tmp_path, picture):
    walk(page, member, sign_in, tmp_path, lambda page: check_page(page, without_script=False))
    systems(page, lambda page: check_page(page, without_script=False))
    page.goto("/workspace/submissions/1/columns/")
    picture(page, "match-columns", height=1400)


@NARROW
def test_the_same_at_320_pixels_without_script(page, member, sign_in, centre, tmp_path):
    walk(page, member, sign_in, tmp_path, check_narrow)
    systems(page, check_narrow)
