"""The printable guide: every field in words, in a page that assistive technology can read."""

import re
from html.parser import HTMLParser

import pytest

from plenary_stats.dictionary import guide
from plenary_stats.dictionary.document import plain, read
from tests.unit.plenary_stats.dictionary.exported import ABOUT, DATA, PATHS, asked_if

VOID = {"meta", "br"}


class Page(HTMLParser):
    """A page as its elements: each opened is closed, in order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.ids, self.links, self.headings = [], [], [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.elements.append((tag, found))
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found["href"]] if tag == "a" else []
        self.headings += [int(tag[1])] if re.fullmatch("h[1-6]", tag) else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def text(data=DATA):
    return guide.write(data, ABOUT).content.decode()


@pytest.mark.parametrize("path", PATHS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_guide_is_a_sound_page_that_names_every_field(path):
    data = read(path.read_bytes())
    content = text(data)
    page = Page(content)
    names = [tag for tag, _ in page.elements]
    assert (names.count("h1"), names.count("main"), names.count("title")) == (1, 1, 1)
    assert dict(page.elements)["html"]["lang"] == "en-GB"
    assert all(after - before <= 1 for before, after in zip(page.headings, page.headings[1:], strict=False))
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links} <= set(page.ids)
    assert names.count("caption") == names.count("table")
    assert all(found.get("scope") in {"col", "row"} for tag, found in page.elements if tag == "th")
    for one in data.entries:
        if one.type != "descriptive":
            assert f'<code class="plenary-field">{one.name}</code>' in content
    assert "<script" not in content
    assert "src=" not in content


def row(name, data=DATA):
    found = re.search(
        rf'<tr><th scope="row">[^<]* <code class="plenary-field">{name}</code></th>(.*?)</tr>', text(data), re.DOTALL
    )
    return [plain(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", found[1], re.DOTALL)]


@pytest.mark.parametrize(
    ("name", "entered", "required"),
    [
        ("case_id", "A text", "Yes"),
        ("age", "A whole number, at least 0 and at most 130 In whole years", "No"),
        ("weight", "A number, at least 0.5", "No"),
        ("born", "A date, at most 2026-01-01 Tells who the patient is: checked, not kept.", "No"),
        ("status", "One of these: 1 Alive 2 Dead", "No"),
        ("organ", "Any of these: 1 Kidney K Liver", "Yes"),
        ("smoker", "One of these: 1 Yes 0 No", "No"),
        ("bmi", "Worked out: round(“Weight” ÷ 2, 1)", "No"),
        ("story", "A text of any length", "No"),
        ("scan", "A file, which is not collected", "No"),
        ("comfort", "A number on the slider", "No"),
    ],
)
def test_what_may_be_entered(name, entered, required):
    assert row(name) == [entered, required, "Always"]


def test_a_shared_element_is_explained():
    assert row("disease")[0].startswith("ORPHAcode of the rare disease: the number of the disorder")
    assert "checked, not kept" in row("more", asked_if("", annotation="@PLENARY-ELEMENT='postcode'"))[0]


def test_when_a_field_is_asked_in_words():
    assert row("more", asked_if("[status] = '2' and [organ(k)] = '1'"))[2] == "“Status” is “Dead” and “Organs” includes “Liver”"


def test_markup_in_a_data_set_is_taken_as_text():
    content = text(asked_if("", label="<script>alert(1)</script>5 < 6 & 7", choices="", note='"<b>"'))
    assert "<script" not in content
    assert "5 &lt; 6 &amp; 7" in content


def test_what_the_page_is():
    content = plain(text())
    assert "Data set guide: Lymphangioleiomyomatosis, version 2026-1" in content
    assert "Proposed: no network has agreed it yet. Printed on 2026-11-30." in content
    assert "13 fields in 2 forms; 2 must be filled in." in content
    assert "Please fill in." in content
