import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plenary_stats.smallnumbers import pool


def rows(pooled):
    columns = pooled.columns
    return list(zip(*(columns[name].tolist() for name in ("first", "last", "width", "total", "why_not")), strict=True))


def test_the_window_grows_back_until_there_are_enough():
    found = pool({2020: 5, 2021: 10, 2022: 22, 2023: 31})
    assert rows(found) == [
        (2020, 2020, 1, 5, "Fewer than 30 patients in 1 year."),
        (2020, 2021, 2, 15, "Fewer than 30 patients in 2 years together."),
        (2021, 2022, 2, 32, ""),
        (2023, 2023, 1, 31, ""),
    ]
    assert found.minimum == 30


def test_no_window_is_longer_than_allowed():
    assert rows(pool(dict.fromkeys(range(2015, 2026), 4), most=3))[-1] == (
        2023,
        2025,
        3,
        12,
        "Fewer than 30 patients in 3 years together.",
    )


def test_a_year_without_an_entry_had_nobody():
    assert rows(pool({2020: 20, 2022: 15}))[1:] == [
        (2020, 2021, 2, 20, "Fewer than 30 patients in 2 years together."),
        (2020, 2022, 3, 35, ""),
    ]


def test_plain_counts_are_numbered_from_nought():
    assert rows(pool([10, 20], 25)) == [(0, 0, 1, 10, "Fewer than 25 patients in 1 year."), (0, 1, 2, 30, "")]


def test_no_years_give_no_windows():
    assert rows(pool({})) == []


def test_unusable_input_is_refused():
    with pytest.raises(ValueError, match="years: every value must be a whole number"):
        pool({2020: -1})
    with pytest.raises(ValueError, match="at least one year long"):
        pool({2020: 1}, most=0)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=12), st.integers(1, 80), st.integers(1, 6))
def test_every_window_is_the_shortest_that_is_enough(patients, minimum, most):
    for first, last, width, total, why_not in rows(pool(patients, minimum, most=most)):
        assert total == sum(patients[first : last + 1])
        assert width == last - first + 1 <= most
        assert (why_not == "") == (total >= minimum)
        if width > 1:
            assert sum(patients[first + 1 : last + 1]) < minimum
        if why_not:
            assert width == min(most, last + 1)


def test_the_result_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        pool([30]).columns["total"][0] = 1
    assert isinstance(pool([30]).columns["total"], np.ndarray)
