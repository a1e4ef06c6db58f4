import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plenary.editions.render.figures import FORMATS, MARKS, describe, figure, number, row_key, status_of, text


@pytest.mark.parametrize(
    ("value", "form", "shown"),
    [
        (1234.0, "count", "1,234"),
        (0.0, "count", "0"),
        (0.7412, "percent", "74.1%"),
        (1.0, "percent", "100.0%"),
        (3.4159, "rate", "3.42"),
        (51.0, "number", "51.0"),
        (1234567.4, "money", "£1,234,567"),
        (-1200.0, "money", "-£1,200"),
    ],
)
def test_a_shown_figure_is_rounded_for_reading_and_keeps_its_value(value, form, shown):
    result = figure(value, "", form)
    assert result == {"value": value, "text": shown, "status": ""}


@pytest.mark.parametrize("status", ["c", "x", "z"])
def test_a_withheld_figure_carries_a_mark_and_no_value_even_when_it_was_given_one(status):
    result = figure(17.0, status, "count")
    assert result == {"value": None, "text": MARKS[status], "status": status}
    assert "17" not in str(result)


def test_a_figure_that_rounds_to_nought_but_is_not_nought_says_so():
    assert figure(0.0001, "", "percent") == {"value": 0.0001, "text": "[low]", "status": "low"}
    assert figure(0.0, "", "percent")["text"] == "0.0%"


@pytest.mark.parametrize("value", [None, math.nan])
def test_a_missing_number_is_not_applicable_and_never_nought(value):
    assert figure(value, "", "count") == {"value": None, "text": "[z]", "status": "z"}


def test_an_unknown_status_or_form_is_refused():
    with pytest.raises(ValueError, match="not a status"):
        figure(1.0, "hidden", "count")
    with pytest.raises(ValueError, match="not a way"):
        text(1.0, "roman")


def test_whole_numbers_are_integers_and_others_stay_unrounded():
    assert number(12.0) == 12
    assert isinstance(number(12.0), int)
    assert number(0.123456789012) == 0.123456789012
    assert isinstance(number(1e300), float)


def test_a_row_is_named_by_its_table_and_dimensions():
    row = {"service": "s", "centre": "RAA", "area": "", "sex": "", "age_band": "", "period": "2025", "measure": "patients"}
    assert row_key("activity", row) == "activity|RAA||||2025|patients"


@pytest.mark.parametrize(
    ("row", "status"),
    [
        ({"status": "", "denominator": 40.0, "not_known": 2.0}, ""),
        ({"status": "", "denominator": 40.0, "not_known": math.nan}, "c"),  # withheld beside a shown result
        ({"status": "c", "denominator": 40.0, "not_known": math.nan}, "c"),
        ({"status": "c", "denominator": math.nan, "not_known": math.nan}, "c"),
        ({"status": "z", "denominator": 0.0, "not_known": math.nan}, "c"),
        ({"status": "x", "denominator": math.nan, "not_known": math.nan}, "x"),
        ({"status": "", "denominator": 40.0}, "x"),
    ],
)
def test_those_not_known_that_a_row_leaves_out_are_withheld(row, status):
    assert status_of(row, "not_known") == status


def test_the_value_has_the_status_of_its_row_and_a_part_that_is_there_is_shown():
    row = {"status": "c", "value": math.nan, "denominator": 40.0, "numerator": math.nan}
    assert [status_of(row, column) for column in ("value", "denominator", "numerator")] == ["c", "", "c"]


@pytest.mark.parametrize("form", FORMATS)
def test_a_nought_has_no_sign(form):
    """A change of exactly nothing may come out of a computation as minus nought."""
    assert figure(-0.0, "", form) == figure(0.0, "", form)
    assert "-" not in figure(-0.0, "", form)["text"]


@pytest.mark.parametrize(
    ("form", "small"), [("count", 0.4), ("percent", 0.0004), ("rate", 0.004), ("money", 0.4), ("number", 0.04)]
)
@pytest.mark.parametrize("sign", [1, -1])
def test_what_rounds_to_nought_from_either_side_is_not_printed_as_nought(form, small, sign):
    assert figure(sign * small, "", form)["text"] == "[low]"
    assert figure(sign * small * 2, "", form)["status"] == ""


@given(st.floats(-1e12, 1e12), st.sampled_from(FORMATS))
def test_what_is_printed_is_the_value_rounded_or_says_that_it_is_small(value, form):
    shown = figure(value, "", form)
    assert shown["value"] == value
    if shown["status"] == "low":
        assert 0 < abs(value) < 1
    else:
        digits = shown["text"].replace(",", "").replace("£", "").rstrip("%")
        decimals = {"count": 0, "percent": 1, "rate": 2, "money": 0, "number": 1, "decimal": 2}[form]
        true = 100 * value if form == "percent" else value
        assert abs(float(digits) - true) <= 0.5000001 * 10**-decimals + 1e-9 * abs(true)


@given(st.floats(), st.sampled_from(["c", "x", "z"]), st.sampled_from(FORMATS))
def test_nothing_withheld_depends_on_what_was_withheld(value, status, form):
    assert figure(value, status, form) == figure(None, status, form)


def run(**more):
    """Return a run chart of three years, the second withheld, and its figures."""
    figures = {str(n): figure(value, status, "percent") for n, (value, status) in enumerate([(0.7, ""), (0.6, "c"), (0.4, "")])}
    points = [{"label": str(2023 + n), "value": {"f": str(n)}, "flag": flag} for n, flag in enumerate(["", "", "below-limit"])]
    return {"title": "Alive over the years", "points": points, "note": "", **more}, figures


def test_a_run_chart_is_told_with_its_gap_its_flag_its_limits_and_its_note():
    block, figures = run()
    assert describe(block, figures) == "Alive over the years. 2023 70.0%; 2024 [c]; 2025 40.0%, below the lower limit."
    block, figures = run(note="Limits of usual variation need 12 points; 2 are shown.")
    assert describe(block, figures).endswith("below the lower limit. Limits of usual variation need 12 points; 2 are shown.")
    block, figures = run(average={"f": "0"}, limits=[{"f": "2"}, {"f": "0"}])
    assert describe(block, figures).endswith(" Average 70.0%; limits of usual variation 40.0% to 70.0%.")


def test_a_description_never_holds_what_is_withheld():
    block, figures = run()
    assert "60" not in describe(block, figures)
