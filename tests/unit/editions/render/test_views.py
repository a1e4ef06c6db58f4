"""One edition, opened in every view: page, PDF, slides, open data and the document say the same numbers."""

import csv
import io
import json
import re
import zipfile
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from pptx import Presentation
from pypdf import PdfReader

from plenary.editions.render import data, html, pdf, slides, write
from plenary.editions.render.content import build
from plenary.editions.render.drawing import charts, draw
from plenary.editions.render.figures import describe
from plenary.editions.terms import NARRATIVE, TABLES, PreviousEdition
from plenary_stats.tables import RESULT_DIMENSIONS
from tests.unit.editions.published import files
from tests.unit.editions.sample import ECMO, SECRET, outcome_rows, sample
from tests.unit.editions.tables import protected


@pytest.fixture(scope="module")
def document():
    return json.loads(files()["edition.json"])


@pytest.fixture(scope="module")
def figures(document):
    """Every figure of the edition that stands in the open data: (service, name) and what is shown."""
    return {(one["slug"], key): shown for one in document["services"] for key, shown in one["figures"].items() if "|" in key}


@pytest.fixture(scope="module")
def cells():
    found = {}
    for name in TABLES:
        for row in csv.DictReader(io.StringIO(files()[f"data/{name}.csv"].decode(), newline="")):
            key = "|".join([name, *(row[dimension] for dimension in RESULT_DIMENSIONS[1:])])
            found |= {(row["service"], f"{key}|{column}"): (row[column], row["status"]) for column in row}
    return found


class Shown(HTMLParser):
    def __init__(self, words):
        super().__init__()
        self.found, self._key = [], None
        self.feed(words)

    def handle_starttag(self, tag, attrs):
        self._key = dict(attrs).get("data-figure", self._key if tag != "span" else None)

    def handle_data(self, data):
        if self._key:
            self.found.append((self._key, data))

    def handle_endtag(self, tag):
        self._key = None


def printed(value, text):
    """Is ``text`` this number as people write it: a count, a share, a rate, an amount, rounded at its last place?"""
    number = re.fullmatch(r"£?(-?[\d,]+(?:\.\d+)?)(%?)", text)
    plain = number[1].replace(",", "")
    places = len(plain.partition(".")[2])
    return abs(float(plain) - value * (100 if number[2] else 1)) <= 0.5 * 10**-places + 1e-9


def test_there_is_something_to_compare(figures):
    assert len(figures) > 60
    assert {key.split("|")[0] for _, key in figures} == set(TABLES)
    assert {shown["status"] for shown in figures.values()} >= {"", "c"}


def test_every_figure_of_the_document_is_a_cell_of_the_data_with_its_value_and_mark(figures, cells):
    for place, shown in figures.items():
        value, status = cells[place]
        if shown["value"] is None:
            assert value == "", place
            assert shown["text"] == f"[{shown['status']}]", place
        else:
            assert float(value) == shown["value"], place
            assert printed(shown["value"], shown["text"]) or shown["text"] == "[low]", place
        if place[1].endswith("|value"):
            assert status == shown["status"], place


def test_every_figure_on_a_page_is_the_documents(document):
    for service in document["services"]:
        shown = Shown(files()[f"services/{service['slug']}.html"].decode()).found
        assert {key for key, _ in shown} == set(service["figures"])
        assert all(service["figures"][key]["text"] == words for key, words in shown)


def test_every_figure_is_in_the_pdf_as_often_as_the_tables_print_it(document):
    text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(files()["edition.pdf"])).pages)
    for service in document["services"]:
        for key, shown in service["figures"].items():
            assert shown["text"] in text, key


def test_every_figure_is_on_the_slides_and_native_charts_hold_its_unrounded_value(document):
    for service in document["services"]:
        deck = Presentation(io.BytesIO(files()[f"slides/{service['slug']}.pptx"]))
        shapes = [shape for slide in deck.slides for shape in slide.shapes]
        words = [shape.text_frame.text for shape in shapes if shape.has_text_frame]
        words += [cell.text for shape in shapes if shape.has_table for row in shape.table.rows for cell in row.cells]
        for key, shown in service["figures"].items():
            assert any(shown["text"] in line for line in words), key
        drawn = {value for shape in shapes if shape.has_chart for s in shape.chart.plots[0].series for value in s.values}
        blocks = [block for section in service["sections"] for block in section["blocks"] if block["kind"] == "chart"]
        for block in blocks:
            for point in block["points"]:
                value = service["figures"][point["value"]["f"]]["value"]
                assert value is None or value in drawn, (block["id"], point["label"])


def test_the_drawn_charts_say_the_documents_figures(document):
    for service in document["services"]:
        page = files()[f"services/{service['slug']}.html"].decode()
        told = " ".join(re.findall(r"<desc[^>]*>(.*?)</desc>", page, re.DOTALL))
        for section in service["sections"]:
            for block in (one for one in section["blocks"] if one["kind"] == "chart"):
                for point in block["points"]:
                    assert service["figures"][point["value"]["f"]]["text"] in told, (block["id"], point["label"])


def test_what_is_withheld_is_in_no_view():
    secret = f"{SECRET:.0f}"
    for path, words in files().items():
        if path.endswith((".html", ".json", ".csv")):
            assert secret not in words.decode().replace(",", ""), path


# -- what people write, in every place where they write it and in every view

HOSTILE = {
    "markup": '<script>alert(1)</script><img src=x onerror="alert(1)">',
    "an attribute's end": '" onmouseover="alert(1)" x="\' autofocus=\'',
    "entities": "&lt;b&gt; &amp;amp; &#x3c; ]]> <!-- --> <![CDATA[ <?xml ?>",
    "a formula": '=HYPERLINK("https://example.org","=1+1")',
    "a template": "{{ 7*7 }} {% raw %} ${7*7} #{7*7} %s {0}",
    "typesetting": '#panic("x") $x$ *bold* `raw` @ref <label> \\u{41}',
    "other scripts": "Ysbyty Ŵyl · Νοσοκομείο · больница · 病院 · 😊 · مستشفى",
    "control characters": "bell\x07 null\x00 escape\x1b[31m delete\x7f",
    "a very long word": "W" * 250,
}


def everywhere(words):
    """Return an edition in which these words stand in every place that people write in, with a chart of every kind."""
    given = sample()
    rows = [row | {"note": words} for row in outcome_rows()]
    tables = {"outcomes": protected("outcomes", rows)}
    return sample(
        services=tuple(replace(one, name=words, category=words, description=words, confidence=words) for one in given.services),
        centres=tuple(replace(one, name=f"{words} {one.ods}", designated_from=words) for one in given.centres),
        outcomes=tuple(
            replace(one, label=words, definition=words, benchmark_source=words, sources=(words,), unit=words)
            for one in given.outcomes
        ),
        areas={code: f"{words} {name}" for code, name in given.areas.items()},
        narrative={ECMO: dict.fromkeys(NARRATIVE, words)},
        reviewers=(words, "B"),
        correction_note=words,
        number=2,
        previous=(PreviousEdition(words, 1, "ab" * 32, "", words),),
        attribution=(words,),
        notes=(words,),
        nation=words,
        label=words,
        tables=tuple(tables.get(one.name, one) for one in given.tables),
    )


@pytest.fixture(scope="module", params=HOSTILE.values(), ids=HOSTILE)
def hostile(request):
    """The words, the document that holds them everywhere, and its drawings."""
    inputs = everywhere(request.param)
    content = build(inputs)
    return request.param, inputs, content, draw(content)


class Elements(HTMLParser):
    """The elements of a page with their attributes, and its text as a reader sees it."""

    def __init__(self, words):
        super().__init__()
        self.found, self.text = [], ""
        self.feed(words)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, frozenset(name for name, _ in attrs)))

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def usual():
    """What elements with which attributes a page has whatever the names are."""
    content = build(everywhere("Plain words"))
    pages = html.render(content, draw(content))
    return {one for path, words in pages.items() if path.endswith(".html") for one in Elements(words.decode()).found}


def test_no_page_gets_an_element_or_an_attribute_from_what_people_write(hostile, usual):
    words, _, content, drawings = hostile
    for path, page in html.render(content, drawings).items():
        if path.endswith(".html"):
            shown = Elements(page.decode())
            assert set(shown.found) <= usual | {("a", frozenset({"href"})), ("em", frozenset()), ("strong", frozenset())}
            assert "".join(words.split()) in "".join(shown.text.split())


def test_no_drawing_gets_an_element_from_what_people_write_and_each_can_be_read(hostile):
    _, _, _, drawings = hostile
    assert len(drawings) >= 6
    for svg in drawings.values():
        root = ET.fromstring(svg)
        tags = {one.tag.split("}")[1] for one in root.iter()}
        assert tags <= {"svg", "title", "desc", "g", "text", "tspan", "line", "path", "rect", "circle", "polygon", "polyline"}
        assert not [name for one in root.iter() for name in one.attrib if name.startswith("on")]


def test_no_slide_loses_or_runs_what_people_write(hostile):
    words, _, content, _ = hostile
    plain = "".join(letter for letter in words if letter.isprintable() or letter == "\x7f")
    for service in content["services"]:
        made = slides.render(content["edition"], service)
        deck = Presentation(io.BytesIO(made))
        assert deck.slides[0].shapes.title.text == plain
        with zipfile.ZipFile(io.BytesIO(made)) as packed:
            for name in packed.namelist():
                if name.endswith((".xml", ".rels")):
                    ET.fromstring(packed.read(name))
                if name.endswith(".xlsx"):
                    with zipfile.ZipFile(io.BytesIO(packed.read(name))) as book:
                        assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")


def test_no_data_file_runs_or_loses_what_people_write(hostile):
    words, inputs, _, _ = hostile
    for path, made in data.render(inputs).items():
        if path.endswith(".csv"):
            lines = list(csv.reader(io.StringIO(made.decode(), newline="")))
            assert {len(line) for line in lines} == {len(lines[0])}
            assert not [cell for line in lines for cell in line if cell.startswith(("=", "@", "\t", "\r"))]
    read = data.rows(data.render(inputs)["data/services.csv"])
    assert {row["name"] for row in read} == {words}
    assert words in {row["note"] for row in data.rows(data.render(inputs)["data/outcomes.csv"])}


def test_the_document_is_the_same_when_it_is_read_back(hostile):
    _, _, content, _ = hostile
    assert json.loads(write.canonical(content)) == content


def test_the_pdf_is_made_of_whatever_people_write(hostile):
    _, _, content, drawings = hostile
    alternatives = {key: describe(block, figures) for key, block, figures in charts(content)}
    made = PdfReader(io.BytesIO(pdf.render(content, drawings, alternatives)))
    assert len(made.pages) >= 4
    assert "/JavaScript" not in made.trailer["/Root"].get("/Names", {})
    assert "/OpenAction" not in made.trailer["/Root"]
