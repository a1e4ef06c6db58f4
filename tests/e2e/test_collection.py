"""A centre's year in the browser: send, mend, accept, key, explain, sign off; then its network looks at the results."""

import pytest

from plenary.collection import actions
from plenary.core.permissions import CentreDataManager, CentreLead, NetworkLead
from plenary.core.terms import SYSTEM
from tests.e2e.checks import check_page
from tests.factories import outcomes
from tests.factories.collection import END, START, accepted, case, case_file, make_centre, manager, signed_off
from tests.factories.registry import DesignationFactory

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


def test_from_the_file_to_the_sign_off(page, member, sign_in, picture, centre):
    place = {"centre": centre, "period_start": START, "period_end": END, "by": manager(centre)}
    actions.expect_case(**place, case_id="E-204", source="Referral")
    sign_in(member(CentreLead, "adult-ecmo/RJ1", name="Lee Example"))
    page.get_by_role("link", name="Collection", exact=True).first.click()
    check_page(page)
    page.goto(HERE)
    check_page(page)
    page.get_by_role("link", name="Send the cases").click()
    check_page(page)
    page.get_by_role("button", name="Send and check").click()
    assert page.get_by_role("link", name="Choose the file that holds the cases").is_visible()
    check_page(page, without_script=False)
    attach(page, case("E-201", sex="neither"), case("E-202", birth_date="02/03/80"), case("E-203", pf_ratio="940"))
    page.get_by_role("button", name="Send and check").click()
    assert page.get_by_role("heading", name="Mend 2 findings and send the file again").is_visible()
    check_page(page)
    picture(page, "findings", whole=True)
    page.get_by_role("link", name="Send the mended file").click()
    attach(page, case("E-201"), case("E-202"), case("E-203"))
    page.get_by_role("button", name="Send and check").click()
    check_page(page)
    page.get_by_role("button", name="Accept 3 cases").click()
    assert page.get_by_text("was accepted: 3 cases.").is_visible()
    check_page(page)
    picture(page, "series", whole=True)
    page.get_by_role("link", name="Sign off", exact=True).first.click()
    assert page.get_by_text("neither sent nor explained: E-204.").is_visible()
    check_page(page)
    page.get_by_role("link", name="Explain the missing cases").click()
    check_page(page)
    page.get_by_role("link", name="Explain E-204").click()
    page.get_by_label("Reason").fill("Transferred to another centre before admission")
    check_page(page)
    page.get_by_role("button", name="Keep the reason").click()
    page.goto(f"{HERE}sign-off/")
    page.get_by_label("I declare that this case series is complete").check()
    check_page(page)
    picture(page, "sign-off", whole=True)
    page.get_by_role("button", name="Sign off").click()
    assert page.get_by_text("is signed off with 3 cases.").is_visible()
    check_page(page)


def test_a_case_is_keyed_with_its_errors_at_the_fields(page, member, sign_in, picture, centre):
    sign_in(member(CentreDataManager, "adult-ecmo/RJ1"))
    page.goto(f"{HERE}key/")
    check_page(page)
    page.get_by_label("Case identifier").fill("E-301")
    page.get_by_label("PF ratio").fill("940")
    page.get_by_label("Female").check()
    born = page.get_by_role("group", name="Date of birth")
    for part, text in (("Day", "2"), ("Month", "3"), ("Year", "1980")):
        born.get_by_label(part).fill(text)
    page.get_by_role("button", name="Check and keep").click()
    assert page.get_by_role("link", name="Status at discharge is missing").is_visible()
    check_page(page, without_script=False)
    picture(page, "key-case", whole=True)
    admitted = page.get_by_role("group", name="Admitted on")
    for part, text in (("Day", "15"), ("Month", "June"), ("Year", "2025")):
        admitted.get_by_label(part).fill(text)
    page.get_by_label("PF ratio").fill("9.4")
    page.get_by_label("Alive").check()
    page.get_by_role("button", name="Check and keep").click()
    assert page.get_by_text("Case E-301 was kept.").is_visible()
    check_page(page)
    page.get_by_role("link", name="E-301").click()
    assert page.get_by_label("PF ratio").input_value() == "9.4"
    check_page(page)


def test_what_a_new_file_changes_is_seen_before_it_is_accepted(page, member, sign_in, centre):
    accepted(centre, case("E-1"), case("E-2", pf_ratio="9"))
    sign_in(member(CentreDataManager, "adult-ecmo/RJ1"))
    page.goto(f"{HERE}upload/")
    attach(page, case("E-2", pf_ratio="11"), case("E-3"))
    page.get_by_role("button", name="Send and check").click()
    page.get_by_role("link", name="See what changes, case by case").click()
    assert page.get_by_role("table").get_by_text("No longer sent").is_visible()
    check_page(page)


def test_the_network_runs_and_reads_its_results(page, member, sign_in, picture, centre):
    DesignationFactory(centre=centre)
    signed_off(centre, *outcomes.many(60, 12))
    for ods, name, count, dead in (
        ("RM2", "Lake Hospitals", 80, 30),
        ("RJ7", "Dale Hospitals", 45, 6),
        ("RK5", "Moor Hospitals", 20, 3),
    ):
        made = make_centre("adult-ecmo", ods)
        made.name = name
        made.save()
        DesignationFactory(centre=made)
        signed_off(made, *outcomes.many(count, dead))
    outcomes.adopt(centre.service)
    sign_in(member(NetworkLead, "adult-ecmo"))
    page.get_by_role("link", name="Results", exact=True).click()
    check_page(page)
    page.get_by_role("link", name="Run the results").first.click()
    page.get_by_label("Period").select_option("2025")
    check_page(page)
    page.get_by_role("button", name="Run").click()
    assert page.get_by_text("The results were computed.").is_visible()
    check_page(page)
    page.get_by_role("heading", name="Survival to discharge, 2025").scroll_into_view_if_needed()
    picture(page, "results")


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
