"""Periods in addresses: there and back, and nothing else."""

from datetime import date

import pytest

from plenary.core.terms import NotFound
from plenary.web.workspace.periods import Period, offered, read_period, usual, year


@pytest.mark.parametrize(
    ("key", "start", "end", "words"),
    [
        ("2025", date(2025, 1, 1), date(2026, 1, 1), "2025"),
        ("2025-26", date(2025, 4, 1), date(2026, 4, 1), "1 April 2025 to 31 March 2026"),
        ("1999-00", date(1999, 4, 1), date(2000, 4, 1), "1 April 1999 to 31 March 2000"),
        ("2025-01-01..2025-07-01", date(2025, 1, 1), date(2025, 7, 1), "1 January 2025 to 30 June 2025"),
    ],
)
def test_there_and_back(key, start, end, words):
    found = read_period(key)
    assert (found.start, found.end, found.key, found.words) == (start, end, key, words)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "25",
        "0000",
        "2025-27",
        "2025-13-01..2026-01-01",
        "2026-01-01..2025-01-01",
        "2025-01-01",
        "..",
        "a..b",
        "2025..2026..2027",
    ],
)
def test_anything_else_is_not_found(key):
    with pytest.raises(NotFound):
        read_period(key)


def test_a_list_offers_recent_years_and_whatever_is_in_use():
    used = (date(2001, 4, 1), date(2002, 4, 1))
    keys = [period.key for period in offered([used])]
    assert keys[-1] == "2001-02"
    assert keys == sorted(keys, reverse=True)
    assert len(keys) == 5


def test_the_usual_period_is_the_latest_that_has_ended():
    running = year(2999)
    assert usual([running, year(2019), year(2020)]) == year(2020)
    assert usual([running]).is_year
    assert usual([]) == usual([running])


def test_a_period_of_other_days_is_no_year():
    assert not Period(date(2025, 1, 1), date(2025, 12, 31)).is_year
