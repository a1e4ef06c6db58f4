import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plenary_stats.charts import Curve, Mark, run, survival
from plenary_stats.monitoring import xmr
from plenary_stats.survival import kaplan_meier
from tests.unit.plenary_stats.charts.drawing import SVG, all_words, check, check_apart, check_prints, lines, parsed

WORDS = {"prefix": "s1", "headline": "Two in three are alive after a year", "description": "Survival falls to 66% at a year."}
AT = [(0, "0"), (10, "10"), (20, "20"), (30, "30")]


def curve(label="Treated", shift=0, **more):
    found = kaplan_meier([6 + shift, 7, 10, 13, 16, 22, 23, 35], [1, 1, 0, 1, 1, 1, 0, 0])
    columns = {name: found.columns[name].tolist() for name in ("time", "estimate", "lower", "upper")}
    return Curve(**{"label": label, **columns, "at_risk": [8, 5, 3, 1], "until": 35.0, **more})


def corners(svg, colour):
    path = next(e for e in parsed(svg).iter(f"{SVG}path") if e.get("stroke") == colour and e.get("stroke-width") == "2.5")
    return [tuple(float(value) for value in corner.split()) for corner in path.get("d").removeprefix("M").split(" L")]


def test_survival_is_accessible_and_fits_and_prints(tmp_path):
    svg = survival([curve(), curve("Not treated", 1)], at=AT, **WORDS)
    check(svg, **WORDS)
    check_apart(svg)
    check_prints(svg, tmp_path)


def test_a_curve_is_a_staircase_from_one():
    steps = corners(survival([curve()], at=AT, **WORDS), "#005eb8")
    assert all(x == nx or y == ny for (x, y), (nx, ny) in pairwise(steps))
    assert [x for x, _ in steps] == sorted(x for x, _ in steps)
    assert [y for _, y in steps] == sorted(y for _, y in steps)


def test_a_curve_ends_with_its_follow_up():
    whole, short = (corners(survival([curve(until=end)], at=AT, **WORDS), "#005eb8") for end in (35.0, 15.0))
    left, right = whole[0][0], whole[-1][0]
    assert short[-1][0] == pytest.approx(left + (right - left) / 2, abs=0.02)


def test_curves_differ_by_dash_and_not_by_colour_alone():
    svg = survival([curve("A"), curve("B", 1), curve("C", 2), curve("D", 3)], at=AT, **WORDS)
    looks = {e.get("stroke-dasharray") for e in parsed(svg).iter(f"{SVG}path") if e.get("stroke-width") == "2.5"}
    assert len(looks) == 4
    with pytest.raises(ValueError, match="at most 4 curves"):
        survival([curve()] * 5, at=AT, **WORDS)


def test_the_number_at_risk_stands_under_each_curve_and_a_withheld_one_is_marked():
    told = lines(survival([curve(at_risk=[8, 5, None, 1])], at=AT, **WORDS))
    place = told.index("Number at risk")
    assert told[place + 1 : place + 5] == ["8", "5", "c", "1"]
    assert "Treated" in told
    assert "Shaded: 95% interval." in told


def test_no_limits_no_band():
    svg = survival([curve(lower=(), upper=())], at=AT, **WORDS)
    assert not any("Shaded" in text for text in lines(svg))
    assert not [e for e in parsed(svg).iter(f"{SVG}path") if e.get("fill") == "#cfe0f2"]


def test_limits_that_cannot_be_given_are_not_drawn():
    """At the end nobody is left at risk: the band stops at the step before."""
    found = kaplan_meier([5, 10, 20], [1, 1, 1]).columns
    assert math.isnan(found["lower"][-1])
    whole = Curve("All", *(found[name].tolist() for name in ("time", "estimate", "lower", "upper")))
    svg = survival([whole], at=AT, **WORDS)
    band = next(e for e in parsed(svg).iter(f"{SVG}path") if e.get("fill") == "#cfe0f2")
    line = corners(svg, "#005eb8")
    edge = max(float(corner.split()[0]) for corner in band.get("d").strip("MZ ").split(" L"))
    assert edge == pytest.approx(line[-1][0], abs=0.02)
    assert "nan" not in svg


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"estimate": [0.5]}, "differ in length"),
        ({"lower": ()}, "differ in length"),
        ({"time": [7, 6, 13, 16, 22]}, "must ascend"),
        ({"at_risk": [1, 2]}, "one number at risk for each of the 4 ticks"),
    ],
)
def test_columns_that_do_not_agree_are_refused(bad, says):
    with pytest.raises(ValueError, match=says):
        survival([curve(**bad)], at=AT, **WORDS)


def test_two_ticks_are_needed():
    with pytest.raises(ValueError, match="at least two ticks"):
        survival([curve()], at=AT[:1], **WORDS)


def test_a_curve_without_events_is_a_level_line():
    svg = survival([Curve("Nobody died", [], [], until=20.0)], at=AT, **WORDS)
    check(svg, **WORDS)
    assert len({y for _, y in corners(svg, "#005eb8")}) == 1


@given(st.lists(st.tuples(st.integers(1, 60), st.booleans()), min_size=1, max_size=40))
def test_any_patients_make_a_sound_chart(rows):
    time, event = zip(*rows, strict=True)
    found = kaplan_meier(time, event, censored=True).columns
    whole = Curve("All", *(found[name].tolist() for name in ("time", "estimate", "lower", "upper")), at_risk=[1, 1, 1, 1])
    svg = survival([whole], at=AT, **WORDS)
    check(svg, **WORDS)
    check_apart(svg)
    assert "nan" not in svg


YEARS = [Mark(str(2012 + n), 0.70 + 0.01 * n, 0.65 + 0.01 * n, 0.75 + 0.01 * n) for n in range(12)]
GAP = [*YEARS[:4], Mark("2016", None, note="withheld"), *YEARS[5:]]


def test_run_is_accessible_and_fits_and_prints(tmp_path):
    svg = run(GAP, centre=0.76, limits=(0.62, 0.9), target=0.8, percent=True, y_label="Alive at one year", **WORDS)
    check(svg, **WORDS)
    check_apart(svg)
    check_prints(svg, tmp_path)
    assert {"Average 76.0%", "Limits", "Target 80%", "Not shown: 2016 (withheld)."} <= set(lines(svg))


def joined(svg):
    return [e for e in parsed(svg).iter(f"{SVG}path") if e.get("stroke") == "#005eb8" and e.get("stroke-width") == "2"]


def test_a_missing_period_leaves_a_gap_in_the_line():
    assert len(joined(run(YEARS, **WORDS))) == 1
    assert len(joined(run(GAP, **WORDS))) == 2


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("below-limit", "below the lower limit"),
        ("above-limit", "above the upper limit"),
        ("rising", "part of a rise, a fall or a run"),
        ("run-below", "part of a rise, a fall or a run"),
    ],
)
def test_a_flagged_period_has_another_shape_and_a_key(flag, words):
    svg = run([*YEARS[:-1], Mark("2023", 0.4, flag=flag)], percent=True, **WORDS)
    assert words in lines(svg)
    assert len([e for e in parsed(svg).iter(f"{SVG}path") if e.get("fill") == "#d55e00"]) == 2


def test_every_flag_of_an_xmr_chart_has_a_shape_of_its_own_kind():
    values = [1, 2] * 6 + [30] + [1, 2] * 6 + [-30]
    flags = xmr(values).columns["flag"].tolist()
    marks = [Mark(str(n), value, flag=flag) for n, (value, flag) in enumerate(zip(values, flags, strict=True))]
    svg = run(marks, **WORDS)
    check(svg, **WORDS)
    assert {"above the upper limit", "below the lower limit"} <= set(lines(svg))


def test_a_note_stands_under_everything_else():
    svg = run(GAP, percent=True, note="Upright lines: 95% intervals.", **WORDS)
    check(svg, **WORDS)
    check_apart(svg)
    last = max(all_words(svg), key=lambda words: words.top)
    assert last.text == "Upright lines: 95% intervals."


def test_the_scale_begins_at_nought_where_asked():
    assert "0%" in lines(run(YEARS, percent=True, zero=True, **WORDS))
    assert "0%" not in lines(run(YEARS, percent=True, **WORDS))


@pytest.mark.parametrize("marks", [[], [Mark("2020", 5.0)], [Mark("2020", None, note="c")]])
def test_few_or_no_periods_are_still_a_chart(marks):
    check(run(marks, **WORDS), **WORDS)


def test_the_same_input_gives_the_same_bytes():
    assert survival([curve()], at=AT, **WORDS) == survival([curve()], at=AT, **WORDS)
    assert run(GAP, **WORDS) == run(GAP, **WORDS)


def test_a_curve_of_incidence_rises_from_nought_on_a_scale_of_its_own():
    named = {"prefix": "it", "headline": "Graft lost", "description": "Of 100 patients 12 lost the graft by three years."}
    curve = Curve("", [365, 1096], [0.05, 0.12], [0.02, 0.07], [0.10, 0.19], begins=0.0)
    svg = survival([curve], at=[(0, "0"), (1096, "3")], ceiling=0.19, **named)
    check(svg, **named)
    assert "20%" in lines(svg)
    assert "100%" not in lines(svg)
    line = max((path.get("d") for path in parsed(svg).iter(f"{SVG}path") if path.get("stroke-width") == "2.5"), key=len)
    heights = [float(step.split()[1]) for step in line.strip("M Z").split(" L")]
    assert heights == sorted(heights, reverse=True)
