from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plenary_stats.charts import canvas
from plenary_stats.charts.canvas import Canvas, Scale, decimals, measure, number, safe, ticks, wrap, written
from tests.unit.plenary_stats.charts.drawing import check, check_apart, lines, parsed


@pytest.mark.parametrize(
    ("value", "text"), [(1.0, "1"), (1.005, "1"), (2.345, "2.35"), (-0.001, "0"), (1e-9, "0"), (1200.5, "1200.5")]
)
def test_coordinates_are_short_and_never_scientific(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "percent", "places", "text"),
    [
        (0.7654, True, 0, "77%"),
        (0.7654, True, 1, "76.5%"),
        (1234567, False, 0, "1,234,567"),
        (-0.2, False, 0, "0"),
        (0.25, False, None, "0.25"),
        (0.998, True, None, "99.8%"),
        (0.95, True, None, "95%"),
        (1 / 3, False, None, "0.333"),
    ],
)
def test_figures_are_written_as_people_read_them(value, percent, places, text):
    assert written(value, percent=percent, places=places) == text


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.integers(3, 8))
def test_ticks_cover_the_range_evenly(low, span, most):
    found = ticks(low, low + span, most)
    assert found[0] <= low + span * 1e-6
    assert found[-1] >= low + span * (1 - 1e-6)
    steps = [after - before for before, after in pairwise(found)]
    assert all(step == pytest.approx(steps[0], rel=1e-4, abs=1e-9) for step in steps)
    assert 2 <= len(found) <= most + 2


def test_ticks_of_one_value_still_make_an_axis():
    assert len(ticks(5, 5)) >= 2
    assert len(ticks(0, 0)) >= 2


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=200), st.floats(30, 400))
def test_wrapped_lines_fit_and_lose_nothing(text, width):
    found = wrap(text, width)
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(measure(line) <= width or len(line) == 1 for line in found)


def test_a_word_wider_than_the_line_is_broken():
    assert wrap("Llanfairpwllgwyngyll", 60) == ["Llanfairp", "wllgwyng", "yll"]


def test_measure_agrees_with_the_published_font_metrics():
    assert measure("Hamburg", 1000) == 722 + 556 + 833 + 556 + 556 + 333 + 556
    assert measure("0123456789", 1000) == 5560
    assert measure("~", 1000) == 584
    assert measure("a", 1000, bold=True) > measure("a", 1000)


def test_text_is_escaped_and_forbidden_characters_are_dropped():
    assert safe('<b>&"\x00\x1f') == '&lt;b&gt;&amp;"'
    page = Canvas("p", 'A < B & "C"', "<script>alert(1)</script>")
    page.text(0, 30, "</text><script/>")
    check(page.svg(), "p", 'A < B & "C"', "<script>alert(1)</script>")
    assert "</text><script/>" in lines(page.svg())
    assert "<script" not in page.svg()


@pytest.mark.parametrize("prefix", ["", "1a", "a b", 'a"b', "a<b"])
def test_a_prefix_must_make_a_valid_id(prefix):
    with pytest.raises(ValueError, match="cannot begin an id"):
        Canvas(prefix, "Finding", "Words")


@pytest.mark.parametrize(("headline", "description"), [("", "Words"), ("Finding", " ")])
def test_a_chart_needs_its_finding_and_a_description(headline, description):
    with pytest.raises(ValueError, match="needs its finding and a description"):
        Canvas("p", headline, description)


def test_a_long_headline_takes_several_lines_and_moves_the_rest_down():
    short, long = (
        Canvas("p", "Finding", "Words"),
        Canvas("p", "A finding that is long enough to need more than one line", "Words"),
    )
    assert long.y > short.y
    check_apart(long.svg())


def test_scale_keeps_values_on_the_paper():
    scale = Scale(0, 10, 100, 200)
    assert [scale(value) for value in (-5, 0, 5, 10, 99)] == [100, 100, 150, 200, 200]


def test_a_scale_without_length_has_everything_in_its_middle():
    scale = Scale(1.0, 1.0, 100, 200)
    assert [scale(value) for value in (0, 1, 2)] == [150, 150, 150]


@pytest.mark.parametrize(
    ("low", "high"), [(62.3, 62.3 + 7e-15), (-1e-15, 1e-15), (0.0, 5e-12), (-7.1, -7.1 + 1e-15), (1 - 1e-16, 1.0), (1e9, 1e9)]
)
def test_ticks_of_values_that_differ_in_their_last_digits_alone_make_an_axis(low, high):
    found = ticks(low, high)
    assert found[0] <= low + 1e-9
    assert found[-1] >= high - 1e-9
    assert found[-1] - found[0] > 1e-9


def test_key_wraps_and_never_overlaps():
    page = Canvas("p", "Finding", "Words")
    page.key([(f"Entry number {n} with words", canvas.BLUE, "", None if n % 2 else "diamond") for n in range(6)])
    page.key(
        [
            ("A label that is much too long to stand on one single line of the chart", canvas.DARK, "5 3", None),
            ("B", "#000000", "", "up"),
        ]
    )
    page.key([])
    check(page.svg(), "p", "Finding", "Words")
    check_apart(page.svg())


def test_labels_under_an_axis_that_would_touch_are_left_out():
    page = Canvas("p", "Finding", "Words")
    page.rule_x(Scale(0, 20, 20, 340), [(n, str(2000 + n)) for n in range(21)], 50)
    page.y = 80
    shown = [text for text in lines(page.svg()) if text.startswith("20")]
    assert shown[0] == "2000"
    assert 5 < len(shown) < 21
    check_apart(page.svg())


def test_each_shape_is_drawn_differently():
    drawn = set()
    for shape in ("circle", "diamond", "up", "down"):
        page = Canvas("p", "Finding", "Words")
        page.mark(50, 50, shape)
        drawn.add(page.parts[-1])
    assert len(drawn) == 4


def test_an_empty_line_draws_nothing():
    page = Canvas("p", "Finding", "Words")
    before = len(page.parts)
    page.line([])
    assert len(page.parts) == before


def test_decimals():
    assert decimals([0, 0.25, 0.5], percent=True) == 0
    assert decimals([0, 0.25, 0.5], percent=False) == 2
    assert decimals([0, 0.125], percent=True) == 1


def test_what_is_left_out_is_named():
    page = Canvas("p", "Finding", "Words")
    page.left_out([("Leeds", "withheld"), ("York", "")])
    page.left_out([])
    assert lines(page.svg())[-1] == "Not shown: Leeds (withheld); York (no figure)."
    assert parsed(page.svg()).tag.endswith("svg")


def contrast(one, other):
    def luminance(colour):
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colour", [canvas.DARK, canvas.GREY])
def test_words_have_the_contrast_that_wcag_asks_for(colour):
    assert contrast(colour, canvas.WHITE) >= 4.5


@pytest.mark.parametrize("colour", [colour for colour, _ in canvas.SERIES])
def test_marks_have_the_contrast_that_wcag_asks_for(colour):
    assert contrast(colour, canvas.WHITE) >= 3


def test_series_differ_by_dash_too():
    assert len({dash for _, dash in canvas.SERIES}) == len(canvas.SERIES)
