"""The checks themselves: each finds the fault that it is there for."""

import pytest

from tests.e2e.checks import check_page

GOOD = """<html lang="en"><head><title>Cases – Plenary</title></head><body><main><h1>Cases</h1><h2>Open</h2><p>One.</p></main></body></html>"""
FAULTS = {
    "the title is": ("Cases – Plenary", "Cases"),
    "one heading of level 1": ("<h2>Open</h2>", "<h1>Open</h1>"),
    "skips from level 1 to 3": ("<h2>Open</h2>", "<h3>Open</h3>"),
    "leads to 2 places": ("<p>One.</p>", '<p><a href="/a">More</a> <a href="/b">More</a></p>'),
    "a link says that it is something else": ("<p>One.</p>", '<p><a href="/a" role="button">Send</a></p>'),
    "a chart lacks": ("<p>One.</p>", '<svg width="10" height="10"><rect width="5" height="5"></rect></svg>'),
    "their own style or script": ("<p>One.</p>", '<p style="color: black">One.</p>'),
    "at 320 pixels: page is": ("<p>One.</p>", "<pre>" + "wide " * 60 + "</pre>"),
    "axe image-alt": ("<p>One.</p>", '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" width="9" height="9">'),
    "the title does not say so": ("<p>One.</p>", '<div class="nhsuk-error-summary" tabindex="-1"><h2>Wrong</h2></div>'),
    "the error summary has no focus": ("<p>One.</p>", '<div class="nhsuk-error-summary" tabindex="-1"><h2>Wrong</h2></div>'),
}


def test_a_good_page_passes(page):
    page.set_content(GOOD)
    check_page(page, without_script=False)


@pytest.mark.parametrize(("said", "change"), FAULTS.items(), ids=FAULTS)
def test_a_fault_is_found(page, said, change):
    before, after = change
    assert before in GOOD
    page.set_content(GOOD.replace(before, after))
    with pytest.raises(AssertionError, match=said):
        check_page(page, without_script=False)


def test_what_the_browser_complains_about_is_found(page):
    page.set_content(GOOD)
    page.evaluate("console.error('blocked')")
    with pytest.raises(AssertionError, match="console: blocked"):
        check_page(page, without_script=False)


def test_a_page_that_needs_script_is_found(page, live_server):
    page.goto("/about/")
    page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<h2>Made by script</h2>')")
    with pytest.raises(AssertionError, match="without JavaScript 'Made by script' is missing"):
        check_page(page)
