"""A protected table comes back only from the bytes that were kept."""

import hashlib

import pytest

from plenary_stats import tables
from plenary_stats.disclosure import Policy, protect
from plenary_stats.disclosure.stored import restore
from plenary_stats.tables import RESULT_DIMENSIONS, ProtectedTable, ResultTable


def result():
    columns = {name: tables.text(["", "", ""]) for name in RESULT_DIMENSIONS}
    columns |= {"service": tables.text(["lam"] * 3), "measure": tables.text(["patients"] * 3)}
    columns |= {"centre": tables.text(["RJ1", "RJ7", "Total"]), "value": tables.numbers([12, 400, 412])}
    columns |= {name: tables.numbers([None] * 3) for name in ("numerator", "denominator", "lower", "upper")}
    columns |= {name: tables.text([""] * 3) for name in ("method", "note")}
    return ResultTable(columns, name="activity")


@pytest.fixture
def kept():
    content = tables.dump(protect([result()], Policy()).tables[0])
    return content, hashlib.sha256(content).hexdigest()


def test_comes_back_as_it_was(kept):
    table = restore(*kept)
    assert isinstance(table, ProtectedTable)
    assert (table.name, table.kind) == ("activity", "count")
    assert tables.dump(table) == kept[0]
    assert table["status"].tolist()[0] == "c"
    assert str(table["value"].tolist()[0]) == "nan"


def test_a_changed_byte_is_refused(kept):
    content, sha256 = kept
    with pytest.raises(ValueError, match="has changed"):
        restore(content.replace(b"RJ1", b"RJ2"), sha256)


def test_an_unprotected_table_is_refused_whatever_its_hash():
    content = tables.dump(result())
    with pytest.raises(ValueError, match="result table, not a protected"):
        restore(content, hashlib.sha256(content).hexdigest())
