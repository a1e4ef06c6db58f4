import itertools
import re
from collections import defaultdict
from html.parser import HTMLParser

import pytest

from plenary.editions.render.content import build
from plenary.editions.render.html import render
from plenary.editions.terms import TABLES
from tests.unit.editions.sample import ECMO, SECRET, sample


def site(**changes):
    return {path: words.decode() for path, words in render(build(sample(**changes)), defaultdict(str)).items()}


class Page(HTMLParser):
    """Collects what a reader meets: figures, headings, links, table cells."""

    def __init__(self, words):
        super().__init__()
        self.figures, self.headings, self.links, self.ids, self.tags, self.labels = [], [], [], [], [], []
        self._open = None
        self.feed(words)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append(tag)
        if "data-figure" in given:
            self._open = (given.get("data-service"), given["data-figure"])
            self.figures.append([*self._open, ""])
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag in {"a", "link"}:
            self.links.append(given["href"])
        if "id" in given:
            self.ids.append(given["id"])
        self.labels += given.get("aria-labelledby", "").split()

    def handle_data(self, data):
        if self._open:
            self.figures[-1][2] += data

    def handle_endtag(self, tag):
        if tag == "span":
            self._open = None


def test_every_figure_on_a_page_is_the_content_documents_figure():
    content, pages = build(sample()), site()
    for service in content["services"]:
        shown = Page(pages[f"services/{service['slug']}.html"]).figures
        assert shown
        assert {key for _, key, _ in shown} == set(service["figures"])
        assert all(service["figures"][key]["text"] == words for _, key, words in shown)


def test_the_front_page_shows_the_services_own_figures():
    content = build(sample())
    figures = {service["slug"]: service["figures"] for service in content["services"]} | {None: content["index"]["figures"]}
    shown = Page(site()["index.html"]).figures
    assert len(shown) == 7
    assert all(figures[service][key]["text"] == words for service, key, words in shown)


def test_what_a_network_writes_cannot_become_markup():
    page = site()[f"services/{ECMO}.html"]
    assert "heart &lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script" not in page
    assert '<a href="https://example.org/paper">the paper</a>' in page


def test_names_are_escaped_everywhere():
    services = tuple(type(one)(one.slug, f'{one.name} <b>"&', one.category) for one in sample().services)
    assert all("<b>" not in words for path, words in site(services=services).items() if path.endswith(".html"))


def test_nothing_withheld_is_on_any_page():
    assert all(f"{SECRET:.0f}" not in words.replace(",", "") for words in site().values())


@pytest.mark.parametrize("path", ["index.html", f"services/{ECMO}.html"])
def test_pages_are_well_made(path):
    words = site()[path]
    page = Page(words)
    assert words.startswith('<!DOCTYPE html>\n<html lang="en-GB">')
    assert page.headings[:1] == [1]
    assert page.headings.count(1) == 1 or path == f"services/{ECMO}.html"
    assert len(page.ids) == len(set(page.ids))
    assert set(page.labels) <= set(page.ids)
    assert "script" not in page.tags
    assert " style=" not in words


def test_headings_never_skip_a_level_in_the_main_part():
    levels = Page(site()[f"services/{ECMO}.html"]).headings
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))


def test_links_are_relative_and_lead_to_files_of_the_edition():
    pages = site()
    made = {*pages, "edition.pdf", "edition.json", "disclosure.json", "manifest.json", "data/datapackage.json"}
    made |= {f"data/{name}.csv" for name in (*TABLES, "services", "centres")}
    made |= {f"slides/{one.slug}.pptx" for one in sample().services}
    for path, words in pages.items():
        folder = "services/" if path.startswith("services/") else ""
        for link in Page(words).links if path.endswith(".html") else []:
            if not link.startswith(("#", "https://example.org/")):
                target = link.removeprefix("../") if folder else link
                assert target in made, (path, link)


def test_the_style_sheet_fetches_nothing():
    assert not re.search(r"url\(|@import|https?:", site()["assets/edition.css"])


def test_draft_and_invented_are_said_on_every_page():
    for path, words in site().items():
        assert path.endswith(".css") or ("<strong>Draft</strong>" in words and "<strong>Invented data</strong>" in words)
    approved = site(draft=False, invented=False, reviewers=("A", "B"))
    assert all("<strong>Draft</strong>" not in words and "Invented data" not in words for words in approved.values())


def test_a_chart_stands_where_it_was_drawn():
    content = build(sample())
    key = f"{ECMO}/{next(b['id'] for s in content['services'][0]['sections'] for b in s['blocks'] if b['kind'] == 'chart')}"
    drawings = defaultdict(str, {key: '<svg role="img"><title>t</title></svg>'})
    page = render(content, drawings)[f"services/{ECMO}.html"].decode()
    assert page.count("<svg") == page.count("<figure>") == 1


def test_a_correction_and_the_previous_editions_are_told():
    page = site(number=2, correction_note="Centre RJ1 sent its cases again.")["index.html"]
    assert "Version 2 is a correction." in page
    assert "Edition 2024, version 2: A centre&#39;s figures were wrong." in page
    assert "This is the first edition." in site(previous=())["index.html"]


def test_the_attribution_is_printed_on_every_page():
    assert all("Open Government Licence" in words for path, words in site().items() if path.endswith(".html"))
