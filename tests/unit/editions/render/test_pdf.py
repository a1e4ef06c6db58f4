import io
import re

import pytest
from pypdf import PdfReader

from plenary.editions.render import drawing, pdf
from plenary.editions.render.content import build
from tests.unit.editions.published import files
from tests.unit.editions.sample import SECRET, sample


@pytest.fixture(scope="module")
def reader():
    return PdfReader(io.BytesIO(files()["edition.pdf"]))


@pytest.fixture(scope="module")
def words(reader):
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in reader.pages))


def test_it_is_tagged_archival_and_dated_by_the_edition(reader):
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en-GB"
    marks = root["/Metadata"].get_data().decode()
    assert re.search(r"pdfuaid:part[^0-9]+1", marks)
    assert re.search(r"pdfaid:part[^0-9]+2", marks)
    assert reader.metadata["/CreationDate"].startswith("D:20260101")


def test_every_figure_of_the_document_is_printed(words):
    content = build(sample())
    for service in content["services"]:
        assert {one["text"] for one in service["figures"].values() if one["text"] not in words} == set()


def test_it_has_contents_a_section_for_each_service_and_the_standing_of_the_edition(words):
    assert "Contents" in words
    assert all(one.name in words for one in sample().services)
    assert "This is a draft" in words
    assert "The data in this edition are invented" in words
    assert "heart <script>alert(1)</script>" in words


def test_nothing_withheld_is_printed(words):
    assert f"{SECRET:.0f}" not in words.replace(",", "")


def structure(node, found):
    node = node.get_object()
    if hasattr(node, "get"):
        if "/S" in node:
            found.append((node["/S"], node.get("/Alt")))
        children = node.get("/K", [])
        for child in children if isinstance(children, list) else [children]:
            if hasattr(child, "get_object") and hasattr(child.get_object(), "get"):
                structure(child, found)
    return found


def test_tables_have_headers_and_charts_an_alternative_text(reader):
    tags = structure(reader.trailer["/Root"]["/StructTreeRoot"], [])
    kinds = [kind for kind, _ in tags]
    assert kinds.count("/Table") > 5
    assert kinds.count("/THead") == kinds.count("/Table")
    assert {"/H1", "/H2", "/TH", "/L"} <= set(kinds)
    pictures = [alt for kind, alt in tags if kind == "/Figure"]
    assert len(pictures) >= len(drawing.draw(build(sample())))
    assert all(pictures)


def test_its_fonts_are_its_own(reader):
    names = {font.get_object()["/BaseFont"] for page in reader.pages for font in page["/Resources"].get("/Font", {}).values()}
    assert names
    assert all("LiberationSans" in name for name in names)


def test_a_document_that_cannot_be_set_says_why():
    content = build(sample())
    del content["edition"]["title"]
    with pytest.raises(pdf.PdfError, match="title"):
        pdf.render(content, {}, {})
