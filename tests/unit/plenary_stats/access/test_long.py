"""Blocks of arrays come out as the rows they stand for."""

import numpy as np

from plenary_stats.access.long import EXTRA, Long
from plenary_stats.tables import RESULT_DIMENSIONS, RESULT_NUMBERS, dump, load


def test_blocks_broadcast_and_keep_their_order():
    long = Long()
    words = long.codes(np.array(["north", "south", "north"]))
    long.add((2, 3), service=long.codes(np.array(["a", "b"]))[:, None], area=words, value=np.arange(6).reshape(2, 3), measure="m")
    table = long.table("access")
    assert table["service"].tolist() == ["a"] * 3 + ["b"] * 3
    assert table["area"].tolist() == ["north", "south", "north"] * 2
    assert table["value"].tolist() == [0, 1, 2, 3, 4, 5]
    assert set(table["measure"].tolist()) == {"m"}
    assert np.isnan(table["lower"]).all()
    assert set(table["note"].tolist()) == {""}


def test_only_the_chosen_rows():
    long = Long()
    long.add((2, 2), np.array([[True, False], [False, True]]), value=np.array([[1.0, 2.0], [3.0, 4.0]]), service="s")
    assert long.table("access")["value"].tolist() == [1, 4]


def test_the_columns_are_those_of_every_result_table_and_are_stored():
    long = Long()
    long.add((1,), service="lam", measure="patients", value=2.5, note="é – long enough to be wider than the rest")
    table = long.table("access")
    assert list(table.columns) == [*RESULT_DIMENSIONS, *RESULT_NUMBERS, *EXTRA, "flag", "method", "note"]
    assert (table.name, table.kind) == ("access", "exposure")
    assert dump(load(dump(table))) == dump(table)
    assert table["service"].dtype == np.dtype("U3")


def test_no_rows_at_all():
    assert len(Long().table("access")) == 0
