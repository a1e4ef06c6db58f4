"""Native charts as a program reads them, and the workbook behind them beside what is drawn."""

import io
import re
from xml.etree import ElementTree as ET

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pptx import Presentation
from pptx.enum.chart import XL_CHART_TYPE

from plenary.editions.render import graphs, office
from plenary.editions.render.plots import Line

SPACE = {"c": "http://schemas.openxmlformats.org/drawingml/2006/chart"}
BOX = (0, 0, 5_000_000, 3_000_000)
LABELS, VALUES = ["Nowhere General", "Elsewhere [c]", 'A & "B" <C>'], [0.5, None, 0.75]
LINES = [
    Line("Centres", [(300, 0.7), (640, 0.75)], marks=True, main=True, labels=["Imaginary", ""]),
    Line("National", [(0, 0.72), (700, 0.72)], main=True),
    Line("95% limits, lower", [(10, 0.4), (100, 0.6), (700, 0.69)], dash="dash"),
]


LEVELS = [("Average", 0.6), ("Lower limit", 0.4), ("Upper limit", 0.8)]
RUN = graphs.dots("P", LABELS, VALUES, "0.0%", (0.0, 1.0), whiskers={0: (0.1, 0.1)}, joined=True, levels=LEVELS)


def opened(graph):
    """Return a chart as python-pptx reads it, and the sheet behind it as openpyxl does."""
    made = office.Slide()
    made.title("T")
    made.chart(graph, BOX, "words")
    deck = Presentation(io.BytesIO(office.presentation([made], "T", "2026-04-01")))
    chart = deck.slides[0].shapes[1].chart
    return chart, openpyxl.load_workbook(io.BytesIO(chart.part.chart_workbook.xlsx_part.blob)).active


def tree(graph):
    return ET.fromstring(graph.xml)


def referred(graph, sheet):
    """Yield, for every reference of a chart to its sheet, the cells there and the points kept in the chart."""
    for place in tree(graph).iter():
        formula = place.find("c:f", SPACE)
        if formula is None:
            continue
        column, first, last = re.fullmatch(r"Sheet1!\$([A-E])\$(\d+)(?::\$[A-E]\$(\d+))?", formula.text).groups()
        cells = [sheet[f"{column}{row}"].value for row in range(int(first), int(last or first) + 1)]
        kept = [None] * len(cells)
        for point in place.iter(f"{{{SPACE['c']}}}pt"):
            kept[int(point.get("idx"))] = point.find("c:v", SPACE).text
        yield cells, kept


def same(cell, point):
    return cell is None if point is None else (cell == point or float(point) == cell)


def test_bars_are_native_with_their_figures_and_gaps():
    chart, _ = opened(graphs.bars("Patients", LABELS, VALUES, "0.0%", (0.0, 1.0)))
    assert chart.chart_type == XL_CHART_TYPE.BAR_CLUSTERED
    assert list(chart.plots[0].categories) == LABELS
    series = chart.plots[0].series[0]
    assert (series.name, list(series.values)) == ("Patients", [0.5, None, 0.75])
    assert not chart.has_legend
    assert not chart.has_title


def test_bars_run_from_the_top_and_carry_their_figures_in_the_form_of_the_table():
    chart, _ = opened(graphs.bars("Money", LABELS, [1, 2, 3], "£#,##0", (0.0, 4)))
    assert chart.category_axis.reverse_order
    labels = chart.plots[0].data_labels
    assert (labels.number_format, labels.number_format_is_linked, labels.show_value) == ("£#,##0", False, True)
    assert chart.value_axis.tick_labels.number_format == "£#,##0"


@pytest.mark.parametrize("make", [graphs.bars, lambda *given: graphs.dots(*given, whiskers={})])
def test_the_axis_is_the_one_asked_for(make):
    chart, _ = opened(make("P", LABELS, VALUES, "0.0%", (0.0, 0.8)))
    assert (chart.value_axis.minimum_scale, chart.value_axis.maximum_scale) == (0.0, 0.8)
    assert chart.value_axis.has_major_gridlines


def test_dots_are_native_without_a_line_between_centres():
    chart, _ = opened(graphs.dots("P", LABELS, VALUES, "0.0%", (0.0, 1.0), whiskers={}))
    assert chart.chart_type == XL_CHART_TYPE.LINE_MARKERS
    assert "<c:errBars>" not in graphs.dots("P", LABELS, VALUES, "0.0%", (0.0, 1.0), whiskers={}).xml
    series = chart.plots[0].series[0]
    assert list(series.values) == VALUES
    assert series.format.line.fill.type.name == "BACKGROUND"
    assert not series.smooth


def test_joined_dots_have_a_line_with_gaps_and_level_lines_have_a_key_and_cells():
    chart, sheet = opened(RUN)
    own, *lines = chart.plots[0].series
    assert own.format.line.fill.type.name == "SOLID"
    assert list(own.values) == VALUES
    assert {line.name: list(line.values) for line in lines} == {name: [value] * len(LABELS) for name, value in LEVELS}
    assert chart.has_legend
    assert chart._chartSpace.find(".//c:dispBlanksAs", SPACE).get("val") == "gap"
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[0] == [None, "P", *(name for name, _ in LEVELS)]
    assert rows[1] == [LABELS[0], VALUES[0], 0.6, 0.4, 0.8]


def test_whiskers_reach_below_and_above_the_points_that_have_them():
    bars = tree(graphs.dots("P", LABELS, VALUES, "0.0%", (0.0, 1.0), whiskers={0: (0.1, 0.2), 2: (0.3, 0.4)})).find(
        ".//c:errBars", SPACE
    )
    assert bars.find("c:errBarType", SPACE).get("val") == "both"
    found = {
        end: [(point.get("idx"), point.find("c:v", SPACE).text) for point in bars.findall(f"c:{end}/c:numLit/c:pt", SPACE)]
        for end in ("plus", "minus")
    }
    assert found == {"plus": [("0", "0.2"), ("2", "0.4")], "minus": [("0", "0.1"), ("2", "0.3")]}


def test_a_plane_holds_every_line_with_a_key_and_the_name_of_its_axis():
    chart, _ = opened(graphs.plane(LINES, "Patients"))
    assert [series.name for series in chart.plots[0].series] == [line.name for line in LINES]
    assert [list(series.values) for series in chart.plots[0].series] == [[y for _, y in line.points] for line in LINES]
    assert chart.has_legend
    assert chart.category_axis.axis_title.text_frame.text == "Patients"
    assert chart.value_axis.tick_labels.number_format == "0%"


def test_dots_of_a_plane_are_named_and_lines_are_drawn_or_broken():
    chart, _ = opened(graphs.plane(LINES, "Patients"))
    centres, national, limits = chart.plots[0].series
    assert centres.points[0].data_label.text_frame.text == "Imaginary"
    assert [one.find("c:idx", SPACE).get("val") for one in tree(graphs.plane(LINES, "x")).iter(f"{{{SPACE['c']}}}dLbl")] == ["0"]
    assert centres.format.line.fill.type.name == "BACKGROUND"
    assert national.format.line.width.pt == 2.5
    assert national.format.line.dash_style is None
    assert limits.format.line.dash_style.name == "DASH"


def test_a_plane_of_dots_without_names_has_no_labels():
    lines = [Line("Centres", [(300, 0.7)], marks=True, main=True, labels=[""]), LINES[1]]
    assert "<c:dLbls>" not in graphs.plane(lines, "Patients").xml


@pytest.mark.parametrize(
    "graph",
    [
        graphs.bars("P", LABELS, VALUES, "0.0%", (0.0, 1.0)),
        graphs.dots("P", LABELS, VALUES, "0.0%", (0.0, 1.0), whiskers={0: (0.1, 0.1)}),
        RUN,
        graphs.plane(LINES, "Patients"),
    ],
)
def test_what_a_chart_shows_stands_in_the_cells_that_it_names(graph):
    _, sheet = opened(graph)
    pairs = list(referred(graph, sheet))
    assert len(pairs) >= 3
    assert all(same(cell, point) for cells, kept in pairs for cell, point in zip(cells, kept, strict=True))


@given(
    st.lists(
        st.tuples(st.text(min_size=1, max_size=9), st.none() | st.floats(0, 1e9)),
        min_size=1,
        max_size=9,
    )
)
def test_no_label_and_no_figure_is_lost_or_breaks_the_file(rows):
    labels, values = [label for label, _ in rows], [value for _, value in rows]
    root = tree(graphs.bars("Name", labels, values, "0.0", (0.0, 1.0)))
    shown = {int(one.get("idx")): float(one.find("c:v", SPACE).text) for one in root.findall(".//c:val//c:pt", SPACE)}
    assert shown == {place: value for place, value in enumerate(values) if value is not None}
    assert len(root.findall(".//c:cat//c:pt", SPACE)) == len(labels)


ORDER = {
    "chart": ["autoTitleDeleted", "plotArea", "legend", "plotVisOnly", "dispBlanksAs"],
    "barChart": ["barDir", "grouping", "varyColors", "ser", "dLbls", "gapWidth", "axId"],
    "lineChart": ["grouping", "varyColors", "ser", "marker", "axId"],
    "scatterChart": ["scatterStyle", "varyColors", "ser", "axId"],
    "ser": ["idx", "order", "tx", "spPr", "marker", "dLbls", "errBars", "cat", "xVal", "val", "yVal", "smooth"],
    "dLbl": ["idx", "tx", "dLblPos", "showLegendKey", "showVal", "showCatName", "showSerName", "showPercent", "showBubbleSize"],
    "errBars": ["errDir", "errBarType", "errValType", "noEndCap", "plus", "minus"],
    "scaling": ["orientation", "max", "min"],
    "valAx": [
        "axId",
        "scaling",
        "delete",
        "axPos",
        "majorGridlines",
        "title",
        "numFmt",
        "majorTickMark",
        "minorTickMark",
        "tickLblPos",
        "crossAx",
        "crosses",
        "crossBetween",
    ],
    "catAx": [
        "axId",
        "scaling",
        "delete",
        "axPos",
        "majorTickMark",
        "minorTickMark",
        "tickLblPos",
        "crossAx",
        "crosses",
        "auto",
        "lblAlgn",
        "lblOffset",
        "noMultiLvlLbl",
    ],
}
"""The order of elements that ISO/IEC 29500-1 (its schema dml-chart.xsd) asks for: office programs refuse any other."""


def test_elements_stand_in_the_order_of_the_standard():
    seen = set()
    for graph in (
        graphs.bars("P", LABELS, VALUES, "0.0%", (0.0, 1.0)),
        graphs.dots("P", LABELS, VALUES, "0.0%", (0.0, 1.0), whiskers={0: (0.1, 0.1)}),
        RUN,
        graphs.plane(LINES, "Patients"),
    ):
        for one in tree(graph).iter():
            name = one.tag.rpartition("}")[2]
            if name not in ORDER or one.tag != f"{{{SPACE['c']}}}{name}" or not len(one):
                continue
            seen.add(name)
            places = [ORDER[name].index(child.tag.rpartition("}")[2]) for child in one]
            assert places == sorted(places), name
    assert seen == set(ORDER)


def test_control_characters_do_not_break_the_file():
    assert graphs.clean('a\x00b\x0b<&"') == "ab&lt;&amp;&quot;"
