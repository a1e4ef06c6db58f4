"""A date in three boxes, and forms that filter."""

import re
from datetime import date

import pytest
from django import forms
from hypothesis import given
from hypothesis import strategies as st

from plenary.web.design.fields import FilterForm, SplitDateField


class Dated(forms.Form):
    born = SplitDateField(label="Date of birth")
    died = SplitDateField(label="Date of death", required=False)


class Narrow(FilterForm):
    text = forms.CharField()
    kind = forms.ChoiceField(choices=[("", "All"), ("rare", "Rare")])


def typed(day="27", month="3", year="2026", name="born"):
    return {f"{name}_day": day, f"{name}_month": month, f"{name}_year": year}


@pytest.mark.parametrize("month", ["3", "03", "mar", "March", "MARCH"])
def test_a_month_is_a_number_or_a_word(month):
    form = Dated(typed(month=month))
    assert form.is_valid()
    assert form.cleaned_data == {"born": date(2026, 3, 27), "died": None}


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (typed(day="31", month="2"), "Date of birth must be a real date, for example 27 3 2026"),
        (typed(month="Febtober"), "Date of birth must be a real date, for example 27 3 2026"),
        (typed(year="26"), "Date of birth needs a year of four digits"),
        (typed(day=""), "Date of birth must include a day"),
        (typed(day="", year=""), "Date of birth must include a day and a year"),
        ({}, "This field is required."),
    ],
)
def test_an_error_says_what_is_missing(data, error):
    assert Dated(data).errors["born"] == [error]


def test_what_was_typed_is_shown_again():
    widget = SplitDateField().widget
    assert widget.parts({"day": "31", "month": "2", "year": "2026"}) == {"day": "31", "month": "2", "year": "2026"}
    assert widget.parts(date(2026, 3, 27)) == {"day": "27", "month": "3", "year": "2026"}
    assert widget.parts(None) == {"day": "", "month": "", "year": ""}


def test_a_date_that_was_not_sent_is_omitted():
    widget = SplitDateField().widget
    assert widget.value_omitted_from_data({}, {}, "born")
    assert not widget.value_omitted_from_data(typed(), {}, "born")


def test_a_filter_asks_for_nothing():
    assert Narrow({}).chosen() == {}
    assert not Narrow({}).narrowed


def test_a_filter_tells_what_is_set():
    form = Narrow({"text": "liver", "kind": "rare"})
    assert form.narrowed
    assert form.chosen() == {"text": "liver", "kind": "rare"}


def test_a_value_that_is_not_offered_narrows_nothing():
    assert Narrow({"text": "liver", "kind": "'; drop table"}).chosen() == {"text": "liver"}


# -- any date that somebody can type


@given(st.dates(date(1000, 1, 1)), st.sampled_from(["{:d}", "{:02d}", " {:d} "]))
def test_every_day_of_the_calendar_can_be_typed(day, form):
    data = {f"born_{part}": form.format(getattr(day, part)) for part in ("day", "month", "year")}
    assert Dated(data).is_valid()
    assert Dated(data).fields["born"].clean(Dated(data).fields["born"].widget.value_from_datadict(data, {}, "born")) == day


@given(st.text(max_size=6), st.text(max_size=6), st.text(max_size=6))
def test_whatever_is_typed_is_a_date_or_an_error_in_words(day, month, year):
    form = Dated(typed(day, month, year))
    if form.is_valid():
        assert isinstance(form.cleaned_data["born"], date)
    else:
        assert len(form.errors["born"]) == 1
        assert re.match(r"Date of birth (must|needs)|This field is required", form.errors["born"][0])


@pytest.mark.parametrize(
    ("day", "month", "year", "right"),
    [
        ("29", "2", "2024", True),
        ("29", "2", "2025", False),
        ("29", "feb", "2000", True),
        ("29", "2", "1900", False),
        ("31", "4", "2026", False),
        ("0", "1", "2026", False),
        ("-1", "1", "2026", False),
        ("1", "13", "2026", False),
        ("1", "1", "10000", False),
        ("1", "1", "999", False),
        ("1", "1", "1000", True),
        ("1.5", "1", "2026", False),
        ("1", "1", "9" * 5000, False),
    ],
)
def test_the_edges_of_the_calendar(day, month, year, right):
    assert Dated(typed(day, month, year)).is_valid() is right


@pytest.mark.parametrize("missing", [("day",), ("month",), ("year",), ("day", "month"), ("month", "year"), ("day", "year")])
def test_each_part_that_is_missing_is_named_also_where_the_date_is_not_required(missing):
    data = typed() | typed(name="died") | {f"died_{part}": "  " for part in missing}
    assert Dated(data).errors == {"died": [f"Date of death must include a {' and a '.join(missing)}"]}


def test_a_filter_takes_no_value_that_a_database_cannot_be_asked_for():
    assert Narrow({"text": "a\0b", "kind": "rare"}).chosen() == {"kind": "rare"}


@pytest.mark.parametrize("empty", ["", "   ", "\t"])
def test_a_filter_left_empty_narrows_nothing(empty):
    assert not Narrow({"text": empty, "kind": ""}).narrowed
