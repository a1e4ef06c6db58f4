"""The three tables that travel the data path: cases in, results on, protected tables out.

``CaseTable`` → ``ResultTable`` → ``ProtectedTable``. Each is a frozen record of equal-length numpy columns. Only
:func:`plenary_stats.disclosure.protect` can make the last one: the constructor asks for a token that lives in this module.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[Any]
Kind = Literal["count", "rate", "levels", "exposure", "summary", "magnitude"]

TOTAL: Final = "Total"
"""The word that stands for a margin in every dimension."""

RESULT_DIMENSIONS: Final = ("service", "centre", "area", "sex", "age_band", "period", "measure")
"""The dimensions of an edition's tables, in the order in which they are written. An unused one is an empty text."""

RESULT_NUMBERS: Final = ("value", "numerator", "denominator", "lower", "upper")
"""The numeric columns of an edition's tables: float64, NaN where there is none."""

SHOWN: Final = ""
WITHHELD: Final = "c"
NOT_COLLECTED: Final = "x"
NOT_APPLICABLE: Final = "z"
LOW: Final = "low"


def _frozen(columns: Mapping[str, Column]) -> Mapping[str, Column]:
    """Return the columns read-only, and refuse columns of unequal length."""
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"Columns differ in length: {lengths}")
    return MappingProxyType(dict(columns))


@dataclass(frozen=True)
class Table:
    """Equal-length named columns.

    Text columns are numpy unicode arrays with ``""`` for missing, numbers float64 with NaN, dates ``datetime64[D]`` with NaT.
    """

    columns: Mapping[str, Column]

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", _frozen(self.columns))

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    def rows(self, where: Column | None = None) -> Iterator[dict[str, Any]]:
        """Yield one plain dict a row, with Python scalars; only the rows ``where`` it is true. For rendering, not computing."""
        names = list(self.columns)
        chosen = self.columns.values() if where is None else [column[where] for column in self.columns.values()]
        for values in zip(*(column.tolist() for column in chosen), strict=True):
            yield dict(zip(names, values, strict=True))


@dataclass(frozen=True)
class CaseTable(Table):
    """The accepted cases of one service: one row a case, columns typed as the data set says.

    ``centre``, ``case_id`` and ``period`` are always there; ``area``, ``sex`` and ``age`` (years) where they were collected.
    """

    service: str = ""


@dataclass(frozen=True)
class ResultTable(Table):
    """Long, unprotected results of one table of the edition. It may be seen by the network, never by the public.

    ``kind`` says what a reader could take from a row:

    * ``count``: ``value`` is a number of patients
    * ``rate``: ``numerator`` of ``denominator`` patients; value and interval follow from them
    * ``levels``: the same, and the measures ``<id>@<level>`` of one outcome are the parts of its whole denominator
    * ``exposure``: ``numerator`` patients over a public ``denominator`` (a population)
    * ``summary``: a median or the like, of ``denominator`` patients
    * ``magnitude``: an amount, money for instance
    """

    name: str = ""
    kind: Kind = "count"
    dimensions: tuple[str, ...] = RESULT_DIMENSIONS


_TOKEN: Final = object()


@dataclass(frozen=True)
class ProtectedTable(Table):
    """A table that may leave: withheld figures are NaN and their ``status`` is ``c``.

    Made by :func:`plenary_stats.disclosure.protect` alone. ``ProtectedTable(...)`` from anywhere else raises ``PermissionError``.
    """

    name: str = ""
    kind: Kind = "count"
    dimensions: tuple[str, ...] = RESULT_DIMENSIONS
    token: object = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.token is not _TOKEN:
            raise PermissionError("A protected table is made by disclosure.protect and by nothing else.")
        super().__post_init__()
        if "status" not in self.columns:
            raise ValueError("A protected table has a column 'status'.")


def text(values: Any) -> Column:
    """Return a text column: missing values become an empty text."""
    return np.array(["" if value is None else str(value) for value in values], dtype=np.str_)


def numbers(values: Any) -> Column:
    """Return a numeric column: missing values become NaN."""
    return np.array([np.nan if value is None else float(value) for value in values], dtype=np.float64)


def dates(values: Any) -> Column:
    """Return a date column from dates or ISO texts: missing values become NaT."""
    return np.array(
        [np.datetime64("NaT") if value in (None, "") else np.datetime64(value, "D") for value in values], "datetime64[D]"
    )


def dump(table: Table) -> bytes:
    """Return the canonical bytes of a result table or of a protected one: equal tables, equal bytes.

    Numbers are written so that they are read back exactly; a missing number or date is ``null``.
    """
    if not isinstance(table, ResultTable | ProtectedTable):
        raise TypeError("Only result tables and protected tables are stored; cases are not.")
    document = {
        "type": "protected" if isinstance(table, ProtectedTable) else "result",
        "name": table.name,
        "kind": table.kind,
        "dimensions": list(table.dimensions),
        "columns": [[name, *_plain(column)] for name, column in table.columns.items()],
    }
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _plain(column: Column) -> tuple[str, list[Any]]:
    if column.dtype.kind == "U":
        return "text", column.tolist()
    if column.dtype.kind == "M":
        return "date", [None if value is None else value.isoformat() for value in column.astype("datetime64[D]").tolist()]
    return "number", [value if math.isfinite(value) else None for value in column.astype(np.float64).tolist()]


_READERS: Final = {"text": text, "number": numbers, "date": dates}


def parts(content: bytes, kind: Literal["result", "protected"]) -> dict[str, Any]:
    """Return the arguments of the table that :func:`dump` wrote. ``ValueError`` where the bytes hold another sort of table."""
    document = json.loads(content)
    if document["type"] != kind:
        raise ValueError(f"These bytes hold a {document['type']} table, not a {kind} one.")
    columns = {name: _READERS[sort](values) for name, sort, values in document["columns"]}
    return {
        "columns": columns,
        "name": document["name"],
        "kind": document["kind"],
        "dimensions": tuple(document["dimensions"]),
    }


def load(content: bytes) -> ResultTable:
    """Return the result table that :func:`dump` wrote. A protected table is read by ``disclosure.restore`` instead."""
    return ResultTable(**parts(content, "result"))
