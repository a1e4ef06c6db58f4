"""A data manager keys cases: by keyboard and mouse, with a script and without, through sign-out and back."""

import re
from datetime import date
from pathlib import Path

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.core import mail

from plenary.collection.actions import key_case
from plenary.collection.models import CaseDraft, CaseSeries, CaseVersion
from plenary.core import actions
from plenary.core.permissions import CentreDataManager, CentreLead
from plenary.core.terms import SYSTEM
from tests.e2e.checks import check_page
from tests.factories.collection import DataSetVersionFactory, make_centre, manager, shipped
from tests.factories.core import PASSWORD, PostFactory
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


# -- the whole way of somebody new

DATA_SET = Path(__file__).parents[2] / "definitions" / "datasets" / "ecmo-adult" / "2026-1.csv"
KEYED = (
    ("text", "Case number given by the centre", "N-1"),
    ("date", "Date of referral", ("3", "11", "2025")),
    ("date", "Date of birth", ("28", "2", "1971")),
    ("choice", "Sex", "Male"),
    ("text", "Integrated care board of residence", "QRV"),
    ("choice", "Decision on the referral", "Accepted for ECMO"),
    ("date", "First day of ECMO", ("3", "11", "2025")),
    ("choice", "First mode", "Veno-venous"),
    ("choice", "Severe asthma is the reason for ECMO", "No"),
    ("text", "PaO2/FiO2 at the decision, kPa", "9.4"),
    ("text", "Oxygen saturation at the decision, per cent", "82"),
    ("text", "Minutes from the decision to the arrival", "145"),
    ("date", "Date of leaving the ECMO unit", ("21", "11", "2025")),
    ("choice", "Status on leaving the ECMO unit", "Alive"),
    ("date", "Date last seen, or of death", ("2", "2", "2026")),
    ("choice", "Status when last seen", "Alive"),
)
"""A whole case of the agreed data set of adult ECMO, every question of it that is asked."""


def key_whole_case(page, think=lambda: None, delay=0):
    """Key the case as a person does: find the question, type, go on. ``think`` and ``delay`` slow it to a person's pace."""
    for kind, name, value in KEYED:
        think()
        if kind == "text":
            page.get_by_label(name).press_sequentially(value, delay=delay)
        elif kind == "choice":
            page.get_by_role("group", name=name).get_by_label(value, exact=True).check()
        else:
            for part, text in zip(("Day", "Month", "Year"), value, strict=True):
                page.get_by_role("group", name=name).get_by_label(part, exact=True).press_sequentially(text, delay=delay)
    think()
    page.get_by_role("button", name="Finish", exact=True).click()
    page.get_by_text("Case N-1 was kept.").wait_for()


def first_sign_in(page, email):
    """Choose a password by the link that is sent, sign in, and set up one-time codes."""
    page.goto("/account/login/")
    page.get_by_role("link", name="I have forgotten my password").click()
    page.get_by_label("E-mail address").fill(email)
    page.get_by_role("button", name="Send the link").click()
    page.get_by_role("heading").first.wait_for()
    page.goto(re.search(r"https?://\S+", mail.outbox[-1].body).group())
    for field in page.locator("main input[type=password]").all():
        field.fill(PASSWORD)
    page.get_by_role("button", name="Save the password").click()
    page.goto("/workspace/")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    secret = page.locator(".plenary-key").inner_text()
    code = totp.format_hotp_value(totp.hotp_value(secret, next(totp.yield_hotp_counters_from_time())))
    page.get_by_label("One-time code").fill(code)
    page.get_by_role("button", name="Switch on one-time codes").click()
    page.get_by_role("link", name="Go to your work").click()


@pytest.fixture
def ecmo():
    service = ServiceFactory(slug="ecmo-adult", name="Adult respiratory ECMO")
    DataSetVersionFactory(service=service, content=DATA_SET.read_bytes())
    for name in ("follow-up", "objection"):
        shipped(name)
    return make_centre("ecmo-adult", "RJ1")


def newcomer():
    made = actions.create_person(email="nina@example.org", name="Nina Newcomer", by=SYSTEM)
    PostFactory(person=made, role=CentreDataManager.key, scope="ecmo-adult/RJ1", scope_kind="centre")
    return made


def to_the_period(page, role):
    page.get_by_role("navigation", name="Menu").get_by_role("link", name="Collection", exact=True).click()
    page.get_by_label("Period").select_option("2025")
    page.get_by_role("button", name="Filter").click()
    page.locator("main").get_by_role("link", name=re.compile(r"\(RJ1\)")).click()
    check_page(page)
    assert page.get_by_role("heading", name="What to do next").is_visible(), role


def test_from_the_invitation_to_the_signed_series(page, member, sign_in, ecmo):
    lead = member(CentreLead, "ecmo-adult/RJ1", name="Lee Lead")  # first: the newcomer's number comes from the database
    newcomer()
    first_sign_in(page, "nina@example.org")
    check_page(page)
    to_the_period(page, "data manager")
    page.get_by_role("link", name="Key one case").click()
    check_page(page)
    key_whole_case(page)
    check_page(page)
    page.get_by_role("navigation", name="Breadcrumb").get_by_role("link", name=re.compile("2025")).click()
    assert page.get_by_text("Ask the centre's lead to sign off").is_visible()
    page.get_by_role("link", name="Sign out").click()
    page.get_by_role("button", name="Sign out").click()
    sign_in(lead)
    to_the_period(page, "lead")
    page.locator("main").get_by_role("link", name="Sign off").first.click()
    page.get_by_label(re.compile("^I declare")).check()
    page.get_by_role("button", name="Sign off").click()
    page.get_by_text("is signed off with 1 case").wait_for()
    assert CaseSeries.objects.get().state == "signed_off"


def test_follow_up_and_an_objection_are_walked(page, member, sign_in, ecmo):
    accepted_by_screen(ecmo)
    sign_in(member(CentreLead, "ecmo-adult/RJ1", name="Lee Lead"))
    page.goto("/workspace/collection/")
    page.locator("main").get_by_role("link", name="Follow-up", exact=True).click()
    check_page(page)
    page.locator("main").get_by_role("link", name=re.compile(r"\(RJ1\)")).click()
    check_page(page)
    page.get_by_role("link", name="Update many at once").click()
    check_page(page)
    page.get_by_label("Status of N-1").select_option("alive")
    page.get_by_role("button", name="Keep all").click()
    page.get_by_text("N-1: Give the date on which the patient was seen").first.wait_for()
    check_page(page, without_script=False)
    dated(page, "Date seen of N-1", "1", "3", "2026")
    page.get_by_role("button", name="Keep all").click()
    page.get_by_text("1 follow-up was kept.").wait_for()
    page.get_by_role("link", name="N-1").click()
    check_page(page)
    page.get_by_role("link", name=re.compile("^Correct")).click()
    check_page(page)
    page.get_by_role("link", name="Take it back with nothing in its place").click()
    check_page(page)
    page.get_by_role("button", name="Take it back").click()
    page.get_by_text("was taken back").wait_for()
    page.goto("/workspace/follow-up/ecmo-adult/RJ1/file/")
    check_page(page)
    content = b"case_id,seen_on,status,source\nN-1,31/02/2026,alive,gp\n"
    page.get_by_label("File of follow-ups").set_input_files({"name": "f.csv", "mimeType": "text/csv", "buffer": content})
    page.get_by_role("button", name="Send").click()
    page.get_by_role("heading", name="What must be mended").wait_for()
    check_page(page, without_script=False)
    here = "/workspace/collection/ecmo-adult/RJ1/2025/"
    page.goto(f"{here}consent/record/")
    check_page(page)
    page.get_by_label("Case identifier").fill("N-1")
    page.get_by_label("Objection to use beyond own care").check()
    page.get_by_label("Given", exact=True).check()
    dated(page, "Said on", "1", "3", "2026")
    page.get_by_role("button", name="Record").click()
    page.get_by_text("Recorded for case N-1.").wait_for()
    check_page(page)
    for rest in ("", "cases/"):
        page.goto(f"{here}{rest}")
        check_page(page)
    assert page.get_by_text("N-1 (counted by number only)").is_visible()


def accepted_by_screen(centre):
    """A case that was keyed and stands."""
    values = {
        "case_id": "N-1", "referred_on": "03/11/2025", "birth_date": "28/02/1971", "sex": "male", "area": "QRV",
        "decision": "declined", "last_seen_on": "03/11/2025", "vital_status": "alive",
    }  # fmt: skip
    span = {"period_start": date(2025, 1, 1), "period_end": date(2026, 1, 1)}
    assert key_case(centre=centre, **span, values=values, by=manager(centre))[0] is not None
