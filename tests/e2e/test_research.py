"""An extract for research, the keys of every centre's systems and unfinished cases with their last day, in a browser."""

import pytest

from plenary.collection.actions import consent, entry
from plenary.collection.models import CaseDraft
from plenary.core.permissions import Administrator, CentreLead
from plenary.core.queries import who
from tests.e2e.checks import check_page
from tests.factories import collection as make
from tests.factories.collection import END, START, case

HERE = "/workspace/collection/adult-ecmo/RJ1/2025/"


@pytest.fixture
def centre():
    for name in ("objection", "drafts"):
        make.shipped(name)
    centre = make.make_centre("adult-ecmo", "RJ1")
    make.accepted(centre, case("A"), case("B", status="dead"))
    said = {"case_id": "A", "wish": "opt_out", "answer": "given", "said_on": START}
    consent.record_consent(centre=centre, period_start=START, period_end=END, **said, by=make.lead(centre))
    return centre


def test_a_lead_takes_an_extract_and_sees_who_is_left_out(page, member, sign_in, centre):
    sign_in(member(CentreLead, "adult-ecmo/RJ1"))
    page.goto(HERE)
    page.get_by_role("link", name="Extract for research").click()
    assert page.get_by_text("1 left out because of what the patient said").is_visible()
    check_page(page)
    page.get_by_role("button", name="Download the extract").click()
    assert page.get_by_role("link", name="Choose the fields that the extract needs").is_visible()
    check_page(page, without_script=False)
    page.get_by_label("What is the extract for").fill("Study 7, REC 26/1")
    page.get_by_label("Status at discharge").check()
    with page.expect_download() as taken:
        page.get_by_role("button", name="Download the extract").click()
    assert taken.value.path().read_text("utf-8-sig") == "status\ndead\n"


def test_an_administrator_finds_the_keys_of_every_centre(page, member, sign_in, centre):
    sign_in(member(Administrator))
    page.goto("/workspace/people/")
    page.get_by_role("link", name="Systems of centres").click()
    check_page(page)
    page.get_by_role("link", name="Trust RJ1").click()
    check_page(page)


def test_unfinished_cases_say_until_when_they_are_kept(page, member, sign_in, centre):
    person = member(CentreLead, "adult-ecmo/RJ1")
    entry.save_draft(centre=centre, period_start=START, period_end=END, values=case("C"), by=who(person))
    assert CaseDraft.objects.get().owner == person.pk
    sign_in(person)
    page.goto(f"{HERE}drafts/")
    assert page.get_by_role("columnheader", name="Kept until").is_visible()
    check_page(page)
