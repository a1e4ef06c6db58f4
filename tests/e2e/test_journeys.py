"""One journey for each role, from signing in to the work that the role exists for, through an invented network.

Every journey is walked twice: with a script on a desk, where every page passes all checks, and at 320 pixels with no script at
all. What comes before a journey is done by the same actions as in life. The pictures are those of the handbook.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from datetime import date

import pytest
from playwright.sync_api import Page

from plenary.access import actions as access
from plenary.collection import actions as collection
from plenary.collection import queries as cases
from plenary.collection.terms import SeriesState
from plenary.core import queries as core
from plenary.core.models import Person
from plenary.core.permissions import (
    Administrator,
    CentreDataManager,
    CentreLead,
    NationalCommissioner,
    NetworkLead,
    PatientRepresentative,
    Reviewer,
)
from plenary.core.terms import SYSTEM
from plenary.demo import world as worlds
from plenary.editions.models import Edition
from plenary.outcomes import actions as outcomes
from plenary.registry import actions as register
from plenary.registry import queries as registry
from plenary.releases import actions as releases
from plenary.releases.models import Proposal
from plenary.releases.queries import gathered
from plenary.releases.terms import Decision, ProposalState
from tests.e2e.checks import check_narrow, check_page
from tests.factories.collection import lead, manager
from tests.factories.core import PersonFactory, PostFactory
from tests.factories.releases import COMMISSIONER, FIRST, SECOND, policy

PERIOD = {"period_start": date(2025, 4, 1), "period_end": date(2026, 4, 1)}
OUTCOMES = ("complete-operation", "survival")
NARROW = pytest.mark.browser_context_args(java_script_enabled=False, viewport={"width": 320, "height": 800})
WORDS = "Families asked for one named person to call, and for a room to stay in close to the ward."


@dataclass
class Walk:
    """Somebody who looks at every page that they come to."""

    page: Page
    script: bool

    def look(self) -> None:
        """Check the page; one that asks for itself again is stopped first, as whoever reads slowly would."""
        self.page.wait_for_load_state()
        stop = self.page.get_by_role("link", name="Stop looking again")
        if stop.count():
            stop.click()
            self.page.wait_for_load_state()
        if self.script:
            check_page(self.page, without_script=False)
        else:
            check_narrow(self.page)

    def section(self, name: str) -> None:
        """Go to a part of the workspace by the menu; what has no room on its line is behind "More"."""
        link = self.page.get_by_role("navigation", name="Menu").get_by_role("link", name=name, exact=True)
        if not link.is_visible():
            self.page.get_by_role("button", name=re.compile("More$")).click()
        link.click()
        self.look()

    def follow(self, name: str | re.Pattern, **options: bool) -> None:
        """Follow a link of the page."""
        self.page.locator("main").get_by_role("link", name=name, **options).first.click()
        self.look()

    def press(self, name: str) -> None:
        """Press a button and look at the answer."""
        self.page.locator("main").get_by_role("button", name=name, exact=True).click()
        self.look()

    def says(self, text: str | re.Pattern) -> None:
        assert self.page.locator("main").get_by_text(text).first.is_visible(), f"{self.page.url} does not say {text!r}"

    def show(self, heading: str | re.Pattern) -> None:
        """Scroll to a heading, with some room above it, for a picture."""
        found = self.page.locator("main").get_by_role("heading", name=heading).first
        found.evaluate("heading => window.scrollTo(0, heading.getBoundingClientRect().top + window.scrollY - 24)")

    def attach(self, rows: list[dict[str, object]]) -> None:
        """Choose a file that holds these cases."""
        text = io.StringIO()
        writer = csv.DictWriter(text, dict.fromkeys(name for row in rows for name in row), lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(rows)
        file = {"name": "cases-2025-26.csv", "mimeType": "text/csv", "buffer": text.getvalue().encode()}
        self.page.get_by_label("File of cases").set_input_files(file)

    def date(self, legend: str, *parts: str) -> None:
        boxes = self.page.get_by_role("group", name=legend)
        for label, value in zip(("Day", "Month", "Year"), parts, strict=True):
            boxes.get_by_label(label).fill(value)


@pytest.fixture(params=[pytest.param(True, id="desk"), pytest.param(False, id="narrow-without-script", marks=NARROW)])
def walk(request, page):
    return Walk(page, request.param)


@pytest.fixture
def picture(picture, walk):
    """The handbook shows the desk."""
    return picture if walk.script else lambda *_, **__: None


# -- the invented network


@dataclass(frozen=True)
class Network:
    """An invented service whose centres have agreed what to collect."""

    service: worlds.Service
    cases: dict[str, list[dict[str, object]]]

    @property
    def place(self) -> dict[str, object]:
        """The first centre and its period, as actions name them."""
        return {"centre": self.centre(self.service.centres[0].code), **PERIOD}

    @property
    def key(self) -> str:
        return self.place["centre"].key

    def centre(self, ods: str):
        return registry.centre(self.service.slug, ods)

    def send(self, ods: str, *, sign: bool) -> None:
        """Send, check and accept the cases of a centre; sign them off if asked."""
        text = io.StringIO()
        writer = csv.DictWriter(text, dict.fromkeys(name for row in self.cases[ods] for name in row))
        writer.writeheader()
        writer.writerows(self.cases[ods])
        centre = self.centre(ods)
        by = manager(centre)
        sent = collection.receive(centre=centre, filename="cases-2025-26.csv", content=text.getvalue().encode(), by=by, **PERIOD)
        collection.check(submission_id=sent.pk, by=by)
        collection.accept(submission_id=sent.pk, by=by)
        if sign:
            collection.sign_off_series(centre=centre, by=lead(centre), **PERIOD)


@pytest.fixture
def network(tmp_path) -> Network:
    """An invented service of five centres, of which all but the first have signed off the year."""
    world = worlds.invent(seed=3, services=1, years=1, cases_per_year=400)
    worlds.write(world, tmp_path / "world")
    [service], [start] = world.services, world.years
    own = tmp_path / "world" / service.slug
    row = register.add_service(
        slug=service.slug, name=service.name, category=service.kind.category, confidence="invented", source="Invented",
        description="Invented: an operation for a condition that does not exist.", by=SYSTEM,
    )  # fmt: skip
    for one in service.centres:
        register.designate(
            service=service.slug, ods=one.code, name=one.name, valid_from=date(2020, 4, 1), authority="Invented",
            confidence="invented", by=SYSTEM,
        )  # fmt: skip
    head, *blocks = (own / "outcomes.toml").read_text(encoding="utf-8").split("[[outcome]]")
    chosen = "[[outcome]]".join([head, *(block for block in blocks if re.search('id = "(.+)"', block)[1] in OUTCOMES)])
    agreed = {"service": row, "adopted_on": date(2025, 3, 12), "by": SYSTEM}
    collection.adopt_data_set(version="2026-1", content=(own / "dictionary.csv").read_bytes(), **agreed)
    outcomes.adopt_outcome_set(content=chosen.encode(), **agreed)
    policy()
    sent: dict[str, list[dict[str, object]]] = {one.code: [] for one in service.centres}
    for case in worlds.cases_of(world, service, start):
        sent[str(case["centre"])].append(case)
    made = Network(service, sent)
    for one in service.centres[1:]:
        made.send(one.code, sign=True)
    return made


@pytest.fixture
def signed(network) -> Network:
    """The same when all have signed off."""
    network.send(network.service.centres[0].code, sign=True)
    return network


@pytest.fixture
def proposal(signed) -> Proposal:
    """What the network lead proposed of its results."""
    service = registry.service(signed.service.slug)
    for room in (outcomes, access):
        room.run(service=service, label="2025/26", by=COMMISSIONER, **PERIOD)
    ordered = releases.order_edition(
        label="2025/26", on=core.today(), note="All five centres signed off", by=COMMISSIONER, **PERIOD
    )
    return releases.prepare(proposal_id=ordered.pk, on=core.today(), by=COMMISSIONER)


@pytest.fixture
def approved(proposal) -> Proposal:
    """The proposal after two approvals."""
    for reviewer in (FIRST, SECOND):
        releases.review(proposal_id=proposal.pk, decision=Decision.APPROVE, comment="", by=reviewer)
    return proposal


# -- the journeys


def test_a_centre_data_manager_mends_a_file_and_keys_a_case(walk, member, sign_in, network, picture):
    page, person = walk.page, member(CentreDataManager, network.key, name="Dana Example")
    sent = network.cases[network.place["centre"].ods][:12]
    spoilt = [dict(case) for case in sent]
    spoilt[1]["sex"], spoilt[3]["birth_date"], spoilt[5]["operation_date"], spoilt[7]["area"] = (
        "F",
        "31/02/1999",
        "soon",
        "Atlantis",
    )
    sign_in(person)
    walk.look()
    walk.section("Collection")
    walk.follow(re.compile(network.service.centres[0].name))
    walk.follow("Send the cases")
    walk.attach(spoilt)
    walk.press("Send and check")
    walk.says("keep the whole file from being accepted")
    assert not page.get_by_role("button", name=re.compile("^Accept")).count()
    walk.show(re.compile("^Mend"))
    picture(page, "workspace-findings")
    walk.follow("Send the mended file")
    walk.attach(sent)
    walk.press("Send and check")
    walk.press("Accept 12 cases")
    walk.follow("Key one case")
    page.get_by_label("Case number given by the centre").fill("INV-KEYED-1")
    walk.date("Date of referral", "3", "November", "2025")
    walk.date("Date of birth", "31", "2", "1971")
    walk.date("Date last seen", "2", "2", "2026")
    for group, choice in (("Sex", "Male"), ("Accepted for operation", "No"), ("Status when last seen", "Alive")):
        page.get_by_role("group", name=group).get_by_label(choice, exact=True).check()
    page.get_by_label("Integrated care board").fill(str(sent[0]["area"]))
    walk.press("Finish")
    assert page.get_by_label("Case number given by the centre").input_value() == "INV-KEYED-1"
    picture(page, "role-centre-data-manager")
    walk.date("Date of birth", "28", "2", "1971")
    walk.press("Finish")
    walk.says("Case INV-KEYED-1 was kept.")
    walk.follow("INV-KEYED-1")
    assert page.get_by_role("group", name="Date of referral").get_by_label("Day").input_value() == "3"
    kept = cases.visible_to(core.who(person, core.today())).filter(centre=network.place["centre"])
    assert kept.count() == 13


def test_a_centre_lead_explains_the_missing_case_and_signs_off(walk, member, sign_in, network, picture):
    page, place = walk.page, network.place
    network.send(place["centre"].ods, sign=False)
    collection.expect_case(**place, case_id="INV-MDT-1", source="MDT list", by=manager(place["centre"]))
    sign_in(member(CentreLead, network.key, name="Lee Example"))
    walk.look()
    walk.section("Collection")
    walk.follow(re.compile(network.service.centres[0].name))
    walk.follow("Sign off", exact=True)
    walk.says("1 expected case is neither sent nor explained: INV-MDT-1.")
    assert not page.locator("main").get_by_role("button", name="Sign off").count()
    picture(page, "role-centre-lead")
    walk.follow("Explain the missing cases")
    walk.follow("Explain INV-MDT-1")
    walk.press("Keep the reason")
    page.get_by_label("Another reason").check()
    page.get_by_label("More about it").fill("Seen once; care stayed with the local hospital.")
    walk.press("Keep the reason")
    walk.section("Collection")
    walk.follow(re.compile(network.service.centres[0].name))
    walk.follow("Sign off", exact=True)
    walk.press("Sign off")
    assert cases.series_of(**place).state == SeriesState.OPEN
    page.get_by_label("I declare that this case series is complete").check()
    walk.press("Sign off")
    walk.says(re.compile("is signed off with"))
    assert cases.series_of(**place).state == SeriesState.SIGNED_OFF


def test_a_network_lead_runs_the_results_and_proposes_them(walk, member, sign_in, signed, picture):
    page, person = walk.page, member(NetworkLead, signed.service.slug, name="Nia Example")
    sign_in(person)
    walk.look()
    walk.section("Results")
    walk.follow("Run the results")
    walk.press("Run")
    walk.says("The results were computed.")
    assert page.locator("main svg[role=img]").count() >= 2
    walk.show(re.compile("^Operation complete"))
    picture(page, "role-network-lead")
    walk.section("Releases")
    walk.follow("Propose an edition")
    page.get_by_label("Note for the reviewers").fill("All five centres signed off")
    walk.press("Protect and propose")
    walk.says("The results are being protected")
    walk.press("Protect now")
    walk.says("Waits for review")
    made = Proposal.objects.get()
    assert (made.proposed_by, made.state) == (person.pk, ProposalState.PROPOSED)
    assert [one.slug for one in made.services.all()] == [signed.service.slug]


def test_two_reviewers_approve_blind_of_each_other(walk, member, sign_in, proposal, picture):
    page = walk.page
    for name in ("Robin First", "Ruth Second"):
        page.context.clear_cookies()
        sign_in(member(Reviewer, "England", "nation", name=name))
        walk.look()
        walk.section("Releases")
        walk.follow(re.compile(f"proposal {proposal.pk}"))
        walk.says("You see no review yet.")
        assert "Robin First" not in page.locator("main").inner_text()
        page.get_by_label("Status").select_option("c")
        walk.press("Filter")
        walk.show("What would leave")
        picture(page, "role-reviewer")
        seen = page.url
        walk.follow("See it as a table")
        picture(page, "reviewer-table", height=1300)
        page.goto(seen)
        walk.follow("Review it")
        walk.press("Send your review")
        page.get_by_label("Approve: it may leave as it is").check()
        page.get_by_label("Comment").fill(f"{name}: compared with last year")
        walk.press("Send your review")
        walk.says("Your review is kept.")
    walk.says("Robin First: compared with last year")
    proposal.refresh_from_db()
    assert proposal.state == ProposalState.APPROVED


def test_a_national_commissioner_releases_builds_and_publishes(walk, member, sign_in, approved, picture):
    page = walk.page
    sign_in(member(NationalCommissioner, "England", "nation", name="Com Example"))
    walk.look()
    walk.section("Releases")
    walk.follow(re.compile(f"proposal {approved.pk}"))
    walk.follow("Release it")
    walk.press("Release")
    walk.says("is released and frozen.")
    walk.section("Make editions")
    walk.follow("Build the edition")
    walk.press("Build")
    walk.follow("Build it now")
    walk.press("Build now")
    walk.says("is built and waits to be published.")
    made = Edition.objects.get()
    assert page.request.get(f"/editions/{made.folder}/index.html").status == 404
    walk.follow(re.compile("^Publish"))
    picture(page, "role-national-commissioner")
    walk.press("Publish for good")
    walk.says("is published.")
    page.context.clear_cookies()
    read_edition(walk, picture)


def read_edition(walk, picture):
    """As a reader without an account: from the list of editions to the outcomes of a service."""
    page = walk.page
    page.goto("/editions/")
    walk.look()
    walk.follow("Edition 2025/26", exact=True)
    walk.follow(re.compile("Kestrel"))
    assert page.locator("main svg[role=img]").count() >= 4
    walk.show("Outcomes")
    picture(page, "edition-service", height=2700)


def test_a_patient_representative_writes_the_patient_feedback(walk, sign_in, network, picture):
    """The one role that signs in with a password alone: it sees nothing that is not public, apart from its own page."""
    page, person = walk.page, PersonFactory(name="Pat Example")
    PostFactory(person=person, role=PatientRepresentative.key, scope_kind="service", scope=network.service.slug)
    releases.write_narrative(
        service=registry.service(network.service.slug), section="Description", text="What it does.", by=COMMISSIONER, **PERIOD
    )
    sign_in(person)
    walk.look()
    assert page.request.get("/workspace/releases/").status == 403
    walk.section("Narrative")
    walk.follow(re.compile("^Patient feedback"))
    page.get_by_label("Text").fill(WORDS)
    picture(page, "role-patient-representative")
    walk.press("Keep")
    walk.says(re.compile("was kept"))
    assert gathered.narrative(tuple(PERIOD.values()))[network.service.slug]["Patient feedback"] == WORDS


def test_an_administrator_appoints_ends_a_post_and_reads_what_happened(walk, member, sign_in, network, picture):
    page = walk.page
    sign_in(member(Administrator, name="Ada Example"))
    walk.look()
    walk.section("People")
    walk.follow("Add a person")
    walk.press("Add")
    page.get_by_label("Name").fill("Nina Newcomer")
    page.get_by_label("E-mail address").fill("nina@example.org")
    walk.press("Add")
    newcomer = Person.objects.get(email="nina@example.org")
    for role, more in ((CentreLead, "Choose the service of the centre"), (CentreDataManager, "")):
        walk.follow("Appoint to a post")
        page.get_by_label("Role").select_option(role.key)
        if more:
            walk.press("Appoint")
            assert page.get_by_role("link", name=more).is_visible()
        page.get_by_label("Service").select_option(network.service.slug)
        page.get_by_label("Centre (ODS code)").fill(network.place["centre"].ods)
        walk.press("Appoint")
        walk.says(f"holds the post: {role.label}.")
    picture(page, "role-administrator")
    walk.follow(re.compile("^End this post.*Centre lead"))
    walk.press("End the post")
    walk.says("The post of Nina Newcomer ends.")
    assert [post.role for post in core.who(newcomer, core.today()).posts] == [CentreDataManager.key]
    walk.section("People")
    walk.follow("What happened")
    assert page.get_by_role("cell", name="end post").is_visible()
    walk.press("Verify the chain")
    walk.says("The chain is whole")
    assert core.verify_chain().whole
