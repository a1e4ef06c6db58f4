"""A reader without an account."""

from tests.e2e.checks import check_page


def test_the_start_page(page, picture):
    page.goto("/")
    check_page(page)
    picture(page, "start")


def test_reading_about_it(page):
    page.goto("/")
    page.get_by_role("link", name="About and sources").click()
    check_page(page)
    page.get_by_role("link", name="Accessibility statement").click()
    check_page(page)


def test_an_address_that_leads_nowhere(page):
    page.goto("/no-such-page/")
    assert page.get_by_role("heading", name="Page not found").is_visible()
    check_page(page)
