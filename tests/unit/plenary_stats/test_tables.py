"""The three tables: columns that stay as they are, and canonical bytes that are read back exactly and cannot change their sort."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats import tables
from plenary_stats.tables import _TOKEN, CaseTable, ProtectedTable, ResultTable


def columns():
    return {
        "service": tables.text(["lam", "lam", None]),
        "value": tables.numbers([1 / 3, None, 30]),
        "counted_on": tables.dates(["2025-04-01", None, ""]),
    }


def same(one, other):
    assert list(one.columns) == list(other.columns)
    for name, column in one.columns.items():
        assert column.dtype.kind == other[name].dtype.kind
        np.testing.assert_array_equal(column, other[name])


def test_result_table_comes_back_exactly():
    table = ResultTable(columns(), name="activity", kind="rate", dimensions=("service",))
    again = tables.load(tables.dump(table))
    same(table, again)
    assert (again.name, again.kind, again.dimensions) == ("activity", "rate", ("service",))


def test_equal_tables_give_equal_bytes():
    assert tables.dump(ResultTable(columns())) == tables.dump(ResultTable(columns()))


def test_a_changed_figure_changes_the_bytes():
    other = columns() | {"value": tables.numbers([1 / 3, None, 31])}
    assert tables.dump(ResultTable(columns())) != tables.dump(ResultTable(other))


def test_bytes_hold_no_infinity_and_no_nan():
    table = ResultTable({"value": np.array([np.inf, -np.inf, np.nan])})
    assert json.loads(tables.dump(table))["columns"] == [["value", "number", [None, None, None]]]


def test_empty_table_comes_back_empty():
    again = tables.load(tables.dump(ResultTable({"service": tables.text([]), "value": tables.numbers([])}, name="spend")))
    assert len(again) == 0
    assert again["value"].dtype == np.float64


def test_cases_are_not_stored_as_a_table():
    with pytest.raises(TypeError, match="cases are not"):
        tables.dump(CaseTable({"case_id": tables.text(["A1"])}, service="lam"))


def test_protected_bytes_are_not_read_as_results():
    protected = ProtectedTable(columns() | {"status": tables.text(["", "c", ""])}, name="activity", token=_TOKEN)
    with pytest.raises(ValueError, match="protected table, not a result"):
        tables.load(tables.dump(protected))


def test_result_bytes_are_not_read_as_protected():
    with pytest.raises(ValueError, match="result table, not a protected"):
        tables.parts(tables.dump(ResultTable(columns())), "protected")


def test_dates_are_days_with_nat_for_missing():
    column = tables.dates(["2025-02-28", None])
    assert column.dtype == np.dtype("datetime64[D]")
    assert column.astype(str).tolist() == ["2025-02-28", "NaT"]


def test_no_dates_are_an_empty_date_column():
    assert tables.dates([]).dtype == np.dtype("datetime64[D]")


# -- columns


def test_columns_of_unequal_length_are_refused_by_name():
    with pytest.raises(ValueError, match=r"'centre': 2.*'value': 1"):
        ResultTable({"centre": tables.text(["A", "B"]), "value": tables.numbers([1])})


def test_columns_cannot_be_exchanged_and_the_givers_dict_is_not_shared():
    given_columns = columns()
    table = ResultTable(given_columns)
    given_columns["value"] = tables.numbers([9, 9, 9])
    assert table["value"].tolist()[2] == 30
    with pytest.raises(TypeError):
        table.columns["value"] = tables.numbers([0, 0, 0])
    with pytest.raises(AttributeError):
        table.columns = {}


def test_rows_can_be_chosen_and_are_those_of_the_whole():
    table = ResultTable(columns())
    where = np.arange(len(table)) % 2 == 0
    whole = list(table.rows())
    assert [repr(row) for row in table.rows(where)] == [repr(row) for row in whole[::2]]
    assert list(table.rows(np.zeros(len(table), dtype=bool))) == []
    assert [repr(row) for row in table.rows(np.ones(len(table), dtype=bool))] == [repr(row) for row in whole]


def test_rows_are_plain_values_in_the_order_of_the_columns():
    first, second, _ = ResultTable(columns()).rows()
    assert list(first) == ["service", "value", "counted_on"]
    assert (type(first["service"]), type(first["value"])) == (str, float)
    assert np.isnan(second["value"])
    assert second["counted_on"] is None


def test_a_table_is_as_long_as_its_columns():
    assert len(ResultTable(columns())) == 3
    assert len(ResultTable({})) == 0
    assert list(ResultTable({}).rows()) == []


def test_missing_values_have_one_form_in_each_column():
    assert tables.text([None, "", 7, "a"]).tolist() == ["", "", "7", "a"]
    assert np.isnan(tables.numbers([None, 1])).tolist() == [True, False]
    assert np.isnat(tables.dates([None, "", "2025-01-01"])).tolist() == [True, True, False]


# -- the protected one


def protected_columns():
    return columns() | {"status": tables.text(["", "c", ""])}


@pytest.mark.parametrize("token", [None, object(), True, "_TOKEN", repr(_TOKEN)], ids=["none", "object", "true", "name", "shown"])
def test_a_protected_table_is_not_made_with_another_token(token):
    with pytest.raises(PermissionError, match=r"disclosure\.protect"):
        ProtectedTable(protected_columns(), name="activity", token=token)


def test_the_token_is_asked_for_before_anything_else_is_looked_at():
    with pytest.raises(PermissionError):
        ProtectedTable({"value": tables.numbers([1])})


def test_a_protected_table_says_of_each_row_whether_it_is_shown():
    with pytest.raises(ValueError, match="status"):
        ProtectedTable(columns(), token=_TOKEN)


def test_the_token_is_in_no_text_of_the_table():
    table = ProtectedTable(protected_columns(), name="activity", token=_TOKEN)
    assert "token" not in repr(table)
    assert b"token" not in tables.dump(table)


# -- bytes of anything

figures = st.lists(st.floats(allow_infinity=False, width=64) | st.integers(0, 10**6).map(float), min_size=1, max_size=8)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(figures, st.text(max_size=12), st.dates())
def test_any_table_comes_back_bit_for_bit(values, word, day):
    """Numbers with all their digits, texts with every letter, days of every year."""
    length = len(values)
    table = ResultTable(
        {
            "centre": tables.text([word.rstrip("\0")] * length),
            "value": np.array(values),
            "seen": np.array([day.isoformat()] * length, dtype="datetime64[D]"),
        },
        name=word,
    )
    again = tables.load(tables.dump(table))
    assert tables.dump(again) == tables.dump(table)
    assert again["value"].tobytes() == np.where(np.isnan(table["value"]), np.nan, table["value"]).tobytes()
    assert again["centre"].tolist() == table["centre"].tolist()
    assert again["seen"].tolist() == table["seen"].tolist()
    assert again.name == word


def test_bytes_that_are_no_table_are_refused():
    with pytest.raises(ValueError, match="Expecting value"):
        tables.load(b"nonsense")
    with pytest.raises(KeyError):
        tables.load(b"{}")
