"""A date in three boxes, and forms that filter."""

from datetime import date

import pytest
from django import forms

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
