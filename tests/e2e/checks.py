"""What must be true of every page. ``axe`` finds part of it; the rest it passes over in silence, so we look ourselves."""

from __future__ import annotations

import re

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

TITLE = re.compile(r"^(Error: )?\S.* – Plenary$")
EDITION = re.compile(r"/editions/[^/]+/")
"""A page of an edition: a document of its own, with a title of its own."""
LEVELS = "() => [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].filter(h => !h.closest('.nhsuk-error-summary')).map(h => [Number(h.tagName[1]), h.innerText.trim()])"
LINKS = """() => [...document.querySelectorAll('main a[href]')].map(a =>
  [(a.getAttribute('aria-label') || a.textContent).replace(/\\s+/g, ' ').trim().toLowerCase(), a.href])"""
CHARTS = """() => [...document.querySelectorAll('svg')].filter(s => !s.closest('[aria-hidden="true"]') && !s.closest('[role="img"]:not(svg)'))
  .map(s => ({role: s.getAttribute('role'), title: s.querySelector('title')?.textContent || '', desc: s.querySelector('desc')?.textContent || ''}))"""
SPILL = """() => { const wide = document.documentElement.scrollWidth; if (wide <= 320) return [];
  return [`page is ${wide} wide`, ...[...document.querySelectorAll('main *, header *, footer *')]
    .filter(e => e.getBoundingClientRect().right > 321).slice(0, 3).map(e => e.outerHTML.slice(0, 120))]; }"""
POSING = "() => [...document.querySelectorAll('a[href][role]')].map(a => `${a.getAttribute('role')}: ${a.textContent.trim()}`)"
INLINE = "() => document.querySelectorAll('[style], style:not([nonce]), [onclick], [onload], [onchange]').length"


def check_page(page: Page, *, without_script: bool = True) -> None:
    """Fail with the whole list of what is wrong with the page as it stands, at 1280 and at 320 pixels.

    ``without_script=False`` for a page that is the answer to a form: it cannot be opened again by its address.
    """
    wrong = [*_axe(page), *_title(page), *_headings(page), *_links(page), *_charts(page), *_inline(page), *_spill(page)]
    wrong += [*_posing(page), *getattr(page, "problems", [])]
    if without_script:
        wrong += _without_script(page)
    assert not wrong, f"{page.url}:\n" + "\n".join(f"- {line}" for line in wrong)


def check_narrow(page: Page) -> None:
    """Fail with what is wrong with a page as it stands in a small window, where no script runs."""
    assert page.viewport_size["width"] == 320
    wrong = [
        *_title(page),
        *_headings(page),
        *_links(page),
        *_posing(page),
        *(f"at 320 pixels: {line}" for line in page.evaluate(SPILL)),
    ]
    assert not wrong, f"{page.url}:\n" + "\n".join(f"- {line}" for line in wrong)


def _axe(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"axe {one['id']}: {one['help']}: {one['nodes'][0]['html'][:160]}" for one in found]


def _title(page: Page) -> list[str]:
    title, summary = page.title(), page.locator(".nhsuk-error-summary")
    wrong = [] if TITLE.match(title) or (title and EDITION.search(page.url)) else [f"the title is {title!r}"]
    if summary.count():
        if not title.startswith("Error: "):
            wrong.append("there are errors and the title does not say so")
        if not summary.evaluate("e => e === document.activeElement || e.contains(document.activeElement)"):
            wrong.append("the error summary has no focus")
    return wrong


def _headings(page: Page) -> list[str]:
    levels = page.evaluate(LEVELS)
    wrong = [] if [level for level, _ in levels].count(1) == 1 else ["there must be one heading of level 1"]
    before = 0
    for level, text in levels:
        if level > before + 1:
            wrong.append(f"the heading {text!r} skips from level {before} to {level}")
        before = level
    return wrong


def _links(page: Page) -> list[str]:
    leads: dict[str, set[str]] = {}
    for text, href in page.evaluate(LINKS):
        leads.setdefault(text, set()).add(href.split("#")[0] if not href.startswith(f"{page.url.split('#')[0]}#") else href)
    return [f"the link text {text!r} leads to {len(hrefs)} places" for text, hrefs in leads.items() if len(hrefs) > 1 or not text]


def _posing(page: Page) -> list[str]:
    """A link that says it is a button would have to answer to the space bar too: ours stay links, whatever they look like."""
    return [f"a link says that it is something else: {one}" for one in page.evaluate(POSING)]


def _charts(page: Page) -> list[str]:
    charts = page.evaluate(CHARTS)
    return [
        f"a chart lacks role, title or description: {one}"
        for one in charts
        if not (one["role"] == "img" and one["title"] and one["desc"])
    ]


def _inline(page: Page) -> list[str]:
    count = page.evaluate(INLINE)
    return [f"{count} elements carry their own style or script"] if count else []


def _spill(page: Page) -> list[str]:
    before = page.viewport_size
    page.set_viewport_size({"width": 320, "height": 800})
    page.wait_for_timeout(300)  # the header folds its menu a moment after the window changes
    spilt = page.evaluate(SPILL)
    page.set_viewport_size(before)
    return [f"at 320 pixels: {line}" for line in spilt]


def _without_script(page: Page) -> list[str]:
    context = page.context.browser.new_context(
        java_script_enabled=False, storage_state=page.context.storage_state(), viewport={"width": 320, "height": 800}
    )
    try:
        plain = context.new_page()
        answer = plain.goto(page.url)
        if answer is None or answer.status != page_status(page):
            return [f"without JavaScript the page answers {answer and answer.status}"]
        lost = [text for _, text in page.evaluate(LEVELS) if text and text not in plain.locator("body").inner_text()]
        wrong = [f"without JavaScript {text!r} is missing" for text in lost]
        return wrong + [f"without JavaScript, at 320 pixels: {line}" for line in plain.evaluate(SPILL)]
    finally:
        context.close()


def page_status(page: Page) -> int:
    """Return the status with which the page was answered."""
    return page.evaluate("() => performance.getEntriesByType('navigation')[0].responseStatus")
