"""Strips read back: how far a range reaches, where the limit stands, and that the words say what the colours say."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats.charts import Reach, Shares, shares, strip
from plenary_stats.charts.canvas import BLUE, CLASSES, MARGIN, ORANGE, WHITE, WIDTH
from tests.unit.plenary_stats.charts.drawing import SVG, check, lines, parsed

NAMED = {"prefix": "it", "headline": "What a reader can work out", "description": "Patients: 5 to 62. The limit is 30."}
LIMIT = {"limit": 30, "limit_label": "Fewer than 30 are withheld"}
KINDS = ("Shown", "Small itself", "With another")


def drawn(*reaches):
    return strip(reaches, **LIMIT, **NAMED)


def bars(svg):
    """The boxes that are a range: (left, right)."""
    boxes = [box for box in parsed(svg).iter(f"{SVG}rect") if box.get("fill") == BLUE]
    return [(float(box.get("x")), float(box.get("x")) + float(box.get("width"))) for box in boxes]


def paths(svg, **look):
    return [path for path in parsed(svg).iter(f"{SVG}path") if all(path.get(name) == value for name, value in look.items())]


def ends(path):
    return [tuple(map(float, step.split())) for step in path.get("d").strip("M Z").split(" L")]


def test_a_strip_says_what_it_is():
    svg = drawn(Reach("Patients", 5, 62))
    check(svg, **NAMED)
    assert "Patients: 5 to 62" in lines(svg)
    assert "Fewer than 30 are withheld" in lines(svg)


def test_the_bar_reaches_from_low_to_high_on_an_axis_from_nought():
    [(left, right)] = bars(drawn(Reach("Patients", 20, 60, None)))
    unit = (WIDTH - 2 * MARGIN) / 60
    assert (left, right) == pytest.approx((MARGIN + 20 * unit, MARGIN + 60 * unit), abs=0.02)


def test_the_limit_is_a_dashed_line_at_its_place():
    svg = drawn(Reach("Patients", 0, 60))
    [line] = [path for path in paths(svg, stroke=ORANGE) if len(ends(path)) == 2 and ends(path)[0][0] == ends(path)[1][0]]
    assert line.get("stroke-dasharray")
    assert ends(line)[0][0] == pytest.approx(WIDTH / 2, abs=0.02)


def test_a_range_without_an_end_is_an_arrow_to_the_edge():
    svg = drawn(Reach("Patients", 10, None))
    assert "Patients: 10 or more" in lines(svg)
    [arrow] = paths(svg, fill=BLUE)
    assert max(x for x, _ in ends(arrow)) == pytest.approx(WIDTH - MARGIN)
    assert bars(svg) == []


def test_what_is_worked_out_exactly_says_so_and_can_be_seen():
    svg = drawn(Reach("Patients", 12, 12))
    assert "Patients: exactly 12" in lines(svg)
    [(left, right)] = bars(svg)
    assert right - left >= 2


def test_the_number_itself_is_drawn_only_where_it_is_given():
    assert "The number itself" not in lines(drawn(Reach("Patients", 5, 62)))
    assert "The number itself" in lines(drawn(Reach("Patients", 5, 62, 33)))


def test_several_numbers_share_one_axis():
    first, second = bars(drawn(Reach("Patients", 0, 100), Reach("With the outcome", 0, 50)))
    assert second[1] - second[0] == pytest.approx((first[1] - first[0]) / 2, abs=0.02)


@pytest.mark.parametrize("wrong", [(), (Reach("Patients", 5, 4),)])
def test_nothing_to_draw_and_a_range_that_runs_backwards_are_refused(wrong):
    with pytest.raises(ValueError, match="strip"):
        drawn(*wrong)


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 5000), st.none() | st.integers(0, 5000)), min_size=1, max_size=5))
def test_every_bar_stays_on_the_paper(ranges):
    svg = drawn(*(Reach(f"N{place}", low, None if more is None else low + more) for place, (low, more) in enumerate(ranges)))
    assert all(MARGIN - 0.01 <= left <= right <= WIDTH - MARGIN + 2.01 for left, right in bars(svg))
    assert svg == drawn(
        *(Reach(f"N{place}", low, None if more is None else low + more) for place, (low, more) in enumerate(ranges))
    )


def shared(*rows, parts=KINDS):
    return shares(rows, parts=parts, **NAMED)


def boxes(svg):
    """The parts of the bars: (length, fill), key boxes left out."""
    found = []
    for path in parsed(svg).iter(f"{SVG}path"):
        corners = ends(path)
        if len(corners) == 4 and corners[2][1] - corners[1][1] == 18:
            found.append((corners[1][0] - corners[0][0], path.get("fill")))
    return found


def test_shares_are_told_and_drawn_in_order():
    svg = shared(Shares("LAM", [60, 30, 10]))
    assert "LAM: 60 shown, 30 small itself, 10 with another" in lines(svg)
    across = WIDTH - 2 * MARGIN
    assert [length for length, _ in boxes(svg)] == pytest.approx([0.6 * across, 0.3 * across, 0.1 * across], abs=0.02)
    fills = [fill for _, fill in boxes(svg)]
    assert fills[0] == WHITE
    assert CLASSES.index(fills[1]) < CLASSES.index(fills[2])


def test_a_part_that_is_empty_has_no_box_and_a_row_without_figures_says_so():
    svg = shared(Shares("LAM", [5, 0, 0]), Shares("ECMO", [0, 0, 0]))
    assert len(boxes(svg)) == 1
    assert {"LAM: 5 shown", "ECMO: no figures"} <= set(lines(svg))


def test_shorter_rows_have_shorter_bars():
    (long, _), (short, _) = boxes(shared(Shares("A", [100, 0, 0]), Shares("B", [25, 0, 0])))
    assert short == pytest.approx(long / 4, abs=0.02)


@pytest.mark.parametrize(
    ("rows", "parts"),
    [((), KINDS), ((Shares("A", [1, 2]),), KINDS), ((Shares("A", [1, -1, 0]),), KINDS), ((Shares("A", [1]),), ("One",))],
)
def test_counts_that_do_not_fit_the_parts_are_refused(rows, parts):
    with pytest.raises(ValueError, match="shares"):
        shared(*rows, parts=parts)
