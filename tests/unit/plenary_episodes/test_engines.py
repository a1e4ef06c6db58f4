"""Engines: files as they come, and no torn row is lost."""

import os
import shutil
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from plenary_episodes import engines
from plenary_stats.errors import InputError

TORN = b'A,B,C\n1,2,3\n4,5\n6,7,8,9\n"x, y",2,3\n"q""q",,\n\n7,8,9\n\xe9,1,2\n'
"""Four sound rows; rows 3 and 4 are short and long, row 8 is not UTF-8."""


def opened(folder, content, name="a.csv", engine="duckdb"):
    (folder / name).write_bytes(content)
    return engines.started(engine).opened(folder / name)


def rows(found):
    return sorted(map(tuple, (row.values() for row in found.table.to_pyarrow().to_pylist())), key=str)


def test_a_csv_is_text_as_it_stands(tmp_path):
    found = opened(tmp_path, b"A,B\n0123,1.50\n,x\n")
    assert found.headings == ("A", "B")
    assert rows(found) == [("0123", "1.50"), (None, "x")]
    assert found.torn() == 0


@pytest.mark.parametrize("mark", engines.SEPARATORS)
def test_any_separator_is_known_by_the_headings(tmp_path, mark):
    found = opened(tmp_path, f"A{mark}B{mark}C\n1{mark}2{mark}3\n".encode())
    assert rows(found) == [("1", "2", "3")]


def test_a_byte_order_mark_is_no_part_of_a_heading(tmp_path):
    found = opened(tmp_path, b"\xef\xbb\xbfA,B\n1,2\n")
    assert found.headings == ("A", "B")
    assert rows(found) == [("1", "2")]


def test_torn_rows_are_set_aside_counted_and_numbered(tmp_path):
    found = opened(tmp_path, TORN)
    assert set(rows(found)) == {("1", "2", "3"), ("x, y", "2", "3"), ('q"q', None, None), ("7", "8", "9")}
    assert found.torn() == 3
    assert list(found.torn_rows(10)) == [3, 4, 8]
    assert list(found.torn_rows(2)) == [3, 4]


def test_every_reading_sets_the_same_rows_aside(tmp_path):
    found = opened(tmp_path, TORN)
    for question in (found.table.count(), found.table.A.nunique(), found.table.C.count()):
        question.to_pyarrow()
        assert found.torn() == 3


def test_an_unclosed_quotation_mark_is_an_error_for_it_swallows_rows(tmp_path):
    found = opened(tmp_path, b'A,B\n1,2\n"3,4\n5,6\n')
    found.table.count().to_pyarrow()
    assert found.torn() > 0
    with pytest.raises(InputError, match="a quotation mark is out of place"):
        list(found.torn_rows(10))


def test_a_file_that_cannot_be_read_to_its_end_is_refused_without_quoting_it(tmp_path):
    found = opened(tmp_path, b"A,B\r\n1,2\r\n3,SECRET\n4,5\r\n")
    with pytest.raises(InputError, match=r"a\.csv cannot be read to its end\. Some of its rows end in CR LF") as refusal:
        found.run(found.table)
    assert "SECRET" not in str(refusal.value)
    assert refusal.value.__suppress_context__
    with pytest.raises(InputError, match=r"to its end\. Save it again"):
        opened(tmp_path, b"A\n1\n", "b.csv").run(found.table.mutate(x=found.table.A.cast("date")))


def test_parquet_keeps_its_types(tmp_path):
    pq.write_table(pa.table({"A": ["1"], "N": [2]}), tmp_path / "a.parquet")
    found = engines.started("duckdb").opened(tmp_path / "a.parquet")
    assert found.headings == ("A", "N")
    assert rows(found) == [("1", 2)]
    assert found.torn() == 0


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.parquet", b"no", "is not a Parquet file"),
        ("a.csv", b"", "line of headings"),
        ("a.csv", b"\xff\xfe\x00", "line of headings in UTF-8"),
        ("a.csv", b"A,a\n1,2\n", "two columns headed a"),
        ("a.csv", b",,\n", "line of headings"),
    ],
)
def test_what_cannot_be_opened_is_refused_by_name(tmp_path, name, content, said):
    with pytest.raises(InputError, match=said):
        opened(tmp_path, content, name)


def test_nothing_is_spilt_to_disk(tmp_path):
    connection = opened(tmp_path, b"A\n1\n").table._find_backend()
    assert connection.raw_sql("SELECT current_setting('temp_directory')").fetchall() == [("",)]


def test_files_are_those_of_a_folder_in_order(tmp_path):
    (tmp_path / "sub").mkdir()
    for name in ("b.csv", "a.parquet", "sub/c.TXT", "readme.md"):
        (tmp_path / name).touch()
    assert [path.name for path in engines.episode_files(tmp_path)] == ["a.parquet", "b.csv", "c.TXT"]
    assert engines.episode_files(tmp_path / "b.csv") == [tmp_path / "b.csv"]


def test_no_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="no file or folder"):
        engines.episode_files(tmp_path / "none")
    (tmp_path / "readme.md").touch()
    with pytest.raises(InputError, match="holds no file of hospital episodes"):
        engines.episode_files(tmp_path)
    with pytest.raises(InputError, match="holds no file of hospital episodes"):
        engines.episode_files(tmp_path / "readme.md")


def test_an_unknown_engine_is_refused():
    with pytest.raises(InputError, match=r"no engine 'sqlite'\. Choose duckdb or spark"):
        engines.started("sqlite")


def test_spark_that_is_not_installed_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(InputError, match="Spark is not installed here"):
        engines.started("spark")


@pytest.mark.slow
@pytest.mark.skipif(not (shutil.which("java") or os.environ.get("JAVA_HOME")), reason="Spark needs Java, which is not here")
def test_spark_sets_the_same_rows_aside(tmp_path):
    pytest.importorskip("pyspark", reason="Spark is not installed here")
    ours, theirs = opened(tmp_path, TORN), opened(tmp_path, TORN, engine="spark")
    assert rows(ours) == rows(theirs)
    assert ours.torn() == theirs.torn() == 3
    pq.write_table(pa.table({"A": ["1"], "N": [2]}), tmp_path / "a.parquet")
    assert rows(engines.started("spark").opened(tmp_path / "a.parquet")) == [("1", 2)]
