"""One edition, opened in every view: page, PDF, slides, open data and the document say the same numbers."""

import csv
import io
import json
import re
from html.parser import HTMLParser

import pytest
from pptx import Presentation
from pypdf import PdfReader

from plenary.editions.terms import TABLES
from plenary_stats.tables import RESULT_DIMENSIONS
from tests.unit.editions.published import files
from tests.unit.editions.sample import SECRET


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
