"""A real browser, a real server, real sign-in with a one-time code."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest
from allauth.mfa.totp.internal import auth as totp
from playwright.sync_api import Page

from plenary.core import actions
from plenary.core.terms import SYSTEM
from tests.factories.core import PASSWORD, TOTP_SECRET, PersonFactory, PostFactory

BROWSER = (
    os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LARGEST_PICTURE = 190_000


def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    absent = pytest.mark.skip(reason="no Chromium here: install one or set CHROMIUM to its path")
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.django_db(transaction=True))
            if not BROWSER:
                item.add_marker(absent)


@pytest.fixture(scope="session", autouse=True)
def allow_database_beside_the_browser():
    """The browser's driver runs an event loop in this thread; Django would refuse the database for that alone."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    yield
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return {**browser_type_launch_args, "executable_path": BROWSER, "args": FLAGS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    return {**browser_context_args, "viewport": {"width": 1280, "height": 900}, "locale": "en-GB", "timezone_id": "Europe/London"}


@pytest.fixture(scope="session")
def base_url(live_server) -> str:
    """Let a journey go to "/services/"."""
    return live_server.url


@pytest.fixture
def page(page: Page) -> Page:
    """Collect what the browser complains about: blocked by the content security policy, missing, broken."""
    page.problems = []
    page.on(
        "console",
        lambda said: (
            page.problems.append(f"console: {said.text}") if said.type == "error" and "status of 4" not in said.text else None
        ),
    )
    page.on("pageerror", lambda error: page.problems.append(f"script: {error}"))
    return page


@pytest.fixture
def member():
    """Make a person with a password, a second factor and one post."""

    def make(role, scope: str = "", scope_kind: str = "", name: str = "Sam Example"):
        person = PersonFactory(name=name)
        PostFactory(person=person, role=role.key, scope=scope, scope_kind=scope_kind or role.scope_kinds[0])
        actions.enrol_totp(person=person, secret=TOTP_SECRET, by=SYSTEM)
        return person

    return make


@pytest.fixture
def sign_in(page: Page):
    """Sign somebody in through the pages, one-time code and all."""

    def go(person) -> None:
        page.goto("/account/login/")
        page.get_by_label("E-mail address").fill(person.email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(re.compile("/workspace/|/account/codes/"))
        if page.get_by_label("One-time code").count():
            page.get_by_label("One-time code").fill(one_time_code())
            page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/workspace/**")

    return go


def one_time_code(secret: str = TOTP_SECRET) -> str:
    """Return what an authenticator app would show now."""
    return totp.format_hotp_value(totp.hotp_value(secret, next(totp.yield_hotp_counters_from_time())))


@pytest.fixture
def picture(request):
    """Save what the page looks like, for the handbook, when the option names a folder."""
    folder = request.config.getoption("--pictures")

    def save(page: Page, name: str, *, height: int = 900) -> None:
        if not folder:
            return
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.set_viewport_size({"width": 1280, "height": height})
        for quality in (82, 70, 55, 40):
            content = page.screenshot(type="jpeg", quality=quality)
            if len(content) < LARGEST_PICTURE:
                break
        assert len(content) < LARGEST_PICTURE, f"the picture {name} is {len(content)} bytes"
        Path(folder, f"{name}.jpg").write_bytes(content)

    return save
