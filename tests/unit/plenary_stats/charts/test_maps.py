import pytest
from hypothesis import given
from hypothesis import strategies as st

from plenary_stats.charts import Tile, tiles
from plenary_stats.charts.canvas import CLASSES, DARK, WHITE
from tests.unit.plenary_stats.charts.drawing import SVG, check, check_apart, check_prints, lines, parsed
from tests.unit.plenary_stats.charts.test_canvas import contrast

WORDS = {"prefix": "m1", "headline": "The north is referred less often", "description": "Six areas by rate per million."}
AREAS = [Tile(f"Area <{n}>", n % 3, n // 3, value, f"A{n}") for n, value in enumerate([2.0, 5.0, 7.9, 8.0, None, 20.0])]


def fills(svg):
    return [e.find(f"{SVG}path").get("fill") for e in parsed(svg).iter(f"{SVG}g")]


def test_tiles_are_accessible_and_fit_and_print(tmp_path):
    svg = tiles(AREAS, breaks=[5, 8], unit="Patients per million", places=1, **WORDS)
    check(svg, **WORDS)
    check_apart(svg)
    check_prints(svg, tmp_path)


def test_a_value_on_a_break_belongs_to_the_class_above():
    assert fills(tiles(AREAS, breaks=[5, 8], **WORDS)) == [CLASSES[0], CLASSES[2], CLASSES[2], CLASSES[4], WHITE, CLASSES[4]]


def test_every_tile_says_its_value_and_its_name():
    svg = tiles(AREAS, breaks=[5, 8], places=1, **WORDS)
    assert {"2.0", "5.0", "7.9", "8.0", "20.0", "A0", "A5"} <= set(lines(svg))
    names = [e.find(f"{SVG}title").text for e in parsed(svg).iter(f"{SVG}g")]
    assert names[0] == "Area <0>: 2.0"
    assert names[4] == "Area <4>: c"


def test_a_withheld_tile_has_a_dashed_edge_and_its_note():
    svg = tiles(AREAS, breaks=[5, 8], **WORDS)
    dashed = [e for e in parsed(svg).iter(f"{SVG}g") if e.find(f"{SVG}path").get("stroke-dasharray")]
    assert [e.find(f"{SVG}title").text for e in dashed] == ["Area <4>: c"]
    assert "c" in lines(svg)
    assert "not shown" in lines(svg)
    assert "not shown" not in lines(tiles(AREAS[:3], breaks=[5, 8], **WORDS))


def test_the_legend_names_the_bounds_of_every_class():
    told = lines(tiles(AREAS, breaks=[5, 8, 12], places=0, unit="Per million", **WORDS))
    assert {"Per million", "below 5", "5 to below 8", "8 to below 12", "12 and over"} <= set(told)


def test_odd_rows_stand_half_a_tile_to_the_right():
    svg = tiles([Tile("A", 0, 0, 1.0), Tile("B", 0, 1, 1.0), Tile("C", 1, 0, 1.0)], breaks=[5], **WORDS)
    a, b, c = (next(e.iter(f"{SVG}text")) for e in sorted(parsed(svg).iter(f"{SVG}g"), key=lambda e: e.find(f"{SVG}title").text))
    assert float(b.get("x")) == pytest.approx((float(a.get("x")) + float(c.get("x"))) / 2, abs=0.02)


@pytest.mark.parametrize(("shade", "ink"), [(shade, WHITE if n > 2 else DARK) for n, shade in enumerate(CLASSES)])
def test_words_on_tiles_can_be_read(shade, ink):
    assert contrast(shade, ink) >= 4.5


def test_classes_grow_darker():
    assert [contrast(shade, WHITE) for shade in CLASSES] == sorted(contrast(shade, WHITE) for shade in CLASSES)


@pytest.mark.parametrize("breaks", [[], [5, 5], [8, 5], [1, 2, 3, 4, 5]])
def test_breaks_that_make_no_classes_are_refused(breaks):
    with pytest.raises(ValueError, match="one to 4 ascending values"):
        tiles(AREAS, breaks=breaks, **WORDS)


def test_two_areas_on_one_place_are_refused():
    with pytest.raises(ValueError, match="on one place of the grid"):
        tiles([Tile("A", 0, 0, 1.0), Tile("B", 0, 0, 2.0)], breaks=[5], **WORDS)


def test_a_value_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="not a number"):
        tiles([Tile("A", 0, 0, float("nan"))], breaks=[5], **WORDS)


def test_no_areas_are_still_a_chart():
    check(tiles([], breaks=[5], **WORDS), **WORDS)


@given(st.sets(st.tuples(st.integers(0, 7), st.integers(-3, 8)), min_size=1, max_size=45), st.integers(0, 1))
def test_any_layout_fits_the_paper(places, decimals):
    areas = [Tile(f"Area {c} {r}", c, r, None if (c + r) % 5 == 0 else 3.7 * c, "QWE") for c, r in places]
    svg = tiles(areas, breaks=[5, 8, 12], places=decimals, **WORDS)
    check(svg, **WORDS)
    check_apart(svg)
