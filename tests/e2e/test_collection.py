"""What a centre meets besides its usual journey: a second file, and a check that takes its time."""

import pytest

from plenary.collection import actions
from plenary.core.permissions import CentreDataManager
from plenary.core.terms import SYSTEM
from tests.e2e.checks import check_page
from tests.factories.collection import END, START, accepted, case, case_file, make_centre, manager

HERE = "/workspace/collection/adult-ecmo/RJ1/2025/"


@pytest.fixture
def centre():
    made = make_centre("adult-ecmo", "RJ1")
    made.name, made.service.name = "Hill University Hospitals", "Adult respiratory ECMO"
    made.service.save()
    made.save()
    return made


def attach(page, *cases):
    page.get_by_label("File of cases").set_input_files(
        {"name": "ecmo-2025.csv", "mimeType": "text/csv", "buffer": case_file(*cases)}
    )


def test_what_a_new_file_changes_is_seen_before_it_is_accepted(page, member, sign_in, centre):
    accepted(centre, case("E-1"), case("E-2", pf_ratio="9"))
    sign_in(member(CentreDataManager, "adult-ecmo/RJ1"))
    page.goto(f"{HERE}upload/")
    attach(page, case("E-2", pf_ratio="11"), case("E-3"))
    page.get_by_role("button", name="Send and check").click()
    page.get_by_role("link", name="See what changes, case by case").click()
    assert page.get_by_role("table").get_by_text("No longer sent").is_visible()
    check_page(page)


def test_a_check_that_runs_is_looked_at_again(page, member, sign_in, centre):
    content = case_file(case("E-1"))
    place = {"centre": centre, "period_start": START, "period_end": END, "by": manager(centre)}
    sent = actions.receive(**place, filename="large.csv", content=content)
    sign_in(member(CentreDataManager, "adult-ecmo/RJ1"))
    page.goto(f"/workspace/submissions/{sent.pk}/")
    page.get_by_role("link", name="Stop looking again").click()
    assert page.get_by_role("heading", name="The file is being checked").is_visible()
    check_page(page)
    page.get_by_role("link", name="Look again until it is done").click()
    actions.check(submission_id=sent.pk, by=SYSTEM)
    page.get_by_role("heading", name="Nothing blocks this file").wait_for(timeout=15_000)
