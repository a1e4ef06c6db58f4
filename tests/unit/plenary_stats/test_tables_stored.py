"""Tables as canonical bytes: what is stored is read back exactly, and a stored table cannot change its sort."""

import json

import numpy as np
import pytest

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
