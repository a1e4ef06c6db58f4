"""A data manager keys cases: by keyboard and mouse, with a script and without, through sign-out and back."""

import pytest

from plenary.collection.models import CaseDraft, CaseVersion
from plenary.core.permissions import CentreDataManager
from tests.e2e.checks import check_page
from tests.factories.collection import DataSetVersionFactory, make_centre
from tests.factories.registry import ServiceFactory
from tests.web.workspace.test_entry import BRANCHING

HERE = "/workspace/collection/adult-ecmo/RJ1/2025/"
NARROW = pytest.mark.browser_context_args(java_script_enabled=False, viewport={"width": 320, "height": 800})


@pytest.fixture
def centre():
    service = ServiceFactory(slug="adult-ecmo", name="Adult respiratory ECMO")
    DataSetVersionFactory(service=service, content=BRANCHING.encode())
    made = make_centre("adult-ecmo", "RJ1")
    made.name = "Hill University Hospitals"
    made.save()
    return made


def dated(page, legend, *parts):
    group = page.get_by_role("group", name=legend)
    for name, text in zip(("Day", "Month", "Year"), parts, strict=True):
        group.get_by_label(name, exact=True).fill(text)


def kept(page):
    page.get_by_text("Kept as a draft at").wait_for()


def test_a_case_is_keyed_with_what_is_asked_showing_at_once(page, member, sign_in, centre, picture):
    sign_in(member(CentreDataManager, "adult-ecmo/RJ1"))
    page.goto(f"{HERE}key/")
    check_page(page)
    page.get_by_label("Case identifier").fill("E-1")
    dated(page, "Admitted on", "1", "2", "2025")
    assert not page.get_by_role("group", name="First mode").is_visible()
    page.get_by_role("group", name="Accepted").get_by_label("Yes").check()
    page.get_by_role("group", name="First mode").wait_for()
    dated(page, "Started on", "11", "2", "2025")
    page.locator("[data-worked-out=waited]").get_by_text("10", exact=True).wait_for()
    dated(page, "Started on", "31", "2", "2025")
    page.get_by_text("is a date that does not exist").wait_for()
    kept(page)
    assert "/drafts/" in page.url
    check_page(page)
    picture(page, "key-a-case", height=1300)
    page.get_by_role("button", name="Finish", exact=True).click()
    page.get_by_role("link", name="Started on").wait_for()
    check_page(page, without_script=False)
    page.get_by_role("link", name="Started on").click()
    dated(page, "Started on", "11", "2", "2025")
    page.get_by_role("button", name="Finish and key the next").click()
    page.get_by_text("Case E-1 was kept.").wait_for()
    assert page.get_by_label("Case identifier").input_value() == ""
    assert CaseVersion.objects.get().payload["started_on"] == "2025-02-11"
    assert not CaseDraft.objects.exists()


def test_nothing_typed_is_lost_by_going_away(page, member, sign_in, centre):
    sign_in(member(CentreDataManager, "adult-ecmo/RJ1"))
    page.goto(f"{HERE}key/")
    page.get_by_label("Case identifier").fill("E-2")
    page.get_by_label("Case identifier").press("Tab")
    kept(page)
    session = page.context.cookies()
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("group", name="Accepted").get_by_label("Yes").check()
    page.get_by_text("You are signed out.").wait_for()
    page.context.add_cookies(session)
    page.goto(f"{HERE}drafts/")
    check_page(page)
    page.get_by_role("link", name="E-2").click()
    assert page.get_by_label("Case identifier").input_value() == "E-2"
    page.get_by_role("button", name="Delete this draft").click()
    page.get_by_text("You have no unfinished case here.").wait_for()


@NARROW
def test_without_a_script_the_server_decides_what_is_asked(page, member, sign_in, centre):
    sign_in(member(CentreDataManager, "adult-ecmo/RJ1"))
    page.goto(f"{HERE}key/")
    page.get_by_label("Case identifier").fill("E-3")
    page.get_by_role("group", name="Accepted").get_by_label("Yes").check()
    page.get_by_role("button", name="Save and continue").click()
    assert page.get_by_role("group", name="First mode").is_visible()
    dated(page, "Admitted on", "1", "2", "2025")
    page.get_by_role("button", name="Finish", exact=True).click()
    page.get_by_text("Case E-3 was kept.").wait_for()
