import numpy as np
import pytest

from plenary_stats.disclosure.rounded import COUNTED, is_rounded, within
from plenary_stats.tables import ResultTable, text


@pytest.mark.parametrize(
    ("value", "base", "reach", "answer"),
    [(0, 5, 1, (0, 4)), (5, 5, 1, (1, 9)), (30, 5, 1, (26, 34)), (30, 10, 1, (21, 39)), (10, 5, 2, (1, 19)), (5, 5, 2, (0, 14))],
)
def test_what_may_stand_behind_a_rounded_number(value, base, reach, answer):
    assert within(value, base, reach) == answer


def test_the_bounds_hold_every_number_that_has_the_multiple_for_a_neighbour():
    for base in (2, 5, 7):
        for number in range(60):
            for neighbour in {base * (number // base), base * -(-number // base)}:
                low, high = within(neighbour, base)
                assert low <= number <= high


def table(kind, **columns) -> ResultTable:
    made = {"centre": text(["A"] * len(next(iter(columns.values()))))}
    return ResultTable(
        made | {name: np.array(column, dtype=float) for name, column in columns.items()}, kind=kind, dimensions=("centre",)
    )


def test_a_table_is_rounded_where_all_its_numbers_of_patients_are_multiples():
    assert is_rounded(table("count", value=[0, 5, np.nan, 40]), 5)
    assert not is_rounded(table("count", value=[0, 5, 41]), 5)
    assert is_rounded(table("rate", value=[0.333], numerator=[5], denominator=[15], not_known=[0]), 5)
    assert not is_rounded(table("rate", value=[0.333], numerator=[5], denominator=[15], not_known=[3]), 5)
    assert is_rounded(table("exposure", value=[0.1], numerator=[5], denominator=[1234]), 5)  # residents are public
    assert is_rounded(table("magnitude", value=[123.45]), 5)
    assert is_rounded(table("summary", value=[12.3], denominator=[40]), 5)


def test_every_kind_of_table_is_known():
    assert set(COUNTED) == {"count", "rate", "levels", "exposure", "summary", "magnitude"}
