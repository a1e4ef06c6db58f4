"""Somebody new brings a centre's year from the invitation to the signed series, by keyboard alone, with a script and without.

Every page is looked at with all checks; pages and keys are counted, and how long each page took; printed with ``-s``.
"""

import re
import time
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.core import mail
from playwright.sync_api import Locator, Page

from plenary.collection import actions as collection
from plenary.collection.actions.clarifications import ask_query
from plenary.collection.models import CaseSeries, CaseVersion, DataQuery
from plenary.core import actions
from plenary.core.permissions import CentreDataManager, CentreLead
from plenary.core.queries import today
from plenary.core.terms import SYSTEM
from tests.e2e.checks import check_narrow, check_page
from tests.factories.collection import END, START, accepted, case, case_file, make_centre, manager, network_lead, shipped
from tests.factories.core import PASSWORD, PostFactory
from tests.factories.registry import DesignationFactory

NARROW = pytest.mark.browser_context_args(java_script_enabled=False, viewport={"width": 320, "height": 800})
PLACE = "adult-ecmo/RJ1"
SOUND = [case(f"H-{number}", pf_ratio=f"{8 + number}.5", nhs_number="") for number in range(1, 5)]
FAULTY = [SOUND[0] | {"sex": "F"}, SOUND[1] | {"pf_ratio": "950"}, *SOUND[2:]]
MOST_TABS = 80


@dataclass
class Hands:
    """Somebody who touches nothing but the keyboard, and looks at every page."""

    page: Page
    script: bool
    shots: object
    keys: int = 0
    pages: list[tuple[str, float]] = field(default_factory=list)

    def key(self, name: str) -> None:
        self.keys += 1
        self.page.keyboard.press(name)

    def reach(self, target: Locator) -> None:
        """Press Tab until the focus is where it should be; fail where no number of Tabs leads there."""
        wanted = target.first.element_handle()
        for _ in range(MOST_TABS):
            if wanted.evaluate("e => e === document.activeElement"):
                return
            self.key("Tab")
        raise AssertionError(f"{self.page.url}: the keyboard does not come to {target}")

    def type(self, label: str | re.Pattern, text: str, within: Locator | None = None) -> None:
        box = (within or self.page.locator("main")).get_by_label(label, exact=isinstance(label, str))
        self.reach(box)
        self.key("Control+a")
        self.page.keyboard.type(text)
        self.keys += len(text)

    def date(self, legend: str, *parts: str) -> None:
        group = self.page.get_by_role("group", name=legend)
        for label, text in zip(("Day", "Month", "Year"), parts, strict=True):
            self.type(label, text, group)

    def choose(self, group: str, value: str) -> None:
        """Choose a radio button: Tab to the group, then Space, or the arrows to another."""
        buttons = self.page.get_by_role("group", name=group)
        wanted = buttons.get_by_label(value, exact=True)
        self.reach(buttons.locator("input:checked, input").first)
        self.key("Space")
        while not wanted.is_checked():
            self.key("ArrowDown")

    def tick(self, label: re.Pattern) -> None:
        self.reach(self.page.get_by_label(label))
        self.key("Space")

    def attach(self, *cases: dict[str, str]) -> None:
        """Come to the field of a file by Tab; the window in which one chooses is the system's own."""
        box = self.page.get_by_label("File of cases")
        self.reach(box)
        box.set_input_files({"name": "cases.csv", "mimeType": "text/csv", "buffer": case_file(*cases)})

    def go(self, target: Locator, key: str = "Enter", *, check: bool = True) -> None:
        """Follow a link or press a button by its key, wait for the page, time it, look at it."""
        self.reach(target)
        since = time.perf_counter()
        with self.page.expect_navigation():
            self.key(key)
        self.page.wait_for_load_state()
        self.pages.append((self.page.title(), time.perf_counter() - since))
        self.look(check=check)

    def open(self, address: str) -> None:
        since = time.perf_counter()
        self.page.goto(address)
        self.pages.append((self.page.title(), time.perf_counter() - since))
        self.look()

    def follow(self, name: str | re.Pattern) -> None:
        self.go(self.page.locator("main").get_by_role("link", name=name))

    def press(self, name: str | re.Pattern) -> None:
        self.go(self.page.locator("main").get_by_role("button", name=name))

    def look(self, *, check: bool = True) -> None:
        if check:
            check_page(self.page, without_script=False) if self.script else check_narrow(self.page)
        self.shots(self.page, f"{len(self.pages):02}")  # after the checks: taking it leaves a style behind

    def says(self, text: str | re.Pattern) -> None:
        assert self.page.locator("main").get_by_text(text).first.is_visible(), f"{self.page.url} does not say {text!r}"


@pytest.fixture(params=[pytest.param(True, id="desk"), pytest.param(False, id="narrow-without-script", marks=NARROW)])
def hands(request, page, tmp_path):
    folder = request.config.getoption("--pictures")

    def shot(page, name):
        if folder and request.param:
            page.screenshot(path=f"{folder}/step-{name}.png", full_page=True)

    return Hands(page, request.param, shot)


@pytest.fixture
def picture(picture, hands):
    """The handbook shows the desk."""
    return picture if hands.script else lambda *_, **__: None


@pytest.fixture
def centre():
    """A centre of which the MDT knew a case that nobody has sent, with a case of the year before to follow up."""
    made = make_centre("adult-ecmo", "RJ1")
    made.service.name, made.name = "Adult respiratory ECMO", "Hill University Hospitals"
    made.service.save()
    made.save()
    DesignationFactory(centre=made)
    shipped("follow-up")
    accepted(made, case("OLD-1", admitted_on="03/03/2024"), start=START.replace(year=2024), end=START)
    year = {"period_start": START, "period_end": END}
    collection.expect_case(centre=made, case_id="MDT-9", source="MDT list", by=manager(made), **year)
    return made


@pytest.fixture
def nina(centre):
    """The newcomer, appointed and invited."""
    person = actions.create_person(email="nina@example.org", name="Nina Newcomer", by=SYSTEM)
    PostFactory(person=person, role=CentreDataManager.key, scope=PLACE, scope_kind="centre")
    actions.invite(person=person, by=SYSTEM)
    return person


def first_sign_in(hands, base_url):
    """From the letter to the first page."""
    link = re.search(r"https?://[^/]+(/\S+)", mail.outbox[-1].body).group(1)
    hands.open(f"{base_url}{link}")
    for box in hands.page.locator("main input[type=password]").all():
        hands.reach(box)
        hands.page.keyboard.type(PASSWORD)
    hands.press("Save the password")
    hands.follow("Sign in")
    hands.type("E-mail address", "nina@example.org")
    hands.type("Password", PASSWORD)
    hands.press("Sign in")
    secret = hands.page.locator(".plenary-key").inner_text()
    hands.type("One-time code", totp.format_hotp_value(totp.hotp_value(secret, next(totp.yield_hotp_counters_from_time()))))
    hands.press("Switch on one-time codes")
    hands.follow("Go to your work")


def send_the_file(hands, picture):
    """The template, a file with faults, its findings, the mended file."""
    hands.follow(re.compile("^Cases of 2025"))
    hands.says("What to do next")
    picture(hands.page, "deadline-next", height=760)
    hands.follow("Send the cases")
    assert hands.page.get_by_role("link", name=re.compile("empty file")).is_visible()
    hands.attach(*FAULTY)
    hands.press("Send and check")
    hands.says("Mend 2 findings and send the file again")
    hands.says("'F' is not a permitted value")
    picture(hands.page, "deadline-findings", height=1000)
    hands.follow("Send the mended file")
    hands.attach(*SOUND)
    hands.press("Send and check")
    hands.says("Nothing blocks this file")
    hands.press("Accept 4 cases")
    hands.says("was accepted: 4 cases")


def key_one_case(hands):
    hands.follow("Key one case")
    hands.type("Case identifier", "K-1")
    hands.date("Date of birth (optional)", "2", "3", "1980")
    hands.choose("Sex", "Female")
    hands.type("Area of residence (optional)", "QE1")
    hands.date("Admitted on", "15", "6", "2025")
    hands.choose("Status at discharge", "Alive")
    hands.press("Finish")
    hands.says("Case K-1 was kept.")
    hands.go(hands.page.get_by_role("navigation", name="Breadcrumb").get_by_role("link", name=re.compile("2025")))


def account_for_everybody(hands):
    """Say why the case that the MDT knew is none, and how the patient of last year is."""
    hands.follow("Explain 1 missing case")
    hands.follow(re.compile("^Explain"))
    hands.choose("Why it is not in the series", "Not eligible")
    hands.type(re.compile("More about it"), "Seen once; care stayed with the local hospital")
    hands.press("Keep the reason")
    hands.says("is explained")
    hands.go(hands.page.get_by_role("navigation", name="Breadcrumb").get_by_role("link", name=re.compile("2025")))


def follow_up(hands):
    hands.follow(re.compile("follow-up|Follow-up"))
    hands.follow(re.compile("OLD-1"))


def answer_the_query(hands):
    hands.follow(re.compile("1 not answered"))
    hands.follow(re.compile("^Query"))
    hands.type("Your message", "Measured on arrival; the referring hospital had none.")
    hands.press("Answer")


def sign_off(hands):
    hands.says("Ask the centre's lead to sign off: Lee Lead")


def test_from_the_invitation_to_the_signed_series(hands, picture, nina, member, sign_in, centre, base_url):
    lead = member(CentreLead, PLACE, name="Lee Lead")
    began = time.perf_counter()
    first_sign_in(hands, base_url)
    picture(hands.page, "deadline-my-work", height=760)
    send_the_file(hands, picture)
    key_one_case(hands)
    ask_query(
        centre=centre, period_start=START, period_end=END, case_id="H-1", field="pf_ratio", due_on=today() + timedelta(days=7),
        text="Is this the value at the decision?", by=network_lead(centre),
    )  # fmt: skip
    account_for_everybody(hands)
    print(hands.page.locator("main").inner_text())
    answer_the_query(hands)
    print(hands.page.locator("main").inner_text())
    print(hands.page.url, "\n".join(f"{s * 1000:.0f} ms {t}" for t, s in hands.pages), hands.keys, time.perf_counter() - began)
    assert CaseVersion.objects.filter(current=True, case__index_on__year=2025).count() == 5
    assert DataQuery.objects.get().state == "answered"
    assert CaseSeries.objects.get().state == "signed_off"
