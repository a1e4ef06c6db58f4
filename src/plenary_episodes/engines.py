"""The two engines that run the same expressions: DuckDB on one machine, Spark on a cluster.

Only the opening of a file differs between them, and it stands here. A torn row of a CSV (too many or too few cells, or not
UTF-8) is set aside by both and counted, never padded, cut or lost.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final, Literal

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
from ibis.expr.types import Table

from plenary_stats.errors import InputError

EngineName = Literal["duckdb", "spark"]
ENGINES: Final[tuple[EngineName, ...]] = ("duckdb", "spark")
SUFFIXES: Final = (".csv", ".txt", ".parquet")
SEPARATORS: Final = (",", "|", "\t", ";")

_TORN: Final = "plenary_torn_row"


@dataclass(frozen=True)
class Opened:
    """A file's table. ``torn`` counts the rows that were set aside for their shape; ask it after the table has been run."""

    path: Path
    headings: tuple[str, ...]
    table: Table
    torn: Callable[[], int]
    separator: str = ""

    def run(self, question: Table) -> pa.Table:
        """Return the answer to a question about the file. What the engine says of a fault is not repeated: it quotes rows."""
        try:
            return question.to_pyarrow()
        except Exception:  # noqa: BLE001  each engine fails in ways of its own
            ends = " Some of its rows end in CR LF and others in LF." if _has_mixed_ends(self.path) else ""
            raise InputError(f"{self.path.name} cannot be read to its end.{ends} Save it again in one form.") from None

    def torn_rows(self, most: int) -> Iterator[int]:
        """Yield the first torn rows as a spreadsheet numbers them. An unclosed quotation mark is an error: it swallows rows."""
        return islice(_torn_rows(self.path, self.separator, len(self.headings)), most)


class DuckDB:
    """DuckDB in this process. It writes nothing to disk: what does not fit in memory fails instead of being spilt."""

    name: EngineName = "duckdb"

    def opened(self, path: Path) -> Opened:
        """Return a file's table; nothing of it is read yet but its headings."""
        connection = ibis.duckdb.connect()
        connection.raw_sql("SET temp_directory = ''")  # what would be spilt holds identifiers
        connection.raw_sql("SET preserve_insertion_order = false")  # keeping it takes twice the time; nobody asks for it
        if path.suffix.casefold() == ".parquet":
            return Opened(path, _parquet_headings(path), connection.read_parquet(str(path)), _none)
        headings, separator = _csv_headings(path)
        connection.raw_sql("SET disabled_optimizers = 'unused_columns'")  # every reading must set aside the same rows
        table = connection.read_csv(
            str(path), header=True, columns=dict.fromkeys(headings, "VARCHAR"), delim=separator, quote='"', escape='"',
            auto_detect=False, null_padding=False, ignore_errors=True, store_rejects=True, rejects_limit=0,
        )  # fmt: skip
        return Opened(path, headings, table, partial(self._torn, connection), separator)

    @staticmethod
    def _torn(connection: Any) -> int:
        latest = "SELECT max(scan_id) FROM reject_scans"
        counted = connection.raw_sql(f"SELECT count(DISTINCT line) FROM reject_errors WHERE scan_id = ({latest})")  # noqa: S608
        return int(counted.fetchall()[0][0])  # all are fetched: the connection is free only then


class Spark:
    """Spark, local or on a cluster, as the running session or the environment decides."""

    name: EngineName = "spark"

    def __init__(self) -> None:
        try:
            from pyspark.sql import SparkSession  # noqa: PLC0415  only where Spark is asked for
        except ImportError as problem:
            raise InputError("Spark is not installed here: install pyspark, or choose the engine duckdb.") from problem
        os.environ.setdefault("PYARROW_IGNORE_TIMEZONE", "1")
        try:
            self.session = SparkSession.builder.config("spark.ui.showConsoleProgress", "false").getOrCreate()
        except Exception as problem:  # the gateway fails in Java's ways
            raise InputError(f"Spark does not start: {problem} It needs Java; or choose the engine duckdb.") from problem
        self.session.sparkContext.setLogLevel("ERROR")
        self.connection = ibis.pyspark.connect(self.session)

    def opened(self, path: Path) -> Opened:
        """Return a file's table; nothing of it is read yet but its headings."""
        if path.suffix.casefold() == ".parquet":
            return Opened(path, _parquet_headings(path), self._table(self.session.read.parquet(str(path))), _none)
        headings, separator = _csv_headings(path)
        whole = self._table(self._read_csv(path, headings, separator))
        sound = whole.filter(~whole[_TORN]).drop(_TORN)
        return Opened(path, headings, sound, lambda: int(whole[_TORN].sum().to_pyarrow().as_py() or 0), separator)

    def _table(self, frame: Any) -> Table:
        name = ibis.util.gen_name("plenary")
        frame.createOrReplaceTempView(name)
        table: Table = self.connection.table(name)
        return table

    def _read_csv(self, path: Path, headings: tuple[str, ...], separator: str) -> Any:
        from pyspark.sql import functions, types  # noqa: PLC0415

        wanted = types.StructType([types.StructField(name, types.StringType()) for name in (*headings, _TORN)])
        options: dict[str, Any] = {
            "header": True, "sep": separator, "quote": '"', "escape": '"', "multiLine": True, "mode": "PERMISSIVE",
            "columnPruning": False, "columnNameOfCorruptRecord": _TORN,
        }  # fmt: skip
        frame = self.session.read.options(**options).schema(wanted).csv(str(path))
        replaced = functions.concat_ws("", *(frame[_quoted(name)] for name in headings)).contains("\ufffd")
        return frame.withColumn(_TORN, frame[_TORN].isNotNull() | replaced)


Engine = DuckDB | Spark


def started(name: str) -> Engine:
    """Return an engine by its name."""
    if name not in ENGINES:
        raise InputError(f"There is no engine '{name}'. Choose {' or '.join(ENGINES)}.")
    return DuckDB() if name == "duckdb" else Spark()


def episode_files(path: Path) -> list[Path]:
    """Return the files that a path names: itself, or those of a folder in the order of their names."""
    if not path.exists():
        raise InputError(f"There is no file or folder '{path}'.")
    found = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    chosen = [each for each in found if each.suffix.casefold() in SUFFIXES]
    if not chosen:
        raise InputError(f"{path} holds no file of hospital episodes ({', '.join(SUFFIXES)}).")
    return chosen


def _has_mixed_ends(path: Path) -> bool:
    if path.suffix.casefold() == ".parquet":
        return False
    with path.open("rb") as stream:
        ends = {line[-2:] == b"\r\n" for line in stream if line.endswith(b"\n")}
    return len(ends) > 1


def _none() -> int:
    return 0


def _quoted(name: str) -> str:
    return f"`{name.replace('`', '``')}`"


def _parquet_headings(path: Path) -> tuple[str, ...]:
    try:
        return tuple(pq.read_schema(path).names)
    except (OSError, pa.ArrowInvalid) as problem:
        raise InputError(f"{path} is not a Parquet file.") from problem


def _csv_headings(path: Path) -> tuple[tuple[str, ...], str]:
    """Return the headings of a CSV and what separates its columns."""
    try:
        with path.open("rb") as stream:  # a later row that is not UTF-8 is a torn row, and no fault of the headings
            first = stream.readline().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise InputError(f"{path} does not begin with a line of headings in UTF-8.") from problem
    separator = max(SEPARATORS, key=first.count)
    headings = tuple(next(csv.reader([first], delimiter=separator), []))
    if not any(heading.strip() for heading in headings):
        raise InputError(f"{path} does not begin with a line of headings.")
    folded = [heading.casefold() for heading in headings]
    doubled = sorted({heading for heading in folded if folded.count(heading) > 1})
    if doubled:
        raise InputError(f"{path} has two columns headed {', '.join(doubled) or 'nothing'}: give each its own heading.")
    return headings, separator


def _torn_rows(path: Path, separator: str, width: int) -> Iterator[int]:
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
        rows = csv.reader(stream, delimiter=separator, strict=True)
        try:
            next(rows)
            for number, row in enumerate((row for row in rows if row), start=2):
                if len(row) != width or any("\ufffd" in cell for cell in row):
                    yield number
        except csv.Error as problem:
            message = f"{path}: a quotation mark is out of place ({problem}). Rows after it cannot be told apart: mend the file."
            raise InputError(message) from problem
