"""The file itself: what a program that opens it finds, independent readers of it, and its bytes."""

import io
import random
import zipfile
from xml.etree import ElementTree as ET

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pptx import Presentation
from pptx.enum.shapes import MSO_SHAPE_TYPE
from pptx.util import Inches
from python_calamine import load_workbook

from plenary.editions.render import graphs, office

BOX = (int(Inches(1)), int(Inches(2)), int(Inches(6)), int(Inches(3)))
ROWS = [["Centre", "Patients"], ["Nowhere General", "12"], ["Imaginary Infirmary", "[c]"], ["All centres", "80"]]


def graph(name="Patients"):
    return graphs.bars(name, ["Nowhere General", "Elsewhere [c]"], [12, None], "#,##0", (0.0, 20))


def slide(title="A finding"):
    made = office.Slide()
    made.title(title)
    return made


def opened(*slides, title="Deck", day="2026-04-01"):
    return Presentation(io.BytesIO(office.presentation(slides, title, day)))


def parts(content):
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def test_slides_stand_in_their_order_each_with_its_title_in_the_place_of_the_layout():
    deck = opened(*(slide(f"Title {number}") for number in range(12)))
    assert [one.shapes.title.text for one in deck.slides] == [f"Title {number}" for number in range(12)]
    assert deck.slides[0].shapes.title.left == Inches(0.6)
    assert deck.slide_width > deck.slide_height * 1.7


def test_a_long_title_is_set_smaller():
    short, long = opened(slide("x" * 75), slide("x" * 76)).slides
    sizes = [one.shapes.title.text_frame.paragraphs[0].runs[0].font.size.pt for one in (short, long)]
    assert sizes == [26, 20]


def test_a_box_of_words_has_its_place_its_paragraphs_and_its_looks():
    made = slide()
    made.words(["One", "Two & <three>"], BOX, size=11, colour=graphs.GREY)
    box = opened(made).slides[0].shapes[1]
    assert box.shape_type == MSO_SHAPE_TYPE.TEXT_BOX
    assert (box.left, box.top, box.width, box.height) == BOX
    assert [one.text for one in box.text_frame.paragraphs] == ["One", "Two & <three>"]
    run = box.text_frame.paragraphs[0].runs[0]
    assert (run.font.size.pt, str(run.font.color.rgb), run.font.name) == (11, graphs.GREY, "Arial")


def test_a_table_has_a_heading_row_bold_totals_and_an_alternative_text():
    made = slide()
    made.table(ROWS, [False, True], [2], BOX, 'Table: "Patients"')
    frame = opened(made).slides[0].shapes[1]
    table = frame.table
    assert [[cell.text for cell in row.cells] for row in table.rows] == ROWS
    assert table.first_row
    bold = [row.cells[0].text_frame.paragraphs[0].runs[0].font.bold for row in table.rows]
    assert bold == [True, False, False, True]
    assert sum(column.width for column in table.columns) == pytest.approx(BOX[2], abs=2)
    assert frame._element.nvGraphicFramePr.cNvPr.get("descr") == 'Table: "Patients"'


def test_numbers_of_a_table_are_set_to_the_right_and_words_to_the_left():
    made = slide()
    made.table(ROWS, [False, True], [], BOX, "Table")
    cells = opened(made).slides[0].shapes[1].table.rows[1].cells
    assert [cell.text_frame.paragraphs[0]._p.pPr.get("algn") for cell in cells] == ["l", "r"]


def test_charts_of_several_slides_are_native_and_each_opens_its_own_workbook():
    slides = []
    for number in range(3):
        made = slide()
        made.chart(graph(f"First {number}"), BOX, "words")
        made.chart(graph(f"Second {number}"), BOX, "words")
        slides.append(made)
    found = [shape.chart for one in opened(*slides).slides for shape in one.shapes if shape.has_chart]
    names = [f"{word} {number}" for number in range(3) for word in ("First", "Second")]
    assert [chart.plots[0].series[0].name for chart in found] == names
    books = [openpyxl.load_workbook(io.BytesIO(chart.part.chart_workbook.xlsx_part.blob)).active for chart in found]
    assert [book["B1"].value for book in books] == names


def test_the_alternative_text_of_a_chart_is_kept():
    made = slide()
    made.chart(graph(), BOX, "Patients. Nowhere General 12.")
    frame = opened(made).slides[0].shapes[1]
    assert frame._element.nvGraphicFramePr.cNvPr.get("descr") == "Patients. Nowhere General 12."
    assert (frame.left, frame.top, frame.width, frame.height) == BOX


def test_every_shape_of_a_slide_has_a_number_of_its_own():
    made = slide()
    for _ in range(3):
        made.words(["x"], BOX)
        made.chart(graph(), BOX, "words")
        made.table(ROWS, [False, True], [], BOX, "Table")
    numbers = [shape.shape_id for shape in opened(made).slides[0].shapes]
    assert len(set(numbers)) == len(numbers) == 10


def test_a_deck_can_be_edited_and_saved_again():
    made = slide()
    made.chart(graph(), BOX, "words")
    deck = opened(made)
    deck.slides[0].shapes.title.text = "Another"
    deck.slides.add_slide(deck.slide_layouts[0]).shapes.title.text = "One more"
    out = io.BytesIO()
    deck.save(out)
    again = Presentation(io.BytesIO(out.getvalue()))
    assert [one.shapes.title.text for one in again.slides] == ["Another", "One more"]
    assert list(again.slides[0].shapes[1].chart.plots[0].categories) == ["Nowhere General", "Elsewhere [c]"]


def test_the_properties_of_the_file_are_the_editions():
    found = opened(slide(), title='A & "B"', day="2026-04-01").core_properties
    assert (found.title, found.author, found.language) == ('A & "B"', "Plenary", "en-GB")
    assert found.created.isoformat()[:10] == found.modified.isoformat()[:10] == "2026-04-01"


def test_every_part_is_well_formed_and_its_type_is_listed_and_every_link_has_an_end():
    made = slide()
    made.chart(graph(), BOX, "words")
    found = parts(office.presentation([made, slide()], "Deck", "2026-04-01"))
    types = ET.fromstring(found["[Content_Types].xml"])
    named = {one.get("PartName") for one in types if one.tag.endswith("Override")}
    endings = {one.get("Extension") for one in types if one.tag.endswith("Default")}
    for name, words in found.items():
        if name.endswith((".xml", ".rels")):
            ET.fromstring(words)
        assert name == "[Content_Types].xml" or f"/{name}" in named or name.rpartition(".")[2] in endings
    for name in (one for one in found if one.endswith(".rels")):
        folder = name.replace("_rels/", "").rpartition("/")[0]
        for link in ET.fromstring(found[name]):
            steps = [*filter(None, folder.split("/"))]
            for step in link.get("Target").split("/"):
                steps = steps[:-1] if step == ".." else [*steps, step]
            assert "/".join(steps) in found


def test_the_same_slides_give_the_same_bytes_without_a_clock():
    def once():
        made = slide()
        made.chart(graph(), BOX, "words")
        return office.presentation([made], "Deck", "2026-04-01")

    content = once()
    assert content == once()
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        assert {one.date_time for one in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert packed.namelist()[0] == "[Content_Types].xml"


def test_a_workbook_is_read_by_independent_programs():
    content = office.workbook([(None, "Patients"), ('A & "B"', 12), ("C", None), (None, None), (3.5, 0.25)], "0.0%")
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert book.sheetnames == ["Sheet1"]
    rows = [[cell.value for cell in row] for row in book.active.iter_rows()]
    assert rows == [[None, "Patients"], ['A & "B"', 12], ["C", None], [None, None], [3.5, 0.25]]
    assert book.active["B5"].number_format == "0.0%"
    assert book.active["A5"].number_format == "General"
    other = load_workbook(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert other == [["", "Patients"], ['A & "B"', 12], ["C", ""], ["", ""], [3.5, 0.25]]


@given(
    st.lists(
        st.tuples(
            st.none() | st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip),
            st.none() | st.integers(-(10**12), 10**12) | st.floats(allow_nan=False, allow_infinity=False),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_a_workbook_gives_back_what_was_put_in(rows):
    sheet = openpyxl.load_workbook(io.BytesIO(office.workbook(rows, "General"))).active
    for number, (words, value) in enumerate(rows, 1):
        kept = graphs.clean(words or "").replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"')
        assert (sheet.cell(number, 1).value or "") == kept.replace("\r\n", "\n").replace("\r", "\n")
        assert sheet.cell(number, 2).value == value


def test_the_parts_of_a_package_are_in_one_order_whatever_the_order_given():
    given_parts = {f"part{number}.xml": f"<p>{number}</p>" for number in range(9)} | {"[Content_Types].xml": "<t/>"}
    names = list(given_parts)
    random.Random(7).shuffle(names)
    shuffled = {name: given_parts[name] for name in names}
    assert office.pack(given_parts) == office.pack(shuffled)
    assert parts(office.pack(shuffled, deflate=False)) == {name: words.encode() for name, words in given_parts.items()}
