"""Which chart a measure gets, and what it says to those who do not see it."""

import math

import pytest

from plenary.web.workspace import drawings
from plenary_stats import tables
from plenary_stats.spec import Benchmark, Outcome
from plenary_stats.tables import RESULT_DIMENSIONS, ResultTable


def row(centre, met, of, measure="survival-to-discharge", **more):
    share = met / of if of else math.nan
    figures = {"value": share, "numerator": met, "denominator": of, "lower": share - 0.1 if of else math.nan}
    return {"centre": centre, "measure": measure, "period": "2025", "note": "", "upper": share + 0.1} | figures | more


ROWS = [row("Total", 170, 200), row("RJ1", 60, 100), row("RM2", 110, 100 + 20)]
NAMES = {"RJ1": "Trust RJ1"}
KNOWN = Outcome("survival-to-discharge", "Survival to discharge", "proportion", benchmark=Benchmark(0.9))


def draw(rows, **options):
    usual = {"title": "Survival to discharge", "percent": True, "known": KNOWN, "timed": False}
    return str(drawings.comparison_of(rows, NAMES, **usual | options))


def test_shares_get_a_funnel_whose_title_is_the_finding():
    rows = [row("Total", 170, 220), row("RJ1", 60, 100), row("RM2", 110, 120)]
    svg = draw(rows)
    assert "RJ1 is below the 99.8% limit; RM2 is above the 99.8% limit" in svg
    assert "Fewer than five centres" in svg
    assert "60.0% of 100" in svg


def test_nothing_beyond_the_limits_is_said_too():
    svg = draw([row("Total", 160, 200), row("RJ1", 80, 100), row("RM2", 80, 100)])
    assert "every centre lies within the limits" in svg


@pytest.mark.parametrize("options", [{"timed": True}, {"percent": False}])
def test_survival_and_medians_get_dots_with_their_intervals(options):
    svg = draw([row("Total", 8, 10), row("RJ1", 6, 10), row("RM2", 7, 10)], **options)
    assert "Survival to discharge by centre" in svg
    assert "limit" not in svg


def test_one_centre_alone_is_not_compared():
    assert draw([row("Total", 8, 10), row("RJ1", 8, 10)]) == ""


def test_a_centre_without_patients_is_named_and_not_drawn_at_nought():
    svg = draw([row("Total", 60, 100), row("RJ1", 60, 100), row("RM2", 0, 0, note="There is nobody in the denominator.")])
    assert "RM2 no figure" in svg


@pytest.mark.parametrize(
    ("value", "percent", "text"), [(0.8375, True, "83.8%"), (9.44, False, "9.4"), (math.nan, True, ""), (None, True, "")]
)
def test_figures_as_they_are_read(value, percent, text):
    assert drawings.written(value, percent=percent) == text


def test_an_interval_is_given_whole_or_not_at_all():
    assert drawings.between({"lower": 0.5, "upper": 0.75}, percent=True) == "50.0% to 75.0%"
    assert drawings.between({"lower": 0.5, "upper": math.nan}, percent=True) == ""


# -- survival curves


SURVIVAL = Outcome("survival", "Survival", "survival", at=("1y", "2y"))


def curves(*points):
    count = len(points)
    columns = {name: tables.text([""] * count) for name in RESULT_DIMENSIONS}
    columns["measure"] = tables.text([f"survival@{moment}" for moment, _ in points])
    numbers = {"value": [value for _, value in points], "denominator": [120] * count}
    numbers |= {"lower": [value - 0.05 for _, value in points], "upper": [min(value + 0.05, 1) for _, value in points]}
    columns |= {name: tables.numbers(values) for name, values in numbers.items()}
    return ResultTable(columns, name="curves", kind="rate")


def test_the_national_curve_is_drawn_with_its_points_in_words():
    svg = str(drawings.curve_of(curves(("91d", 0.95), ("1y", 0.9), ("2y", 0.85)), "survival", "1y", SURVIVAL, title="Survival"))
    assert "Survival: all centres together" in svg
    assert "of 120 patients: after 0.2 years 95.0%; after 1.0 years 90.0%; after 2.0 years 85.0%." in svg


@pytest.mark.parametrize(
    ("found", "outcome", "at", "known"),
    [
        (None, "survival", "1y", SURVIVAL),
        (curves(("1y", 0.9)), "other", "1y", SURVIVAL),
        (curves(("1y", 0.9)), "survival", "2y", SURVIVAL),
        (curves(("1y", 0.9)), "survival", "1y", None),
    ],
)
def test_no_curve_without_points_and_only_once_for_each_outcome(found, outcome, at, known):
    assert not drawings.curve_of(found, outcome, at, known, title="Survival")
