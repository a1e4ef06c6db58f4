"""From a file with warnings to an agreement, a query and a deadline: the pages as a centre and its network lead walk them."""

import pytest

from plenary.collection.actions.clarifications import ask_query
from plenary.collection.models import SharedPatient
from plenary.core.permissions import CentreDataManager, NetworkLead
from plenary.core.queries import today
from tests.e2e.checks import check_narrow, check_page
from tests.factories import collection as make
from tests.factories.collection import END, START, case
from tests.factories.registry import DesignationFactory

NARROW = pytest.mark.browser_context_args(java_script_enabled=False, viewport={"width": 320, "height": 800})
NHS = "9434765919"


@pytest.fixture
def own():
    """Two centres that report one patient, a file with a warning, and a query that waits."""
    made, other = make.make_centre(), make.make_centre(ods="RM2")
    for centre in (made, other):
        DesignationFactory(centre=centre)
    make.accepted(made, case("A1", nhs_number=NHS), case("A2", birth_date="01/01/1990"), case("A3", birth_date="01/01/1990"))
    make.accepted(other, case("B1", nhs_number=NHS))
    ask_query(
        centre=made, period_start=START, period_end=END, text="Is the ratio of the first half year in kPa?", due_on=today(),
        by=make.network_lead(made),
    )  # fmt: skip
    return made


def follow(page, link):
    """Go where a link leads, and wait until the page is there."""
    with page.expect_navigation():
        link.click()


def walk_as_centre(page, check):
    page.goto("/workspace/")
    check(page)
    page.goto("/workspace/collection/adult-ecmo/RJ1/2025/")
    check(page)
    follow(page, page.get_by_role("link", name="cases.csv").first)
    check(page)
    follow(page, page.get_by_role("link", name="Confirm", exact=False).filter(has_text="the warning near-duplicate").first)
    check(page)
    page.get_by_label("Reason").fill("Twins, both seen in person.")
    page.get_by_role("button", name="Confirm").click()
    page.get_by_text("The warning is confirmed.").wait_for()
    check(page)
    page.goto("/workspace/queries/")
    check(page)
    follow(page, page.get_by_role("link", name="Is the ratio"))
    check(page)
    page.get_by_label("Your message").fill("Yes, in kPa.")
    page.get_by_role("button", name="Answer").click()
    page.get_by_text("It is kept in the thread.").wait_for()
    check(page)
    page.goto("/workspace/shared-patients/?service=adult-ecmo&period=2025")
    check(page)
    page.goto(f"/workspace/shared-patients/{SharedPatient.objects.get().pk}/")
    check(page)
    page.get_by_role("button", name="Answer").click()
    assert page.get_by_role("alert").is_visible()
    page.get_by_label("The patient was transferred").check()
    page.get_by_label("Which centre counts the case?").select_option("RM2")
    page.get_by_label("which centre handed the patient over?").select_option("RJ1")
    for part, value in (("Day", "20"), ("Month", "6"), ("Year", "2025")):
        page.get_by_label(part, exact=True).fill(value)
    page.get_by_role("button", name="Answer").click()
    page.get_by_text("is asked to say the same").wait_for()
    check(page)


def walk_as_lead(page, check, picture):
    page.goto("/workspace/deadlines/?service=adult-ecmo&period=2025")
    check(page)
    follow(page, page.get_by_role("link", name="Set the deadline"))
    check(page)
    for part, value in (("Day", "31"), ("Month", "3"), ("Year", "2099")):
        page.get_by_label(part, exact=True).fill(value)
    page.get_by_role("button", name="Set it").click()
    page.get_by_text("The deadline is 31 March 2099.").wait_for()
    check(page)
    picture(page, "deadlines", height=1300)
    for name in ("Confirmed warnings", "Patients of two centres", "Reminders that were sent"):
        page.goto("/workspace/deadlines/?service=adult-ecmo&period=2025")
        follow(page, page.get_by_role("link", name=name))
        check(page)
    page.goto("/workspace/queries/ask/")
    check(page)
    page.get_by_role("button", name="Ask").click()
    assert page.get_by_role("alert").is_visible()
    page.goto("/workspace/queries/")
    follow(page, page.get_by_role("link", name="Is the ratio"))
    check(page)
    picture(page, "query")
    page.get_by_role("button", name="Close the query").click()
    page.get_by_text("The query is closed.").wait_for()
    check(page)


def walk(page, member, sign_in, check, picture):
    sign_in(member(CentreDataManager, "adult-ecmo/RJ1", "centre"))
    walk_as_centre(page, check)
    page.context.clear_cookies()
    sign_in(member(NetworkLead, "adult-ecmo", "service"))
    walk_as_lead(page, check, picture)


def test_a_centre_and_its_lead(page, member, sign_in, own, picture):
    walk(page, member, sign_in, lambda page: check_page(page, without_script=False), picture)


@NARROW
def test_the_same_at_320_pixels_without_script(page, member, sign_in, own):
    walk(page, member, sign_in, check_narrow, lambda *_, **__: None)
