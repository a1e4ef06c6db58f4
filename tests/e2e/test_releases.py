"""From the proposal to the published edition in the browser, and the pages of those who run the installation."""

import pytest

from plenary.core import actions
from plenary.core.permissions import Administrator, CentreLead, NationalCommissioner, PatientRepresentative, Reviewer
from plenary.core.terms import SYSTEM
from plenary.editions.models import Edition
from tests.e2e.checks import check_page
from tests.factories import editions, releases
from tests.factories.core import PersonFactory, PostFactory
from tests.factories.registry import CentreFactory, DesignationFactory, ServiceFactory


@pytest.fixture
def centres():
    for ods in ("RJ1", "RJ7", "RJ8"):
        DesignationFactory(centre=CentreFactory(service__slug="adult-ecmo", ods=ods))


def test_a_reviewer_sees_why_and_votes(page, member, sign_in, picture, centres):
    proposal = releases.proposal()
    sign_in(member(Reviewer, "England", "nation", name="Rita Reviewer"))
    page.get_by_role("link", name="Releases", exact=True).click()
    check_page(page)
    page.get_by_role("link", name=f"2025, proposal {proposal.pk}").click()
    check_page(page)
    picture(page, "review", whole=True)
    page.get_by_role("link", name="Review it").click()
    check_page(page)
    page.get_by_label("Return: something must change").check()
    page.get_by_role("button", name="Send your review").click()
    assert page.get_by_role("link", name="Say what must be changed").is_visible()
    check_page(page, without_script=False)
    page.get_by_label("Approve: it may leave as it is").check()
    page.get_by_role("button", name="Send your review").click()
    assert page.get_by_text("Your review is kept.").is_visible()
    check_page(page)


def test_the_commissioner_releases_builds_and_publishes(page, member, sign_in, picture, centres):
    proposal = releases.approved()
    sign_in(member(NationalCommissioner, "England", "nation", name="Com Missioner"))
    page.goto(f"/workspace/releases/{proposal.pk}/")
    page.get_by_role("link", name="Release it").click()
    check_page(page)
    page.get_by_role("button", name="Release").click()
    page.goto("/workspace/editions/")
    check_page(page)
    page.get_by_role("link", name="Build the edition").click()
    check_page(page)
    page.get_by_role("button", name="Build").click()
    assert page.get_by_role("cell", name="Being built").is_visible()
    page.get_by_role("link", name="Build it now").click()
    page.get_by_role("button", name="Build now").click()
    page.get_by_text("is built and waits to be published.").wait_for(timeout=60_000)
    check_page(page)
    page.get_by_role("link", name="Publish 2025").click()
    check_page(page)
    picture(page, "publish", whole=True)
    page.get_by_role("button", name="Publish for good").click()
    page.get_by_text("is published.").wait_for(timeout=60_000)
    check_page(page)
    assert Edition.objects.get().state == "published"


def test_a_correction_asks_what_it_corrects(page, member, sign_in, centres):
    editions.published()
    release = releases.frozen(releases.results(releases.SMALL | {"RJ1": 420.0, "Total": 682.0}))
    sign_in(member(NationalCommissioner, "England", "nation"))
    page.goto(f"/workspace/editions/build/{release.pk}/")
    check_page(page)
    page.get_by_role("button", name="Build").click()
    assert page.get_by_role("link", name="say what this version corrects").is_visible()
    check_page(page, without_script=False)


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


def test_a_patient_representative_writes(page, member, sign_in):
    ServiceFactory(slug="adult-ecmo")
    sign_in(member(PatientRepresentative, "adult-ecmo"))
    page.get_by_role("link", name="Narrative", exact=True).click()
    check_page(page)
    page.get_by_role("link", name="Patient feedback of Adult ecmo service").click()
    check_page(page)
    page.get_by_label("Text").fill("Families asked for a room to stay in.")
    page.get_by_role("button", name="Keep").click()
    assert page.get_by_text("was kept.").is_visible()


def test_the_administrator_appoints_and_reads_what_happened(page, member, sign_in, picture, centres):
    somebody = PersonFactory(name="Sam Body", email="sam.body@example.org")
    PostFactory(person=somebody, role=CentreLead.key, scope="adult-ecmo/RJ1")
    actions.record(by=SYSTEM, verb="sign off series", subject="case-series/adult-ecmo/RJ1/2025-01-01", detail={"cases": 41})
    sign_in(member(Administrator, name="Ada Ministrator"))
    page.get_by_role("link", name="People", exact=True).click()
    check_page(page)
    picture(page, "people", whole=True)
    page.get_by_role("link", name="Sam Body").click()
    check_page(page)
    page.get_by_role("link", name="Appoint to a post").click()
    check_page(page)
    page.get_by_label("Role").select_option("centre-lead")
    page.get_by_role("button", name="Appoint").click()
    assert page.get_by_role("link", name="Choose the service of the centre").is_visible()
    check_page(page, without_script=False)
    for address in ("reset/", "close/", f"posts/{somebody.posts.get().pk}/end/", "../add/", "../../events/"):
        page.goto(f"/workspace/people/{somebody.pk}/{address}")
        check_page(page)
    page.get_by_role("button", name="Verify the chain").click()
    assert page.get_by_text("The chain is whole").is_visible()
    check_page(page)
    picture(page, "events", whole=True)
