"""How values are written."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

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
    ],
)
def test_a_vague_date_is_shown_as_far_as_it_is_known(text, shown):
    assert formats.as_written(text) == shown
