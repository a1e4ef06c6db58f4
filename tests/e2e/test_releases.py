"""What the journeys do not pass: corrections, designations, and what is done to accounts."""

import pytest

from plenary.core.permissions import Administrator, NationalCommissioner, Reviewer
from plenary.releases import tasks
from plenary.releases.models import Trial
from tests.e2e.checks import check_page
from tests.factories import editions, releases
from tests.factories.core import PersonFactory
from tests.factories.registry import CentreFactory, DesignationFactory


@pytest.fixture
def centres():
    for ods in ("RJ1", "RJ7", "RJ8"):
        DesignationFactory(centre=CentreFactory(service__slug="adult-ecmo", ods=ods))


def test_a_correction_asks_what_it_corrects(page, member, sign_in, centres):
    editions.published()
    release = releases.frozen(releases.results(releases.SMALL | {"RJ1": 420.0, "Total": 682.0}))
    sign_in(member(NationalCommissioner, "England", "nation"))
    page.goto(f"/workspace/editions/build/{release.pk}/")
    check_page(page)
    page.get_by_role("button", name="Build").click()
    assert page.get_by_role("link", name="say what this version corrects").is_visible()
    check_page(page, without_script=False)


def test_what_was_found_wrong_is_set_aside(page, member, sign_in, centres):
    built = editions.built()
    sign_in(member(NationalCommissioner, "England", "nation"))
    page.goto("/workspace/editions/")
    page.get_by_role("link", name="Set aside 2025, version 1").click()
    check_page(page)
    page.get_by_role("button", name="Set aside").click()
    assert page.get_by_role("link", name="Give the reason").is_visible()
    check_page(page, without_script=False)
    page.get_by_label("Reason").fill("The narrative of one service is last year's.")
    page.get_by_role("button", name="Set aside").click()
    page.get_by_text("was set aside. Nothing of it was published.").wait_for()
    check_page(page)
    page.goto(f"/workspace/editions/{built.pk}/set-aside/")
    check_page(page)


def test_designations_and_proposing(page, member, sign_in, centres):
    sign_in(member(NationalCommissioner, "England", "nation"))
    for address in (
        "/workspace/designations/",
        "/workspace/designations/new/",
        "/workspace/releases/propose/",
        "/workspace/collection/",
    ):
        page.goto(address)
        check_page(page)
    page.goto("/workspace/designations/adult-ecmo/RJ1/end/")
    page.get_by_role("button", name="End the designation").click()
    assert page.get_by_role("link", name="Say who decided it").is_visible()
    check_page(page, without_script=False)


def test_what_an_administrator_may_do_to_an_account(page, member, sign_in):
    somebody = PersonFactory(name="Sam Body")
    sign_in(member(Administrator, name="Ada Ministrator"))
    for address in ("", "reset/", "close/"):
        page.goto(f"/workspace/people/{somebody.pk}/{address}")
        check_page(page)


def test_a_reviewer_asks_what_showing_a_number_would_cost(page, member, sign_in, centres):
    made = releases.proposal()
    sign_in(member(Reviewer, "England", "nation"))
    page.goto(f"/workspace/releases/{made.pk}/")
    check_page(page)
    page.get_by_role("link", name="See it as a table").click()
    check_page(page)
    for key in ("Tab",) * 60:  # every number is reached by the keyboard alone
        page.keyboard.press(key)
        if "With another" in page.evaluate("() => document.activeElement.closest('td')?.innerText || ''"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/cell/**")
    check_page(page)
    page.get_by_role("button", name="Work it out").click()
    page.get_by_text("It is being worked out").wait_for()
    page.get_by_role("link", name="Stop looking again").click()
    check_page(page)
    tasks.answer.call(Trial.objects.get().pk)
    page.get_by_role("link", name="Look again until it is done").click()
    page.get_by_text("Would be withheld instead").wait_for()
    check_page(page)
    page.goto(f"/workspace/releases/{made.pk}/coarser/")
    check_page(page)
    page.get_by_role("button", name="Work it out").click()
    page.get_by_role("link", name="Stop looking again").click()
    check_page(page)
    tasks.answer.call(Trial.objects.get(kind="plan").pk)
    page.get_by_role("link", name="Look again until it is done").click()
    page.get_by_text("As the tables are").wait_for()
    check_page(page)


def test_a_reviewer_reads_the_texts_that_name_few_people(page, member, sign_in, centres):
    texts = {"adult-ecmo": {"Description": "> A *quiet* ward.\n\n- The Royal treated 12 patients.", "Innovation": "A pump."}}
    made = releases.proposal(narrative=texts)
    sign_in(member(Reviewer, "England", "nation"))
    page.goto(f"/workspace/releases/{made.pk}/")
    page.get_by_role("link", name="1 text names small numbers of people: read it").click()
    assert page.get_by_text("“The Royal treated 12 patients.”").is_visible()
    check_page(page)
    page.goto(f"/workspace/releases/{made.pk}/texts/")
    assert page.get_by_role("heading", name="Innovation").is_visible()
    check_page(page)


def test_a_commissioner_tries_a_policy_and_adopts_it(page, member, sign_in, centres):
    releases.proposal()
    sign_in(member(NationalCommissioner, "England", "nation"))
    page.goto("/workspace/rules/")
    check_page(page)
    page.get_by_role("link", name="Draft a version").click()
    check_page(page)
    page.get_by_role("button", name="See what it would do").click()
    assert page.get_by_role("link", name="Say why it changes").is_visible()
    check_page(page, without_script=False)
    page.get_by_label("Version").fill("next")
    for group, year in (("In force from", "2090"), ("Review by", "2091")):
        dates = page.get_by_role("group", name=group)
        for part, value in (("Day", "1"), ("Month", "4"), ("Year", year)):
            dates.get_by_label(part).fill(value)
    page.get_by_label("Fewest patients that are shown").fill("500")
    page.get_by_label("Why it changes").fill("More care is asked for.")
    page.get_by_role("button", name="See what it would do").click()
    page.get_by_text("The latest results are being protected under it").wait_for()
    page.get_by_role("link", name="Stop looking again").click()
    check_page(page)
    tasks.answer.call(Trial.objects.get().pk)
    page.get_by_role("link", name="Look again until it is done").click()
    page.get_by_role("heading", name="What it would do to the latest results").wait_for()
    check_page(page)
    page.get_by_role("button", name="Adopt it").click()
    page.get_by_text("Version next was adopted.").wait_for()
    check_page(page)
