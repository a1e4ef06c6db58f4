import pytest
from hypothesis import given
from hypothesis import strategies as st

from plenary_stats import comparison
from plenary_stats.charts import Mark, bars, dots, funnel
from plenary_stats.charts.marks import shape_of
from tests.unit.plenary_stats.charts.drawing import SVG, check, check_apart, check_prints, lines, parsed

WORDS = {"prefix": "c1", "headline": "Papworth is below the national rate", "description": "Eleven centres, one of them below."}
NAMES = [
    "Leeds",
    "Birmingham",
    "King’s & Guy’s",
    "Glasgow",
    "Newcastle",
    "Bristol",
    "Royal Brompton",
    "Papworth",
    "Leicester",
    "GOSH",
]
PATIENTS, ALIVE = [81, 120, 45, 60, 12, 33, 150, 98, 9, 4], [62, 80, 30, 55, 9, 20, 140, 60, 9, 4]
WITHHELD = Mark("Southampton", None, note="withheld, small numbers")


def centres():
    found = comparison.funnel(ALIVE, PATIENTS).columns
    rows = zip(NAMES, found["value"].tolist(), PATIENTS, found["flag"].tolist(), strict=True)
    return [Mark(name, value, max(value - 0.1, 0), min(value + 0.1, 1), size, flag) for name, value, size, flag in rows]


def drawn_marks(svg):
    """Return the flagged and the plain marks drawn, by their colours: orange shapes and blue circles."""
    root = parsed(svg)
    circles = [e for e in root.iter(f"{SVG}circle") if e.get("fill") == "#005eb8"]
    flagged = [e for e in root.iter(f"{SVG}path") if e.get("fill") == "#d55e00"]
    return len(circles), len(flagged)


def a_funnel(marks, **more):
    return funnel(marks, **{"target": 0.766, **WORDS, **more})


def test_funnel_is_accessible_and_fits_and_prints(tmp_path):
    svg = a_funnel([*centres(), WITHHELD], y_label="Alive at one year")
    check(svg, **WORDS)
    check_apart(svg)
    check_prints(svg, tmp_path)


def test_funnel_names_flagged_centres_first():
    svg = a_funnel(centres())
    assert {"Royal Brompton", "Papworth", "Birmingham", "Glasgow"} <= set(lines(svg))


def test_funnel_draws_each_centre_once_and_each_shape_once_in_the_key():
    circles, flagged = drawn_marks(a_funnel(centres()))
    assert (circles, flagged) == (6 + 1, 4 + 3)
    told = lines(a_funnel(centres()))
    assert {"within the limits", "beyond 95% limit", "above 99.8% limit", "below 99.8% limit"} <= set(told)
    assert {"National 76.6%", "95% limits", "99.8% limits"} <= set(told)


def test_a_withheld_centre_is_named_but_not_placed():
    with_it, without = a_funnel([*centres(), WITHHELD]), a_funnel(centres())
    assert "Not shown: Southampton (withheld, small numbers)." in lines(with_it)
    assert drawn_marks(with_it) == drawn_marks(without)


def test_the_flag_decides_the_shape_and_not_the_drawn_limit():
    """One of one lies above the drawn 99.8% limit but is not flagged: it stays a circle."""
    svg = funnel([Mark("Tiny", 1.0, denominator=1, flag="within"), Mark("Big", 0.65, denominator=100)], target=0.65, **WORDS)
    assert drawn_marks(svg) == (2 + 1, 0)


@pytest.mark.parametrize(("flag", "shape"), [("", "circle"), ("within", "circle"), ("low95", "diamond"), ("high95", "diamond"), ("low998", "down"), ("high998", "up")])  # fmt: skip
def test_flags_are_told_by_shape(flag, shape):
    assert shape_of(flag)[0] == shape


@pytest.mark.parametrize("kind", ["ratio", "rate"])
def test_funnels_of_ratios_and_rates(kind):
    svg = funnel([Mark("A", 1.3, denominator=15.1), Mark("B", 0.8, denominator=11.2)], target=1.0, kind=kind, **WORDS)
    check(svg, **WORDS)
    check_apart(svg)
    assert not any(text.endswith("0%") and text != "National 1.00" for text in lines(svg) if "limit" not in text)


def test_a_funnel_of_nobody_is_still_a_chart():
    svg = a_funnel([WITHHELD])
    check(svg, **WORDS)
    assert drawn_marks(svg) == (0, 0)


def test_dots_say_every_figure_in_words(tmp_path):
    svg = dots([*centres(), WITHHELD], benchmark=0.74, benchmark_label="National cohort 2011–2017", **WORDS)
    check(svg, **WORDS)
    check_apart(svg)
    check_prints(svg, tmp_path)
    told = lines(svg)
    assert "77% (67 to 87), n = 81" in told
    assert "National cohort 2011–2017 74.0%" in told
    assert "withheld, small numbers" in told
    assert "below 99.8% limit" in told


def test_dots_of_a_withheld_row_show_no_mark():
    assert drawn_marks(dots([WITHHELD], **WORDS)) == (0, 0)
    assert drawn_marks(dots([Mark("Leeds", 0.5), WITHHELD], **WORDS)) == (1, 0)


def test_long_names_wrap_above_their_figures():
    name = "King’s College Hospital NHS Foundation Trust with its network of local hospitals in the south"
    svg = dots([Mark(name, 0.7, 0.6, 0.8, 40)], **WORDS)
    check(svg, **WORDS)
    check_apart(svg)
    assert name in " ".join(lines(svg))


def test_dots_can_show_numbers_other_than_shares():
    svg = dots(
        [Mark("North", 3.25, 2.0, 4.5), Mark("South", 11.0, 9.5, 13.1)], percent=False, places=1, x_label="per million", **WORDS
    )
    check(svg, **WORDS)
    assert {"3.2 (2.0 to 4.5)", "11.0 (9.5 to 13.1)", "per million"} <= set(lines(svg))


def test_bars_are_as_long_as_their_values(tmp_path):
    svg = bars([Mark("A", 100), Mark("B", 50), Mark("C", 0), WITHHELD], x_label="Patients, 2025", benchmark=80, **WORDS)
    check(svg, **WORDS)
    check_apart(svg)
    check_prints(svg, tmp_path)
    wide = [float(e.get("width")) for e in parsed(svg).iter(f"{SVG}rect") if e.get("fill") == "#005eb8"]
    assert wide == [344, 172, 0]
    assert {"100", "50", "0", "withheld, small numbers", "Benchmark 80"} <= set(lines(svg))


def test_bars_refuse_what_has_no_length():
    with pytest.raises(ValueError, match="below 0; use dots"):
        bars([Mark("A", -1.0)], **WORDS)


@pytest.mark.parametrize("figures", [{"value": float("nan")}, {"value": 0.5, "upper": float("inf")}])
def test_a_figure_that_is_no_number_is_refused(figures):
    with pytest.raises(ValueError, match="Leeds: a figure is"):
        Mark("Leeds", **figures)


@pytest.mark.parametrize("chart", [a_funnel, lambda marks: dots(marks, **WORDS), lambda marks: bars(marks, **WORDS)])
def test_the_same_input_gives_the_same_bytes(chart):
    assert chart(centres()) == chart(centres())
    assert chart(centres()) != chart(centres()[:-1])


share = st.floats(0, 1)
a_mark = st.builds(
    lambda name, value, size, flag, shown: Mark(name, value if shown else None, None, None, size, flag, "c"),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60),
    share,
    st.integers(1, 5000),
    st.sampled_from(["within", "low95", "high95", "low998", "high998", ""]),
    st.booleans(),
)


@given(st.lists(a_mark, max_size=15), st.floats(0.01, 0.99))
def test_any_centres_make_a_sound_chart(marks, target):
    check(funnel(marks, target=target, **WORDS), **WORDS)
    for chart in (dots(marks, benchmark=target, **WORDS), bars(marks, percent=True, benchmark=target, **WORDS)):
        check(chart, **WORDS)


@given(st.lists(st.tuples(st.integers(1, 300), share), min_size=1, max_size=25))
def test_names_in_a_funnel_never_overlap(pairs):
    marks = [Mark(f"Centre {place}", value, denominator=size) for place, (size, value) in enumerate(pairs)]
    check_apart(funnel(marks, target=0.7, **WORDS))


def test_centres_that_are_all_at_one_hundred_per_cent_still_have_an_axis():
    svg = dots([Mark("A", 1.0), Mark("B", 1.0)], prefix="p", headline="h", description="d")
    assert svg.count("100%") >= 3
    assert "80%" in svg


@pytest.mark.parametrize(("value", "percent"), [(62.3, False), (0.0, False), (-4.2, False), (1.0, True), (0.3, True)])
def test_centres_whose_means_differ_in_their_last_digit_alone_still_have_an_axis(value, percent):
    """Equal means come out of sums in another order, and so apart by 7e-15: every tick was the same number."""
    apart = [value, value - 7e-15, value - 3e-15]
    svg = dots([Mark(name, each, denominator=40) for name, each in zip("ABC", apart, strict=True)], percent=percent, **WORDS)
    check(svg, **WORDS)
    check_apart(svg)
