"""Somebody new brings a centre's year from the invitation to the signed series, by keyboard alone, with a script and without.

Every page is looked at with all checks; pages and keys are counted, and how long each page took; printed with ``-s``.
"""

import re
import sys
import time
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
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
from tests.e2e.conftest import one_time_code
from tests.factories.collection import END, START, accepted, case, case_file, make_centre, manager, network_lead, shipped
from tests.factories.core import PASSWORD, TOTP_SECRET, PostFactory
from tests.factories.registry import DesignationFactory

NARROW = pytest.mark.browser_context_args(java_script_enabled=False, viewport={"width": 320, "height": 800})
PLACE = "adult-ecmo/RJ1"
SOUND = [case(f"H-{number}", birth_date=f"02/03/19{4 + number}1", pf_ratio=f"{8 + number}.5") for number in range(1, 5)]
FAULTY = [SOUND[0] | {"sex": "unclear"}, SOUND[1] | {"pf_ratio": "950"}, *SOUND[2:]]
MOST_TABS = 80
MOST_PAGES = 50


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
        buttons = self.page.get_by_role("group", name=group, exact=True)
        wanted = buttons.get_by_label(value, exact=True)
        self.reach(buttons.locator("input:checked, input").first)
        self.key("Space")
        for _ in range(buttons.get_by_role("radio").count()):
            if wanted.is_checked(timeout=3000):
                return
            self.key("ArrowDown")
        raise AssertionError(f"{self.page.url}: the arrows do not come to {value!r} of {group!r}")

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
def lead(member):
    """Who signs off. Made first: the newcomer's number comes from the database."""
    return member(CentreLead, PLACE, name="Lee Lead")


@pytest.fixture
def nina(centre, lead):
    """The newcomer, appointed and invited."""
    person = actions.create_person(email="nina@example.org", name="Nina Newcomer", by=SYSTEM)
    PostFactory(person=person, role=CentreDataManager.key, scope=PLACE, scope_kind="centre")
    actions.invite(person=person, by=SYSTEM)
    return person


def sign_in_with_password(hands, email):
    hands.type("E-mail address", email)
    hands.type("Password", PASSWORD)
    hands.press("Sign in")


def sign_in_with_code(hands, email, secret):
    sign_in_with_password(hands, email)
    hands.type("One-time code", one_time_code(secret))
    hands.press("Sign in")


def first_sign_in(hands, base_url):
    """From the letter to the first page."""
    link = re.search(r"https?://[^/]+(/\S+)", mail.outbox[-1].body).group(1)
    hands.open(f"{base_url}{link}")
    for box in hands.page.locator("main input[type=password]").all():
        hands.reach(box)
        hands.page.keyboard.type(PASSWORD)
    hands.press("Save the password")
    hands.follow("Sign in")
    sign_in_with_password(hands, "nina@example.org")
    secret = hands.page.locator(".plenary-key").inner_text()
    hands.type("One-time code", one_time_code(secret))
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
    hands.says("'unclear' is not a permitted value")
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
    hands.choose("Why it is not in the series", "Does not meet the definition of a case")
    hands.type(re.compile("More about it"), "Seen once; care stayed with the local hospital")
    hands.press("Keep the reason")
    hands.says("is explained")
    hands.go(hands.page.get_by_role("navigation", name="Breadcrumb").get_by_role("link", name=re.compile("2025")))


def follow_up(hands):
    """Last year's patient: seen, alive; then back to the year that is collected."""
    hands.follow("Follow-up of earlier cases")
    hands.follow("OLD-1")
    hands.date("Date seen, or on which the status was known", "3", "3", "2026")
    hands.choose("Status", "Alive")
    hands.choose("Known from", "Seen in the centre")
    hands.press("Keep the follow-up")
    hands.says("The follow-up of case OLD-1 was kept.")
    to_the_year(hands)


def answer_the_query(hands):
    hands.follow(re.compile("1 not answered"))
    hands.follow("Is this the value at the decision?")
    hands.type("Your message", "Measured on arrival; the referring hospital had none.")
    hands.press("Answer")
    to_the_year(hands)


def to_the_year(hands):
    """Back to the centre's year by the menu, as from anywhere."""
    hands.go(hands.page.get_by_role("navigation", name="Menu").get_by_role("link", name="My work", exact=True))
    hands.follow(re.compile("^Cases of 2025"))


def sign_off(hands, lead, base_url, picture):
    """The data manager is told whom to ask; the lead, signed in, declares."""
    hands.says(f"Ask the centre's lead to sign off: Lee Lead ({lead.email})")
    picture(hands.page, "deadline-ask", height=900)
    hands.go(hands.page.get_by_role("link", name="Sign out"))
    hands.press("Sign out")
    hands.open(f"{base_url}/account/login/")
    sign_in_with_code(hands, lead.email, TOTP_SECRET)
    hands.follow(re.compile("^Cases of 2025"))
    hands.go(hands.page.locator("main a.nhsuk-button").filter(has_text="Sign off"))
    hands.tick(re.compile("^I declare"))
    hands.press("Sign off")
    hands.says("is signed off with 5 cases")


def test_from_the_invitation_to_the_signed_series(hands, picture, nina, lead, centre, base_url):
    first_sign_in(hands, base_url)
    picture(hands.page, "deadline-my-work", height=760)
    send_the_file(hands, picture)
    key_one_case(hands)
    ask_query(
        centre=centre, period_start=START, period_end=END, case_id="H-1", field="pf_ratio", due_on=today() + timedelta(days=7),
        text="Is this the value at the decision?", by=network_lead(centre),
    )  # fmt: skip
    account_for_everybody(hands)
    follow_up(hands)
    answer_the_query(hands)
    sign_off(hands, lead, base_url, picture)
    told(hands)
    assert CaseVersion.objects.filter(current=True, case__index_on__year=2025).count() == 5
    assert DataQuery.objects.get().state == "answered"
    assert CaseSeries.objects.get().state == "signed_off"
    assert len(hands.pages) <= MOST_PAGES


def told(hands):
    """Say what it took, for whoever asks with ``-s``: pages, keys, and how long each page took."""
    slow = sorted(hands.pages, key=lambda one: -one[1])
    lines = [f"{1000 * seconds:5.0f} ms  {title}" for title, seconds in slow]
    sys.stdout.write("\n".join([f"{len(hands.pages)} pages, {hands.keys} keys", *lines, ""]))
