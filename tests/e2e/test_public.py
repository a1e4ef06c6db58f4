"""A reader without an account, with the register as it is shipped."""

import json
from datetime import UTC, date, datetime

import pytest

from plenary.core.terms import SYSTEM
from plenary.editions.models import Edition
from plenary.editions.terms import EditionState
from plenary.registry.actions import load_definitions
from tests.e2e.checks import check_page


@pytest.fixture
def register(db):
    load_definitions(by=SYSTEM)


def test_the_start_page(page, register):
    page.goto("/")
    check_page(page)


def test_finding_a_service_and_its_centres(page, register):
    page.goto("/")
    page.locator("main").get_by_role("link", name="All services").click()
    check_page(page)
    page.get_by_label("Search").fill("biliary")
    page.get_by_label("Age group").select_option("children")
    page.get_by_role("button", name="Filter").click()
    check_page(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download this list as CSV").click()
    assert "biliary-atresia" in download.value.path().read_text(encoding="utf-8-sig")
    page.locator("table").get_by_role("link").first.click()
    check_page(page)
    page.locator("table").first.get_by_role("link").first.click()
    assert page.get_by_text("Designations").is_visible()
    check_page(page)


def test_asking_which_centre_serves_a_hospital(page, register):
    page.goto("/find/")
    check_page(page)
    page.get_by_label("Name or ODS code of your hospital").fill("Leeds General")
    page.get_by_role("button", name="Search").click()
    check_page(page)
    page.get_by_role("link", name="Leeds General Infirmary").click()
    check_page(page)


def test_the_same_question_on_a_telephone_without_script(browser, base_url, register):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 320, "height": 640}, base_url=base_url)
    page = context.new_page()
    page.goto("/find/")
    page.get_by_label("Name or ODS code of your hospital").fill("RR801")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Leeds General Infirmary").click()
    assert page.get_by_role("heading", name="Centres for Leeds General Infirmary").is_visible()
    assert page.get_by_role("link", name="Editions").is_visible()


def test_reading_about_it(page, register):
    page.goto("/")
    page.get_by_role("link", name="About and sources").click()
    check_page(page)
    page.get_by_role("link", name="Accessibility statement").click()
    check_page(page)


def test_the_list_of_editions(page, settings):
    Edition.objects.create(
        label="2025",
        number=1,
        period_start=date(2025, 1, 1),
        period_end=date(2026, 1, 1),
        state=EditionState.PUBLISHED,
        release_hash="0",
        proposal=1,
        digest="0",
        folder="2025",
        built_at=datetime(2026, 1, 1, tzinfo=UTC),
        published_at=datetime(2026, 1, 2, tzinfo=UTC),
    )
    folder = settings.PLENARY.editions / "2025"
    folder.mkdir(parents=True)
    edition = {
        "label": "2025",
        "number": 1,
        "title": "",
        "correction_note": "",
        "period_text": "2025",
        "draft": "",
        "invented": "yes",
    }
    (folder / "edition.json").write_text(json.dumps({"edition": edition, "services": []}))
    (folder / "manifest.json").write_text("{}")
    page.goto("/editions/")
    check_page(page)


def test_a_list_with_nothing_in_it(page):
    for address in ("/", "/services/", "/editions/", "/find/?name=nowhere"):
        page.goto(address)
        check_page(page)


def test_an_address_that_leads_nowhere(page):
    page.goto("/no-such-page/")
    assert page.get_by_role("heading", name="Page not found").is_visible()
    check_page(page)
