"""Getting in: password, one-time code, recovery codes, and what is said when it fails."""

from allauth.mfa.totp.internal import auth as totp

from plenary.core.permissions import CentreLead
from tests.e2e.checks import check_page
from tests.factories.core import PASSWORD, PersonFactory, PostFactory


def test_signing_in_with_a_code(page, member, sign_in):
    page.goto("/workspace/")
    check_page(page)
    sign_in(member(CentreLead, "adult-ecmo/RJ1"))
    check_page(page)
    assert page.get_by_text("Nothing is asked of you today").is_visible()


def test_a_wrong_password_is_explained_and_takes_focus(page):
    page.goto("/account/login/")
    page.get_by_label("E-mail address").fill("nobody@example.org")
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    assert page.title().startswith("Error: Sign in")
    check_page(page, without_script=False)


def test_a_post_asks_for_a_second_factor_first(page):
    person = PersonFactory()
    PostFactory(person=person, role=CentreLead.key)
    page.goto("/workspace/")
    page.get_by_label("E-mail address").fill(person.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    assert page.get_by_role("heading", name="Set up one-time codes").is_visible()
    check_page(page)
    page.reload()  # the check opened the page once more, and each opening makes a new key
    secret = page.locator(".plenary-key").inner_text()
    page.get_by_label("One-time code").fill("000000")
    page.get_by_role("button", name="Switch on one-time codes").click()
    check_page(page, without_script=False)
    assert page.locator(".plenary-key").inner_text() == secret
    page.get_by_label("One-time code").fill(
        totp.format_hotp_value(totp.hotp_value(secret, next(totp.yield_hotp_counters_from_time())))
    )
    page.get_by_role("button", name="Switch on one-time codes").click()
    assert page.get_by_role("heading", name="Recovery codes").is_visible()
    assert page.locator("#recovery-codes li").count() == 10
    check_page(page)
    page.get_by_role("link", name="Go to your work").click()
    assert page.get_by_role("heading", name="My work").is_visible()


def test_pages_about_ones_own_account(page, member, sign_in):
    sign_in(member(CentreLead, "adult-ecmo/RJ1"))
    for address in ("/account/", "/account/codes/", "/account/password/change/", "/account/codes/recovery/", "/account/logout/"):
        page.goto(address)
        check_page(page)
