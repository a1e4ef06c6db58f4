import io
import re
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pptx import Presentation
from pptx.util import Inches

from plenary.editions.render import slides
from plenary.editions.render.content import build
from tests.unit.editions.published import files
from tests.unit.editions.sample import ECMO, SECRET, sample


@pytest.fixture(scope="module")
def deck():
    return Presentation(io.BytesIO(files()[f"slides/{ECMO}.pptx"]))


def shapes(deck):
    return [shape for slide in deck.slides for shape in slide.shapes]


def words(deck):
    lines = [shape.text_frame.text for shape in shapes(deck) if shape.has_text_frame]
    lines += [cell.text for shape in shapes(deck) if shape.has_table for row in shape.table.rows for cell in row.cells]
    return "\n".join(lines)


def test_every_figure_of_the_service_is_on_a_slide(deck):
    service = build(sample())["services"][0]
    shown = words(deck)
    assert {key for key, one in service["figures"].items() if one["text"] not in shown} == set()


def test_charts_are_native_and_hold_the_figures_of_the_document(deck):
    drawn = [shape.chart for shape in shapes(deck) if shape.has_chart]
    assert len(drawn) == 6
    outcome = next(chart for chart in drawn if "Nowhere General [c]" in list(chart.plots[0].categories))
    values = dict(zip(outcome.plots[0].categories, outcome.plots[0].series[0].values, strict=True))
    assert values["Nowhere General [c]"] is None
    assert values["St Invented's Hospital"] == 0.75
    assert values["All centres"] == 887 / 1205


def test_intervals_are_native_error_bars(deck):
    markup = files()[f"slides/{ECMO}.pptx"]
    with zipfile.ZipFile(io.BytesIO(markup)) as packed:
        charts = [packed.read(name).decode() for name in packed.namelist() if re.fullmatch(r"ppt/charts/chart\d+\.xml", name)]
    assert sum("<c:errBars>" in chart for chart in charts) == 2


def test_every_slide_has_a_title_and_every_chart_and_table_an_alternative_text(deck):
    assert all(slide.shapes.title.text for slide in deck.slides)
    described = [s._element.nvGraphicFramePr.cNvPr.get("descr") for s in shapes(deck) if s.has_chart or s.has_table]
    assert len(described) > 8
    assert all(described)


def test_tables_have_a_header_row_and_fit_their_slide(deck):
    tables = [shape for shape in shapes(deck) if shape.has_table]
    assert all(shape.table.first_row for shape in tables)
    assert all(len(shape.table.rows) <= slides.ROWS + 1 for shape in tables)


def test_draft_and_invented_are_said_on_every_slide(deck):
    for slide in deck.slides:
        foot = "\n".join(shape.text_frame.text for shape in slide.shapes if shape.has_text_frame)
        assert "DRAFT" in foot
        assert "Invented data" in foot


def test_a_long_table_goes_over_several_slides_and_loses_no_row():
    rows = [[[f"Centre {number}"], [str(number)]] for number in range(30)]
    columns = [{"label": "Centre", "numeric": False}, {"label": "Patients", "numeric": True}]
    block = {"kind": "table", "id": "t", "caption": "Patients", "columns": columns, "rows": rows, "totals": [29], "notes": ["n"]}
    pieces = list(slides._cut([block]))
    assert [len(piece["rows"]) for piece in pieces] == [11, 11, 8]
    assert [piece["totals"] for piece in pieces] == [[], [], [7]]
    assert [piece["title"] for piece in pieces] == ["Patients", "Patients (continued)", "Patients (continued)"]
    assert [piece["notes"] for piece in pieces] == [[], [], ["n"]]


def test_long_text_is_shared_among_slides_and_loses_no_word():
    text = " ".join(f"word{number}" for number in range(1000))
    pages = list(slides._pages([text, "", "end"]))
    assert " ".join(" ".join(page) for page in pages) == f"{text} end"
    assert all(sum(map(len, page)) <= slides.WORDS for page in pages)


def test_there_is_no_clock_in_the_file():
    def dates(packed):
        with zipfile.ZipFile(io.BytesIO(packed)) as inside:
            assert {one.date_time for one in inside.infolist()} == {(1980, 1, 1, 0, 0, 0)}
            for name in inside.namelist():
                if name.endswith(".xlsx"):
                    yield from dates(inside.read(name))
                elif name.endswith("core.xml"):
                    yield from re.findall(r"<dcterms:\w+[^>]*>([^<]*)<", inside.read(name).decode())

    assert set(dates(files()[f"slides/{ECMO}.pptx"])) == {"2026-01-01T00:00:00Z"}


def test_nothing_withheld_is_in_a_slide_or_in_the_workbook_behind_a_chart():
    def texts(packed):
        with zipfile.ZipFile(io.BytesIO(packed)) as inside:
            for name in inside.namelist():
                words = inside.read(name)
                yield from texts(words) if name.endswith(".xlsx") else [words.decode("utf-8", "replace")]

    assert all(f"{SECRET:.0f}" not in words.replace(",", "") for words in texts(files()[f"slides/{ECMO}.pptx"]))


def test_funnel_plot_and_survival_curve_are_native_with_the_figures_of_the_document(deck):
    drawn = {series.name: series for shape in shapes(deck) if shape.has_chart for series in shape.chart.plots[0].series}
    assert list(drawn["Centres"].values) == [0.7, 0.75]
    assert list(drawn["Survival"].values) == [1, 1, 0.8123, 0.8123, 0.7654, 0.7654, 0.7001, 0.7001, 0.6002]
    assert {"95% limits, lower", "99.8% limits, upper", "95% interval, lower"} <= set(drawn)


def test_a_deck_carries_no_layouts_that_it_does_not_use(deck):
    assert [layout.name for layout in deck.slide_layouts] == ["Title Only"]


def section(*blocks):
    """Return the words of each slide of one section: its title, then everything else."""
    content = build(sample())
    deck = slides._Deck(content["edition"], content["services"][0])
    deck.section({"title": "Outcomes", "blocks": [{"kind": "subheading", "text": "Survival"}, *blocks]})
    shown = Presentation(io.BytesIO(slides.office.presentation(deck.slides, "t", "2026-01-01"))).slides
    return [(one.shapes.title.text, "\n".join(s.text_frame.text for s in one.shapes if s.has_text_frame)) for one in shown]


TABLE = {
    "kind": "table",
    "id": "t",
    "caption": "Survival by centre",
    "columns": [{"label": name, "numeric": name != "Centre"} for name in ("Centre", "Patients", "Result")],
    "rows": [[["All centres"], ["[c]"], ["[c]"]]],
    "totals": [0],
    "notes": [],
}


def definition(*items):
    return {"kind": "definition", "items": [list(item) for item in items]}


def test_a_short_definition_stands_at_the_foot_of_its_table_and_has_no_slide_of_its_own():
    [(title, text)] = section(definition(("Reading", "Higher is better.")), TABLE)
    assert title == "Survival"
    assert "· Reading: Higher is better." in text


def test_it_stands_at_the_foot_of_every_slide_of_its_outcome_and_of_no_other():
    found = section(definition(("Reading", "Higher is better.")), TABLE, TABLE, {"kind": "subheading", "text": "Other"}, TABLE)
    assert [(title, "Higher is better" in text) for title, text in found] == [
        ("Survival", True),
        ("Survival", True),
        ("Other", False),
    ]


def test_a_definition_of_some_length_keeps_its_own_slide():
    long = definition(
        ("What it means", "Alive a year after the first operation, among " + "x" * slides.ASIDE), ("Reading", "Higher.")
    )
    found = section(long, TABLE)
    assert len(found) == 2
    assert "What it means: Alive" in found[0][1]
    assert "What it means" not in found[1][1]


def test_a_definition_with_nothing_to_show_keeps_its_slide_however_short():
    [(_, text)] = section(definition(("Reading", "Higher is better.")))
    assert "Reading: Higher is better." in text


@pytest.mark.parametrize("rows", [1, 8, slides.ROWS])
@pytest.mark.parametrize("notes", [[], ["Patients are counted where they live."]])
def test_a_table_and_its_notes_have_room_of_their_own(rows, notes):
    block = TABLE | {"rows": [[["Area"], ["1"], ["2"]]] * rows, "notes": notes}
    content = build(sample())
    deck = slides._Deck(content["edition"], content["services"][0])
    deck.section({"title": "Access", "blocks": [block]})
    [slide] = Presentation(io.BytesIO(slides.office.presentation(deck.slides, "t", "2026-01-01"))).slides
    table = next(shape for shape in slide.shapes if shape.has_table)
    heights = [row.height for row in table.table.rows]
    assert len(set(heights)) == 1
    assert heights[0] >= Inches(0.34), "a line of words of this size needs as much"
    assert heights[0] <= slides.office.ROW
    below = [shape for shape in slide.shapes if shape.has_text_frame and shape.top > table.top]
    assert [shape.text_frame.text for shape in below if shape.text_frame.text in notes] == notes
    assert all(shape.top >= table.top + sum(heights) for shape in below)


words_of_any_length = st.lists(st.text(st.sampled_from("abŵ-."), min_size=1, max_size=400), max_size=40).map(" ".join)


@given(st.lists(words_of_any_length, max_size=8))
def test_no_word_is_lost_doubled_or_moved_when_text_is_shared_among_slides(lines):
    pages = list(slides._pages(lines))
    assert " ".join(" ".join(page) for page in pages).split() == " ".join(lines).split()
    assert all(page for page in pages)
    for page in pages:
        longest = max(len(word) for piece in page for word in piece.split())
        assert sum(map(len, page)) <= max(slides.WORDS, longest)


@given(st.integers(0, 60), st.lists(st.integers(0, 59), max_size=4, unique=True))
def test_no_row_and_no_total_is_lost_when_a_table_is_cut(count, totals):
    marked = sorted(place for place in totals if place < count)
    block = {"kind": "table", "caption": "T", "columns": [], "rows": list(range(count)), "totals": marked, "notes": ["n"]}
    pieces = list(slides._cut([block]))
    assert [row for piece in pieces for row in piece["rows"]] == list(range(count))
    assert [piece["rows"][place] for piece in pieces for place in piece["totals"]] == marked
    assert all(0 < len(piece["rows"]) <= slides.ROWS for piece in pieces)
    assert [piece["notes"] for piece in pieces if piece["notes"]] == ([["n"]] if count else [])


pieces_of_some_width = st.lists(
    st.one_of(st.just({"kind": "chart"}), st.integers(1, 4).map(lambda wide: {"kind": "table", "columns": [0] * wide})),
    max_size=9,
)


@given(pieces_of_some_width)
def test_pieces_keep_their_order_and_only_narrow_ones_share_a_slide(pieces):
    numbered = [piece | {"place": place} for place, piece in enumerate(pieces)]
    shared = list(slides._shared(numbered))
    assert [piece["place"] for together in shared for piece in together] == list(range(len(pieces)))
    for together in shared:
        assert len(together) in {1, 2}
        if len(together) == 2:
            assert all(piece["kind"] == "chart" or len(piece["columns"]) <= 2 for piece in together)
