"""Stacked bars read back: lengths are the shares, texts do not touch, and the words say what the colours say."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats.charts import Stack, stacked
from plenary_stats.charts.canvas import CLASSES, MARGIN, WIDTH
from tests.unit.plenary_stats.charts.drawing import SVG, all_words, check, lines, parsed

LEVELS = ["Intact", "Mildly impaired", "Significantly impaired", "Dead"]
NAMED = {"prefix": "it", "headline": "Graded outcome by centre", "description": "Shares of patients at each level."}


def drawn(*stacks, levels=LEVELS):
    return stacked(stacks, levels=levels, **NAMED)


def parts(svg):
    """The boxes of the bars: (left, right, fill), key boxes left out."""
    found = []
    for path in parsed(svg).iter(f"{SVG}path"):
        corners = [tuple(map(float, step.split())) for step in path.get("d").strip("M Z").split(" L")]
        if len(corners) == 4 and corners[0][1] == corners[1][1] and corners[2][1] - corners[1][1] == 24:
            found.append((corners[0][0], corners[1][0], path.get("fill")))
    return found


def test_a_chart_says_what_it_is():
    svg = drawn(Stack("Great Ormond Street", [13 / 33, 7 / 33, 6 / 33, 7 / 33], 33))
    check(svg, **NAMED)
    assert "Great Ormond Street (n = 33)" in lines(svg)
    assert [text for text in lines(svg) if text in LEVELS] == LEVELS


def test_lengths_are_the_shares_in_the_order_of_the_scale():
    svg = drawn(Stack("A", [0.4, 0.3, 0.2, 0.1]))
    found = parts(svg)
    assert [right - left for left, right, _ in found] == pytest.approx(
        [(WIDTH - 2 * MARGIN) * share for share in (0.4, 0.3, 0.2, 0.1)], abs=0.02
    )
    assert [left for left, _, _ in found[1:]] == pytest.approx([right for _, right, _ in found[:-1]], abs=0.02)
    assert [CLASSES.index(fill) for _, _, fill in found] == sorted(CLASSES.index(fill) for _, _, fill in found)
    assert len({fill for _, _, fill in found}) == 4


def test_shares_are_written_where_they_fit():
    texts = lines(drawn(Stack("A", [0.7, 0.28, 0.01, 0.01])))
    assert "70%" in texts
    assert "28%" in texts
    assert "1%" not in texts


def test_a_centre_that_may_not_be_shown_says_why():
    svg = drawn(Stack("A", [0.5, 0.5, 0, 0], 40), Stack("B", (), None, "[c]"))
    assert "B: [c]" in lines(svg)
    assert len(parts(svg)) == 2


def test_an_empty_level_has_no_box_but_stands_in_the_key():
    svg = drawn(Stack("A", [0.5, 0.0, 0.5, 0.0]))
    assert len(parts(svg)) == 2
    assert "Dead" in lines(svg)


def test_names_are_safe():
    svg = drawn(Stack("<b>St Mary's & St John's</b>", [1, 0, 0, 0]))
    assert "<b>St Mary's & St John's</b>" in " ".join(lines(svg))


@pytest.mark.parametrize("levels", [["one"], [str(place) for place in range(6)]])
def test_levels_that_cannot_be_told_apart_are_refused(levels):
    with pytest.raises(ValueError, match="told apart"):
        drawn(levels=levels)


@pytest.mark.parametrize("shares", [[0.5, 0.5], [0.5, 0.5, 0.5, 0.5]])
def test_shares_that_are_no_whole_are_refused(shares):
    with pytest.raises(ValueError, match="together 1"):
        drawn(Stack("A", shares))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 50), min_size=3, max_size=3).filter(any), min_size=1, max_size=5),
    st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=60), min_size=3, max_size=3, unique=True),
)
def test_texts_never_touch_and_stay_on_the_paper(counts, levels):
    stacks = [Stack(f"Centre {place}", [n / sum(row) for n in row], sum(row)) for place, row in enumerate(counts)]
    svg = drawn(*stacks, levels=levels)
    words = all_words(svg)
    assert not [(one.text, two.text) for n, one in enumerate(words) for two in words[n + 1 :] if one.touches(two)]
    assert all(one.left >= -0.5 and one.right <= WIDTH + 0.5 for one in words)
    assert svg == drawn(*stacks, levels=levels)
