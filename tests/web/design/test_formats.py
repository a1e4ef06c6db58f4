"""How values are written."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plenary.web.design import formats


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (date(2026, 3, 5), "5 March 2026"),
        (date(2025, 12, 31), "31 December 2025"),
        (datetime(2026, 6, 30, 23, 30, tzinfo=UTC), "1 July 2026"),
        (datetime(2026, 1, 2, 3, 4, tzinfo=UTC).replace(tzinfo=None), "2 January 2026"),
        (None, ""),
    ],
)
def test_day(value, text):
    assert formats.day(value) == text


def test_moment_is_told_in_london_time():
    assert formats.moment(datetime(2026, 6, 30, 13, 7, tzinfo=UTC)) == "30 June 2026 at 14:07"
    assert formats.moment(None) == ""


@pytest.mark.parametrize(("value", "places", "text"), [(1234567, 0, "1,234,567"), (0, 0, "0"), (2.345, 1, "2.3"), (None, 0, "")])
def test_number(value, places, text):
    assert formats.number(value, places) == text


@pytest.mark.parametrize("value", [-0.0, -0.4, Decimal("-0.3"), 0, Decimal("0.49")])
def test_what_rounds_to_nought_has_no_sign(value):
    assert formats.number(value) == "0"
    assert formats.money(value) == "£0"


@given(st.decimals(-(10**12), 10**12, allow_nan=False, places=3), st.integers(0, 3))
def test_a_number_is_the_number_it_was_to_the_places_shown(value, places):
    shown = formats.number(value, places)
    assert Decimal(shown.replace(",", "")) == round(value, places)
    assert all(len(group.lstrip("-")) == 3 for group in shown.split(".")[0].split(",")[1:])


@given(st.dates())
def test_a_day_reads_back_as_itself(value):
    number, month, year = formats.day(value).split()
    assert datetime.strptime(f"{int(number):02} {month} {int(year):04}", "%d %B %Y").replace(tzinfo=UTC).date() == value


@given(st.text(max_size=14))
def test_no_text_is_too_odd_for_a_date_as_written(text):
    shown = formats.as_written(text)
    assert shown == text or re.fullmatch(r"(\d{1,2} )?[A-Z][a-z]+ \d{1,4}", shown)


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2026, 3, 28, 23, 59, tzinfo=UTC), "28 March 2026"),
        (datetime(2026, 3, 29, 23, 0, tzinfo=UTC), "30 March 2026"),
        (datetime(2026, 10, 24, 23, 0, tzinfo=UTC), "25 October 2026"),
        (datetime(2026, 10, 25, 23, 30, tzinfo=UTC), "25 October 2026"),
        (datetime(2025, 12, 31, 23, 59, tzinfo=UTC), "31 December 2025"),
    ],
)
def test_a_day_is_londons_day_before_and_after_the_clocks_change(instant, day):
    assert formats.day(instant) == day
    assert formats.moment(instant).startswith(f"{day} at ")


@pytest.mark.parametrize(("value", "text"), [(Decimal("1234567.4"), "£1,234,567"), (0, "£0"), (-2500, "−£2,500"), (None, "")])
def test_money(value, text):
    assert formats.money(value) == text


@pytest.mark.parametrize(
    ("count", "words", "text"),
    [(1, ("centre",), "1 centre"), (0, ("centre",), "0 centres"), (1200, ("city", "cities"), "1,200 cities")],
)
def test_plural(count, words, text):
    assert formats.plural(count, *words) == text


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        (date(2013, 4, 1), None, "from 1 April 2013"),
        (None, date(2020, 1, 1), "until 1 January 2020"),
        (date(2013, 4, 1), date(2020, 1, 1), "1 April 2013 to 1 January 2020"),
        (None, None, ""),
    ],
)
def test_span(start, end, text):
    assert formats.span(start, end) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1999-01", "January 1999"),
        ("2012-06-18", "18 June 2012"),
        ("2006", "2006"),
        ("", ""),
        ("about 2010", "about 2010"),
        ("2010-13", "2010-13"),
        ("2010-00", "2010-00"),
        ("2011-12", "December 2011"),
        ("2024-02-29", "29 February 2024"),
        ("2023-02-29", "2023-02-29"),
        ("0000-01-01", "0000-01-01"),
        ("2012-06-18 or before", "2012-06-18 or before"),
    ],
)
def test_a_vague_date_is_shown_as_far_as_it_is_known(text, shown):
    assert formats.as_written(text) == shown
