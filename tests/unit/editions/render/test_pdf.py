import io
import re

import pytest
from pypdf import PdfReader

from plenary.editions.render import drawing, pdf
from plenary.editions.render.content import build
from plenary.editions.render.figures import describe
from plenary.editions.terms import CentreEntry, ServiceEntry
from tests.unit.editions.published import files
from tests.unit.editions.sample import ECMO, SECRET, sample


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


def set_with(words):
    """Return the words of a PDF of one service that somebody described in these words."""
    made = pdf.render(build(sample(narrative={ECMO: {"Description": words}}, tables=())), {}, {})
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in PdfReader(io.BytesIO(made)).pages))


def test_a_character_that_no_font_can_show_does_not_cost_the_edition_its_pdf():
    """An archival document may hold none: one picture sign in a patient's words, and no edition could be built."""
    found = set_with("They never left me alone 😊. 名前 \ue000 \x07 Diolch, Ŵyl.")
    assert "They never left me alone □. □□ □" in found
    assert "Diolch, Ŵyl." in found


@pytest.mark.parametrize("place", ["service", "category", "centre", "reviewer", "note", "label", "attribution", "area"])
def test_nor_does_one_in_any_name(place):
    odd = "Ysbyty 名 😊"
    changes = {
        "service": {"services": (ServiceEntry(ECMO, odd),)},
        "category": {"services": (ServiceEntry(ECMO, "Adult ECMO", odd),)},
        "centre": {"centres": (CentreEntry(ECMO, "RJ1", odd),)},
        "reviewer": {"reviewers": (odd, "B"), "draft": False},
        "note": {"number": 2, "correction_note": odd},
        "label": {"label": odd},
        "attribution": {"attribution": (odd,)},
        "area": {"areas": {"E40000003": odd}},
    }[place]
    content = build(
        sample(**{"services": sample().services[:1], "tables": ()} | changes) if place != "area" else sample(**changes)
    )
    drawings = drawing.draw(content)
    alternatives = {key: describe(block, figures) for key, block, figures in drawing.charts(content)}
    assert pdf.render(content, drawings, alternatives).startswith(b"%PDF")


def test_markup_of_the_typesetter_in_a_text_is_text():
    words = '#panic[x] = Heading $x$ *bold* `raw` @ref <label> #import "secret.typ" \\'
    found = set_with("    " + words)
    assert "".join(words.split()) in "".join(found.split())


def test_very_long_names_and_words_are_set():
    name = "A centre with a name that goes on " * 12
    content = build(sample(centres=(CentreEntry(ECMO, "RJ1", name + "x" * 300),), tables=()))
    made = PdfReader(io.BytesIO(pdf.render(content, {}, {})))
    found = "".join("".join(page.extract_text() for page in made.pages).split())
    assert "goesonx" in found or "xxx" in found


def test_the_same_document_gives_the_same_bytes_also_where_it_was_set_twice():
    content = build(sample(narrative={ECMO: {"Description": "😊"}}, tables=()))
    assert pdf.render(content, {}, {}) == pdf.render(content, {}, {})
