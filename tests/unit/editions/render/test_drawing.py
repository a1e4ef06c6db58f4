import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plenary.editions.render.content import build
from plenary.editions.render.drawing import MOST_TICKS, charts, draw, grouped, time_axis
from plenary.editions.render.figures import describe
from tests.unit.editions.sample import SECRET, access_rows, activity_rows, sample
from tests.unit.editions.tables import protected


def test_every_chart_of_the_document_is_drawn_and_named():
    content = build(sample())
    drawn = draw(content)
    assert set(drawn) == {name for name, _, _ in charts(content)}
    assert {"adult-ecmo/expenditure-by-centre", "adult-ecmo/survival-to-discharge-by-centre-2023-to-2025"} <= set(drawn)


def test_a_chart_is_a_picture_with_a_title_and_a_description():
    for svg in draw(build(sample())).values():
        root = ET.fromstring(svg)
        assert root.get("role") == "img"
        assert [child.tag.split("}")[1] for child in root][:2] == ["title", "desc"]
        assert "style=" not in svg


def test_the_description_tells_every_printed_figure_and_mark():
    content = build(sample())
    words = {name: describe(block, figures) for name, block, figures in charts(content)}
    assert words["adult-ecmo/survival-to-discharge-by-centre-2023-to-2025"] == (
        "Survival to discharge by centre, 2023 to 2025. Imaginary Infirmary 70.0% (64.6% to 74.9%); Nowhere General [c]; "
        "Royal Imagined [c]; St Invented's Hospital 75.0% (71.5% to 78.2%); All centres 73.6% (71.0% to 76.0%)."
    )


def test_a_chart_prints_the_same_figures_as_the_tables():
    content = build(sample())
    for name, block, figures in charts(content):
        printed = re.sub(r"<[^>]+>", " ", draw(content)[name]).replace("£", "")
        for point in block["points"]:
            assert figures[point["value"]["f"]]["text"].removeprefix("£") in printed, name


def test_the_map_writes_every_figure_and_withheld_ones_as_their_mark():
    [drawn] = [svg for name, svg in draw(build(sample())).items() if name.endswith("-map")]
    titles = [title.text for title in ET.fromstring(drawn).iter("{http://www.w3.org/2000/svg}title")][1:]
    assert sorted(titles) == ["London: 46.40", "North West: [c]", "South East: [c]", "South West: 35.90"]
    assert "Per million people" in drawn


def test_the_map_of_equal_figures_is_drawn():
    rows = [row | {"value": 7.0} for row in access_rows()[:3]]
    [drawn] = [svg for name, svg in draw(build(sample(tables=(protected("access", rows),)))).items() if name.endswith("-map")]
    assert drawn.count("<polygon") + drawn.count("<path") >= 2


def test_nothing_withheld_is_drawn():
    assert all(f"{SECRET:.0f}" not in svg.replace(",", "") for svg in draw(build(sample())).values())


def test_a_negative_value_is_a_dot_and_not_a_bar():
    rows = [row | {"value": -5.0} if row.get("area") == "E40000003" else row for row in activity_rows()]
    drawn = draw(build(sample(tables=(protected("activity", rows),))))
    assert "-5" in re.sub(r"[−‒]", "-", drawn["adult-ecmo/patients-by-area-of-residence-2025"])


def test_a_funnel_plot_marks_the_centres_and_a_survival_curve_its_steps():
    drawn = draw(build(sample()))
    funnel = drawn["adult-ecmo/survival-to-discharge-by-centre-2023-to-2025-funnel"]
    assert "99.8% limits" in funnel
    assert "National 73.6%" in funnel
    assert "Royal Imagined" not in funnel
    curve = drawn["adult-ecmo/survival-over-time-2023-to-2025-all-centres-together"]
    assert "95% interval" in curve
    assert "The scale begins at 50%." in curve


def test_the_words_of_a_funnel_plot_say_where_each_centre_lies():
    words = {name: describe(block, figures) for name, block, figures in charts(build(sample()))}
    assert words["adult-ecmo/survival-to-discharge-by-centre-2023-to-2025-funnel"].endswith(
        "funnel plot. Imaginary Infirmary 70.0% of 300 patients, within the limits; "
        "St Invented's Hospital 75.0% of 640 patients, within the limits."
    )


@pytest.mark.parametrize(
    ("last", "unit", "ticks"),
    [
        (30.0, "Months", [0, 1]),
        (91.0, "Months", [0, 1, 2, 3]),
        (365.25, "Months", [0, 2, 4, 6, 8, 10, 12]),
        (730.0, "Months", [0, 6, 12, 18, 24]),
        (1095.0, "Years", [0, 1, 2, 3]),
        (3652.0, "Years", [0, 2, 4, 6, 8, 10]),
    ],
)
def test_a_time_axis_holds_the_last_point_on_few_ticks(last, unit, ticks):
    found, at = time_axis(last)
    assert (found, [int(label) for _, label in at]) == (unit, ticks)
    assert at[-1][0] >= last - 1


def test_neighbouring_charts_and_the_table_that_follows_belong_together():
    chart, table, words = {"kind": "chart"}, {"kind": "table", "columns": [1, 2, 3]}, {"kind": "note"}
    assert grouped([words, chart, chart, table, table]) == [
        words,
        {"kind": "pictures", "charts": [chart, chart], "table": table},
        table,
    ]
    assert grouped([chart, words, chart]) == [
        {"kind": "pictures", "charts": [chart], "table": None},
        words,
        {"kind": "pictures", "charts": [chart], "table": None},
    ]


def test_two_narrow_tables_stand_side_by_side_and_wide_ones_do_not():
    narrow, wide = {"kind": "table", "columns": [1, 2]}, {"kind": "table", "columns": [1, 2, 3]}
    assert grouped([narrow, narrow, narrow]) == [{"kind": "tables", "tables": [narrow, narrow]}, narrow]
    assert grouped([narrow, wide, narrow]) == [narrow, wide, narrow]


@given(st.floats(0.5, 40_000))
def test_a_time_axis_begins_at_nought_holds_everything_and_has_few_even_ticks(last):
    unit, ticks = time_axis(last)
    places = [place for place, _ in ticks]
    assert unit in {"Months", "Years"}
    assert places[0] == 0
    assert 2 <= len(ticks) <= MOST_TICKS
    assert places[-1] >= last - 0.021 * (365.25 if unit == "Years" else 365.25 / 12)
    steps = {round(later - earlier, 6) for earlier, later in pairwise(places)}
    assert len(steps) == 1
    assert [int(words) for _, words in ticks] == [round(place / places[1] * int(ticks[1][1])) for place in places]
