"""The series behind the native funnel plot and survival curve of a slide."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plenary.editions.render import plots
from plenary.editions.render.content import build
from plenary_stats import comparison
from tests.unit.editions.sample import sample


def picture(kind):
    page = build(sample())["services"][0]
    blocks = [block for section in page["sections"] for block in section["blocks"]]
    return next(block for block in blocks if block.get("chart") == kind), page["figures"]


def test_the_centres_of_a_funnel_stand_at_their_patients_and_their_shown_figure():
    *limits, national, centres = plots.funnel(*picture("funnel"))
    assert centres.points == [(300, 0.7), (640, 0.75)]
    assert centres.labels == ["Imaginary Infirmary", "St Invented's Hospital"]
    assert [y for _, y in national.points] == pytest.approx([887 / 1205] * 2)
    assert [line.name for line in limits] == [
        "95% limits, lower",
        "95% limits, upper",
        "99.8% limits, lower",
        "99.8% limits, upper",
    ]


def test_no_series_of_a_funnel_is_longer_than_the_first():
    """Some programs draw no more points of a later series than the first one has: the centres were lost in them."""
    lines = plots.funnel(*picture("funnel"))
    assert max(len(line.points) for line in lines) == len(lines[0].points)


def test_the_limits_of_a_funnel_are_the_exact_ones():
    *_, outer, _, _ = plots.funnel(*picture("funnel"))
    _, upper = comparison.curve([x for x, _ in outer.points], 887 / 1205, level=0.998)
    assert [y for _, y in outer.points] == pytest.approx(upper.tolist())
    assert outer.points[-1][0] >= 640


def test_of_many_centres_only_those_outside_the_limits_are_named():
    block, figures = picture("funnel")
    points = [block["points"][0] | {"label": f"Centre {number}"} for number in range(13)]
    points[7] = points[7] | {"flag": "low998"}
    centres = plots.funnel(block | {"points": points}, figures)[-1]
    assert [label for label in centres.labels if label] == ["Centre 7"]


def test_a_survival_curve_is_stairs_from_one_with_its_interval_as_far_as_it_goes():
    estimate, lower, upper = plots.survival(*picture("survival"))
    assert estimate.points[:3] == [(0.0, 1.0), (30.0, 1.0), (30.0, 0.8123)]
    assert estimate.points[-1] == (730.0, 0.6002)
    assert lower.points[-1] == (365.25, 0.674)
    assert upper.points[0] == (30.0, 0.833)


def test_the_axis_holds_everything_that_matters():
    assert plots.scale(plots.survival(*picture("survival"))) == (0.6, 1.0)
    low, high = plots.scale(plots.funnel(*picture("funnel")))
    assert low <= 0.7
    assert high == 1.0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9))
def test_tenths_hold_all_shares_and_have_a_length(shares):
    low, high = plots.tenths(shares)
    assert 0 <= low <= min(shares)
    assert max(shares) <= high <= 1 + 1e-12
    assert high - low > 0.09
    assert (round(10 * low, 6) % 1, round(10 * high, 6) % 1) == (0, 0)


def test_tenths_are_as_narrow_as_the_shares_allow():
    assert plots.tenths([0.72, 0.78]) == pytest.approx((0.7, 0.8))
    assert plots.tenths([1.0]) == pytest.approx((0.9, 1.0))
    assert plots.tenths([0.0]) == pytest.approx((0.0, 0.1))
